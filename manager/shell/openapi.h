/* The description of the interface (OpenAPI 3.1), made from the table of routes. */
#pragma once

#include <jansson.h>

/* Given back with json_decref; NULL: no memory. */
json_t *openapi_document(void);
