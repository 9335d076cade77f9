#include "manager/shell/provision.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/label/label.h"
#include "common/os/cli.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "common/os/file.h"
#include "manager/shell/card_book.h"
#include "manager/shell/store.h"
#include "manager/shell/users.h"

#define HOTSPOT_PASSWORD_N 12 /* characters (SR-124) */
#define FIRST_USER "admin"

/* Files of a manager that was provisioned or has run. */
static const char *const files[] = {"users.db", HOTSPOT_FILE, "manager.db", "manager.db-wal", "manager.db-shm", "manager.state"};

struct card_set {
    struct store_order order; /* first */
    struct card_entry at[LABEL_CARDS_N];
    int n;
};

static int say(const char *what, const char *why)
{
    (void)fprintf(stderr, "wallbox-manager: %s: %s\n", what, why);
    return CLI_EXIT_FAILED;
}

/* Numbers of the cards, the first of the master card. False: said why. */
static bool read_cards(const char *text, struct card_set *out, struct label *label)
{
    static const char *const colours[LABEL_CARDS_N] = {"white", "red", "green", "blue"};

    for (int i = 0; text != NULL && i < LABEL_CARDS_N; i++) {
        size_t len = strcspn(text, ",");
        char one[FLEET_CARD_TEXT_LEN];

        out->at[i] = (struct card_entry){.kind = i == 0 ? CARD_MASTER : CARD_USER, .departure_min = -1, .priority = -1, .wallboxes = ""};
        (void)snprintf(one, sizeof one, "%.*s", (int)(len < sizeof one ? len : 0), text);
        if (fleet_card_parse(one, &out->at[i].uid) != RC_OK || (text[len] == ',') != (i + 1 < LABEL_CARDS_N)) {
            (void)fprintf(stderr, "wallbox-manager: --cards must be four numbers of 8, 14, 16 or 20 hexadecimal digits with commas between\n");
            return false;
        }
        rc_ignore(text_copy(out->at[i].colour, sizeof out->at[i].colour, colours[i]));
        fleet_card_text(&out->at[i].uid, label->card[i]);
        text += len + 1;
        out->n++;
    }
    return true;
}

static enum rc put_cards(struct store_order *order, struct db *db, int64_t utc_ms)
{
    const struct card_set *set = (const struct card_set *)order;
    const struct db_audit entry = {.who = "command line", .what = "provision"};
    enum rc rc = db_add_audit(db, &entry, utc_ms);

    for (int i = 0; i < set->n && rc == RC_OK; i++) {
        rc = db_put_card(db, &set->at[i], utc_ms);
    }
    return rc;
}

/* Hardware address of the first interface that is or is not wireless; "" when there is none. Bridges and tunnels have no device. */
static void read_mac(bool is_wireless, char out[LABEL_VALUE_LEN])
{
    glob_t found;

    out[0] = '\0';
    if (glob("/sys/class/net/*/device", 0, NULL, &found) != 0) {
        return;
    }
    for (size_t i = 0; i < found.gl_pathc && out[0] == '\0'; i++) { /* sorted by name */
        char path[FILE_PATH_LEN];
        const char *why = "";
        char *text = NULL;
        size_t len = 0;
        int name_len = (int)(strlen(found.gl_pathv[i]) - strlen("device"));

        (void)snprintf(path, sizeof path, "%.*swireless", name_len, found.gl_pathv[i]);
        if ((access(path, F_OK) == 0) != is_wireless) {
            continue;
        }
        (void)snprintf(path, sizeof path, "%.*saddress", name_len, found.gl_pathv[i]);
        if (file_read(path, LABEL_VALUE_LEN, &text, &len, &why) == RC_OK) {
            text[strcspn(text, "\n")] = '\0';
            rc_ignore(text_copy(out, LABEL_VALUE_LEN, text)); /* longer than any address: none */
            free(text);
        }
    }
    globfree(&found);
}

static bool is_new(const char *dir)
{
    char path[FILE_PATH_LEN];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (file_path(path, dir, files[i]) != RC_OK || access(path, F_OK) == 0) {
            return false;
        }
    }
    return true;
}

