#include "ca/plan.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/der.h"
#include "ca/name.h"
#include "ca/policy.h"
#include "ca/validity.h"

/*
 * TBSCertificate (RFC 5280 4.1) with both names and the key left as the octets they came in, so
 * that what a portal asked for is what it gets.
 */
typedef struct {
	ASN1_INTEGER *version;
	ASN1_INTEGER *serial;
	X509_ALGOR *algorithm;
	ASN1_TYPE *issuer;
	X509_VAL *validity;
	ASN1_TYPE *subject;
	ASN1_TYPE *spki;
	STACK_OF(X509_EXTENSION) *extensions;
} PLAN_TBS;

ASN1_SEQUENCE(PLAN_TBS) =
	{
		ASN1_EXP(PLAN_TBS, version, ASN1_INTEGER, 0),
		ASN1_SIMPLE(PLAN_TBS, serial, ASN1_INTEGER),
		ASN1_SIMPLE(PLAN_TBS, algorithm, X509_ALGOR),
		ASN1_SIMPLE(PLAN_TBS, issuer, ASN1_ANY),
		ASN1_SIMPLE(PLAN_TBS, validity, X509_VAL),
		ASN1_SIMPLE(PLAN_TBS, subject, ASN1_ANY),
		ASN1_SIMPLE(PLAN_TBS, spki, ASN1_ANY),
		ASN1_EXP_SEQUENCE_OF(PLAN_TBS, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END(PLAN_TBS)

		IMPLEMENT_STATIC_ASN1_ALLOC_FUNCTIONS(PLAN_TBS)

			struct cert_plan {
	struct bytes tbs;
	unsigned char hash[SHA256_SIZE];
	struct validity validity;
	STACK_OF(X509_EXTENSION) *extensions;
};

void plan_free(struct cert_plan *p)
{
	if (!p)
		return;
	bytes_free(&p->tbs);
	sk_X509_EXTENSION_pop_free(p->extensions, X509_EXTENSION_free);
	free(p);
}

static bool set_raw(ASN1_TYPE **field, struct span der)
{
	const unsigned char *at = der.data;

	ASN1_TYPE_free(*field);
	*field = d2i_ASN1_TYPE(NULL, &at, (long)der.len);
	return *field && at == der.data + der.len;
}

static struct span issuer_name(const struct plan_input *in)
{
	struct span name = {0};

	if (!in->issuer)
		return csr_request_subject(in->request);
	X509_NAME_get0_der(X509_get_subject_name(in->issuer), &name.data, &name.len);
	return name;
}

static bool set_serial(ASN1_INTEGER *to, struct span serial)
{
	BIGNUM *number = BN_bin2bn(serial.data, (int)serial.len, NULL);
	bool done = number && !BN_is_zero(number) && BN_to_ASN1_INTEGER(number, to);

	BN_free(number);
	return done;
}

static enum status fill_tbs(const struct plan_input *in, struct cert_plan *p, PLAN_TBS *tbs,
			    struct error *e)
{
	X509_VAL_free(tbs->validity);
	tbs->validity = NULL;
	if (validity_encode(&p->validity, &tbs->validity, e) != STATUS_OK)
		return error_status(e);
	X509_ALGOR_free(tbs->algorithm);
	tbs->algorithm = X509_ALGOR_dup(in->algorithm);
	/* Version 3 is the number 2. */
	if (!tbs->algorithm || !ASN1_INTEGER_set(tbs->version, 2) ||
	    !set_serial(tbs->serial, in->serial) || !set_raw(&tbs->issuer, issuer_name(in)) ||
	    !set_raw(&tbs->subject, csr_request_subject(in->request)) ||
	    !set_raw(&tbs->spki, csr_request_spki(in->request)))
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "the plan cannot be made");
	return STATUS_OK;
}

static enum status encode_plan(const struct plan_input *in, struct cert_plan *p, struct error *e)
{
	PLAN_TBS *tbs = PLAN_TBS_new();
	unsigned char *der = NULL;
	enum status s;
	int len;

	if (!tbs)
		return error_memory(e);
	s = fill_tbs(in, p, tbs, e);
	if (s == STATUS_OK) {
		sk_X509_EXTENSION_free(tbs->extensions);
		tbs->extensions = p->extensions; /* lent for the encoding */
		len = ASN1_item_i2d((const ASN1_VALUE *)tbs, &der, ASN1_ITEM_rptr(PLAN_TBS));
		tbs->extensions = NULL;
		s = len > 0 ? bytes_copy(&p->tbs, (struct span){der, (size_t)len}, e)
			    : error_openssl(e, STATUS_INTERNAL, NULL, NULL, "the plan has no DER");
	}
	OPENSSL_free(der);
	PLAN_TBS_free(tbs);
	return s == STATUS_OK ? sha256(span_of(&p->tbs), p->hash, e) : s;
}

static enum status make_extensions(const struct plan_input *in, struct cert_plan *p,
				   struct error *e)
{
	const struct extension_input from = {
		.profile = in->profile,
		.spki = csr_request_spki(in->request),
		.issuer = in->issuer,
		.urls = in->urls,
		.key_identifier = in->key_identifier,
		.requested = csr_request_extensions(in->request),
		.subject_empty = X509_NAME_entry_count(csr_request_name(in->request)) == 0,
	};

	return extensions_build(&from, &p->extensions, e);
}

enum status plan_make(const struct plan_input *in, struct cert_plan **out, struct error *e)
{
	struct cert_plan *p = calloc(1, sizeof *p);
	enum status s = p ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK)
		s = policy_check_issuer(in->profile, in->issuer, e);
	if (s == STATUS_OK)
		s = policy_check_key(in->profile, csr_request_key(in->request), e);
	if (s == STATUS_OK)
		s = policy_check_subject(in->profile, csr_request_name(in->request), in->issuer, e);
	if (s == STATUS_OK)
		s = validity_plan(in, &p->validity, e);
	if (s == STATUS_OK)
		s = make_extensions(in, p, e);
	if (s == STATUS_OK)
		s = encode_plan(in, p, e);
	if (s != STATUS_OK) {
		plan_free(p);
		return s;
	}
	*out = p;
	return STATUS_OK;
}

struct span plan_tbs(const struct cert_plan *p)
{
	return span_of(&p->tbs);
}

const unsigned char *plan_hash(const struct cert_plan *p)
{
	return p->hash;
}

int64_t plan_not_before(const struct cert_plan *p)
{
	return p->validity.not_before;
}

int64_t plan_not_after(const struct cert_plan *p)
{
	return p->validity.not_after;
}

bool plan_was_shortened(const struct cert_plan *p)
{
	return p->validity.shortened;
}

const STACK_OF(X509_EXTENSION) *plan_extensions(const struct cert_plan *p)
{
	return p->extensions;
}
