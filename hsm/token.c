#include "hsm/token.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOKS_MOST 6

/* --- modules ---------------------------------------------------------------------------------- */

static enum status load_one(const char *path, struct token_modules *m, struct error *e)
{
	const char *why;
	CK_RV rv;

	guard_calls("dlopen", 1);
	/* Critical, or p11-kit would go on without it. */
	m->one[0] = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
	if (!m->one[0]) {
		why = p11_kit_message();
		(void)!error_set(e, STATUS_NOT_FOUND, path,
				 "name the module of the token: module-path=/usr/lib/…",
				 "cannot be loaded as a PKCS#11 module");
		snprintf(e->detail, sizeof e->detail, "%s", why ? why : "");
		return error_status(e);
	}
	guard_calls("C_Initialize", 1);
	rv = p11_kit_module_initialize(m->one[0]);
	if (rv != CKR_OK) {
		p11_kit_module_release(m->one[0]);
		m->one[0] = NULL;
		(void)!token_error(e, rv, "C_Initialize", "start the PKCS#11 module");
		error_at(e, path);
		return error_status(e);
	}
	m->list = m->one;
	return STATUS_OK;
}

enum status token_modules_load(const struct token_uri *uri, struct token_modules *out,
			       struct error *e)
{
	const char *path = token_uri_module_path(uri);
	const char *name = token_uri_module_name(uri);
	CK_FUNCTION_LIST *one;

	*out = (struct token_modules){0};
	if (path)
		return load_one(path, out, e);
	guard_calls("C_Initialize of the configured modules", 1);
	out->list = p11_kit_modules_load_and_initialize(0);
	out->configured = out->list != NULL;
	if (!out->list || !out->list[0])
		return error_set(
			e, STATUS_NOT_FOUND, NULL,
			"add ?module-path=/usr/lib/… to the URI; pkcs11.conf(5) says how to "
			"configure one",
			"p11-kit has no PKCS#11 module configured that works");
	if (!name)
		return STATUS_OK;
	one = p11_kit_module_for_name(out->list, name);
	if (!one)
		return error_set(e, STATUS_NOT_FOUND, NULL, "'p11-kit list-modules' shows them",
				 "p11-kit has no module '%.60s' configured that works", name);
	out->one[0] = one;
	return STATUS_OK;
}

void token_modules_release(struct token_modules *m)
{
	guard_calls("C_Finalize", 1);
	if (m->configured) {
		p11_kit_modules_finalize_and_release(m->list);
	} else if (m->one[0]) {
		(void)p11_kit_module_finalize(m->one[0]);
		p11_kit_module_release(m->one[0]);
	}
	*m = (struct token_modules){0};
}

/* --- tokens ----------------------------------------------------------------------------------- */

struct span token_text(const CK_UTF8CHAR *text, size_t size)
{
	while (size && (text[size - 1] == ' ' || text[size - 1] == '\0'))
		size--;
	return (struct span){text, size};
}

/* A token that cannot be looked at keeps nobody from another one: the first error comes last. */
static enum status each_slot(CK_FUNCTION_LIST *f, token_visit *visit, void *context,
			     struct error *e)
{
	CK_SLOT_ID slots[TOKENS_MAX];
	CK_ULONG count = TOKENS_MAX;
	CK_RV rv = TOKEN_CALL(f, C_GetSlotList, CK_TRUE, slots, &count), first = CKR_OK;
	enum status s = STATUS_OK;

	if (rv != CKR_OK)
		return token_error(e, rv, "C_GetSlotList", "list the tokens");
	for (CK_ULONG i = 0; i < count && s == STATUS_OK; i++) {
		CK_TOKEN_INFO info;

		memset(&info, 0, sizeof info);
		rv = TOKEN_CALL(f, C_GetTokenInfo, slots[i], &info);
		/* Gone, or foreign, since it was listed. */
		if (rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_TOKEN_NOT_RECOGNIZED ||
		    rv == CKR_DEVICE_REMOVED)
			continue;
		if (rv == CKR_OK)
			s = visit(context, f, slots[i], &info, e);
		else if (first == CKR_OK)
			first = rv;
	}
	if (s == STATUS_OK && first != CKR_OK)
		s = token_error(e, first, "C_GetTokenInfo", "look at a token");
	return s;
}

