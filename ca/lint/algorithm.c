#include "ca/lint/internal.h"

#include <openssl/rsa.h>

void lint_signature_parts(const X509_ALGOR *algorithm, int *digest, int *key)
{
	const ASN1_OBJECT *type;

	*digest = *key = NID_undef;
	X509_ALGOR_get0(&type, NULL, NULL, algorithm);
	OBJ_find_sigid_algs(OBJ_obj2nid(type), digest, key);
}

void lint_signature_algorithm_differs(const struct lint_subject *s, struct lint_report *report)
{
	if (X509_ALGOR_cmp(s->signature, s->outer) != 0)
		lint_say(report, "signatureAlgorithm", "differs from the one under the signature");
}

/* The hash of RSASSA-PSS is in its parameters; SHA-1 where they name none (RFC 4055 3.1). */
static int pss_digest(const X509_ALGOR *algorithm)
{
	RSA_PSS_PARAMS *pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS),
							algorithm->parameter);
	int digest = NID_sha1;

	if (pss && pss->hashAlgorithm)
		digest = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
	RSA_PSS_PARAMS_free(pss);
	return digest;
}

void lint_signature_algorithm_weak(const struct lint_subject *s, struct lint_report *report)
{
	static const int weak[] = {NID_md2,  NID_md4,  NID_md5,	      NID_sha,
				   NID_sha1, NID_mdc2, NID_ripemd160, NID_md5_sha1};
	const X509_ALGOR *algorithm = s->signature;
	int digest, key;

	lint_signature_parts(algorithm, &digest, &key);
	if (OBJ_obj2nid(algorithm->algorithm) == NID_rsassaPss)
		digest = pss_digest(algorithm);
	for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
		if (digest == weak[i])
			lint_say(report, "signatureAlgorithm", "signs a %s hash",
				 OBJ_nid2ln(digest));
}

enum parameters { PARAMETERS_ABSENT, PARAMETERS_NULL, PARAMETERS_OWN };

static const struct {
	int nid;
	enum parameters parameters;
} signatures[] = {
	{NID_sha224WithRSAEncryption, PARAMETERS_NULL},
	{NID_sha256WithRSAEncryption, PARAMETERS_NULL},
	{NID_sha384WithRSAEncryption, PARAMETERS_NULL},
	{NID_sha512WithRSAEncryption, PARAMETERS_NULL},
	{NID_sha1WithRSAEncryption, PARAMETERS_NULL},
	{NID_md5WithRSAEncryption, PARAMETERS_NULL},
	{NID_md2WithRSAEncryption, PARAMETERS_NULL},
	{NID_rsassaPss, PARAMETERS_OWN},
	{NID_ecdsa_with_SHA1, PARAMETERS_ABSENT},
	{NID_ecdsa_with_SHA224, PARAMETERS_ABSENT},
	{NID_ecdsa_with_SHA256, PARAMETERS_ABSENT},
	{NID_ecdsa_with_SHA384, PARAMETERS_ABSENT},
	{NID_ecdsa_with_SHA512, PARAMETERS_ABSENT},
	{NID_ED25519, PARAMETERS_ABSENT},
	{NID_ED448, PARAMETERS_ABSENT},
};

#define SIGNATURE_COUNT (sizeof signatures / sizeof *signatures)

static size_t signature_find(const X509_ALGOR *algorithm)
{
	int nid = OBJ_obj2nid(algorithm->algorithm);
	size_t i = 0;

	while (i < SIGNATURE_COUNT && signatures[i].nid != nid)
		i++;
	return i;
}

void lint_signature_algorithm_unknown(const struct lint_subject *s, struct lint_report *report)
{
	char name[80] = "";

	if (signature_find(s->signature) < SIGNATURE_COUNT)
		return;
	OBJ_obj2txt(name, sizeof name, s->signature->algorithm, 0);
	lint_say(report, "signatureAlgorithm", "is %s", name);
}

void lint_signature_parameters(const struct lint_subject *s, struct lint_report *report)
{
	const X509_ALGOR *algorithm = s->signature;
	size_t at = signature_find(algorithm);
	int type = algorithm->parameter ? algorithm->parameter->type : V_ASN1_UNDEF;

	if (at == SIGNATURE_COUNT)
		return;
	switch (signatures[at].parameters) {
	case PARAMETERS_NULL:
		if (type != V_ASN1_NULL)
			lint_say(report, "signatureAlgorithm", "has parameters other than NULL");
		break;
	case PARAMETERS_ABSENT:
		if (type != V_ASN1_UNDEF)
			lint_say(report, "signatureAlgorithm", "has parameters, where none belong");
		break;
	case PARAMETERS_OWN:
		if (type != V_ASN1_SEQUENCE)
			lint_say(report, "signatureAlgorithm",
				 "lacks the parameters of RSASSA-PSS");
		break;
	}
}
