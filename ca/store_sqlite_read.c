/* The calls that read certificate rows. */
#include "ca/store_sqlite.h"

#include <string.h>

#include "base/datetime.h"
#include "ca/store_serial.h"

#define COLUMNS                                                                                 \
	"SELECT serial, profile, portal, subject, subject_der, spki_sha256, plan_hash,"         \
	" request_sha256, reason, not_before, not_after, state, reserved_at, finished_at, der," \
	" failure, revoked_at, revocation_reason, invalidity_at, compromised_at, released_at,"  \
	" revocation_seq, origin, adopted_seq, replaces, id FROM cert"

enum status row_damaged(const struct store *s, struct span serial, struct error *e)
{
	char hex[2 * SERIAL_MAX + 1] = "";

	if (serial.len <= SERIAL_MAX)
		hex_encode(serial, hex);
	return error_set(e, STATUS_DAMAGED, s->path, "restore it from a backup",
			 "the row of serial number %s holds what subca did not write", hex);
}

enum status serial_expect(const struct store *s, struct span serial, struct error *e)
{
	struct error why;

	return serial_check(serial, &why) == STATUS_OK ? STATUS_OK : row_damaged(s, serial, e);
}

static bool is_digest(struct span s, bool needed)
{
	return s.len == SHA256_SIZE || (s.len == 0 && !needed);
}

static bool are_times(const struct store_row *row)
{
	const int64_t times[] = {row->intent.not_before, row->intent.not_after, row->reserved_at,
				 row->finished_at,	 row->revoked_at,	row->invalidity_at,
				 row->compromised_at,	 row->released_at};

	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		if (times[i] < DATETIME_MIN || times[i] > DATETIME_MAX)
			return false;
	return true;
}

static bool is_state(const struct store_row *row)
{
	bool certified = row->state == CERT_ISSUED || row->state == CERT_REVOKED;

	/* What was adopted may be without its certificate. */
	return (int)row->state > CERT_ANY && (int)row->state < CERT_STATES &&
	       (row->der.len ? certified : !certified || row->origin[0]) &&
	       row->revocation_reason >= REASON_NONE &&
	       row->revocation_reason <= REASON_AA_COMPROMISE;
}

/*
 * What the CHECKs of the table say holds for what is written through SQLite. The file may have been
 * written otherwise, and callers count on lengths and ranges.
 */
static bool is_whole(const struct store_row *row)
{
	const struct store_intent *i = &row->intent;
	bool here = row->origin[0] == '\0';

	return is_digest(i->spki_sha256, here) && is_digest(i->plan_hash, here) &&
	       is_digest(i->request_sha256, false) && i->replaces.len <= SERIAL_MAX &&
	       strlen(row->origin) < ORIGIN_SIZE && is_state(row) && are_times(row);
}

static enum status visit_row(struct query *q, store_visit *visit, void *context, struct error *e)
{
	struct store_row row = {
		.intent =
			{
				.serial = query_get_blob(q, 0),
				.profile = query_get_text(q, 1),
				.portal = query_get_text(q, 2),
				.subject = query_get_text(q, 3),
				.subject_der = query_get_blob(q, 4),
				.spki_sha256 = query_get_blob(q, 5),
				.plan_hash = query_get_blob(q, 6),
				.request_sha256 = query_get_blob(q, 7),
				.reason = query_get_text(q, 8),
				.not_before = query_get_int(q, 9),
				.not_after = query_get_int(q, 10),
				.replaces = query_get_blob(q, 24),
			},
		.state = (enum cert_state)query_get_int(q, 11),
		.reserved_at = query_get_int(q, 12),
		.finished_at = query_get_int(q, 13),
		.der = query_get_blob(q, 14),
		.failure = query_get_text(q, 15),
		.revoked_at = query_get_int(q, 16),
		.revocation_reason = (int)query_get_int(q, 17),
		.invalidity_at = query_get_int(q, 18),
		.compromised_at = query_get_int(q, 19),
		.released_at = query_get_int(q, 20),
		.revocation_seq = query_get_int(q, 21),
		.origin = query_get_text(q, 22),
		.adopted_seq = query_get_int(q, 23),
		.number = query_get_int(q, 25),
	};

	if (serial_expect(q->store, row.intent.serial, e) != STATUS_OK)
		return error_status(e);
	if (!is_whole(&row))
		return row_damaged(q->store, row.intent.serial, e);
	return visit(context, &row, e);
}

enum status store_find(struct store *s, struct span serial, store_visit *visit, void *context,
		       struct error *e)
{
	struct query q;
	bool more = false;
	char hex[2 * SERIAL_MAX + 1];
	enum status status = serial_check(serial, e);

	if (status == STATUS_OK)
		status = query_begin(&q, s, COLUMNS " WHERE serial = ?", e);
	if (status != STATUS_OK)
		return status;
	query_blob(&q, serial);
	status = query_step(&q, &more, e);
	hex_encode(serial, hex);
	if (status == STATUS_OK && !more)
		status = error_set(e, STATUS_NOT_FOUND, s->path, NULL,
				   "there is no serial number %s", hex);
	else if (status == STATUS_OK)
		status = visit_row(&q, visit, context, e);
	query_end(&q);
	return status;
}

