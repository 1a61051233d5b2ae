/*
 * A certificate, and a row of the store, as people and as programs read them.
 */
#ifndef SUBCA_CMD_CERTIFICATE_H
#define SUBCA_CMD_CERTIFICATE_H

#include <jansson.h>
#include <openssl/x509.h>

#include "ca/store.h"

/* Hexadecimal of a serial, and NUL. */
#define SERIAL_TEXT (2 * SERIAL_MAX + 1)

/* Fields to standard output. STATUS_INPUT where der is no certificate, naming origin. */
MUST_CHECK enum status certificate_print(struct span der, const char *origin, struct error *e);
/* The same as members of a new object. */
MUST_CHECK enum status certificate_json(struct span der, const char *origin, json_t **out,
					struct error *e);

/* Name, criticality and OpenSSL's words for each; list may be NULL. NULL when out of memory. */
json_t *extension_list_json(const STACK_OF(X509_EXTENSION) *list);

/* What the store knows beside the certificate itself. */
void row_print(const struct store_row *row);
/* NULL when out of memory. */
json_t *row_json(const struct store_row *row);

#endif
