#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hsm/token_error.h"

#define TODO_MODULE "look at the module's own log, and try 'subca token doctor'"
#define TODO_KEY "'subca token doctor' shows what the key may do"
#define TODO_REPORT "report this as a bug, with the name of the token"

#define NAMED(rv) rv, #rv

/* PKCS#11 v2.40, 5.1: each return value, what it means for the person, and what to do. */
static const struct answer {
	CK_RV rv;
	const char *name;
	enum status status;
	const char *words;
	const char *todo;
} answers[] = {
	{NAMED(CKR_OK), STATUS_INTERNAL, "the module said yes and gave nothing", TODO_MODULE},
	{NAMED(CKR_PIN_INCORRECT), STATUS_KEY, "the PIN is wrong",
	 "it counts as a try; look at the PIN before the next one"},
	{NAMED(CKR_PIN_INVALID), STATUS_KEY, "the token does not take such a PIN",
	 "use characters that the token takes"},
	{NAMED(CKR_PIN_LEN_RANGE), STATUS_KEY, "the PIN is too short or too long",
	 "'subca token list' shows the lengths that the token takes"},
	{NAMED(CKR_PIN_TOO_WEAK), STATUS_KEY, "the token finds the PIN too weak", "choose another"},
	{NAMED(CKR_PIN_EXPIRED), STATUS_KEY, "the PIN has expired",
	 "change it with the token's own tool"},
	{NAMED(CKR_PIN_LOCKED), STATUS_KEY, "the PIN is locked after too many wrong tries",
	 "unlock it with the token's own tool and its SO PIN or PUK"},
	{NAMED(CKR_USER_PIN_NOT_INITIALIZED), STATUS_KEY, "the token has no user PIN yet",
	 "set it with 'subca token init' or the token's own tool"},
	{NAMED(CKR_USER_NOT_LOGGED_IN), STATUS_KEY, "the token wants a login first",
	 "give the PIN; a key that asks for it each time needs one that is not on a PIN pad"},
	{NAMED(CKR_USER_ANOTHER_ALREADY_LOGGED_IN), STATUS_KEY, "somebody else is logged in",
	 "end the other program that uses the token"},
	{NAMED(CKR_USER_TOO_MANY_TYPES), STATUS_KEY, "too many are logged in",
	 "end the other programs that use the token"},
	{NAMED(CKR_USER_TYPE_INVALID), STATUS_KEY, "the token does not know this kind of login",
	 TODO_MODULE},
	{NAMED(CKR_FUNCTION_CANCELED), STATUS_KEY, "it was cancelled at the token", "try again"},
	{NAMED(CKR_CANCEL), STATUS_KEY, "it was cancelled at the token", "try again"},
	{NAMED(CKR_FUNCTION_REJECTED), STATUS_KEY, "it was turned down at the token", "try again"},
	{NAMED(CKR_TOKEN_NOT_PRESENT), STATUS_KEY, "the token is not there",
	 "put it in, or connect it, and try again"},
	{NAMED(CKR_TOKEN_NOT_RECOGNIZED), STATUS_KEY, "the module does not know this token",
	 "name the module that belongs to the token"},
	{NAMED(CKR_TOKEN_WRITE_PROTECTED), STATUS_KEY, "the token is write-protected",
	 "make it writable"},
	{NAMED(CKR_DEVICE_REMOVED), STATUS_KEY, "the token was removed",
	 "put it in, or connect it, and try again"},
	{NAMED(CKR_DEVICE_ERROR), STATUS_KEY, "the token or its reader failed", TODO_MODULE},
	{NAMED(CKR_DEVICE_MEMORY), STATUS_KEY, "the token has no memory left",
	 "delete what is not used any more"},
	{NAMED(CKR_HOST_MEMORY), STATUS_SYSTEM, "the module found no memory", "free some"},
	{NAMED(CKR_GENERAL_ERROR), STATUS_KEY, "the module failed and does not say why",
	 TODO_MODULE},
	{NAMED(CKR_FUNCTION_FAILED), STATUS_KEY, "the module failed and does not say why",
	 TODO_MODULE},
	{NAMED(CKR_FUNCTION_NOT_SUPPORTED), STATUS_KEY, "the module cannot do that", TODO_MODULE},
	{NAMED(CKR_ARGUMENTS_BAD), STATUS_KEY, "the module does not like how it was asked",
	 TODO_REPORT},
	{NAMED(CKR_CRYPTOKI_NOT_INITIALIZED), STATUS_KEY,
	 "the module is not initialised, or forgot that it was", TODO_MODULE},
	{NAMED(CKR_CANT_LOCK), STATUS_KEY, "the module cannot be used with threads",
	 "use a module that can lock"},
	{NAMED(CKR_SESSION_HANDLE_INVALID), STATUS_KEY, "the token dropped the session",
	 "it may have been reset or removed; try again"},
	{NAMED(CKR_SESSION_CLOSED), STATUS_KEY, "the token closed the session",
	 "it may have been reset or removed; try again"},
	{NAMED(CKR_SESSION_COUNT), STATUS_KEY, "the token has no free session",
	 "end other programs that use it"},
	{NAMED(CKR_SESSION_EXISTS), STATUS_KEY, "another program has a session with the token",
	 "end it and try again"},
	{NAMED(CKR_SESSION_READ_ONLY), STATUS_KEY, "the token lets nothing be written here",
	 "make it writable"},
	{NAMED(CKR_SLOT_ID_INVALID), STATUS_KEY, "the token has left its slot",
	 "put it in, or connect it, and try again"},
	{NAMED(CKR_KEY_HANDLE_INVALID), STATUS_KEY, "the key is not there any more",
	 "look with 'subca token show'"},
	{NAMED(CKR_OBJECT_HANDLE_INVALID), STATUS_KEY, "the object is not there any more",
	 "look with 'subca token show'"},
	{NAMED(CKR_KEY_FUNCTION_NOT_PERMITTED), STATUS_KEY, "the key may not do that", TODO_KEY},
	{NAMED(CKR_KEY_TYPE_INCONSISTENT), STATUS_KEY, "the key is of another kind", TODO_KEY},
	{NAMED(CKR_KEY_SIZE_RANGE), STATUS_KEY, "the token does not do keys of this size",
	 "choose another --key-type; 'subca token doctor' shows what it can"},
	{NAMED(CKR_CURVE_NOT_SUPPORTED), STATUS_KEY, "the token does not do this curve",
	 "choose another --key-type; 'subca token doctor' shows what it can"},
	{NAMED(CKR_DOMAIN_PARAMS_INVALID), STATUS_KEY, "the token does not do this curve",
	 "choose another --key-type; 'subca token doctor' shows what it can"},
	{NAMED(CKR_MECHANISM_INVALID), STATUS_KEY, "the token cannot do this",
	 "'subca token doctor' shows what it can"},
	{NAMED(CKR_MECHANISM_PARAM_INVALID), STATUS_KEY, "the token cannot do this",
	 "'subca token doctor' shows what it can"},
	{NAMED(CKR_DATA_LEN_RANGE), STATUS_KEY, "the key is too small for what is to be signed",
	 TODO_KEY},
	{NAMED(CKR_DATA_INVALID), STATUS_KEY, "the token does not like what is to be signed",
	 TODO_KEY},
	{NAMED(CKR_BUFFER_TOO_SMALL), STATUS_KEY, "the token answers at greater length than it may",
	 TODO_REPORT},
	{NAMED(CKR_OPERATION_ACTIVE), STATUS_KEY, "the session is busy with something else",
	 TODO_REPORT},
	{NAMED(CKR_OPERATION_NOT_INITIALIZED), STATUS_KEY, "the token lost what was begun",
	 "try again; " TODO_MODULE},
	{NAMED(CKR_ATTRIBUTE_SENSITIVE), STATUS_KEY, "the token does not show that", TODO_KEY},
	{NAMED(CKR_ATTRIBUTE_TYPE_INVALID), STATUS_KEY, "the token does not know an attribute",
	 "make the key with the token's own tool, then --use-existing"},
	{NAMED(CKR_ATTRIBUTE_VALUE_INVALID), STATUS_KEY, "the token does not take an attribute",
	 "make the key with the token's own tool, then --use-existing"},
	{NAMED(CKR_ATTRIBUTE_READ_ONLY), STATUS_KEY, "the token does not let that be set",
	 "make the key with the token's own tool, then --use-existing"},
	{NAMED(CKR_TEMPLATE_INCOMPLETE), STATUS_KEY, "the token wants to know more about the key",
	 "make the key with the token's own tool, then --use-existing"},
	{NAMED(CKR_TEMPLATE_INCONSISTENT), STATUS_KEY,
	 "the token does not make keys with these attributes",
	 "make the key with the token's own tool, then --use-existing"},
	{NAMED(CKR_ACTION_PROHIBITED), STATUS_KEY, "the token forbids that", TODO_KEY},
	{NAMED(CKR_RANDOM_NO_RNG), STATUS_KEY, "the token has no random source", TODO_MODULE},
	{NAMED(CKR_FIPS_SELF_TEST_FAILED), STATUS_KEY, "the token failed its self test",
	 "do not use it any more; ask its maker"},
	{NAMED(CKR_LIBRARY_LOAD_FAILED), STATUS_KEY, "the module lacks a library that it needs",
	 TODO_MODULE},
	{NAMED(CKR_NEED_TO_CREATE_THREADS), STATUS_KEY, "the module wants threads of its own",
	 TODO_REPORT},
};

