/* base/kdf.h: no file keeps the machine busy, whatever it says about its own key derivation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/asn1t.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

#include "base/kdf.h"
#include "hsm/signer.h"

static unsigned char salt[16];

/* How many rounds are taken for algorithm from one more than there may be; -1: refused. Frees it. */
static int64_t spent(X509_ALGOR *algorithm)
{
	int64_t left = KDF_ROUNDS_MAX;
	bool good;

	assert_non_null(algorithm);
	good = kdf_spend(algorithm, &left);
	X509_ALGOR_free(algorithm);
	assert_true(good || left == KDF_ROUNDS_MAX);
	return good ? KDF_ROUNDS_MAX - left : -1;
}

static X509_ALGOR *pbes2(int rounds)
{
	return PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, salt, sizeof salt, NULL,
				 NID_hmacWithSHA256);
}

static X509_ALGOR *scrypt(uint64_t n, uint64_t r, uint64_t p)
{
	return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, NULL, n, r, p);
}

static void each_kind_is_counted(void **state)
{
	(void)state;
	assert_int_equal(spent(pbes2(1)), 1);
	assert_int_equal(spent(pbes2(600000)), 600000);
	assert_int_equal(spent(PKCS5_pbkdf2_set(2048, salt, sizeof salt, NID_hmacWithSHA1, 32)),
			 2048);
	assert_int_equal(
		spent(PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 2048, salt, 8)), 2048);
	assert_int_equal(spent(PKCS5_pbe_set(NID_pbeWithMD5AndDES_CBC, 7, salt, 8)), 7);
	assert_int_equal(spent(scrypt(16384, 8, 1)), 16384 * 8);
}

static void what_takes_too_long_is_refused(void **state)
{
	(void)state;
	assert_int_equal(spent(pbes2(KDF_ROUNDS_MAX)), KDF_ROUNDS_MAX);
	assert_int_equal(spent(pbes2(KDF_ROUNDS_MAX + 1)), -1);
	assert_int_equal(spent(pbes2(INT32_MAX)), -1);
	assert_int_equal(spent(PKCS5_pbe_set(NID_pbe_WithSHA1And40BitRC2_CBC, INT32_MAX, salt, 8)),
			 -1);
	assert_int_equal(spent(PKCS5_pbkdf2_set(INT32_MAX, salt, 8, NID_hmacWithSHA256, 32)), -1);
}

/* scrypt with parameters that OpenSSL would not write. */
static X509_ALGOR *scrypt_of(int64_t n, int64_t r, int64_t p)
{
	SCRYPT_PARAMS *parameters = SCRYPT_PARAMS_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	ASN1_STRING *packed = NULL;

	assert_true(parameters && algorithm);
	assert_int_equal(ASN1_INTEGER_set_int64(parameters->costParameter, n), 1);
	assert_int_equal(ASN1_INTEGER_set_int64(parameters->blockSize, r), 1);
	assert_int_equal(ASN1_INTEGER_set_int64(parameters->parallelizationParameter, p), 1);
	packed = ASN1_item_pack(parameters, ASN1_ITEM_rptr(SCRYPT_PARAMS), NULL);
	assert_int_equal(
		X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_id_scrypt), V_ASN1_SEQUENCE, packed), 1);
	SCRYPT_PARAMS_free(parameters);
	return algorithm;
}

static void a_product_does_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(spent(scrypt_of(2, 1, 1)), 2);
	assert_int_equal(spent(scrypt_of(INT64_MAX, 1, 1)), -1);
	assert_int_equal(spent(scrypt_of(INT64_C(1) << 32, INT64_C(1) << 32, 1)), -1);
	assert_int_equal(spent(scrypt_of(2, 1, INT64_MAX)), -1);
	assert_int_equal(spent(scrypt_of(0, 1, 1)), -1);
	assert_int_equal(spent(scrypt_of(2, -1, 1)), -1);
}

static void many_share_one_budget(void **state)
{
	X509_ALGOR *half = pbes2(KDF_ROUNDS_MAX / 2 + 1);
	int64_t left = KDF_ROUNDS_MAX;

	(void)state;
	assert_true(kdf_spend(half, &left));
	assert_false(kdf_spend(half, &left));
	X509_ALGOR_free(half);
}

