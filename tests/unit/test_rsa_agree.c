#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "hsm/rsa_agree.h"

/* The same key with one of its parts one larger. */
static EVP_PKEY *spoil(EVP_PKEY *key, const char *part)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *given = NULL, *spoilt, *merged;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *number = NULL;
	EVP_PKEY *out = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, part, &number), 1);
	assert_int_equal(BN_add_word(number, 1), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, part, number), 1);
	spoilt = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &given), 1);
	merged = OSSL_PARAM_merge(given, spoilt);
	assert_non_null(merged);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &out, EVP_PKEY_KEYPAIR, merged), 1);
	OSSL_PARAM_free(merged);
	OSSL_PARAM_free(given);
	OSSL_PARAM_free(spoilt);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(number);
	return out;
}

static void each_part_counts(void **state)
{
	static const char *const parts[] = {
		OSSL_PKEY_PARAM_RSA_N,
		OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	EVP_PKEY *key = EVP_RSA_gen(2048);

	(void)state;
	assert_true(rsa_parts_agree(key));
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		EVP_PKEY *bad = spoil(key, parts[i]);

		assert_false(rsa_parts_agree(bad));
		EVP_PKEY_free(bad);
	}
	EVP_PKEY_free(key);
}

static void nothing_is_said_of_other_keys(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048), *public_key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *parts = NULL;

	(void)state;
	assert_int_equal(EVP_PKEY_todata(rsa, EVP_PKEY_PUBLIC_KEY, &parts), 1);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &public_key, EVP_PKEY_PUBLIC_KEY, parts), 1);
	assert_false(rsa_parts_agree(ec));
	assert_false(rsa_parts_agree(public_key));
	OSSL_PARAM_free(parts);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(public_key);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_counts),
		cmocka_unit_test(nothing_is_said_of_other_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
