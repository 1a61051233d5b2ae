#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/odd_keys.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

EVP_PKEY *rsa_of(BIGNUM *n, BIGNUM *exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent), 1);
	parameters = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(n);
	BN_free(exponent);
	return key;
}

BIGNUM *word(unsigned long value)
{
	BIGNUM *n = BN_new();

	assert_int_equal(BN_set_word(n, value), 1);
	return n;
}

BIGNUM *prime(int bits)
{
	BIGNUM *p = BN_new();

	assert_int_equal(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL), 1);
	return p;
}

BIGNUM *product(BIGNUM *a, BIGNUM *b)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *n = BN_new();

	assert_int_equal(BN_mul(n, a, b, context), 1);
	BN_CTX_free(context);
	BN_free(a);
	BN_free(b);
	return n;
}

BIGNUM *modulus(int bits)
{
	return product(prime(bits / 2), prime(bits - bits / 2));
}

EVP_PKEY *key_generated(const char *algorithm)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *dsa_of_small_numbers(void)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	BIGNUM *p = prime(512), *q = prime(160), *g = word(4), *y = word(16);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_Q, q);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, y);
	parameters = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(p);
	BN_free(q);
	BN_free(g);
	BN_free(y);
	return key;
}

/* 2 * 3 * 5 … 167 */
static BIGNUM *primorial(void)
{
	BIGNUM *m = word(2);

	for (unsigned x = 3; x <= 167; x += 2) {
		bool is_prime = true;

		for (unsigned d = 3; d * d <= x; d += 2)
			is_prime = is_prime && x % d;
		if (is_prime)
			assert_int_equal(BN_mul_word(m, x), 1);
	}
	return m;
}

BIGNUM *roca_prime(int bits)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *m = primorial(), *g = word(65537), *k = BN_new(), *a = BN_new(), *p = BN_new();

	do {
		assert_int_equal(BN_rand(a, 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY), 1);
		assert_int_equal(BN_mod_exp(p, g, a, m, context), 1);
		assert_int_equal(BN_rand(k, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY), 1);
		assert_int_equal(BN_div(k, NULL, k, m, context), 1);
		assert_int_equal(BN_mul(k, k, m, context), 1);
		assert_int_equal(BN_add(p, p, k), 1);
	} while (BN_num_bits(p) != bits || BN_check_prime(p, context, NULL) != 1);
	BN_free(m);
	BN_free(g);
	BN_free(k);
	BN_free(a);
	BN_CTX_free(context);
	return p;
}

EVP_PKEY *explicit_key(const char *group)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *made = NULL, *key;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_group_name(context, group), 1);
	assert_int_equal(EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE), 1);
	assert_int_equal(EVP_PKEY_generate(context, &made), 1);
	len = i2d_PUBKEY(made, &der);
	at = der;
	key = d2i_PUBKEY(NULL, &at, len);
	OPENSSL_free(der);
	EVP_PKEY_free(made);
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *p256_of(const unsigned char *point, size_t len)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)"P-256", 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	parameters[0].data_size = strlen("P-256");
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

BIGNUM *multiple_of(unsigned long factor)
{
	BIGNUM *n = word(1);
	BN_ULONG rest;

	assert_int_equal(BN_lshift(n, n, 2047), 1);
	rest = BN_mod_word(n, factor);
	assert_int_equal(BN_add_word(n, factor - rest), 1);
	if (!BN_is_odd(n) && factor != 2)
		assert_int_equal(BN_add_word(n, factor), 1);
	return n;
}

BIGNUM *prime_after(const BIGNUM *p)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *q = BN_dup(p);

	do
		assert_int_equal(BN_add_word(q, 2), 1);
	while (BN_check_prime(q, context, NULL) != 1);
	BN_CTX_free(context);
	return q;
}

BIGNUM *fermat_modulus(int bits, bool late)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *s = BN_new(), *a = BN_new(), *b = BN_new();

	assert_int_equal(BN_rand(s, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), 1);
	assert_int_equal(BN_sqr(a, s, context), 1);
	assert_int_equal(BN_lshift1(a, a), 1);
	assert_non_null(BN_copy(b, s));
	assert_int_equal(BN_mul_word(b, 20), 1);
	assert_int_equal(late ? BN_add_word(b, 1) : BN_sub_word(b, 1), 1);
	assert_int_equal(BN_sqr(a, a, context), 1);
	assert_int_equal(BN_sqr(b, b, context), 1);
	assert_int_equal(BN_sub(a, a, b), 1);
	BN_free(s);
	BN_free(b);
	BN_CTX_free(context);
	return a;
}

EVP_PKEY *ed25519_of(const unsigned char point[32])
{
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, 32);
}
