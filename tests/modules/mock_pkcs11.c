/*
 * A PKCS#11 module that fails on purpose: it stands before a real one (MOCK_MODULE) and does as it
 * is told. Any function of PKCS#11 v2.40 may stand for C_Sign here, and any number for 0x32:
 *
 *     MOCK_FAULT="C_Sign=0x32"      each call of C_Sign answers CKR_DEVICE_REMOVED
 *     MOCK_FAULT="C_Sign#2=0x32"    from the second call on
 *     MOCK_FAULT="C_Sign@2=0x32"    the second call alone
 *     MOCK_FAULT="C_Sign=hang"      does not come back
 *     MOCK_FAULT="C_Sign=late"      is done, and then does not come back
 *     MOCK_FAULT="C_Sign=slow"      comes back after two seconds
 *     MOCK_FAULT="C_Sign=brief"     after 5 ms
 *     MOCK_FAULT="C_Sign=wrong"     gives a signature with one bit turned
 *     MOCK_FAULT="C_Sign=long"      says that it gave more than there is room for
 *     MOCK_FAULT="C_Sign=leak"      loses some memory
 *     MOCK_FAULT="C_GenerateKeyPair=rsa"  makes RSA, and says yes, whatever it was asked for
 *     MOCK_FAULT="C_Login=gone"     from then on the token is not there any more
 *     MOCK_FLAGS=0x20000            set in CK_TOKEN_INFO's flags
 *     MOCK_TRIES=FILE               FILE holds how many wrong PINs there may be, 3 at most; at 0 the
 *                                   PIN is locked
 *     MOCK_PIN_PAD=1234             what is typed at the token; a PIN that is sent is refused
 *     MOCK_ALWAYS_AUTHENTICATE=1    keys want the PIN between C_SignInit and C_Sign
 *     MOCK_EXTRACTABLE=1            new keys are extractable, whatever was asked for
 *     MOCK_PICKY=1                  knows no CKA_SIGN_RECOVER and CKA_DERIVE of private keys, and no
 *                                   public keys but with CKA_PRIVATE: as YubiHSM 2 and CloudHSM
 *     MOCK_SESSIONS=2               how many sessions there may be
 *     MOCK_LOG=FILE                 gets the name of each call
 *
 * MOCK_FAULT may hold several, with blanks between. C_Login with CKU_CONTEXT_SPECIFIC is called
 * C_Login_again.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST mock;	/* what the caller gets */
static CK_FUNCTION_LIST behind; /* the real functions, and those here that change what they do */
static int gone;
static int authenticated; /* since C_SignInit */
static int sessions;

enum action { ACT_NOT, ACT_ANSWER, ACT_LATE, ACT_WRONG, ACT_LONG, ACT_RSA };
static _Thread_local enum action action;

static void note(const char *name)
{
	const char *file = getenv("MOCK_LOG");
	char line[64];
	int fd, len;

	if (!file)
		return;
	fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
	len = snprintf(line, sizeof line, "%s\n", name);
	if (fd >= 0 && write(fd, line, (size_t)len) != len)
		abort();
	close(fd);
}

static void hang(void)
{
	for (;;)
		pause();
}

static void lose_memory(void)
{
	void *volatile lost = malloc(100);

	lost = NULL;
	(void)lost;
}

/* The action for this call, and for ACT_ANSWER what to answer. */
static enum action act(const char *order, CK_RV *rv)
{
	if (strncmp(order, "hang", 4) == 0)
		hang();
	if (strncmp(order, "slow", 4) == 0) {
		sleep(2);
		return ACT_NOT;
	}
	if (strncmp(order, "brief", 5) == 0) {
		usleep(5000);
		return ACT_NOT;
	}
	if (strncmp(order, "leak", 4) == 0) {
		lose_memory();
		return ACT_NOT;
	}
	if (strncmp(order, "late", 4) == 0)
		return ACT_LATE;
	if (strncmp(order, "wrong", 5) == 0)
		return ACT_WRONG;
	if (strncmp(order, "long", 4) == 0)
		return ACT_LONG;
	if (strncmp(order, "rsa", 3) == 0)
		return ACT_RSA;
	if (strncmp(order, "gone", 4) == 0) {
		gone = 1;
		*rv = CKR_DEVICE_REMOVED;
		return ACT_ANSWER;
	}
	*rv = strtoul(order, NULL, 0);
	return ACT_ANSWER;
}

/* Whether an order that goes on with "=…", "#2=…" or "@2=…" is meant for this call. */
static int is_meant(const char *rest, unsigned call)
{
	unsigned long number = *rest == '=' ? 1 : strtoul(rest + 1, NULL, 10);

	return *rest == '@' ? call == number : call >= number;
}

