#include "audit/certificate.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "ca/name.h"

static struct span string_span(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* What a field that was left undecoded holds, with its header. Empty unless it is a SEQUENCE. */
static struct span sequence_span(const ASN1_TYPE *field)
{
	return field->type == V_ASN1_SEQUENCE ? string_span(field->value.sequence)
					      : (struct span){NULL, 0};
}

static bool read_time(const ASN1_TYPE *t, int64_t *out)
{
	struct tm fields;

	if ((t->type != V_ASN1_UTCTIME && t->type != V_ASN1_GENERALIZEDTIME) ||
	    ASN1_TIME_to_tm(t->value.asn1_string, &fields) != 1)
		return false;
	*out = timegm(&fields);
	return true;
}

/* --- extensions ------------------------------------------------------------------------------- */

static void *decode(struct span der, const ASN1_ITEM *item)
{
	const unsigned char *at = der.data;

	return ASN1_item_d2i(NULL, &at, (long)der.len, item);
}

static void read_basic_constraints(struct audit_certificate *c, struct span value)
{
	BASIC_CONSTRAINTS *b;
	int64_t length = 0;
	int path_length;
	bool ca;

	if (plain_basic_constraints_read(value, &ca, &path_length)) {
		c->is_ca = ca;
		c->path_length = path_length < 0 ? c->path_length : path_length;
		return;
	}
	b = decode(value, ASN1_ITEM_rptr(BASIC_CONSTRAINTS));
	if (!b)
		return;
	c->is_ca = b->ca;
	if (b->pathlen && ASN1_INTEGER_get_int64(&length, b->pathlen) == 1 && length >= 0)
		c->path_length = length < INT_MAX ? (int)length : INT_MAX;
	BASIC_CONSTRAINTS_free(b);
}

static void read_authority_key(struct audit_certificate *c, struct span value)
{
	AUTHORITY_KEYID *a;

	if (plain_authority_key_read(value, &c->authority_key))
		return;
	a = decode(value, ASN1_ITEM_rptr(AUTHORITY_KEYID));
	if (a && a->keyid) {
		ASN1_OCTET_STRING_free(c->authority_key_owned);
		c->authority_key_owned = a->keyid;
		c->authority_key = string_span(a->keyid);
		a->keyid = NULL;
	}
	AUTHORITY_KEYID_free(a);
}

static void read_ski(struct audit_certificate *c, struct span value)
{
	if (plain_octets_read(value, &c->ski))
		return;
	ASN1_OCTET_STRING_free(c->ski_owned);
	c->ski_owned = decode(value, ASN1_ITEM_rptr(ASN1_OCTET_STRING));
	c->ski = c->ski_owned ? string_span(c->ski_owned) : (struct span){NULL, 0};
}

/* Those that do not decode are lint's to tell. */
static void read_extension(struct audit_certificate *c, int nid, struct span value)
{
	switch (nid) {
	case NID_basic_constraints:
		read_basic_constraints(c, value);
		break;
	case NID_subject_key_identifier:
		read_ski(c, value);
		break;
	case NID_authority_key_identifier:
		read_authority_key(c, value);
		break;
	default:
		break;
	}
}

static int count_extensions(const struct audit_certificate *c)
{
	return c->fields->extensions ? sk_LINT_EXTENSION_num(c->fields->extensions) : 0;
}

static void read_extensions(struct audit_certificate *c)
{
	for (int i = 0; i < count_extensions(c); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(c->fields->extensions, i);

		read_extension(c, OBJ_obj2nid(x->type), string_span(x->value));
	}
}

const unsigned char *audit_certificate_spki_digest(struct audit_certificate *c)
{
	if (!c->has_spki_digest &&
	    !digest_of(DIGEST_SHA256, c->spki, (struct span){NULL, 0}, c->spki_digest))
		memset(c->spki_digest, 0, sizeof c->spki_digest);
	c->has_spki_digest = true;
	return c->spki_digest;
}

bool audit_certificate_extension(const struct audit_certificate *c, int nid,
				 struct audit_extension *out)
{
	for (size_t i = 0; c->is_plain && i < c->plain.extension_count; i++) {
		const struct plain_extension *x = &c->plain.extension[i];

		if (x->nid == nid) {
			*out = (struct audit_extension){x->critical, x->value};
			return true;
		}
	}
	for (int i = 0; !c->is_plain && i < count_extensions(c); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(c->fields->extensions, i);

		if (OBJ_obj2nid(x->type) == nid) {
			*out = (struct audit_extension){x->critical > 0, string_span(x->value)};
			return true;
		}
	}
	return false;
}

/* --- all -------------------------------------------------------------------------------------- */

static void take_plain(struct audit_certificate *c)
{
	const struct plain_certificate *p = &c->plain;

	c->tbs = p->tbs;
	c->serial = p->serial;
	c->issuer = p->issuer;
	c->subject = p->subject;
	c->spki = p->spki;
	c->signature = p->signature;
	c->algorithm = p->algorithm_nid;
	c->not_before = p->not_before;
	c->not_after = p->not_after;
	c->self_issued = span_equal(c->issuer, c->subject);
	for (size_t i = 0; i < p->extension_count; i++)
		read_extension(c, p->extension[i].nid, p->extension[i].value);
}

static bool read_fields(struct audit_certificate *c)
{
	const unsigned char *at = c->tbs.data;

	c->fields = c->tbs.len ? d2i_LINT_TBS(NULL, &at, (long)c->tbs.len) : NULL;
	if (!c->fields || at != c->tbs.data + c->tbs.len)
		return false;
	c->serial = string_span(c->fields->serial);
	c->issuer = sequence_span(c->fields->issuer);
	c->subject = sequence_span(c->fields->subject);
	c->spki = sequence_span(c->fields->spki);
	if (!c->issuer.len || !c->subject.len || !c->spki.len)
		return false;
	c->self_issued = span_equal(c->issuer, c->subject);
	return read_time(c->fields->validity->not_before, &c->not_before) &&
	       read_time(c->fields->validity->not_after, &c->not_after);
}

static enum status read_by_templates(struct span der, struct audit_certificate *c, struct error *e)
{
	enum status s = der_signed_parse(der, &c->envelope, e);

	if (s != STATUS_OK)
		return s;
	c->tbs = der_to_be_signed(c->envelope);
	c->signature = string_span(c->envelope->signature);
	c->algorithm = OBJ_obj2nid(c->envelope->algorithm->algorithm);
	if (!read_fields(c))
		return error_set(e, STATUS_INPUT, NULL, NULL, "is no certificate");
	read_extensions(c);
	return STATUS_OK;
}

enum status audit_certificate_read(struct span der, struct audit_certificate *out, struct error *e)
{
	enum status s = STATUS_OK;

	/* Not the room for extensions, which is only looked at where it is filled. */
	memset(out, 0, offsetof(struct audit_certificate, plain));
	memset(&out->envelope, 0, sizeof *out - offsetof(struct audit_certificate, envelope));
	out->der = der;
	out->path_length = PATH_LENGTH_NONE;
	out->is_plain = plain_certificate_read(der, &out->plain);
	if (out->is_plain) {
		take_plain(out);
		return STATUS_OK;
	}
	ERR_set_mark();
	s = read_by_templates(der, out, e);
	ERR_pop_to_mark();
	if (s != STATUS_OK)
		audit_certificate_free(out);
	return s;
}

void audit_certificate_free(struct audit_certificate *c)
{
	ASN1_OCTET_STRING_free(c->ski_owned);
	ASN1_OCTET_STRING_free(c->authority_key_owned);
	LINT_TBS_free(c->fields);
	DER_SIGNED_free(c->envelope);
	c->ski_owned = c->authority_key_owned = NULL;
	c->fields = NULL;
	c->envelope = NULL;
}

#define PARTS_MOST 16

/* Of types that hold ASCII as it is, and of characters that nothing escapes. */
static bool is_plain_text(const struct plain_part *part)
{
	if (!(ASN1_tag2bit(part->type) &
	      (B_ASN1_UTF8STRING | B_ASN1_PRINTABLESTRING | B_ASN1_IA5STRING)) ||
	    part->nid == NID_undef)
		return false;
	for (size_t i = 0; i < part->text.len; i++)
		if (part->text.data[i] < ' ' || part->text.data[i] > '~' ||
		    strchr(",+\\", part->text.data[i]))
			return false;
	return true;
}

/* As name_show() writes it; false, and nothing, where only that knows how. */
static bool add_plain_name(struct span name, struct text *out)
{
	struct plain_part parts[PARTS_MOST];
	size_t count;

	if (!plain_name_read(name, parts, PARTS_MOST, &count) || count == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_plain_text(&parts[i]))
			return false;
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_add(out, parts[i].rdn == parts[i - 1].rdn ? "+" : ",");
		text_add(out, OBJ_nid2sn(parts[i].nid));
		text_add(out, "=");
		text_append(out, (const char *)parts[i].text.data, parts[i].text.len);
	}
	return true;
}

