#include "hsm/token_rules.h"

#include <stdio.h>
#include <string.h>

#define AGAIN "make a new key with 'subca token keygen' and re-key the CA"

enum rule_number {
	PIN_LOW,
	PIN_LAST_TRY,
	PIN_LOCKED,
	PIN_NOT_SET,
	ID_EMPTY,
	ID_SHARED,
	LABEL_SHARED,
	KEY_CANNOT_SIGN,
	KEY_DOES_MORE,
	KEY_LEAVES,
	KEY_LEFT_ONCE,
	PUBLIC_MISSING,
	TRIAL_FAILED,
	CA_KEY_MISSING,
	RULES
};

static const struct rule rules[RULES] = {
	[PIN_LOW] = {"token_pin_low", SEVERITY_WARNING, "PKCS#11 v2.40 3.2 CKF_USER_PIN_COUNT_LOW",
		     "a wrong PIN was tried since the last right one; a few more lock the token",
		     "log in once with the right PIN"},
	[PIN_LAST_TRY] = {"token_pin_last_try", SEVERITY_ERROR,
			  "PKCS#11 v2.40 3.2 CKF_USER_PIN_FINAL_TRY",
			  "the next wrong PIN locks the token, and with it the CA",
			  "make sure of the PIN, then 'subca token doctor --final-try'"},
	[PIN_LOCKED] = {"token_pin_locked", SEVERITY_ERROR, "PKCS#11 v2.40 3.2 CKF_USER_PIN_LOCKED",
			"nobody can log in", "unlock it with the token's own tool and its SO PIN"},
	[PIN_NOT_SET] = {"token_pin_not_set", SEVERITY_ERROR,
			 "PKCS#11 v2.40 3.2 CKF_USER_PIN_INITIALIZED", "nobody can log in",
			 "set the user's PIN with the token's own tool"},
	[ID_EMPTY] = {"token_id_empty", SEVERITY_WARNING, "PKCS#11 v2.40 4.8 CKA_ID",
		      "nothing binds the private key to its public half",
		      "give the pair a CKA_ID with the token's own tool"},
	[ID_SHARED] = {"token_id_shared", SEVERITY_ERROR, "PKCS#11 v2.40 4.8 CKA_ID",
		       "programs take the first of them, and may sign with the wrong key",
		       "give each pair a CKA_ID of its own with the token's own tool"},
	[LABEL_SHARED] = {"token_label_shared", SEVERITY_WARNING, "RFC 7512 2.3 object",
			  "a URI with this label means several keys",
			  "name the key by id=… as well, or change a label"},
	[KEY_CANNOT_SIGN] = {"token_key_cannot_sign", SEVERITY_ERROR, "PKCS#11 v2.40 4.9 CKA_SIGN",
			     "a CA's key has to sign", AGAIN},
	[KEY_DOES_MORE] = {"token_key_does_more", SEVERITY_ERROR, "PKCS#11 v2.40 4.9",
			   "whoever may decrypt, unwrap or derive with it can be made to misuse it",
			   AGAIN},
	[KEY_LEAVES] = {"token_key_can_leave", SEVERITY_ERROR,
			"PKCS#11 v2.40 4.9 CKA_EXTRACTABLE, CKA_SENSITIVE",
			"whoever has the PIN can copy the key", AGAIN},
	[KEY_LEFT_ONCE] =
		{"token_key_from_elsewhere", SEVERITY_WARNING,
		 "PKCS#11 v2.40 4.9 CKA_LOCAL, CKA_NEVER_EXTRACTABLE",
		 "it was not made on this token, or could leave it once: copies may exist",
		 "account for the copies, or re-key the CA with a key made on the token"},
	[PUBLIC_MISSING] = {"token_public_missing", SEVERITY_WARNING, "PKCS#11 v2.40 4.8",
			    "other programs find the key by its public half",
			    "put the public key or the certificate on the token"},
	[TRIAL_FAILED] = {"token_trial_failed", SEVERITY_ERROR, "FIPS 186-5 3.2",
			  "it signs nothing that anyone could verify",
			  "look at the token with its own tool; do not issue with it"},
	[CA_KEY_MISSING] = {"token_ca_key_missing", SEVERITY_ERROR, "", "the CA cannot sign",
			    "name the token and the key in ca.conf"},
};

/* The order of token_attribute_names. */
enum { SIGN, DECRYPT, UNWRAP, DERIVE, SIGN_RECOVER, SENSITIVE, EXTRACTABLE };
enum { ALWAYS_SENSITIVE = EXTRACTABLE + 1, NEVER_EXTRACTABLE, LOCAL };

