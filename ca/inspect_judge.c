/* How the things that were read belong together, and what is wrong with them. */
#include "ca/inspect.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/lint.h"
#include "ca/name.h"
#include "ca/path.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "csr/request.h"

/* Candidates for one signature: a bundle made to cost time has hundreds of one name. */
#define SIGNERS_MAX 8
/* What ZIA takes as a chain; a file of more is a bundle, whose order means nothing. */
#define CHAIN_FILE_MAX 16

static const struct rule rules[INSPECT_RULES] = {
	[INSPECT_PRIVATE_KEY] = {"inspect_private_key", SEVERITY_WARNING, "RFC 5280 9",
				 "whoever gets the file can sign as its owner",
				 "take the key out, and ask who had the file"},
	[INSPECT_SELF_ISSUED_CA_KEY] = {"inspect_self_issued_ca_key", SEVERITY_ERROR,
					"white paper, openssl x509 -signkey",
					"it carries the CA's own key and not the request's: the "
					"requester cannot use it",
					"issue it from the request with subca sign, not with "
					"-signkey"},
	[INSPECT_SIGNATURE_FAILED] = {"inspect_signature_failed", SEVERITY_ERROR, "RFC 5280 6.1.3",
				      "no verifier accepts it below the certificate that it names "
				      "as its issuer",
				      "find the issuer that did sign it, or have it issued again"},
	[INSPECT_EXPIRED] = {"inspect_expired", SEVERITY_WARNING, "RFC 5280 4.1.2.5",
			     "no verifier accepts it any more", "have it renewed"},
	[INSPECT_NOT_YET_VALID] = {"inspect_not_yet_valid", SEVERITY_WARNING, "RFC 5280 4.1.2.5",
				   "no verifier accepts it yet", "wait, or check the clocks"},
	[INSPECT_CRL_OUTDATED] = {"inspect_crl_outdated", SEVERITY_WARNING, "RFC 5280 5.1.2.5",
				  "software that wants a current CRL refuses everything below the "
				  "CA",
				  "publish a new CRL"},
	[INSPECT_CHAIN_ORDER] = {"inspect_chain_order", SEVERITY_WARNING, "ZIA, ZPA",
				 "the portals take the intermediate first and the root last",
				 "put each before its issuer"},
	[INSPECT_DUPLICATE] = {"inspect_duplicate", SEVERITY_NOTICE, "RFC 8446 4.4.2",
			       "the same certificate is there twice", "remove one"},
	[INSPECT_WEEKLY_CA] = {"inspect_weekly_ca", SEVERITY_WARNING, "ZIA",
			       "a service edge replaces it every week: as a trust anchor it fails "
			       "within 14 days",
			       "trust the root of its chain instead"},
};

const struct rule *inspect_rules(size_t *count)
{
	*count = INSPECT_RULES;
	return rules;
}

/* --- who signed what -------------------------------------------------------------------------- */

static bool verifies(const struct inspect_object *o, X509 *signer)
{
	EVP_PKEY *key = X509_get0_pubkey(signer);
	bool good = key && (o->certificate ? X509_verify(o->certificate, key) == 1
					   : X509_CRL_verify(o->crl, key) == 1);

	ERR_clear_error();
	return good;
}

static const X509_NAME *issuer_of(const struct inspect_object *o)
{
	return o->certificate ? X509_get_issuer_name(o->certificate) : X509_CRL_get_issuer(o->crl);
}

static bool self_issued(X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
}

static enum status find_signer(struct inspection *in, size_t at, struct error *e)
{
	struct inspect_object *o = &in->items[at];
	size_t tried = 0;

