/* Answers of the routes, by what they are about. Used by routes_table only. */
#pragma once

#include "manager/shell/answer.h"

/* routes_read.c: what is. */
void read_site(struct call *c);
void read_boxes(struct call *c);
void read_box(struct call *c);
void read_health(struct call *c);
void read_stream(struct call *c);
void read_openapi(struct call *c);

/* routes_read.c as well, through routes_past: what was. */
void past_sessions(struct call *c);
void past_history(struct call *c);
void past_events(struct call *c);
void past_changes(struct call *c);
void past_cards(struct call *c);
void past_statement(struct call *c);

/* routes_login.c: who is there. */
void login_begin(struct call *c);
void login_end(struct call *c);
void login_password(struct call *c);
void login_recover(struct call *c);
void login_me(struct call *c);
void login_all(struct call *c);
void login_delete(struct call *c);

/* routes_users.c: who may. */
void user_all(struct call *c);
void user_add(struct call *c);
void user_delete(struct call *c);
void token_all(struct call *c);
void token_add(struct call *c);
void token_delete(struct call *c);

/* routes_driver.c: the page for drivers. */
void driver_read(struct call *c);
void driver_code(struct call *c);
void driver_renew(struct call *c);

/* routes_today.c: the day so far. */
void today_read(struct call *c);

/* routes_alarms.c: whom to tell. */
void alarms_read(struct call *c);
void alarms_put(struct call *c);
void alarms_test(struct call *c);

/* routes_wish.c: what is wanted. */
void wish_command(struct call *c);
void wish_setting(struct call *c);
void wish_session(struct call *c);

/* routes_tariff.c: prices. */
void tariff_read(struct call *c);
void tariff_put(struct call *c);

/* routes_pairing.c: wallboxes that are to be paired, or were. */
void pairing_list(struct call *c);
void pairing_give(struct call *c);
void pairing_table(struct call *c);
void pairing_end(struct call *c);

/* routes_cards.c: cards and vehicles, and events that were seen. */
void card_add(struct call *c);
void card_put(struct call *c);
void card_delete(struct call *c);
void card_table(struct call *c);
void event_seen(struct call *c);
