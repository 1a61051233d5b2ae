/*
 * What locks a backup: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM for one who knows the
 * password (PWRI, RFC 3211; PBKDF2). subca is not needed to open it:
 *     openssl cms -decrypt -binary -inform DER -in FILE -pwri_password PASSWORD
 */
#ifndef SUBCA_CA_BACKUP_SEAL_H
#define SUBCA_CA_BACKUP_SEAL_H

#include <stdio.h>

#include <openssl/bio.h>

#include "base/secret.h"

/* OWASP's figure for PBKDF2-HMAC-SHA1, which is what OpenSSL 3.0 takes here. */
#define SEAL_ITERATIONS 1300000

/* Streams from content to the file. */
MUST_CHECK enum status seal_write(BIO *content, const struct secret *password, FILE *to,
				  struct error *e);
/*
 * The content into a file, which counts only where this returns STATUS_OK: the end of it proves that
 * nothing was changed. STATUS_KEY: wrong password. STATUS_INPUT: no backup, or damaged.
 */
MUST_CHECK enum status seal_open(const char *file, const struct secret *password, FILE *to,
				 struct error *e);

#endif
