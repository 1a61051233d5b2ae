/*
 * What lint remembers of the certificates it has read: those of one kind (one issuer, one profile)
 * differ in their serial numbers, times, subjects, keys and what follows from these, and in nothing
 * else. The rules that look at none of that are asked once for a kind. All others are asked each time,
 * of what is the certificate's own, and of what the first of its kind was decoded into.
 */
#include "ca/lint/internal.h"

#include <stdlib.h>
#include <string.h>

#define KINDS 16
#define SHAPE_MOST 4096

struct kind {
	struct bytes shape;	/* what the certificates of a kind share, octet for octet */
	uint64_t issuer;	/* of struct lint_issuer; 0: unknown */
	struct bytes der;	/* the first one's */
	struct lint_subject *s; /* the first one */
	struct findings said;	/* by the rules that are not asked again */
};

struct lint_memory {
	struct kind kinds[KINDS];
	size_t next;
};

/*
 * These look at nothing in which certificates of a kind differ. A rule that is not named here is asked
 * each time, which is slower and never wrong.
 */
static lint_check *const asked_once[] = {
	lint_der_structure,
	lint_der_length,
	lint_der_boolean,
	lint_der_integer,
	lint_der_bit_string,
	lint_der_oid,
	lint_der_set_order,
	lint_version_not_3,
	lint_unique_id_present,
	lint_signature_algorithm_differs,
	lint_signature_algorithm_weak,
	lint_signature_algorithm_unknown,
	lint_signature_parameters,
	lint_validity_type,
	lint_validity_form,
	lint_validity_encoding,
	lint_key_algorithm,
	lint_key_parameters,
	lint_key_curve,
	lint_extension_duplicate,
	lint_extension_malformed,
	lint_extension_not_der,
	lint_extension_unknown_critical,
	lint_extension_critical_false,
	lint_ski_critical,
	lint_aki_critical,
	lint_aia_critical,
	lint_sia_critical,
	lint_freshest_crl_critical,
	lint_crl_distribution_critical,
	lint_issuer_alt_name_critical,
	lint_policy_mappings_not_critical,
	lint_policy_constraints_not_critical,
	lint_inhibit_any_policy_not_critical,
	lint_name_constraints_not_critical,
	lint_extensions_empty,
	lint_directory_attributes_critical,
	lint_directory_attributes_empty,
	lint_private_key_usage_period,
	lint_netscape_extension,
	lint_basic_constraints_critical,
	lint_basic_constraints_default,
	lint_path_length_without_sign,
	lint_path_length_negative,
	lint_key_usage_missing,
	lint_key_usage_ca_sign,
	lint_key_usage_leaf_sign,
	lint_key_usage_empty,
	lint_key_usage_padded,
	lint_key_usage_not_critical,
	lint_key_usage_agreement_only,
	lint_key_usage_key_type,
	lint_purpose_empty,
	lint_purpose_duplicate,
	lint_purpose_any_critical,
	lint_purpose_in_ca,
	lint_purpose_key_usage,
	lint_ski_missing,
	lint_ski_missing_leaf,
	lint_aki_missing,
	lint_aki_no_key_id,
	lint_aki_not_issuer_ski,
	lint_aki_serial_pair,
	lint_aki_issuer_serial,
	lint_issuer_alt_name_empty,
	lint_name_constraints_leaf,
	lint_name_constraints_empty,
	lint_name_constraints_distance,
	lint_name_constraints_ip,
	lint_name_constraints_dot,
	lint_name_constraints_kind,
	lint_name_constraints_host,
	lint_policies_empty,
	lint_policies_duplicate,
	lint_policy_mappings_leaf,
	lint_policy_mappings_empty,
	lint_policy_mappings_any,
	lint_policy_constraints_empty,
	lint_policy_constraints_leaf,
	lint_inhibit_any_policy_leaf,
	lint_policy_any_qualifier,
	lint_policy_cps_syntax,
	lint_policy_text_type,
	lint_policy_text_long,
	lint_policy_notice_reference,
	lint_policy_mapping_not_asserted,
	lint_policy_skip_negative,
	lint_crl_distribution_empty,
	lint_crl_point_empty,
	lint_crl_url_scheme,
	lint_crl_url_syntax,
	lint_point_relative,
	lint_point_some_reasons,
	lint_point_issuer_name,
	lint_point_own_issuer,
	lint_aia_empty,
	lint_aia_url_scheme,
	lint_aia_url_syntax,
	lint_aia_method,
	lint_aia_no_url,
	lint_sia_empty,
	lint_sia_url_syntax,
	lint_sia_repository_leaf,
	lint_sia_timestamp_ca,
	lint_issuer_name_differs,
	lint_issuer_name_encoding,
	lint_issuer_not_ca,
	lint_issuer_key_usage,
	lint_issuer_path_length,
	lint_path_length_beyond_issuer,
	lint_issuer_algorithm,
};

