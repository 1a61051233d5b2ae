#include "audit/drift.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/policy.h"

enum status drift_profile(struct drift *d, const char *name, unsigned *number, struct error *e)
{
	struct error problem;
	enum status s;

	for (*number = 1; *number <= d->count; ++*number)
		if (strcmp(d->items[*number - 1].name, name) == 0)
			return STATUS_OK;
	*number = 0;
	if (d->count == DRIFT_PROFILES_MAX || strlen(name) > PROFILE_NAME_MAX || !*name)
		return STATUS_OK;
	s = profile_load(d->path, name, &d->items[d->count].profile, &problem);
	if (s == STATUS_SYSTEM) {
		*e = problem;
		return error_status(e);
	}
	if (s != STATUS_OK)
		d->items[d->count].profile = NULL;
	snprintf(d->items[d->count].name, sizeof d->items[0].name, "%s", name);
	*number = ++d->count;
	return STATUS_OK;
}

void drift_free(struct drift *d)
{
	while (d->count)
		profile_free(d->items[--d->count].profile);
}

/* --- one difference each ---------------------------------------------------------------------- */

static void differ(struct text *out, const char *format, ...) PRINTF_LIKE(2, 3);

static void differ(struct text *out, const char *format, ...)
{
	char words[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	text_printf(out, "%s%s", out->len ? "; " : "", words);
}

static bool has(const struct audit_certificate *c, int nid)
{
	struct audit_extension x;

	return audit_certificate_extension(c, nid, &x);
}

static void *decode(const struct audit_certificate *c, int nid, const ASN1_ITEM *item)
{
	struct audit_extension x;
	const unsigned char *at;

	if (!audit_certificate_extension(c, nid, &x))
		return NULL;
	at = x.value.data;
	return ASN1_item_d2i(NULL, &at, (long)x.value.len, item);
}

static void compare_criticality(const struct audit_certificate *c, int nid, bool wanted,
				struct text *out)
{
	struct audit_extension x;

	if (audit_certificate_extension(c, nid, &x) && x.critical != wanted)
		differ(out, "%s is %scritical", OBJ_nid2sn(nid), wanted ? "not " : "");
}

static void compare_constraints(const struct profile *p, const struct audit_certificate *c,
				struct text *out)
{
	bool ca = p->kind != PROFILE_LEAF;

	if (c->is_ca != ca) {
		differ(out, "it is %s CA, and the profile makes %s", c->is_ca ? "a" : "no",
		       ca ? "CAs" : "none");
		return;
	}
	if (ca)
		compare_criticality(c, NID_basic_constraints, p->basic_constraints_critical, out);
	if (!ca || c->path_length == p->path_length)
		return;
	if (c->path_length == PATH_LENGTH_NONE)
		differ(out, "no path length, where the profile says %d", p->path_length);
	else if (p->path_length == PROFILE_PATH_LENGTH_NONE)
		differ(out, "path length %d, where the profile says none", c->path_length);
	else
		differ(out, "path length %d, where the profile says %d", c->path_length,
		       p->path_length);
}

static void compare_key_usage(const struct profile *p, const struct audit_certificate *c,
			      struct text *out)
{
	ASN1_BIT_STRING *bits = decode(c, NID_key_usage, ASN1_ITEM_rptr(ASN1_BIT_STRING));
	unsigned usage = 0;

	for (int i = 0; bits && i < bits->length && i < 2; i++)
		usage |= (unsigned)bits->data[i] << (8 * i);
	ASN1_BIT_STRING_free(bits);
	if (usage != p->key_usage)
		differ(out, "another key usage than the profile's");
	else
		compare_criticality(c, NID_key_usage, p->key_usage_critical, out);
}

static bool has_purpose(const struct profile *p, int nid)
{
	for (size_t i = 0; i < p->purpose_count; i++)
		if (p->purposes[i] == nid)
			return true;
	return false;
}

static void compare_purposes(const struct profile *p, const struct audit_certificate *c,
			     struct text *out)
{
	EXTENDED_KEY_USAGE *found = decode(c, NID_ext_key_usage,
					   ASN1_ITEM_rptr(EXTENDED_KEY_USAGE));
	int count = found ? sk_ASN1_OBJECT_num(found) : 0;
	bool same = (size_t)count == p->purpose_count;

	for (int i = 0; same && i < count; i++)
		same = has_purpose(p, OBJ_obj2nid(sk_ASN1_OBJECT_value(found, i)));
	if (!same)
		differ(out, "other purposes (extendedKeyUsage) than the profile's");
	EXTENDED_KEY_USAGE_free(found);
}

static void compare_identifiers(const struct profile *p, const struct audit_certificate *c,
				struct text *out)
{
	if (p->subject_key_identifier && !c->ski.len)
		differ(out, "no subjectKeyIdentifier");
	if (p->authority_key_identifier && !c->authority_key.len)
		differ(out, "no authorityKeyIdentifier");
}

static void compare_urls(const struct drift *d, const struct profile *p,
			 const struct audit_certificate *c, struct text *out)
{
	if (p->crl_distribution_points && d->urls->crl && !has(c, NID_crl_distribution_points))
		differ(out, "no URL of a CRL");
	if (p->freshest_crl && d->urls->crl && d->urls->delta_crl && !has(c, NID_freshest_crl))
		differ(out, "no URL of a delta CRL");
	if (p->authority_information_access && (d->urls->ocsp || d->urls->ca_issuers) &&
	    !has(c, NID_info_access))
		differ(out, "no authorityInfoAccess");
}

static void compare_alt_name(const struct profile *p, const struct audit_certificate *c,
			     struct text *out)
{
	bool san = has(c, NID_subject_alt_name);

	if (p->subject_alt_name == SAN_NONE && san)
		differ(out, "a subjectAltName, which the profile never gives");
	if (p->subject_alt_name == SAN_REQUIRED && !san)
		differ(out, "no subjectAltName");
}

static void compare_life(const struct profile *p, const struct audit_certificate *c,
			 struct text *out)
{
	/* RFC 5280 4.1.2.5: both ends count. The backdate comes on top of what was asked. */
	int64_t days = (c->not_after - c->not_before + 1 - p->backdate) / SECONDS_PER_DAY;

	if (p->max_days && days > p->max_days)
		differ(out, "a life of %" PRId64 " days, where the profile allows %d", days,
		       p->max_days);
}

static void compare_key(const struct profile *p, const struct audit_certificate *c,
			struct text *out)
{
	char key[80];
	int bits = 0;
	bool good;

	audit_key_text(c->spki, key, sizeof key);
	if (sscanf(key, "RSA %d", &bits) == 1)
		good = p->rsa_min && bits >= p->rsa_min && bits <= p->rsa_max;
	else if (strcmp(key, "P-256") == 0)
		good = p->ec_p256;
	else if (strcmp(key, "P-384") == 0)
		good = p->ec_p384;
	else
		good = strcmp(key, "ED25519") == 0 && p->ed25519;
	if (!good)
		differ(out, "a key that the profile does not allow (%s)", key);
}

static void compare_digest(const struct profile *p, const struct audit_certificate *c,
			   struct text *out)
{
	int digest = NID_undef;

	if (!p->digest[0] || OBJ_find_sigid_algs(c->algorithm, &digest, NULL) != 1 ||
	    digest == NID_undef)
		return;
	if (digest != OBJ_sn2nid(p->digest) && digest != OBJ_ln2nid(p->digest))
		differ(out, "a signature with %s, where the profile says %s", OBJ_nid2ln(digest),
		       p->digest);
}

#define PARTS_MOST 16

static const struct plain_part *find_part(const struct plain_part *parts, size_t count, int nid)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i].nid == nid)
			return &parts[i];
	return NULL;
}

