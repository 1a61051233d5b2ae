#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "hsm/keyfile.h"
#include "hsm/signer.h"

/* A backend that signs with a key in memory and spoils what the test asks it to. */
struct fake {
	EVP_PKEY *key;
	bool spoil;
	bool fail;
	int *freed;
};

static enum status fake_sign(void *self, const EVP_MD *digest, struct span message,
			     struct bytes *signature, struct error *e)
{
	struct fake *fake = self;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = 0;

	if (fake->fail) {
		EVP_MD_CTX_free(context);
		return error_set(e, STATUS_KEY, NULL, NULL, "the token is gone");
	}
	assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, fake->key), 1);
	assert_int_equal(EVP_DigestSign(context, NULL, &len, message.data, message.len), 1);
	signature->data = malloc(len + 1);
	assert_non_null(signature->data);
	assert_int_equal(EVP_DigestSign(context, signature->data, &len, message.data, message.len),
			 1);
	signature->len = len;
	if (fake->spoil)
		signature->data[len - 1] ^= 1;
	EVP_MD_CTX_free(context);
	return STATUS_OK;
}

static void fake_free(void *self)
{
	struct fake *fake = self;

	++*fake->freed;
	EVP_PKEY_free(fake->key);
	free(fake);
}

static const struct signer_ops fake_ops = {.sign = fake_sign, .free = fake_free};

static EVP_PKEY *key_of(const char *type)
{
	struct error e;
	EVP_PKEY *key = NULL;

	assert_int_equal(key_generate(type, &key, &e), STATUS_OK);
	return key;
}

static int freed;

static struct signer *signer_of(EVP_PKEY *key, struct fake **fake)
{
	struct error e;
	struct signer *s = NULL;

	*fake = calloc(1, sizeof **fake);
	assert_non_null(*fake);
	EVP_PKEY_up_ref(key);
	(*fake)->key = key;
	(*fake)->freed = &freed;
	assert_int_equal(signer_new(&fake_ops, *fake, key, "a fake", &s, &e), STATUS_OK);
	return s;
}

static void check_algorithm(const char *type, const char *digest, int nid, int parameters)
{
	struct error e = {0};
	EVP_PKEY *key = key_of(type);
	X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *object;
	int given;

	assert_int_equal(signature_algorithm_for(key, digest, &algorithm, &e), STATUS_OK);
	X509_ALGOR_get0(&object, &given, NULL, algorithm);
	assert_int_equal(OBJ_obj2nid(object), nid);
	assert_int_equal(given, parameters);
	X509_ALGOR_free(algorithm);
	EVP_PKEY_free(key);
}

static void algorithms_and_their_parameters(void **state)
{
	(void)state;
	check_algorithm("rsa:2048", NULL, NID_sha256WithRSAEncryption, V_ASN1_NULL);
	check_algorithm("rsa:2048", "sha512", NID_sha512WithRSAEncryption, V_ASN1_NULL);
	check_algorithm("ec:P-256", NULL, NID_ecdsa_with_SHA256, V_ASN1_UNDEF);
	check_algorithm("ec:P-256", "sha384", NID_ecdsa_with_SHA384, V_ASN1_UNDEF);
	check_algorithm("ec:P-384", NULL, NID_ecdsa_with_SHA384, V_ASN1_UNDEF);
	check_algorithm("ed25519", NULL, NID_ED25519, V_ASN1_UNDEF);
}

static void refused_algorithm(EVP_PKEY *key, const char *digest, enum status expected)
{
	struct error e = {0};
	X509_ALGOR *algorithm = NULL;

	assert_int_equal(signature_algorithm_for(key, digest, &algorithm, &e), expected);
	assert_int_equal(e.status, expected);
	assert_string_not_equal(e.what, "");
	assert_null(algorithm);
	EVP_PKEY_free(key);
}

static void algorithms_refused(void **state)
{
	(void)state;
	refused_algorithm(key_of("ec:P-256"), "sha1", STATUS_USAGE);
	refused_algorithm(key_of("ec:P-256"), "SHA256", STATUS_USAGE);
	refused_algorithm(key_of("ed25519"), "sha256", STATUS_USAGE);
	refused_algorithm(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), NULL, STATUS_KEY);
	refused_algorithm(EVP_EC_gen("secp256k1"), NULL, STATUS_KEY);
}

