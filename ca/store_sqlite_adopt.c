/* Adoption: many rows of another tool's CA in one transaction, under one row of the journal. */
#include "ca/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/store_serial.h"

struct store_adoption {
	struct store *store;
	char origin[ORIGIN_SIZE];
	int64_t now, seq; /* of the journal row that will tell of it */
	int64_t rows, revoked;
	struct query insert; /* prepared once */
	EVP_MD_CTX *digest;
};

enum status store_adopted_line(const struct store_adopted *row, struct text *line, struct error *e)
{
	const struct store_intent *i = &row->intent;
	struct store_revocation r = {.reason = REASON_NONE};
	char serial[2 * SERIAL_MAX + 1], certificate[2 * SHA256_SIZE + 1] = "-";
	unsigned char hash[SHA256_SIZE];
	enum status status = serial_check(i->serial, e);

	if (status == STATUS_OK && row->der.len)
		status = sha256(row->der, hash, e);
	if (status != STATUS_OK)
		return status;
	if (row->state == CERT_REVOKED)
		r = row->revocation;
	hex_encode(i->serial, serial);
	if (row->der.len)
		hex_encode((struct span){hash, sizeof hash}, certificate);
	text_printf(line, "%s %lld %lld %s %lld %d %lld %lld %s\n", serial,
		    (long long)i->not_before, (long long)i->not_after, cert_state_name(row->state),
		    (long long)r.at, r.reason, (long long)r.invalidity_at,
		    (long long)r.compromised_at, certificate);
	return text_check(line, e);
}

static void adoption_free(struct store_adoption *a)
{
	query_end(&a->insert);
	EVP_MD_CTX_free(a->digest);
	free(a);
}

static enum status prepare(struct store_adoption *a, struct error *e)
{
	unsigned char hash[SHA256_SIZE];
	enum status status = journal_head(a->store, &a->seq, hash, e);

	a->seq++;
	if (status == STATUS_OK)
		status = query_begin(
			&a->insert, a->store,
			"INSERT INTO cert (state, serial, profile, portal, subject, subject_der,"
			" spki_sha256, plan_hash, request_sha256, reason, not_before, not_after,"
			" reserved_at, finished_at, replaces, der, origin, adopted_seq, revoked_at,"
			" revocation_reason, invalidity_at, compromised_at, revocation_seq)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			" ?)",
			e);
	return status;
}

enum status store_adopt_begin(struct store *s, const char *origin, int64_t now,
			      struct store_adoption **out, struct error *e)
{
	struct store_adoption *a;
	enum status status;

	if (origin[0] == '\0' || strlen(origin) >= ORIGIN_SIZE)
		return error_set(e, STATUS_INTERNAL, s->path, NULL, "\"%s\" is no origin", origin);
	if (now <= 0)
		return error_set(e, STATUS_SYSTEM, s->path, "set the clock",
				 "the clock is not set");
	a = calloc(1, sizeof *a);
	if (!a)
		return error_memory(e);
	*a = (struct store_adoption){.store = s, .now = now, .digest = EVP_MD_CTX_new()};
	memcpy(a->origin, origin, strlen(origin) + 1);
	if (!a->digest || EVP_DigestInit_ex(a->digest, EVP_sha256(), NULL) != 1)
		status = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 cannot be begun");
	else
		status = transaction_begin(s, e);
	if (status != STATUS_OK) {
		adoption_free(a);
		return status;
	}
	status = prepare(a, e);
	if (status != STATUS_OK)
		return store_adopt_end(a, status, "", e);
	*out = a;
	return STATUS_OK;
}

static void bind(struct store_adoption *a, const struct store_adopted *row)
{
	static const struct store_revocation none = {.reason = REASON_NONE};
	const struct store_intent *i = &row->intent;
	bool revoked = row->state == CERT_REVOKED;
	const struct store_revocation *r = revoked ? &row->revocation : &none;
	struct query *q = &a->insert;

	sqlite3_reset(q->statement);
	q->bound = 0;
	q->code = SQLITE_OK;
	query_int(q, row->state);
	query_blob(q, i->serial);
	query_text(q, i->profile);
	query_text(q, i->portal);
	query_text(q, i->subject);
	query_blob(q, i->subject_der);
	query_blob(q, i->spki_sha256);
	query_blob(q, i->plan_hash);
	query_blob(q, i->request_sha256);
	query_text(q, i->reason);
	query_int(q, i->not_before);
	query_int(q, i->not_after);
	query_int(q, a->now);
	query_int(q, a->now);
	query_blob(q, i->replaces);
	query_blob(q, row->der);
	query_text(q, a->origin);
	query_int(q, a->seq);
	query_int(q, r->at);
	query_int(q, r->reason);
	query_int(q, r->invalidity_at);
	query_int(q, r->compromised_at);
	query_int(q, revoked ? a->seq : 0);
}

static enum status row_check(const struct store_adoption *a, const struct store_adopted *row,
			     struct error *e)
{
	const struct store_intent *i = &row->intent;
	bool revoked = row->state == CERT_REVOKED;

	if (!i->profile || !i->portal || !i->subject || !i->reason ||
	    i->not_after < i->not_before || (!revoked && row->state != CERT_ISSUED) ||
	    (revoked && row->revocation.at == 0) ||
	    (row->der.len && (i->spki_sha256.len == 0 || i->plan_hash.len == 0)))
		return error_set(e, STATUS_INTERNAL, a->store->path, NULL,
				 "what is to be adopted is no row of a store");
	return serial_check(i->serial, e);
}

enum status store_adopt_add(struct store_adoption *a, const struct store_adopted *row,
			    struct error *e)
{
	struct text line = {0};
	bool more;
	enum status status = row_check(a, row, e);

	if (status != STATUS_OK)
		return status;
	bind(a, row);
	status = query_step(&a->insert, &more, e);
	if (status != STATUS_OK)
		return a->insert.code == SQLITE_CONSTRAINT_UNIQUE
			       ? serial_in_use(a->store, row->intent.serial, e)
			       : status;
	status = store_adopted_line(row, &line, e);
	if (status == STATUS_OK && EVP_DigestUpdate(a->digest, text_get(&line), line.len) != 1)
		status = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 failed");
	text_free(&line);
	a->rows++;
	a->revoked += row->state == CERT_REVOKED;
	return status;
}

static enum status tell(struct store_adoption *a, const char *detail, struct error *e)
{
	struct journal_adoption sum = {.origin = a->origin, .rows = a->rows, .revoked = a->revoked};
	struct journal_change change = {
		.event = "adopt", .time = a->now, .detail = detail, .adoption = &sum};

	if (EVP_DigestFinal_ex(a->digest, sum.digest, NULL) != 1)
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 failed");
	return journal_append(a->store, &change, e);
}

enum status store_adopt_end(struct store_adoption *a, enum status so_far, const char *detail,
			    struct error *e)
{
	enum status status = so_far;

	if (!a)
		return so_far;
	query_end(&a->insert);
	if (status == STATUS_OK && a->rows)
		status = tell(a, detail, e);
	status = transaction_end(a->store, status, e);
	adoption_free(a);
	return status;
}
