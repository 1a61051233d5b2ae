/*
 * Certificates as PEM: what the portals take is base64 between two lines and nothing else.
 */
#ifndef SUBCA_CA_PEM_H
#define SUBCA_CA_PEM_H

#include "base/file.h"

#define PEM_FILE_MAX (1024 * 1024)

/* Appends one certificate. */
MUST_CHECK enum status pem_add_certificate(struct text *out, struct span der, struct error *e);

/*
 * What the portals take: a file with the certificate, and one with it and those above it, root
 * last. Errors as file_publish_together().
 */
MUST_CHECK enum status pem_publish(const char *certificate_file, const char *chain_file,
				   struct span der, const struct span above[], size_t count,
				   enum file_existing existing, struct error *e);

/*
 * Every certificate in PEM text, in order, each to be freed with bytes_free(). STATUS_INPUT where
 * there is none, more than most, or one that is damaged.
 */
MUST_CHECK enum status pem_read_certificates(struct span pem, struct bytes *out, size_t most,
					     size_t *count, struct error *e);

#endif
