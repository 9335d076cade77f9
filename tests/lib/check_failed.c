#include <stdio.h>
#include <stdlib.h>

#include "common/base/check.h"

_Noreturn void check_failed(const char *file, int line, const char *expression)
{
    fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, expression);
    abort();
}
