/*
 * Key files and keys of other tools over any bytes: PEM in each form, PKCS#8, traditional and PKCS#12
 * DER, each with a passphrase and without. The corpus comes from tests/fuzz/seed-files; the
 * passphrase of all is "secret".
 */
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "hsm/keyfile.h"
#include "hsm/pkcs8.h"
#include "tests/fuzz/fuzz.h"

static void decode(struct span input, const struct secret *secret)
{
	EVP_PKEY *key = NULL;
	struct error e = {0};
	char type[64];
	enum status s = keyfile_decode(input, secret, &key, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (key != NULL));
	if (key) {
		key_type_name(key, type, sizeof type);
		promise(type[0] != '\0');
	}
	EVP_PKEY_free(key);
}

/* Our own short way to an RSA key gives what OpenSSL's long one gives, or both give none. */
static void decode_pkcs8(struct span der)
{
	const unsigned char *at = der.data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	EVP_PKEY *theirs = info ? EVP_PKCS82PKEY(info) : NULL, *own = NULL;
	unsigned char *a = NULL, *b = NULL;
	struct error e = {0};
	enum status s = pkcs8_decode(der, false, NULL, &own, &e);

	promise_told(s, &e);
	promise((own == NULL) == (theirs == NULL));
	if (own) {
		int len = i2d_PrivateKey(own, &a);

		promise(len == i2d_PrivateKey(theirs, &b));
		promise(len <= 0 || memcmp(a, b, (size_t)len) == 0);
	}
	OPENSSL_free(a);
	OPENSSL_free(b);
	EVP_PKEY_free(own);
	EVP_PKEY_free(theirs);
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
}

static void take_foreign(struct span input, const struct secret *secret)
{
	struct foreign_key *key = NULL;
	struct error e = {0};
	bool locked;
	bool seen = foreign_key_seen(input, &locked);
	enum status s = foreign_key_open(input, secret, &key, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (key != NULL));
	promise(s != STATUS_OK || seen);
	if (key)
		promise(foreign_key_public(key) || foreign_key_certificates(key));
	foreign_key_free(key);
}

/* As the CA's own key: what can be opened signs, or says why not. */
static void as_signer(struct span input, const struct secret *secret)
{
	const char *path = fuzz_file("key", input);
	struct signer *signer = NULL;
	struct error e = {0};
	bool encrypted;
	enum status s;

	promise(chmod(path, 0600) == 0);
	promise_told(keyfile_is_encrypted(path, &encrypted, &e), &e);
	s = keyfile_open(path, secret, &signer, &e);
	promise_told(s, &e);
	promise((s == STATUS_OK) == (signer != NULL));
	if (signer) {
		s = signer_prove(signer, signer_public_key(signer), &e);
		promise_told(s, &e);
		promise(s == STATUS_OK || s == STATUS_KEY);
	}
	signer_free(signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = {data, size};
	const struct secret *secret = fuzz_secret();

	decode(input, NULL);
	decode(input, secret);
	decode_pkcs8(input);
	take_foreign(input, NULL);
	take_foreign(input, secret);
	as_signer(input, secret);
	ERR_clear_error();
	return 0;
}
