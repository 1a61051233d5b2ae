/*
 * The review: what is about to be signed, for the person who signs it and the colleague who watches.
 */
#ifndef SUBCA_CMD_REVIEW_H
#define SUBCA_CMD_REVIEW_H

#include "ca/issue.h"
#include "cmd/output.h"

/* Everything a signature will cover, and where each thing comes from. At most 80 columns, wrapped. */
MUST_CHECK enum status review_print(const struct output *o, FILE *to,
				    const struct issue_order *order,
				    const struct issue_draft *draft,
				    const struct findings *findings, struct error *e);
/* The same as a JSON object; NULL when out of memory. Shape: see subca-sign(1). */
json_t *review_json(const struct issue_order *order, const struct issue_draft *draft,
		    const struct findings *findings);

#endif
