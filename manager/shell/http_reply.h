/* Replies of routes as responses of libmicrohttpd, with the headers that protect a browser. Used by http only. */
#pragma once

#include <microhttpd.h>

#include "manager/shell/http.h"

/* Send; the body is taken. */
enum MHD_Result http_reply_send(struct MHD_Connection *connection, struct route_reply *reply);

/* Begin to stream events. */
enum MHD_Result http_reply_stream(struct MHD_Connection *connection, struct stream *stream, const char *login);

/* Send to the same path at HTTPS. */
enum MHD_Result http_reply_redirect(struct MHD_Connection *connection, const char *path, unsigned port);
