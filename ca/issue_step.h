/*
 * The steps of issuing, for ca/issue.c, which takes them one after the other, and ca/issue_batch.c,
 * which takes each for a group. A step without a store may run in any thread.
 */
#ifndef SUBCA_CA_ISSUE_STEP_H
#define SUBCA_CA_ISSUE_STEP_H

#include "ca/issue.h"
#include "ca/lint.h"

struct issue_draft {
	unsigned char serial[SERIAL_MAX];
	size_t serial_len;
	unsigned char spki_sha256[SHA256_SIZE], request_sha256[SHA256_SIZE];
	X509_ALGOR *algorithm;
	struct bytes issuer_der;
	struct lint_issuer *issuer_owned; /* NULL where the order has it, or there is none */
	struct cert_plan *plan;
	struct lint_passed *passed;
	struct differences differences;
	struct text subject;
};

/* Whose key signs: the issuer's, or that of a request that signs itself. */
EVP_PKEY *draft_issuer_key(const struct issue_order *order);

/* Hashes, names, algorithm, and what the judges of the request say. Not yet a plan. */
MUST_CHECK enum status draft_judge(const struct issue_order *order, struct issue_draft **out,
				   struct findings *findings, struct error *e);

/* The issuer as lint knows it; NULL: the certificate is its own. */
const struct lint_issuer *draft_lint_issuer(const struct issue_order *order,
					    const struct issue_draft *d);

/* A random serial; needs no store. */
MUST_CHECK enum status draft_draw_serial(struct issue_draft *d, struct error *e);
/* Random or the next, as the order says. */
MUST_CHECK enum status draft_choose_serial(struct store *store, const struct issue_order *order,
					   struct issue_draft *d, struct error *e);
/* Plan and lint, for the serial that was chosen. The differences are left to who shows them. */
MUST_CHECK enum status draft_plan(const struct issue_order *order, struct issue_draft *d,
				  struct findings *findings, struct error *e);

/* What the store knows of the same key. */
struct earlier {
	const struct issue_order *order;
	const struct issue_draft *draft;
	struct findings
		*findings; /* gets the rule by which it is refused; NULL: the error has it */
	/*
	 * Where a certificate goes that was issued for the same request, profile and reissue, and is
	 * still valid; STATUS_EXISTS then. NULL: such a request is refused as any other.
	 */
	struct bytes *again;
	unsigned char again_serial[SERIAL_MAX];
	size_t again_serial_len;
};
/* A store_visit. STATUS_REFUSED for a key of the other portal and a request signed before. */
enum status earlier_check(void *context, const struct store_row *row, struct error *e);
struct store_condition earlier_condition(struct earlier *earlier);

/* Borrows from both. */
struct store_intent draft_intent(const struct issue_order *order, const struct issue_draft *d);
/* Alone, drawing the serial anew as long as others take it. */
MUST_CHECK enum status draft_reserve(struct store *store, const struct issue_order *order,
				     struct issue_draft *d, struct error *e);

/* Signs, and looks again. */
MUST_CHECK enum status draft_sign(const struct issue_order *order, const struct issue_draft *d,
				  struct signer *signer, struct bytes *certificate,
				  struct error *e);

#endif