bool lint_is_asked_once(lint_check *check)
{
	for (size_t i = 0; i < sizeof asked_once / sizeof *asked_once; i++)
		if (asked_once[i] == check)
			return true;
	return false;
}

static void forget(struct kind *k)
{
	lint_subject_free(k->s);
	findings_free(&k->said);
	bytes_free(&k->shape);
	bytes_free(&k->der);
	*k = (struct kind){0};
}

enum status lint_memory_new(struct lint_memory **out, struct error *e)
{
	*out = calloc(1, sizeof **out);
	return *out ? STATUS_OK : error_memory(e);
}

void lint_memory_free(struct lint_memory *m)
{
	for (size_t i = 0; m && i < KINDS; i++)
		forget(&m->kinds[i]);
	free(m);
}

/* --- what a certificate shares with its kind -------------------------------------------------- */

/* A certificate taken apart, with room for what stands in a struct lint_subject in its place. */
struct own {
	const struct plain_certificate *p;
	const struct plain_extension *ski, *alt_name; /* NULL: none */
	struct span ski_octets, modulus, exponent;
	size_t parts;
	struct lint_subject s;
	LINT_TBS cert;
	DER_SPKI spki;
	DER_RSA rsa;
	ASN1_STRING serial, key, n, e, ski_value, ski_outer, alt_name_outer;
	LINT_EXTENSION ski_raw, alt_name_raw;
};

struct shape {
	unsigned char octets[SHAPE_MOST];
	size_t len;
};

static bool append(struct shape *shape, const void *data, size_t len)
{
	if (len > sizeof shape->octets - shape->len)
		return false;
	memcpy(shape->octets + shape->len, data, len);
	shape->len += len;
	return true;
}

static bool append_span(struct shape *shape, struct span s)
{
	return append(shape, s.data, s.len);
}

/* In place of a value that differs: no DER begins so. */
static bool append_mark(struct shape *shape, const struct plain_extension *x)
{
	const unsigned char mark[] = {0, x->nid == NID_subject_alt_name, x->critical};

	return append(shape, mark, sizeof mark);
}

/* False where one is there twice, or its value is not of the usual form. */
static bool take_extension(struct own *own, struct shape *shape, const struct plain_extension *x)
{
	if (x->nid == NID_subject_key_identifier) {
		if (own->ski || !plain_octets_read(x->value, &own->ski_octets))
			return false;
		own->ski = x;
		return append_mark(shape, x);
	}
	if (x->nid == NID_subject_alt_name) {
		size_t offset;

		if (own->alt_name || der_canonical(x->value, &offset) != DER_CANONICAL)
			return false;
		own->alt_name = x;
		return append_mark(shape, x);
	}
	return append_span(shape, x->der);
}

static bool is_rsa(const struct plain_certificate *p)
{
	return p->key_nid == NID_rsaEncryption || p->key_nid == NID_rsassaPss;
}

/*
 * False for what has no kind: a certificate that issued itself, that has no subject, or has something
 * of its own that can only be read by templates.
 */
static bool read_own(const struct plain_certificate *p, struct own *own, struct shape *shape)
{
	own->p = p;
	own->ski = own->alt_name = NULL;
	shape->len = 0;
	if (span_equal(p->issuer, p->subject) ||
	    !plain_name_read(p->subject, own->s.subject_name.few, LINT_PARTS_FEW, &own->parts) ||
	    own->parts == 0 ||
	    (is_rsa(p) && !plain_rsa_read(p->key, &own->modulus, &own->exponent)) ||
	    !append_span(shape, p->algorithm) || !append_span(shape, p->inner_algorithm) ||
	    !append_span(shape, p->issuer) || !append_span(shape, p->spki_algorithm))
		return false;
	for (size_t i = 0; i < p->extension_count; i++)
		if (!take_extension(own, shape, &p->extension[i]))
			return false;
	return true;
}

/* --- a certificate in the clothes of the first of its kind ------------------------------------ */

static ASN1_STRING string_of(int type, struct span octets)
{
	return (ASN1_STRING){(int)octets.len, type, (unsigned char *)octets.data, 0};
}

static void put_on_key(struct own *own, const struct lint_subject *first)
{
	own->key = string_of(V_ASN1_BIT_STRING, own->p->key);
	own->key.flags = ASN1_STRING_FLAG_BITS_LEFT;
	own->spki = (DER_SPKI){first->spki->algorithm, &own->key};
	own->s.spki = &own->spki;
	own->s.spki_der = own->p->spki;
	own->s.rsa = NULL;
	if (!is_rsa(own->p))
		return;
	own->n = string_of(V_ASN1_INTEGER, own->modulus);
	own->e = string_of(V_ASN1_INTEGER, own->exponent);
	own->rsa = (DER_RSA){&own->n, &own->e};
	own->s.rsa = &own->rsa;
}

static void put_on_extension(const struct plain_extension *x, ASN1_STRING *outer,
			     LINT_EXTENSION *raw, struct lint_decoded *known)
{
	*outer = string_of(V_ASN1_OCTET_STRING, x->value);
	*raw = *known->raw;
	raw->value = outer;
	known->raw = raw;
}

