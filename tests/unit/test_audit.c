#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>

#include "audit/audit.h"
#include "base/file.h"
#include "tests/unit/lint_cases.h"

static char folder[] = "/tmp/subca-test-audit-XXXXXX";

static void put(const char *name, struct span content)
{
	struct error e;
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (file_publish(path, content, 0600, FILE_KEEP, &e) != STATUS_OK)
		fail_msg("%s", e.what);
}

/* In DER, as it is downloaded. */
static void put_p7b(const char *name, struct span der)
{
	const unsigned char *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	PKCS7 *p7 = PKCS7_new();
	unsigned char *encoded = NULL;
	int len;

	assert_non_null(x);
	assert_int_equal(PKCS7_set_type(p7, NID_pkcs7_signed), 1);
	assert_int_equal(PKCS7_content_new(p7, NID_pkcs7_data), 1);
	assert_int_equal(PKCS7_add_certificate(p7, x), 1);
	len = i2d_PKCS7(p7, &encoded);
	assert_true(len > 0);
	put(name, (struct span){encoded, (size_t)len});
	OPENSSL_free(encoded);
	PKCS7_free(p7);
	X509_free(x);
}

/* All fixtures of lint, some of them twice, and one in nothing but a p7b. */
static void fill_folder(void)
{
	static const struct fixture_op alone[] = {{"subject", "CN:u:In a p7b alone"},
						  {"serial", "01"}};
	struct bytes der = fixture_build(FIXTURE_LEAF, alone, 2);
	char name[64];

	assert_non_null(mkdtemp(folder));
	put_p7b("alone.p7b", span_of(&der));
	bytes_free(&der);
	for (size_t i = 0; i < lint_case_count; i++) {
		const struct lint_case *c = &lint_cases[i];

		if (c->kind > FIXTURE_LEAF)
			continue;
		der = lint_case_build(c->kind, c->fail, false);
		snprintf(name, sizeof name, "%zu.der", i);
		put(name, span_of(&der));
		snprintf(name, sizeof name, "again-%zu.der", i);
		if (i % 7 == 0)
			put(name, span_of(&der));
		bytes_free(&der);
	}
}

/* order must stay as long as what is returned. */
static struct audit *run(const struct audit_order *order)
{
	struct audit *a = NULL;
	struct error e = {0};

	if (audit_run(order, &a, &e) != STATUS_OK)
		fail_msg("%s: %s", e.where, e.what);
	return a;
}

static void expect_same(const struct audit *a, const struct audit *b)
{
	const struct audit_findings *x = &a->estate.findings, *y = &b->estate.findings;

	assert_int_equal(a->estate.count, b->estate.count);
	assert_int_equal(x->count, y->count);
	for (size_t i = 0; i < x->count; i++) {
		assert_ptr_equal(x->items[i].rule, y->items[i].rule);
		assert_int_equal(x->items[i].record, y->items[i].record);
		assert_string_equal(x->items[i].message, y->items[i].message);
	}
	assert_int_equal(a->label_count, b->label_count);
}

static size_t count_about(const struct audit *a, const char *subject)
{
	size_t count = 0;

	for (size_t i = 0; i < a->estate.findings.count; i++) {
		const struct audit_label *l = audit_label_find(a,
							       a->estate.findings.items[i].record);

		count += l && strcmp(l->subject, subject) == 0;
	}
	return count;
}

/* Whether certificates are held or read again, by one thread or by several: the same is found. */
static void reading_again_finds_the_same(void **state)
{
	const char *const paths[] = {folder};
	struct audit_order order = {
		.paths = paths, .path_count = 1, .now = 1800000000, .threads = 1};
	struct audit_order sparing = order;
	struct audit *held = run(&order), *again;

	(void)state;
	sparing.cache_most = 1;
	assert_false(held->estate.cache_full);
	assert_true(held->estate.count > 100 && held->estate.findings.count > 200);
	assert_true(count_about(held, "CN=In a p7b alone") > 0);
	for (sparing.threads = 1; sparing.threads <= 3; sparing.threads += 2) {
		again = run(&sparing);
		assert_true(again->estate.cache_full);
		expect_same(held, again);
		audit_free(again);
	}
	audit_free(held);
}

static int setup(void **state)
{
	(void)state;
	fill_folder();
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_again_finds_the_same),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
