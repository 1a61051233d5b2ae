#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca/journal.h"
#include "tests/unit/store_help.h"

struct seen {
	int rows;
	int stop_at;
	char canonical[8][2048];
	struct journal_row row[8];
	char event[8][JOURNAL_EVENT_SIZE];
};

static enum status see(void *context, const struct journal_row *row, struct error *e)
{
	struct seen *s = context;

	assert_true(s->rows < 8);
	snprintf(s->canonical[s->rows], sizeof s->canonical[0], "%s", row->canonical);
	snprintf(s->event[s->rows], sizeof s->event[0], "%s", row->event);
	s->row[s->rows] = *row;
	if (++s->rows == s->stop_at)
		return error_set(e, STATUS_DECLINED, NULL, NULL, "enough");
	return STATUS_OK;
}

/* create, reserve 01, issue 01, reserve 02, fail 02, note */
static void fill(struct fixture *f)
{
	struct error e = {0};
	struct store_intent one = intent_of("\x01", 1), two = intent_of("\x02", 1);

	two.reason = "line\none";
	must(store_reserve(f->store, &one, NOW + 1, &e), &e);
	must(store_issue(f->store, one.serial, octets("DER", 3), NOW + 2, &e), &e);
	must(store_reserve(f->store, &two, NOW + 3, &e), &e);
	must(store_fail(f->store, two.serial, "the token went away", NOW + 4, &e), &e);
	must(journal_note(f->store, "config", "changed", NOW + 5, &e), &e);
}

static void rows_tell_every_fact(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct seen seen = {0};
	static const char reserve[] =
		"{\"event\":\"reserve\",\"not_after\":1795001000,\"not_before\":1795000000,"
		"\"plan_sha256\":\"bb02000000000000000000000000000000000000000000000000000000000000\","
		"\"portal\":\"zia\",\"profile\":\"zia\",\"reason\":\"line\\none\","
		"\"request_sha256\":\"cc03000000000000000000000000000000000000000000000000000000000000\","
		"\"seq\":4,\"serial\":\"02\","
		"\"spki_sha256\":\"aa01000000000000000000000000000000000000000000000000000000000000\","
		"\"subject\":\"CN=Inspection\","
		"\"subject_sha256\":\"e4f60d0aa6d7f3d3b6a6494b1c861b99f649c6f9ec51abaf201b20f297327c95\","
		"\"time\":1795000003}";

	fill(f);
	must(journal_each(f->store, see, &seen, &e), &e);
	assert_int_equal(seen.rows, 6);
	assert_string_equal(seen.event[0], "create");
	assert_non_null(strstr(seen.canonical[0], "\"version\":2}"));
	/* SHA-256 of "DER". */
	assert_string_equal(
		seen.canonical[2],
		"{\"certificate_sha256\":\"bffd28c8eeb10a5e50cf17b58f477ea1803895ae69744e6e"
		"b53cbcc3bf427adb\",\"event\":\"issue\",\"seq\":3,\"serial\":\"01\","
		"\"time\":1795000002}");
	assert_string_equal(seen.canonical[3], reserve);
	assert_string_equal(seen.canonical[4],
			    "{\"detail\":\"the token went away\",\"event\":\"fail\",\"seq\":5,"
			    "\"serial\":\"02\",\"time\":1795000004}");
	assert_string_equal(seen.canonical[5],
			    "{\"detail\":\"changed\",\"event\":\"config\",\"seq\":6,"
			    "\"time\":1795000005}");
	assert_int_equal(seen.row[5].time, NOW + 5);
}

static void chain_is_sha256_of_previous_and_text(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct seen seen = {0};
	unsigned char both[SHA256_SIZE + 2048] = {0}, hash[SHA256_SIZE];
	int64_t seq = 0;

	fill(f);
	must(journal_each(f->store, see, &seen, &e), &e);
	for (int i = 0; i < seen.rows; i++) {
		size_t len = strlen(seen.canonical[i]);

		memcpy(both + SHA256_SIZE, seen.canonical[i], len);
		must(sha256((struct span){both, SHA256_SIZE + len}, hash, &e), &e);
		assert_memory_equal(hash, seen.row[i].hash, SHA256_SIZE);
		memcpy(both, hash, SHA256_SIZE);
	}
	must(journal_head(f->store, &seq, hash, &e), &e);
	assert_int_equal(seq, 6);
	assert_memory_equal(hash, seen.row[5].hash, SHA256_SIZE);
	must(journal_verify(f->store, &e), &e);
}

