/*
 * The machine's own trust store: where its tools look for anchors that were added, and the program
 * that makes them known. A file of ours is named after its certificate, so that it is found again.
 */
#ifndef SUBCA_TRUST_SYSTEM_STORE_H
#define SUBCA_TRUST_SYSTEM_STORE_H

#include "trust/bundle.h"

struct system_store {
	char *folder;	       /* of the anchors that were added */
	char *file;	       /* ours in it */
	char *program;	       /* update-ca-certificates or update-ca-trust */
	const char *words[16]; /* its command line, for people as well; ends with NULL */
	char *places[5];       /* words that had to be made */
};

/*
 * Finds what this machine has. prefix: the root of the file system, "" but for an image or a test.
 * removing: for system_store_remove(). STATUS_NOT_FOUND where it has neither of the two programs.
 */
MUST_CHECK enum status system_store_find(const char *prefix, const struct bundle_item *anchor,
					 bool removing, struct system_store *out, struct error *e);
void system_store_free(struct system_store *s);

/* Writes the file and makes it known; undone where that fails. STATUS_EXISTS where it is there. */
MUST_CHECK enum status system_store_install(const struct system_store *s,
					    const struct bundle_item *anchor, struct error *e);
/* The way back. STATUS_NOT_FOUND where it is not there. */
MUST_CHECK enum status system_store_remove(const struct system_store *s, struct error *e);

#endif
