#include "hsm/token_key.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#define TODO "examine the token: 'subca token doctor'"

static EVP_PKEY *build(const char *algorithm, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	if (!context || !parameters || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	OSSL_PARAM_free(parameters);
	EVP_PKEY_CTX_free(context);
	return key;
}

enum status token_key_from_rsa(struct span modulus, struct span exponent, EVP_PKEY **out,
			       struct error *e)
{
	BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	BIGNUM *ex = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	*out = NULL;
	if (n && ex && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, ex) == 1)
		*out = build("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(ex);
	return *out ? STATUS_OK
		    : error_openssl(e, STATUS_KEY, NULL, TODO,
				    "the token's RSA public key cannot be read");
}

/* The NID of the curve, or NID_undef. */
static int curve_of(struct span parameters)
{
	const unsigned char *at = parameters.data;
	ASN1_TYPE *any = d2i_ASN1_TYPE(NULL, &at, (long)parameters.len);
	int type = any ? ASN1_TYPE_get(any) : V_ASN1_UNDEF;
	int nid = NID_undef;

	if (type == V_ASN1_OBJECT) {
		nid = OBJ_obj2nid(any->value.object);
	} else if (type == V_ASN1_PRINTABLESTRING) {
		const ASN1_STRING *name = any->value.printablestring;
		static const char edwards[] = "edwards25519";

		if (ASN1_STRING_length(name) == (int)sizeof edwards - 1 &&
		    memcmp(ASN1_STRING_get0_data(name), edwards, sizeof edwards - 1) == 0)
			nid = NID_ED25519;
	}
	ASN1_TYPE_free(any);
	ERR_clear_error();
	return nid;
}

static EVP_PKEY *key_on(int nid, struct span point)
{
	OSSL_PARAM_BLD *builder;
	EVP_PKEY *key = NULL;

	if (nid == NID_ED25519)
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point.data, point.len);
	builder = OSSL_PARAM_BLD_new();
	if (builder && nid != NID_undef &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(nid),
					    0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data,
					     point.len) == 1)
		key = build("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

enum status token_key_from_point(struct span parameters, struct span point, EVP_PKEY **out,
				 struct error *e)
{
	const unsigned char *at = point.data;
	ASN1_OCTET_STRING *wrapped = d2i_ASN1_OCTET_STRING(NULL, &at, (long)point.len);
	int nid = curve_of(parameters);

	*out = NULL;
	/* 0x04 begins an OCTET STRING and an uncompressed point alike: only the whole of it tells. */
	if (wrapped && at == point.data + point.len)
		*out = key_on(nid, (struct span){ASN1_STRING_get0_data(wrapped),
						 (size_t)ASN1_STRING_length(wrapped)});
	if (!*out)
		*out = key_on(nid, point);
	ASN1_OCTET_STRING_free(wrapped);
	if (!*out)
		return error_openssl(e, STATUS_KEY, NULL, TODO,
				     "the token's public key on a curve cannot be read");
	ERR_clear_error();
	return STATUS_OK;
}

enum status token_key_from_spki(struct span der, EVP_PKEY **out, struct error *e)
{
	const unsigned char *at = der.data;

	*out = d2i_PUBKEY(NULL, &at, (long)der.len);
	return *out ? STATUS_OK
		    : error_openssl(e, STATUS_KEY, NULL, TODO,
				    "the token's CKA_PUBLIC_KEY_INFO cannot be read");
}

enum status token_key_from_certificate(struct span der, EVP_PKEY **out, struct error *e)
{
	const unsigned char *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);

	*out = certificate ? X509_get_pubkey(certificate) : NULL;
	X509_free(certificate);
	return *out ? STATUS_OK
		    : error_openssl(e, STATUS_KEY, NULL, TODO,
				    "a certificate on the token cannot be read");
}

enum status token_curve_parameters(const char *curve, struct bytes *out, struct error *e)
{
	int nid = EC_curve_nist2nid(curve);
	ASN1_OBJECT *object = OBJ_nid2obj(nid != NID_undef ? nid : OBJ_sn2nid(curve));
	unsigned char *der = NULL;
	int len = object ? i2d_ASN1_OBJECT(object, &der) : -1;
	enum status s;

	if (len <= 0)
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "no curve %s", curve);
	s = bytes_copy(out, (struct span){der, (size_t)len}, e);
	OPENSSL_free(der);
	return s;
}