enum status token_each(const struct token_modules *m, token_visit *visit, void *context,
		       struct error *e)
{
	struct error other;
	enum status s = STATUS_OK;

	/* One of the configured ones by name. */
	if (m->one[0])
		return each_slot(m->one[0], visit, context, e);
	for (size_t i = 0; m->list && m->list[i]; i++) {
		enum status one = each_slot(m->list[i], visit, context,
					    s == STATUS_OK ? e : &other);

		if (s == STATUS_OK)
			s = one;
	}
	return s;
}

struct search {
	struct token *t;
	const struct token_uri *uri;
	unsigned found;
	struct text others;
};

static enum status match(void *context, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
			 const CK_TOKEN_INFO *info, struct error *e)
{
	struct search *s = context;
	struct span label = token_text(info->label, sizeof info->label);
	P11KitUri *uri = token_uri_p11(s->uri);
	CK_INFO library;
	CK_RV rv;

	if (!(info->flags & CKF_TOKEN_INITIALIZED))
		return STATUS_OK;
	memset(&library, 0, sizeof library);
	rv = TOKEN_CALL(f, C_GetInfo, &library);
	if (rv != CKR_OK)
		return token_error(e, rv, "C_GetInfo", "look at the module");
	if (p11_kit_uri_match_token_info(uri, info) != 1 ||
	    p11_kit_uri_match_module_info(uri, &library) != 1) {
		text_add(&s->others, s->others.len ? ", '" : "'");
		text_add_escaped(&s->others, label);
		text_add(&s->others, "'");
		return STATUS_OK;
	}
	s->found++;
	s->t->f = f;
	s->t->slot = slot;
	s->t->info = *info;
	return STATUS_OK;
}

static enum status look(struct token *t, const struct token_uri *uri, struct search *search,
			struct error *e)
{
	char name[128];
	enum status s = token_modules_load(uri, &t->modules, e);

	if (s != STATUS_OK)
		return s;
	s = token_each(&t->modules, match, search, e);
	token_uri_describe(uri, name, sizeof name);
	if (search->found > 1)
		return error_set(e, STATUS_KEY, name, "add serial=NUMBER to the URI",
				 "is the name of %u tokens", search->found);
	if (search->found == 1)
		return STATUS_OK;
	if (s != STATUS_OK)
		return s;
	return error_set(e, STATUS_NOT_FOUND, name, "put it in, or look with 'subca token list'",
			 search->others.len ? "is not there; there are %.200s"
					    : "is not there%s; there is none at all",
			 text_get(&search->others));
}

/*
 * SoftHSM 2.6.1 rewrites a token's file at each login, and whoever starts at that moment does not
 * find the token, or is told CKR_GENERAL_ERROR: several of us at once would stumble over each other.
 */
static bool is_worth_another_look(unsigned looks, bool loaded, const struct error *e)
{
	const struct timespec pause = {.tv_nsec = 1000000L *
						  (20 + 20 * (long)looks + getpid() % 40)};
	struct error interrupted;

	if (!loaded || looks == LOOKS_MOST || guard_check_signals(&interrupted) != STATUS_OK ||
	    (e->status != STATUS_NOT_FOUND && !token_error_is(e, CKR_GENERAL_ERROR)))
		return false;
	guard_calls("a token that is not there", 1);
	nanosleep(&pause, NULL);
	return true;
}

enum status token_find(struct token *t, const struct token_uri *uri, struct error *e)
{
	unsigned looks = 0;
	enum status s;
	bool again;

	t->pid = getpid();
	do {
		struct search search = {.t = t, .uri = uri};

		s = look(t, uri, &search, e);
		text_free(&search.others);
		again = s != STATUS_OK && is_worth_another_look(++looks, t->modules.list, e);
		if (again)
			token_modules_release(&t->modules);
	} while (again);
	return s;
}

/* --- session and login ------------------------------------------------------------------------ */

/* Before the PIN is sent: what the token's own counters say about one more wrong one. */
static enum status may_try(const struct token *t, bool final_try, struct error *e)
{
	CK_FLAGS flags = t->info.flags;

