/* What every fuzz target supplies: libFuzzer calls it with bytes that it made up, and watches which code they reach. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Take the bytes. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
