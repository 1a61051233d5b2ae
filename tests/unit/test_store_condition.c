/* store_reserve_if() of ca/store.h: what was judged is still true when the serial is reserved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/store_help.h"

struct judge {
	const struct fixture *fixture;
	int seen;
	int other_writer; /* what SQLite tells another connection that wants to write meanwhile */
	enum status verdict;
};

static int try_to_write(const struct fixture *f)
{
	sqlite3 *other = NULL;
	int code = sqlite3_open_v2(f->path, &other, SQLITE_OPEN_READWRITE, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(other, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	return code;
}

static enum status judge_row(void *context, const struct store_row *row, struct error *e)
{
	struct judge *j = context;

	(void)row;
	j->seen++;
	j->other_writer = try_to_write(j->fixture);
	if (j->verdict != STATUS_OK)
		return error_set(e, j->verdict, "key", NULL, "the judge says no");
	return STATUS_OK;
}

static int64_t rows(struct store *s)
{
	int64_t counts[CERT_STATES];
	struct error e = {0};

	must(store_count(s, counts, &e), &e);
	return counts[CERT_ANY];
}

static int64_t head(struct store *s)
{
	unsigned char hash[SHA256_SIZE];
	struct error e = {0};
	int64_t seq = 0;

	must(journal_head(s, &seq, hash, &e), &e);
	return seq;
}

static enum status reserve(struct fixture *f, struct judge *j, const char *serial, struct error *e)
{
	struct store_intent intent = intent_of(serial, 1);
	const struct store_condition condition = {
		.filter = {.spki_sha256 = intent.spki_sha256}, .visit = judge_row, .context = j};

	j->fixture = f;
	return store_reserve_if(f->store, &intent, &condition, NOW, e);
}

static void rows_that_pass_let_the_serial_be_reserved(void **state)
{
	struct fixture *f = *state;
	struct judge j = {.verdict = STATUS_OK};
	struct error e = {0};

	must(reserve(f, &j, "\x01", &e), &e);
	assert_int_equal(j.seen, 0);
	must(reserve(f, &j, "\x02", &e), &e);
	assert_int_equal(j.seen, 1);
	assert_int_equal(rows(f->store), 2);
}

static void a_row_that_fails_leaves_the_store_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct judge j = {.verdict = STATUS_OK};
	struct error e = {0};
	int64_t before;

	must(reserve(f, &j, "\x01", &e), &e);
	before = head(f->store);
	j = (struct judge){.verdict = STATUS_REFUSED};
	assert_int_equal(reserve(f, &j, "\x02", &e), STATUS_REFUSED);
	assert_string_equal(e.what, "the judge says no");
	assert_int_equal(rows(f->store), 1);
	assert_true(head(f->store) == before);
	/* The lock is gone as well, and the serial was not spent. */
	assert_int_equal(try_to_write(f), SQLITE_OK);
	j.verdict = STATUS_OK;
	must(reserve(f, &j, "\x02", &e), &e);
}

static void nobody_writes_between_the_verdict_and_the_reservation(void **state)
{
	struct fixture *f = *state;
	struct judge j = {.verdict = STATUS_OK};
	struct error e = {0};

	must(reserve(f, &j, "\x01", &e), &e);
	must(reserve(f, &j, "\x02", &e), &e);
	assert_int_equal(j.seen, 1);
	assert_int_equal(j.other_writer, SQLITE_BUSY);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(rows_that_pass_let_the_serial_be_reserved),
		WITH_STORE(a_row_that_fails_leaves_the_store_as_it_was),
		WITH_STORE(nobody_writes_between_the_verdict_and_the_reservation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
