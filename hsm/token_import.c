#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "hsm/keyfile.h"
#include "hsm/signer.h"
#include "hsm/token_job.h"
#include "hsm/token_key.h"
#include "hsm/token_make.h"
#include "hsm/token_object.h"

#define PARTS_MAX 10

/* A key in the words of C_CreateObject; owned by the job, cleansed when it is freed. */
struct parts {
	CK_KEY_TYPE type;
	struct {
		CK_ATTRIBUTE_TYPE type;
		struct bytes value;
		bool is_public; /* belongs to the public half too */
		bool is_private;
	} part[PARTS_MAX];
	size_t count;
};

static void parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->count; i++) {
		OPENSSL_cleanse(p->part[i].value.data, p->part[i].value.len);
		bytes_free(&p->part[i].value);
	}
	free(p);
}

static void add(struct parts *p, CK_ATTRIBUTE_TYPE type, struct bytes value, bool is_public,
		bool is_private)
{
	p->part[p->count].type = type;
	p->part[p->count].value = value;
	p->part[p->count].is_public = is_public;
	p->part[p->count++].is_private = is_private;
}

static enum status no_part(struct error *e)
{
	return error_openssl(e, STATUS_KEY, NULL, "use a key of RSA, P-256, P-384 or Ed25519",
			     "the key cannot be taken apart for the token");
}

/* size 0: as many octets as the number has. */
static enum status add_number(struct parts *p, EVP_PKEY *key, const char *name,
			      CK_ATTRIBUTE_TYPE type, size_t size, bool is_public, struct error *e)
{
	BIGNUM *n = NULL;
	struct bytes value = {0};
	enum status s = STATUS_OK;

	if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
		return no_part(e);
	value.len = size ? size : (size_t)BN_num_bytes(n);
	value.data = calloc(1, value.len + 1);
	if (!value.data)
		s = error_memory(e);
	else if (BN_bn2binpad(n, value.data, (int)value.len) < 0)
		s = no_part(e);
	BN_clear_free(n);
	if (s != STATUS_OK) {
		bytes_free(&value);
		return s;
	}
	add(p, type, value, is_public, true);
	return STATUS_OK;
}

static enum status take_rsa(struct parts *p, EVP_PKEY *key, struct error *e)
{
	static const struct {
		const char *name;
		CK_ATTRIBUTE_TYPE type;
		bool is_public;
	} numbers[] = {
		{OSSL_PKEY_PARAM_RSA_N, CKA_MODULUS, true},
		{OSSL_PKEY_PARAM_RSA_E, CKA_PUBLIC_EXPONENT, true},
		{OSSL_PKEY_PARAM_RSA_D, CKA_PRIVATE_EXPONENT, false},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, CKA_PRIME_1, false},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, CKA_PRIME_2, false},
		{OSSL_PKEY_PARAM_RSA_EXPONENT1, CKA_EXPONENT_1, false},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, CKA_EXPONENT_2, false},
		{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, CKA_COEFFICIENT, false},
	};
	enum status s = STATUS_OK;

	p->type = CKK_RSA;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && s == STATUS_OK; i++)
		s = add_number(p, key, numbers[i].name, numbers[i].type, 0, numbers[i].is_public,
			       e);
	return s;
}

/* CKA_EC_POINT is an OCTET STRING with the point in it (PKCS#11 v2.40 current mechanisms 2.3.3). */
static enum status add_point(struct parts *p, struct span point, struct error *e)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	struct bytes value = {0};
	unsigned char *der = NULL;
	int len = -1;
	enum status s;

	if (octets && ASN1_OCTET_STRING_set(octets, point.data, (int)point.len) == 1)
		len = i2d_ASN1_OCTET_STRING(octets, &der);
	s = len < 0 ? error_memory(e) : bytes_copy(&value, (struct span){der, (size_t)len}, e);
	OPENSSL_free(der);
	ASN1_OCTET_STRING_free(octets);
	if (s == STATUS_OK)
		add(p, CKA_EC_POINT, value, true, false);
	return s;
}

static enum status take_curve(struct parts *p, EVP_PKEY *key, const char *curve, struct error *e)
{
	unsigned char point[256];
	size_t len = sizeof point;
	struct bytes parameters = {0};
	enum status s = token_curve_parameters(curve, &parameters, e);

