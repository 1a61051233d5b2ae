/*
 * What 'subca sign' says of many requests: the review, the progress, each refusal, the end.
 */
#ifndef SUBCA_CMD_SIGN_MANY_H
#define SUBCA_CMD_SIGN_MANY_H

#include <time.h>

#include "cmd/sign_source.h"

/* A request's SHA-256, as far as a review has to know it again. */
struct hash_start {
	unsigned char octets[16];
};

/* What a review showed: nothing else is signed after it. */
struct reviewed {
	struct hash_start *items;
	size_t count, room;
	bool sorted;
};

struct counts {
	size_t all, by[BATCH_REFUSED + 1];
	size_t late; /* issued, but a file could not be written */
};

struct many {
	struct invocation *in;
	struct sign_order common;
	struct sign_source *source;
	const char *into;
	int64_t jobs;
	bool judging;	      /* the first of two looks, or the only one */
	bool asked;	      /* there was one */
	FILE *to;	      /* of the review */
	struct counts counts; /* of this look */
	size_t files;
	size_t findings;
	struct reviewed reviewed, refused;
	struct timespec shown;
	bool progress;
};

/* By the starts of hashes. */
MUST_CHECK enum status reviewed_add(struct reviewed *r, const unsigned char *sha256,
				    struct error *e);
bool reviewed_has(struct reviewed *r, const unsigned char *sha256);

/* How many of this look were not refused. */
size_t many_to_sign(const struct many *m);

void many_print_heading(const struct many *m);
/* After the last row. */
void many_print_rest(const struct many *m);
void many_print_done(const struct many *m);
/* One result of the review, and one of the run. */
void many_tell_review(struct many *m, const struct batch_result *r);
void many_tell_run(struct many *m, const struct batch_result *r);
/* NULL when out of memory. */
json_t *many_result_json(const struct batch_result *r);
void many_show_progress(struct many *m);
void many_clear_progress(const struct many *m);

#endif
