/* Many rows in one transaction, and rows that nobody is left to finish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "tests/unit/store_help.h"

#define GROUP 3

static const char serials[GROUP][1] = {"\x01", "\x02", "\x03"};

struct group {
	struct store_intent intents[GROUP];
	struct store_reservation items[GROUP];
	struct store_result results[GROUP];
};

static void fill(struct group *g)
{
	memset(g, 0, sizeof *g);
	for (size_t i = 0; i < GROUP; i++) {
		g->intents[i] = intent_of(serials[i], 1);
		g->items[i].intent = &g->intents[i];
		g->results[i].serial = g->intents[i].serial;
		g->results[i].der = octets("\x30\x01\x00", 3);
	}
}

static int64_t count_of(struct store *s, enum cert_state state)
{
	int64_t counts[CERT_STATES];
	struct error e = {0};

	must(store_count(s, counts, &e), &e);
	return counts[state];
}

static int64_t journal_length(struct store *s)
{
	unsigned char hash[SHA256_SIZE];
	struct error e = {0};
	int64_t seq = 0;

	must(journal_verify(s, &e), &e);
	must(journal_head(s, &seq, hash, &e), &e);
	return seq;
}

static void a_group_is_reserved_and_finished(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct group g;

	fill(&g);
	must(store_reserve_many(f->store, g.items, GROUP, NOW, &e), &e);
	assert_int_equal(count_of(f->store, CERT_RESERVED), GROUP);
	assert_int_equal(journal_length(f->store), 1 + GROUP);
	g.results[1].failure = "the token is gone";
	must(store_finish_many(f->store, g.results, GROUP, NOW, &e), &e);
	assert_int_equal(count_of(f->store, CERT_ISSUED), GROUP - 1);
	assert_int_equal(count_of(f->store, CERT_FAILED), 1);
	assert_int_equal(journal_length(f->store), 1 + 2 * GROUP);
	reopen(f, STORE_READ);
	assert_int_equal(count_of(f->store, CERT_ISSUED), GROUP - 1);
}

static enum status refuse_any(void *context, const struct store_row *row, struct error *e)
{
	(void)row;
	return error_set(e, *(enum status *)context, "request", NULL, "was there before");
}

/* All have one request here: the second finds the first, which this very transaction reserved. */
static void a_condition_leaves_out_one(void **state)
{
	static enum status said[] = {STATUS_REFUSED, STATUS_EXISTS};
	struct fixture *f = *state;
	struct group g;

	for (size_t i = 0; i < 2; i++) {
		struct store_condition condition = {.visit = refuse_any, .context = &said[i]};
		struct error e = {0};

		fill(&g);
		condition.filter.request_sha256 = g.intents[1].request_sha256;
		g.items[1].condition = &condition;
		g.intents[0].serial = octets(i ? "\x11" : "\x21", 1);
		g.intents[2].serial = octets(i ? "\x13" : "\x23", 1);
		must(store_reserve_many(f->store, g.items, GROUP, NOW, &e), &e);
		assert_int_equal(g.items[0].status, STATUS_OK);
		assert_int_equal(g.items[1].status, said[i]);
		assert_string_equal(g.items[1].error.what, "was there before");
		assert_int_equal(g.items[2].status, STATUS_OK);
		assert_int_equal(count_of(f->store, CERT_ANY), 2 * (int64_t)(i + 1));
		assert_int_equal(journal_length(f->store), 1 + 2 * (int64_t)(i + 1));
	}
}

static void a_serial_in_use_undoes_the_group(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct group g;

	fill(&g);
	g.intents[2].serial = g.intents[0].serial;
	assert_int_equal(store_reserve_many(f->store, g.items, GROUP, NOW, &e), STATUS_EXISTS);
	assert_non_null(strstr(e.what, "01"));
	assert_int_equal(count_of(f->store, CERT_ANY), 0);
	assert_int_equal(journal_length(f->store), 1);
}

static void results_are_kept_all_or_none(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct group g;

	fill(&g);
	must(store_reserve_many(f->store, g.items, GROUP - 1, NOW, &e), &e);
	assert_int_equal(store_finish_many(f->store, g.results, GROUP, NOW, &e), STATUS_NOT_FOUND);
	g.results[1].der.len = 0;
	assert_int_equal(store_finish_many(f->store, g.results, 2, NOW, &e), STATUS_INTERNAL);
	assert_int_equal(count_of(f->store, CERT_RESERVED), GROUP - 1);
	assert_int_equal(journal_length(f->store), GROUP);
}

