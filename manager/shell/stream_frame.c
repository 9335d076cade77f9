#include "manager/shell/stream_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "manager/shell/view_json.h"

/* These move by themselves each second; alone they are no news. */
static const char *const restless[] = {"age_ms", "lease_left_ms"};

static char *dump(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER);
}

/* Whether a wallbox is other than last shown; what is shown now is remembered. */
static bool is_news(struct stream_seen *seen, uint16_t box, const json_t *json)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)json);
    char *text;
    bool is_new;

    for (size_t i = 0; i < sizeof restless / sizeof restless[0]; i++) {
        (void)json_object_del(copy, restless[i]); /* one that is not there is none the less gone */
    }
    text = dump(copy);
    json_decref(copy);
    is_new = text == NULL || seen->box[box] == NULL || !text_same(text, seen->box[box]);
    free(seen->box[box]);
    seen->box[box] = text;
    return is_new;
}

/* {"utc": ..., "is_complete": ..., "wallboxes": [...]}; the list is taken. */
static char *boxes_text(const struct snapshot *s, bool is_complete, json_t *list)
{
    json_t *json = json_pack("{s:o, s:b, s:o}", "utc", view_json_utc(s->utc_ms), "is_complete", is_complete, "wallboxes", list);
    char *text = json != NULL ? dump(json) : NULL;

    json_decref(json);
    return text;
}

static char *events_text(uint32_t boot, uint64_t number, const char *site, const char *boxes, size_t *out_len)
{
    size_t room = strlen(site) + strlen(boxes) + 160;
    char *text = malloc(room);

    if (text != NULL) { /* the id comes last: whoever has it has both */
        *out_len = (size_t)snprintf(text, room, "event: site\ndata: %s\n\nevent: wallboxes\nid: %08x-%llx\ndata: %s\n\n", site, boot,
                                    (unsigned long long)number, boxes);
    }
    return text;
}

struct stream_frame *stream_frame_make(const struct snapshot *s, uint32_t boot, uint64_t number, struct stream_seen *seen)
{
    struct stream_frame *f = calloc(1, sizeof *f);
    json_t *site = view_json_site(s);
    json_t *all = json_array();
    json_t *changed = json_array();
    char *site_text = site != NULL ? dump(site) : NULL;
    char *all_text;
    char *changed_text;

    for (uint16_t i = 0; i < s->view.box_n; i++) {
        json_t *box = view_json_box(s->site, &s->view, i);

        if (box != NULL && is_news(seen, i, box)) {
            (void)json_array_append(changed, box); /* lost for want of memory: shown again when it changes or by the next complete one */
        }
        (void)json_array_append_new(all, box); /* as above */
    }
    all_text = boxes_text(s, true, all);
    changed_text = boxes_text(s, false, changed);
    if (f != NULL && site_text != NULL && all_text != NULL && changed_text != NULL) {
        atomic_init(&f->users_n, 1);
        f->number = number;
        f->full = events_text(boot, number, site_text, all_text, &f->full_len);
        f->delta = events_text(boot, number, site_text, changed_text, &f->delta_len);
    }
    json_decref(site);
    free(site_text);
    free(all_text);
    free(changed_text);
    if (f != NULL && (f->full == NULL || f->delta == NULL)) {
        free(f->full);
        free(f->delta);
        free(f);
        f = NULL;
    }
    return f;
}

void stream_frame_drop(struct stream_frame *f)
{
    if (f != NULL && atomic_fetch_sub(&f->users_n, 1) == 1) {
        free(f->full);
        free(f->delta);
        free(f);
    }
}

void stream_seen_clear(struct stream_seen *seen)
{
    for (uint16_t i = 0; i < BOX_MAX; i++) {
        free(seen->box[i]);
        seen->box[i] = NULL;
    }
}
