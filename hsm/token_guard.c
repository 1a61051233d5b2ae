#include "hsm/token_guard.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hsm/signer.h"

/* ThreadSanitizer knows sem_wait() and sem_timedwait(), but not their younger brother. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_acquire(at) ((void)0)
#endif

#define SECONDS_USUAL 60
#define SECONDS_MOST 86400
#define SLICE_NANOSECONDS 250000000L
/* How long a call that is under way may go on after a signal. */
#define GRACE_SECONDS 3

struct guard {
	pthread_t thread;
	sem_t todo, done;
	guard_job *run; /* NULL: end */
	void *job;
	enum status status;
	struct error error;
	/* Written by the job's thread, read by the one that waits. */
	_Atomic(const char *) function;
	atomic_llong since;
	atomic_uint patience;
};

static _Thread_local struct guard *current;
static atomic_bool abandoned;

bool signer_abandoned(void)
{
	return atomic_load(&abandoned);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec;
}

unsigned guard_seconds(void)
{
	const char *text = getenv("SUBCA_TOKEN_SECONDS");
	char *end = NULL;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	return text && *text && !*end && n >= 1 && n <= SECONDS_MOST ? (unsigned)n : SECONDS_USUAL;
}

void guard_calls(const char *function, unsigned patience)
{
	if (!current)
		return;
	atomic_store(&current->function, function);
	atomic_store(&current->patience, patience);
	atomic_store(&current->since, now());
}

static void *work(void *self)
{
	struct guard *g = self;

	current = g;
	for (;;) {
		while (sem_wait(&g->todo) != 0)
			;
		if (!g->run)
			return NULL;
		g->status = g->run(g->job, &g->error);
		sem_post(&g->done);
	}
}

enum status guard_new(struct guard **out, struct error *e)
{
	struct guard *g = calloc(1, sizeof *g);
	sigset_t all, before;
	int failed;

	if (!g)
		return error_memory(e);
	sem_init(&g->todo, 0, 0);
	sem_init(&g->done, 0, 0);
	/* No signal is for the module's thread: not even SIGPIPE of a p11-kit server that left. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&g->thread, NULL, work, g);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		free(g);
		errno = failed;
		return error_errno(e, STATUS_SYSTEM, NULL, NULL, "no thread can be started");
	}
	*out = g;
	return STATUS_OK;
}

void guard_free(struct guard *g)
{
	if (!g)
		return;
	g->run = NULL;
	sem_post(&g->todo);
	pthread_join(g->thread, NULL);
	sem_destroy(&g->todo);
	sem_destroy(&g->done);
	free(g);
}

/* --- signals ---------------------------------------------------------------------------------- */

static const int held[] = {SIGINT, SIGTERM, SIGHUP};
#define HELD (sizeof held / sizeof held[0])

static struct sigaction before_hold[HELD];
static unsigned holders;
static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

void guard_hold_signals(void)
{
	struct sigaction action = {.sa_handler = note};

	if (holders++)
		return;
	noted = 0;
	for (size_t i = 0; i < HELD; i++) {
		sigaction(held[i], NULL, &before_hold[i]);
		/* What the caller ignores (nohup) stays ignored. */
		if (before_hold[i].sa_handler != SIG_IGN)
			sigaction(held[i], &action, NULL);
	}
}

void guard_release_signals(void)
{
	int number = noted;

	if (!holders || --holders)
		return;
	for (size_t i = 0; i < HELD; i++)
		sigaction(held[i], &before_hold[i], NULL);
	noted = 0;
	if (number)
		raise(number);
}

enum status guard_check_signals(struct error *e)
{
	int number = noted;

	if (!number)
		return STATUS_OK;
	return error_set(e, STATUS_KEY, NULL, NULL, "interrupted by %s",
			 number == SIGINT    ? "SIGINT"
			 : number == SIGTERM ? "SIGTERM"
					     : "SIGHUP");
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* STATUS_OK when the job came back. */
static enum status wait_for(struct guard *g, struct error *e)
{
	long long signalled = 0;

	for (;;) {
		struct timespec until;
		const char *function;
		long long limit = guard_seconds();

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += SLICE_NANOSECONDS;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (sem_clockwait(&g->done, CLOCK_MONOTONIC, &until) == 0) {
			__tsan_acquire(&g->done);
			return STATUS_OK;
		}
		function = atomic_load(&g->function);
		if (noted && !signalled)
			signalled = now();
		if (signalled && now() - signalled >= GRACE_SECONDS) {
			(void)!guard_check_signals(e);
			snprintf(e->detail, sizeof e->detail, "in %s, which did not come back",
				 function);
			return error_status(e);
		}
		limit *= atomic_load(&g->patience);
		if (now() - atomic_load(&g->since) >= limit)
			return error_set(e, STATUS_KEY, NULL,
					 "look at the token and its module; SUBCA_TOKEN_SECONDS "
					 "sets how long to wait",
					 "%s has not come back for %lld seconds", function, limit);
	}
}

enum status guard_run(struct guard *g, guard_job *run, void *job, bool *left, struct error *e)
{
	*left = false;
	g->run = run;
	g->job = job;
	atomic_store(&g->function, "the module");
	atomic_store(&g->patience, 1);
	atomic_store(&g->since, now());
	sem_post(&g->todo);
	if (wait_for(g, e) != STATUS_OK) {
		*left = true;
		atomic_store(&abandoned, true);
		return error_status(e);
	}
	if (g->status != STATUS_OK)
		*e = g->error;
	return g->status;
}
