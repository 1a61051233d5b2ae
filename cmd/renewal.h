/*
 * What renew and cross-sign both say in the end.
 */
#ifndef SUBCA_CMD_RENEWAL_H
#define SUBCA_CMD_RENEWAL_H

#include "ca/renew.h"
#include "cmd/output.h"

/* The certificate, where it went, and what was proved; proof NULL: nothing was to be. */
void renewal_print(const struct output *o, struct span der, const char *file,
		   const struct renew_proof *proof, const struct findings *findings);
/* The same; NULL when out of memory. */
json_t *renewal_json(struct span der, const char *file, const struct renew_proof *proof,
		     const struct findings *findings);
/* STATUS_REFUSED where a child was left without a path. */
MUST_CHECK enum status renewal_expect_proved(const struct renew_proof *proof, struct error *e);

#endif
