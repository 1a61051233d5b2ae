#include "ca/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

static enum status broken(const struct store *s, int64_t seq, struct error *e)
{
	return error_set(e, STATUS_DAMAGED, s->path, "restore it from a backup",
			 "the hash of journal row %lld is not one", (long long)seq);
}

enum status journal_head(struct store *s, int64_t *seq, unsigned char hash[SHA256_SIZE],
			 struct error *e)
{
	struct query q;
	struct span found;
	bool more;
	enum status status = query_begin(
		&q, s, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", e);

	if (status != STATUS_OK)
		return status;
	status = query_step(&q, &more, e);
	if (status == STATUS_OK && !more)
		status = error_set(e, STATUS_DAMAGED, s->path, "restore it from a backup",
				   "its journal is empty");
	if (status == STATUS_OK) {
		*seq = query_get_int(&q, 0);
		found = query_get_blob(&q, 1);
		/* There is always one after it. */
		if (found.len == SHA256_SIZE && *seq > 0 && *seq < INT64_MAX)
			memcpy(hash, found.data, SHA256_SIZE);
		else
			status = broken(s, *seq, e);
	}
	query_end(&q);
	return status;
}

static enum status insert(struct store *s, int64_t seq, const char *canonical,
			  const unsigned char hash[SHA256_SIZE], struct error *e)
{
	struct query q;
	enum status status = query_begin(&q, s, "INSERT INTO journal VALUES (?, ?, ?)", e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, seq);
	query_text(&q, canonical);
	query_blob(&q, (struct span){hash, SHA256_SIZE});
	return query_run(&q, e);
}

enum status journal_append(struct store *s, const struct journal_change *change, struct error *e)
{
	unsigned char hash[SHA256_SIZE] = {0};
	int64_t seq = 0;
	char *canonical = NULL;
	enum status status = STATUS_OK;

	if (change->time <= 0)
		return error_set(e, STATUS_SYSTEM, s->path, "set the clock",
				 "the clock is not set");
	/* Only the opening row has none before it. */
	if (strcmp(change->event, "create") != 0)
		status = journal_head(s, &seq, hash, e);
	if (status == STATUS_OK)
		status = journal_canonical(change, seq + 1, &canonical, e);
	if (status == STATUS_OK)
		status = journal_chain(hash, canonical, hash, e);
	if (status == STATUS_OK)
		status = insert(s, seq + 1, canonical, hash, e);
	free(canonical);
	return status;
}

enum status journal_note(struct store *s, const char *event, const char *detail, int64_t now,
			 struct error *e)
{
	struct journal_change change = {.event = event, .time = now, .detail = detail};
	enum status status;

	if (event[0] == '\0' || strlen(event) >= JOURNAL_EVENT_SIZE || journal_event_is_own(event))
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "\"%s\" is no name for a note in the journal", event);
	status = transaction_begin(s, e);
	if (status != STATUS_OK)
		return status;
	return transaction_end(s, journal_append(s, &change, e), e);
}

static enum status visit_row(struct query *q, journal_visit *visit, void *context, struct error *e)
{
	char event[JOURNAL_EVENT_SIZE];
	struct journal_row row = {.seq = query_get_int(q, 0), .event = event};
	struct span hash = query_get_blob(q, 2);
	enum status status;

	row.canonical = query_get_text(q, 1);
	if (hash.len != SHA256_SIZE)
		return broken(q->store, row.seq, e);
	memcpy(row.hash, hash.data, SHA256_SIZE);
	status = journal_read(row.canonical, row.seq, &row.time, event, e);
	return status == STATUS_OK ? visit(context, &row, e) : status;
}

static enum status take_time(void *context, const struct journal_row *row, struct error *e)
{
	(void)e;
	*(int64_t *)context = row->time;
	return STATUS_OK;
}

enum status journal_last_time(struct store *s, int64_t *time, struct error *e)
{
	struct query q;
	bool more = false;
	enum status status = query_begin(
		&q, s, "SELECT seq, canonical, hash FROM journal ORDER BY seq DESC LIMIT 1", e);

	*time = 0;
	if (status == STATUS_OK)
		status = query_step(&q, &more, e);
	if (status == STATUS_OK && more)
		status = visit_row(&q, take_time, time, e);
	if (status != STATUS_OK)
		error_at(e, s->path);
	query_end(&q);
	return status;
}

enum status journal_each(struct store *s, journal_visit *visit, void *context, struct error *e)
{
	struct query q;
	bool more = true;
	enum status status = query_begin(
		&q, s, "SELECT seq, canonical, hash FROM journal ORDER BY seq", e);

	while (status == STATUS_OK) {
		status = query_step(&q, &more, e);
		if (status != STATUS_OK || !more)
			break;
		status = visit_row(&q, visit, context, e);
		if (status != STATUS_OK)
			error_at(e, s->path);
	}
	query_end(&q);
	return status;
}
