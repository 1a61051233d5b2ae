#include "hsm/token_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *to, const CK_UTF8CHAR *from, size_t size)
{
	struct span text = token_text(from, size);

	memcpy(to, text.data, text.len);
	to[text.len] = '\0';
}

void token_summarise(CK_FUNCTION_LIST *f, const CK_TOKEN_INFO *info, struct token_summary *out)
{
	CK_FLAGS flags = info->flags;
	CK_INFO library;

	*out = (struct token_summary){
		.pin_min = info->ulMinPinLen,
		.pin_max = info->ulMaxPinLen,
		.blank = !(flags & CKF_TOKEN_INITIALIZED),
		.login_required = flags & CKF_LOGIN_REQUIRED,
		.pin_pad = flags & CKF_PROTECTED_AUTHENTICATION_PATH,
		.pin_set = flags & CKF_USER_PIN_INITIALIZED,
		.pin_low = flags & CKF_USER_PIN_COUNT_LOW,
		.pin_last_try = flags & CKF_USER_PIN_FINAL_TRY,
		.pin_locked = flags & CKF_USER_PIN_LOCKED,
	};
	copy(out->label, info->label, sizeof info->label);
	copy(out->serial, info->serialNumber, sizeof info->serialNumber);
	copy(out->manufacturer, info->manufacturerID, sizeof info->manufacturerID);
	copy(out->model, info->model, sizeof info->model);
	snprintf(out->firmware, sizeof out->firmware, "%u.%u", info->firmwareVersion.major,
		 info->firmwareVersion.minor);
	memset(&library, 0, sizeof library);
	if (TOKEN_CALL(f, C_GetInfo, &library) == CKR_OK)
		copy(out->library, library.libraryDescription, sizeof library.libraryDescription);
}

/* Filled on the guard's thread, shown on the caller's. */
struct listing {
	struct token_uri *uri;
	struct token_modules modules;
	struct token_summary tokens[TOKENS_MAX];
	size_t count;
};

static enum status add(void *context, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
		       const CK_TOKEN_INFO *info, struct error *e)
{
	struct listing *l = context;

	(void)slot;
	(void)e;
	if (l->count < TOKENS_MAX)
		token_summarise(f, info, &l->tokens[l->count++]);
	return STATUS_OK;
}

static enum status list(void *self, struct error *e)
{
	struct listing *l = self;
	enum status s = token_modules_load(l->uri, &l->modules, e);

	if (s == STATUS_OK)
		s = token_each(&l->modules, add, l, e);
	token_modules_release(&l->modules);
	return s;
}

enum status token_list(const char *module, token_list_visit *visit, void *context, struct error *e)
{
	struct listing *l = calloc(1, sizeof *l);
	struct guard *guard = NULL;
	bool left = false;
	enum status s = l ? token_uri_any(&l->uri, e) : error_memory(e);

	if (s == STATUS_OK && module)
		s = token_uri_set_module(l->uri, module, e);
	if (s == STATUS_OK)
		s = guard_new(&guard, e);
	if (s == STATUS_OK)
		s = guard_run(guard, list, l, &left, e);
	if (left)
		return s;
	for (size_t i = 0; s == STATUS_OK && i < l->count; i++)
		s = visit(context, &l->tokens[i], e);
	guard_free(guard);
	if (l)
		token_uri_free(l->uri);
	free(l);
	return s;
}
