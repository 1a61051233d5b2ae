#include "base/kdf.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>

static bool spend(int64_t rounds, int64_t *left)
{
	if (rounds < 1 || rounds > *left)
		return false;
	*left -= rounds;
	return true;
}

bool kdf_spend_rounds(const ASN1_INTEGER *rounds, int64_t *left)
{
	int64_t n = 1;

	return (!rounds || ASN1_INTEGER_get_int64(&n, rounds) == 1) && spend(n, left);
}

/* PBEPARAM of PBES1 (RFC 8018 A.3) and pkcs-12PbeParams (RFC 7292 C) are the same. */
static bool spend_pbe(const ASN1_STRING *parameters, int64_t *left)
{
	PBEPARAM *p = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBEPARAM));
	bool good = !p || kdf_spend_rounds(p->iter, left);

	PBEPARAM_free(p);
	return good;
}

static bool spend_pbkdf2(const ASN1_STRING *parameters, int64_t *left)
{
	PBKDF2PARAM *p = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBKDF2PARAM));
	bool good = !p || kdf_spend_rounds(p->iter, left);

	PBKDF2PARAM_free(p);
	return good;
}

/* RFC 7914 7.1. Each factor by itself first, so that the product fits. */
static bool spend_scrypt(const ASN1_STRING *parameters, int64_t *left)
{
	SCRYPT_PARAMS *p = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(SCRYPT_PARAMS));
	int64_t n = 0, r = 0, parallel = 0;
	bool good = !p || (ASN1_INTEGER_get_int64(&n, p->costParameter) == 1 &&
			   ASN1_INTEGER_get_int64(&r, p->blockSize) == 1 &&
			   ASN1_INTEGER_get_int64(&parallel, p->parallelizationParameter) == 1);

	if (good && p)
		good = n > 0 && r > 0 && parallel > 0 && n <= *left / r &&
		       n * r <= *left / parallel && spend(n * r * parallel, left);
	SCRYPT_PARAMS_free(p);
	return good;
}

static bool spend_pbes2(const ASN1_STRING *parameters, int64_t *left)
{
	PBE2PARAM *p = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBE2PARAM));
	bool good = true;

	/* PBES2 in PBES2 is nothing. */
	if (p && OBJ_obj2nid(p->keyfunc->algorithm) != NID_pbes2)
		good = kdf_spend(p->keyfunc, left);
	PBE2PARAM_free(p);
	return good;
}

bool kdf_spend(const X509_ALGOR *algorithm, int64_t *left)
{
	static const struct {
		int nid;
		bool (*spend)(const ASN1_STRING *, int64_t *);
	} known[] = {
		{NID_pbes2, spend_pbes2},
		{NID_id_pbkdf2, spend_pbkdf2},
		{NID_id_scrypt, spend_scrypt},
		{NID_pbe_WithSHA1And3_Key_TripleDES_CBC, spend_pbe},
		{NID_pbe_WithSHA1And2_Key_TripleDES_CBC, spend_pbe},
		{NID_pbe_WithSHA1And128BitRC2_CBC, spend_pbe},
		{NID_pbe_WithSHA1And40BitRC2_CBC, spend_pbe},
		{NID_pbe_WithSHA1And128BitRC4, spend_pbe},
		{NID_pbe_WithSHA1And40BitRC4, spend_pbe},
		{NID_pbeWithMD2AndDES_CBC, spend_pbe},
		{NID_pbeWithMD2AndRC2_CBC, spend_pbe},
		{NID_pbeWithMD5AndDES_CBC, spend_pbe},
		{NID_pbeWithMD5AndRC2_CBC, spend_pbe},
		{NID_pbeWithSHA1AndDES_CBC, spend_pbe},
		{NID_pbeWithSHA1AndRC2_CBC, spend_pbe},
	};
	const ASN1_OBJECT *object = NULL;
	const void *parameters = NULL;
	int type = V_ASN1_UNDEF;
	bool good = true;

	ERR_set_mark();
	X509_ALGOR_get0(&object, &type, &parameters, algorithm);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(object) == known[i].nid)
			good = known[i].spend(parameters, left);
	ERR_pop_to_mark();
	return good;
}