	if (o->certificate && self_issued(o->certificate) && verifies(o, o->certificate)) {
		o->signer = at;
		return STATUS_OK;
	}
	for (size_t i = 0; i < in->count && tried < SIGNERS_MAX; i++) {
		X509 *x = in->items[i].certificate;

		if (!x || i == at || X509_NAME_cmp(issuer_of(o), X509_get_subject_name(x)) != 0)
			continue;
		tried++;
		if (verifies(o, x)) {
			o->signer = i;
			return STATUS_OK;
		}
	}
	if (tried == 0)
		return STATUS_OK;
	return findings_add(&o->findings, &rules[INSPECT_SIGNATURE_FAILED], "signature", e,
			    "the key of no certificate here with its issuer's name verifies it");
}

/* --- the classic mistake ---------------------------------------------------------------------- */

static bool same_key(EVP_PKEY *a, EVP_PKEY *b)
{
	bool same = a && b && EVP_PKEY_eq(a, b) == 1;

	ERR_clear_error();
	return same;
}

/* A request for the same subject, but with another key. */
static bool is_other_request(const struct inspect_object *o, X509 *x)
{
	return o->request &&
	       X509_NAME_cmp(X509_REQ_get_subject_name(o->request), X509_get_subject_name(x)) ==
		       0 &&
	       !same_key(X509_REQ_get0_pubkey(o->request), X509_get0_pubkey(x));
}

static bool is_owner_of_key(const struct inspect_object *o, X509 *x)
{
	return o->certificate &&
	       X509_NAME_cmp(X509_get_subject_name(o->certificate), X509_get_subject_name(x)) !=
		       0 &&
	       same_key(X509_get0_pubkey(o->certificate), X509_get0_pubkey(x));
}

/* Of two names for one key the later one is the mistake: the CA was there before. */
static bool is_older(X509 *a, X509 *b)
{
	return ASN1_TIME_compare(X509_get0_notBefore(a), X509_get0_notBefore(b)) <= 0;
}

static enum status check_signkey(struct inspection *in, size_t at, struct error *e)
{
	struct inspect_object *o = &in->items[at];
	const struct inspect_object *request = NULL, *owner = NULL;
	struct text name = {0};
	enum status s;

	if (!self_issued(o->certificate))
		return STATUS_OK;
	for (size_t i = 0; i < in->count; i++) {
		const struct inspect_object *other = &in->items[i];

		if (is_other_request(other, o->certificate))
			request = other;
		else if (is_owner_of_key(other, o->certificate) &&
			 is_older(other->certificate, o->certificate))
			owner = other;
	}
	if (!owner && !request)
		return STATUS_OK;
	if (owner)
		name_show(X509_get_subject_name(owner->certificate), &name);
	s = findings_add(&o->findings, &rules[INSPECT_SELF_ISSUED_CA_KEY], "public key", e,
			 "it is self-issued and its key is not the subject's%s%s%s",
			 owner ? " but that of " : "", text_get(&name),
			 request ? "; the request for this subject has another key" : "");
	text_free(&name);
	return s;
}

/* --- one by one ------------------------------------------------------------------------------- */

static enum status check_times(struct inspect_object *o, int64_t now, struct error *e)
{
	char shown[DATETIME_SIZE];
	int64_t from, until;

	if (inspect_time(X509_get0_notBefore(o->certificate), &from) && from > now) {
		datetime_format(from, shown);
		return findings_add(&o->findings, &rules[INSPECT_NOT_YET_VALID], "notBefore", e,
				    "it is not valid before %s", shown);
	}
	if (inspect_time(X509_get0_notAfter(o->certificate), &until) && until < now) {
		datetime_format(until, shown);
		return findings_add(&o->findings, &rules[INSPECT_EXPIRED], "notAfter", e,
				    "it expired at %s", shown);
	}
	return STATUS_OK;
}

static enum status check_weekly(struct inspect_object *o, struct error *e)
{
	if (!path_is_weekly_ca(o->certificate))
		return STATUS_OK;
	return findings_add(&o->findings, &rules[INSPECT_WEEKLY_CA], "subject.CN", e,
			    "its name ends in \"(t)\", as Zscaler's weekly CAs do");
}

static enum status check_duplicate(struct inspection *in, size_t at, struct error *e)
{
	struct inspect_object *o = &in->items[at];

