/* The store's life after issuing: an older version brought forward, revocation, CRLs, adoption. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "ca/store_sqlite.h"
#include "tests/unit/store_help.h"

static void issue(struct store *s, struct span serial)
{
	struct error e = {0};
	struct store_intent intent = intent_of((const char *)serial.data, serial.len);

	must(store_reserve(s, &intent, NOW, &e), &e);
	must(store_issue(s, serial, octets("DER", 3), NOW, &e), &e);
}

static int64_t number(struct store *s, const char *sql)
{
	struct error e = {0};
	int64_t n = 0;

	must(sql_integer(s, sql, &n, &e), &e);
	return n;
}

static int64_t head(struct store *s)
{
	struct error e = {0};
	unsigned char hash[SHA256_SIZE];
	int64_t seq = 0;

	must(journal_head(s, &seq, hash, &e), &e);
	return seq;
}

static enum status take_last(void *context, const struct journal_row *row, struct error *e)
{
	(void)e;
	snprintf(context, 1024, "%s", row->canonical);
	return STATUS_OK;
}

/* The journal's last row and that the chain up to it holds. */
static const char *last_row(struct store *s)
{
	static char text[1024];
	struct error e = {0};

	must(journal_verify(s, &e), &e);
	must(journal_each(s, take_last, text, &e), &e);
	return text;
}

static void last_row_has(struct store *s, const char *words)
{
	if (!strstr(last_row(s), words))
		fail_msg("%s is not in %s", words, last_row(s));
}

/* --- an older version ------------------------------------------------------------------------- */

/* A store as the first version wrote it: a root, a ZIA certificate, a failed and a reserved row. */
static void make_version_1(struct fixture *f, const char *and_then)
{
	const char *top = getenv("SUBCA_TOP");
	char path[512];
	struct bytes sql = {0};
	struct error e = {0};

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(unlink(f->path), 0);
	snprintf(path, sizeof path, "%s/tests/fixtures/store-1.sql", top ? top : ".");
	must(file_read(path, 1 << 20, &sql, &e), &e);
	tamper(f, (const char *)sql.data);
	tamper(f, and_then);
	bytes_free(&sql);
}

/* What both versions say of the rows, as SQL text. */
static void facts(const char *path, char *out, size_t size)
{
	static const char sql[] =
		"SELECT group_concat(line, '') FROM (SELECT id || hex(serial) || state || profile || "
		"portal || subject || hex(subject_der) || hex(spki_sha256) || hex(plan_hash) || "
		"hex(request_sha256) || reason || not_before || not_after || reserved_at || "
		"finished_at || failure || revoked_at || revocation_reason || hex(der) AS line FROM "
		"cert UNION ALL SELECT seq || canonical || hex(hash) FROM journal WHERE seq <= 10)";
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	snprintf(out, size, "%s", sqlite3_column_text(statement, 0));
	assert_true(strlen(out) > 2000 && strlen(out) < size - 1);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void version_1_is_brought_forward(void **state)
{
	static char before[32768], after[32768];
	struct fixture *f = *state;

	make_version_1(f, "");
	facts(f->path, before, sizeof before);
	reopen(f, STORE_WRITE);
	facts(f->path, after, sizeof after);
	assert_string_equal(before, after);
	assert_int_equal(number(f->store, "PRAGMA user_version"), STORE_VERSION);
	assert_int_equal(number(f->store, "SELECT count(*) FROM pragma_integrity_check"
					  " WHERE integrity_check <> 'ok'"),
			 0);
	assert_int_equal(head(f->store), 11);
	last_row_has(f->store, "\"detail\":\"store version 1 became 2\",\"event\":\"upgrade\"");
	/* It works as one that was made anew, and is not upgraded twice. */
	issue(f->store, SERIAL("\x20\x01"));
	reopen(f, STORE_READ);
	assert_int_equal(head(f->store), 13);
}

static void both_ways_lead_to_the_same_schema(void **state)
{
	static const char schema[] =
		"SELECT group_concat(name || coalesce(sql, ''), ';') FROM (SELECT"
		" name, replace(sql, '\"cert\"', 'cert') AS sql"
		" FROM sqlite_schema ORDER BY name)";
	struct fixture *f = *state;
	struct error e = {0};
	struct query q;
	char *made;
	bool more;

	must(query_begin(&q, f->store, schema, &e), &e);
	must(query_step(&q, &more, &e), &e);
	made = strdup(query_get_text(&q, 0));
	query_end(&q);
	make_version_1(f, "");
	reopen(f, STORE_WRITE);
	must(query_begin(&q, f->store, schema, &e), &e);
	must(query_step(&q, &more, &e), &e);
	assert_string_equal(query_get_text(&q, 0), made);
	query_end(&q);
	free(made);
}

static void a_reader_tells_of_version_1(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};

	make_version_1(f, "");
	assert_int_equal(store_open(f->path, STORE_READ, &f->store, &e), STATUS_DAMAGED);
	assert_non_null(strstr(e.what, "is a store of version 1"));
	assert_non_null(strstr(e.todo, "writes"));
}