static enum status judge_pin(struct token_report *r, struct error *e)
{
	const struct token_summary *t = &r->token;
	enum status s = STATUS_OK;

	if (t->pin_locked)
		s = findings_add(&r->findings, &rules[PIN_LOCKED], "PIN", e, "the PIN is locked");
	else if (t->pin_last_try)
		s = findings_add(&r->findings, &rules[PIN_LAST_TRY], "PIN", e,
				 "one try is left before the PIN is locked");
	else if (t->pin_low)
		s = findings_add(&r->findings, &rules[PIN_LOW], "PIN", e,
				 "a wrong PIN was tried since the last login");
	if (s == STATUS_OK && t->login_required && !t->pin_set)
		s = findings_add(&r->findings, &rules[PIN_NOT_SET], "PIN", e,
				 "the token has no user PIN");
	return s;
}

static enum status judge_attributes(struct findings *f, const struct token_key_report *k,
				    const char *where, struct error *e)
{
	const enum token_answer *a = k->attributes;
	enum status s = STATUS_OK;

	if (a[SIGN] != TOKEN_YES)
		s = findings_add(f, &rules[KEY_CANNOT_SIGN], where, e, "may not sign");
	for (size_t i = DECRYPT; i <= SIGN_RECOVER && s == STATUS_OK; i++)
		if (a[i] == TOKEN_YES)
			s = findings_add(f, &rules[KEY_DOES_MORE], where, e, "has CKA_%s",
					 token_attribute_names[i]);
	if (s == STATUS_OK && (a[EXTRACTABLE] == TOKEN_YES || a[SENSITIVE] == TOKEN_NO))
		s = findings_add(f, &rules[KEY_LEAVES], where, e, "%s",
				 a[EXTRACTABLE] == TOKEN_YES ? "is extractable"
							     : "is not sensitive");
	if (s == STATUS_OK && (a[ALWAYS_SENSITIVE] == TOKEN_NO ||
			       a[NEVER_EXTRACTABLE] == TOKEN_NO || a[LOCAL] == TOKEN_NO))
		s = findings_add(f, &rules[KEY_LEFT_ONCE], where, e, "%s",
				 a[LOCAL] == TOKEN_NO ? "was not made on this token"
						      : "could be read or taken off once");
	return s;
}

static enum status judge_trial(struct findings *f, const struct token_key_report *k,
			       const char *where, struct error *e)
{
	if (k->attributes[SIGN] != TOKEN_YES || k->signed_trial)
		return STATUS_OK;
	if (k->failure[0])
		return findings_add(f, &rules[TRIAL_FAILED], where, e, "made no signature (%s)",
				    k->failure);
	return findings_add(f, &rules[TRIAL_FAILED], where, e,
			    "made a signature that its public key does not verify");
}

static enum status judge_key(struct token_report *r, size_t at, bool trial, struct error *e)
{
	const struct token_key_report *k = &r->keys[at];
	struct findings *f = &r->findings;
	char where[160];
	enum status s;

	snprintf(where, sizeof where, "key '%s'", k->label);
	s = judge_attributes(f, k, where, e);
	if (s == STATUS_OK && !k->id[0])
		s = findings_add(f, &rules[ID_EMPTY], where, e, "has no CKA_ID");
	for (size_t i = 0; i < at && s == STATUS_OK; i++) {
		if (k->id[0] && strcmp(r->keys[i].id, k->id) == 0)
			s = findings_add(f, &rules[ID_SHARED], where, e,
					 "has the CKA_ID %s, as key '%s' has", k->id,
					 r->keys[i].label);
		if (s == STATUS_OK && strcmp(r->keys[i].label, k->label) == 0)
			s = findings_add(f, &rules[LABEL_SHARED], where, e,
					 "has the label of another key");
	}
	if (s == STATUS_OK && !k->has_public)
		s = findings_add(f, &rules[PUBLIC_MISSING], where, e,
				 "has neither public key nor certificate beside it");
	return s == STATUS_OK && trial ? judge_trial(f, k, where, e) : s;
}

enum status token_judge(struct token_report *r, bool expects, bool trial, struct error *e)
{
	bool found = false;
	enum status s = judge_pin(r, e);

	for (size_t i = 0; i < r->key_count && s == STATUS_OK; i++) {
		s = judge_key(r, i, trial, e);
		found = found || r->keys[i].is_expected;
	}
	if (s == STATUS_OK && expects && !found)
		s = findings_add(&r->findings, &rules[CA_KEY_MISSING], "CA", e,
				 "no key here belongs to the CA's certificate");
	return s;
}