static void visitor_can_stop(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct seen seen = {.stop_at = 2};

	fill(f);
	assert_int_equal(journal_each(f->store, see, &seen, &e), STATUS_DECLINED);
	assert_int_equal(seen.rows, 2);
	assert_string_equal(e.where, f->path);
}

static void note_refuses_names_of_changes(void **state)
{
	static const char *const names[] = {"create", "reserve", "issue", "fail", ""};
	struct fixture *f = *state;
	struct error e = {0};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(journal_note(f->store, names[i], "", NOW, &e), STATUS_INTERNAL);
	assert_int_equal(journal_note(f->store, "clock-ok", "", 0, &e), STATUS_SYSTEM);
	must(journal_verify(f->store, &e), &e);
}

static void text_that_is_not_utf8_is_escaped(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct seen seen = {0};

	must(journal_note(f->store, "config", "a\xff", NOW, &e), &e);
	must(journal_each(f->store, see, &seen, &e), &e);
	assert_non_null(strstr(seen.canonical[1], "\"a\\\\x"));
	must(journal_verify(f->store, &e), &e);
}

static void stores_differ_from_row_one(void **state)
{
	struct journal_change change = {.event = "create", .time = NOW};
	struct error e = {0};
	char *one = NULL, *two = NULL;

	(void)state;
	must(journal_canonical(&change, 1, &one, &e), &e);
	must(journal_canonical(&change, 1, &two, &e), &e);
	assert_string_not_equal(one, two);
	free(one);
	free(two);
}

#define UNGUARD "DROP TRIGGER journal_fixed; DROP TRIGGER journal_keep; "

static void finds(struct fixture *f, const char *sql, const char *words)
{
	struct error e = {0};

	fill(f);
	must(journal_verify(f->store, &e), &e);
	tamper(f, sql);
	assert_int_equal(journal_verify(f->store, &e), STATUS_DAMAGED);
	if (!strstr(e.what, words))
		fail_msg("\"%s\" lacks \"%s\"", e.what, words);
	assert_string_equal(e.where, f->path);
}

static void finds_an_edit(void **state)
{
	finds(*state,
	      UNGUARD "UPDATE journal SET canonical = replace(canonical, 'token', 'tokem')"
		      " WHERE seq = 5",
	      "row 5 does not follow");
}

static void finds_an_edit_with_its_hash(void **state)
{
	finds(*state, UNGUARD "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3",
	      "row 3 does not follow");
}

static void finds_a_removal(void **state)
{
	finds(*state, UNGUARD "DELETE FROM journal WHERE seq = 3", "row 3 is missing");
}

static void finds_a_removal_closed_up(void **state)
{
	finds(*state,
	      UNGUARD "DELETE FROM journal WHERE seq = 3;"
		      "UPDATE journal SET seq = seq - 1 WHERE seq > 3",
	      "row 3 holds the text of another");
}

static void finds_a_reorder(void **state)
{
	finds(*state,
	      UNGUARD "UPDATE journal SET seq = 100 WHERE seq = 3;"
		      "UPDATE journal SET seq = 3 WHERE seq = 4;"
		      "UPDATE journal SET seq = 4 WHERE seq = 100",
	      "row 3 holds the text of another");
}

static void finds_a_lost_opening(void **state)
{
	finds(*state, UNGUARD "DELETE FROM journal WHERE seq = 1", "row 1 is missing");
}

static void finds_a_false_opening(void **state)
{
	finds(*state,
	      UNGUARD "UPDATE journal SET canonical = replace(canonical, 'create', 'created')"
		      " WHERE seq = 1",
	      "row 1 does not tell");
}

static void finds_an_empty_journal(void **state)
{
	finds(*state, UNGUARD "DELETE FROM journal", "empty");
}

static void finds_text_that_is_no_json(void **state)
{
	finds(*state, UNGUARD "UPDATE journal SET canonical = 'x' WHERE seq = 2",
	      "row 2 is not what subca wrote");
}

