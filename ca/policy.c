#include "ca/policy.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/issue_rules.h"
#include "ca/name.h"

enum status policy_check_issuer(const struct profile *p, X509 *issuer, struct error *e)
{
	long granted;

	if (!issuer)
		return p->kind == PROFILE_ROOT
			       ? STATUS_OK
			       : error_set(e, STATUS_REFUSED, NULL, "choose the profile root",
					   "profile '%s' is not for a self-signed CA", p->name);
	if (p->kind == PROFILE_ROOT)
		return error_set(e, STATUS_REFUSED, NULL, "choose another --profile",
				 "profile '%s' is for a root that signs itself", p->name);
	if (!(X509_get_extension_flags(issuer) & EXFLAG_CA) ||
	    !(X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN))
		return error_set(e, STATUS_REFUSED, "issuer", "sign with another CA",
				 "its certificate may not sign certificates");
	granted = X509_get_pathlen(issuer);
	if (p->kind == PROFILE_LEAF || granted < 0)
		return STATUS_OK;
	if (granted == 0)
		return error_set(e, STATUS_REFUSED, "issuer",
				 "sign it with the CA above, or renew this one with a path length",
				 "its path length is 0: it may not have a CA below it");
	if (p->path_length == PROFILE_PATH_LENGTH_NONE || p->path_length >= granted)
		return error_set(e, STATUS_REFUSED, "issuer",
				 "choose a profile with a smaller path_length",
				 "its path length %ld leaves at most %ld to a CA below it", granted,
				 granted - 1);
	return STATUS_OK;
}

static bool curve_allowed(const struct profile *p, EVP_PKEY *key)
{
	char group[32];

	if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1)
		return false;
	return (p->ec_p256 && strcmp(group, SN_X9_62_prime256v1) == 0) ||
	       (p->ec_p384 && strcmp(group, SN_secp384r1) == 0);
}

static void list_allowed(const struct profile *p, char out[160])
{
	size_t len = 0;

	out[0] = '\0';
	if (p->rsa_max)
		len = (size_t)snprintf(out, 160, " RSA of %d to %d bits", p->rsa_min, p->rsa_max);
	snprintf(out + len, 160 - len, "%s%s%s", p->ec_p256 ? " P-256" : "",
		 p->ec_p384 ? " P-384" : "", p->ed25519 ? " Ed25519" : "");
}

enum status policy_judge_key(const struct profile *p, EVP_PKEY *key, struct findings *findings,
			     struct error *e)
{
	int bits = EVP_PKEY_get_bits(key);
	char allowed[160];
	bool fine = false;

	if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA)
		fine = p->rsa_max && bits >= p->rsa_min && bits <= p->rsa_max;
	else if (EVP_PKEY_get_id(key) == EVP_PKEY_EC)
		fine = curve_allowed(p, key);
	else if (EVP_PKEY_get_id(key) == EVP_PKEY_ED25519)
		fine = p->ed25519;
	if (fine)
		return STATUS_OK;
	list_allowed(p, allowed);
	return findings_add(findings, &issue_rule_table[ISSUE_KEY_NOT_ALLOWED], "key", e,
			    "%s of %d bits is not what profile '%s' allows (%s)",
			    EVP_PKEY_get0_type_name(key), bits, p->name, allowed + 1);
}

enum status policy_check_key(const struct profile *p, EVP_PKEY *key, struct error *e)
{
	struct findings found = {0};
	enum status s = policy_judge_key(p, key, &found, e);

	if (s == STATUS_OK)
		s = findings_refuse(&found, 0, STATUS_REFUSED, NULL, e);
	findings_free(&found);
	return s;
}

static const struct subject_policy *find_policy(const struct profile *p, int nid)
{
	for (size_t i = 0; i < p->subject_count; i++)
		if (p->subject[i].nid == nid)
			return &p->subject[i];
	return NULL;
}

static enum status judge_attribute(const struct profile *p, const struct subject_policy *policy,
				   const X509_NAME *subject, X509 *issuer,
				   struct findings *findings, struct error *e)
{
	const ASN1_STRING *value = name_find(subject, policy->nid);
	const char *type = OBJ_nid2ln(policy->nid);
	const ASN1_STRING *above;

	if (policy->rule == SUBJECT_FORBIDDEN && value)
		return findings_add(findings, &issue_rule_table[ISSUE_SUBJECT_FORBIDDEN], "subject",
				    e, "has %s, which profile '%s' forbids", type, p->name);
	if ((policy->rule == SUBJECT_SUPPLIED || policy->rule == SUBJECT_MATCH) && !value)
		return findings_add(findings, &issue_rule_table[ISSUE_SUBJECT_MISSING], "subject",
				    e, "has no %s, which profile '%s' requires", type, p->name);
	if (policy->rule != SUBJECT_MATCH || !issuer)
		return STATUS_OK;
	above = name_find(X509_get_subject_name(issuer), policy->nid);
	if (above && name_value_matches(value, above))
		return STATUS_OK;
	return findings_add(
		findings, &issue_rule_table[ISSUE_SUBJECT_DIFFERS], "subject", e,
		"its %s differs from the issuer's, which profile '%s' requires to match", type,
		p->name);
}

enum status policy_judge_subject(const struct profile *p, const X509_NAME *subject, X509 *issuer,
				 struct findings *findings, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < p->subject_count && s == STATUS_OK; i++)
		s = judge_attribute(p, &p->subject[i], subject, issuer, findings, e);
	if (p->subject_others == SUBJECT_OPTIONAL)
		return s;
	for (int i = 0; i < X509_NAME_entry_count(subject) && s == STATUS_OK; i++) {
		const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(
			X509_NAME_get_entry(subject, i));
		char oid[80];

		if (find_policy(p, OBJ_obj2nid(type)))
			continue;
		OBJ_obj2txt(oid, sizeof oid, type, 0);
		s = findings_add(findings, &issue_rule_table[ISSUE_SUBJECT_UNNAMED], "subject", e,
				 "has %s, which profile '%s' does not name; nothing is dropped "
				 "silently",
				 oid, p->name);
	}
	return s;
}

enum status policy_check_subject(const struct profile *p, const X509_NAME *subject, X509 *issuer,
				 struct error *e)
{
	struct findings found = {0};
	enum status s = policy_judge_subject(p, subject, issuer, &found, e);

	if (s == STATUS_OK)
		s = findings_refuse(&found, 0, STATUS_REFUSED, NULL, e);
	findings_free(&found);
	return s;
}
