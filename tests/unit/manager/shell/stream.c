#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/shell/stream.h"

TestSuite(stream, .timeout = 10);

static struct site site = {
    .node_n = 1, .box_n = 3, .node = {{.id = "grid", .parent = NODE_NONE}}, .box = {{.serial = "W01"}, {.serial = "W02"}, {.serial = "W03"}}};
static struct stream_seen seen;

static struct snapshot *make(void)
{
    struct snapshot *s = snapshot_new(&site);

    cr_assert_not_null(s);
    s->view.node_n = 1;
    s->view.box_n = 3;
    for (int i = 0; i < 3; i++) {
        s->view.box[i] = (struct view_box){.is_online = true, .has_status = true, .state = BOX_IDLE, .reason_node = NODE_NONE, .granted_ma = 6000};
    }
    return s;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

Test(stream, the_first_frame_holds_all_and_the_next_what_has_changed)
{
    struct snapshot *s = make();
    struct stream_frame *f = stream_frame_make(s, 0xab, 1, &seen);

    cr_expect_not_null(strstr(f->full, "event: site\ndata: {"));
    cr_expect_not_null(strstr(f->full, "event: wallboxes\nid: 000000ab-1\ndata: {"));
    cr_expect_eq(count(f->full, "\"serial\""), 3);
    cr_expect_eq(f->full_len, strlen(f->full));
    cr_expect_eq(count(f->full, "\n\n"), 2);
    stream_frame_drop(f);
    s->view.box[0].age_ms = 900; /* these move by themselves */
    s->view.box[1].lease_left_ms = 5000;
    s->view.box[2].power_w = 7000;
    f = stream_frame_make(s, 0xab, 2, &seen);
    cr_expect_eq(count(f->full, "\"serial\""), 3);
    cr_expect_eq(count(f->delta, "\"serial\""), 1);
    cr_expect_not_null(strstr(f->delta, "\"W03\""));
    cr_expect_not_null(strstr(f->delta, "\"is_complete\":false"));
    stream_frame_drop(f);
    f = stream_frame_make(s, 0xab, 3, &seen);
    cr_expect_eq(count(f->delta, "\"serial\""), 0);
    stream_frame_drop(f);
    stream_seen_clear(&seen);
    f = stream_frame_make(s, 0xab, 4, &seen);
    cr_expect_eq(count(f->delta, "\"serial\""), 3);
    stream_frame_drop(f);
    stream_seen_clear(&seen);
    snapshot_drop(s);
}

static bool is_alive(void *user, const char *login)
{
    (void)login;
    return user == NULL;
}

static void read_all(struct stream_client *c, char *out, size_t room)
{
    size_t len = 0;

    while (c->text_len > 0 || len == 0) {
        int64_t n = stream_read(c, out + len, room - len < 100 ? room - len : 100);

        cr_assert_gt(n, 0);
        len += (size_t)n;
    }
    out[len] = '\0';
}

/* Wait for a frame that the thread makes. */
static void wait_frame(struct stream *s, uint64_t number)
{
    uint64_t newest = 0;

    for (int64_t i = 0; i < 100000000 && newest < number; i++) {
        cr_assert_eq(pthread_mutex_lock(&s->lock), 0);
        newest = s->newest;
        cr_assert_eq(pthread_mutex_unlock(&s->lock), 0);
    }
    cr_assert_geq(newest, number);
}

Test(stream, who_comes_back_gets_what_he_has_missed)
{
    static struct stream s;
    static char text[8192];
    struct snapshot_board board;
    struct stream_client *c;
    char id[40];

    snapshot_init(&board);
    snapshot_publish(&board, make());
    cr_assert_eq(stream_open(&s, &board, is_alive, NULL), RC_OK);
    c = stream_add(&s, NULL, NULL, "");
    stream_publish(&s);
    wait_frame(&s, 1);
    read_all(c, text, sizeof text);
    cr_expect_not_null(strstr(text, "\"is_complete\":true"));
    stream_publish(&s);
    wait_frame(&s, 2);
    read_all(c, text, sizeof text);
    cr_expect_not_null(strstr(text, "\"is_complete\":false"));
    (void)snprintf(id, sizeof id, "%08x-1", s.boot);
    c = stream_add(&s, NULL, id, "");
    read_all(c, text, sizeof text);
    cr_expect_not_null(strstr(text, "\"is_complete\":false"));
    stream_remove(c);
    (void)snprintf(id, sizeof id, "%08x-1", s.boot ^ 1);
    c = stream_add(&s, NULL, id, "");
    read_all(c, text, sizeof text);
    cr_expect_not_null(strstr(text, "\"is_complete\":true"), "that was another start");
    stream_remove(c);
    s.user = &s;
    c = stream_add(&s, NULL, NULL, "x");
    cr_expect_eq(stream_read(c, text, sizeof text), -1, "the login has ended");
    stream_remove(c);
    stream_remove(s.first);
    stream_close(&s);
    stream_deinit(&s);
    snapshot_deinit(&board);
}

Test(stream, more_than_the_cap_are_refused)
{
    static struct stream s;
    struct snapshot_board board;

    snapshot_init(&board);
    cr_assert_eq(stream_open(&s, &board, is_alive, NULL), RC_OK);
    for (int i = 0; i < STREAM_CLIENTS_MAX; i++) {
        cr_assert_not_null(stream_add(&s, NULL, NULL, ""));
    }
    cr_expect_null(stream_add(&s, NULL, NULL, ""));
    stream_remove(s.first);
    cr_expect_not_null(stream_add(&s, NULL, NULL, ""));
    while (s.first != NULL) {
        stream_remove(s.first);
    }
    stream_close(&s);
    cr_expect_null(stream_add(&s, NULL, NULL, ""));
    stream_deinit(&s);
    snapshot_deinit(&board);
}