	if (s != STATUS_OK)
		return s;
	add(p, CKA_EC_PARAMS, parameters, true, true);
	if (strcmp(curve, "ED25519") == 0) {
		struct bytes value = {calloc(1, 33), 32};
		size_t size = 32;

		p->type = CKK_EC_EDWARDS;
		if (!value.data || EVP_PKEY_get_raw_private_key(key, value.data, &size) != 1 ||
		    EVP_PKEY_get_raw_public_key(key, point, &len) != 1) {
			bytes_free(&value);
			return no_part(e);
		}
		add(p, CKA_VALUE, value, false, true);
	} else {
		p->type = CKK_EC;
		s = add_number(p, key, OSSL_PKEY_PARAM_PRIV_KEY, CKA_VALUE,
			       (size_t)(EVP_PKEY_get_bits(key) + 7) / 8, false, e);
		if (s == STATUS_OK &&
		    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
						    sizeof point, &len) != 1)
			s = no_part(e);
	}
	return s == STATUS_OK ? add_point(p, (struct span){point, len}, e) : s;
}

static enum status take_apart(EVP_PKEY *key, struct parts **out, struct error *e)
{
	struct parts *p = calloc(1, sizeof *p);
	char type[80];
	enum status s;

	if (!p)
		return error_memory(e);
	key_type_name(key, type, sizeof type);
	if (strncmp(type, "rsa:", 4) == 0)
		s = take_rsa(p, key, e);
	else if (strncmp(type, "ec:", 3) == 0)
		s = take_curve(p, key, type + 3, e);
	else if (strcmp(type, "ed25519") == 0)
		s = take_curve(p, key, "ED25519", e);
	else
		s = no_part(e);
	if (s != STATUS_OK) {
		parts_free(p);
		return s;
	}
	*out = p;
	return STATUS_OK;
}

static CK_RV create_half(struct token *t, const struct token_uri *uri, const struct parts *p,
			 bool private_half, bool all, CK_OBJECT_HANDLE *made)
{
	CK_OBJECT_CLASS class = private_half ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = p->type;
	CK_ATTRIBUTE template[TOKEN_TEMPLATE_MAX + PARTS_MAX + 2];
	CK_ULONG count = token_template(template, uri, private_half, all);

	template[count++] = (CK_ATTRIBUTE){CKA_CLASS, &class, sizeof class};
	template[count++] = (CK_ATTRIBUTE){CKA_KEY_TYPE, &type, sizeof type};
	for (size_t i = 0; i < p->count; i++)
		if (private_half ? p->part[i].is_private : p->part[i].is_public)
			template[count++] = (CK_ATTRIBUTE){p->part[i].type, p->part[i].value.data,
							   p->part[i].value.len};
	return TOKEN_CALL(t->f, C_CreateObject, t->session, template, count, made);
}

static enum status create(struct token *t, const struct token_uri *uri, const struct parts *p,
			  bool private_half, CK_OBJECT_HANDLE *made, struct error *e)
{
	CK_RV rv = create_half(t, uri, p, private_half, true, made);

	if (token_rv_is_about_template(rv))
		rv = create_half(t, uri, p, private_half, false, made);
	return rv == CKR_OK ? STATUS_OK
			    : token_error(e, rv, "C_CreateObject", "put the key on the token");
}

static enum status import(struct token *t, const struct token_uri *uri, void *data, struct error *e)
{
	const struct parts *p = data;
	CK_OBJECT_HANDLE made[2] = {CK_INVALID_HANDLE, CK_INVALID_HANDLE}; /* public, private */
	enum status s = token_expect_free(t, uri, e);

	if (s == STATUS_OK)
		s = create(t, uri, p, true, &made[1], e);
	if (s == STATUS_OK)
		s = token_compare(t, made[1], false, e);
	if (s == STATUS_OK)
		s = create(t, uri, p, false, &made[0], e);
	if (s != STATUS_OK)
		token_take_back(t, uri, made, 2, e);
	return s;
}

enum status token_key_import(const char *name, EVP_PKEY *key, const struct secret *pin,
			     struct error *e)
{
	struct parts *p = NULL;
	bool left = false;
	enum status s = take_apart(key, &p, e);

	if (s == STATUS_OK)
		s = token_job_do(name, pin, TOKEN_WRITE, import, p, &left, e);
	if (left)
		signer_stays(name, e);
	else if (p)
		parts_free(p);
	return s;
}
