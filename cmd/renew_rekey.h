/*
 * subca renew --rekey: what cmd/renew_rekey.c, which also serves --child, lends to cmd/renew_roll.c,
 * which serves --root.
 */
#ifndef SUBCA_CMD_RENEW_REKEY_H
#define SUBCA_CMD_RENEW_REKEY_H

#include "ca/rekey.h"
#include "cmd/renew.h"

struct cross {
	struct bytes der;
	char *file;
};

struct rekeying {
	struct renewing *r;
	const char *folder;	       /* of the new CA */
	const struct authority *old;   /* whose place is taken */
	const struct authority *above; /* who signs it; NULL: a root */
	struct create_order order;
	enum rekey_state state;
	struct authority *made;
	struct secret *old_secret, *new_secret; /* of the key that signs, of the new one */
	struct cross old_with_new, new_with_old;
	struct rekey_children children;
};

/* What there is and what is asked for; k->made is open where the new CA is there. */
MUST_CHECK enum status rekey_prepare(struct rekeying *k, struct error *e);
/* The secret of the key that signs the new CA: proved, so that nothing is begun without it. */
MUST_CHECK enum status rekey_obtain_signing(struct rekeying *k, const struct authority *signing,
					    struct error *e);
MUST_CHECK enum status rekey_obtain_new(struct rekeying *k, struct error *e);
/* Makes the new CA, or ends what an earlier run began, and opens it. */
MUST_CHECK enum status rekey_make(struct rekeying *k, struct error *e);
void rekey_note_urls(const struct rekeying *k);
void rekey_release(struct rekeying *k);

#endif
