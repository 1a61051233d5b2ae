#include "audit/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 128
/* Batches in flight for each thread: one at work, one waiting, one being filled. */
#define BATCHES_PER_THREAD 3

enum state { EMPTY, READY, AT_WORK, DONE };

struct batch {
	enum state state;
	size_t count;
	struct judged items[BATCH];
	size_t starts[BATCH + 1]; /* of each certificate in bytes */
	unsigned char *bytes;
	size_t room;
	struct audit_findings findings;
	enum status status;
	struct error error;
};

struct audit_pool {
	const struct judge_order *order;
	struct audit_findings *findings;
	pool_merge *merge;
	void *context;
	unsigned threads;
	pthread_t thread[POOL_THREADS_MAX];
	pthread_mutex_t lock;
	pthread_cond_t ready, done;
	bool ending;
	/* A ring: filled at head, merged at tail, both by the thread that hands in. */
	struct batch *batches;
	size_t batch_count, head, tail, next; /* next: to be taken by a worker */
};

static void judge_batch(const struct audit_pool *p, struct audit_verifier *v, struct batch *b)
{
	b->status = STATUS_OK;
	for (size_t i = 0; i < b->count && b->status == STATUS_OK; i++)
		b->status = judge_certificate(p->order, v,
					      (struct span){b->bytes + b->starts[i],
							    b->starts[i + 1] - b->starts[i]},
					      &b->items[i], &b->findings, &b->error);
}

static struct batch *take_ready(struct audit_pool *p)
{
	struct batch *b = NULL;

	pthread_mutex_lock(&p->lock);
	while (p->batches[p->next].state != READY && !p->ending)
		pthread_cond_wait(&p->ready, &p->lock);
	if (p->batches[p->next].state == READY) {
		b = &p->batches[p->next];
		b->state = AT_WORK;
		p->next = (p->next + 1) % p->batch_count;
	}
	pthread_mutex_unlock(&p->lock);
	return b;
}

static void *work(void *context)
{
	struct audit_pool *p = context;
	struct audit_verifier *v = NULL;
	struct error problem = {0};
	enum status s = verifier_new(&v, &problem);
	struct batch *b;

	while ((b = take_ready(p))) {
		if (s == STATUS_OK) {
			judge_batch(p, v, b);
		} else {
			b->status = s;
			b->error = problem;
		}
		pthread_mutex_lock(&p->lock);
		b->state = DONE;
		pthread_cond_signal(&p->done);
		pthread_mutex_unlock(&p->lock);
	}
	verifier_free(v);
	return NULL;
}

static void clear(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		bytes_free(&b->items[i].modulus);
	audit_findings_free(&b->findings);
	b->count = 0;
}

static void release(struct audit_pool *p)
{
	for (size_t i = 0; p->batches && i < p->batch_count; i++) {
		clear(&p->batches[i]);
		free(p->batches[i].bytes);
	}
	free(p->batches);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->ready);
	pthread_cond_destroy(&p->done);
	free(p);
}

static void join(struct audit_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->ready);
	pthread_mutex_unlock(&p->lock);
	while (p->threads)
		pthread_join(p->thread[--p->threads], NULL);
}

static unsigned count_threads(unsigned wanted)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted == 0)
		wanted = cores > 0 ? (unsigned)cores : 1;
	return wanted < POOL_THREADS_MAX ? wanted : POOL_THREADS_MAX;
}

enum status pool_begin(const struct judge_order *order, unsigned threads,
		       struct audit_findings *findings, pool_merge *merge, void *context,
		       struct audit_pool **out, struct error *e)
{
	struct audit_pool *p = calloc(1, sizeof *p);

	if (!p)
		return error_memory(e);
	*p = (struct audit_pool){
		.order = order, .findings = findings, .merge = merge, .context = context};
	threads = count_threads(threads);
	p->batch_count = (size_t)threads * BATCHES_PER_THREAD;
	p->batches = calloc(p->batch_count, sizeof *p->batches);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->ready, NULL);
	pthread_cond_init(&p->done, NULL);
	if (!p->batches) {
		release(p);
		return error_memory(e);
	}
	while (p->threads < threads && pthread_create(&p->thread[p->threads], NULL, work, p) == 0)
		p->threads++;
	if (p->threads == 0) {
		release(p);
		return error_set(e, STATUS_SYSTEM, NULL, NULL, "a thread cannot be made");
	}
	*out = p;
	return STATUS_OK;
}

unsigned pool_threads(const struct audit_pool *p)
{
	return p->threads;
}

static enum status merge_batch(struct audit_pool *p, struct batch *b, struct error *e)
{
	enum status s = b->status;

	if (s != STATUS_OK)
		*e = b->error;
	for (size_t i = 0; s == STATUS_OK && i < b->count; i++)
		s = p->merge(p->context, &b->items[i], e);
	if (s == STATUS_OK)
		s = findings_take(p->findings, &b->findings, e);
	clear(b);
	return s;
}

/* The oldest batch, once it is done. */
static enum status merge_tail(struct audit_pool *p, struct error *e)
{
	struct batch *b = &p->batches[p->tail];
	enum status s;

	pthread_mutex_lock(&p->lock);
	while (b->state != DONE)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
	s = merge_batch(p, b, e);
	pthread_mutex_lock(&p->lock);
	b->state = EMPTY;
	pthread_mutex_unlock(&p->lock);
	p->tail = (p->tail + 1) % p->batch_count;
	return s;
}

static enum status submit(struct audit_pool *p, struct error *e)
{
	struct batch *b = &p->batches[p->head];

	pthread_mutex_lock(&p->lock);
	b->state = READY;
	pthread_cond_signal(&p->ready);
	pthread_mutex_unlock(&p->lock);
	p->head = (p->head + 1) % p->batch_count;
	/* The ring is full: the next to be filled is the oldest. */
	return p->head == p->tail ? merge_tail(p, e) : STATUS_OK;
}

static enum status make_room(struct batch *b, size_t len, struct error *e)
{
	size_t used = b->count ? b->starts[b->count] : 0, room = b->room ? b->room : 128 * 1024;
	unsigned char *bytes;

	while (room < used + len)
		room *= 2;
	if (room == b->room)
		return STATUS_OK;
	bytes = realloc(b->bytes, room);
	if (!bytes)
		return error_memory(e);
	b->bytes = bytes;
	b->room = room;
	return STATUS_OK;
}

enum status pool_add(struct audit_pool *p, struct span der, uint32_t record, unsigned flags,
		     unsigned profile, struct error *e)
{
	struct batch *b = &p->batches[p->head];

	if (make_room(b, der.len, e) != STATUS_OK)
		return error_status(e);
	if (b->count == 0)
		b->starts[0] = 0;
	memcpy(b->bytes + b->starts[b->count], der.data, der.len);
	b->items[b->count] = (struct judged){
		.record = record, .flags = flags, .profile = profile, .issuer_record = RECORD_NONE};
	b->starts[b->count + 1] = b->starts[b->count] + der.len;
	return ++b->count < BATCH ? STATUS_OK : submit(p, e);
}

enum status pool_end(struct audit_pool *p, enum status so_far, struct error *e)
{
	enum status s = so_far;

	if (s == STATUS_OK && p->batches[p->head].count)
		s = submit(p, e);
	while (s == STATUS_OK && p->tail != p->head)
		s = merge_tail(p, e);
	join(p);
	release(p);
	return s;
}
