/* Every fixed capacity of the project. A queue, table or text without a limit here does not exist. */
#pragma once

#define BOX_MAX 1024      /* wallboxes of one site (spec 04 4.1) */
#define NODE_MAX 256      /* circuits of one site, the grid connection included */
#define DEPTH_MAX 8       /* levels of the electrical tree */
#define WINDOW_MAX 128    /* time windows with a limit, of all nodes of a site together */
#define METER_MAX 64      /* meters of one site */
#define PEER_MAX 1152     /* connections of a manager: all wallboxes, 64 handshakes, and some strangers that must introduce themselves */
#define SERIAL_LEN 33     /* serial number of a wallbox: 1..32 characters and the end */
#define ID_LEN 33         /* name of a node or meter: 1..32 characters and the end */
#define NAME_LEN 65       /* name a person gave: up to 64 bytes of UTF-8 and the end */
#define TEXT_LEN 129      /* free text in a message: up to 128 bytes of UTF-8 and the end */
#define UID_MAX 10        /* bytes of a card's UID (SR-262: 4, 7, 8 or 10) */
#define SESSION_ID_LEN 16 /* bytes of a session id: 128 random bits made by the client */
#define FAULT_MAX 8       /* faults a wallbox reports at a time */
#define QUARTER_MAX 672   /* quarter hours of one session: seven days, longer ones add to the last */
#define CHUNK_MAX 32768   /* bytes of a log or update chunk */
#define SETUP_CODE_LEN 10 /* bytes of the code that pairs a wallbox with its manager (spec 09 9.1) */
#define PAIR_PROOF_LEN 32 /* bytes of a proof that somebody knows it: HMAC-SHA-256 */
#define FRAME_MAX 65536   /* longest frame on the link, its length prefix not counted (spec 05 5.1) */

#define CARD_MAX 1024      /* cards that a wallbox knows by itself */
#define IDENTITY_MAX 64    /* registered vehicles that a wallbox knows by itself */
#define CARD_CHUNK_MAX 128 /* entries of the manager's list of cards in one message */
