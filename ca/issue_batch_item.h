/*
 * One request on its way through a batch: the steps that run in any thread. For ca/issue_batch.c.
 */
#ifndef SUBCA_CA_ISSUE_BATCH_ITEM_H
#define SUBCA_CA_ISSUE_BATCH_ITEM_H

#include "base/file_stage.h"
#include "ca/issue_batch.h"
#include "ca/issue_step.h"

struct batch_item {
	struct batch_request request;
	struct csr_request *csr;
	struct issue_order order;
	struct issue_draft *draft;
	struct findings findings;
	EVP_PKEY *key; /* the request's */
	bool occupied; /* something is where its files are to go */
	bool reserved, recorded;
	bool left; /* not begun, since the run ends: nothing is told of it */
	struct earlier earlier;
	struct bytes certificate; /* signed, or from the store */
	struct file_staged files[2];
	enum batch_outcome outcome;
	struct error error; /* STATUS_OK: nothing against it so far */
};

/* Each is a step that ends with item->error where it fails. */
void batch_item_prepare(const struct issue_batch *b, struct batch_item *item);
void batch_item_sign(const struct issue_batch *b, struct batch_item *item);
/* above: PEM of the certificates above. Writes nothing where there is no signer. */
void batch_item_write(const struct issue_batch *b, const struct text *above,
		      struct batch_item *item);
/* Moves its files to their places; they are durable by then. */
void batch_item_publish(const struct issue_batch *b, struct batch_item *item);
/* What takes memory and is needed no more once it is signed. */
void batch_item_lighten(struct batch_item *item);
void batch_item_free(struct batch_item *item);

bool batch_item_failed(const struct batch_item *item);
struct span batch_item_serial(const struct batch_item *item);

#endif