/* False where a subjectAltName does not decode. What is not changed here is the first one's. */
static bool put_on(struct own *own, const struct kind *k, const struct lint_subject *issuer)
{
	const struct plain_certificate *p = own->p;
	struct lint_decoded *known = own->s.known;
	struct plain_part few[LINT_PARTS_FEW];

	memcpy(few, own->s.subject_name.few, own->parts * sizeof few[0]);
	own->s = *k->s;
	memcpy(own->s.subject_name.few, few, own->parts * sizeof few[0]);
	own->s.subject_name.parts = own->s.subject_name.few;
	own->s.subject_name.count = own->parts;
	own->s.subject_name.rdns = few[own->parts - 1].rdn;
	own->s.issuer = issuer;
	own->s.der = p->der;
	own->s.tbs = p->tbs;
	own->s.envelope = NULL;
	own->s.issuer_der = p->issuer;
	own->s.subject_der = p->subject;
	own->s.not_before.seconds = p->not_before;
	own->s.not_after.seconds = p->not_after;
	own->serial = string_of(V_ASN1_INTEGER, p->serial);
	own->cert = *k->s->cert;
	own->cert.serial = &own->serial;
	own->cert.subject = own->cert.spki = NULL;
	own->cert.validity = NULL;
	own->s.cert = &own->cert;
	put_on_key(own, k->s);
	if (own->ski) {
		own->ski_value = string_of(V_ASN1_OCTET_STRING, own->ski_octets);
		put_on_extension(own->ski, &own->ski_outer, &own->ski_raw, &known[LINT_SKI]);
		known[LINT_SKI].value = &own->ski_value;
	}
	if (!own->alt_name)
		return true;
	put_on_extension(own->alt_name, &own->alt_name_outer, &own->alt_name_raw,
			 &known[LINT_SUBJECT_ALT_NAME]);
	known[LINT_SUBJECT_ALT_NAME].value = lint_decode(own->alt_name->value,
							 ASN1_ITEM_rptr(GENERAL_NAMES));
	return known[LINT_SUBJECT_ALT_NAME].value != NULL;
}

static void take_off(struct own *own)
{
	if (own->alt_name)
		GENERAL_NAMES_free(own->s.known[LINT_SUBJECT_ALT_NAME].value);
}

/* --- kinds ------------------------------------------------------------------------------------ */

static const struct kind *find(const struct lint_memory *m, const struct shape *shape,
			       uint64_t issuer)
{
	const struct span wanted = {shape->octets, shape->len};

	for (size_t i = 0; i < KINDS; i++)
		if (m->kinds[i].s && m->kinds[i].issuer == issuer &&
		    span_equal(span_of(&m->kinds[i].shape), wanted))
			return &m->kinds[i];
	return NULL;
}

static enum status read_first(struct kind *k, struct span der, const struct shape *shape,
			      const struct lint_issuer *issuer, struct findings *findings,
			      struct error *e)
{
	enum status s = bytes_copy(&k->der, der, e);

	if (s == STATUS_OK)
		s = bytes_copy(&k->shape, (struct span){shape->octets, shape->len}, e);
	if (s == STATUS_OK)
		s = lint_subject_read_below(span_of(&k->der), issuer, &k->s, e);
	return s == STATUS_OK ? lint_judge_keeping(k->s, &k->said, findings, e) : s;
}

/* The first of a kind: what templates make of it is kept, as long as it is what it looked like. */
static enum status remember(struct lint_memory *m, const struct own *own, const struct shape *shape,
			    const struct lint_issuer *issuer, struct findings *findings,
			    struct error *e)
{
	struct kind *k = &m->kinds[m->next];
	enum status s;

	m->next = (m->next + 1) % KINDS;
	forget(k);
	k->issuer = lint_issuer_number(issuer);
	s = read_first(k, own->p->der, shape, issuer, findings, e);
	if (s != STATUS_OK || !k->s->cert || (own->ski && !lint_value(k->s, LINT_SKI)) ||
	    (own->alt_name && !lint_value(k->s, LINT_SUBJECT_ALT_NAME)))
		forget(k);
	return s;
}

enum status lint_certificate_remembered(struct lint_memory *m, const struct plain_certificate *p,
					const struct lint_issuer *issuer, struct findings *findings,
					struct error *e)
{
	const struct kind *k;
	struct shape shape;
	struct own own;
	enum status s;

	if (!read_own(p, &own, &shape) || lint_is_issuer(issuer, p->der))
		return lint_certificate_below(p->der, issuer, findings, e);
	k = find(m, &shape, lint_issuer_number(issuer));
	if (!k)
		return remember(m, &own, &shape, issuer, findings, e);
	if (put_on(&own, k, lint_issuer_subject(issuer)))
		s = lint_judge_own(&own.s, &k->said, findings, e);
	else
		s = lint_certificate_below(p->der, issuer, findings, e);
	take_off(&own);
	return s;
}
