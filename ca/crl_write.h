/*
 * The bytes of a CRL: entries from the store through a file, linted, signed, looked at again.
 */
#ifndef SUBCA_CA_CRL_WRITE_H
#define SUBCA_CA_CRL_WRITE_H

#include "base/finding.h"
#include "ca/authority.h"
#include "ca/crl_read.h"

struct crl_plan {
	const struct authority *authority;
	struct store_crl crl; /* number, base and times */
	struct store_revoked_filter filter;
	const char *path; /* of the file that it will be; temporary ones lie beside it */
};

/*
 * *out holds the whole DER, ready to be published; *crl gets entries, size and sha256. STATUS_REFUSED
 * where lint finds an error; all that it says is in findings.
 */
MUST_CHECK enum status crl_write(const struct crl_plan *plan, struct signer *signer,
				 struct file_stream **out, struct store_crl *crl,
				 struct findings *findings, struct error *e);

/* The same octets as PEM. */
MUST_CHECK enum status crl_write_pem(struct span der, const char *path, struct error *e);

#endif
