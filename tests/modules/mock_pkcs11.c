/*
 * A PKCS#11 module that fails on purpose: it stands before a real one (MOCK_MODULE) and does as it
 * is told.
 *
 *     MOCK_FAULT="C_Sign=0x32"      each call of C_Sign answers CKR_DEVICE_REMOVED
 *     MOCK_FAULT="C_Sign#2=0x32"    from the second call on
 *     MOCK_FAULT="C_Sign=hang"      does not come back
 *     MOCK_FAULT="C_Sign=slow"      comes back after two seconds
 *     MOCK_FAULT="C_Sign=wrong"     gives a signature with one bit turned
 *     MOCK_FAULT="C_Sign=long"      says that it gave more than there is room for
 *     MOCK_FAULT="C_GenerateKeyPair=rsa"  makes RSA, and says yes, whatever it was asked for
 *     MOCK_FAULT="C_Login=gone"     from then on the token is not there any more
 *     MOCK_FLAGS=0x20000            set in CK_TOKEN_INFO's flags
 *     MOCK_ALWAYS_AUTHENTICATE=1    keys want the PIN between C_SignInit and C_Sign
 *     MOCK_EXTRACTABLE=1            new keys are extractable, whatever was asked for
 *     MOCK_SESSIONS=2               how many sessions there may be
 *     MOCK_LOG=FILE                 gets the name of each call
 *
 * MOCK_FAULT may hold several, with blanks between.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST mock;
static int gone;
static int authenticated; /* since C_SignInit */
static int sessions;

enum action { ACT_NOT, ACT_ANSWER, ACT_WRONG, ACT_LONG, ACT_RSA };

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

/* The action for this call, and for ACT_ANSWER what to answer. */
static enum action act(const char *action, CK_RV *rv)
{
	if (strncmp(action, "hang", 4) == 0)
		for (;;)
			pause();
	if (strncmp(action, "slow", 4) == 0) {
		sleep(2);
		return ACT_NOT;
	}
	if (strncmp(action, "wrong", 5) == 0)
		return ACT_WRONG;
	if (strncmp(action, "long", 4) == 0)
		return ACT_LONG;
	if (strncmp(action, "rsa", 3) == 0)
		return ACT_RSA;
	if (strncmp(action, "gone", 4) == 0) {
		gone = 1;
		*rv = CKR_DEVICE_REMOVED;
		return ACT_ANSWER;
	}
	*rv = strtoul(action, NULL, 0);
	return ACT_ANSWER;
}

static enum action fault(const char *name, unsigned *calls, CK_RV *rv)
{
	const char *at = getenv("MOCK_FAULT");
	size_t len = strlen(name);

	note(name);
	++*calls;
	if (gone && strcmp(name, "C_Finalize") != 0) {
		*rv = CKR_DEVICE_REMOVED;
		return ACT_ANSWER;
	}
	while (at && *at) {
		at += strspn(at, " ");
		if (strncmp(at, name, len) == 0 && (at[len] == '=' || at[len] == '#')) {
			char *end = NULL;
			unsigned long from = at[len] == '#' ? strtoul(at + len + 1, &end, 10) : 1;

			return *calls >= from ? act(strchr(at, '=') + 1, rv) : ACT_NOT;
		}
		at += strcspn(at, " ");
	}
	return ACT_NOT;
}

#define MOCK(name, parameters, arguments)                                                   \
	static CK_RV mock_##name parameters                                                 \
	{                                                                                   \
		static unsigned calls;                                                      \
		CK_RV rv = CKR_OK;                                                          \
		return fault(#name, &calls, &rv) == ACT_ANSWER ? rv : real->name arguments; \
	}

MOCK(C_Initialize, (void *a), (a));
MOCK(C_Finalize, (void *a), (a));
MOCK(C_GetInfo, (CK_INFO * i), (i));
MOCK(C_GetSlotList, (CK_BBOOL p, CK_SLOT_ID *l, CK_ULONG *n), (p, l, n));
MOCK(C_GetMechanismInfo, (CK_SLOT_ID s, CK_MECHANISM_TYPE t, CK_MECHANISM_INFO *i), (s, t, i));
MOCK(C_FindObjectsInit, (CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n), (s, t, n));
MOCK(C_FindObjects, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *o, CK_ULONG m, CK_ULONG *n),
     (s, o, m, n));
MOCK(C_FindObjectsFinal, (CK_SESSION_HANDLE s), (s));
MOCK(C_CreateObject, (CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *o),
     (s, t, n, o));
MOCK(C_DestroyObject, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o), (s, o));
MOCK(C_Logout, (CK_SESSION_HANDLE s), (s));
MOCK(C_InitToken, (CK_SLOT_ID s, CK_UTF8CHAR *p, CK_ULONG n, CK_UTF8CHAR *l), (s, p, n, l));
MOCK(C_InitPIN, (CK_SESSION_HANDLE s, CK_UTF8CHAR *p, CK_ULONG n), (s, p, n));

static CK_RV mock_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	static unsigned calls;
	const char *flags = getenv("MOCK_FLAGS");
	CK_RV rv = CKR_OK;

	if (fault("C_GetTokenInfo", &calls, &rv) == ACT_ANSWER)
		return rv;
	rv = real->C_GetTokenInfo(slot, info);
	if (rv == CKR_OK && flags)
		info->flags |= strtoul(flags, NULL, 0);
	return rv;
}

