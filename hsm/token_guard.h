/*
 * Calls into a PKCS#11 module made on a thread of their own, so that a token that hangs, or a
 * person who presses Ctrl-C, ends in an error instead of in a process that can only be killed:
 * private to hsm/token*.c.
 *
 * A module that does not come back cannot be stopped. Its thread is left behind, with all that the
 * job may still touch, and token_abandoned() tells main() to leave without running exit handlers.
 */
#ifndef SUBCA_HSM_TOKEN_GUARD_H
#define SUBCA_HSM_TOKEN_GUARD_H

#include <stdbool.h>

#include "base/error.h"

struct guard;

MUST_CHECK enum status guard_new(struct guard **out, struct error *e);
/* Ends the thread; NULL-safe. */
void guard_free(struct guard *g);

/* A job owns all that it touches, so that it can be left behind. */
typedef enum status guard_job(void *job, struct error *e);

/*
 * Runs job on the guard's thread. *left is true where it did not come back: the caller must forget
 * job and everything it points to. STATUS_KEY with the function that hangs, or where a signal came
 * and the call that was under way did not end soon after.
 */
MUST_CHECK enum status guard_run(struct guard *g, guard_job *run, void *job, bool *left,
				 struct error *e);

/*
 * Within a job, before each call: its name ("C_Sign"), and how many times the usual limit it may
 * take (a key pair is slow, a person at a PIN pad is slower).
 */
void guard_calls(const char *function, unsigned patience);

/* Seconds one call may take: SUBCA_TOKEN_SECONDS, else 60. */
unsigned guard_seconds(void);

/*
 * From the first guard_hold_signals() to the last guard_release_signals() SIGINT, SIGTERM and
 * SIGHUP are noted instead of obeyed, so that the token is logged out first; the last release obeys.
 */
void guard_hold_signals(void);
void guard_release_signals(void);
/* STATUS_KEY once one was noted. */
MUST_CHECK enum status guard_check_signals(struct error *e);

#endif
