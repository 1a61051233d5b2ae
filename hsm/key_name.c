#include "hsm/keyfile.h"
#include "hsm/signer.h"

#include <stdio.h>
#include <string.h>

bool signer_name_is_uri(const char *name)
{
	return strncmp(name, "pkcs11:", 7) == 0;
}

enum status signer_needs(const char *name, struct signer_need *need, struct error *e)
{
	bool encrypted = false;

	*need = (struct signer_need){.secret = SIGNER_SECRET_NONE};
	if (keyfile_is_encrypted(name, &encrypted, e) != STATUS_OK)
		return error_status(e);
	if (encrypted) {
		need->secret = SIGNER_SECRET_PASSPHRASE;
		snprintf(need->what, sizeof need->what, "passphrase of the CA key");
	}
	return STATUS_OK;
}

enum status signer_open(const char *name, const struct secret *secret, EVP_PKEY *expected,
			struct signer **out, struct error *e)
{
	(void)expected;
	return keyfile_open(name, secret, out, e);
}

enum status signer_create(const char *name, const char *type, const struct secret *secret,
			  struct error *e)
{
	EVP_PKEY *key = NULL;
	enum status s = key_generate(type, &key, e);

	if (s == STATUS_OK)
		s = keyfile_write(name, key, secret, e);
	EVP_PKEY_free(key);
	return s;
}
