/* A group in the store's thread: what it does for all of them at once. */
#include "ca/issue_batch_group.h"

#include <stdlib.h>
#include <string.h>

/* --- reserving and recording: the store's thread ---------------------------------------------- */

void batch_fail(struct batch_side *r, const struct error *e)
{
	r->ended = true;
	if (r->failed.status == STATUS_OK)
		r->failed = *e;
}

/* Of a request that was signed before; else something is in the way of its files. */
static void look_it_up(struct batch_side *r, struct batch_item *item)
{
	struct store_condition c = earlier_condition(&item->earlier);
	struct error e = {0};
	enum status s = store_each(r->batch->store, &c.filter, c.visit, c.context, &e);

	if (s == STATUS_EXISTS)
		return;
	if (s == STATUS_OK && item->occupied && r->batch->existing == FILE_KEEP)
		s = file_expect_absent(file_exists(item->request.certificate)
					       ? item->request.certificate
					       : item->request.chain,
				       &e);
	if (s != STATUS_OK)
		item->error = e;
	if (s != STATUS_OK && s != STATUS_REFUSED && s != STATUS_EXISTS)
		batch_fail(r, &e);
}

static bool is_again(const struct batch_item *item)
{
	return item->earlier.again_serial_len > 0;
}

static bool wants_serial(const struct batch_item *item)
{
	return !batch_item_failed(item) && !is_again(item) && !item->reserved;
}

/* Counted serials, and a drawn one that is taken: each has its own transaction. */
static void reserve_alone(struct batch_side *r, struct batch_item *item)
{
	const struct issue_batch *b = r->batch;
	struct error e = {0};
	enum status s = STATUS_OK;

	if (!item->draft->plan) {
		look_it_up(r, item);
		if (!wants_serial(item))
			return;
		s = draft_choose_serial(b->store, &item->order, item->draft, &e);
		if (s == STATUS_OK)
			s = draft_plan(&item->order, item->draft, &item->findings, &e);
	}
	if (s == STATUS_OK && b->signer)
		s = draft_reserve(b->store, &item->order, item->draft, &e);
	item->reserved = s == STATUS_OK && b->signer;
	if (s == STATUS_OK)
		return;
	item->error = e;
	if (s != STATUS_REFUSED)
		batch_fail(r, &e);
}

struct reserving {
	struct store_intent intents[BATCH_GROUP_SIZE];
	struct store_condition conditions[BATCH_GROUP_SIZE];
	struct store_reservation items[BATCH_GROUP_SIZE];
	struct batch_item *of[BATCH_GROUP_SIZE];
	size_t count;
};

static void collect(struct batch_group *g, struct reserving *to)
{
	for (size_t i = 0; i < g->count; i++) {
		struct batch_item *item = &g->items[i];
		size_t n = to->count;

		if (!wants_serial(item))
			continue;
		to->intents[n] = draft_intent(&item->order, item->draft);
		to->conditions[n] = earlier_condition(&item->earlier);
		to->items[n] = (struct store_reservation){.intent = &to->intents[n],
							  .condition = &to->conditions[n]};
		to->of[n] = item;
		to->count++;
	}
}

static void take_result(const struct store_reservation *from, struct batch_item *item)
{
	item->reserved = from->status == STATUS_OK;
	if (from->status == STATUS_REFUSED)
		item->error = from->error;
}

static void reserve_together(struct batch_side *r, struct batch_group *g)
{
	struct reserving *all = calloc(1, sizeof *all);
	struct error e = {0};
	enum status s = STATUS_OK;

	if (!all)
		s = error_memory(&e);
	else
		collect(g, all);
	if (s == STATUS_OK && all->count)
		s = store_reserve_many(r->batch->store, all->items, all->count, g->now, &e);
	for (size_t i = 0; s == STATUS_OK && i < all->count; i++)
		take_result(&all->items[i], all->of[i]);
	/* One serial of 2^159 was drawn twice. */
	for (size_t i = 0; s == STATUS_EXISTS && i < all->count; i++)
		reserve_alone(r, all->of[i]);
	if (s != STATUS_OK && s != STATUS_EXISTS)
		batch_fail(r, &e);
	free(all);
}

static void admit(struct batch_side *r, struct batch_item *item)
{
	const struct issue_batch *b = r->batch;
	struct error e = {0};

	if (!batch_item_failed(item) && b->admit &&
	    b->admit(b->context, item->draft->request_sha256, &e) != STATUS_OK)
		item->error = e;
}