static void what_does_not_fit_stays_as_it_was(void **state)
{
	static char before[32768], after[32768];
	struct fixture *f = *state;
	struct error e = {0};

	/* As no subca wrote it: neither version's checks let that through. */
	make_version_1(f, "DROP TRIGGER cert_fixed; PRAGMA ignore_check_constraints = ON;"
			  "UPDATE cert SET spki_sha256 = x'00' WHERE id = 1");
	facts(f->path, before, sizeof before);
	assert_int_not_equal(store_open(f->path, STORE_WRITE, &f->store, &e), STATUS_OK);
	facts(f->path, after, sizeof after);
	assert_string_equal(before, after);
	assert_int_equal(store_open(f->path, STORE_READ, &f->store, &e), STATUS_DAMAGED);
	assert_non_null(strstr(e.what, "is a store of version 1"));
}

/* --- revocation ------------------------------------------------------------------------------- */

static enum status take_row(void *context, const struct store_row *row, struct error *e)
{
	(void)e;
	*(struct store_row *)context = *row;
	return STATUS_OK;
}

/* Its numbers alone: what it points to is gone. */
static struct store_row row_of(struct store *s, struct span serial)
{
	struct store_row row = {0};
	struct error e = {0};

	must(store_find(s, serial, take_row, &row, &e), &e);
	return row;
}

static void a_revocation_is_for_good(void **state)
{
	static const struct store_revocation r = {.at = NOW + 5,
						  .reason = REASON_KEY_COMPROMISE,
						  .invalidity_at = NOW - 9,
						  .compromised_at = NOW - 8};
	struct fixture *f = *state;
	struct error e = {0};
	struct store_row row;

	issue(f->store, SERIAL("\x01"));
	must(store_revoke(f->store, SERIAL("\x01"), &r, NOW + 6, &e), &e);
	last_row_has(f->store,
		     "{\"compromised_at\":1794999992,\"event\":\"revoke\","
		     "\"invalidity_at\":1794999991,\"revocation_reason\":1,"
		     "\"revoked_at\":1795000005,\"seq\":4,\"serial\":\"01\",\"time\":1795000006}");
	row = row_of(f->store, SERIAL("\x01"));
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.revoked_at, NOW + 5);
	assert_int_equal(row.revocation_reason, REASON_KEY_COMPROMISE);
	assert_int_equal(row.invalidity_at, NOW - 9);
	assert_int_equal(row.compromised_at, NOW - 8);
	assert_int_equal(row.revocation_seq, 4);
	assert_int_equal(row.der.len, 3);
	assert_int_equal(store_revoke(f->store, SERIAL("\x01"), &r, NOW + 7, &e), STATUS_EXISTS);
	assert_non_null(strstr(e.what, "serial number 01 is revoked since "));
	assert_int_equal(store_hold(f->store, SERIAL("\x01"), NOW + 7, &e), STATUS_EXISTS);
	assert_int_equal(store_release(f->store, SERIAL("\x01"), NOW + 7, &e), STATUS_REFUSED);
	assert_int_equal(head(f->store), 4);
}

