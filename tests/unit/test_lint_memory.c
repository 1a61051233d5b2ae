/*
 * What lint says by memory is what it says without: each rule's fixtures, before and after each other,
 * below their issuers and below none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca/lint/internal.h"
#include "tests/unit/lint_cases.h"

/* How often memory stood for reading: GNUmakefile has the linker wrap this. */
static size_t remembered;

enum status __wrap_lint_judge_own(const struct lint_subject *s, const struct findings *said,
				  struct findings *findings, struct error *e);
enum status __real_lint_judge_own(const struct lint_subject *s, const struct findings *said,
				  struct findings *findings, struct error *e);

enum status __wrap_lint_judge_own(const struct lint_subject *s, const struct findings *said,
				  struct findings *findings, struct error *e)
{
	remembered++;
	return __real_lint_judge_own(s, said, findings, e);
}

/* Same rules at the same places with the same words, in the same order. */
static void expect_same(const struct findings *a, const struct findings *b, const char *what)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = a->items[i].rule == b->items[i].rule &&
		       strcmp(a->items[i].where, b->items[i].where) == 0 &&
		       strcmp(a->items[i].message, b->items[i].message) == 0;
	if (same)
		return;
	for (size_t i = 0; i < a->count; i++)
		print_error("  by memory: %s %s %s\n", a->items[i].rule->id, a->items[i].where,
			    a->items[i].message);
	for (size_t i = 0; i < b->count; i++)
		print_error("  without:   %s %s %s\n", b->items[i].rule->id, b->items[i].where,
			    b->items[i].message);
	fail_msg("%s", what);
}

static void compare(struct lint_memory *m, struct span der, const struct lint_issuer *issuer,
		    const char *what)
{
	struct findings by_memory = {0}, without = {0};
	struct plain_certificate p;
	struct error e;

	if (!plain_certificate_read(der, &p))
		return;
	assert_int_equal(lint_certificate_remembered(m, &p, issuer, &by_memory, &e), STATUS_OK);
	assert_int_equal(lint_certificate_below(der, issuer, &without, &e), STATUS_OK);
	expect_same(&by_memory, &without, what);
	findings_free(&by_memory);
	findings_free(&without);
}

struct built {
	struct bytes der, issuer_der;
	struct lint_issuer *issuer;
};

static void build(struct built *b, const struct lint_case *c, const struct fixture_op *ops)
{
	struct error e;

	*b = (struct built){.der = lint_case_build(c->kind, ops, false)};
	if (c->kind == FIXTURE_ROOT)
		return;
	b->issuer_der = lint_case_build(c->kind, ops, true);
	assert_int_equal(lint_issuer_read(span_of(&b->issuer_der), &b->issuer, &e), STATUS_OK);
}

static void drop(struct built *b)
{
	lint_issuer_free(b->issuer);
	bytes_free(&b->issuer_der);
	bytes_free(&b->der);
}

/* Both below the issuer of the first, so that they are of one kind where they can be. */
static void in_turn(const struct built *first, const struct built *second, const char *what)
{
	const struct lint_issuer *const issuers[] = {first->issuer, second->issuer, NULL};

	for (size_t i = 0; i < 3; i++) {
		struct lint_memory *m = NULL;
		struct error e;

		assert_int_equal(lint_memory_new(&m, &e), STATUS_OK);
		compare(m, span_of(&first->der), issuers[i], what);
		compare(m, span_of(&first->der), issuers[i], what);
		compare(m, span_of(&second->der), issuers[i], what);
		compare(m, span_of(&first->der), issuers[i], what);
		lint_memory_free(m);
	}
}

static void fixtures_after_each_other(void **state)
{
	(void)state;
	remembered = 0;
	for (size_t i = 0; i < lint_case_count; i++) {
		const struct lint_case *c = &lint_cases[i];
		struct built pass, fail;

		if (c->kind > FIXTURE_LEAF)
			continue;
		build(&pass, c, c->pass);
		build(&fail, c, c->fail);
		in_turn(&pass, &fail, c->id);
		in_turn(&fail, &pass, c->id);
		drop(&pass);
		drop(&fail);
	}
	assert_true(remembered > 1000);
}

/* All fixtures through one memory, which has room for few kinds and for no issuer that is gone. */
static void fixtures_through_one_memory(void **state)
{
	struct lint_memory *m = NULL;
	struct error e;

	(void)state;
	assert_int_equal(lint_memory_new(&m, &e), STATUS_OK);
	for (size_t i = 0; i < lint_case_count; i++) {
		const struct lint_case *c = &lint_cases[i];
		struct built fail;

		if (c->kind > FIXTURE_LEAF)
			continue;
		build(&fail, c, c->fail);
		compare(m, span_of(&fail.der), fail.issuer, c->id);
		compare(m, span_of(&fail.der), NULL, c->id);
		drop(&fail);
	}
	lint_memory_free(m);
}

