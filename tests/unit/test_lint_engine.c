#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "base/der.h"
#include "ca/lint.h"
#include "tests/unit/lint_fixture.h"

struct parts {
	struct bytes der, issuer;
	struct lint_issuer *read_issuer;
	DER_SIGNED *envelope;
};

static void setup_parts(struct parts *p, const struct fixture_op *ops, size_t count)
{
	struct error e;

	p->der = fixture_build(FIXTURE_INTERMEDIATE, ops, count);
	p->issuer = fixture_build(FIXTURE_ROOT, NULL, 0);
	assert_int_equal(der_signed_parse(span_of(&p->der), &p->envelope, &e), STATUS_OK);
	assert_int_equal(lint_issuer_read(span_of(&p->issuer), &p->read_issuer, &e), STATUS_OK);
}

static void free_parts(struct parts *p)
{
	bytes_free(&p->der);
	lint_issuer_free(p->read_issuer);
	bytes_free(&p->issuer);
	DER_SIGNED_free(p->envelope);
}

static void test_sound_tbs_passes(void **state)
{
	struct parts p = {0};
	struct findings findings = {0};
	struct lint_passed *passed = NULL;
	struct error e;

	(void)state;
	setup_parts(&p, NULL, 0);
	assert_int_equal(lint_tbs(der_to_be_signed(p.envelope), p.envelope->algorithm,
				  p.read_issuer, &findings, &passed, &e),
			 STATUS_OK);
	assert_non_null(passed);
	assert_int_equal(findings.count, 0);
	assert_true(span_equal(lint_passed_tbs(passed), der_to_be_signed(p.envelope)));
	assert_ptr_not_equal(lint_passed_tbs(passed).data, der_to_be_signed(p.envelope).data);
	assert_int_equal(X509_ALGOR_cmp(lint_passed_algorithm(passed), p.envelope->algorithm), 0);
	lint_passed_free(passed);
	free_parts(&p);
}

static void test_error_is_refused(void **state)
{
	const struct fixture_op ops[] = {{"+extendedKeyUsage", "serverAuth"},
					 {"-subjectKeyIdentifier", ""}};
	struct parts p = {0};
	struct findings findings = {0};
	struct lint_passed *passed = NULL;
	struct error e;

	(void)state;
	setup_parts(&p, ops, 2);
	assert_int_equal(lint_tbs(der_to_be_signed(p.envelope), p.envelope->algorithm,
				  p.read_issuer, &findings, &passed, &e),
			 STATUS_REFUSED);
	assert_null(passed);
	assert_int_equal(findings.count, 2);
	assert_string_equal(e.rule->id, "ski_missing");
	findings_free(&findings);
	free_parts(&p);
}

static void test_notice_is_no_error(void **state)
{
	const struct fixture_op ops[] = {{"+extendedKeyUsage", "serverAuth"}};
	struct parts p = {0};
	struct findings findings = {0};
	struct lint_passed *passed = NULL;
	struct error e;

	(void)state;
	setup_parts(&p, ops, 1);
	assert_int_equal(lint_tbs(der_to_be_signed(p.envelope), p.envelope->algorithm,
				  p.read_issuer, &findings, &passed, &e),
			 STATUS_OK);
	assert_int_equal(findings.count, 1);
	findings_free(&findings);
	lint_passed_free(passed);
	free_parts(&p);
}

/* Findings from before do not count against these bytes. */
static void test_earlier_findings_do_not_refuse(void **state)
{
	static const struct rule other = {"other", SEVERITY_ERROR, "-", "-", "-"};
	struct parts p = {0};
	struct findings findings = {0};
	struct lint_passed *passed = NULL;
	struct error e;

	(void)state;
	setup_parts(&p, NULL, 0);
	assert_int_equal(findings_add(&findings, &other, NULL, &e, "x"), STATUS_OK);
	assert_int_equal(lint_tbs(der_to_be_signed(p.envelope), p.envelope->algorithm,
				  p.read_issuer, &findings, &passed, &e),
			 STATUS_OK);
	findings_free(&findings);
	lint_passed_free(passed);
	free_parts(&p);
}

static void test_not_a_certificate(void **state)
{
	static const unsigned char bytes[] = {0x30, 0x03, 0x02, 0x01, 0x00, 0x00};
	struct findings findings = {0};
	struct error e;

	(void)state;
	for (size_t len = 0; len <= sizeof bytes; len++)
		assert_int_equal(lint_certificate((struct span){bytes, len}, (struct span){NULL, 0},
						  &findings, &e),
				 STATUS_INPUT);
	assert_int_equal(findings.count, 0);
}

