/* CRLs: their numbers, and what was published under them. */
#include "ca/store_sqlite.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS                                                                                  \
	"SELECT number, base, state, this_update, next_update, reflects, entries, size, sha256," \
	" origin FROM crl"

/* As is_whole() of ca/store_sqlite_read.c. */
static enum status read_row(const struct query *q, struct store_crl *out, struct error *e)
{
	struct span digest = query_get_blob(q, 8);

	*out = (struct store_crl){
		.number = query_get_int(q, 0),
		.base = query_get_int(q, 1),
		.state = (enum crl_state)query_get_int(q, 2),
		.this_update = query_get_int(q, 3),
		.next_update = query_get_int(q, 4),
		.reflects = query_get_int(q, 5),
		.entries = query_get_int(q, 6),
		.size = query_get_int(q, 7),
	};
	if (digest.len == SHA256_SIZE)
		memcpy(out->sha256, digest.data, SHA256_SIZE);
	snprintf(out->origin, sizeof out->origin, "%s", query_get_text(q, 9));
	if (out->number >= 0 && out->base >= STORE_NO_CRL && (int)out->state > CRL_ANY &&
	    (int)out->state <= CRL_FAILED && out->entries >= 0 && out->size >= 0 &&
	    digest.len == (out->size ? SHA256_SIZE : 0))
		return STATUS_OK;
	return error_set(e, STATUS_DAMAGED, q->store->path, "restore it from a backup",
			 "the row of CRL number %lld holds what subca did not write",
			 (long long)out->number);
}

static enum status insert(struct store *s, const struct store_crl *c, int64_t now, struct error *e)
{
	struct query q;
	enum status status = query_begin(
		&q, s,
		"INSERT INTO crl (number, base, state, this_update, next_update, reflects,"
		" reserved_at, finished_at, entries, size, sha256, origin)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, c->number);
	query_int(&q, c->base);
	query_int(&q, c->state);
	query_int(&q, c->this_update);
	query_int(&q, c->next_update);
	query_int(&q, c->reflects);
	query_int(&q, now);
	query_int(&q, c->state == CRL_RESERVED ? 0 : now);
	query_int(&q, c->entries);
	query_int(&q, c->size);
	query_blob(&q, (struct span){c->sha256, c->size ? SHA256_SIZE : 0});
	query_text(&q, c->origin);
	status = query_run(&q, e);
	if (q.code == SQLITE_CONSTRAINT_PRIMARYKEY || q.code == SQLITE_CONSTRAINT_ROWID)
		status = error_set(e, STATUS_EXISTS, s->path, NULL, "CRL number %lld is in use",
				   (long long)c->number);
	return status;
}

/* What the CRL reflects is the head before its own row. */
static enum status enter(struct store *s, const char *event, struct store_crl *c, int64_t now,
			 struct error *e)
{
	struct journal_change change = {.event = event, .time = now, .crl = c};
	unsigned char hash[SHA256_SIZE];
	enum status status = journal_head(s, &c->reflects, hash, e);

	if (status == STATUS_OK)
		status = journal_append(s, &change, e);
	return status == STATUS_OK ? insert(s, c, now, e) : status;
}

enum status store_crl_reserve(struct store *s, struct store_crl *crl, int64_t now, struct error *e)
{
	struct store_crl c = {.base = crl->base,
			      .state = CRL_RESERVED,
			      .this_update = crl->this_update,
			      .next_update = crl->next_update};
	int64_t last = 0;
	enum status status = transaction_begin(s, e);

	if (status != STATUS_OK)
		return status;
	status = sql_integer(s, "SELECT coalesce(max(number), 0) FROM crl", &last, e);
	if (status == STATUS_OK && last == INT64_MAX)
		status = error_set(e, STATUS_REFUSED, s->path, "this CA can make no further CRL",
				   "CRL numbers have run out");
	if (status == STATUS_OK) {
		c.number = last + 1;
		status = enter(s, "crl-reserve", &c, now, e);
	}
	status = transaction_end(s, status, e);
	if (status == STATUS_OK)
		*crl = c;
	return status;
}

enum status store_crl_adopt(struct store *s, const struct store_crl *crl, int64_t now,
			    struct error *e)
{
	struct store_crl c = *crl;
	enum status status;