/* What certificates of one kind differ in, sound and not, in any order. */
static void of_one_kind(void **state)
{
	static const struct fixture_op variants[][2] = {
		{{0}},
		{{"serial", "00"}},
		{{"serial", "4455"}},
		{{"serial", "00ff445566778899aabbccddeeff00112233445566"}},
		{{"subject", "CN:u:other.example"}},
		{{"subject", "C:p:Germany|CN:u: padded|emailAddress:i:a@b.example"}},
		{{"subject", "CN:p:a_b"}},
		{{"subject", "CN:u:%00"}},
		{{"subject", "CN:t:t"}},
		{{"subject", ""}},
		{{"notBefore", "u:260101000000Z"}, {"notAfter", "u:350101000000Z"}},
		{{"notAfter", "g:99991231235959Z"}},
		{{"notBefore", "u:300101000000Z"}, {"notAfter", "u:290101000000Z"}},
		{{"rsa", "2048 65537"}},
		{{"rsa", "1024 3"}},
		{{"rsa", "2047 65537"}},
		{{"rsa", "3072 1"}},
		{{"+subjectKeyIdentifier", "0102"}},
		{{"+subjectKeyIdentifier", "DER:0400"}},
		{{"-subjectKeyIdentifier", ""}},
		{{"+subjectAltName", "DNS:a.example,DNS:b_c.example"}},
		{{"+subjectAltName", "email:nobody,IP:10.0.0.1,URI:x"}},
		{{"+subjectAltName", "critical,DNS:a.example"}},
		{{"+subjectAltName", "DER:3000"}},
		{{"+subjectAltName", "DER:3004a4023000"}},
		{{"+subjectAltName", "DER:0500"}},
		{{"+keyUsage", "critical,keyAgreement"}},
	};
	const size_t count = sizeof variants / sizeof variants[0];

	(void)state;
	for (enum fixture_kind kind = FIXTURE_INTERMEDIATE; kind <= FIXTURE_LEAF; kind++) {
		struct bytes der[sizeof variants / sizeof variants[0]];
		struct bytes issuer_der = fixture_build(
			kind == FIXTURE_LEAF ? FIXTURE_INTERMEDIATE : FIXTURE_ROOT, NULL, 0);
		struct lint_issuer *issuer = NULL;
		struct error e;

		assert_int_equal(lint_issuer_read(span_of(&issuer_der), &issuer, &e), STATUS_OK);
		for (size_t i = 0; i < count; i++)
			der[i] = fixture_build(kind, variants[i],
					       variants[i][1].what   ? 2
					       : variants[i][0].what ? 1
								     : 0);
		remembered = 0;
		for (size_t first = 0; first < count; first++) {
			struct lint_memory *m = NULL;

			assert_int_equal(lint_memory_new(&m, &e), STATUS_OK);
			for (size_t i = 0; i < count; i++)
				compare(m, span_of(&der[(first + i) % count]), issuer,
					variants[(first + i) % count][0].value);
			lint_memory_free(m);
		}
		assert_true(remembered > count * 10);
		for (size_t i = 0; i < count; i++)
			bytes_free(&der[i]);
		lint_issuer_free(issuer);
		bytes_free(&issuer_der);
	}
}

/* What follows from the issuer and from what is a certificate's own. */
static void against_the_issuer(void **state)
{
	static const struct fixture_op limited = {"+nameConstraints",
						  "critical,permitted;DNS:example.com"};
	static const struct fixture_op names[] = {{"+subjectAltName", "DNS:a.example.com"},
						  {"+subjectAltName", "DNS:a.example.net"}};
	struct built ca = {.issuer_der = fixture_build(FIXTURE_INTERMEDIATE, &limited, 1)}, own;
	struct fixture_op key = {"spki", NULL};
	struct plain_certificate p;
	char hex[512];
	struct error e;

	(void)state;
	assert_int_equal(lint_issuer_read(span_of(&ca.issuer_der), &ca.issuer, &e), STATUS_OK);
	own = ca;
	ca.der = fixture_build(FIXTURE_LEAF, &names[0], 1);
	own.der = fixture_build(FIXTURE_LEAF, &names[1], 1);
	remembered = 0;
	in_turn(&ca, &own, "name constraints");
	in_turn(&own, &ca, "name constraints");
	bytes_free(&own.der);
	bytes_free(&ca.der);
	/* The issuer's own key, which another one's certificate must not have, and another key. */
	assert_true(plain_certificate_read(span_of(&ca.issuer_der), &p) && p.spki.len < 256);
	hex_encode(p.spki, hex);
	key.value = hex;
	own.der = fixture_build(FIXTURE_LEAF, &key, 1);
	hex[2 * p.spki.len - 1] ^= 1;
	ca.der = fixture_build(FIXTURE_LEAF, &key, 1);
	in_turn(&ca, &own, "the issuer's key");
	in_turn(&own, &ca, "the issuer's key");
	assert_true(remembered > 20);
	bytes_free(&own.der);
	drop(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_after_each_other),
		cmocka_unit_test(fixtures_through_one_memory),
		cmocka_unit_test(of_one_kind),
		cmocka_unit_test(against_the_issuer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
