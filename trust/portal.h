/*
 * What a portal does in a lab: it makes a key that it keeps, and a request; and with the certificate
 * that comes back it signs what the real one would.
 */
#ifndef SUBCA_TRUST_PORTAL_H
#define SUBCA_TRUST_PORTAL_H

#include "trust/shadow.h"

enum portal_kind { PORTAL_MAKES_ZIA, PORTAL_MAKES_ZPA };

/*
 * A key of RSA 2048 into key_file (PKCS#8, 0600) and its request, PEM, into request_file. ZIA's asks
 * for no extensions, ZPA's for those of a CA. subject as name_parse() reads it.
 */
MUST_CHECK enum status portal_request(enum portal_kind kind, const char *subject,
				      const char *key_file, const char *request_file,
				      struct error *e);

/* A CA by its two files; certificate_file's first certificate. Freed with shadow_ca_free(). */
MUST_CHECK enum status portal_load(const char *certificate_file, const char *key_file,
				   struct shadow_ca *out, struct error *e);

/* The weekly CA below above, into two files; the certificate with chain_file (PEM) after it. */
MUST_CHECK enum status portal_weekly(const struct shadow_ca *above, int64_t now,
				     const char *chain_file, const char *certificate_file,
				     const char *key_file, struct error *e);

/* A certificate for a DNS name, of a site or a client, with its key; chain_file (PEM) after it. */
MUST_CHECK enum status portal_leaf(const struct shadow_ca *issuer, const char *name, int64_t now,
				   const char *chain_file, const char *certificate_file,
				   const char *key_file, struct error *e);

#endif