static void only_what_was_issued_is_revoked(void **state)
{
	struct store_revocation r = {.at = NOW, .reason = REASON_NONE};
	struct fixture *f = *state;
	struct error e = {0};
	struct store_intent intent = intent_of("\x01", 1);

	assert_int_equal(store_revoke(f->store, SERIAL("\x01"), &r, NOW, &e), STATUS_NOT_FOUND);
	must(store_reserve(f->store, &intent, NOW, &e), &e);
	assert_int_equal(store_revoke(f->store, SERIAL("\x01"), &r, NOW, &e), STATUS_REFUSED);
	assert_string_equal(e.what, "serial number 01 is reserved, not issued");
	must(store_fail(f->store, SERIAL("\x01"), "", NOW, &e), &e);
	assert_int_equal(store_revoke(f->store, SERIAL("\x01"), &r, NOW, &e), STATUS_REFUSED);
	issue(f->store, SERIAL("\x02"));
	for (r.reason = -2; r.reason < 13; r.reason++) {
		if (strchr("\x01\x02\x03\x04\x05\x06\x09\x0a", r.reason) && r.reason > 0)
			continue;
		if (r.reason != REASON_NONE)
			assert_int_equal(store_revoke(f->store, SERIAL("\x02"), &r, NOW, &e),
					 STATUS_INTERNAL);
	}
	assert_int_equal(head(f->store), 5);
}

static void a_hold_ends_either_way(void **state)
{
	static const struct store_revocation r = {.at = NOW + 50, .reason = REASON_SUPERSEDED};
	struct fixture *f = *state;
	struct error e = {0};
	struct store_row row;

	issue(f->store, SERIAL("\x01"));
	must(store_hold(f->store, SERIAL("\x01"), NOW + 10, &e), &e);
	last_row_has(f->store, "\"event\":\"hold\",\"revocation_reason\":6");
	assert_int_equal(store_hold(f->store, SERIAL("\x01"), NOW + 11, &e), STATUS_EXISTS);
	assert_non_null(strstr(e.what, "is on hold since"));
	must(store_release(f->store, SERIAL("\x01"), NOW + 20, &e), &e);
	/* The row that ends a hold tells since when it stood. */
	last_row_has(f->store, "\"event\":\"release\",\"revocation_reason\":6,"
			       "\"revoked_at\":1795000010");
	row = row_of(f->store, SERIAL("\x01"));
	assert_int_equal(row.state, CERT_ISSUED);
	assert_int_equal(row.revoked_at, 0);
	assert_int_equal(row.revocation_reason, REASON_NONE);
	assert_int_equal(row.released_at, NOW + 20);
	must(store_hold(f->store, SERIAL("\x01"), NOW + 30, &e), &e);
	must(store_revoke(f->store, SERIAL("\x01"), &r, NOW + 50, &e), &e);
	row = row_of(f->store, SERIAL("\x01"));
	assert_int_equal(row.revoked_at, NOW + 30);
	assert_int_equal(row.revocation_reason, REASON_SUPERSEDED);
	assert_int_equal(row.released_at, NOW + 20);
}

struct entries {
	int count;
	char text[512];
};

static enum status collect(void *context, const struct store_revoked *r, struct error *e)
{
	struct entries *x = context;
	size_t used = strlen(x->text);
	char hex[2 * SERIAL_MAX + 1];

	(void)e;
	hex_encode(r->serial, hex);
	snprintf(x->text + used, sizeof x->text - used, "%s:%d@%d ", hex, r->revocation.reason,
		 (int)(r->revocation.at - NOW));
	x->count++;
	return STATUS_OK;
}

static void expect_entries(struct store *s, struct store_revoked_filter filter, const char *text)
{
	struct entries x = {0};
	struct error e = {0};

	must(store_revoked_each(s, &filter, collect, &x, &e), &e);
	assert_string_equal(x.text, text);
}

