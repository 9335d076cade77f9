/* check_failed of the daemons. */
#include "common/base/check.h"

#include <stdlib.h>

#include "common/os/log.h"

_Noreturn void check_failed(const char *file, int line, const char *expression)
{
    log_err("check file=%s line=%d expr=\"%s\"", file, line, expression);
    abort();
}
