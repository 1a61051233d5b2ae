#include <limits.h>
#include <string.h>

#include <openssl/err.h>

#include "ca/lint/internal.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "csr/request.h"

/* The class and tag of the value that at begins with, which at then is the content of; -1: cut off. */
static int step_into(struct span *at)
{
	const unsigned char *p = at->data;
	int tag, class, flags;
	long len = 0;

	if (at->len == 0 || at->len > LONG_MAX)
		return -1;
	ERR_set_mark();
	flags = ASN1_get_object(&p, &len, &tag, &class, (long)at->len);
	ERR_pop_to_mark();
	if (flags & 0x81)
		return -1;
	*at = (struct span){p, (size_t)len};
	return class | tag;
}

static bool decodes(struct span der, const ASN1_ITEM *item)
{
	void *value = lint_decode(der, item);

	ASN1_item_free(value, item);
	return value != NULL;
}

/* Certificates but for those of version 1 begin with [0]: few have to be decoded to be told. */
static bool begins_as_certificate(struct span der)
{
	struct span at = der;

	for (int depth = 0; depth < 2; depth++)
		if (step_into(&at) != V_ASN1_SEQUENCE)
			return true;
	return step_into(&at) == V_ASN1_CONTEXT_SPECIFIC;
}

enum lint_form lint_recognise(struct span der)
{
	enum lint_form form = LINT_FORM_CERTIFICATE;
	DER_SIGNED *envelope = NULL;
	struct error e;

	if (begins_as_certificate(der) || der_signed_parse(der, &envelope, &e) != STATUS_OK)
		return form;
	if (decodes(der_to_be_signed(envelope), ASN1_ITEM_rptr(LINT_CRL_TBS)))
		form = LINT_FORM_CRL;
	else if (decodes(der_to_be_signed(envelope), ASN1_ITEM_rptr(LINT_REQUEST_INFO)))
		form = LINT_FORM_REQUEST;
	DER_SIGNED_free(envelope);
	return form;
}

static bool has_spoken(const struct findings *f, size_t from, const char *prefix)
{
	for (size_t i = from; i < f->count; i++)
		if (strncmp(f->items[i].rule->id, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* The judges of key and name know more than lint's rules, but are not to say the same again. */
static enum status judge_claims(const struct csr_request *r, size_t from, struct findings *findings,
				struct error *e)
{
	if (!has_spoken(findings, from, "key_") &&
	    csr_key_check(csr_request_key(r), findings, e) != STATUS_OK)
		return error_status(e);
	if (!has_spoken(findings, from, "name_") &&
	    csr_name_check(csr_request_name(r), "", findings, e) != STATUS_OK)
		return error_status(e);
	return STATUS_OK;
}

/* Its form is judged: what signing refuses. A key that OpenSSL cannot use is told better by key_*. */
static enum status judge_form(struct span der, struct csr_request **out, struct findings *findings,
			      struct error *e)
{
	enum status status = csr_request_judge(der, "", out, findings, e);

	return e->rule ? STATUS_OK : status;
}

enum status lint_request(struct span der, struct findings *findings, struct error *e)
{
	struct csr_request *request = NULL;
	struct lint_subject *s = NULL;
	struct error unread;
	size_t from = findings->count;
	enum status status;

	e->rule = NULL;
	status = judge_form(der, &request, findings, e);
	/* What is not even SIGNED was told as such. */
	if (status == STATUS_OK && lint_subject_read_request(der, &s, &unread) == STATUS_OK &&
	    s->request)
		status = lint_judge(s, findings, e);
	if (status == STATUS_OK && has_spoken(findings, from, "key_"))
		findings_drop(findings, "csr_key_unreadable", "");
	if (status == STATUS_OK && request)
		status = judge_claims(request, from, findings, e);
	lint_subject_free(s);
	csr_request_free(request);
	return status;
}

enum status lint_one(enum lint_form form, struct span der, struct span issuer,
		     struct findings *findings, struct error *e)
{
	switch (form) {
	case LINT_FORM_CRL:
		return lint_crl(der, issuer, findings, e);
	case LINT_FORM_REQUEST:
		return lint_request(der, findings, e);
	case LINT_FORM_CERTIFICATE:
		break;
	}
	return lint_certificate(der, issuer, findings, e);
}