static void remove_all(const char *dir)
{
    char path[FILE_PATH_LEN];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (file_path(path, dir, files[i]) == RC_OK) {
            (void)unlink(path); /* not there is as good */
        }
    }
}

/* Users with their recovery key. */
static enum rc make_users(const struct settings *s, struct label *label)
{
    char path[FILE_PATH_LEN];
    struct users *u = NULL;
    enum rc rc = file_path(path, s->data, "users.db");

    rc = rc == RC_OK ? users_open(&u, path, s->serial) : rc;
    rc = rc == RC_OK ? users_show_recovery(u, label->recovery_key) : rc;
    if (rc == RC_OK) {
        rc = text_copy(label->serial, sizeof label->serial, users_serial(u));
        rc_ignore(text_copy(label->user, sizeof label->user, FIRST_USER));
    }
    users_close(u);
    return rc;
}

static enum rc make_hotspot(const struct settings *s, struct label *label)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; /* nobody confuses them */
    char path[FILE_PATH_LEN];
    char text[SERIAL_LEN + LABEL_VALUE_LEN + 32];
    uint8_t bytes[HOTSPOT_PASSWORD_N];
    const char *why = "";
    enum rc rc = file_path(path, s->data, HOTSPOT_FILE);

    clock_random(bytes, sizeof bytes);
    for (int i = 0; i < HOTSPOT_PASSWORD_N; i++) {
        label->hotspot_password[i] = letters[bytes[i] & 31];
    }
    label->hotspot_password[HOTSPOT_PASSWORD_N] = '\0';
    (void)snprintf(text, sizeof text, "ssid = %s\npassword = %s\n", label->serial, label->hotspot_password);
    rc = rc == RC_OK ? file_write(path, text, strlen(text), &why) : rc;
    sodium_memzero(text, sizeof text);
    sodium_memzero(bytes, sizeof bytes);
    return rc;
}

static enum rc make_cards(const struct settings *s, struct card_set *cards)
{
    const struct store_options options = {.dir = s->data, .busy_ms = STORE_BUSY_MS};
    struct store *store = NULL;
    enum rc rc = store_open(&store, &options);

    rc = rc == RC_OK ? store_carry_out(store, &cards->order, clock_utc_ms()) : rc;
    store_free(store);
    return rc;
}

/* The label; false: said why. */
static bool print_label(const struct label *label, const char *label_file)
{
    enum rc rc;

    if (label_file != NULL) {
        rc = label_draw(label, label_file);
        if (rc != RC_OK) {
            (void)say(label_file, rc == RC_REFUSED ? "this file exists" : "the drawing cannot be made");
            return false;
        }
    }
    rc = label_print_text(label, stdout);
    if (rc != RC_OK || fflush(stdout) != 0) {
        (void)say("standard output", "the label cannot be written");
        if (label_file != NULL) {
            (void)unlink(label_file); /* of a manager that is not */
        }
        return false;
    }
    return true;
}

int provision_run(const struct settings *s, const char *cards, const char *label_file)
{
    struct label label = {.title = "WALLBOX MANAGER"};
    struct card_set set = {.order = {.run = put_cards}};
    int lock_fd = -1;
    int code = CLI_EXIT_FAILED;

    read_mac(false, label.ethernet_mac);
    read_mac(true, label.wlan_mac);
    if (!read_cards(cards, &set, &label)) {
        return CLI_EXIT_USAGE;
    }
    if (daemon_lock_dir(s->data, &lock_fd) != RC_OK) {
        return CLI_EXIT_FAILED; /* it said why */
    }
    if (!is_new(s->data)) {
        (void)close(lock_fd); /* gives the lock back */
        (void)say(s->data, "a manager was provisioned or has run here: give an empty data directory");
        return CLI_EXIT_USAGE;
    }
    (void)umask(0077); /* all of it is secret */
    if (make_users(s, &label) != RC_OK || make_hotspot(s, &label) != RC_OK || make_cards(s, &set) != RC_OK) {
        (void)say(s->data, "cannot be written");
    } else if (print_label(&label, label_file)) {
        code = CLI_EXIT_OK;
    }
    if (code != CLI_EXIT_OK) {
        remove_all(s->data);
    }
    sodium_memzero(&label, sizeof label);
    (void)close(lock_fd); /* gives the lock back */
    return code;
}
