#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "hsm/keyfile.h"
#include "hsm/token_attest.h"
#include "hsm/token_job.h"
#include "hsm/token_list.h"
#include "hsm/token_object.h"
#include "hsm/token_rules.h"
#include "hsm/token_sign.h"

const char *const token_attribute_names[TOKEN_ATTRIBUTES] = {
	"SIGN",	       "DECRYPT",	   "UNWRAP",
	"DERIVE",      "SIGN_RECOVER",	   "SENSITIVE",
	"EXTRACTABLE", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE",
	"LOCAL",       "PRIVATE",	   "ALWAYS_AUTHENTICATE",
};
static const CK_ATTRIBUTE_TYPE attribute_types[TOKEN_ATTRIBUTES] = {
	CKA_SIGN,	 CKA_DECRYPT,	       CKA_UNWRAP,
	CKA_DERIVE,	 CKA_SIGN_RECOVER,     CKA_SENSITIVE,
	CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE,
	CKA_LOCAL,	 CKA_PRIVATE,	       CKA_ALWAYS_AUTHENTICATE,
};
#define SIGN_AT 0
#define ALWAYS_AUTHENTICATE_AT 11

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
} mechanisms[TOKEN_MECHANISMS] = {
	{"CKM_RSA_PKCS_KEY_PAIR_GEN", CKM_RSA_PKCS_KEY_PAIR_GEN},
	{"CKM_RSA_PKCS", CKM_RSA_PKCS},
	{"CKM_EC_KEY_PAIR_GEN", CKM_EC_KEY_PAIR_GEN},
	{"CKM_ECDSA", CKM_ECDSA},
	{"CKM_EC_EDWARDS_KEY_PAIR_GEN", CKM_EC_EDWARDS_KEY_PAIR_GEN},
	{"CKM_EDDSA", CKM_EDDSA},
};

void token_report_free(struct token_report *r)
{
	if (!r)
		return;
	while (r->attestation_count)
		bytes_free(&r->attestations[--r->attestation_count]);
	findings_free(&r->findings);
	free(r);
}

/* Owned by the job. */
struct examination {
	struct token_report *report;
	EVP_PKEY *expected;
	EVP_PKEY *keys[TOKEN_REPORT_KEYS]; /* public, of report->keys; NULL where unknown */
	bool trial;
};

static enum status ask_mechanisms(struct token *t, struct token_report *r, struct error *e)
{
	for (size_t i = 0; i < TOKEN_MECHANISMS; i++) {
		CK_MECHANISM_INFO info;
		CK_RV rv;

		memset(&info, 0, sizeof info);
		rv = TOKEN_CALL(t->f, C_GetMechanismInfo, t->slot, mechanisms[i].type, &info);
		if (rv != CKR_OK && rv != CKR_MECHANISM_INVALID)
			return token_error(e, rv, "C_GetMechanismInfo", "ask what the token can");
		r->mechanisms[i] = (struct token_mechanism_report){
			.name = mechanisms[i].name,
			.min = info.ulMinKeySize,
			.max = info.ulMaxKeySize,
			.available = rv == CKR_OK,
		};
	}
	return STATUS_OK;
}

/*
 * In a session of its own, where the token has another: a signature that was begun and not made
 * would be in the way of what is asked next.
 */
static enum status sign_trial(struct token *t, CK_OBJECT_HANDLE key, bool again,
			      struct token_signature *signature, struct error *e)
{
	CK_SESSION_HANDLE own = CK_INVALID_HANDLE;
	bool another = token_session(t, &own) == CKR_OK;
	CK_RV rv = CKR_OK;
	enum status s = token_signature_make(t, another ? own : t->session, key, again, signature,
					     &rv, e);

	if (another)
		(void)TOKEN_CALL(t->f, C_CloseSession, own);
	return s;
}

/* Made by the token, judged in software. A token that fails at it is a finding, not an error. */
static enum status try_key(struct token *t, CK_OBJECT_HANDLE key, EVP_PKEY *public_key,
			   struct token_key_report *k, struct error *e)
{
	const struct span trial = span_text("subca: trial signature, worth nothing");
	const EVP_MD *digest = EVP_PKEY_get_id(public_key) == EVP_PKEY_ED25519 ? NULL
									       : EVP_sha256();
	bool again = k->attributes[ALWAYS_AUTHENTICATE_AT] == TOKEN_YES;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct token_signature *signature = calloc(1, sizeof *signature);
	struct bytes made = {0};
	struct error why;
	enum status s = context && signature ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK)
		s = token_signature_prepare(signature, public_key, digest, trial, e);
	if (s == STATUS_OK && sign_trial(t, key, again, signature, &why) != STATUS_OK)
		snprintf(k->failure, sizeof k->failure, "%s", why.detail);
	else if (s == STATUS_OK &&
		 token_signature_finish(signature, public_key, &made, &why) == STATUS_OK)
		k->signed_trial = EVP_DigestVerifyInit(context, NULL, digest, NULL, public_key) ==
					  1 &&
				  EVP_DigestVerify(context, made.data, made.len, trial.data,
						   trial.len) == 1;
	ERR_clear_error();
	bytes_free(&made);
	if (signature)
		token_signature_free(signature);
	free(signature);
	EVP_MD_CTX_free(context);
	return s;
}

static enum status read_texts(struct token *t, CK_OBJECT_HANDLE key, struct token_key_report *k,
			      struct bytes *id, struct error *e)
{
	struct bytes label = {0};
	enum status s = token_attribute(t, key, CKA_LABEL, &label, e);

