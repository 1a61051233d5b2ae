/*
 * Groups of requests go round in a ring: the threads take the items of the oldest group that waits
 * for them, this thread does what belongs to the store and to whole groups. While it waits for the
 * disk, the threads work on other groups.
 */
#include "ca/issue_batch.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/der.h"
#include "ca/issue_batch_group.h"
#include "ca/pem.h"

#define GROUPS 4

/* In this order; those of the threads are marked. */
enum phase {
	PHASE_EMPTY,
	PHASE_PREPARE, /* threads */
	PHASE_SIGN,    /* threads */
	PHASE_WRITE,   /* threads */
};

struct group {
	enum phase phase;
	size_t taken, done; /* in a phase of the threads */
	struct batch_group of;
};

struct run {
	struct issue_batch batch; /* as given, but with an order that shares the issuer */
	struct issue_order order;
	struct bytes issuer_der;
	struct lint_issuer *issuer;
	struct batch_side side; /* the store's thread's alone, but for batch */
	struct text above;
	struct group *groups; /* a ring, the oldest at first */
	size_t first;
	pthread_mutex_t lock; /* over phase, taken and done of all groups, and over */
	pthread_cond_t work, progress;
	bool over;
};

static bool of_threads(enum phase p)
{
	return p == PHASE_PREPARE || p == PHASE_SIGN || p == PHASE_WRITE;
}

static struct group *group_at(const struct run *r, size_t i)
{
	return &r->groups[(r->first + i) % GROUPS];
}

/* --- the threads ------------------------------------------------------------------------------ */

static struct batch_item *take(const struct run *r, struct group **of)
{
	for (size_t i = 0; i < GROUPS; i++) {
		struct group *g = group_at(r, i);

		if (of_threads(g->phase) && g->taken < g->of.count) {
			*of = g;
			return &g->of.items[g->taken++];
		}
	}
	return NULL;
}

static void work_on(const struct run *r, enum phase phase, struct batch_item *item)
{
	if (phase == PHASE_PREPARE)
		batch_item_prepare(r->side.batch, item);
	else if (phase == PHASE_SIGN)
		batch_item_sign(r->side.batch, item);
	else
		batch_item_write(r->side.batch, &r->above, item);
}

