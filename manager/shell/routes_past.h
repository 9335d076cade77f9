/* The part of the HTTP API that asks about the past: sessions, history, events, cards, statements. */
#pragma once

#include "manager/shell/routes.h"

void routes_sessions(struct routes *r, const struct route_request *request, struct route_reply *out);
void routes_history(struct routes *r, const struct route_request *request, struct route_reply *out);
void routes_events(struct routes *r, const struct route_request *request, struct route_reply *out);
void routes_changes(struct routes *r, const struct route_request *request, struct route_reply *out);
void routes_cards(struct routes *r, const struct route_request *request, struct route_reply *out);
void routes_statement(struct routes *r, const struct route_request *request, struct route_reply *out);

/* For whoever answers: the body is taken; without one there was no memory for it. */
void route_reply_body(struct route_reply *out, unsigned status, const char *type, char *body);

/* JSON text of a value, which is taken; NULL: no memory. */
char *route_dump(json_t *value);

/* RFC 9457. field: the argument that was wrong, NULL none. */
void route_problem(struct route_reply *out, unsigned status, const char *title, const char *detail, const char *field);
