/* Revocation: the calls that change it, and the walk that a CRL is made of. */
#include "ca/store_sqlite.h"

#include "base/datetime.h"
#include "ca/store_serial.h"

/* The row as it is now, inside the transaction that will change it. */
struct standing {
	enum cert_state state;
	struct store_revocation revocation;
};

static enum status look(struct store *s, struct span serial, struct standing *out, struct error *e)
{
	struct query q;
	bool more = false;
	char hex[2 * SERIAL_MAX + 1];
	enum status status = query_begin(
		&q, s,
		"SELECT state, revoked_at, revocation_reason, invalidity_at, compromised_at"
		" FROM cert WHERE serial = ?",
		e);

	if (status != STATUS_OK)
		return status;
	query_blob(&q, serial);
	status = query_step(&q, &more, e);
	hex_encode(serial, hex);
	if (status == STATUS_OK && !more)
		status = error_set(e, STATUS_NOT_FOUND, s->path,
				   "look for it with \"subca list\": only what this CA issued can "
				   "be revoked here",
				   "there is no serial number %s", hex);
	else if (status == STATUS_OK)
		*out = (struct standing){
			.state = (enum cert_state)query_get_int(&q, 0),
			.revocation = {.at = query_get_int(&q, 1),
				       .reason = (int)query_get_int(&q, 2),
				       .invalidity_at = query_get_int(&q, 3),
				       .compromised_at = query_get_int(&q, 4)},
		};
	query_end(&q);
	return status;
}

static bool is_held(const struct standing *now)
{
	return now->state == CERT_REVOKED && now->revocation.reason == REASON_CERTIFICATE_HOLD;
}

static enum status may_revoke(struct store *s, struct span serial, const struct standing *now,
			      const struct store_revocation *r, struct error *e)
{
	char hex[2 * SERIAL_MAX + 1], date[DATETIME_SIZE];

	hex_encode(serial, hex);
	if (is_held(now) && r->reason != REASON_CERTIFICATE_HOLD)
		return STATUS_OK;
	if (now->state == CERT_REVOKED) {
		datetime_format(now->revocation.at, date);
		return error_set(e, STATUS_EXISTS, s->path, NULL,
				 "serial number %s is %s since %s already", hex,
				 is_held(now) ? "on hold" : "revoked", date);
	}
	if (now->state != CERT_ISSUED)
		return error_set(e, STATUS_REFUSED, s->path,
				 "nothing was issued under it that could be revoked",
				 "serial number %s is %s, not issued", hex,
				 cert_state_name(now->state));
	return STATUS_OK;
}

static enum status may_release(struct store *s, struct span serial, const struct standing *now,
			       struct error *e)
{
	char hex[2 * SERIAL_MAX + 1];

	if (is_held(now))
		return STATUS_OK;
	hex_encode(serial, hex);
	return error_set(e, STATUS_REFUSED, s->path,
			 now->state == CERT_REVOKED ? "a revocation is for good" : NULL,
			 "serial number %s is %s, not on hold", hex, cert_state_name(now->state));
}

/* seq: the journal row that tells of the change. released_at 0: leave it as it is. */
static enum status update(struct store *s, struct span serial, enum cert_state to,
			  const struct store_revocation *r, int64_t released_at, struct error *e)
{
	struct query q;
	unsigned char hash[SHA256_SIZE];
	int64_t seq = 0;
	enum status status = journal_head(s, &seq, hash, e);

	if (status == STATUS_OK)
		status = query_begin(&q, s,
				     "UPDATE cert SET state = ?, revoked_at = ?,"
				     " revocation_reason = ?, invalidity_at = ?,"
				     " compromised_at = ?, revocation_seq = ?,"
				     " released_at = iif(?7, ?7, released_at) WHERE serial = ?8",
				     e);
	if (status != STATUS_OK)
		return status;
	query_int(&q, to);
	query_int(&q, r->at);
	query_int(&q, r->reason);
	query_int(&q, r->invalidity_at);
	query_int(&q, r->compromised_at);
	query_int(&q, seq);
	query_int(&q, released_at);
	query_blob(&q, serial);
	return query_run(&q, e);
}

static bool is_reason(int reason)
{
	return reason == REASON_NONE ||
	       (reason >= REASON_KEY_COMPROMISE && reason <= REASON_AA_COMPROMISE && reason != 7 &&
		reason != REASON_REMOVE_FROM_CRL);
}

static enum status begin(struct store *s, struct span serial, struct error *e)
{
	enum status status = serial_check(serial, e);

