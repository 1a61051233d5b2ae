/*
 * How far a long run is: one line on the terminal that stderr is, drawn over itself and gone at the end.
 * Nothing is written where stderr is no terminal, or with --quiet.
 */
#ifndef SUBCA_CMD_PROGRESS_H
#define SUBCA_CMD_PROGRESS_H

#include <stdint.h>
#include <time.h>

#include "cmd/output.h"

struct progress {
	bool on, drawn;
	const char *what; /* compared as a pointer: another one is another phase */
	struct timespec began, shown;
};

void progress_begin(struct progress *p, const struct output *o);
/* context: the struct progress. all 0: nobody knows. Cheap enough to be called for each of many. */
void progress_show(void *context, const char *what, uint64_t done, uint64_t all);
/* Takes the line away; before anything else is written. */
void progress_end(struct progress *p);

#define PROGRESS_SIZE 80

/* "Judging [####    ] 500 of 1000, 250/s, 2 s left", milliseconds after the phase began. */
void progress_text(char out[static PROGRESS_SIZE], const char *what, uint64_t done, uint64_t all,
		   int64_t milliseconds);

#endif
