#include "common/os/config.h"

#include <sys/stat.h>

#include "common/os/config_text.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(config, .timeout = 10);

#define DOOR_PARAMS(P)                                                     \
    P(open_ms, 100, 500, 1000, "ms", PARAM_LIVE, "how long it stays open") \
    P(floor_n, -3, 0, 90, "", PARAM_RESTART, "where it is")

struct door {
    DOOR_PARAMS(PARAM_FIELD)
    char name[9];
    char market[16];
    bool is_loud;
    int32_t color;
};

#define ROW(name, min, preset, max, unit, applies, help) {#name, min, preset, max, unit, applies, help, offsetof(struct door, name)},
static const struct param_row rows[] = {DOOR_PARAMS(ROW)};
static const char *const colors[] = {"red", "green", NULL};

struct fixture {
    struct scratch scratch;
    struct capture capture;
    struct door door;
    bool is_name_required;
};

static bool is_short_name(const char *text)
{
    return strchr(text, ' ') == NULL;
}

static enum rc load(struct fixture *f, const char *path)
{
    const struct config_key keys[] = {
        {.name = "name",
         .type = CONFIG_TEXT,
         .out = f->door.name,
         .out_len = sizeof f->door.name,
         .allowed = "a name without spaces",
         .is_valid = is_short_name,
         .is_required = f->is_name_required},
        {.name = "market", .type = CONFIG_TEXT, .out = f->door.market, .out_len = sizeof f->door.market},
        {.name = "loud", .type = CONFIG_BOOL, .out = &f->door.is_loud},
        {.name = "color", .type = CONFIG_CHOICE, .out = &f->door.color, .choices = colors},
    };
    enum rc rc;

    capture_begin(&f->capture, STDERR_FILENO);
    rc = config_load(path, rows, sizeof rows / sizeof rows[0], &f->door, keys, sizeof keys / sizeof keys[0]);
    capture_end(&f->capture);
    return rc;
}

static void begin(struct fixture *f)
{
    *f = (struct fixture){0};
    scratch_open(&f->scratch);
    param_defaults(rows, sizeof rows / sizeof rows[0], &f->door);
    scratch_path(&f->scratch, "door.conf");
}

