/*
 * A shadow: the chain that is planned, with the same names, extensions, dates and algorithms, but
 * throwaway keys at every level, so that it can be tried out and nothing of value is signed. Below
 * it stands what the inspecting proxy makes: its weekly CA, and certificates of sites.
 */
#ifndef SUBCA_TRUST_SHADOW_H
#define SUBCA_TRUST_SHADOW_H

#include <stdint.h>

#include <openssl/x509.h>

#include "ca/authority.h"

/* What a ZIA service edge appends to the name of the CA above its own. */
#define WEEKLY_SUFFIX " (t) "
#define WEEKLY_DAYS 14

struct shadow_ca {
	X509 *certificate;
	EVP_PKEY *key;
};

/* The CAs that the service edge holds itself, or one more than a path length allows. */
#define SHADOW_BELOW 8

/* Owned; starts as all zero. */
struct shadow {
	struct shadow_ca chain[CHAIN_MAX]; /* the planned one first, the root last */
	size_t count;
	struct shadow_ca below[SHADOW_BELOW]; /* the first is the weekly one, if there is one */
	size_t weekly;			      /* 1, or 0 where the planned CA signs sites itself */
	size_t too_many; /* how many of below exceed the path length; 0: nothing limits it */
	EVP_PKEY *site_key;
	struct bytes crl; /* DER, empty, by the root: something to fetch for who wants a CRL */
};

struct shadow_order {
	const struct span *chain; /* DER; the planned certificate first, the root last */
	size_t count;
	bool weekly; /* a further CA, new every week, signs the sites */
	int64_t now;
};

/* A certificate for the plan's bytes with a filler for the signature, which a shadow replaces. */
MUST_CHECK enum status shadow_of_plan(struct span tbs, const X509_ALGOR *algorithm,
				      struct bytes *der, struct error *e);

/*
 * STATUS_REFUSED where the chain does not hang together, ends in no root, or its first is no CA, or
 * carries a name that leaves no room for the weekly CA's (64 characters, RFC 5280 A.1).
 */
MUST_CHECK enum status shadow_make(const struct shadow_order *order, struct shadow *out,
				   struct error *e);
void shadow_free(struct shadow *s);

/*
 * Puts certificates that were read in any order into the chain of the first, DER, to be freed.
 * STATUS_NOT_FOUND where an issuer is missing.
 */
MUST_CHECK enum status shadow_sort(STACK_OF(X509) *pool, struct bytes chain[CHAIN_MAX],
				   size_t *count, struct error *e);

/* A CA below another, as the service edge makes its weekly one. The key is made anew. */
MUST_CHECK enum status shadow_make_ca(const struct shadow_ca *issuer, const X509_NAME *name,
				      int64_t now, struct shadow_ca *out, struct error *e);
/* The name of the weekly CA below a CA of that name. Freed with X509_NAME_free(). */
MUST_CHECK enum status shadow_weekly_name(const X509_NAME *above, X509_NAME **out, struct error *e);
void shadow_ca_free(struct shadow_ca *ca);

enum site_fault { SITE_GOOD, SITE_EXPIRED, SITE_OTHER_HOST, SITE_WITHOUT_AKI };

/* A site's certificate, as it is made for each host that is asked for. host: a DNS name. */
MUST_CHECK enum status shadow_site(const struct shadow_ca *issuer, EVP_PKEY *key, const char *host,
				   enum site_fault fault, int64_t now, X509 **out, struct error *e);

#endif