static enum action fault(const char *name, unsigned *calls, CK_RV *rv)
{
	const char *at = getenv("MOCK_FAULT");
	unsigned call = __atomic_add_fetch(calls, 1, __ATOMIC_SEQ_CST);
	size_t len = strlen(name);

	note(name);
	if (gone && strcmp(name, "C_Finalize") != 0) {
		*rv = CKR_DEVICE_REMOVED;
		return ACT_ANSWER;
	}
	while (at && *at) {
		at += strspn(at, " ");
		if (strncmp(at, name, len) == 0 && at[len] && strchr("=#@", at[len]) &&
		    is_meant(at + len, call))
			return act(strchr(at, '=') + 1, rv);
		at += strcspn(at, " ");
	}
	return ACT_NOT;
}

#define CALL(name, parameters, arguments)           \
	static CK_RV mock_##name parameters         \
	{                                           \
		static unsigned calls;              \
		CK_RV rv = CKR_OK;                  \
                                                    \
		action = fault(#name, &calls, &rv); \
		if (action == ACT_ANSWER)           \
			return rv;                  \
		rv = behind.name arguments;         \
		if (action == ACT_LATE)             \
			hang();                     \
		return rv;                          \
	}
#include "tests/modules/mock_calls.h"
#undef CALL

static CK_RV mock_C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	*list = &mock;
	return CKR_OK;
}

/* --- PINs ------------------------------------------------------------------------------------- */

#define TRIES 3

static int tries_left(void)
{
	FILE *file = getenv("MOCK_TRIES") ? fopen(getenv("MOCK_TRIES"), "r") : NULL;
	int left = TRIES;

	if (file && fscanf(file, "%d", &left) != 1)
		abort();
	if (file)
		fclose(file);
	return left;
}

static void set_tries(int left)
{
	FILE *file = getenv("MOCK_TRIES") ? fopen(getenv("MOCK_TRIES"), "w") : NULL;

	if (file) {
		fprintf(file, "%d\n", left);
		fclose(file);
	}
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const char *flags = getenv("MOCK_FLAGS");
	CK_RV rv = real->C_GetTokenInfo(slot, info);
	int left = tries_left();

	if (rv != CKR_OK)
		return rv;
	info->flags |= flags ? strtoul(flags, NULL, 0) : 0;
	info->flags |= getenv("MOCK_PIN_PAD") ? CKF_PROTECTED_AUTHENTICATION_PATH : 0;
	info->flags |= left < TRIES ? CKF_USER_PIN_COUNT_LOW : 0;
	info->flags |= left == 1 ? CKF_USER_PIN_FINAL_TRY : 0;
	info->flags |= left <= 0 ? CKF_USER_PIN_LOCKED : 0;
	return rv;
}

/* PKCS#11 v2.40 5.6: a token with a PIN pad is given none. */
static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	char *typed = getenv("MOCK_PIN_PAD");
	int left = tries_left();
	CK_RV rv;

	if (typed && pin)
		return CKR_ARGUMENTS_BAD;
	if (typed) {
		pin = (CK_UTF8CHAR *)typed;
		len = strlen(typed);
	}
	if (left <= 0)
		return CKR_PIN_LOCKED;
	rv = real->C_Login(session, user, pin, len);
	if (rv == CKR_OK)
		set_tries(TRIES);
	else if (rv == CKR_PIN_INCORRECT)
		set_tries(left - 1);
	return rv;
}

static CK_RV mock_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin,
			  CK_ULONG len)
{
	static unsigned calls, calls_again;
	int again = user == CKU_CONTEXT_SPECIFIC;
	CK_RV rv = CKR_OK;

	action = fault(again ? "C_Login_again" : "C_Login", again ? &calls_again : &calls, &rv);
	if (action == ACT_ANSWER)
		return rv;
	if (!again || !getenv("MOCK_ALWAYS_AUTHENTICATE")) {
		rv = log_in(session, user, pin, len);
	} else {
		authenticated = len == 4 && memcmp(pin, "1234", 4) == 0;
		rv = authenticated ? CKR_OK : CKR_PIN_INCORRECT;
	}
	if (action == ACT_LATE)
		hang();
	return rv;
}

/* --- sessions, attributes --------------------------------------------------------------------- */

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
			  CK_SESSION_HANDLE *session)
{
	const char *most = getenv("MOCK_SESSIONS");

	if (most && sessions >= atoi(most))
		return CKR_SESSION_COUNT;
	sessions++;
	return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	sessions--;
	return real->C_CloseSession(session);
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
				 CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = real->C_GetAttributeValue(session, object, template, count);

	if (rv != CKR_OK || !template[0].pValue)
		return rv;
	if (template[0].type == CKA_ALWAYS_AUTHENTICATE && getenv("MOCK_ALWAYS_AUTHENTICATE"))
		*(CK_BBOOL *)template[0].pValue = CK_TRUE;
	if (template[0].type == CKA_EXTRACTABLE && getenv("MOCK_EXTRACTABLE"))
		*(CK_BBOOL *)template[0].pValue = CK_TRUE;
	return rv;
}

