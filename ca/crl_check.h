/*
 * The three that must agree: what the store says is revoked, what a CRL says, and the certificates.
 */
#ifndef SUBCA_CA_CRL_CHECK_H
#define SUBCA_CA_CRL_CHECK_H

#include "base/finding.h"
#include "ca/authority.h"

struct crl_check {
	int64_t now;
	struct store_crl crl; /* of the file: number, base, times, entries, size */
	int64_t agreed;	      /* entries that the store has just so */
};

/*
 * findings: lint's, and what contradicts. Of each kind of contradiction CRL_CHECK_TOLD are told one
 * by one. STATUS_INPUT where file is no CRL.
 */
#define CRL_CHECK_TOLD 5
MUST_CHECK enum status crl_check(const struct authority *a, const char *file, struct crl_check *x,
				 struct findings *findings, struct error *e);

#endif
