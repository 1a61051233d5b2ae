/* ca/inspect: what is read, who signed whom, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/inspect.h"
#include "ca/pem.h"

#define NOW 1800000000

static EVP_PKEY *key_new(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	assert_non_null(key);
	return key;
}

static void set_name(X509_NAME *name, const char *cn)
{
	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
						    (const unsigned char *)cn, -1, -1, 0),
			 1);
}

/* Valid from start to 100 days after it; its DER. */
static struct bytes certificate(const char *subject, EVP_PKEY *key, const char *issuer,
				EVP_PKEY *signer, int64_t start)
{
	X509 *x = X509_new();
	unsigned char *der = NULL;
	struct bytes out = {0};
	struct error e = {0};
	int len;

	assert_non_null(x);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
	set_name(X509_get_subject_name(x), subject);
	set_name(X509_get_issuer_name(x), issuer);
	assert_non_null(X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &(time_t){start}));
	assert_non_null(X509_time_adj_ex(X509_getm_notAfter(x), 100, 0, &(time_t){start}));
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	assert_true(len > 0);
	assert_int_equal(bytes_copy(&out, (struct span){der, (size_t)len}, &e), STATUS_OK);
	OPENSSL_free(der);
	X509_free(x);
	return out;
}

struct family {
	EVP_PKEY *root_key, *child_key;
	struct bytes root, child, mistake;
};

static int family_start(void **state)
{
	static struct family f;

	f.root_key = key_new();
	f.child_key = key_new();
	f.root = certificate("Root", f.root_key, "Root", f.root_key, NOW - 10);
	f.child = certificate("Child", f.child_key, "Root", f.root_key, NOW - 5);
	/* openssl x509 -req -in child.csr -signkey root.key */
	f.mistake = certificate("Child", f.root_key, "Child", f.root_key, NOW - 5);
	*state = &f;
	return 0;
}

static int family_end(void **state)
{
	struct family *f = *state;

	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->child_key);
	bytes_free(&f->root);
	bytes_free(&f->child);
	bytes_free(&f->mistake);
	return 0;
}

static void must_read(struct inspection *in, const struct bytes *der, size_t file)
{
	struct error e = {0};

	assert_int_equal(inspect_read(in, span_of(der), file, &e), STATUS_OK);
}

static void must_judge(struct inspection *in, int64_t now)
{
	struct error e = {0};

	assert_int_equal(inspect_judge(in, now, &e), STATUS_OK);
}

static bool says(const struct inspection *in, size_t at, const char *rule)
{
	return findings_find(&in->items[at].findings, rule);
}

static void test_signers(void **state)
{
	const struct family *f = *state;
	struct inspection in = {0};

	must_read(&in, &f->child, 0);
	must_read(&in, &f->root, 1);
	must_judge(&in, NOW);
	assert_int_equal(in.items[0].signer, 1);
	assert_int_equal(in.items[1].signer, 1);
	assert_false(says(&in, 0, "inspect_signature_failed"));
	assert_false(says(&in, 0, "inspect_self_issued_ca_key"));
	assert_false(says(&in, 1, "inspect_self_issued_ca_key"));
	inspection_free(&in);

	must_read(&in, &f->child, 0);
	must_judge(&in, NOW);
	assert_int_equal(in.items[0].signer, INSPECT_NONE);
	assert_false(says(&in, 0, "inspect_signature_failed"));
	inspection_free(&in);
}

static void test_false_signer(void **state)
{
	const struct family *f = *state;
	struct bytes other = certificate("Root", f->child_key, "Root", f->child_key, NOW - 10);
	struct inspection in = {0};

	must_read(&in, &f->child, 0);
	must_read(&in, &other, 1);
	must_judge(&in, NOW);
	assert_int_equal(in.items[0].signer, INSPECT_NONE);
	assert_true(says(&in, 0, "inspect_signature_failed"));
	bytes_free(&other);
	inspection_free(&in);
}

/* Only the certificate with the other's key is the mistake, in either order of the files. */
static void test_mistake(void **state)
{
	const struct family *f = *state;

	for (size_t first = 0; first < 2; first++) {
		struct inspection in = {0};

		must_read(&in, first ? &f->root : &f->mistake, 0);
		must_read(&in, first ? &f->mistake : &f->root, 1);
		must_judge(&in, NOW);
		assert_true(says(&in, first, "inspect_self_issued_ca_key"));
		assert_false(says(&in, 1 - first, "inspect_self_issued_ca_key"));
		inspection_free(&in);
	}
}

static void test_times(void **state)
{
	const struct family *f = *state;
	static const struct {
		int64_t now;
		bool expired, early;
	} cases[] = {
		{NOW, false, false},
		{NOW - 5, false, false},
		{NOW - 6, false, true},
		{NOW - 5 + 100 * 86400, false, false},
		{NOW - 4 + 100 * 86400, true, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct inspection in = {0};

		must_read(&in, &f->child, 0);
		must_judge(&in, cases[i].now);
		assert_int_equal(says(&in, 0, "inspect_expired"), cases[i].expired);
		assert_int_equal(says(&in, 0, "inspect_not_yet_valid"), cases[i].early);
		inspection_free(&in);
	}
}

/* A file that fails half way leaves nothing behind, and what was there stays. */
static void test_all_or_nothing(void **state)
{
	const struct family *f = *state;
	struct inspection in = {0};
	struct text pem = {0};
	struct error e = {0};

	must_read(&in, &f->root, 0);
	assert_int_equal(pem_add_certificate(&pem, span_of(&f->child), &e), STATUS_OK);
	assert_int_equal(inspect_read(&in, span_text(text_get(&pem)), 1, &e), STATUS_OK);
	assert_int_equal(in.count, 2);
	text_add(&pem, "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n");
	assert_int_equal(inspect_read(&in, span_text(text_get(&pem)), 2, &e), STATUS_INPUT);
	assert_int_equal(in.count, 2);
	text_free(&pem);
	inspection_free(&in);
}

static void test_too_many(void **state)
{
	const struct family *f = *state;
	struct inspection in = {0};
	struct error e = {0};

	for (size_t i = 0; i < INSPECT_OBJECTS_MAX; i++)
		must_read(&in, &f->child, i);
	assert_int_equal(inspect_read(&in, span_of(&f->child), 0, &e), STATUS_INPUT);
	assert_int_equal(in.count, INSPECT_OBJECTS_MAX);
	inspection_free(&in);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"", "text", "-----BEGIN NOTHING-----\nMAAA\n-----END NOTHING-----\n",
		"-----BEGIN CERTIFICATE-----\nMAAA\n", "\x30\x82\x01\x00"};
	const struct family *f = *state;
	struct inspection in = {0};
	struct error e = {0};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(inspect_read(&in, span_text(texts[i]), 0, &e), STATUS_INPUT);
	for (size_t len = 0; len < f->child.len; len += 7)
		assert_int_equal(inspect_read(&in, (struct span){f->child.data, len}, 0, &e),
				 STATUS_INPUT);
	assert_int_equal(in.count, 0);
	inspection_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signers),	 cmocka_unit_test(test_false_signer),
		cmocka_unit_test(test_mistake),	 cmocka_unit_test(test_times),
		cmocka_unit_test(test_too_many), cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, family_start, family_end);
}