/* SQLite has no statistics to choose by: the index is named, so that a million rows stay quick. */
static const char *index_for(const struct store_filter *f)
{
	if (f->request_sha256.len)
		return " INDEXED BY cert_request";
	if (f->spki_sha256.len)
		return " INDEXED BY cert_spki";
	if (f->serial_prefix)
		return " INDEXED BY cert_serial";
	if (f->replaces.len)
		return " INDEXED BY cert_replaces";
	if (f->until)
		return " INDEXED BY cert_end";
	if (f->state != CERT_ANY)
		return " INDEXED BY cert_state";
	return "";
}

static enum status compose(const struct store_filter *f, const struct serial_range *range,
			   struct text *sql, struct error *e)
{
	text_printf(sql, COLUMNS "%s WHERE 1", index_for(f));
	if (f->request_sha256.len)
		text_add(sql, " AND request_sha256 = ?");
	if (f->spki_sha256.len)
		text_add(sql, " AND spki_sha256 = ?");
	if (f->serial_prefix)
		text_add(sql, " AND serial >= ?");
	if (f->serial_prefix && range->high_len)
		text_add(sql, " AND serial < ?");
	if (f->replaces.len)
		text_add(sql, " AND length(replaces) > 0 AND replaces = ?");
	if (f->state != CERT_ANY)
		text_add(sql, " AND state = ?");
	if (f->after)
		text_add(sql, " AND not_after > ?");
	if (f->until)
		text_add(sql, " AND not_after <= ?");
	text_add(sql, f->newest_first ? " ORDER BY id DESC" : " ORDER BY id");
	if (f->limit)
		text_add(sql, " LIMIT ?");
	return text_check(sql, e);
}

/* In the order of compose(). */
static void bind(struct query *q, const struct store_filter *f, const struct serial_range *range)
{
	if (f->request_sha256.len)
		query_blob(q, f->request_sha256);
	if (f->spki_sha256.len)
		query_blob(q, f->spki_sha256);
	if (f->serial_prefix)
		query_blob(q, (struct span){range->low, range->low_len});
	if (f->serial_prefix && range->high_len)
		query_blob(q, (struct span){range->high, range->high_len});
	if (f->replaces.len)
		query_blob(q, f->replaces);
	if (f->state != CERT_ANY)
		query_int(q, f->state);
	if (f->after)
		query_int(q, f->after);
	if (f->until)
		query_int(q, f->until);
	if (f->limit)
		query_int(q, f->limit);
}

static enum status walk(struct query *q, store_visit *visit, void *context, struct error *e)
{
	for (;;) {
		bool more;
		enum status status = query_step(q, &more, e);

		if (status == STATUS_OK && more)
			status = visit_row(q, visit, context, e);
		if (status != STATUS_OK || !more)
			return status;
	}
}

enum status store_each(struct store *s, const struct store_filter *filter, store_visit *visit,
		       void *context, struct error *e)
{
	struct serial_range range = {.low_len = 0};
	struct text sql = {0};
	struct query q = {0};
	enum status status = STATUS_OK;

	if ((unsigned)filter->state >= CERT_STATES)
		return error_set(e, STATUS_INTERNAL, s->path, NULL, "a filter asks for state %d",
				 (int)filter->state);
	if (filter->serial_prefix)
		status = serial_range(filter->serial_prefix, &range, e);
	if (status == STATUS_OK)
		status = compose(filter, &range, &sql, e);
	if (status == STATUS_OK)
		status = query_begin(&q, s, text_get(&sql), e);
	if (status == STATUS_OK) {
		bind(&q, filter, &range);
		status = walk(&q, visit, context, e);
	}
	query_end(&q);
	text_free(&sql);
	return status;
}

enum status store_each_der(struct store *s, store_der_visit *visit, void *context, struct error *e)
{
	struct query q;
	bool more = true;
	enum status status = query_begin(&q, s, "SELECT id, der FROM cert ORDER BY id", e);

	while (status == STATUS_OK) {
		struct span der;

		status = query_step(&q, &more, e);
		if (status != STATUS_OK || !more)
			break;
		der = query_get_blob(&q, 1);
		if (der.len)
			status = visit(context, query_get_int(&q, 0), der, e);
	}
	query_end(&q);
	return status;
}

enum status store_count(struct store *s, int64_t counts[CERT_STATES], struct error *e)
{
	struct query q;
	bool more = true;
	enum status status = query_begin(&q, s, "SELECT state, count(*) FROM cert GROUP BY state",
					 e);

	for (int state = 0; state < CERT_STATES; state++)
		counts[state] = 0;
	while (status == STATUS_OK) {
		status = query_step(&q, &more, e);
		if (status != STATUS_OK || !more)
			break;
		if (query_get_int(&q, 0) > CERT_ANY && query_get_int(&q, 0) < CERT_STATES)
			counts[query_get_int(&q, 0)] = query_get_int(&q, 1);
		counts[CERT_ANY] += query_get_int(&q, 1);
	}
	query_end(&q);
	return status;
}
