/*
 * Certificates judged by as many threads as there are cores, and the results merged in the order in
 * which they were handed in: what is reported does not depend on who was faster.
 */
#ifndef SUBCA_AUDIT_POOL_H
#define SUBCA_AUDIT_POOL_H

#include "audit/judge.h"

#define POOL_THREADS_MAX 64

struct audit_pool;

/* What becomes of each result, called by the thread that hands in. Takes over j->modulus. */
typedef enum status pool_merge(void *context, struct judged *j, struct error *e);

/* order is borrowed until pool_end(). threads 0: as many as cores. */
MUST_CHECK enum status pool_begin(const struct judge_order *order, unsigned threads,
				  struct audit_findings *findings, pool_merge *merge, void *context,
				  struct audit_pool **out, struct error *e);
/* der is copied. Fails with what an earlier certificate failed with. */
MUST_CHECK enum status pool_add(struct audit_pool *p, struct span der, uint32_t record,
				unsigned flags, unsigned profile, struct error *e);
/* Waits for all, merges the rest and frees p. so_far other than STATUS_OK: discards, returns it. */
MUST_CHECK enum status pool_end(struct audit_pool *p, enum status so_far, struct error *e);
unsigned pool_threads(const struct audit_pool *p);

#endif
