/*
 * Runs other programs so that none can harm: an environment of its own, a time limit, a bounded
 * output, and nothing of it left behind. Threads may call it at the same time.
 */
#ifndef SUBCA_TRUST_RUN_H
#define SUBCA_TRUST_RUN_H

#include <stdbool.h>

#include "base/bytes.h"

#define RUN_OUTPUT_MAX (64 * 1024)

/* All borrowed. */
struct run_order {
	const char *program;		/* a path */
	const char *const *words;	/* with the program's name first; ends with NULL */
	const char *const *environment; /* NAME=VALUE; ends with NULL */
	const char *folder;		/* where it runs; NULL: here */
	const char *input;		/* its standard input; NULL: empty */
	int seconds;
};

struct run_result {
	struct text output; /* standard output and error as they came, cut at RUN_OUTPUT_MAX */
	int exit_code;	    /* 128 + the signal that ended it */
	bool timed_out;
};

/* STATUS_SYSTEM where it cannot be started. Whatever it started itself is ended with it. */
MUST_CHECK enum status run_program(const struct run_order *order, struct run_result *result,
				   struct error *e);
void run_result_free(struct run_result *r);
/* Ends what runs, and starts nothing more: for a signal handler. */
void run_cancel(void);
bool run_is_cancelled(void);

/* The path of a program as PATH (NULL: the environment's) finds it, to be freed; NULL: nowhere. */
char *run_find(const char *program, const char *path);

/* A folder of our own below TMPDIR, mode 0700, to be freed. */
MUST_CHECK enum status scratch_make(char **folder, struct error *e);
/* Removes it with everything in it, and frees its name. NULL is nothing. */
void scratch_remove(char *folder);

#endif
