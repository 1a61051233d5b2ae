#include "base/spki.h"

#include <limits.h>
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

/*
 * Keys of these curves, whose parameters are copied: making a group costs as much as a signature.
 * They stay until the end.
 */
static const struct {
	int nid;
	const char *name;
} curves[] = {{NID_X9_62_prime256v1, "P-256"}, {NID_secp384r1, "P-384"}, {NID_secp521r1, "P-521"}};
#define CURVES (sizeof curves / sizeof *curves)

static EVP_PKEY *patterns[CURVES];
static pthread_once_t patterns_made = PTHREAD_ONCE_INIT;

static EVP_PKEY *parameters_of(const char *curve)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEY_PARAMETERS, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

static void make_patterns(void)
{
	for (size_t i = 0; i < CURVES; i++)
		patterns[i] = parameters_of(curves[i].name);
}

static struct span string_of(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static EVP_PKEY *point_key(int curve, struct span point)
{
	const EVP_PKEY *pattern = NULL;
	EVP_PKEY *key = NULL;

	pthread_once(&patterns_made, make_patterns);
	for (size_t i = 0; i < CURVES; i++)
		if (curves[i].nid == curve)
			pattern = patterns[i];
	if (pattern)
		key = EVP_PKEY_new();
	if (key && EVP_PKEY_copy_parameters(key, pattern) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(key, point.data, point.len) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *from_numbers(const BIGNUM *modulus, const BIGNUM *exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
		parameters = OSSL_PARAM_BLD_to_param(build);
	if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static bool is_positive(const ASN1_INTEGER *i)
{
	return ASN1_STRING_type(i) == V_ASN1_INTEGER && ASN1_STRING_length(i) > 0;
}

static EVP_PKEY *rsa_key(struct span octets)
{
	const unsigned char *at = octets.data;
	DER_RSA *numbers = d2i_DER_RSA(NULL, &at, (long)octets.len);
	BIGNUM *modulus = NULL, *exponent = NULL;
	EVP_PKEY *key = NULL;

	if (numbers && at == octets.data + octets.len && is_positive(numbers->modulus) &&
	    is_positive(numbers->exponent)) {
		modulus = ASN1_INTEGER_to_BN(numbers->modulus, NULL);
		exponent = ASN1_INTEGER_to_BN(numbers->exponent, NULL);
	}
	if (modulus && exponent)
		key = from_numbers(modulus, exponent);
	BN_free(modulus);
	BN_free(exponent);
	DER_RSA_free(numbers);
	return key;
}

/* NULL for whatever is not of the usual form, in every respect. */
static EVP_PKEY *usual_key(struct span spki)
{
	const unsigned char *at = spki.data;
	DER_SPKI *parts = d2i_DER_SPKI(NULL, &at, (long)spki.len);
	const ASN1_TYPE *parameter = parts ? parts->algorithm->parameter : NULL;
	EVP_PKEY *key = NULL;

	if (parts && parameter && at == spki.data + spki.len && !(parts->key->flags & 0x07)) {
		int nid = OBJ_obj2nid(parts->algorithm->algorithm);

		if (nid == NID_rsaEncryption && parameter->type == V_ASN1_NULL)
			key = rsa_key(string_of(parts->key));
		else if (nid == NID_X9_62_id_ecPublicKey && parameter->type == V_ASN1_OBJECT)
			key = point_key(OBJ_obj2nid(parameter->value.object),
					string_of(parts->key));
	}
	DER_SPKI_free(parts);
	return key;
}

EVP_PKEY *spki_key(struct span spki)
{
	const unsigned char *at = spki.data;
	EVP_PKEY *key;

	if (spki.len == 0 || spki.len > INT_MAX)
		return NULL;
	ERR_set_mark();
	key = usual_key(spki);
	ERR_pop_to_mark();
	if (key)
		return key;
	key = d2i_PUBKEY(NULL, &at, (long)spki.len);
	if (key && at != spki.data + spki.len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}
