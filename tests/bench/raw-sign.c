/*
 * Signs on a token as fast as C_Sign goes, and prints signatures per second: nothing around it.
 *
 * usage: raw-sign MODULE TOKEN KEY SECONDS THREADS      (SUBCA_PIN is the PIN)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <p11-kit/p11-kit.h>

static CK_FUNCTION_LIST *f;
static CK_SLOT_ID slot;
static CK_OBJECT_HANDLE key;
static CK_MECHANISM mechanism;
static CK_ULONG input_len;
static double end;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void expect(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "raw-sign: %s: %s\n", what, p11_kit_strerror(rv));
	exit(1);
}

static CK_SESSION_HANDLE session(void)
{
	CK_SESSION_HANDLE s;

	expect(f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s), "C_OpenSession");
	return s;
}

static void find_token(const char *label)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = 64;

	expect(f->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		expect(f->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
		if (strncmp((const char *)info.label, label, strlen(label)) == 0) {
			slot = slots[i];
			return;
		}
	}
	fprintf(stderr, "raw-sign: no token %s\n", label);
	exit(1);
}

static void find_key(CK_SESSION_HANDLE s, const char *label)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = 0;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
				   {CKA_LABEL, (void *)label, strlen(label)}};
	CK_ATTRIBUTE kind = {CKA_KEY_TYPE, &type, sizeof type};
	CK_ULONG count = 0;

	expect(f->C_FindObjectsInit(s, template, 2), "C_FindObjectsInit");
	expect(f->C_FindObjects(s, &key, 1, &count), "C_FindObjects");
	expect(f->C_FindObjectsFinal(s), "C_FindObjectsFinal");
	expect(count == 1 ? CKR_OK : CKR_KEY_HANDLE_INVALID, label);
	expect(f->C_GetAttributeValue(s, key, &kind, 1), "C_GetAttributeValue");
	mechanism.mechanism = type == CKK_RSA ? CKM_RSA_PKCS : CKM_ECDSA;
	/* A DigestInfo of SHA-256, or its value. */
	input_len = type == CKK_RSA ? 51 : 32;
}

static void *sign(void *made)
{
	CK_SESSION_HANDLE s = session();
	CK_BYTE input[51] = {1}, output[1024];

	while (now() < end) {
		CK_ULONG len = sizeof output;

		expect(f->C_SignInit(s, &mechanism, key), "C_SignInit");
		expect(f->C_Sign(s, input, input_len, output, &len), "C_Sign");
		++*(unsigned long *)made;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long made[64] = {0}, all = 0;
	pthread_t threads[64];
	CK_SESSION_HANDLE s;
	double from, seconds;
	int count;

	if (argc != 6 || !getenv("SUBCA_PIN") || (count = atoi(argv[5])) < 1 || count > 64)
		return 2;
	f = p11_kit_module_load(argv[1], 0);
	if (!f)
		return 1;
	expect(p11_kit_module_initialize(f), "C_Initialize");
	find_token(argv[2]);
	s = session();
	expect(f->C_Login(s, CKU_USER, (CK_BYTE *)getenv("SUBCA_PIN"), strlen(getenv("SUBCA_PIN"))),
	       "C_Login");
	find_key(s, argv[3]);
	from = now();
	end = from + atof(argv[4]);
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, sign, &made[i]);
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		all += made[i];
	}
	seconds = now() - from;
	printf("%.0f\n", (double)all / seconds);
	p11_kit_module_finalize(f);
	p11_kit_module_release(f);
	return 0;
}