/* Every octet of a rich certificate turned over, and the certificate cut off at every place. */
static void test_any_bytes(void **state)
{
	const struct fixture_op ops[] = {
		{"+nameConstraints",
		 "critical,permitted;DNS:example.com,excluded;IP:10.0.0.0/255.0.0.0"},
		{"+policyMappings", "critical,1.2.3:1.2.4"},
		{"+crlDistributionPoints", "URI:http://crl.example.com/a"},
		{"+authorityInfoAccess", "OCSP;URI:http://ocsp.example.com"},
		{"+subjectAltName", "DNS:a.example,email:a@a.example,URI:http://a.example"},
		{"+certificatePolicies", "DER:300c300406022a03300406022a04"},
	};
	static const unsigned char turns[] = {0x01, 0x02, 0x20, 0x80, 0xFF};
	struct bytes der = fixture_build(FIXTURE_INTERMEDIATE, ops, sizeof ops / sizeof *ops);
	struct bytes issuer = fixture_build(FIXTURE_ROOT, NULL, 0);
	struct findings findings = {0};
	size_t silent = 0;
	struct error e;

	(void)state;
	for (size_t i = 0; i < der.len * sizeof turns; i++) {
		unsigned char *at = der.data + i / sizeof turns, turn = turns[i % sizeof turns];
		enum status status;

		*at ^= turn;
		status = lint_certificate(span_of(&der), span_of(&issuer), &findings, &e);
		assert_true(status == STATUS_OK || status == STATUS_INPUT);
		silent += status == STATUS_OK && findings.count == 0;
		findings_free(&findings);
		assert_int_equal(lint_certificate(span_of(&issuer), span_of(&der), &findings, &e),
				 status);
		findings_free(&findings);
		*at ^= turn;
	}
	/* Signature, serial number and the like may be anything; the rest may not. */
	assert_true(silent < der.len * sizeof turns / 2);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(lint_certificate((struct span){der.data, len}, span_of(&issuer),
						  &findings, &e),
				 STATUS_INPUT);
	assert_int_equal(ERR_peek_error(), 0);
	bytes_free(&der);
	bytes_free(&issuer);
}

/* What lint passes of a CRL is what ca_sign() takes; what it refuses is nothing. */
static void test_crl_is_passed_or_refused(void **state)
{
	const struct fixture_op ops[] = {{"nextUpdate", ""}};
	struct bytes issuer = fixture_build(FIXTURE_ROOT, NULL, 0);
	struct findings findings = {0};

	(void)state;
	for (size_t bad = 0; bad < 2; bad++) {
		struct bytes der = fixture_build(FIXTURE_CRL, ops, bad);
		struct lint_passed *passed = NULL;
		DER_SIGNED *envelope = NULL;
		enum status status;
		struct error e;

		assert_int_equal(der_signed_parse(span_of(&der), &envelope, &e), STATUS_OK);
		status = lint_crl_tbs(der_to_be_signed(envelope), envelope->algorithm,
				      span_of(&issuer), &findings, &passed, &e);
		assert_int_equal(status, bad ? STATUS_REFUSED : STATUS_OK);
		assert_int_equal(passed == NULL, bad);
		assert_int_equal(findings.count, bad);
		if (passed)
			assert_true(
				span_equal(lint_passed_tbs(passed), der_to_be_signed(envelope)));
		else
			assert_string_equal(e.rule->id, "crl_next_update_missing");
		lint_passed_free(passed);
		DER_SIGNED_free(envelope);
		bytes_free(&der);
	}
	findings_free(&findings);
	bytes_free(&issuer);
}

/* A rule speaks of a few entries, and then says how many more there are. */
static void test_many_entries(void **state)
{
	struct bytes der, issuer = fixture_build(FIXTURE_ROOT, NULL, 0);
	struct findings findings = {0};
	struct fixture_op ops[20];
	char entries[20][64];
	struct error e;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(entries[i], sizeof entries[i],
			 "33%02x u:260301000000Z CRLReason=DER:0a0100", i);
		ops[i] = (struct fixture_op){"entry", entries[i]};
	}
	der = fixture_build(FIXTURE_CRL, ops, 20);
	assert_int_equal(lint_crl(span_of(&der), span_of(&issuer), &findings, &e), STATUS_OK);
	assert_int_equal(findings.count, LINT_ENTRIES_TOLD + 1);
	for (size_t i = 0; i < findings.count; i++)
		assert_string_equal(findings.items[i].rule->id, "crl_reason_unspecified");
	assert_string_equal(findings.items[0].where, "entry 2");
	assert_string_equal(findings.items[LINT_ENTRIES_TOLD].message, "has 15 more such entries");
	findings_free(&findings);
	bytes_free(&der);
	bytes_free(&issuer);
}

