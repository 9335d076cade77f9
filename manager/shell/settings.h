/* What must exist before the first start: addresses, data directory, log level. From defaults, then the configuration file, then the
 * command line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define SETTINGS_ADDRESS_LEN 64
#define SETTINGS_PATH_LEN 1024
#define SETTINGS_WHY_LEN 256

struct settings {
    char link[SETTINGS_ADDRESS_LEN];     /* where wallboxes connect, ADDR:PORT */
    char http[SETTINGS_ADDRESS_LEN];     /* where people and programs connect without TLS: they are sent to https, or served with loopback_plain */
    char https[SETTINGS_ADDRESS_LEN];    /* where they connect with TLS; empty: 127.0.0.1:8443, and nowhere with loopback_plain */
    char certificate[SETTINGS_PATH_LEN]; /* of HTTPS, PEM; empty: one is made in the data directory */
    char key[SETTINGS_PATH_LEN];         /* likewise */
    char serial[SERIAL_LEN];             /* of this manager; empty: one is made up at the first start */
    char data[SETTINGS_PATH_LEN];
    bool loopback_plain; /* listen without TLS, on loopback addresses only */
    bool link_tls;       /* the link has TLS even so: only http is plain */
    bool open_reads;     /* who reads need not log in: tests and the demo, with loopback_plain only */
    bool has_https;      /* set by settings_check, like the next */
    bool is_link_plain;
    int32_t log_level;                    /* index of settings_levels */
    struct sockaddr_storage link_address; /* set by settings_check */
    struct sockaddr_storage http_address;
    struct sockaddr_storage https_address;
};

void settings_defaults(struct settings *s);

/* Values of a configuration file over what is there. RC_MISSING, RC_RANGE: lines on standard error said why. */
MUST_USE enum rc settings_read(struct settings *s, const char *path);

/* Look at the whole and set the two addresses.
 *
 * may_listen  the program is going to listen: then what is plain must be on loopback
 *
 * RC_RANGE    out_why is one line: what is wrong and what is allowed
 */
MUST_USE enum rc settings_check(struct settings *s, bool may_listen, char out_why[SETTINGS_WHY_LEN]);

/* Write as a configuration file. */
void settings_print(const struct settings *s, FILE *to);

/* Make the log level count. */
void settings_apply_log_level(const struct settings *s);