static void orphans_fail_when_nobody_signs(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	struct error e = {0};
	size_t count = 9;
	struct group g;

	fill(&g);
	must(store_open(f->path, STORE_WRITE, &other, &e), &e);
	must(store_reserve_many(f->store, g.items, GROUP, NOW, &e), &e);
	/* The one who reserved them is there. */
	must(store_fail_orphans(other, NOW, &count, &e), &e);
	assert_int_equal(count, 0);
	assert_int_equal(count_of(other, CERT_RESERVED), GROUP);
	must(store_issue(f->store, g.intents[0].serial, octets("\x30", 1), NOW, &e), &e);
	store_close(f->store);
	f->store = NULL;
	must(store_fail_orphans(other, NOW, &count, &e), &e);
	assert_int_equal(count, GROUP - 1);
	assert_int_equal(count_of(other, CERT_RESERVED), 0);
	assert_int_equal(count_of(other, CERT_ISSUED), 1);
	assert_int_equal(count_of(other, CERT_FAILED), GROUP - 1);
	assert_int_equal(journal_length(other), 1 + 2 * GROUP);
	f->store = other;
}

/* The same words at two levels of one walk, and more kinds of query than are kept. */
static enum status count_inside(void *context, const struct store_row *row, struct error *e)
{
	struct store *s = context;
	const struct store_filter all = {0};
	enum status ok = STATUS_OK;

	(void)row;
	for (int limit = 0; limit < 2 && ok == STATUS_OK; limit++) {
		struct store_filter filter = all;
		enum status said = STATUS_REFUSED;

		filter.limit = limit;
		ok = store_each(s, &filter, refuse_any, &said, e) == STATUS_REFUSED
			     ? STATUS_OK
			     : STATUS_INTERNAL;
	}
	return ok;
}

static void a_walk_inside_a_walk(void **state)
{
	struct fixture *f = *state;
	const struct store_filter all = {0};
	struct error e = {0};
	struct group g;

	fill(&g);
	must(store_reserve_many(f->store, g.items, GROUP, NOW, &e), &e);
	for (int i = 0; i < 3; i++)
		must(store_each(f->store, &all, count_inside, f->store, &e), &e);
}

static enum status all_together(struct store *s, struct group *g, enum status ends, struct error *e)
{
	const struct store_revocation r = {.at = NOW, .reason = REASON_SUPERSEDED};
	struct store_adopted adopted = {.intent = g->intents[2],
					.state = CERT_ISSUED,
					.revocation = {.reason = REASON_NONE}};
	struct store_adoption *adoption = NULL;
	struct error why = {0};

	must(store_together_begin(s, e), e);
	must(store_reserve(s, &g->intents[0], NOW, e), e);
	must(store_issue(s, g->intents[0].serial, octets("\x30", 1), NOW, e), e);
	/* One that fails is undone by itself, with what it wrote already. */
	g->intents[2].serial = g->intents[0].serial;
	assert_int_equal(store_reserve_many(s, &g->items[1], 2, NOW, &why), STATUS_EXISTS);
	must(store_revoke(s, g->intents[0].serial, &r, NOW, e), e);
	must(store_adopt_begin(s, "test", NOW, &adoption, e), e);
	must(store_adopt_end(adoption, store_adopt_add(adoption, &adopted, e), "", e), e);
	must(journal_note(s, "config", "together", NOW, e), e);
	return store_together_end(s, ends, e);
}

static void together_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct group g;

	fill(&g);
	assert_int_equal(all_together(f->store, &g, STATUS_REFUSED, &e), STATUS_REFUSED);
	assert_int_equal(count_of(f->store, CERT_ANY), 0);
	assert_int_equal(journal_length(f->store), 1);
	fill(&g);
	must(all_together(f->store, &g, STATUS_OK, &e), &e);
	reopen(f, STORE_WRITE);
	assert_int_equal(count_of(f->store, CERT_REVOKED), 1);
	assert_int_equal(count_of(f->store, CERT_ISSUED), 1);
	assert_int_equal(count_of(f->store, CERT_ANY), 2);
	assert_int_equal(journal_length(f->store), 1 + 5);
	/* A store that was closed in between has nothing of it. */
	must(store_together_begin(f->store, &e), &e);
	must(journal_note(f->store, "config", "lost", NOW, &e), &e);
	reopen(f, STORE_WRITE);
	assert_int_equal(journal_length(f->store), 1 + 5);
}

static off_t log_size(const struct fixture *f)
{
	struct stat info;
	char path[128];

	snprintf(path, sizeof path, "%s-wal", f->path);
	return stat(path, &info) == 0 ? info.st_size : -1;
}

/* The log stays where it is, and has nothing that a store which is put in its place would take over. */
static void the_log_stays_and_is_empty(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct group g;

	fill(&g);
	must(store_reserve_many(f->store, g.items, GROUP, NOW, &e), &e);
	assert_true(log_size(f) > 0);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(log_size(f), 0);
	must(store_open(f->path, STORE_WRITE, &f->store, &e), &e);
	assert_int_equal(count_of(f->store, CERT_RESERVED), GROUP);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_group_is_reserved_and_finished),
		WITH_STORE(a_condition_leaves_out_one),
		WITH_STORE(a_serial_in_use_undoes_the_group),
		WITH_STORE(results_are_kept_all_or_none),
		WITH_STORE(orphans_fail_when_nobody_signs),
		WITH_STORE(a_walk_inside_a_walk),
		WITH_STORE(together_or_not_at_all),
		WITH_STORE(the_log_stays_and_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