/* --- keys ------------------------------------------------------------------------------------- */

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	authenticated = 0;
	return real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
		  CK_ULONG *signature_len)
{
	CK_RV rv;

	if (getenv("MOCK_ALWAYS_AUTHENTICATE") && !authenticated)
		return CKR_USER_NOT_LOGGED_IN;
	rv = real->C_Sign(session, data, len, signature, signature_len);
	if (rv == CKR_OK && action == ACT_WRONG)
		signature[*signature_len / 2] ^= 1;
	if (rv == CKR_OK && action == ACT_LONG)
		*signature_len = 1000000;
	return rv;
}

#define TEMPLATE_MAX 32

/*
 * What a picky token says to a template, and what it then makes: its own rule for what it did not
 * let itself be told. to has room for TEMPLATE_MAX.
 */
static CK_RV pick(const CK_ATTRIBUTE *template, CK_ULONG *count, int private_half, CK_ATTRIBUTE *to)
{
	static CK_BBOOL no = CK_FALSE;

	memcpy(to, template, *count * sizeof *to);
	if (!getenv("MOCK_PICKY"))
		return CKR_OK;
	for (CK_ULONG i = 0; i < *count; i++) {
		if (private_half && to[i].type == CKA_SIGN_RECOVER)
			return CKR_TEMPLATE_INCONSISTENT;
		if (private_half && to[i].type == CKA_DERIVE)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (!private_half && to[i].type == CKA_PRIVATE && !*(CK_BBOOL *)to[i].pValue)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	if (private_half) {
		to[(*count)++] = (CK_ATTRIBUTE){CKA_SIGN_RECOVER, &no, sizeof no};
		to[(*count)++] = (CK_ATTRIBUTE){CKA_DERIVE, &no, sizeof no};
	}
	return CKR_OK;
}

static int is_private(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type == CKA_CLASS)
			return *(CK_OBJECT_CLASS *)template[i].pValue == CKO_PRIVATE_KEY;
	return 0;
}

static CK_RV create_object(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
			   CK_OBJECT_HANDLE *object)
{
	CK_ATTRIBUTE own[TEMPLATE_MAX + 2];
	CK_RV rv = pick(template, &count, is_private(template, count), own);

	return rv == CKR_OK ? real->C_CreateObject(session, own, count, object) : rv;
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			       CK_ATTRIBUTE *public_half, CK_ULONG public_count,
			       CK_ATTRIBUTE *private_half, CK_ULONG private_count,
			       CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	CK_MECHANISM rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE own_public[TEMPLATE_MAX + 2], own_private[TEMPLATE_MAX + 2];
	CK_RV rv = pick(public_half, &public_count, 0, own_public);

	if (rv == CKR_OK)
		rv = pick(private_half, &private_count, 1, own_private);
	if (rv != CKR_OK)
		return rv;
	for (CK_ULONG i = 0; action == ACT_RSA && i < public_count; i++)
		if (own_public[i].type == CKA_EC_PARAMS)
			own_public[i] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof bits};
	return real->C_GenerateKeyPair(session, action == ACT_RSA ? &rsa : mechanism, own_public,
				       public_count, own_private, private_count, public_key,
				       private_key);
}

/* --- the module ------------------------------------------------------------------------------- */

/* Calls are counted from the start of the process, also where the module is let go in between. */
static void stay(void)
{
	Dl_info own;

	if (!dladdr((void *)(uintptr_t)stay, &own) ||
	    !dlopen(own.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE))
		abort();
}

static void take_over(void)
{
	stay();
	mock.version = real->version;
	mock.C_GetFunctionList = mock_C_GetFunctionList;
	mock.C_Login = mock_C_Login;
#define CALL(name, parameters, arguments) mock.name = mock_##name;
#include "tests/modules/mock_calls.h"
#undef CALL
	behind = *real;
	behind.C_GetTokenInfo = get_token_info;
	behind.C_OpenSession = open_session;
	behind.C_CloseSession = close_session;
	behind.C_GetAttributeValue = get_attribute_value;
	behind.C_SignInit = sign_init;
	behind.C_Sign = sign;
	behind.C_CreateObject = create_object;
	behind.C_GenerateKeyPair = generate_key_pair;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR);
	const char *module = getenv("MOCK_MODULE");
	void *handle = module ? dlopen(module, RTLD_NOW | RTLD_LOCAL) : NULL;

	if (!handle)
		return CKR_GENERAL_ERROR;
	*(void **)&get = dlsym(handle, "C_GetFunctionList");
	if (!get || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	take_over();
	*list = &mock;
	return CKR_OK;
}
