/*
 * A token: its module, its slot, a session, and the login. Private to hsm/token*.c; all of it is
 * called from within a guard's job.
 *
 * The module is called through p11-kit's header and not through libp11, because libp11 0.4.12 signs
 * by RSA_METHOD and EC_KEY_METHOD, which OpenSSL 4 removes, takes the first key with an equal CKA_ID,
 * logs in again by itself after a fork, and its generator makes RSA when asked for EC.
 */
#ifndef SUBCA_HSM_TOKEN_H
#define SUBCA_HSM_TOKEN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/secret.h"
#include "hsm/token_error.h"
#include "hsm/token_guard.h"
#include "hsm/token_uri.h"

#define TOKENS_MAX 64
#define TOKEN_LABEL_SIZE 33  /* CK_TOKEN_INFO: 32 octets, padded with blanks */
#define TOKEN_SERIAL_SIZE 17 /* 16 octets */

struct token_modules {
	CK_FUNCTION_LIST **list; /* ends with NULL */
	CK_FUNCTION_LIST *one[2];
	bool configured; /* p11-kit's own list, and to be released as such */
};

struct token {
	struct token_modules modules;
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE session;
	bool has_session, logged_in;
	struct secret *pin; /* NULL: none, or typed at the token */
	pid_t pid;	    /* sessions do not survive a fork */
};

/* Names the call for the guard, and makes it. */
#define TOKEN_CALL(f, function, ...) (guard_calls(#function, 1), (f)->function(__VA_ARGS__))
#define TOKEN_CALL_SLOW(f, function, ...) (guard_calls(#function, 10), (f)->function(__VA_ARGS__))

/* Loads and initialises what uri names, else what p11-kit is configured with. */
MUST_CHECK enum status token_modules_load(const struct token_uri *uri, struct token_modules *out,
					  struct error *e);
void token_modules_release(struct token_modules *m);

/* Returning other than STATUS_OK ends the walk with that status. */
typedef enum status token_visit(void *context, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
				const CK_TOKEN_INFO *info, struct error *e);
/*
 * Every token in a slot of the modules, initialised or not. What cannot be looked at is an error, but
 * only after all others were visited.
 */
MUST_CHECK enum status token_each(const struct token_modules *m, token_visit *visit, void *context,
				  struct error *e);

/*
 * The one token that uri describes, without a session; looked for several times within half a second
 * before it is said not to be there. STATUS_NOT_FOUND with the tokens there are, STATUS_KEY where there are several. *t all zero before; token_close() also after a failure.
 */
MUST_CHECK enum status token_find(struct token *t, const struct token_uri *uri, struct error *e);

enum token_mode { TOKEN_READ, TOKEN_WRITE };
/*
 * A session and, where the token wants one, a login: once. pin (copied) may be NULL where the token has
 * a PIN pad. STATUS_KEY where the PIN is wrong or locked, and, without asking the token, where one
 * more wrong PIN would lock it, unless final_try.
 */
MUST_CHECK enum status token_login(struct token *t, enum token_mode mode, const struct secret *pin,
				   bool final_try, struct error *e);
/* Logs out, closes the session, finalises the module. */
void token_close(struct token *t);

/* Another session of the login that is there already. */
MUST_CHECK CK_RV token_session(struct token *t, CK_SESSION_HANDLE *out);

/* The padded texts of CK_TOKEN_INFO, cut at their end, as octets. */
struct span token_text(const CK_UTF8CHAR *text, size_t size);

#endif