	return status == STATUS_OK ? transaction_begin(s, e) : status;
}

enum status store_revoke(struct store *s, struct span serial, const struct store_revocation *r,
			 int64_t now, struct error *e)
{
	struct standing standing = {.state = CERT_ANY};
	struct store_revocation revocation = *r;
	struct journal_change change = {
		.event = r->reason == REASON_CERTIFICATE_HOLD ? "hold" : "revoke",
		.time = now,
		.serial = serial,
		.revocation = &revocation,
	};
	enum status status;

	if (!is_reason(r->reason) || r->at <= 0)
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "a revocation without a date or with reason %d", r->reason);
	status = begin(s, serial, e);
	if (status != STATUS_OK)
		return status;
	status = look(s, serial, &standing, e);
	if (status == STATUS_OK)
		status = may_revoke(s, serial, &standing, r, e);
	if (is_held(&standing))
		revocation.at = standing.revocation.at;
	if (status == STATUS_OK)
		status = journal_append(s, &change, e);
	if (status == STATUS_OK)
		status = update(s, serial, CERT_REVOKED, &revocation, 0, e);
	return transaction_end(s, status, e);
}

enum status store_hold(struct store *s, struct span serial, int64_t now, struct error *e)
{
	struct store_revocation r = {.at = now, .reason = REASON_CERTIFICATE_HOLD};

	return store_revoke(s, serial, &r, now, e);
}

enum status store_release(struct store *s, struct span serial, int64_t now, struct error *e)
{
	static const struct store_revocation nothing = {.reason = REASON_NONE};
	struct standing standing = {.state = CERT_ANY};
	struct journal_change change = {.event = "release",
					.time = now,
					.serial = serial,
					.revocation = &standing.revocation};
	enum status status = begin(s, serial, e);

	if (status != STATUS_OK)
		return status;
	status = look(s, serial, &standing, e);
	if (status == STATUS_OK)
		status = may_release(s, serial, &standing, e);
	if (status == STATUS_OK)
		status = journal_append(s, &change, e);
	if (status == STATUS_OK)
		status = update(s, serial, CERT_ISSUED, &nothing, now, e);
	return transaction_end(s, status, e);
}

/* --- reading ---------------------------------------------------------------------------------- */

#define ENTRY \
	"SELECT serial, revoked_at, revocation_reason, invalidity_at, compromised_at, not_after"

static enum status visit_entry(struct query *q, store_revoked_visit *visit, void *context,
			       struct error *e)
{
	struct store_revoked r = {
		.serial = query_get_blob(q, 0),
		.revocation = {.at = query_get_int(q, 1),
			       .reason = (int)query_get_int(q, 2),
			       .invalidity_at = query_get_int(q, 3),
			       .compromised_at = query_get_int(q, 4)},
		.not_after = query_get_int(q, 5),
	};

	if (serial_expect(q->store, r.serial, e) != STATUS_OK)
		return error_status(e);
	if (r.revocation.reason < REASON_NONE || r.revocation.reason > REASON_AA_COMPROMISE)
		return row_damaged(q->store, r.serial, e);
	return visit(context, &r, e);
}

enum status store_revoked_each(struct store *s, const struct store_revoked_filter *filter,
			       store_revoked_visit *visit, void *context, struct error *e)
{
	static const char complete[] = ENTRY
		" FROM cert INDEXED BY cert_revoked WHERE state = 4"
		" AND NOT (not_after < ?1 AND revocation_seq <= ?2) ORDER BY length(serial), serial";
	/* state 2 after a change: it was taken off hold. */
	static const char delta[] =
		"SELECT serial, iif(state = 4, revoked_at, released_at),"
		" iif(state = 4, revocation_reason, 8), invalidity_at, compromised_at, not_after"
		" FROM cert INDEXED BY cert_changed WHERE revocation_seq > 0"
		" AND NOT (not_after < ?1 AND revocation_seq <= ?2)"
		" AND revocation_seq > ?3 ORDER BY length(serial), serial";
	struct query q;
	bool more = true;
	enum status status = query_begin(&q, s, filter->since_seq ? delta : complete, e);

	if (status != STATUS_OK)
		return status;
	query_int(&q, filter->expired_before);
	query_int(&q, filter->expired_seq);
	if (filter->since_seq)
		query_int(&q, filter->since_seq);
	while (status == STATUS_OK) {
		status = query_step(&q, &more, e);
		if (status != STATUS_OK || !more)
			break;
		status = visit_entry(&q, visit, context, e);
	}
	query_end(&q);
	return status;
}