/* Those that were in order before the first that is not are remembered too. */
static void test_duplicates_out_of_order(void **state)
{
	const struct fixture_op ops[] = {
		{"entry", "3333 u:260301000000Z"}, /* behind the fixture's own, 2222 */
		{"entry", "1111 u:260301000000Z"},
		{"entry", "2222 u:260301000000Z"},
		{"entry", "3333 u:260301000000Z"},
	};
	struct bytes der = fixture_build(FIXTURE_CRL, ops, 4);
	struct findings findings = {0};
	const struct finding *duplicate, *unordered;
	struct error e;

	(void)state;
	assert_int_equal(lint_crl(span_of(&der), (struct span){0}, &findings, &e), STATUS_OK);
	duplicate = findings_find(&findings, "crl_entry_duplicate");
	unordered = findings_find(&findings, "crl_entries_unordered");
	assert_non_null(duplicate);
	assert_non_null(strstr(duplicate->message, "has 2 entries a second time"));
	assert_non_null(unordered);
	assert_non_null(strstr(unordered->message, "3"));
	findings_free(&findings);
	bytes_free(&der);
}

/* The same serial number of two issuers is no duplicate in an indirect CRL; of one it is. */
static void test_indirect_entries(void **state)
{
	static const char *const second[] = {
		"2222 u:260301000000Z certificateIssuer=critical,DER:3010a40e300c310a300806035504030c0161",
		"2222 u:260301000000Z"};
	struct bytes issuer = fixture_build(FIXTURE_ROOT, NULL, 0);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct fixture_op ops[] = {
			{"+issuingDistributionPoint", "critical,DER:30038401ff"},
			{"entry", second[0]},
			{"entry", i ? second[1] : "2223 u:260301000000Z"},
		};
		struct bytes der = fixture_build(FIXTURE_CRL, ops, 3);
		struct findings findings = {0};
		struct error e;

		assert_int_equal(lint_crl(span_of(&der), span_of(&issuer), &findings, &e),
				 STATUS_OK);
		assert_int_equal(findings_find(&findings, "crl_entry_duplicate") != NULL, i);
		findings_free(&findings);
		bytes_free(&der);
	}
	bytes_free(&issuer);
}

/* Each octet of a CRL turned over, and the CRL cut off at each place. */
static void test_any_bytes_of_a_crl(void **state)
{
	const struct fixture_op ops[] = {
		{"entry", "3333 u:260401000000Z CRLReason=DER:0a0101"},
		{"entry", "4444 u:260401000000Z certificateIssuer=critical,DER:3003820161"},
		{"+issuingDistributionPoint", "critical,DER:3003840101"},
		{"+freshestCRL", "URI:http://crl.example.com/a"},
	};
	static const unsigned char turns[] = {0x01, 0x02, 0x20, 0x80, 0xFF};
	struct bytes der, issuer = fixture_build(FIXTURE_ROOT, NULL, 0);
	struct findings findings = {0};
	size_t silent = 0;
	struct error e;

	(void)state;
	der = fixture_build(FIXTURE_CRL, ops, sizeof ops / sizeof *ops);
	for (size_t i = 0; i < der.len * sizeof turns; i++) {
		unsigned char *at = der.data + i / sizeof turns, turn = turns[i % sizeof turns];
		enum status status;

		*at ^= turn;
		status = lint_crl(span_of(&der), span_of(&issuer), &findings, &e);
		assert_true(status == STATUS_OK || status == STATUS_INPUT);
		silent += status == STATUS_OK && findings.count == 0;
		findings_free(&findings);
		*at ^= turn;
	}
	assert_true(silent < der.len * sizeof turns / 2);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(lint_crl((struct span){der.data, len}, span_of(&issuer), &findings,
					  &e),
				 STATUS_INPUT);
	assert_int_equal(ERR_peek_error(), 0);
	bytes_free(&der);
	bytes_free(&issuer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crl_is_passed_or_refused),
		cmocka_unit_test(test_many_entries),
		cmocka_unit_test(test_duplicates_out_of_order),
		cmocka_unit_test(test_indirect_entries),
		cmocka_unit_test(test_any_bytes_of_a_crl),
		cmocka_unit_test(test_sound_tbs_passes),
		cmocka_unit_test(test_error_is_refused),
		cmocka_unit_test(test_notice_is_no_error),
		cmocka_unit_test(test_earlier_findings_do_not_refuse),
		cmocka_unit_test(test_not_a_certificate),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