static const struct answer *find(CK_RV rv)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (answers[i].rv == rv)
			return &answers[i];
	return NULL;
}

const char *token_rv_name(CK_RV rv)
{
	static _Thread_local char number[32];
	const struct answer *answer = find(rv);

	if (answer)
		return answer->name;
	snprintf(number, sizeof number, rv >= CKR_VENDOR_DEFINED ? "CKR_VENDOR 0x%lx" : "CKR 0x%lx",
		 (unsigned long)rv);
	return number;
}

enum status token_error(struct error *e, CK_RV rv, const char *function, const char *doing)
{
	static const struct answer other = {
		0, NULL, STATUS_KEY, "the module gave an answer that the standard has no words for",
		"look the number up in the manual of the token"};
	const struct answer *answer = find(rv);

	if (!answer)
		answer = &other;
	(void)!error_set(e, answer->status, NULL, answer->todo, "cannot %s: %s", doing,
			 answer->words);
	snprintf(e->detail, sizeof e->detail, "%s: %s", function, token_rv_name(rv));
	return error_status(e);
}

bool token_error_is(const struct error *e, CK_RV rv)
{
	const char *name = strstr(e->detail, ": ");

	return name && strcmp(name + 2, token_rv_name(rv)) == 0;
}

bool token_rv_is_lost(CK_RV rv)
{
	return rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_ERROR ||
	       rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
	       rv == CKR_SLOT_ID_INVALID || rv == CKR_CRYPTOKI_NOT_INITIALIZED ||
	       rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_PIN_LOCKED || rv == CKR_PIN_INCORRECT;
}
