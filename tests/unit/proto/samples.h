/* One allowed message of each kind, every field set, for the tests of this folder. */
#pragma once

#include "proto/msg.h"

/* The message of a kind (1..MSG_N - 1). Borrowed parts have static storage. */
struct msg sample_msg(enum msg_kind kind);

/* The same with what 1.1 has added to its kind; of a kind without news the same. */
struct msg sample_newer(enum msg_kind kind);

/* The same kind with every field at its smallest (largest) allowed value. */
struct msg sample_smallest(enum msg_kind kind);
struct msg sample_largest(enum msg_kind kind);

/* Fails the running test when two messages differ in any field. */
void sample_expect_same(const struct msg *a, const struct msg *b);
