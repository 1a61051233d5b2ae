/*
 * The one file with libp11 in it, which finds the blank token and calls C_InitToken. All else goes
 * through hsm/token.h, which says why; the officer's session too, for libp11 0.4.12 waits for ever
 * where the token gives it none. A later OpenSSL that libp11 cannot follow costs this file and
 * "subca token init", for which each token has a tool of its own.
 */
#include "hsm/token_setup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

/* libp11's header speaks of what OpenSSL 3 hides from whoever wants nothing deprecated. */
typedef struct rsa_meth_st RSA_METHOD;
typedef struct ec_key_method_st EC_KEY_METHOD;
#include <libp11.h>

#include "hsm/token.h"

/* Owned by the job, which is left behind with all of it where the module hangs. */
struct set_up {
	char *module;
	char label[TOKEN_LABEL_SIZE];
	struct secret *officer_pin, *user_pin;
};

static void set_up_free(struct set_up *job)
{
	secret_free(job->officer_pin);
	secret_free(job->user_pin);
	free(job->module);
	free(job);
}

/* libp11 leaves the module's answer as the reason on OpenSSL's queue. */
static enum status fail(struct error *e, const char *function, const char *doing)
{
	unsigned long code = ERR_peek_last_error();
	CK_RV rv = code ? (CK_RV)ERR_GET_REASON(code) : CKR_GENERAL_ERROR;

	/* The queue keeps 23 bits: what the standard does not know was a vendor's own. */
	if (strncmp(token_rv_name(rv), "CKR_", 4) != 0)
		rv |= CKR_VENDOR_DEFINED;
	ERR_clear_error();
	return token_error(e, rv, function, doing);
}

/* Either no module, or one that does not start: then its answer is on OpenSSL's queue. */
static enum status cannot_load(const char *module, struct error *e)
{
	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_get_CKR_code()) {
		/* libp11 does not tell which of them it was. */
		(void)!fail(e, "C_Initialize or C_GetInfo", "start the PKCS#11 module");
		error_at(e, module);
		return error_status(e);
	}
	ERR_clear_error();
	return error_set(e, STATUS_NOT_FOUND, module,
			 "name the module of the token: --module /usr/lib/…",
			 "cannot be loaded as a PKCS#11 module");
}

/*
 * A blank token, or one of this label that nobody can use yet: its set-up was cut short before the
 * user's PIN, and goes on with the officer's PIN that it has.
 */
static enum status choose(PKCS11_SLOT *slots, unsigned count, const char *label, PKCS11_SLOT **out,
			  struct error *e)
{
	size_t len = strnlen(label, TOKEN_LABEL_SIZE - 1);

	while (len && label[len - 1] == ' ')
		len--;
	*out = NULL;
	for (unsigned i = 0; i < count; i++) {
		const PKCS11_TOKEN *token = slots[i].token;

		if (token && token->initialized && token->label && strlen(token->label) == len &&
		    memcmp(token->label, label, len) == 0) {
			*out = &slots[i];
			return token->userPinSet
				       ? error_set(e, STATUS_EXISTS, NULL, "choose another label",
						   "a token of that label is there already")
				       : STATUS_OK;
		}
		if (token && !token->initialized && !*out)
			*out = &slots[i];
	}
	if (!*out)
		return error_set(e, STATUS_NOT_FOUND, NULL,
				 "put a blank token in; one in use is made anew only with its own "
				 "tool, for that destroys its keys",
				 "no token of the module is blank");
	return STATUS_OK;
}

/* Gives a blank token its label and its officer. */
static enum status init_token(const struct set_up *job, struct error *e)
{
	PKCS11_CTX *context = PKCS11_CTX_new();
	PKCS11_SLOT *slots = NULL, *slot = NULL;
	unsigned count = 0;
	enum status s = STATUS_OK;