	for (size_t i = 0; i < at; i++)
		if (in->items[i].file == o->file &&
		    span_equal(span_of(&in->items[i].der), span_of(&o->der)))
			return findings_add(&o->findings, &rules[INSPECT_DUPLICATE], "", e,
					    "it is in this file already");
	return STATUS_OK;
}

/* Its issuer is in the same file, but before it: "intermediate(s) first, root last". */
static enum status check_order(struct inspection *in, size_t at, struct error *e)
{
	struct inspect_object *o = &in->items[at];
	size_t together = 0;

	for (size_t i = 0; i < in->count; i++)
		together += in->items[i].file == o->file;
	if (o->in_p7b || o->signer == INSPECT_NONE || o->signer >= at ||
	    in->items[o->signer].file != o->file || together > CHAIN_FILE_MAX)
		return STATUS_OK;
	return findings_add(&o->findings, &rules[INSPECT_CHAIN_ORDER], "", e,
			    "its issuer stands before it");
}

static enum status judge_certificate(struct inspection *in, size_t at, int64_t now, struct error *e)
{
	struct inspect_object *o = &in->items[at];
	struct span issuer = {0};
	EVP_PKEY *key = X509_get0_pubkey(o->certificate);
	enum status s = check_signkey(in, at, e);

	if (s == STATUS_OK && key)
		s = csr_key_check_listed(key, in->weak_keys, &o->findings, e);
	ERR_clear_error();
	if (o->signer != INSPECT_NONE)
		issuer = span_of(&in->items[o->signer].der);
	if (s == STATUS_OK)
		s = check_times(o, now, e);
	if (s == STATUS_OK)
		s = check_weekly(o, e);
	if (s == STATUS_OK)
		s = check_duplicate(in, at, e);
	if (s == STATUS_OK)
		s = check_order(in, at, e);
	if (s == STATUS_OK)
		s = lint_certificate(span_of(&o->der), issuer, &o->findings, e);
	return s;
}

static enum status judge_crl(struct inspect_object *o, int64_t now, struct error *e)
{
	char shown[DATETIME_SIZE];
	int64_t next;

	if (!inspect_time(X509_CRL_get0_nextUpdate(o->crl), &next) || next >= now)
		return STATUS_OK;
	datetime_format(next, shown);
	return findings_add(&o->findings, &rules[INSPECT_CRL_OUTDATED], "nextUpdate", e,
			    "the next one was due at %s", shown);
}

/* Reads it as signing would; what that refuses is a finding here. */
static enum status judge_request(struct inspect_object *o, const struct weak_keys *weak_keys,
				 struct error *e)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(o->request);
	struct csr_request *request = NULL;
	size_t count;
	enum status s;

	ERR_clear_error();
	s = csr_request_judge(span_of(&o->der), "", &request, &o->findings, e);
	csr_request_free(request);
	if (s == STATUS_INPUT && !e->rule)
		s = findings_add(&o->findings, csr_request_rules(&count), "", e, "%s", e->what);
	else if (s != STATUS_OK && e->rule)
		s = STATUS_OK;
	if (s != STATUS_OK)
		return s;
	s = csr_name_check(X509_REQ_get_subject_name(o->request), "", &o->findings, e);
	if (s == STATUS_OK && key)
		s = csr_key_check(key, &o->findings, e);
	if (s == STATUS_OK && key)
		s = csr_key_check_listed(key, weak_keys, &o->findings, e);
	return s;
}

enum status inspect_judge(struct inspection *in, int64_t now, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < in->count; i++)
		if (in->items[i].kind != INSPECT_REQUEST)
			s = find_signer(in, i, e);
	for (size_t i = 0; s == STATUS_OK && i < in->count; i++) {
		struct inspect_object *o = &in->items[i];

		if (o->certificate)
			s = judge_certificate(in, i, now, e);
		else if (o->crl)
			s = judge_crl(o, now, e);
		else
			s = judge_request(o, in->weak_keys, e);
	}
	return s;
}