enum status audit_name_text(struct span name, struct text *out, struct error *e)
{
	const unsigned char *at = name.data;
	X509_NAME *n;
	size_t before = out->len;

	if (add_plain_name(name, out))
		return text_check(out, e);
	ERR_set_mark();
	n = d2i_X509_NAME(NULL, &at, (long)name.len);
	ERR_pop_to_mark();
	if (n)
		name_show(n, out);
	if (out->len == before)
		text_add(out, n ? "(empty name)" : "(unreadable name)");
	X509_NAME_free(n);
	return text_check(out, e);
}

/* Octets without a zero at their front. */
static size_t bits_of(struct span octets)
{
	size_t bits = octets.len * 8;

	for (unsigned top = octets.data[0]; top && !(top & 0x80); top <<= 1)
		bits--;
	return octets.data[0] ? bits : 0;
}

static int rsa_bits(const DER_SPKI *key)
{
	const unsigned char *at = ASN1_STRING_get0_data(key->key);
	DER_RSA *rsa = d2i_DER_RSA(NULL, &at, ASN1_STRING_length(key->key));
	BIGNUM *n = rsa ? ASN1_INTEGER_to_BN(rsa->modulus, NULL) : NULL;
	int bits = n ? BN_num_bits(n) : 0;

	BN_free(n);
	DER_RSA_free(rsa);
	return bits;
}

