/*
 * Validity to the second. RFC 5280 4.1.2.5: both ends are included, so that N days are
 * notAfter - notBefore + 1 s = N * 86400 s; UTCTime through 2049, GeneralizedTime from 2050.
 */
#ifndef SUBCA_CA_VALIDITY_H
#define SUBCA_CA_VALIDITY_H

#include "ca/plan.h"

struct validity {
	int64_t not_before, not_after;
	bool shortened;
};

/* From in->now, days, not_after, fit, the profile and the issuer. Errors as plan_make(). */
MUST_CHECK enum status validity_plan(const struct plan_input *in, struct validity *out,
				     struct error *e);

/* The two times as RFC 5280 encodes them. Freed with X509_VAL_free(). */
MUST_CHECK enum status validity_encode(const struct validity *v, X509_VAL **out, struct error *e);

#endif