	if (!context)
		return error_memory(e);
	guard_calls("C_Initialize", 1);
	if (PKCS11_CTX_load(context, job->module) != 0) {
		s = cannot_load(job->module, e);
		PKCS11_CTX_free(context);
		return s;
	}
	guard_calls("C_GetSlotList", 1);
	if (PKCS11_enumerate_slots(context, &slots, &count) != 0)
		s = fail(e, "C_GetSlotList, C_GetSlotInfo or C_GetTokenInfo", "list the tokens");
	if (s == STATUS_OK)
		s = choose(slots, count, job->label, &slot, e);
	guard_calls("C_InitToken", 10);
	if (s == STATUS_OK && !slot->token->initialized &&
	    PKCS11_init_token(slot->token, secret_text(job->officer_pin), job->label) != 0)
		s = fail(e, "C_InitToken", "set up the token");
	guard_calls("C_Finalize", 1);
	if (slots)
		PKCS11_release_all_slots(context, slots, count);
	PKCS11_CTX_unload(context);
	PKCS11_CTX_free(context);
	return s;
}

static CK_UTF8CHAR *pin_of(const struct secret *pin)
{
	return (CK_UTF8CHAR *)(uintptr_t)secret_text(pin);
}

/* PKCS#11 v2.40 5.5: C_InitPIN wants a session of the officer's that may write. */
static enum status init_pin(struct token *t, const struct set_up *job, struct error *e)
{
	CK_RV rv = TOKEN_CALL(t->f, C_OpenSession, t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
			      NULL, NULL, &t->session);

	if (rv != CKR_OK)
		return token_error(e, rv, "C_OpenSession", "open a session with the new token");
	t->has_session = true;
	rv = TOKEN_CALL(t->f, C_Login, t->session, CKU_SO, pin_of(job->officer_pin),
			secret_len(job->officer_pin));
	if (rv != CKR_OK)
		return token_error(e, rv, "C_Login", "log in as the token's officer");
	t->logged_in = true;
	rv = TOKEN_CALL(t->f, C_InitPIN, t->session, pin_of(job->user_pin),
			secret_len(job->user_pin));
	return rv == CKR_OK ? STATUS_OK : token_error(e, rv, "C_InitPIN", "set the user's PIN");
}

static enum status run(void *self, struct error *e)
{
	struct set_up *job = self;
	struct token_uri *uri = NULL;
	struct token token = {0};
	enum status s = init_token(job, e);

	if (s == STATUS_OK)
		s = token_uri_any(&uri, e);
	if (s == STATUS_OK)
		s = token_uri_set_module(uri, job->module, e);
	if (s == STATUS_OK) {
		token_uri_set_label(uri, job->label);
		s = token_find(&token, uri, e);
	}
	if (s == STATUS_OK)
		s = init_pin(&token, job, e);
	token_close(&token);
	token_uri_free(uri);
	return s;
}

static enum status new_job(const char *module, const char *label, const struct secret *officer_pin,
			   const struct secret *user_pin, struct set_up **out, struct error *e)
{
	struct set_up *job = calloc(1, sizeof *job);
	enum status s = STATUS_OK;

	if (!job || !(job->module = strdup(module))) {
		free(job);
		return error_memory(e);
	}
	/* C_InitToken reads 32 octets, padded with blanks; libp11 0.4.12 hands on what it is given. */
	memset(job->label, ' ', sizeof job->label - 1);
	memcpy(job->label, label, strlen(label));
	s = secret_copy(officer_pin, &job->officer_pin, e);
	if (s == STATUS_OK)
		s = secret_copy(user_pin, &job->user_pin, e);
	if (s != STATUS_OK) {
		set_up_free(job);
		return s;
	}
	*out = job;
	return STATUS_OK;
}

enum status token_set_up(const char *module, const char *label, const struct secret *officer_pin,
			 const struct secret *user_pin, struct error *e)
{
	struct set_up *job = NULL;
	struct guard *guard = NULL;
	bool left = false;
	enum status s;

	if (strlen(label) == 0 || strlen(label) >= TOKEN_LABEL_SIZE)
		return error_set(e, STATUS_USAGE, NULL, "choose one of 1 to 32 octets",
				 "a token's label has at most 32 octets");
	if (module[0] != '/')
		return error_set(e, STATUS_USAGE, module, "write the whole path of the module",
				 "is not an absolute path");
	s = new_job(module, label, officer_pin, user_pin, &job, e);
	if (s == STATUS_OK)
		s = guard_new(&guard, e);
	if (s == STATUS_OK)
		s = guard_run(guard, run, job, &left, e);
	if (left)
		return s;
	guard_free(guard);
	if (job)
		set_up_free(job);
	return s;
}