/* What is known before the transaction. */
static void look_at(struct batch_side *r, struct batch_item *item)
{
	/* What is not begun yet is not begun any more. */
	if (r->failed.status != STATUS_OK && !batch_item_failed(item)) {
		item->error = r->failed;
		item->left = true;
	}
	admit(r, item);
	if (wants_serial(item) && (item->occupied || !r->batch->signer))
		look_it_up(r, item);
}

void batch_group_reserve(struct batch_side *r, struct batch_group *g)
{
	const struct issue_batch *b = r->batch;
	bool together = b->signer && b->order->first_serial.len == 0;
	struct error e = {0};

	if (r->failed.status == STATUS_OK && b->signer && signer_ready(b->signer, &e) != STATUS_OK)
		batch_fail(r, &e);
	for (size_t i = 0; i < g->count; i++) {
		look_at(r, &g->items[i]);
		if (!together && wants_serial(&g->items[i]))
			reserve_alone(r, &g->items[i]);
	}
	if (together && r->failed.status == STATUS_OK)
		reserve_together(r, g);
	for (size_t i = 0; i < g->count && r->failed.status != STATUS_OK; i++)
		g->items[i].left |= b->signer && wants_serial(&g->items[i]);
}

void batch_group_record(struct batch_side *r, struct batch_group *g)
{
	struct store_result results[BATCH_GROUP_SIZE];
	enum status s = STATUS_OK;
	struct error e = {0};
	size_t count = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct batch_item *item = &g->items[i];

		if (!item->reserved)
			continue;
		results[count++] = (struct store_result){
			.serial = batch_item_serial(item),
			.der = span_of(&item->certificate),
			.failure = batch_item_failed(item) ? item->error.what : NULL,
		};
		/* The next would fail as well, and cost a serial each. */
		if (batch_item_failed(item))
			batch_fail(r, &item->error);
	}
	if (count)
		s = store_finish_many(r->batch->store, results, count, g->now, &e);
	if (s != STATUS_OK)
		batch_fail(r, &e);
	/* Without a durable result there is no file; the rows stay reserved, and are found. */
	for (size_t i = 0; i < g->count; i++) {
		struct batch_item *item = &g->items[i];

		item->recorded = item->reserved && s == STATUS_OK && item->certificate.len;
		if (item->reserved && s != STATUS_OK)
			item->error = e;
	}
}

/* --- publishing and telling ------------------------------------------------------------------- */

/* All files of one run go into one folder. */
static enum status sync_files(const struct batch_group *g,
			      enum status (*sync)(const char *, struct error *), struct error *e)
{
	for (size_t i = 0; i < g->count; i++) {
		char *folder;
		enum status s;

		if (!g->items[i].files[0].path && !g->items[i].files[1].path)
			continue;
		folder = path_folder(g->items[i].request.certificate);
		s = folder ? sync(folder, e) : error_memory(e);
		free(folder);
		return s;
	}
	return STATUS_OK;
}

void batch_group_publish(struct batch_side *r, struct batch_group *g)
{
	struct error e = {0};
	enum status s = sync_files(g, file_stage_sync, &e);

	for (size_t i = 0; i < g->count && s == STATUS_OK; i++)
		batch_item_publish(r->batch, &g->items[i]);
	if (s == STATUS_OK)
		s = sync_files(g, folder_sync, &e);
	if (s == STATUS_OK)
		return;
	batch_fail(r, &e);
	for (size_t i = 0; i < g->count; i++)
		if (!batch_item_failed(&g->items[i]))
			g->items[i].error = e;
}

static void tell(struct batch_side *r, struct batch_item *item)
{
	const struct issue_batch *b = r->batch;
	const struct issue_draft *d = item->draft;
	struct batch_result result = {
		.outcome = item->outcome,
		.request = &item->request,
		.request_sha256 = d ? d->request_sha256 : NULL,
		.subject = d ? text_get(&d->subject) : "",
		.key = item->key,
		.serial = item->certificate.len || item->outcome == BATCH_FIT
				  ? batch_item_serial(item)
				  : (struct span){0},
		.not_after = d && d->plan && !is_again(item) ? plan_not_after(d->plan) : 0,
		.findings = &item->findings,
		.error = &item->error,
	};
	struct error e = {0};

	if (item->left)
		return;
	if (batch_item_failed(item) && !item->recorded && !is_again(item))
		result.outcome = BATCH_REFUSED;
	if (b->report(b->context, &result, &e) != STATUS_OK)
		batch_fail(r, &e);
}

void batch_group_finish(struct batch_side *r, struct batch_group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		tell(r, &g->items[i]);
		batch_item_free(&g->items[i]);
	}
}