static void entries_come_by_serial_and_since(void **state)
{
	static const struct store_revocation r = {.at = NOW + 1, .reason = REASON_NONE};
	struct fixture *f = *state;
	struct error e = {0};
	int64_t seq;

	issue(f->store, SERIAL("\x03"));
	issue(f->store, SERIAL("\x02"));
	issue(f->store, SERIAL("\x01"));
	issue(f->store, SERIAL("\x04"));
	must(store_revoke(f->store, SERIAL("\x03"), &r, NOW + 1, &e), &e);
	must(store_hold(f->store, SERIAL("\x01"), NOW + 2, &e), &e);
	expect_entries(f->store, (struct store_revoked_filter){0}, "01:6@2 03:-1@1 ");
	seq = head(f->store);
	expect_entries(f->store, (struct store_revoked_filter){.since_seq = seq}, "");
	must(store_release(f->store, SERIAL("\x01"), NOW + 3, &e), &e);
	must(store_hold(f->store, SERIAL("\x02"), NOW + 4, &e), &e);
	expect_entries(f->store, (struct store_revoked_filter){0}, "02:6@4 03:-1@1 ");
	expect_entries(f->store, (struct store_revoked_filter){.since_seq = seq}, "01:8@3 02:6@4 ");
	/* All expire at NOW + 1000. 03 was in a CRL of NOW + 1001 that reflects seq; 02 was not. */
	expect_entries(f->store,
		       (struct store_revoked_filter){.expired_before = NOW + 1000,
						     .expired_seq = seq},
		       "02:6@4 03:-1@1 ");
	expect_entries(f->store,
		       (struct store_revoked_filter){.expired_before = NOW + 1001,
						     .expired_seq = seq},
		       "02:6@4 ");
}

/* --- CRLs ------------------------------------------------------------------------------------- */

static void crl_numbers_are_never_used_twice(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_crl c = {.base = STORE_NO_CRL, .this_update = NOW, .next_update = NOW + 9};
	struct store_crl found;

	assert_int_equal(store_crl_last(f->store, CRL_ANY, false, &found, &e), STATUS_NOT_FOUND);
	must(store_crl_reserve(f->store, &c, NOW, &e), &e);
	assert_int_equal(c.number, 1);
	assert_int_equal(c.reflects, 1);
	last_row_has(f->store, "\"crl_number\":1,\"event\":\"crl-reserve\"");
	must(store_crl_fail(f->store, 1, "the token went away", NOW + 1, &e), &e);
	assert_int_equal(store_crl_fail(f->store, 1, "", NOW + 1, &e), STATUS_EXISTS);
	assert_int_equal(store_crl_publish(f->store, &c, NOW + 1, &e), STATUS_EXISTS);
	must(store_crl_reserve(f->store, &c, NOW + 2, &e), &e);
	assert_int_equal(c.number, 2);
	c.size = 100;
	c.entries = 3;
	c.sha256[0] = 0xAB;
	must(store_crl_publish(f->store, &c, NOW + 3, &e), &e);
	last_row_has(f->store, "\"entries\":3,\"event\":\"crl-publish\"");
	c = (struct store_crl){.base = 2, .this_update = NOW, .next_update = NOW + 9};
	must(store_crl_reserve(f->store, &c, NOW + 4, &e), &e);
	assert_int_equal(c.number, 3);
	must(store_crl_last(f->store, CRL_ANY, true, &found, &e), &e);
	assert_int_equal(found.number, 2);
	assert_int_equal(found.state, CRL_PUBLISHED);
	assert_int_equal(found.entries, 3);
	assert_int_equal(found.sha256[0], 0xAB);
	must(store_crl_last(f->store, CRL_RESERVED, false, &found, &e), &e);
	assert_int_equal(found.number, 3);
	assert_int_equal(found.base, 2);
	assert_int_equal(store_crl_find(f->store, 4, &found, &e), STATUS_NOT_FOUND);
}