	if (c.origin[0] == '\0' || c.number < 0)
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "an adopted CRL needs a number and an origin");
	c.state = CRL_PUBLISHED;
	status = transaction_begin(s, e);
	if (status != STATUS_OK)
		return status;
	return transaction_end(s, enter(s, "crl-adopt", &c, now, e), e);
}

static enum status finish(struct store *s, const struct store_crl *c, const char *failure,
			  int64_t now, struct error *e)
{
	struct query q;
	enum status status = query_begin(&q, s,
					 "UPDATE crl SET state = ?, finished_at = ?, entries = ?,"
					 " size = ?, sha256 = ?, failure = ? WHERE number = ?",
					 e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, c->state);
	query_int(&q, now);
	query_int(&q, c->entries);
	query_int(&q, c->size);
	query_blob(&q, (struct span){c->sha256, c->size ? SHA256_SIZE : 0});
	query_text(&q, failure);
	query_int(&q, c->number);
	return query_run(&q, e);
}

static enum status find_reserved(struct store *s, int64_t number, struct store_crl *out,
				 struct error *e)
{
	enum status status = store_crl_find(s, number, out, e);

	if (status == STATUS_OK && out->state != CRL_RESERVED)
		status = error_set(e, STATUS_EXISTS, s->path, NULL,
				   "CRL number %lld is no longer reserved", (long long)number);
	return status;
}

enum status store_crl_publish(struct store *s, const struct store_crl *crl, int64_t now,
			      struct error *e)
{
	struct store_crl c;
	struct journal_change change = {.event = "crl-publish", .time = now, .crl = &c};
	enum status status = transaction_begin(s, e);

	if (status != STATUS_OK)
		return status;
	status = find_reserved(s, crl->number, &c, e);
	if (status == STATUS_OK) {
		c.state = CRL_PUBLISHED;
		c.entries = crl->entries;
		c.size = crl->size;
		memcpy(c.sha256, crl->sha256, SHA256_SIZE);
		status = journal_append(s, &change, e);
	}
	if (status == STATUS_OK)
		status = finish(s, &c, "", now, e);
	return transaction_end(s, status, e);
}

enum status store_crl_fail(struct store *s, int64_t number, const char *why, int64_t now,
			   struct error *e)
{
	struct store_crl c;
	struct journal_change change = {.event = "crl-fail", .time = now, .crl = &c, .detail = why};
	enum status status = transaction_begin(s, e);

	if (status != STATUS_OK)
		return status;
	status = find_reserved(s, number, &c, e);
	if (status == STATUS_OK) {
		c.state = CRL_FAILED;
		status = journal_append(s, &change, e);
	}
	if (status == STATUS_OK)
		status = finish(s, &c, why, now, e);
	return transaction_end(s, status, e);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Of a query with at most one row. */
static enum status read_one(struct query *q, struct store_crl *out, const char *missing,
			    struct error *e)
{
	bool more = false;
	enum status status = query_step(q, &more, e);

	if (status == STATUS_OK && !more)
		status = error_set(e, STATUS_NOT_FOUND, q->store->path, NULL, "%s", missing);
	else if (status == STATUS_OK)
		status = read_row(q, out, e);
	query_end(q);
	return status;
}

enum status store_crl_find(struct store *s, int64_t number, struct store_crl *out, struct error *e)
{
	struct query q;
	char missing[64];
	enum status status = query_begin(&q, s, COLUMNS " WHERE number = ?", e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, number);
	snprintf(missing, sizeof missing, "there is no CRL number %lld", (long long)number);
	return read_one(&q, out, missing, e);
}

enum status store_crl_last(struct store *s, enum crl_state state, bool complete,
			   struct store_crl *out, struct error *e)
{
	struct query q;
	enum status status = query_begin(&q, s,
					 COLUMNS " WHERE (?1 = 0 OR state = ?1)"
						 " AND (?2 = 0 OR base = -1)"
						 " ORDER BY number DESC LIMIT 1",
					 e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, state);
	query_int(&q, complete);
	return read_one(&q, out, "there is no CRL yet", e);
}
