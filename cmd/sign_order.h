/*
 * What 'subca sign' knows before it looks at a request: the CA, the profile, the life asked for.
 */
#ifndef SUBCA_CMD_SIGN_ORDER_H
#define SUBCA_CMD_SIGN_ORDER_H

#include "ca/issue.h"
#include "cmd/command.h"

struct sign_order {
	struct invocation *in;
	struct authority *authority;
	struct profile *profile;
	struct weak_keys *weak_keys;
	struct issue_order order; /* all but the request */
};

MUST_CHECK enum status sign_order_open(struct invocation *in, struct sign_order *out,
				       struct error *e);
void sign_order_close(struct sign_order *s);

/* STATUS_USAGE for a file name that the profile's portal would not take. */
MUST_CHECK enum status sign_portal_takes_name(const struct sign_order *s, const char *file,
					      struct error *e);

/* subca sign with many requests. */
MUST_CHECK enum status sign_many(struct invocation *in, struct error *e);

#endif