static enum rc load_bytes(struct fixture *f, const char *bytes, size_t len)
{
    int fd = open(f->scratch.path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    return load(f, f->scratch.path);
}

static enum rc load_text(struct fixture *f, const char *text)
{
    return load_bytes(f, text, strlen(text));
}

/* `lines`: what is said, each line after the path. */
static void expect_errors(struct fixture *f, const char *text, const char *const *lines, size_t lines_n)
{
    char want[4096] = "";
    size_t at = 0;

    cr_assert_eq(load_text(f, text), RC_RANGE);
    for (size_t i = 0; i < lines_n; i++) {
        at += (size_t)snprintf(want + at, sizeof want - at, "%s%s\n", f->scratch.path, lines[i]);
    }
    cr_assert_str_eq(f->capture.text, want);
}

static void expect_error(struct fixture *f, const char *text, const char *line)
{
    expect_errors(f, text, &line, 1);
}

Test(config, an_empty_file_keeps_everything)
{
    struct fixture f;

    begin(&f);
    cr_assert_eq(load_text(&f, ""), RC_OK);
    cr_assert_str_eq(f.capture.text, "");
    cr_assert_eq(f.door.open_ms, 500);
    cr_assert_str_eq(f.door.name, "");
    scratch_close(&f.scratch);
}

Test(config, every_kind_of_value_is_read)
{
    struct fixture f;

    begin(&f);
    cr_assert_eq(
        load_text(&f, "# a door\nopen_ms = 100; /* the least\n */ floor_n: -3\nname = \"front\"; market = \"de 1\"\nloud = true // yes\ncolor = \"green\""),
        RC_OK);
    cr_assert_str_eq(f.capture.text, "");
    cr_assert_eq(f.door.open_ms, 100);
    cr_assert_eq(f.door.floor_n, -3);
    cr_assert_str_eq(f.door.name, "front");
    cr_assert_str_eq(f.door.market, "de 1");
    cr_assert(f.door.is_loud);
    cr_assert_eq(f.door.color, 1);
    scratch_close(&f.scratch);
}

Test(config, bounds_of_a_number_are_allowed_and_one_beyond_is_refused)
{
    struct fixture f;

    begin(&f);
    cr_assert_eq(load_text(&f, "open_ms = 1000; floor_n = 90;"), RC_OK);
    cr_assert_eq(load_text(&f, "open_ms = 0x64; floor_n = 5L;"), RC_OK);
    cr_assert_eq(f.door.open_ms, 100);
    cr_assert_eq(f.door.floor_n, 5);
    expect_error(&f, "\nopen_ms = 99;", ":2: open_ms must be 100..1000 ms, is 99");
    expect_error(&f, "\n\n  open_ms = 1001;", ":3: open_ms must be 100..1000 ms, is 1001");
    expect_error(&f, "floor_n = -4;", ":1: floor_n must be -3..90, is -4");
    cr_assert_eq(f.door.open_ms, 100);
    scratch_close(&f.scratch);
}

Test(config, numbers_beyond_32_bits_are_refused_and_not_cut)
{
    struct fixture f;

    begin(&f);
    expect_error(&f, "open_ms = 4294967796;", ":1: open_ms must be 100..1000 ms, is 4294967796");
    expect_error(&f, "open_ms = 4294967796L;", ":1: open_ms must be 100..1000 ms, is 4294967796");
    expect_error(&f, "open_ms = -4294966796;", ":1: open_ms must be 100..1000 ms, is -4294966796");
    expect_error(&f, "open_ms = 0x1000001F4;", ":1: open_ms must be 100..1000 ms, is 4294967796");
    expect_error(&f, "open_ms = 99999999999999999999999;", ":1: open_ms must be 100..1000 ms, is 9223372036854775807");
    scratch_close(&f.scratch);
}

Test(config, a_value_of_the_wrong_type_is_refused)
{
    static const char *const lines[] = {
        ":1: open_ms must be 100..1000 ms, is 500.5", ":2: floor_n must be -3..90, is \"1\"",          ":3: name must be a name without spaces, is 5",
        ":4: loud must be true or false, is 1",       ":5: color must be \"red\", \"green\", is true", ":6: market must be a text, is a list",
    };
    struct fixture f;

    begin(&f);
    expect_errors(&f, "open_ms = 500.5;\nfloor_n = \"1\";\nname = 5;\nloud = 1;\ncolor = true;\nmarket = [\"a\"];", lines, 6);
    expect_error(&f, "open_ms = { a = 1; };", ":1: open_ms must be 100..1000 ms, is a group");
    expect_error(&f, "open_ms = (1, 2);", ":1: open_ms must be 100..1000 ms, is a list");
    scratch_close(&f.scratch);
}

Test(config, a_text_has_its_capacity_and_its_rule)
{
    struct fixture f;

    begin(&f);
    cr_assert_eq(load_text(&f, "name = \"12345678\";"), RC_OK);
    expect_error(&f, "name = \"123456789\";", ":1: name must be a name without spaces of at most 8 bytes, is \"123456789\"");
    expect_error(&f, "name = \"a b\";", ":1: name must be a name without spaces, is \"a b\"");
    cr_assert_str_eq(f.door.name, "12345678");
    cr_assert_eq(load_text(&f, "name = \"\";"), RC_OK);
    cr_assert_str_eq(f.door.name, "");
    expect_error(&f, "name = \"a \\n\\t\";", ":1: name must be a name without spaces, is \"a ??\"");
    scratch_close(&f.scratch);
}

Test(config, a_choice_names_what_is_allowed)
{
    struct fixture f;

    begin(&f);
    expect_error(&f, "color = \"blue\";", ":1: color must be \"red\", \"green\", is \"blue\"");
    expect_error(&f, "color = \"\";", ":1: color must be \"red\", \"green\", is \"\"");
    scratch_close(&f.scratch);
}

Test(config, unknown_keys_groups_and_lists_are_errors)
{
    static const char *const lines[] = {":1: open is not known, must be one of: name, market, loud, color, open_ms, floor_n",
                                        ":2: doors is not known, must be one of: name, market, loud, color, open_ms, floor_n",
                                        ":3: list is not known, must be one of: name, market, loud, color, open_ms, floor_n"};
    struct fixture f;

    begin(&f);
    expect_errors(&f, "open = 1;\ndoors = { a = 1; };\nlist = ();", lines, 3);
    scratch_close(&f.scratch);
}

Test(config, a_required_key_that_is_missing_is_an_error)
{
    struct fixture f;

    begin(&f);
    f.is_name_required = true;
    expect_error(&f, "open_ms = 500;", ": name is missing, must be a name without spaces");
    cr_assert_eq(load_text(&f, "name = \"a\";"), RC_OK);
    scratch_close(&f.scratch);
}

Test(config, what_libconfig_refuses_has_its_line)
{
    struct fixture f;

    begin(&f);
    expect_error(&f, "open_ms = 500;\nfloor_n = 1;\nopen_ms = 600;", ":3: duplicate setting name");
    expect_error(&f, "\nopen_ms = ;", ":2: syntax error");
    expect_error(&f, "\n\nname = \"front", ":3: syntax error");
    scratch_close(&f.scratch);
}

Test(config, all_errors_of_a_file_are_said)
{
    static const char *const lines[] = {":1: open_ms must be 100..1000 ms, is 1",
                                        ":3: nothing is not known, must be one of: name, market, loud, color, open_ms, floor_n",
                                        ":4: loud must be true or false, is \"no\""};
    struct fixture f;

    begin(&f);
    expect_errors(&f, "open_ms = 1;\nfloor_n = 7;\nnothing = 0;\nloud = \"no\";", lines, 3);
    cr_assert_eq(f.door.floor_n, 7);
    scratch_close(&f.scratch);
}

Test(config, other_files_are_not_included)
{
    struct fixture f;

    begin(&f);
    expect_error(&f, "open_ms = 500;\n@include \"other\"\n", ":2: @include is not known");
    cr_assert_eq(load_text(&f, "market = \"a@b\"; # @include\n/* @include \"x\" */"), RC_OK);
    cr_assert_str_eq(f.door.market, "a@b");
    scratch_close(&f.scratch);
}

Test(config, a_file_that_cannot_be_read_is_missing)
{
    struct fixture f;
    char want[256];

    begin(&f);
    cr_assert_eq(load(&f, f.scratch.path), RC_MISSING);
    snprintf(want, sizeof want, "%s: no such file or directory\n", f.scratch.path);
    cr_assert_str_eq(f.capture.text, want);
    cr_assert_eq(load(&f, f.scratch.dir), RC_MISSING);
    snprintf(want, sizeof want, "%s: illegal operation on a directory\n", f.scratch.dir);
    cr_assert_str_eq(f.capture.text, want);
    scratch_close(&f.scratch);
}

Test(config, a_file_that_is_no_text_or_too_long_is_refused)
{
    struct fixture f;
    char *big = malloc(1048577);

    begin(&f);
    cr_assert_eq(load_bytes(&f, "a\0b", 3), RC_RANGE);
    cr_assert_not_null(strstr(f.capture.text, ": has a zero byte, is no text\n"));
    memset(big, '\n', 1048577);
    cr_assert_eq(load_bytes(&f, big, 1048576), RC_OK);
    cr_assert_eq(load_bytes(&f, big, 1048577), RC_MISSING);
    cr_assert_not_null(strstr(f.capture.text, ": file too large\n"));
    free(big);
    scratch_close(&f.scratch);
}

static void expect_wide(const char *text, const char *want)
{
    char *out = NULL;
    int line = 0;

    cr_assert_eq(config_text_widen(text, &out, &line), RC_OK);
    cr_assert_str_eq(out, want);
    free(out);
}

Test(config, only_integers_are_marked_as_wide)
{
    expect_wide("", "");
    expect_wide("a=1", "a=1L");
    expect_wide("a1 = -20;b-2=+3", "a1 = -20L;b-2=+3L");
    expect_wide("a = 1L; b = 1LL; c = 0xFF; d = 0xFFL", "a = 1L; b = 1LL; c = 0xFFL; d = 0xFFL");
    expect_wide("a = 1.5; b = .5; c = 1e5; d = 1.; e = -1.5e-5", "a = 1.5; b = .5; c = 1e5; d = 1.; e = -1.5e-5");
    expect_wide("a = \"1\\\"2\"; # 3\n// 4\n/* 5 */ b = [6,7]", "a = \"1\\\"2\"; # 3\n// 4\n/* 5 */ b = [6L,7L]");
    expect_wide("a = \"1", "a = \"1");
    expect_wide("a = \"1\\", "a = \"1\\");
    expect_wide("/* 1", "/* 1");
    expect_wide("-", "-");
    expect_wide("/", "/");
}
