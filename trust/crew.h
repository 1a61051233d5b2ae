/*
 * A few threads that share a number of jobs.
 */
#ifndef SUBCA_TRUST_CREW_H
#define SUBCA_TRUST_CREW_H

#include <stddef.h>

#include "base/error.h"

/* Does job number i; called by several threads at the same time, once for each i. */
typedef enum status crew_job(void *context, size_t i, struct error *e);

/*
 * Does all jobs, at_once at a time (0: as many as there are processors, and one). After the first
 * that fails none is begun, and that error is ours. STATUS_SYSTEM when run_cancel() was called.
 */
MUST_CHECK enum status crew_do(size_t jobs, int at_once, crew_job *job, void *context,
			       struct error *e);

#endif