static void finds_a_short_hash(void **state)
{
	finds(*state,
	      UNGUARD "PRAGMA ignore_check_constraints = ON;"
		      "UPDATE journal SET hash = x'00' WHERE seq = 6",
	      "journal row 6");
}

/* Plain rows are read without a parser of JSON: by the same rule, whatever else they hold. */
static void text_is_read_as_json(void **state)
{
	static const struct {
		const char *text, *fault; /* fault NULL: row 7 of time 12, event "note" */
	} rows[] = {
		{"{\"event\":\"note\",\"seq\":7,\"time\":12}", NULL},
		{"{\"a\":\"\",\"event\":\"note\",\"seq\":7,\"time\":12,\"z\":-5}", NULL},
		{"{\"event\":\"note\",\"seq\":7,\"text\":\"\xc3\xa4\",\"time\":12}", NULL},
		{"{\"event\":\"note\",\"seq\":7,\"text\":\"\\\"\",\"time\":12}", NULL},
		{"{\"event\":\"n\\u006fte\",\"seq\":7,\"time\":12}", NULL},
		{"{\"time\":12,\"seq\":7,\"event\":\"note\"}", NULL},
		{" {\"event\": \"note\", \"seq\":7, \"time\":12 }", NULL},
		{"{\"event\":\"note\",\"list\":[1,{}],\"seq\":7,\"time\":12}", NULL},
		{"{\"event\":\"note\",\"much\":9223372036854775807,\"seq\":7,\"time\":12}", NULL},
		{"{\"event\":\"note\",\"seq\":8,\"time\":12}", "another row"},
		{"{\"event\":\"note\",\"seq\":\"7\",\"time\":12}", "another row"},
		{"{\"event\":\"note\",\"time\":12}", "another row"},
		{"{\"event\":\"note\",\"seq\":7}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"time\":\"12\"}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"time\":12.0}", "not what"},
		{"{\"event\":5,\"seq\":7,\"time\":12}", "not what"},
		{"{\"seq\":7,\"time\":12}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"seq\":7,\"time\":12}", "not what"},
		{"{\"event\":\"note\",\"seq\":07,\"time\":12}", "not what"},
		{"{\"event\":\"note\",\"much\":9223372036854775808,\"seq\":7,\"time\":12}",
		 "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"time\":12", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"time\":12,}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"time\":12}}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"text\":\"\xc3(\",\"time\":12}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"text\":\"\t\",\"time\":12}", "not what"},
		{"{\"event\":\"note\",\"seq\":7,\"text\":\"open,\"time\":12}", "not what"},
		{"{}", "not what"},
		{"", "not what"},
		{"{\"event\":\"a name of sixty-four octets and more, which is longer than any event "
		 "has\",\"seq\":7,\"time\":12}",
		 "not what"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char event[JOURNAL_EVENT_SIZE] = "";
		struct error e = {0};
		int64_t time = 0;
		enum status s = journal_read(rows[i].text, 7, &time, event, &e);

		if (s != (rows[i].fault ? STATUS_DAMAGED : STATUS_OK) ||
		    (rows[i].fault && !strstr(e.what, rows[i].fault)))
			fail_msg("%s: %d %s", rows[i].text, (int)s, e.what);
		if (s == STATUS_OK) {
			assert_string_equal(event, "note");
			assert_int_equal(time, 12);
		}
	}
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(rows_tell_every_fact),
		WITH_STORE(chain_is_sha256_of_previous_and_text),
		WITH_STORE(visitor_can_stop),
		WITH_STORE(note_refuses_names_of_changes),
		WITH_STORE(text_that_is_not_utf8_is_escaped),
		cmocka_unit_test(stores_differ_from_row_one),
		cmocka_unit_test(text_is_read_as_json),
		WITH_STORE(finds_an_edit),
		WITH_STORE(finds_an_edit_with_its_hash),
		WITH_STORE(finds_a_removal),
		WITH_STORE(finds_a_removal_closed_up),
		WITH_STORE(finds_a_reorder),
		WITH_STORE(finds_a_lost_opening),
		WITH_STORE(finds_a_false_opening),
		WITH_STORE(finds_an_empty_journal),
		WITH_STORE(finds_text_that_is_no_json),
		WITH_STORE(finds_a_short_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
