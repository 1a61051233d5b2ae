/*
 * One client program at work: its folder, its environment, what it is asked and what came of it.
 * The rehearsal gives it trust as the guide says, the doctor leaves it the settings it has.
 */
#ifndef SUBCA_TRUST_CLIENT_H
#define SUBCA_TRUST_CLIENT_H

#include "trust/endpoint.h"
#include "trust/said.h"
#include "trust/tool.h"
#include "trust/words.h"

enum client_trust {
	CLIENT_GIVEN, /* trust is given, in an environment of its own */
	CLIENT_BARE,  /* the same, but no trust is given */
	CLIENT_OWN,   /* the user's environment, files and settings as they are */
};

enum client_outcome {
	OUTCOME_NONE, /* not tried */
	OUTCOME_ACCEPTED,
	OUTCOME_REFUSED,
	OUTCOME_UNCLEAR, /* what it asked for and how it ended do not go together */
	OUTCOME_HUNG,
};

/* "none", "accepted", …: stable. */
const char *client_outcome_name(enum client_outcome o);

enum client_expected { EXPECT_NOTHING, EXPECT_ACCEPTED, EXPECT_REFUSED };

/* "anything", "accepted", "refused": stable. */
const char *client_expected_name(enum client_expected x);

struct client_run {
	enum client_expected expected;
	enum client_outcome outcome;
	char reason[SAID_REASON]; /* the client's own words, of one line; "" where it has none */
};

/* Whether it did what was expected of it. */
bool client_run_good(const struct client_run *run);

enum client_state {
	CLIENT_MISSING, /* not on this machine */
	CLIENT_RAN,
	CLIENT_FAILED, /* it is there, but could not be set up: see reason */
};

/* "not installed", "ran", "failed": stable. */
const char *client_state_name(enum client_state s);

struct client_found {
	enum client_state state;
	char version[SAID_VERSION]; /* "?" where it does not tell */
	char reason[SAID_REASON];
};

/* What all clients share; borrowed. */
struct client_stage {
	struct endpoint *endpoint;
	const char *folder;	   /* where each gets a folder of its own */
	const char *bundle, *root; /* paths; not for CLIENT_OWN */
	const char *path;	   /* PATH */
	int seconds;		   /* for each run; 0: the table's */
};

/* Where programs are looked for: PATH, or what stands for it. */
const char *client_path(void);

struct client;

/*
 * Makes its folder, asks its version and sets it up. found->state is CLIENT_RAN where it may be
 * tried; *out is to be ended in any case. What the client does wrong is in found; an error is one of
 * this machine. at: a number of its own, for its folder.
 */
MUST_CHECK enum status client_start(const struct client_stage *stage, const struct tool_client *c,
				    enum client_trust trust, size_t at, struct client_found *found,
				    struct client **out, struct error *e);
/* Asks site number site of the endpoint. mark: a number of its own, below ENDPOINT_MARKS. */
MUST_CHECK enum status client_try(struct client *c, enum client_trust trust, size_t site,
				  unsigned mark, struct client_run *run, struct error *e);
/* NULL is nothing. */
void client_end(struct client *c);

/* Adds the user's environment, but for proxies: nothing of them can be reached. */
MUST_CHECK enum status client_own_environment(struct words *w, struct error *e);

#endif