static void a_foreign_crl_takes_its_number(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_crl c = {.number = 4096, .base = STORE_NO_CRL, .origin = "openssl-ca"};
	struct store_crl own = {.base = STORE_NO_CRL, .this_update = NOW, .next_update = NOW + 1};

	must(store_crl_adopt(f->store, &c, NOW, &e), &e);
	last_row_has(f->store, "\"crl_number\":4096,\"event\":\"crl-adopt\"");
	assert_int_equal(store_crl_adopt(f->store, &c, NOW, &e), STATUS_EXISTS);
	must(store_crl_reserve(f->store, &own, NOW, &e), &e);
	assert_int_equal(own.number, 4097);
	c.number = INT64_MAX;
	must(store_crl_adopt(f->store, &c, NOW, &e), &e);
	assert_int_equal(store_crl_reserve(f->store, &own, NOW, &e), STATUS_REFUSED);
}

static void triggers_guard_crls(void **state)
{
	static const char *const harm[] = {
		"DELETE FROM crl",
		"UPDATE crl SET number = 9",
		"UPDATE crl SET state = 1, finished_at = 0, failure = ''",
		"UPDATE crl SET state = 2, size = 1, sha256 = zeroblob(32), failure = ''",
		"INSERT INTO crl VALUES (9, -1, 3, 1, 2, 1, 1, 1, 0, 0, x'', '', '')",
	};
	struct fixture *f = *state;
	struct error e = {0};
	struct store_crl c = {.base = STORE_NO_CRL, .this_update = NOW, .next_update = NOW + 1};

	must(store_crl_reserve(f->store, &c, NOW, &e), &e);
	must(store_crl_fail(f->store, c.number, "why", NOW, &e), &e);
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++)
		assert_int_equal(sqlite3_exec(f->store->db, harm[i], NULL, NULL, NULL),
				 SQLITE_CONSTRAINT_TRIGGER);
}

/* --- adoption --------------------------------------------------------------------------------- */

static struct store_adopted old_row(const char *serial, size_t len)
{
	struct store_adopted row = {.intent = intent_of(serial, len), .state = CERT_ISSUED};

	row.intent.profile = row.intent.portal = "";
	row.intent.subject_der = row.intent.spki_sha256 = row.intent.plan_hash = octets("", 0);
	row.intent.request_sha256 = octets("", 0);
	row.intent.not_before = 0;
	return row;
}

static void rows_of_another_ca_are_adopted(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_adoption *a = NULL;
	struct store_adopted one = old_row("\x01", 1), two = old_row("\x02", 1);
	struct store_row row;
	unsigned char digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	static const char lines[] =
		"01 0 1795001000 issued 0 -1 0 0 -\n"
		"02 0 1795001000 revoked 1795000007 1 1795000003 0 "
		"bffd28c8eeb10a5e50cf17b58f477ea1803895ae69744e6eb53cbcc3bf427adb\n";

	two.der = octets("DER", 3);
	two.intent.spki_sha256 = two.intent.plan_hash = intent_of("\x02", 1).plan_hash;
	two.state = CERT_REVOKED;
	two.revocation = (struct store_revocation){
		.at = NOW + 7, .reason = REASON_KEY_COMPROMISE, .invalidity_at = NOW + 3};
	must(store_adopt_begin(f->store, "openssl-ca", NOW, &a, &e), &e);
	must(store_adopt_add(a, &one, &e), &e);
	assert_int_equal(store_adopt_add(a, &one, &e), STATUS_EXISTS);
	must(store_adopt_add(a, &two, &e), &e);
	must(store_adopt_end(a, STATUS_OK, "index.txt", &e), &e);
	must(sha256(span_text(lines), digest, &e), &e);
	hex_encode((struct span){digest, sizeof digest}, hex);
	last_row_has(f->store, "{\"detail\":\"index.txt\",\"event\":\"adopt\","
			       "\"origin\":\"openssl-ca\",\"revoked\":1,\"rows\":2,");
	last_row_has(f->store, hex);
	row = row_of(f->store, SERIAL("\x01"));
	assert_int_equal(row.state, CERT_ISSUED);
	assert_int_equal(row.adopted_seq, 2);
	assert_int_equal(row.revocation_seq, 0);
	expect_entries(f->store, (struct store_revoked_filter){0}, "02:1@7 ");
	/* From here on they are rows like any other. */
	must(store_hold(f->store, SERIAL("\x01"), NOW + 9, &e), &e);
	must(store_release(f->store, SERIAL("\x01"), NOW + 9, &e), &e);
	issue(f->store, SERIAL("\x03"));
}

