#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/spki.h"

static struct bytes encode(EVP_PKEY *key)
{
	struct bytes spki = {0};
	struct error e = {0};

	assert_int_equal(der_encode(key, (i2d_of_void *)i2d_PUBKEY, &spki, &e), STATUS_OK);
	return spki;
}

/* What OpenSSL's decoder makes of it, and what ours does, are one and the same. */
static void expect_same(struct span spki, bool is_key)
{
	const unsigned char *at = spki.data;
	EVP_PKEY *theirs = d2i_PUBKEY(NULL, &at, (long)spki.len);
	EVP_PKEY *ours = spki_key(spki);
	struct bytes their_bytes, our_bytes;

	assert_int_equal(theirs != NULL, is_key);
	assert_int_equal(ours != NULL, is_key);
	if (!is_key) {
		assert_int_not_equal(ERR_peek_error(), 0);
		ERR_clear_error();
		return;
	}
	assert_int_equal(EVP_PKEY_eq(theirs, ours), 1);
	assert_string_equal(EVP_PKEY_get0_type_name(theirs), EVP_PKEY_get0_type_name(ours));
	assert_int_equal(EVP_PKEY_get_bits(theirs), EVP_PKEY_get_bits(ours));
	their_bytes = encode(theirs);
	our_bytes = encode(ours);
	assert_true(span_equal(span_of(&their_bytes), span_of(&our_bytes)));
	bytes_free(&their_bytes);
	bytes_free(&our_bytes);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(ours);
}

static void expect_same_key(EVP_PKEY *key)
{
	struct bytes spki = encode(key);

	expect_same(span_of(&spki), true);
	bytes_free(&spki);
	EVP_PKEY_free(key);
}

static EVP_PKEY *ec_key(const char *curve, const char *form, const char *encoding)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	assert_int_equal(EVP_PKEY_set_utf8_string_param(
				 key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form),
			 1);
	assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding),
			 1);
	return key;
}

static EVP_PKEY *pss_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 1024), 1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void every_kind(void **state)
{
	(void)state;
	expect_same_key(EVP_RSA_gen(2048));
	expect_same_key(EVP_RSA_gen(1024));
	expect_same_key(pss_key());
	expect_same_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	expect_same_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));
	expect_same_key(ec_key("P-256", "uncompressed", "named_curve"));
	expect_same_key(ec_key("P-256", "compressed", "named_curve"));
	expect_same_key(ec_key("P-256", "hybrid", "named_curve"));
	expect_same_key(ec_key("P-384", "uncompressed", "named_curve"));
	expect_same_key(ec_key("P-521", "compressed", "named_curve"));
	expect_same_key(ec_key("secp256k1", "uncompressed", "named_curve"));
	expect_same_key(ec_key("P-256", "uncompressed", "explicit"));
}

static struct bytes encoded_ec(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct bytes spki = encode(key);

	EVP_PKEY_free(key);
	return spki;
}

static void no_point_of_the_curve(void **state)
{
	struct bytes spki = encoded_ec();

	(void)state;
	spki.data[spki.len - 1] ^= 1;
	expect_same(span_of(&spki), false);
	bytes_free(&spki);
}

/* Nothing is no point. Infinity is one to OpenSSL; csr_key_check() is who refuses it. */
static void no_point_at_all(void **state)
{
	static const unsigned char head[] = {0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
					     0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
					     0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x02, 0x00, 0x00};
	unsigned char nothing[sizeof head - 1];
	EVP_PKEY *key;

	(void)state;
	memcpy(nothing, head, sizeof nothing);
	nothing[1] = 0x18;
	nothing[24] = 0x01;
	expect_same((struct span){nothing, sizeof nothing}, false);
	key = spki_key((struct span){head, sizeof head});
	assert_non_null(key);
	EVP_PKEY_free(key);
}

static void cut_and_trailed(void **state)
{
	struct bytes spki = encoded_ec();
	unsigned char longer[200] = {0};

	(void)state;
	for (size_t len = 0; len < spki.len; len++)
		assert_null(spki_key((struct span){spki.data, len}));
	memcpy(longer, spki.data, spki.len);
	assert_null(spki_key((struct span){longer, spki.len + 1}));
	ERR_clear_error();
	bytes_free(&spki);
}

/* SEQUENCE { { rsaEncryption, parameter }, BIT STRING { SEQUENCE { modulus, exponent } } } */
static void odd_rsa(void **state)
{
	static const unsigned char negative[] = {0x30, 0x1A, 0x30, 0x0D, 0x06, 0x09, 0x2A,
						 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01,
						 0x01, 0x05, 0x00, 0x03, 0x09, 0x00, 0x30,
						 0x06, 0x02, 0x01, 0x91, 0x02, 0x01, 0x03};
	unsigned char other[sizeof negative];
	const unsigned char *at = negative;
	EVP_PKEY *theirs = d2i_PUBKEY(NULL, &at, sizeof negative);

	(void)state;
	ERR_clear_error();
	expect_same((struct span){negative, sizeof negative}, theirs != NULL);
	EVP_PKEY_free(theirs);
	memcpy(other, negative, sizeof other);
	other[24] = 0x71;
	expect_same((struct span){other, sizeof other}, true);
	other[15] = 0x04; /* the parameter: an empty OCTET STRING */
	at = other;
	theirs = d2i_PUBKEY(NULL, &at, sizeof other);
	ERR_clear_error();
	expect_same((struct span){other, sizeof other}, theirs != NULL);
	EVP_PKEY_free(theirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),	   cmocka_unit_test(no_point_of_the_curve),
		cmocka_unit_test(no_point_at_all), cmocka_unit_test(cut_and_trailed),
		cmocka_unit_test(odd_rsa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
