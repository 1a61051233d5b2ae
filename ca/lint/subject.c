#include "ca/lint/internal.h"

#include <stdatomic.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct span sequence_of(const ASN1_TYPE *t)
{
	return t->type == V_ASN1_SEQUENCE ? lint_string(t->value.sequence) : (struct span){NULL, 0};
}

static void read_time(const ASN1_TYPE *t, struct lint_time *out)
{
	lint_time_read(t->type, t->value.asn1_string, out);
}

static bool unreadable(struct lint_subject *s, const char *what)
{
	snprintf(s->unreadable, sizeof s->unreadable, "%s", what);
	LINT_TBS_free(s->cert);
	LINT_CRL_TBS_free(s->crl);
	LINT_REQUEST_INFO_free(s->request);
	s->cert = NULL;
	s->crl = NULL;
	s->request = NULL;
	s->kind = LINT_UNREADABLE;
	return false;
}

static bool read_name(const struct lint_subject *s, struct span der, struct lint_name *out)
{
	return lint_name_read(der, s->der_fault == DER_CANONICAL, out);
}

static bool read_tbs(struct lint_subject *s)
{
	s->cert = lint_decode(s->tbs, ASN1_ITEM_rptr(LINT_TBS));
	if (!s->cert)
		return unreadable(s, "the part under the signature is no TBSCertificate");
	s->issuer_der = sequence_of(s->cert->issuer);
	s->subject_der = sequence_of(s->cert->subject);
	s->spki_der = sequence_of(s->cert->spki);
	s->spki = lint_decode(s->spki_der, ASN1_ITEM_rptr(DER_SPKI));
	if (!read_name(s, s->issuer_der, &s->issuer_name))
		return unreadable(s, "the issuer is no Name");
	if (!read_name(s, s->subject_der, &s->subject_name))
		return unreadable(s, "the subject is no Name");
	if (!s->spki)
		return unreadable(s, "the public key is no SubjectPublicKeyInfo");
	return true;
}

static void read_key(struct lint_subject *s)
{
	s->key_nid = OBJ_obj2nid(s->spki->algorithm->algorithm);
	if (s->key_nid == NID_rsaEncryption || s->key_nid == NID_rsassaPss)
		s->rsa = lint_decode(lint_string(s->spki->key), ASN1_ITEM_rptr(DER_RSA));
}

static void read_parts(struct lint_subject *s)
{
	const BASIC_CONSTRAINTS *basic;

	s->signature = s->cert->signature;
	s->extensions = s->cert->extensions;
	read_time(s->cert->validity->not_before, &s->not_before);
	read_time(s->cert->validity->not_after, &s->not_after);
	read_key(s);
	lint_known_read(s->extensions, LINT_CERTIFICATE, s->known);
	basic = s->known[LINT_BASIC_CONSTRAINTS].value;
	s->is_ca = basic && basic->ca;
	s->self_issued = span_equal(s->issuer_der, s->subject_der);
	if (!s->is_ca)
		s->kind = LINT_LEAF;
	else
		s->kind = s->self_issued ? LINT_ROOT : LINT_INTERMEDIATE;
}

static enum status open_envelope(struct span der, struct lint_subject **out, struct error *e)
{
	struct lint_subject *s = calloc(1, sizeof *s);

	if (!s)
		return error_memory(e);
	s->der = der;
	if (der_signed_parse(der, &s->envelope, e) != STATUS_OK) {
		lint_subject_free(s);
		return error_status(e);
	}
	s->tbs = der_to_be_signed(s->envelope);
	if (s->tbs.len == 0) {
		lint_subject_free(s);
		return error_set(e, STATUS_INPUT, NULL, NULL,
				 "has no SEQUENCE under its signature");
	}
	s->outer = s->envelope->algorithm;
	s->der_fault = der_canonical(der, &s->der_offset);
	*out = s;
	return STATUS_OK;
}

static enum status read_one(struct span der, struct lint_subject **out, struct error *e)
{
	if (open_envelope(der, out, e) != STATUS_OK)
		return error_status(e);
	if (read_tbs(*out))
		read_parts(*out);
	return STATUS_OK;
}

static enum status read_issuer(struct lint_subject *s, struct span issuer, struct error *e)
{
	if (read_one(issuer, &s->issuer_owned, e) != STATUS_OK) {
		error_at(e, "issuer certificate");
		return error_status(e);
	}
	s->issuer = s->issuer_owned->cert ? s->issuer_owned : NULL;
	return STATUS_OK;
}

