/* The calls that change certificate rows. */
#include "ca/store_sqlite.h"

#include <string.h>

#include "ca/store_serial.h"

static enum status intent_check(const struct store *s, const struct store_intent *i,
				struct error *e)
{
	const char *texts[] = {i->profile, i->portal, i->subject, i->reason};

	for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
		if (!texts[n])
			return error_set(e, STATUS_INTERNAL, s->path, NULL,
					 "a text of the intent is missing");
	}
	if (i->spki_sha256.len != SHA256_SIZE || i->plan_hash.len != SHA256_SIZE ||
	    (i->request_sha256.len != 0 && i->request_sha256.len != SHA256_SIZE) ||
	    i->not_after < i->not_before || i->replaces.len > SERIAL_MAX)
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "a hash, a serial or a time of the intent is not one");
	return STATUS_OK;
}

enum status serial_in_use(struct store *s, struct span serial, struct error *e)
{
	char hex[2 * SERIAL_MAX + 1];

	hex_encode(serial, hex);
	return error_set(e, STATUS_EXISTS, s->path, "use another serial number",
			 "serial number %s is in use", hex);
}

static enum status insert(struct store *s, const struct store_intent *i, struct span serial,
			  int64_t now, struct error *e)
{
	struct query q;
	enum status status = query_begin(
		&q, s,
		"INSERT INTO cert (state, serial, profile, portal, subject, subject_der,"
		" spki_sha256, plan_hash, request_sha256, reason, not_before, not_after, reserved_at,"
		" replaces) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, CERT_RESERVED);
	query_blob(&q, serial);
	query_text(&q, i->profile);
	query_text(&q, i->portal);
	query_text(&q, i->subject);
	query_blob(&q, i->subject_der);
	query_blob(&q, i->spki_sha256);
	query_blob(&q, i->plan_hash);
	query_blob(&q, i->request_sha256);
	query_text(&q, i->reason);
	query_int(&q, i->not_before);
	query_int(&q, i->not_after);
	query_int(&q, now);
	query_blob(&q, i->replaces);
	status = query_run(&q, e);
	return q.code == SQLITE_CONSTRAINT_UNIQUE ? serial_in_use(s, serial, e) : status;
}

static enum status reserve(struct store *s, const struct store_intent *i, struct span serial,
			   int64_t now, struct error *e)
{
	struct journal_change change = {
		.event = "reserve", .time = now, .intent = i, .serial = serial};
	enum status status = serial_check(serial, e);

	/* The journal first: it refuses a clock that is not set. */
	if (status == STATUS_OK)
		status = journal_append(s, &change, e);
	return status == STATUS_OK ? insert(s, i, serial, now, e) : status;
}

enum status row_reserve_if(struct store *s, const struct store_intent *intent,
			   const struct store_condition *condition, int64_t now, struct error *e)
{
	enum status status = intent_check(s, intent, e);

	if (status == STATUS_OK && condition)
		status = store_each(s, &condition->filter, condition->visit, condition->context, e);
	return status == STATUS_OK ? reserve(s, intent, intent->serial, now, e) : status;
}

enum status store_reserve_if(struct store *s, const struct store_intent *intent,
			     const struct store_condition *condition, int64_t now, struct error *e)
{
	enum status status = signing_begin(s, e);

	if (status == STATUS_OK)
		status = transaction_begin(s, e);
	if (status != STATUS_OK)
		return status;
	return transaction_end(s, row_reserve_if(s, intent, condition, now, e), e);
}

enum status store_reserve(struct store *s, const struct store_intent *intent, int64_t now,
			  struct error *e)
{
	return store_reserve_if(s, intent, NULL, now, e);
}

enum status store_next_serial(struct store *s, struct span first, unsigned char out[SERIAL_MAX],
			      size_t *len, struct error *e)
{
	struct query q;
	bool more = false;
	enum status status = query_begin(
		&q, s, "SELECT serial FROM cert ORDER BY length(serial) DESC, serial DESC LIMIT 1",
		e);

	if (status != STATUS_OK)
		return status;
	status = query_step(&q, &more, e);
	if (status == STATUS_OK) {
		struct span last = more ? query_get_blob(&q, 0) : (struct span){NULL, 0};

		status = more ? serial_expect(s, last, e) : STATUS_OK;
		if (status == STATUS_OK)
			status = serial_after(last, first, out, len, e);
		if (status != STATUS_OK)
			error_at(e, s->path);
	}
	query_end(&q);
	return status;
}

enum status store_reserve_next(struct store *s, const struct store_intent *intent,
			       struct span first, int64_t now, unsigned char serial_out[SERIAL_MAX],
			       size_t *len, struct error *e)
{
	enum status status = intent_check(s, intent, e);

	if (status == STATUS_OK)
		status = signing_begin(s, e);
	if (status == STATUS_OK)
		status = transaction_begin(s, e);
	if (status != STATUS_OK)
		return status;
	status = store_next_serial(s, first, serial_out, len, e);
	if (status == STATUS_OK)
		status = reserve(s, intent, (struct span){serial_out, *len}, now, e);
	return transaction_end(s, status, e);
}

/* The UPDATE found no reserved row: is there another, or none at all? */
static enum status not_reserved(struct store *s, struct span serial, struct error *e)
{
	struct query q;
	bool more = false;
	char hex[2 * SERIAL_MAX + 1];
	enum status status = query_begin(&q, s, "SELECT state FROM cert WHERE serial = ?", e);

	if (status != STATUS_OK)
		return status;
	query_blob(&q, serial);
	status = query_step(&q, &more, e);
	hex_encode(serial, hex);
	if (status == STATUS_OK && more)
		status = error_set(e, STATUS_EXISTS, s->path, NULL,
				   "serial number %s is %s, no longer reserved", hex,
				   cert_state_name((enum cert_state)query_get_int(&q, 0)));
	else if (status == STATUS_OK)
		status = error_set(e, STATUS_NOT_FOUND, s->path, NULL,
				   "there is no serial number %s", hex);
	query_end(&q);
	return status;
}

static enum status finish(struct store *s, enum cert_state to, const struct journal_change *c,
			  struct error *e)
{
	struct query q;
	enum status status = query_begin(
		&q, s,
		"UPDATE cert SET state = ?, finished_at = ?, der = ?, failure = ?"
		" WHERE serial = ? AND state = ?",
		e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, to);
	query_int(&q, c->time);
	query_blob(&q, c->der);
	query_text(&q, c->detail ? c->detail : "");
	query_blob(&q, c->serial);
	query_int(&q, CERT_RESERVED);
	status = query_run(&q, e);
	if (status == STATUS_OK && sqlite3_changes(s->db) != 1)
		status = not_reserved(s, c->serial, e);
	return status;
}

static enum status finish_and_tell(struct store *s, enum cert_state to,
				   const struct journal_change *c, struct error *e)
{
	enum status status = serial_check(c->serial, e);

	if (status == STATUS_OK)
		status = journal_append(s, c, e);
	return status == STATUS_OK ? finish(s, to, c, e) : status;
}

enum status row_issue(struct store *s, struct span serial, struct span der, int64_t now,
		      struct error *e)
{
	struct journal_change change = {
		.event = "issue", .time = now, .serial = serial, .der = der};

	if (der.len == 0)
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "an issued certificate is empty");
	return finish_and_tell(s, CERT_ISSUED, &change, e);
}

enum status row_fail(struct store *s, struct span serial, const char *why, int64_t now,
		     struct error *e)
{
	struct journal_change change = {
		.event = "fail", .time = now, .serial = serial, .detail = why};

	return finish_and_tell(s, CERT_FAILED, &change, e);
}

enum status store_issue(struct store *s, struct span serial, struct span der, int64_t now,
			struct error *e)
{
	if (transaction_begin(s, e) != STATUS_OK)
		return error_status(e);
	return transaction_end(s, row_issue(s, serial, der, now, e), e);
}

enum status store_fail(struct store *s, struct span serial, const char *why, int64_t now,
		       struct error *e)
{
	if (transaction_begin(s, e) != STATUS_OK)
		return error_status(e);
	return transaction_end(s, row_fail(s, serial, why, now, e), e);
}