static void an_adoption_is_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_adoption *a = NULL;
	struct store_adopted good = old_row("\x01", 1), bad[5];

	for (size_t i = 0; i < 5; i++)
		bad[i] = old_row("\x02", 1);
	bad[0].state = CERT_RESERVED;
	bad[1].state = CERT_REVOKED;
	bad[2].der = octets("DER", 3);
	bad[3].intent.serial = octets("\0\x01", 2);
	bad[4].intent.profile = NULL;
	must(store_adopt_begin(f->store, "files", NOW, &a, &e), &e);
	must(store_adopt_add(a, &good, &e), &e);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(store_adopt_add(a, &bad[i], &e), STATUS_INTERNAL);
	assert_int_equal(store_adopt_end(a, STATUS_DECLINED, "", &e), STATUS_DECLINED);
	assert_int_equal(number(f->store, "SELECT count(*) FROM cert"), 0);
	assert_int_equal(head(f->store), 1);
	assert_int_equal(store_adopt_begin(f->store, "", NOW, &a, &e), STATUS_INTERNAL);
	assert_int_equal(store_adopt_begin(f->store, "files", 0, &a, &e), STATUS_SYSTEM);
	must(store_adopt_begin(f->store, "files", NOW, &a, &e), &e);
	must(store_adopt_end(a, STATUS_OK, "", &e), &e);
	assert_int_equal(head(f->store), 1);
}

static void the_last_time_is_that_of_the_last_row(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	int64_t time = 0;

	must(journal_last_time(f->store, &time, &e), &e);
	assert_int_equal(time, NOW);
	must(journal_note(f->store, "config", "x", NOW + 77, &e), &e);
	must(journal_last_time(f->store, &time, &e), &e);
	assert_int_equal(time, NOW + 77);
}

static enum status count_row(void *context, const struct store_row *row, struct error *e)
{
	(void)row;
	(void)e;
	++*(int *)context;
	return STATUS_OK;
}

static void successors_and_ends_are_found(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_intent next = intent_of("\x02", 1);
	struct store_filter renews = {.replaces = SERIAL("\x01")}, ends = {.until = NOW + 1000};
	int n = 0;

	issue(f->store, SERIAL("\x01"));
	next.replaces = SERIAL("\x01");
	next.not_after = NOW + 1001;
	must(store_reserve(f->store, &next, NOW, &e), &e);
	last_row_has(f->store, "\"replaces\":\"01\"");
	must(store_each(f->store, &renews, count_row, &n, &e), &e);
	assert_int_equal(n, 1);
	must(store_each(f->store, &ends, count_row, &n, &e), &e);
	assert_int_equal(n, 2);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(version_1_is_brought_forward),
		WITH_STORE(both_ways_lead_to_the_same_schema),
		WITH_STORE(a_reader_tells_of_version_1),
		WITH_STORE(what_does_not_fit_stays_as_it_was),
		WITH_STORE(a_revocation_is_for_good),
		WITH_STORE(only_what_was_issued_is_revoked),
		WITH_STORE(a_hold_ends_either_way),
		WITH_STORE(entries_come_by_serial_and_since),
		WITH_STORE(crl_numbers_are_never_used_twice),
		WITH_STORE(a_foreign_crl_takes_its_number),
		WITH_STORE(triggers_guard_crls),
		WITH_STORE(rows_of_another_ca_are_adopted),
		WITH_STORE(an_adoption_is_whole_or_not_at_all),
		WITH_STORE(the_last_time_is_that_of_the_last_row),
		WITH_STORE(successors_and_ends_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