static CK_RV mock_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
				CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	static unsigned calls;
	const char *most = getenv("MOCK_SESSIONS");
	CK_RV rv = CKR_OK;

	if (fault("C_OpenSession", &calls, &rv) == ACT_ANSWER)
		return rv;
	if (most && sessions >= atoi(most))
		return CKR_SESSION_COUNT;
	sessions++;
	return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV mock_C_CloseSession(CK_SESSION_HANDLE session)
{
	static unsigned calls;
	CK_RV rv = CKR_OK;

	if (fault("C_CloseSession", &calls, &rv) == ACT_ANSWER)
		return rv;
	sessions--;
	return real->C_CloseSession(session);
}

static CK_RV mock_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin,
			  CK_ULONG len)
{
	static unsigned calls;
	CK_RV rv = CKR_OK;

	if (fault(user == CKU_CONTEXT_SPECIFIC ? "C_Login_again" : "C_Login", &calls, &rv) ==
	    ACT_ANSWER)
		return rv;
	if (user != CKU_CONTEXT_SPECIFIC)
		return real->C_Login(session, user, pin, len);
	if (len != 4 || memcmp(pin, "1234", 4) != 0)
		return CKR_PIN_INCORRECT;
	authenticated = 1;
	return CKR_OK;
}

static CK_RV mock_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
				      CK_ATTRIBUTE *template, CK_ULONG count)
{
	static unsigned calls;
	CK_RV rv = CKR_OK;

	if (fault("C_GetAttributeValue", &calls, &rv) == ACT_ANSWER)
		return rv;
	rv = real->C_GetAttributeValue(session, object, template, count);
	if (rv != CKR_OK || !template[0].pValue)
		return rv;
	if (template[0].type == CKA_ALWAYS_AUTHENTICATE && getenv("MOCK_ALWAYS_AUTHENTICATE"))
		*(CK_BBOOL *)template[0].pValue = CK_TRUE;
	if (template[0].type == CKA_EXTRACTABLE && getenv("MOCK_EXTRACTABLE"))
		*(CK_BBOOL *)template[0].pValue = CK_TRUE;
	return rv;
}

static CK_RV mock_C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			     CK_OBJECT_HANDLE key)
{
	static unsigned calls;
	CK_RV rv = CKR_OK;

	if (fault("C_SignInit", &calls, &rv) == ACT_ANSWER)
		return rv;
	authenticated = 0;
	return real->C_SignInit(session, mechanism, key);
}

static CK_RV mock_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
			 CK_ULONG *signature_len)
{
	static unsigned calls;
	CK_RV rv = CKR_OK;
	enum action action = fault("C_Sign", &calls, &rv);

	if (action == ACT_ANSWER)
		return rv;
	if (getenv("MOCK_ALWAYS_AUTHENTICATE") && !authenticated)
		return CKR_USER_NOT_LOGGED_IN;
	rv = real->C_Sign(session, data, len, signature, signature_len);
	if (rv == CKR_OK && action == ACT_WRONG)
		signature[*signature_len / 2] ^= 1;
	if (rv == CKR_OK && action == ACT_LONG)
		*signature_len = 1000000;
	return rv;
}

static CK_RV make_rsa(CK_SESSION_HANDLE session, CK_ATTRIBUTE *public_half, CK_ULONG public_count,
		      CK_ATTRIBUTE *private_half, CK_ULONG private_count,
		      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	CK_MECHANISM rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE other[32];

	memcpy(other, public_half, public_count * sizeof *other);
	for (CK_ULONG i = 0; i < public_count; i++)
		if (other[i].type == CKA_EC_PARAMS)
			other[i] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof bits};
	return real->C_GenerateKeyPair(session, &rsa, other, public_count, private_half,
				       private_count, public_key, private_key);
}

static CK_RV mock_C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
				    CK_ATTRIBUTE *public_half, CK_ULONG public_count,
				    CK_ATTRIBUTE *private_half, CK_ULONG private_count,
				    CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	static unsigned calls;
	CK_RV rv = CKR_OK;
	enum action action = fault("C_GenerateKeyPair", &calls, &rv);

	if (action == ACT_ANSWER)
		return rv;
	if (action == ACT_RSA)
		return make_rsa(session, public_half, public_count, private_half, private_count,
				public_key, private_key);
	return real->C_GenerateKeyPair(session, mechanism, public_half, public_count, private_half,
				       private_count, public_key, private_key);
}

static void take_over(void)
{
	mock = *real;
	mock.C_Initialize = mock_C_Initialize;
	mock.C_Finalize = mock_C_Finalize;
	mock.C_GetInfo = mock_C_GetInfo;
	mock.C_GetSlotList = mock_C_GetSlotList;
	mock.C_GetTokenInfo = mock_C_GetTokenInfo;
	mock.C_GetMechanismInfo = mock_C_GetMechanismInfo;
	mock.C_InitToken = mock_C_InitToken;
	mock.C_InitPIN = mock_C_InitPIN;
	mock.C_OpenSession = mock_C_OpenSession;
	mock.C_CloseSession = mock_C_CloseSession;
	mock.C_Login = mock_C_Login;
	mock.C_Logout = mock_C_Logout;
	mock.C_FindObjectsInit = mock_C_FindObjectsInit;
	mock.C_FindObjects = mock_C_FindObjects;
	mock.C_FindObjectsFinal = mock_C_FindObjectsFinal;
	mock.C_GetAttributeValue = mock_C_GetAttributeValue;
	mock.C_CreateObject = mock_C_CreateObject;
	mock.C_DestroyObject = mock_C_DestroyObject;
	mock.C_SignInit = mock_C_SignInit;
	mock.C_Sign = mock_C_Sign;
	mock.C_GenerateKeyPair = mock_C_GenerateKeyPair;
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