static void *thread_main(void *run)
{
	struct run *r = run;
	struct group *g = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->over) {
		struct batch_item *item = take(r, &g);
		enum phase phase;

		if (!item) {
			pthread_cond_wait(&r->work, &r->lock);
			continue;
		}
		phase = g->phase;
		pthread_mutex_unlock(&r->lock);
		work_on(r, phase, item);
		pthread_mutex_lock(&r->lock);
		if (++g->done == g->of.count)
			pthread_cond_signal(&r->progress);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* --- the round -------------------------------------------------------------------------------- */

static void enter(struct run *r, struct group *g, enum phase phase)
{
	pthread_mutex_lock(&r->lock);
	g->phase = phase;
	g->taken = g->done = 0;
	if (of_threads(phase))
		pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
}

static void fill(struct run *r, struct group *g)
{
	const struct issue_batch *b = r->side.batch;
	struct error e = {0};
	bool more = true;

	g->of.count = 0;
	if (b->stop && b->stop(b->context)) {
		r->side.ended = true;
		return;
	}
	if (datetime_now(&g->of.now, &e) != STATUS_OK) {
		batch_fail(&r->side, &e);
		return;
	}
	while (g->of.count < BATCH_GROUP_SIZE) {
		struct batch_item *item = &g->of.items[g->of.count];

		if (b->next(b->context, &item->request, &more, &e) != STATUS_OK) {
			batch_fail(&r->side, &e);
			return;
		}
		if (!more) {
			r->side.ended = true;
			return;
		}
		item->order = *b->order;
		item->order.now = g->of.now;
		g->of.count++;
	}
}

static void begin(struct run *r, struct group *g)
{
	fill(r, g);
	if (g->of.count)
		enter(r, g, PHASE_PREPARE);
}

/* A group whose phase is this thread's, or was done by the others. */
static void advance(struct run *r, struct group *g)
{
	switch (g->phase) {
	case PHASE_PREPARE:
		batch_group_reserve(&r->side, &g->of);
		enter(r, g, PHASE_SIGN);
		break;
	case PHASE_SIGN:
		batch_group_record(&r->side, &g->of);
		for (size_t i = 0; i < g->of.count; i++)
			batch_item_lighten(&g->of.items[i]);
		enter(r, g, PHASE_WRITE);
		break;
	case PHASE_WRITE:
		batch_group_publish(&r->side, &g->of);
		batch_group_finish(&r->side, &g->of);
		enter(r, g, PHASE_EMPTY);
		pthread_mutex_lock(&r->lock);
		r->first = (r->first + 1) % GROUPS;
		pthread_mutex_unlock(&r->lock);
		break;
	default:
		break;
	}
}

/*
 * What this thread can do now; NULL in *g where it has to wait, false where all is done. A new
 * group first, so that the threads have work while this one waits for the disk; then the oldest.
 */
static bool next_step(struct run *r, struct group **g)
{
	size_t busy = 0;

	*g = NULL;
	while (busy < GROUPS && group_at(r, busy)->phase != PHASE_EMPTY)
		busy++;
	if (busy < GROUPS && !r->side.ended) {
		*g = group_at(r, busy);
		return true;
	}
	for (size_t i = 0; i < busy && !*g; i++) {
		struct group *one = group_at(r, i);

		/* Told in the order of the requests. */
		if (one->done == one->of.count && (one->phase != PHASE_WRITE || i == 0))
			*g = one;
	}
	return busy > 0;
}

static void go_round(struct run *r)
{
	struct group *g;

	for (;;) {
		bool more;

		pthread_mutex_lock(&r->lock);
		while ((more = next_step(r, &g)) && !g)
			pthread_cond_wait(&r->progress, &r->lock);
		pthread_mutex_unlock(&r->lock);
		if (!more)
			return;
		if (g->phase == PHASE_EMPTY)
			begin(r, g);
		else
			advance(r, g);
	}
}

static enum status with_threads(struct run *r, struct error *e)
{
	pthread_t threads[BATCH_THREADS_MOST];
	unsigned wanted = r->side.batch->threads ? r->side.batch->threads : processors(),
		 started = 0;
	int code = 0;

	if (wanted > BATCH_THREADS_MOST)
		wanted = BATCH_THREADS_MOST;
	while (started < wanted && code == 0) {
		code = pthread_create(&threads[started], NULL, thread_main, r);
		started += code == 0;
	}
	/* One is enough. */
	if (started)
		go_round(r);
	pthread_mutex_lock(&r->lock);
	r->over = true;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (started == 0)
		return error_set(e, STATUS_SYSTEM, NULL, "free some memory or processes",
				 "no thread can be started");
	return STATUS_OK;
}

/* All requests have one issuer: it is read once. */
static enum status share_issuer(struct run *r, struct error *e)
{
	if (!r->order.issuer || r->order.read_issuer)
		return STATUS_OK;
	if (der_encode(r->order.issuer, (i2d_of_void *)i2d_X509, &r->issuer_der, e) != STATUS_OK ||
	    lint_issuer_read(span_of(&r->issuer_der), &r->issuer, e) != STATUS_OK)
		return error_status(e);
	r->order.read_issuer = r->issuer;
	return STATUS_OK;
}

static enum status prepare_run(struct run *r, struct error *e)
{
	enum status s = share_issuer(r, e);

	for (size_t i = 0; i < r->batch.above_count && s == STATUS_OK; i++)
		s = pem_add_certificate(&r->above, r->batch.above[i], e);
	if (s == STATUS_OK)
		r->groups = calloc(GROUPS, sizeof *r->groups);
	return s == STATUS_OK && !r->groups ? error_memory(e) : s;
}

enum status issue_batch_run(const struct issue_batch *b, struct error *e)
{
	struct run r = {.batch = *b, .order = *b->order};
	enum status s;

	r.batch.order = &r.order;
	r.side.batch = &r.batch;
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.work, NULL);
	pthread_cond_init(&r.progress, NULL);
	s = prepare_run(&r, e);
	if (s == STATUS_OK)
		s = with_threads(&r, e);
	if (s == STATUS_OK && r.side.failed.status != STATUS_OK) {
		*e = r.side.failed;
		s = error_status(e);
	}
	pthread_cond_destroy(&r.progress);
	pthread_cond_destroy(&r.work);
	pthread_mutex_destroy(&r.lock);
	text_free(&r.above);
	lint_issuer_free(r.issuer);
	bytes_free(&r.issuer_der);
	free(r.groups);
	return s;
}
