#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/der.h"
#include "hsm/pkcs8.h"

static struct bytes plain(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	struct bytes der = {0};
	struct error e = {0};

	assert_int_equal(der_encode(info, (i2d_of_void *)i2d_PKCS8_PRIV_KEY_INFO, &der, &e),
			 STATUS_OK);
	PKCS8_PRIV_KEY_INFO_free(info);
	return der;
}

/* Every number of it: what is written again is what was read. */
static void comes_back(EVP_PKEY *key)
{
	struct bytes der = plain(key), again;
	struct error e = {0};
	EVP_PKEY *read = NULL;

	assert_int_equal(pkcs8_decode(span_of(&der), false, NULL, &read, &e), STATUS_OK);
	assert_int_equal(EVP_PKEY_eq(key, read), 1);
	assert_string_equal(EVP_PKEY_get0_type_name(key), EVP_PKEY_get0_type_name(read));
	again = plain(read);
	assert_true(span_equal(span_of(&der), span_of(&again)));
	for (size_t len = 0; len < der.len; len += 7) {
		EVP_PKEY *cut = NULL;

		assert_int_equal(pkcs8_decode((struct span){der.data, len}, false, NULL, &cut, &e),
				 STATUS_KEY);
		assert_null(cut);
		assert_int_equal(ERR_peek_error(), 0);
	}
	bytes_free(&again);
	bytes_free(&der);
	EVP_PKEY_free(read);
	EVP_PKEY_free(key);
}

static EVP_PKEY *rsa(const char *type, size_t primes)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 1024), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_primes(context, (int)primes), 1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void every_kind_comes_back_whole(void **state)
{
	(void)state;
	comes_back(EVP_RSA_gen(2048));
	comes_back(rsa("RSA", 2));
	comes_back(rsa("RSA", 3));
	comes_back(rsa("RSA-PSS", 2));
	comes_back(EVP_EC_gen("P-256"));
	comes_back(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

static void read_key_signs(void **state)
{
	EVP_PKEY *key = rsa("RSA", 2), *read = NULL;
	struct bytes der = plain(key);
	unsigned char signature[256];
	size_t len = sizeof signature;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct error e = {0};

	(void)state;
	assert_int_equal(pkcs8_decode(span_of(&der), false, NULL, &read, &e), STATUS_OK);
	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, read), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len, der.data, der.len), 1);
	EVP_MD_CTX_reset(context);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(context, signature, len, der.data, der.len), 1);
	EVP_MD_CTX_free(context);
	bytes_free(&der);
	EVP_PKEY_free(read);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back_whole),
		cmocka_unit_test(read_key_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
