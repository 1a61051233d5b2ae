#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/lint.h"
#include "csr/request.h"
#include "tests/unit/lint_cases.h"
#include "tests/unit/mute.h"

static enum lint_form form_of(enum fixture_kind kind)
{
	return kind == FIXTURE_CRL	 ? LINT_FORM_CRL
	       : kind == FIXTURE_REQUEST ? LINT_FORM_REQUEST
					 : LINT_FORM_CERTIFICATE;
}

/* For tests/fuzz/seed-lint: the fixture with its issuer behind it. */
static void keep(enum fixture_kind kind, struct span der, struct span issuer)
{
	const char *folder = getenv("LINT_FIXTURES");
	static unsigned number;
	char path[512];
	FILE *to;

	if (!folder)
		return;
	snprintf(path, sizeof path, "%s/%s-%u", folder, kind == FIXTURE_CRL ? "crl" : "certificate",
		 number++);
	to = fopen(path, "we");
	assert_non_null(to);
	assert_int_equal(fwrite(der.data, 1, der.len, to), der.len);
	assert_int_equal(fwrite(issuer.data, 1, issuer.len, to), issuer.len);
	assert_int_equal(fclose(to), 0);
}

static void lint(enum fixture_kind kind, const struct fixture_op *ops, struct findings *findings)
{
	struct bytes der = lint_case_build(kind, ops, false), issuer = {0};
	struct error e = {0};
	enum status status;

	if (kind != FIXTURE_ROOT && kind != FIXTURE_REQUEST)
		issuer = lint_case_build(kind, ops, true);
	status = lint_one(form_of(kind), span_of(&der), span_of(&issuer), findings, &e);
	if (status != STATUS_OK)
		fail_msg("%s", e.what);
	keep(kind, span_of(&der), span_of(&issuer));
	bytes_free(&der);
	bytes_free(&issuer);
}

static void show(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		print_error("  %s at %s: %s\n", findings->items[i].rule->id,
			    findings->items[i].where, findings->items[i].message);
}

static bool judge_case(const struct lint_case *c)
{
	struct findings pass = {0}, fail = {0};
	bool good;

	lint(c->kind, c->pass, &pass);
	lint(c->kind, c->fail, &fail);
	good = pass.count == 0 && fail.count == 1 && findings_find(&fail, c->id);
	if (!good) {
		print_error("%s: the fixture that passes has %zu findings\n", c->id, pass.count);
		show(&pass);
		print_error("%s: the fixture that fails has %zu findings\n", c->id, fail.count);
		show(&fail);
	}
	findings_free(&pass);
	findings_free(&fail);
	return good;
}

static const char *only; /* the rule whose fixtures are looked at; NULL: all */

static void look_at(const char *id)
{
	only = id;
}

static void test_fixtures(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < lint_case_count; i++)
		if (!only || strcmp(only, lint_cases[i].id) == 0)
			bad += !judge_case(&lint_cases[i]);
	assert_int_equal(bad, 0);
}

static bool has_case(const char *id)
{
	for (size_t i = 0; i < lint_case_count; i++)
		if (strcmp(lint_cases[i].id, id) == 0)
			return true;
	return false;
}

/* Lint's own, and those of reading a request, by which lint speaks too. */
static const struct rule *(*const tables[])(size_t *count) = {lint_rules, csr_request_rules};
#define TABLES (sizeof tables / sizeof *tables)

static void test_every_rule_has_fixtures(void **state)
{
	size_t missing = 0;

	(void)state;
	for (size_t t = 0; t < TABLES; t++) {
		size_t count = 0;
		const struct rule *rules = tables[t](&count);

		assert_true(count > 0);
		for (size_t i = 0; i < count; i++) {
			if (has_case(rules[i].id))
				continue;
			print_error("no fixtures for %s\n", rules[i].id);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

static void test_fixtures_fail_without_their_rule(void **state)
{
	size_t blind = 0;

	(void)state;
	for (size_t t = 0; t < TABLES; t++) {
		size_t count = 0;
		const struct rule *rules = tables[t](&count);

		for (size_t i = 0; i < count; i++)
			blind += count_blind(&rules[i].id, 1, look_at, test_fixtures);
	}
	assert_int_equal(blind, 0);
	/* What silences one rule leaves the others be. */
	look_at("serial_zero");
	assert_false(fails_without("serial_negative", test_fixtures));
	look_at(NULL);
}

static void test_recognised_by_shape(void **state)
{
	const struct fixture_op old = {"version", ""};

	(void)state;
	for (int kind = FIXTURE_ROOT; kind <= FIXTURE_REQUEST; kind++) {
		struct bytes der = fixture_build((enum fixture_kind)kind, NULL, 0);

		assert_int_equal(lint_recognise(span_of(&der)), form_of((enum fixture_kind)kind));
		bytes_free(&der);
		if (kind == FIXTURE_REQUEST)
			continue;
		der = fixture_build((enum fixture_kind)kind, &old, 1);
		assert_int_equal(lint_recognise(span_of(&der)), form_of((enum fixture_kind)kind));
		bytes_free(&der);
	}
	assert_int_equal(lint_recognise(span_text("0\x80")), LINT_FORM_CERTIFICATE);
}

static void test_rules_are_told_whole(void **state)
{
	size_t count = 0;
	const struct rule *rules = lint_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(*rules[i].id && *rules[i].reference && *rules[i].why && *rules[i].todo);
		assert_true(lint_rule_applies(i) & (LINT_ANY | LINT_CRL_ENTRY));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rules[i].id, rules[j].id);
	}
	assert_int_equal(lint_rule_applies(count), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixtures),
		cmocka_unit_test(test_fixtures_fail_without_their_rule),
		cmocka_unit_test(test_every_rule_has_fixtures),
		cmocka_unit_test(test_recognised_by_shape),
		cmocka_unit_test(test_rules_are_told_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
