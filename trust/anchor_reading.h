/* What is gathered while a store of anchors is read. Inside trust/ only. */
#ifndef SUBCA_TRUST_ANCHOR_READING_H
#define SUBCA_TRUST_ANCHOR_READING_H

#include "trust/anchor_store.h"
#include "trust/run.h"

/* Starts with search and store, the rest all zero. */
struct anchor_reading {
	const struct anchor_search *search;
	struct anchor_store *store;
	unsigned char (*seen)[SHA256_SIZE];
	size_t seen_count;
};

/* Counts x, and looks whether it is the root, or by it. trusted: as a root, as far as that is told. */
MUST_CHECK enum status anchor_note(struct anchor_reading *r, X509 *x, bool trusted,
				   struct error *e);
/* All in a text. */
MUST_CHECK enum status anchor_note_text(struct anchor_reading *r, struct span text, bool trusted,
					struct error *e);
/* The store cannot be read: always STATUS_OK. */
enum status anchor_problem(struct anchor_store *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* Whether x is the root, to the byte. */
bool anchor_same(const X509 *x, const X509 *root);

/* Through keytool and certutil. */
MUST_CHECK enum status anchor_read_java(struct anchor_reading *r, struct error *e);
MUST_CHECK enum status anchor_read_nss(struct anchor_reading *r, struct error *e);
/* In copy, which holds a copy of the store, the root gives way to the certificate in other_file. */
MUST_CHECK enum status anchor_swap_java(const struct anchor_search *search,
					const struct anchor_store *s, const char *copy,
					const char *other_file, struct error *e);
MUST_CHECK enum status anchor_swap_nss(const struct anchor_search *search,
				       const struct anchor_store *s, const char *copy,
				       const char *other_file, struct error *e);

#endif