	if (flags & CKF_USER_PIN_LOCKED)
		return token_error(e, CKR_PIN_LOCKED, "C_GetTokenInfo", "log in");
	if (!(flags & CKF_USER_PIN_INITIALIZED))
		return token_error(e, CKR_USER_PIN_NOT_INITIALIZED, "C_GetTokenInfo", "log in");
	if ((flags & CKF_USER_PIN_FINAL_TRY) && !final_try)
		return error_set(e, STATUS_KEY, NULL,
				 "make sure of the PIN; then 'subca token doctor URI --final-try' "
				 "tries it, and a right one sets the counter back",
				 "one more wrong PIN would lock the token: it was not tried");
	return STATUS_OK;
}

/* What the token counts after a wrong PIN, so that nobody has to find out by trying. */
static void add_counter(const struct token *t, struct error *e)
{
	CK_TOKEN_INFO info;

	memset(&info, 0, sizeof info);
	if (TOKEN_CALL(t->f, C_GetTokenInfo, t->slot, &info) != CKR_OK)
		return;
	if (info.flags & CKF_USER_PIN_LOCKED)
		snprintf(e->todo, sizeof e->todo,
			 "the token is locked now: unlock it with its own tool and the SO PIN");
	else if (info.flags & CKF_USER_PIN_FINAL_TRY)
		snprintf(e->todo, sizeof e->todo,
			 "there is ONE try left before the token locks itself");
	else if (info.flags & CKF_USER_PIN_COUNT_LOW)
		snprintf(e->todo, sizeof e->todo,
			 "the token counts wrong PINs and will lock itself: look before the next "
			 "one");
}

static enum status log_in(struct token *t, struct error *e)
{
	CK_UTF8CHAR *pin = t->pin ? (CK_UTF8CHAR *)(uintptr_t)secret_text(t->pin) : NULL;
	CK_ULONG len = t->pin ? secret_len(t->pin) : 0;
	CK_RV rv;

	/* Typed at the token: a person is slower than a machine. */
	rv = pin ? TOKEN_CALL(t->f, C_Login, t->session, CKU_USER, pin, len)
		 : TOKEN_CALL_SLOW(t->f, C_Login, t->session, CKU_USER, NULL, 0);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
		(void)!token_error(e, rv, "C_Login", "log in");
		if (rv == CKR_PIN_INCORRECT)
			add_counter(t, e);
		return error_status(e);
	}
	/* Somebody in this process was first: then it is not ours to log out. */
	t->logged_in = rv == CKR_OK;
	return STATUS_OK;
}

CK_RV token_session(struct token *t, CK_SESSION_HANDLE *out)
{
	return TOKEN_CALL(t->f, C_OpenSession, t->slot, CKF_SERIAL_SESSION, NULL, NULL, out);
}

enum status token_login(struct token *t, enum token_mode mode, const struct secret *pin,
			bool final_try, struct error *e)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (mode == TOKEN_WRITE ? CKF_RW_SESSION : 0);
	CK_RV rv;

	if (pin && secret_copy(pin, &t->pin, e) != STATUS_OK)
		return error_status(e);
	rv = TOKEN_CALL(t->f, C_OpenSession, t->slot, flags, NULL, NULL, &t->session);
	if (rv != CKR_OK)
		return token_error(e, rv, "C_OpenSession", "open a session with the token");
	t->has_session = true;
	if (!(t->info.flags & CKF_LOGIN_REQUIRED))
		return STATUS_OK;
	if (may_try(t, final_try, e) != STATUS_OK)
		return error_status(e);
	if (!pin && !(t->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH))
		return error_set(e, STATUS_KEY, NULL,
				 "give it with --pin-file FILE, --pin-fd N or SUBCA_PIN",
				 "the token wants a PIN");
	return log_in(t, e);
}

void token_close(struct token *t)
{
	if (t->f && t->logged_in)
		(void)TOKEN_CALL(t->f, C_Logout, t->session);
	if (t->f && t->has_session)
		(void)TOKEN_CALL(t->f, C_CloseSession, t->session);
	token_modules_release(&t->modules);
	secret_free(t->pin);
	*t = (struct token){0};
}