static void become_own_issuer(struct lint_subject *s)
{
	if (s->cert && s->self_issued)
		s->issuer = s;
}

static void be_below(struct lint_subject *s)
{
	if (s->kind == LINT_ROOT)
		s->kind = LINT_INTERMEDIATE;
}

enum status lint_subject_read(struct span der, struct span issuer, struct lint_subject **out,
			      struct error *e)
{
	struct lint_subject *s = NULL;

	if (read_one(der, &s, e) != STATUS_OK)
		return error_status(e);
	if (issuer.len && !span_equal(issuer, der)) {
		if (read_issuer(s, issuer, e) != STATUS_OK) {
			lint_subject_free(s);
			return error_status(e);
		}
		be_below(s);
	} else {
		become_own_issuer(s);
	}
	*out = s;
	return STATUS_OK;
}

struct lint_issuer {
	struct lint_subject *read;
	uint64_t number; /* no two are the same, wherever they lie */
};

static atomic_uint_least64_t issuers;

enum status lint_issuer_read(struct span der, struct lint_issuer **out, struct error *e)
{
	struct lint_issuer *issuer = calloc(1, sizeof *issuer);

	if (!issuer)
		return error_memory(e);
	if (read_one(der, &issuer->read, e) != STATUS_OK) {
		error_at(e, "issuer certificate");
		free(issuer);
		return error_status(e);
	}
	issuer->number = atomic_fetch_add(&issuers, 1) + 1;
	*out = issuer;
	return STATUS_OK;
}

uint64_t lint_issuer_number(const struct lint_issuer *issuer)
{
	return issuer ? issuer->number : 0;
}

bool lint_is_issuer(const struct lint_issuer *issuer, struct span der)
{
	return issuer && span_equal(issuer->read->der, der);
}

const struct lint_subject *lint_issuer_subject(const struct lint_issuer *issuer)
{
	return issuer && issuer->read->cert ? issuer->read : NULL;
}

void lint_issuer_free(struct lint_issuer *issuer)
{
	if (!issuer)
		return;
	lint_subject_free(issuer->read);
	free(issuer);
}

enum status lint_subject_read_below(struct span der, const struct lint_issuer *issuer,
				    struct lint_subject **out, struct error *e)
{
	if (read_one(der, out, e) != STATUS_OK)
		return error_status(e);
	if (issuer && !lint_is_issuer(issuer, der)) {
		(*out)->issuer = lint_issuer_subject(issuer);
		be_below(*out);
	} else {
		become_own_issuer(*out);
	}
	return STATUS_OK;
}

static bool is_time(const struct der_piece *p)
{
	return p->class == V_ASN1_UNIVERSAL &&
	       (p->tag == V_ASN1_UTCTIME || p->tag == V_ASN1_GENERALIZEDTIME);
}

/* revokedCertificates: the SEQUENCE that follows a time. Empty where there is none. */
static struct span find_entries(struct span tbs)
{
	struct der_piece list, p = {0};
	bool after_time = false;

	if (!der_next(&tbs, &list))
		return (struct span){NULL, 0};
	while (der_next(&list.content, &p)) {
		if (after_time && p.class == V_ASN1_UNIVERSAL && p.tag == V_ASN1_SEQUENCE)
			return p.whole;
		after_time = is_time(&p);
	}
	return (struct span){NULL, 0};
}

