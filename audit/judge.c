#include "audit/judge.h"

#include <string.h>

#include <openssl/err.h>

#include "base/spki.h"
#include "ca/lint.h"
#include "csr/key.h"
#include "csr/rsa_weak.h"

/* What the audit's own rules tell, with all certificates at hand. */
static bool told_elsewhere(const struct rule *rule, bool key_is_judged)
{
	return strcmp(rule->id, "validity_after_issuer") == 0 ||
	       strcmp(rule->id, "issuer_path_length") == 0 ||
	       (key_is_judged && strncmp(rule->id, "key_", 4) == 0 &&
		strncmp(rule->id, "key_usage", 9) != 0);
}

/* where in the certificate stands before the message. */
static enum status take(const struct finding *f, uint32_t record, struct audit_findings *to,
			struct error *e)
{
	return findings_say(to, f->rule, record, RECORD_NONE, NULL, e, "%s%s%s", f->where,
			    *f->where ? " " : "", f->message);
}

static struct span string_span(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* --- key -------------------------------------------------------------------------------------- */

static enum status judge_numbers(const struct judge_order *o, struct span modulus,
				 struct span exponent, struct judged *j, struct findings *found,
				 struct error *e)
{
	enum status s;

	if (modulus.len == 0 || (modulus.len == 1 && modulus.data[0] == 0))
		return STATUS_OK;
	s = csr_key_check_rsa(modulus, exponent, found, e);
	if (s == STATUS_OK)
		s = csr_key_check_listed_rsa(modulus, o->weak_keys, found, e);
	if (s == STATUS_OK && o->keep_moduli && modulus.len <= RSA_MODULUS_BITS_MOST / 8)
		s = bytes_copy(&j->modulus, modulus, e);
	return s;
}

static enum status judge_rsa(const struct judge_order *o, const DER_SPKI *spki, struct judged *j,
			     struct findings *found, struct error *e)
{
	const unsigned char *at = ASN1_STRING_get0_data(spki->key);
	DER_RSA *rsa = d2i_DER_RSA(NULL, &at, ASN1_STRING_length(spki->key));
	enum status s = STATUS_OK;

	/* What is no key is lint's to tell. */
	if (rsa && ASN1_STRING_type(rsa->modulus) != V_ASN1_NEG_INTEGER)
		s = judge_numbers(o, string_span(rsa->modulus), string_span(rsa->exponent), j,
				  found, e);
	DER_RSA_free(rsa);
	return s;
}

static enum status judge_key(const struct judge_order *o, const struct audit_certificate *c,
			     struct judged *j, struct findings *found, struct error *e)
{
	const unsigned char *at = c->spki.data;
	struct span modulus, exponent;
	DER_SPKI *spki;
	EVP_PKEY *key = NULL;
	enum status s = STATUS_OK;

	if (c->is_plain && c->plain.key_nid == NID_rsaEncryption &&
	    plain_rsa_read(c->plain.key, &modulus, &exponent))
		return judge_numbers(o, modulus, exponent, j, found, e);
	ERR_set_mark();
	spki = d2i_DER_SPKI(NULL, &at, (long)c->spki.len);
	if (spki && OBJ_obj2nid(spki->algorithm->algorithm) == NID_rsaEncryption) {
		s = judge_rsa(o, spki, j, found, e);
	} else if (spki) {
		key = spki_key(c->spki);
		s = key ? csr_key_check(key, found, e) : STATUS_OK;
		/* A kind of key that has no judge, not a machine that failed. */
		if (s == STATUS_INPUT)
			s = STATUS_OK;
	}
	EVP_PKEY_free(key);
	DER_SPKI_free(spki);
	ERR_pop_to_mark();
	return s;
}

/* --- signature -------------------------------------------------------------------------------- */

static enum status say(struct audit_findings *f, enum audit_rule rule, const struct judged *j,
		       const char *words, struct error *e)
{
	return findings_say(f, &audit_rules[rule], j->record, RECORD_NONE, NULL, e, "%s", words);
}

static enum status judge_signature(const struct judge_order *o, const struct audit_issuer *issuer,
				   bool named, struct judged *j, struct audit_findings *f,
				   struct error *e)
{
	bool of_ca = issuer && o->authority_key && issuer->spki == o->authority_key;

	if ((j->flags & RECORD_IN_STORE) && !(j->flags & RECORD_ADOPTED) && !of_ca)
		return say(f, AUDIT_store_signature, j, "this CA's key did not sign it", e);
	if (issuer)
		return STATUS_OK;
	if (named)
		return say(f, AUDIT_signature, j, "the issuer that it names did not sign it", e);
	if (o->issuer_may_be_missing)
		return STATUS_OK;
	return say(f, AUDIT_issuer_unknown, j, "its issuer is not among what was examined", e);
}

/* --- all -------------------------------------------------------------------------------------- */

static enum status judge_lint(struct audit_verifier *verifier, const struct audit_certificate *c,
			      const struct audit_issuer *issuer, const struct judged *j,
			      bool key_is_judged, struct audit_findings *f, struct error *e)
{
	const struct audit_issuer *other = issuer && issuer->record != j->record ? issuer : NULL;
	struct findings found = {0};
	enum status s = verifier_lint(verifier, other, c, &found, e);

	for (size_t i = 0; s == STATUS_OK && i < found.count; i++)
		if (!told_elsewhere(found.items[i].rule, key_is_judged))
			s = take(&found.items[i], j->record, f, e);
	findings_free(&found);
	return s;
}

static enum status judge_drift(const struct judge_order *o, const struct audit_certificate *c,
			       const struct judged *j, struct audit_findings *f, struct error *e)
{
	struct text difference = {0};
	enum status s = STATUS_OK;

	if (o->drift && j->profile)
		s = drift_compare(o->drift, j->profile, c, &difference, e);
	if (s == STATUS_OK && difference.len)
		s = findings_say(f, &audit_rules[AUDIT_drift], j->record, RECORD_NONE, NULL, e,
				 "profile %s: %s", o->drift->items[j->profile - 1].name,
				 text_get(&difference));
	text_free(&difference);
	return s;
}

enum status judge_certificate(const struct judge_order *order, struct audit_verifier *verifier,
			      struct span der, struct judged *j, struct audit_findings *findings,
			      struct error *e)
{
	struct audit_certificate c;
	struct findings key = {0};
	const struct audit_issuer *issuer;
	enum status s = audit_certificate_read(der, &c, e);
	bool named = false;

	if (s != STATUS_OK)
		return s;
	issuer = verifier_find(verifier, order->issuers, &c, &named);
	s = judge_signature(order, issuer, named, j, findings, e);
	if (s == STATUS_OK)
		s = judge_key(order, &c, j, &key, e);
	for (size_t i = 0; s == STATUS_OK && i < key.count; i++)
		s = take(&key.items[i], j->record, findings, e);
	if (s == STATUS_OK)
		s = judge_lint(verifier, &c, issuer, j, key.count > 0, findings, e);
	if (s == STATUS_OK)
		s = judge_drift(order, &c, j, findings, e);
	j->issuer_record = issuer ? issuer->record : RECORD_NONE;
	j->flags = RECORD_JUDGED | (issuer ? RECORD_VERIFIED : 0) |
		   (!issuer && named ? RECORD_BAD_SIGNATURE : 0) |
		   (issuer && order->authority_key && issuer->spki == order->authority_key
			    ? RECORD_OF_CA
			    : 0);
	findings_free(&key);
	audit_certificate_free(&c);
	return s;
}
