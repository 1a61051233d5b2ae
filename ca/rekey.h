/*
 * A CA's place is taken by one with a new key, in a folder, a store and under a name of its own: so the
 * old one keeps its key, and goes on with the CRLs for what it signed. ca/create.c makes the new one.
 *
 * Of two roots each certifies the other (RFC 4210 4.4), so that whoever has one of them accepts what
 * either signed. Every step finds what an earlier run left, in the stores: the same again goes on.
 */
#ifndef SUBCA_CA_REKEY_H
#define SUBCA_CA_REKEY_H

#include "ca/create.h"
#include "ca/renew.h"

/* In the new root's folder. */
#define REKEY_OLD_WITH_NEW \
	"old-with-new.pem" /* the old root's name and key, signed by the new one */
#define REKEY_NEW_WITH_OLD "new-with-old.pem"

enum rekey_state { REKEY_NEW, REKEY_HALF, REKEY_MADE };

/*
 * What there is at folder: nothing or an empty folder, a CA that an interrupted run was making in the
 * place of old (its order into half), or a whole CA. STATUS_EXISTS for one that is being made otherwise.
 */
MUST_CHECK enum status rekey_look(const char *folder, const struct authority *old,
				  enum rekey_state *state, struct create_order *half,
				  struct error *e);

/*
 * Fills in whose place it takes: predecessor and, below above (NULL: a root), parent and replaces; and
 * the profile of the old one, unless one is there.
 */
MUST_CHECK enum status rekey_order(const struct authority *above, const struct authority *old,
				   struct create_order *order, struct error *e);

/* Whether made is the CA that took old's place under above. STATUS_EXISTS where it is another. */
MUST_CHECK enum status rekey_expect_successor(const struct authority *above,
					      const struct authority *old,
					      const struct authority *made, struct error *e);
/*
 * Whether old can be rolled over at all: a root that has not ended, and whose path length leaves a place
 * for another root below it. STATUS_REFUSED.
 */
MUST_CHECK enum status rekey_expect_rollable(const struct authority *old, int64_t now,
					     struct error *e);
/* Whether made can be the next root: a root, of another name and key. STATUS_EXISTS where not. */
MUST_CHECK enum status rekey_expect_root(const struct authority *old, const struct authority *made,
					 struct error *e);

/* The certificate of other's key that stands in a's store; empty: there is none. */
MUST_CHECK enum status rekey_find_cross(const struct authority *a, const struct authority *other,
					int64_t now, struct bytes *certificate, struct error *e);

#define REKEY_CHILDREN_MAX 1000 /* that are remembered one by one */

struct rekey_child {
	char serial[2 * SERIAL_MAX + 1];
	char *subject;
	bool of_new;	     /* the new root signed it */
	bool by_old, by_new; /* who has only that root finds a path, with the cross-certificate */
};

struct rekey_children {
	struct rekey_child *items;
	size_t count;
	int64_t all;	/* children there are */
	int64_t failed; /* of twice as many */
};
void rekey_children_free(struct rekey_children *c);

/* What either root issued that is valid now, under each root. Certificates in DER. */
MUST_CHECK enum status rekey_prove(const struct authority *old, const struct authority *made,
				   struct span old_with_new, struct span new_with_old, int64_t now,
				   struct rekey_children *out, struct error *e);

#endif
