/*
 * JSON as text, whole or not at all: where no memory is left for a key, jansson 2.14 leaves it out
 * and calls that a success.
 */
#ifndef SUBCA_BASE_JSON_H
#define SUBCA_BASE_JSON_H

#include <jansson.h>

#include "base/bytes.h"

/* Appends. flags as json_dumps(); value NULL is an allocation that failed. */
MUST_CHECK enum status json_text(const json_t *value, size_t flags, struct text *out,
				 struct error *e);

#endif
