/*
 * The extensions of a certificate, each made from what the profile, the issuer and the request say.
 */
#ifndef SUBCA_CA_EXTENSION_H
#define SUBCA_CA_EXTENSION_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "ca/profile.h"

/* Where relying parties find things; each may be NULL. Copied into certificates as they stand. */
struct ca_urls {
	char *crl;	  /* cRLDistributionPoints, RFC 5280 4.2.1.13 */
	char *delta_crl;  /* freshestCRL, 4.2.1.15 and 5.2.6: where the delta CRL is */
	char *ocsp;	  /* authorityInfoAccess id-ad-ocsp, 4.2.2.1 */
	char *ca_issuers; /* authorityInfoAccess id-ad-caIssuers: the issuer's certificate in DER */
};

/*
 * "http://" and printable ASCII that needs no escape in a configuration file: it goes there and into
 * certificates as it stands. A client that needs TLS to check TLS goes round in a circle
 * (RFC 5280 8).
 */
bool ca_url_is_plain(const char *url);

/* What the extensions are made from; all borrowed. */
struct extension_input {
	const struct profile *profile;
	struct span spki;   /* DER SubjectPublicKeyInfo of the subject */
	const X509 *issuer; /* NULL: self-signed, the AKI is the SKI made here */
	const struct ca_urls *urls;
	/* Verbatim, where certificates below point at it already; NULL: made from the key. */
	const ASN1_OCTET_STRING *key_identifier;
	const STACK_OF(X509_EXTENSION) *requested; /* may be NULL */
	bool subject_empty; /* then subjectAltName is critical (RFC 5280 4.2.1.6) */
};

/*
 * In the order a reader expects: basicConstraints, keyUsage, extendedKeyUsage, the identifiers,
 * names, policies, where to look. Freed with sk_X509_EXTENSION_pop_free(). STATUS_REFUSED where the
 * request lacks what the profile requires, or the issuer has no SKI to point at.
 */
MUST_CHECK enum status extensions_build(const struct extension_input *in,
					STACK_OF(X509_EXTENSION) **out, struct error *e);

/*
 * One point with one URL, as cRLDistributionPoints and freshestCRL hold it. Freed with
 * CRL_DIST_POINTS_free().
 */
MUST_CHECK enum status distribution_points_new(const char *url, CRL_DIST_POINTS **out,
					       struct error *e);

#endif