static void every_kind_signs(void **state)
{
	static const char *const types[] = {"rsa:2048", "ec:P-256", "ec:P-384", "ed25519"};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		EVP_PKEY *key = key_of(types[i]);
		struct fake *fake;
		struct signer *s = signer_of(key, &fake);
		X509_ALGOR *algorithm = NULL;
		struct bytes signature = {0};
		struct error e = {0};

		assert_int_equal(signature_algorithm_for(key, NULL, &algorithm, &e), STATUS_OK);
		assert_int_equal(signer_sign(s, algorithm, span_text("message"), &signature, &e),
				 STATUS_OK);
		assert_true(signature.len > 0);
		assert_int_equal(signer_prove(s, key, &e), STATUS_OK);
		assert_string_equal(signer_description(s), "a fake");
		assert_int_equal(EVP_PKEY_eq(signer_public_key(s), key), 1);
		bytes_free(&signature);
		X509_ALGOR_free(algorithm);
		signer_free(s);
		EVP_PKEY_free(key);
	}
}

static void spoilt_signature_is_not_handed_out(void **state)
{
	EVP_PKEY *key = key_of("ed25519");
	struct fake *fake;
	struct signer *s = signer_of(key, &fake);
	X509_ALGOR *algorithm = NULL;
	struct bytes signature = {0};
	struct error e = {0};

	(void)state;
	fake->spoil = true;
	assert_int_equal(signature_algorithm_for(key, NULL, &algorithm, &e), STATUS_OK);
	assert_int_equal(signer_sign(s, algorithm, span_text("message"), &signature, &e),
			 STATUS_KEY);
	assert_null(signature.data);
	assert_string_equal(e.where, "a fake");
	assert_non_null(strstr(e.what, "does not verify"));
	assert_int_equal(signer_prove(s, key, &e), STATUS_KEY);

	fake->spoil = false;
	fake->fail = true;
	assert_int_equal(signer_sign(s, algorithm, span_text("message"), &signature, &e),
			 STATUS_KEY);
	assert_string_equal(e.what, "the token is gone");
	X509_ALGOR_free(algorithm);
	signer_free(s);
	EVP_PKEY_free(key);
}

static void another_key_proves_nothing(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256"), *other = key_of("ec:P-256"), *rsa = key_of("rsa:2048");
	struct fake *fake;
	struct signer *s = signer_of(key, &fake);
	struct error e = {0};

	(void)state;
	assert_int_equal(signer_prove(s, other, &e), STATUS_KEY);
	assert_non_null(strstr(e.what, "not the key"));
	assert_int_equal(signer_prove(s, rsa, &e), STATUS_KEY);
	signer_free(s);

	/* The signer says it has the expected key, but behind it another one signs. */
	s = signer_of(key, &fake);
	EVP_PKEY_free(fake->key);
	EVP_PKEY_up_ref(other);
	fake->key = other;
	assert_int_equal(signer_prove(s, key, &e), STATUS_KEY);
	assert_non_null(strstr(e.what, "does not verify"));
	signer_free(s);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
}

static void algorithm_of_another_kind(void **state)
{
	EVP_PKEY *key = key_of("ec:P-256"), *rsa = key_of("rsa:2048");
	struct fake *fake;
	struct signer *s = signer_of(key, &fake);
	X509_ALGOR *algorithm = NULL;
	struct bytes signature = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(signature_algorithm_for(rsa, NULL, &algorithm, &e), STATUS_OK);
	assert_int_equal(signer_sign(s, algorithm, span_text("message"), &signature, &e),
			 STATUS_INTERNAL);
	assert_null(signature.data);
	X509_ALGOR_free(algorithm);
	freed = 0;
	signer_free(s);
	assert_int_equal(freed, 1);
	signer_free(NULL);
	EVP_PKEY_free(key);
	EVP_PKEY_free(rsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_and_their_parameters),
		cmocka_unit_test(algorithms_refused),
		cmocka_unit_test(every_kind_signs),
		cmocka_unit_test(spoilt_signature_is_not_handed_out),
		cmocka_unit_test(another_key_proves_nothing),
		cmocka_unit_test(algorithm_of_another_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