static void what_derives_nothing_asks_for_nothing(void **state)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();

	(void)state;
	X509_ALGOR_set_md(algorithm, EVP_sha256());
	assert_int_equal(spent(algorithm), 0);
	/* Parameters of the wrong kind. */
	algorithm = X509_ALGOR_new();
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_pbes2), V_ASN1_NULL, NULL);
	assert_int_equal(spent(algorithm), 0);
}

/* --- keys of other tools ---------------------------------------------------------------------- */

static void refused(struct span content)
{
	struct bytes word = {0};
	struct secret *secret = NULL;
	struct foreign_key *key = NULL;
	struct error e = {0};
	bool locked = false;

	assert_int_equal(bytes_copy(&word, span_text("secret"), &e), STATUS_OK);
	assert_int_equal(secret_take(&word, &secret, &e), STATUS_OK);
	assert_true(foreign_key_seen(content, &locked) && locked);
	assert_int_equal(foreign_key_open(content, secret, &key, &e), STATUS_KEY);
	assert_non_null(strstr(e.what, "iterations"));
	assert_null(key);
	secret_free(secret);
}

static void refused_sig(X509_SIG *sealed)
{
	unsigned char *der = NULL;
	int len = i2d_X509_SIG(sealed, &der);

	assert_true(len > 0);
	refused((struct span){der, (size_t)len});
	OPENSSL_free(der);
	X509_SIG_free(sealed);
}

/* What is sealed so cannot be made without the work: 32 octets stand for it. */
static X509_SIG *endless(void)
{
	X509_SIG *sealed = X509_SIG_new();
	X509_ALGOR *pbe = pbes2(INT32_MAX), *algorithm;
	ASN1_OCTET_STRING *octets;

	X509_SIG_getm(sealed, &algorithm, &octets);
	assert_int_equal(X509_ALGOR_copy(algorithm, pbe), 1);
	assert_int_equal(ASN1_OCTET_STRING_set(octets, salt, sizeof salt), 1);
	X509_ALGOR_free(pbe);
	return sealed;
}

static void refused_pkcs12(PKCS12 *p12)
{
	unsigned char *der = NULL;
	int len = i2d_PKCS12(p12, &der);

	assert_true(len > 0);
	refused((struct span){der, (size_t)len});
	OPENSSL_free(der);
	PKCS12_free(p12);
}

static PKCS12 *pkcs12_of(PKCS12_SAFEBAG *bag, bool encrypted)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
	STACK_OF(PKCS7) *safes = NULL;
	PKCS12 *p12;

	assert_true(bag && sk_PKCS12_SAFEBAG_push(bags, bag) == 1);
	assert_int_equal(PKCS12_add_safe(&safes, bags,
					 encrypted ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : -1, 1,
					 "secret"),
			 1);
	p12 = PKCS12_add_safes(safes, 0);
	assert_non_null(p12);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return p12;
}

static void keys_of_other_tools_are_bounded(void **state)
{
	PKCS12 *p12;

	(void)state;
	refused_sig(endless());
	refused_pkcs12(pkcs12_of(PKCS12_SAFEBAG_create0_pkcs8(endless()), false));
	/* The bag is seen only once the safe around it was opened. */
	refused_pkcs12(pkcs12_of(PKCS12_SAFEBAG_create0_pkcs8(endless()), true));
	p12 = pkcs12_of(PKCS12_SAFEBAG_create0_pkcs8(endless()), false);
	assert_int_equal(PKCS12_set_mac(p12, "secret", -1, NULL, 0, 1, EVP_sha256()), 1);
	refused_pkcs12(p12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_counted),
		cmocka_unit_test(what_takes_too_long_is_refused),
		cmocka_unit_test(a_product_does_not_overflow),
		cmocka_unit_test(many_share_one_budget),
		cmocka_unit_test(what_derives_nothing_asks_for_nothing),
		cmocka_unit_test(keys_of_other_tools_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
