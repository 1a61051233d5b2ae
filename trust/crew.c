#include "trust/crew.h"

#include <pthread.h>
#include <unistd.h>

#include "trust/run.h"

#define AT_ONCE_MAX 16

/* Each takes the next job until there is none. */
struct crew {
	crew_job *job;
	void *context;
	size_t jobs, next;
	pthread_mutex_t lock;
	struct error error; /* the first; status OK: none */
};

static void *work(void *context)
{
	struct crew *c = context;

	for (;;) {
		struct error e = {0};
		size_t at;

		pthread_mutex_lock(&c->lock);
		at = c->error.status == STATUS_OK ? c->next++ : c->jobs;
		pthread_mutex_unlock(&c->lock);
		if (at >= c->jobs)
			return NULL;
		if (c->job(c->context, at, &e) == STATUS_OK)
			continue;
		pthread_mutex_lock(&c->lock);
		if (c->error.status == STATUS_OK)
			c->error = e;
		pthread_mutex_unlock(&c->lock);
	}
}

static size_t threads_wanted(int at_once)
{
	long n = at_once ? at_once : sysconf(_SC_NPROCESSORS_ONLN) + 1;

	return n < 1 ? 1 : n > AT_ONCE_MAX ? AT_ONCE_MAX : (size_t)n;
}

enum status crew_do(size_t jobs, int at_once, crew_job *job, void *context, struct error *e)
{
	struct crew c = {
		.job = job, .context = context, .jobs = jobs, .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[AT_ONCE_MAX];
	size_t started = 0, wanted = threads_wanted(at_once);

	/* This one is the first of them. */
	while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, &c) == 0)
		started++;
	work(&c);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (c.error.status != STATUS_OK) {
		*e = c.error;
		return error_status(e);
	}
	return run_is_cancelled() ? error_set(e, STATUS_SYSTEM, NULL, NULL, "interrupted")
				  : STATUS_OK;
}