void audit_key_text(struct span spki, char *out, size_t size)
{
	const unsigned char *at = spki.data;
	char name[64] = "";
	DER_SPKI *key;
	struct span bits, modulus, exponent;
	int nid;

	if (plain_rsa_bits(spki, &bits) && plain_rsa_read(bits, &modulus, &exponent)) {
		snprintf(out, size, "RSA %zu", bits_of(modulus));
		return;
	}
	ERR_set_mark();
	key = d2i_DER_SPKI(NULL, &at, (long)spki.len);
	nid = key ? OBJ_obj2nid(key->algorithm->algorithm) : NID_undef;
	if (!key)
		snprintf(out, size, "unreadable");
	else if (nid == NID_rsaEncryption)
		snprintf(out, size, "RSA %d", rsa_bits(key));
	else if (nid == NID_X9_62_id_ecPublicKey && key->algorithm->parameter &&
		 key->algorithm->parameter->type == V_ASN1_OBJECT) {
		nid = OBJ_obj2nid(key->algorithm->parameter->value.object);
		snprintf(out, size, "%s",
			 EC_curve_nid2nist(nid) ? EC_curve_nid2nist(nid) : OBJ_nid2sn(nid));
	} else {
		OBJ_obj2txt(name, sizeof name, key->algorithm->algorithm, 0);
		snprintf(out, size, "%s", name);
	}
	DER_SPKI_free(key);
	ERR_pop_to_mark();
}