/* The rest of it, decoded; a million entries are left where they are. */
static LINT_CRL_TBS *decode_crl(struct span tbs, struct span entries)
{
	struct span whole = tbs;
	struct der_piece list;
	unsigned char *rest, *at;
	LINT_CRL_TBS *crl = NULL;
	size_t inside;
	int size;

	if (!entries.len)
		return lint_decode(tbs, ASN1_ITEM_rptr(LINT_CRL_TBS));
	if (!der_next(&whole, &list) || whole.len)
		return NULL;
	inside = list.content.len - entries.len;
	size = inside < INT_MAX / 2 ? ASN1_object_size(1, (int)inside, V_ASN1_SEQUENCE) : 0;
	rest = at = size > 0 ? malloc((size_t)size) : NULL;
	if (!rest)
		return NULL;
	ASN1_put_object(&at, 1, (int)inside, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	inside = (size_t)(entries.data - list.content.data);
	memcpy(at, list.content.data, inside);
	memcpy(at + inside, entries.data + entries.len, list.content.len - inside - entries.len);
	crl = lint_decode((struct span){rest, (size_t)size}, ASN1_ITEM_rptr(LINT_CRL_TBS));
	free(rest);
	return crl;
}

static void read_crl(struct lint_subject *s)
{
	const ASN1_TIME *next;

	s->entries.der = find_entries(s->tbs);
	s->crl = decode_crl(s->tbs, s->entries.der);
	if (!s->crl) {
		unreadable(s, "the part under the signature is no TBSCertList");
		return;
	}
	s->issuer_der = sequence_of(s->crl->issuer);
	if (!read_name(s, s->issuer_der, &s->issuer_name)) {
		unreadable(s, "the issuer is no Name");
		return;
	}
	s->kind = LINT_CRL;
	s->signature = s->crl->signature;
	s->extensions = s->crl->extensions;
	read_time(s->crl->this_update, &s->not_before);
	next = s->crl->next_update;
	s->not_after.fault = LINT_TIME_ABSENT;
	if (next)
		lint_time_read(ASN1_STRING_type(next), next, &s->not_after);
	lint_known_read(s->extensions, LINT_CRL, s->known);
}

enum status lint_subject_read_crl(struct span der, struct span tbs, const X509_ALGOR *outer,
				  struct span issuer, struct lint_subject **out, struct error *e)
{
	struct lint_subject *s = calloc(1, sizeof *s);

	if (!s)
		return error_memory(e);
	s->form = LINT_FORM_CRL;
	s->der = der;
	s->tbs = tbs;
	s->outer = outer;
	s->der_fault = der_canonical(der, &s->der_offset);
	read_crl(s);
	if (issuer.len && read_issuer(s, issuer, e) != STATUS_OK) {
		lint_subject_free(s);
		return error_status(e);
	}
	*out = s;
	return STATUS_OK;
}

bool lint_asks_for_extensions(const ASN1_OBJECT *type)
{
	int nid = OBJ_obj2nid(type);

	return nid == NID_ext_req || nid == NID_ms_ext_req;
}

/* The first value of the first such attribute. */
static void read_asked_for(struct lint_subject *s)
{
	const STACK_OF(LINT_REQUEST_ATTRIBUTE) *all = s->request->attributes;

	for (int i = 0; i < sk_LINT_REQUEST_ATTRIBUTE_num(all) && !s->asked_for; i++) {
		const LINT_REQUEST_ATTRIBUTE *a = sk_LINT_REQUEST_ATTRIBUTE_value(all, i);

		if (!lint_asks_for_extensions(a->type) || sk_ASN1_TYPE_num(a->values) == 0)
			continue;
		s->asked_for = lint_decode(sequence_of(sk_ASN1_TYPE_value(a->values, 0)),
					   ASN1_ITEM_rptr(LINT_EXTENSIONS));
	}
	s->extensions = s->asked_for;
}

static bool read_request(struct lint_subject *s)
{
	s->request = lint_decode(s->tbs, ASN1_ITEM_rptr(LINT_REQUEST_INFO));
	if (!s->request)
		return unreadable(s, "the part under the signature is no CertificationRequestInfo");
	s->subject_der = sequence_of(s->request->subject);
	s->spki_der = sequence_of(s->request->spki);
	s->spki = lint_decode(s->spki_der, ASN1_ITEM_rptr(DER_SPKI));
	if (!read_name(s, s->subject_der, &s->subject_name))
		return unreadable(s, "the subject is no Name");
	if (!s->spki)
		return unreadable(s, "the public key is no SubjectPublicKeyInfo");
	s->kind = LINT_REQUEST;
	s->signature = s->outer;
	read_key(s);
	read_asked_for(s);
	lint_known_read(s->extensions, LINT_REQUEST, s->known);
	return true;
}

enum status lint_subject_read_request(struct span der, struct lint_subject **out, struct error *e)
{
	if (open_envelope(der, out, e) != STATUS_OK)
		return error_status(e);
	(*out)->form = LINT_FORM_REQUEST;
	(void)read_request(*out);
	return STATUS_OK;
}

void lint_subject_free(struct lint_subject *s)
{
	if (!s)
		return;
	lint_known_free(s->known);
	lint_name_free(&s->issuer_name);
	lint_name_free(&s->subject_name);
	DER_SPKI_free(s->spki);
	DER_RSA_free(s->rsa);
	LINT_TBS_free(s->cert);
	LINT_CRL_TBS_free(s->crl);
	LINT_REQUEST_INFO_free(s->request);
	ASN1_item_free((ASN1_VALUE *)s->asked_for, ASN1_ITEM_rptr(LINT_EXTENSIONS));
	DER_SIGNED_free(s->envelope);
	lint_subject_free(s->issuer_owned);
	free(s);
}
