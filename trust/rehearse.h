/*
 * The rehearsal: a shadow of the planned chain behind an inspecting endpoint on loopback, and the
 * real clients of this machine against it, each in an environment and a folder of its own, with
 * what it should accept and what it should refuse.
 */
#ifndef SUBCA_TRUST_REHEARSE_H
#define SUBCA_TRUST_REHEARSE_H

#include "trust/client.h"

enum rehearse_case {
	CASE_CHAIN,	  /* all of the chain is sent */
	CASE_SHORT_CHAIN, /* up to the planned certificate: nothing was uploaded above it */
	CASE_TLS12,	  /* as CASE_CHAIN, in TLS 1.2 */
	CASE_UNTRUSTED,	  /* the client was not told of the root */
	CASE_EXPIRED,
	CASE_OTHER_HOST,
	CASE_PATH_LENGTH, /* one CA more than the path length allows */
	CASE_NO_AKI,	  /* the site's certificate lacks the AKI */
	CASES,
};

/* "chain", "short-chain", …: stable; and in words: "accept the whole chain". */
const char *rehearse_case_id(enum rehearse_case c);
const char *rehearse_case_words(enum rehearse_case c);
struct rehearse_row {
	const struct tool *tool;
	const struct tool_client *client;
	struct client_found found;
	struct client_run runs[CASES];
	bool good; /* it ran, and did in each case what was expected */
};

struct rehearsal {
	struct rehearse_row *rows; /* in the order of the table of tools */
	size_t count;
	size_t ran, good;
};

struct rehearse_order {
	const struct shadow *shadow;
	struct span
		public_roots;	 /* PEM, may be empty: what a replacing setting holds beside ours */
	const char *const *only; /* ids of tools; ends with NULL; NULL: all */
	const char *const *skip;
	int64_t now;
	int port;    /* see endpoint_order */
	int seconds; /* for each run of a client; 0: the table's */
	int at_once; /* clients; 0: as many as there are processors, and one */
};

/* STATUS_NOT_FOUND where no client is on this machine; STATUS_SYSTEM when interrupted. */
MUST_CHECK enum status rehearse(const struct rehearse_order *order, struct rehearsal *out,
				struct error *e);
void rehearsal_free(struct rehearsal *r);

#endif
