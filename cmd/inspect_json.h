/*
 * One thing that was read, as the members of "objects" in subca.inspect/1.
 */
#ifndef SUBCA_CMD_INSPECT_JSON_H
#define SUBCA_CMD_INSPECT_JSON_H

#include <jansson.h>

#include "ca/inspect.h"

/* files: the names by struct inspect_object's file. NULL when out of memory. */
json_t *inspect_object_json(const struct inspection *in, size_t at, const char *const *files,
			    int64_t now);
/* Its place among those of its file, from 1. */
size_t inspect_number(const struct inspection *in, size_t at);

#endif
