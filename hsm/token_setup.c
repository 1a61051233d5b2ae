/*
 * The one file with libp11 in it. It has what this takes, C_InitToken and C_InitPIN with the sessions
 * around them; keys are found, made and used through hsm/token.h, which says why. A later OpenSSL
 * that libp11 cannot follow costs this file and "subca token init", for which each token has a tool of its own.
 */
#include "hsm/token_setup.h"

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

	ERR_clear_error();
	return token_error(e, rv, function, doing);
}

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
		    memcmp(token->label, label, len) == 0)
			return error_set(e, STATUS_EXISTS, NULL, "choose another label",
					 "a token of that label is there already");
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

static enum status set_up_slot(PKCS11_SLOT *slot, const struct set_up *job, struct error *e)
{
	const char *officer = secret_text(job->officer_pin);

	guard_calls("C_InitToken", 10);
	if (PKCS11_init_token(slot->token, officer, job->label) != 0)
		return fail(e, "C_InitToken", "set up the token");
	guard_calls("C_OpenSession", 1);
	if (PKCS11_open_session(slot, 1) != 0)
		return fail(e, "C_OpenSession", "open a session with the new token");
	guard_calls("C_Login", 1);
	if (PKCS11_login(slot, 1, officer) != 0)
		return fail(e, "C_Login", "log in as the token's officer");
	guard_calls("C_InitPIN", 1);
	if (PKCS11_init_pin(slot->token, secret_text(job->user_pin)) != 0)
		return fail(e, "C_InitPIN", "set the user's PIN");
	guard_calls("C_Logout", 1);
	(void)PKCS11_logout(slot);
	return STATUS_OK;
}

static enum status run(void *self, struct error *e)
{
	struct set_up *job = self;
	PKCS11_CTX *context = PKCS11_CTX_new();
	PKCS11_SLOT *slots = NULL, *slot = NULL;
	unsigned count = 0;
	enum status s = STATUS_OK;

	if (!context)
		return error_memory(e);
	guard_calls("C_Initialize", 1);
	if (PKCS11_CTX_load(context, job->module) != 0) {
		ERR_clear_error();
		PKCS11_CTX_free(context);
		return error_set(e, STATUS_NOT_FOUND, job->module,
				 "name the module of the token: --module /usr/lib/…",
				 "cannot be loaded as a PKCS#11 module");
	}
	guard_calls("C_GetSlotList", 1);
	if (PKCS11_enumerate_slots(context, &slots, &count) != 0)
		s = fail(e, "C_GetSlotList", "list the tokens");
	if (s == STATUS_OK)
		s = choose(slots, count, job->label, &slot, e);
	if (s == STATUS_OK)
		s = set_up_slot(slot, job, e);
	guard_calls("C_Finalize", 1);
	if (slots)
		PKCS11_release_all_slots(context, slots, count);
	PKCS11_CTX_unload(context);
	PKCS11_CTX_free(context);
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
