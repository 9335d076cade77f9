/* The text of a configuration file, made fit for libconfig. */
#pragma once

#include "common/base/rc.h"

/* Copy of `text` in which every integer literal is marked as one of 64 bits (`L`). libconfig 1.5 cuts others to 32 bits without a word: it
 * reads 4294977296 as 10000. Lines keep their numbers.
 *
 * out_text  ends with free()
 * out_line  line that is refused
 *
 * RC_REFUSED  the text uses @include, whose files this copy would not see; *out_line is its line
 * RC_IO       no memory
 */
MUST_USE enum rc config_text_widen(const char *text, char **out_text, int *out_line);