static bool is_named(const struct profile *p, int nid)
{
	for (size_t i = 0; i < p->subject_count; i++)
		if (p->subject[i].nid == nid)
			return true;
	return false;
}

/*
 * Whether it is plain that policy_check_subject() has nothing to say: it asks for attributes that are
 * there or not, and never for a value but where it must be the issuer's.
 */
static bool has_fine_subject(const struct profile *p, const struct audit_certificate *c)
{
	struct plain_part parts[PARTS_MOST];
	size_t count;

	if (!c->is_plain || !plain_name_read(c->subject, parts, PARTS_MOST, &count))
		return false;
	for (size_t i = 0; i < p->subject_count; i++) {
		bool there = find_part(parts, count, p->subject[i].nid);

		switch (p->subject[i].rule) {
		case SUBJECT_SUPPLIED:
			if (!there)
				return false;
			break;
		case SUBJECT_FORBIDDEN:
			if (there)
				return false;
			break;
		case SUBJECT_MATCH:
			return false;
		default:
			break;
		}
	}
	for (size_t i = 0; p->subject_others != SUBJECT_OPTIONAL && i < count; i++)
		if (!is_named(p, parts[i].nid))
			return false;
	return true;
}

static void compare_subject(const struct drift *d, const struct profile *p,
			    const struct audit_certificate *c, struct text *out)
{
	const unsigned char *at = c->subject.data;
	struct error problem;
	X509_NAME *subject;

	if (has_fine_subject(p, c))
		return;
	subject = d2i_X509_NAME(NULL, &at, (long)c->subject.len);
	/* What the CA's own certificate is held against is itself. */
	if (subject &&
	    policy_check_subject(p, subject, p->kind == PROFILE_ROOT ? NULL : (X509 *)d->issuer,
				 &problem) == STATUS_REFUSED)
		differ(out, "%s", problem.what);
	X509_NAME_free(subject);
}

enum status drift_compare(const struct drift *d, unsigned number, const struct audit_certificate *c,
			  struct text *out, struct error *e)
{
	const struct profile *p = d->items[number - 1].profile;

	if (!p) {
		text_printf(out, "there is no usable profile '%s' any more",
			    d->items[number - 1].name);
		return text_check(out, e);
	}
	ERR_set_mark();
	compare_constraints(p, c, out);
	compare_key_usage(p, c, out);
	compare_purposes(p, c, out);
	compare_identifiers(p, c, out);
	compare_urls(d, p, c, out);
	compare_alt_name(p, c, out);
	compare_life(p, c, out);
	compare_key(p, c, out);
	compare_digest(p, c, out);
	compare_subject(d, p, c, out);
	ERR_pop_to_mark();
	return text_check(out, e);
}
