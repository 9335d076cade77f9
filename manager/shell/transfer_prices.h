/* Prices as a part of the configuration that is exported and imported (transfer). */
#pragma once

#include "manager/shell/document.h"
#include "manager/shell/history.h"

/* The prices that are valid now, as section "tariff"; none were set: no section. False: they cannot be read, or no memory. */
bool transfer_export_prices(struct history *h, json_t *json);

/* Prices need a clock that says from when on they are valid. False: said so. file: for errors */
bool transfer_may_import_prices(const struct document *d, const char *file);
