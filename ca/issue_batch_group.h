/*
 * A group of requests that share their transactions: the steps that belong to the store's thread.
 * For ca/issue_batch.c.
 */
#ifndef SUBCA_CA_ISSUE_BATCH_GROUP_H
#define SUBCA_CA_ISSUE_BATCH_GROUP_H

#include "ca/issue_batch_item.h"

#define BATCH_GROUP_SIZE 128

struct batch_group {
	struct batch_item items[BATCH_GROUP_SIZE];
	size_t count;
	int64_t now;
};

/* What the store's thread knows of the run. */
struct batch_side {
	const struct issue_batch *batch;
	bool ended;	     /* nothing more is begun */
	struct error failed; /* the first failure that ends the run; STATUS_OK: none */
};

/* Nothing more is begun; what was is brought to its end. */
void batch_fail(struct batch_side *r, const struct error *e);

/* One durable transaction each. */
void batch_group_reserve(struct batch_side *r, struct batch_group *g);
void batch_group_record(struct batch_side *r, struct batch_group *g);
/* Makes its files durable, and moves them to their places. */
void batch_group_publish(struct batch_side *r, struct batch_group *g);
/* Tells what became of each, and releases them. */
void batch_group_finish(struct batch_side *r, struct batch_group *g);

#endif
