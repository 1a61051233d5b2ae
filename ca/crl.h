/*
 * CRLs, RFC 5280 5. One is made in the order that survives a crash:
 *
 *     crl_prepare()   what a cut-off run left is settled; the files are held against the store
 *     crl_make()      number reserved (durable) ─► entries, lint, signature, look again
 *                     ─► files published atomically ─► published (durable)
 *
 * A number is spent when it is reserved. It is never used again: not after a crash, and not after an
 * older backup was restored, as long as one CRL file is still there to tell of a higher number.
 *
 * Entries go through files, not through memory: what grows with them is the map of one file at a time.
 */
#ifndef SUBCA_CA_CRL_H
#define SUBCA_CA_CRL_H

#include "base/finding.h"
#include "ca/authority.h"

/* In the CA's folder: the last complete CRL and the last delta. */
#define CRL_FILE "ca.crl"
#define CRL_DELTA_FILE "ca-delta.crl"
#define CRL_PEM_SUFFIX ".pem"

#define CRL_DAYS 90
#define CRL_DAYS_MAX 3660

struct crl_order {
	int64_t now;
	int days; /* until nextUpdate, which never comes after the CA's notAfter */
	bool delta;
	const char *copy; /* a further file: PEM where it ends in .pem, else DER; NULL: none */
};

struct crl_made {
	struct store_crl crl;
	bool shortened;	   /* nextUpdate is the CA's notAfter */
	int64_t recovered; /* number of one that a cut-off run had left ready; STORE_NO_CRL: none */
	int64_t given_up;  /* number of one that it had not; STORE_NO_CRL: none */
};

/*
 * STATUS_REFUSED, with what to do, where a file tells of a CRL that the store does not know; where
 * there is no complete CRL for a delta; where the CA is expired or may not sign CRLs. STATUS_EXISTS
 * where copy is something else than a CRL of this CA.
 */
MUST_CHECK enum status crl_prepare(const struct authority *a, const struct crl_order *order,
				   struct crl_made *made, struct error *e);
/* findings: what lint had to say. STATUS_REFUSED where it refuses. Errors of signer and disk. */
MUST_CHECK enum status crl_make(const struct authority *a, const struct crl_order *order,
				struct signer *signer, struct crl_made *made,
				struct findings *findings, struct error *e);

/*
 * Takes the number of a CRL of this CA as used, after a restore of an older store. STATUS_REFUSED
 * where this CA's key did not sign it, STATUS_EXISTS where the store knows the number.
 */
MUST_CHECK enum status crl_take_number(const struct authority *a, const char *file, int64_t now,
				       struct store_crl *taken, struct error *e);

#endif
