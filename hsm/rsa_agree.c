#include "hsm/rsa_agree.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

enum part { N, E, P, Q, DP, DQ, QINV, PARTS };

static bool get_parts(const EVP_PKEY *key, BIGNUM *parts[PARTS])
{
	static const char *const names[PARTS] = {
		[N] = OSSL_PKEY_PARAM_RSA_N,
		[E] = OSSL_PKEY_PARAM_RSA_E,
		[P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
		[Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
		[DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
		[DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
		[QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};

	for (size_t i = 0; i < PARTS; i++) {
		if (EVP_PKEY_get_bn_param(key, names[i], &parts[i]) != 1 || BN_is_zero(parts[i]))
			return false;
		if (i != N && i != E)
			BN_set_flags(parts[i], BN_FLG_CONSTTIME);
	}
	return !BN_is_one(parts[P]) && !BN_is_one(parts[Q]);
}

static bool has_third_prime(const EVP_PKEY *key)
{
	BIGNUM *third = NULL;
	bool has = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1;

	BN_clear_free(third);
	return has;
}

/* a b = 1 (mod m - less) */
static bool inverse(const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_ULONG less,
		    BN_CTX *context)
{
	BIGNUM *modulus = BN_dup(m), *product = BN_secure_new();
	bool is = false;

	if (modulus && product && BN_sub_word(modulus, less) == 1) {
		BN_set_flags(modulus, BN_FLG_CONSTTIME);
		is = BN_mod_mul(product, a, b, modulus, context) == 1 && BN_is_one(product);
	}
	BN_clear_free(product);
	BN_clear_free(modulus);
	return is;
}

static bool is_product(const BIGNUM *n, const BIGNUM *p, const BIGNUM *q, BN_CTX *context)
{
	BIGNUM *product = BN_new();
	bool is = product && BN_mul(product, p, q, context) == 1 && BN_cmp(product, n) == 0;

	BN_clear_free(product);
	return is;
}

bool rsa_parts_agree(const EVP_PKEY *key)
{
	BN_CTX *context = BN_CTX_secure_new();
	BIGNUM *parts[PARTS] = {NULL};
	bool agree = context && EVP_PKEY_get_id(key) == EVP_PKEY_RSA && !has_third_prime(key) &&
		     get_parts(key, parts) && is_product(parts[N], parts[P], parts[Q], context) &&
		     inverse(parts[E], parts[DP], parts[P], 1, context) &&
		     inverse(parts[E], parts[DQ], parts[Q], 1, context) &&
		     inverse(parts[Q], parts[QINV], parts[P], 0, context);

	for (size_t i = 0; i < PARTS; i++)
		BN_clear_free(parts[i]);
	BN_CTX_free(context);
	ERR_clear_error();
	return agree;
}
