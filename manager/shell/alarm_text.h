/* Alarms in words (spec 08 8.1 "Be told"): subject and text of a message in the four languages. */
#pragma once

#include <stddef.h>

#include "common/base/rc.h"
#include "manager/core/alarm.h"
#include "manager/core/site.h"
#include "manager/shell/lang.h"

#define ALARM_SUBJECT_LEN 192
#define ALARM_BODY_LEN 8192 /* ALARM_ITEM_MAX lines with the longest names, and what stands around them */

/* Name of a class as settings and interface know it: "meter", "offline", "fault", "overload", "storage", "security", "departure". */
const char *alarm_class_text(enum alarm_class class);

/* One alarm in words, without its time: "Wallbox W1 cannot be reached".
 *
 * RC_FULL  out_len is too small; out is the empty text
 */
MUST_USE enum rc alarm_text_item(const struct site *site, enum lang lang, const struct alarm_item *item, char *out, size_t out_len);

/* Subject: how many alarms, and how many are solved. */
void alarm_text_subject(enum lang lang, const struct alarm_message *m, char out[ALARM_SUBJECT_LEN]);

/* Text: a line for each alarm with its times on the wall clock of the site, then how many more there are and how many are still open.
 *
 * RC_FULL  it does not fit; out is the empty text
 */
MUST_USE enum rc alarm_text_body(const struct site *site, enum lang lang, const struct alarm_message *m, char out[ALARM_BODY_LEN]);
