/*
 * Certificates as PEM: what the portals take is base64 between two lines and nothing else.
 */
#ifndef SUBCA_CA_PEM_H
#define SUBCA_CA_PEM_H

#include "base/bytes.h"

#define PEM_FILE_MAX (1024 * 1024)

/* Appends one certificate. */
MUST_CHECK enum status pem_add_certificate(struct text *out, struct span der, struct error *e);

/*
 * Every certificate in PEM text, in order, each to be freed with bytes_free(). STATUS_INPUT where
 * there is none, more than most, or one that is damaged.
 */
MUST_CHECK enum status pem_read_certificates(struct span pem, struct bytes *out, size_t most,
					     size_t *count, struct error *e);

#endif