	if (s == STATUS_OK)
		s = token_attribute(t, key, CKA_ID, id, e);
	if (s == STATUS_OK) {
		struct span shown = {id->data, id->len < 64 ? id->len : 64};

		snprintf(k->label, sizeof k->label, "%.*s", (int)(label.len < 64 ? label.len : 64),
			 label.data ? (const char *)label.data : "");
		hex_encode(shown, k->id);
	}
	bytes_free(&label);
	return s;
}

static enum status has_public(struct token *t, struct span id, struct token_key_report *k,
			      struct error *e)
{
	static const CK_OBJECT_CLASS classes[] = {CKO_PUBLIC_KEY, CKO_CERTIFICATE};

	for (size_t i = 0; i < 2 && id.len && !k->has_public; i++) {
		struct token_objects found;

		if (token_objects_named(t, classes[i], (struct span){NULL, 0}, id, &found, e) !=
		    STATUS_OK)
			return error_status(e);
		k->has_public = found.count > 0;
	}
	return STATUS_OK;
}

static enum status describe(struct token *t, CK_OBJECT_HANDLE key, const struct examination *x,
			    struct token_key_report *k, EVP_PKEY **out, struct error *e)
{
	EVP_PKEY *public_key = NULL;
	struct bytes id = {0};
	struct error why;
	enum status s = read_texts(t, key, k, &id, e);

	for (size_t i = 0; i < TOKEN_ATTRIBUTES && s == STATUS_OK; i++) {
		enum token_flag flag = TOKEN_FLAG_ABSENT;

		s = token_flag(t, key, attribute_types[i], &flag, e);
		k->attributes[i] = flag == TOKEN_FLAG_TRUE    ? TOKEN_YES
				   : flag == TOKEN_FLAG_FALSE ? TOKEN_NO
							      : TOKEN_UNSAID;
	}
	if (s == STATUS_OK)
		s = has_public(t, span_of(&id), k, e);
	snprintf(k->type, sizeof k->type, "unknown");
	/* Halves that disagree are told by token_id_shared; an answer of the token is an error. */
	if (s == STATUS_OK && token_public_key(t, key, &public_key, &why) != STATUS_OK &&
	    why.detail[0]) {
		*e = why;
		s = error_status(e);
	}
	if (s == STATUS_OK && public_key) {
		key_type_name(public_key, k->type, sizeof k->type);
		k->is_expected = x->expected && EVP_PKEY_eq(public_key, x->expected) == 1;
		if (x->trial && k->attributes[SIGN_AT] == TOKEN_YES)
			s = try_key(t, key, public_key, k, e);
	}
	ERR_clear_error();
	*out = public_key;
	bytes_free(&id);
	return s;
}

static enum status examine(struct token *t, const struct token_uri *uri, void *data,
			   struct error *e)
{
	struct examination *x = data;
	struct token_report *r = x->report;
	struct token_objects keys;
	enum status s = ask_mechanisms(t, r, e);

	token_summarise(t->f, &t->info, &r->token);
	if (s == STATUS_OK)
		s = token_objects_named(t, CKO_PRIVATE_KEY, token_uri_label(uri), token_uri_id(uri),
					&keys, e);
	if (s == STATUS_OK && keys.count > TOKEN_REPORT_KEYS)
		s = error_set(e, STATUS_KEY, NULL, "say object=LABEL or id=… in the URI",
			      "has more than %d private keys", TOKEN_REPORT_KEYS);
	for (size_t i = 0; s == STATUS_OK && i < keys.count; i++) {
		s = describe(t, keys.handle[i], x, &r->keys[i], &x->keys[i], e);
		r->key_count = i + 1;
	}
	if (s == STATUS_OK)
		s = token_attestations(t, x->keys, r, e);
	return s == STATUS_OK ? token_judge(r, x->expected != NULL, x->trial, e) : s;
}

static void examination_free(struct examination *x)
{
	EVP_PKEY_free(x->expected);
	for (size_t i = 0; i < TOKEN_REPORT_KEYS; i++)
		EVP_PKEY_free(x->keys[i]);
	token_report_free(x->report);
	free(x);
}

static enum status new_examination(const struct token_question *q, struct examination **out,
				   struct error *e)
{
	struct examination *x = calloc(1, sizeof *x);

	if (!x || !(x->report = calloc(1, sizeof *x->report)) ||
	    (q->expected && EVP_PKEY_up_ref(q->expected) != 1)) {
		if (x)
			free(x->report);
		free(x);
		return error_memory(e);
	}
	x->expected = q->expected;
	x->trial = q->trial;
	*out = x;
	return STATUS_OK;
}

enum status token_examine(const struct token_question *q, struct token_report **out,
			  struct error *e)
{
	struct examination *x = NULL;
	struct token_job *job = NULL;
	bool left = false;
	enum status s = new_examination(q, &x, e);

	if (s == STATUS_OK)
		s = token_job_new(q->uri, q->pin, &job, e);
	if (s == STATUS_OK) {
		job->act = examine;
		job->data = x;
		job->final_try = q->final_try;
		s = token_job_run(job, &left, e);
	}
	if (left) {
		token_job_leave(job);
		return error_status(e);
	}
	token_job_free(job);
	if (s == STATUS_OK) {
		*out = x->report;
		x->report = NULL;
	}
	if (x)
		examination_free(x);
	return s;
}
