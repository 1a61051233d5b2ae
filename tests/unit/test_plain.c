#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/lint/internal.h"
#include "ca/plain.h"
#include "tests/unit/lint_cases.h"

static struct span string_span(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* --- what OpenSSL's templates say of the same octets ------------------------------------------ */

static void expect_algorithm(const X509_ALGOR *algorithm, struct span der, int nid)
{
	unsigned char *encoded = NULL;
	int len = i2d_X509_ALGOR(algorithm, &encoded);

	assert_true(len > 0);
	assert_true(span_equal(der, (struct span){encoded, (size_t)len}));
	assert_int_equal(OBJ_obj2nid(algorithm->algorithm), nid);
	OPENSSL_free(encoded);
}

static void expect_time(const ASN1_TYPE *t, int64_t seconds)
{
	struct tm fields;

	assert_int_equal(ASN1_TIME_to_tm(t->value.asn1_string, &fields), 1);
	assert_int_equal(timegm(&fields), seconds);
}

static void expect_key(const struct plain_certificate *p)
{
	const unsigned char *at = p->spki.data;
	DER_SPKI *spki = d2i_DER_SPKI(NULL, &at, (long)p->spki.len);
	struct span modulus, exponent, key;
	DER_RSA *rsa;

	assert_non_null(spki);
	assert_ptr_equal(at, p->spki.data + p->spki.len);
	expect_algorithm(spki->algorithm, p->spki_algorithm, p->key_nid);
	assert_true(span_equal(p->key, string_span(spki->key)));
	assert_int_equal(spki->key->flags & 0x07, 0);
	if (plain_rsa_bits(p->spki, &key))
		assert_true(span_equal(p->key, key));
	if (plain_rsa_read(p->key, &modulus, &exponent)) {
		at = p->key.data;
		rsa = d2i_DER_RSA(NULL, &at, (long)p->key.len);
		assert_non_null(rsa);
		assert_true(span_equal(modulus, string_span(rsa->modulus)));
		assert_true(span_equal(exponent, string_span(rsa->exponent)));
		DER_RSA_free(rsa);
	}
	DER_SPKI_free(spki);
}

static void expect_values(const struct plain_extension *x)
{
	const unsigned char *at = x->value.data;
	struct span octets;
	int path_length;
	void *value;
	bool ca;

	if (x->nid == NID_basic_constraints &&
	    plain_basic_constraints_read(x->value, &ca, &path_length)) {
		BASIC_CONSTRAINTS *b = d2i_BASIC_CONSTRAINTS(NULL, &at, (long)x->value.len);

		assert_non_null(b);
		assert_int_equal(b->ca != 0, ca);
		assert_int_equal(b->pathlen ? ASN1_INTEGER_get(b->pathlen) : -1, path_length);
		BASIC_CONSTRAINTS_free(b);
	} else if (x->nid == NID_subject_key_identifier && plain_octets_read(x->value, &octets)) {
		value = d2i_ASN1_OCTET_STRING(NULL, &at, (long)x->value.len);
		assert_non_null(value);
		assert_true(span_equal(octets, string_span(value)));
		ASN1_OCTET_STRING_free(value);
	} else if (x->nid == NID_authority_key_identifier &&
		   plain_authority_key_read(x->value, &octets)) {
		AUTHORITY_KEYID *a = d2i_AUTHORITY_KEYID(NULL, &at, (long)x->value.len);

		assert_non_null(a);
		assert_true(a->keyid && !a->issuer && !a->serial);
		assert_true(span_equal(octets, string_span(a->keyid)));
		AUTHORITY_KEYID_free(a);
	}
	assert_true(at == x->value.data || at == x->value.data + x->value.len);
}

static void expect_fields(const struct plain_certificate *p, const LINT_TBS *t)
{
	assert_int_equal(ASN1_INTEGER_get(t->version), 2);
	assert_null(t->issuer_unique_id);
	assert_null(t->subject_unique_id);
	assert_int_equal(ASN1_STRING_type(t->serial), V_ASN1_INTEGER);
	assert_true(span_equal(p->serial, string_span(t->serial)));
	expect_algorithm(t->signature, p->inner_algorithm, OBJ_obj2nid(t->signature->algorithm));
	assert_true(span_equal(p->issuer, string_span(t->issuer->value.sequence)));
	assert_true(span_equal(p->subject, string_span(t->subject->value.sequence)));
	assert_true(span_equal(p->spki, string_span(t->spki->value.sequence)));
	expect_time(t->validity->not_before, p->not_before);
	expect_time(t->validity->not_after, p->not_after);
	assert_int_equal(sk_LINT_EXTENSION_num(t->extensions), p->extension_count);
	for (size_t i = 0; i < p->extension_count; i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(t->extensions, (int)i);

		assert_int_equal(OBJ_obj2nid(x->type), p->extension[i].nid);
		assert_true(p->extension[i].critical ? x->critical > 0 : x->critical == -1);
		assert_true(span_equal(p->extension[i].value, string_span(x->value)));
		expect_values(&p->extension[i]);
	}
}

/* Whether der is plain; the test ends where the templates see something else in it. */
static bool agrees(struct span der)
{
	struct plain_certificate p;
	DER_SIGNED *envelope = NULL;
	const unsigned char *at;
	struct error e;
	LINT_TBS *t;

	if (!plain_certificate_read(der, &p))
		return false;
	assert_int_equal(der_signed_parse(der, &envelope, &e), STATUS_OK);
	assert_true(span_equal(p.tbs, der_to_be_signed(envelope)));
	expect_algorithm(envelope->algorithm, p.algorithm, p.algorithm_nid);
	assert_true(span_equal(p.signature, string_span(envelope->signature)));
	at = p.tbs.data;
	t = d2i_LINT_TBS(NULL, &at, (long)p.tbs.len);
	assert_non_null(t);
	assert_ptr_equal(at, p.tbs.data + p.tbs.len);
	expect_fields(&p, t);
	expect_key(&p);
	LINT_TBS_free(t);
	DER_SIGNED_free(envelope);
	return true;
}

/* A name read in place, and by templates; which of them take it must be the same too. */
static bool names_agree(struct span der)
{
	struct lint_name quick = {0}, slow = {0};
	size_t offset;
	bool is_name;

	if (der_canonical(der, &offset) != DER_CANONICAL)
		return false;
	is_name = lint_name_read(der, true, &quick);
	assert_int_equal(lint_name_read(der, false, &slow), is_name);
	if (is_name) {
		assert_int_equal(quick.rdns, slow.rdns);
		assert_int_equal(quick.count, slow.count);
	}
	for (size_t i = 0; is_name && i < quick.count; i++) {
		const struct plain_part *a = &quick.parts[i], *b = &slow.parts[i];

		assert_true(a->nid == b->nid && a->type == b->type && a->rdn == b->rdn);
		assert_true(span_equal(a->oid, b->oid) && span_equal(a->text, b->text));
	}
	is_name = is_name && !quick.decoded;
	lint_name_free(&quick);
	lint_name_free(&slow);
	return is_name;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void usual_certificates_are_plain(void **state)
{
	(void)state;
	for (enum fixture_kind kind = FIXTURE_ROOT; kind <= FIXTURE_LEAF; kind++) {
		struct bytes der = fixture_build(kind, NULL, 0);

		assert_true(agrees(span_of(&der)));
		/* Not what is cut off, nor what has more behind it. */
		for (size_t len = 0; len < der.len; len++)
			assert_false(agrees((struct span){der.data, len}));
		der.len++;
		assert_false(agrees(span_of(&der)));
		bytes_free(&der);
	}
}

/* Of each fixture of lint as it is, and with each octet another one. */
static void templates_agree(void **state)
{
	static const unsigned char changes[] = {0x01, 0x20, 0x80, 0xff};
	size_t plain = 0, changed = 0;

	(void)state;
	for (size_t i = 0; i < lint_case_count; i++) {
		const struct lint_case *c = &lint_cases[i];
		struct bytes der;

		if (c->kind > FIXTURE_LEAF)
			continue;
		der = lint_case_build(c->kind, c->fail, false);
		plain += agrees(span_of(&der));
		for (size_t at = 0; at < der.len; at++)
			for (size_t k = 0; k < sizeof changes; k++) {
				der.data[at] ^= changes[k];
				changed += agrees(span_of(&der));
				der.data[at] ^= changes[k];
			}
		bytes_free(&der);
	}
	ERR_clear_error();
	assert_true(plain > 50);
	assert_true(changed > 1000);
}

static void names_are_read_in_place(void **state)
{
	static const struct fixture_op subjects[] = {
		{"subject", "CN:u:a"},
		{"subject", "C:p:DE|O:t:a%E4|+OU:i:x|CN:n:1"},
		{"subject", "CN:b:%00a|CN:u:"},
		{"subject",
		 "CN:u:1|CN:u:2|CN:u:3|CN:u:4|CN:u:5|CN:u:6|CN:u:7|CN:u:8|CN:u:9|CN:u:10"},
	};
	size_t in_place = 0;

	(void)state;
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
		struct bytes der = fixture_build(FIXTURE_LEAF, &subjects[i], 1), name = {0};
		struct plain_certificate p;
		struct error e;

		assert_true(plain_certificate_read(span_of(&der), &p));
		assert_int_equal(bytes_copy(&name, p.subject, &e), STATUS_OK);
		for (size_t at = 0; at < name.len; at++)
			for (unsigned change = 0; change < 256; change++) {
				name.data[at] ^= (unsigned char)change;
				in_place += names_agree(span_of(&name));
				name.data[at] ^= (unsigned char)change;
			}
		bytes_free(&name);
		bytes_free(&der);
	}
	assert_true(in_place > 1000);
}

/* What RFC 5280 forbids, or templates might see in another way, is theirs. */
static void odd_certificates_are_not(void **state)
{
	static const struct fixture_op odd[] = {
		{"version", ""},
		{"version", "01"},
		{"version", "0200"},
		{"serial", "ff"},
		{"notAfter", "g:20300101000000Z"},
		{"notAfter", "u:3001010000Z"},
		{"notAfter", "u:300231000000Z"},
		{"issuerUniqueID", "00aa"},
		{"+basicConstraints", "false,CA:FALSE"},
		{"no-extensions", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct bytes der = fixture_build(FIXTURE_LEAF, &odd[i], 1);

		if (agrees(span_of(&der)))
			fail_msg("%s %s", odd[i].what, odd[i].value);
		bytes_free(&der);
	}
}

static void numbers_of_identifiers(void **state)
{
	static const unsigned char unknown[] = {0x55, 0x1d, 0x7f}, none[] = {0x2a};
	int end = OBJ_new_nid(0), seen = 0;

	(void)state;
	for (int nid = 1; nid < end; nid++) {
		const ASN1_OBJECT *o = OBJ_nid2obj(nid);
		struct span content = {o ? OBJ_get0_data(o) : NULL, o ? OBJ_length(o) : 0};
		ASN1_OBJECT *copy;

		if (content.len == 0)
			continue;
		/* Without a number of its own: OpenSSL has to look for it. */
		copy = ASN1_OBJECT_create(NID_undef, (unsigned char *)content.data,
					  (int)content.len, NULL, NULL);
		assert_int_equal(der_oid_nid(content), OBJ_obj2nid(copy));
		ASN1_OBJECT_free(copy);
		seen++;
	}
	assert_true(seen > 500);
	assert_int_equal(der_oid_nid((struct span){unknown, sizeof unknown}), NID_undef);
	assert_int_equal(der_oid_nid((struct span){none, 0}), NID_undef);
}

static void times(void **state)
{
	static const struct {
		int type;
		const char *text;
		int64_t seconds; /* -1: none */
	} cases[] = {
		{V_ASN1_UTCTIME, "700101000001Z", 1},
		{V_ASN1_UTCTIME, "491231235959Z", 2524607999},
		{V_ASN1_UTCTIME, "500101000000Z", -631152000},
		{V_ASN1_GENERALIZEDTIME, "20500101000000Z", 2524608000},
		{V_ASN1_UTCTIME, "700101000060Z", -1},
		{V_ASN1_UTCTIME, "7001010000Z", -1},
		{V_ASN1_UTCTIME, "700101000000+", -1},
		{V_ASN1_UTCTIME, "70010100000aZ", -1},
		{V_ASN1_UTCTIME, "700229000000Z", -1},
		{V_ASN1_GENERALIZEDTIME, "700101000001Z", -1},
		{V_ASN1_UTF8STRING, "700101000001Z", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t seconds = -2;
		int year;
		bool read = der_time(cases[i].type, span_text(cases[i].text), &seconds, &year);

		if (read != (cases[i].seconds != -1) || (read && seconds != cases[i].seconds))
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_certificates_are_plain),
		cmocka_unit_test(templates_agree),
		cmocka_unit_test(names_are_read_in_place),
		cmocka_unit_test(odd_certificates_are_not),
		cmocka_unit_test(numbers_of_identifiers),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
