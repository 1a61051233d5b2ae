#include "hsm/keyfile.h"
#include "hsm/signer.h"

enum status signer_needs_secret(const char *name, bool *needed, struct error *e)
{
	return keyfile_is_encrypted(name, needed, e);
}

enum status signer_open(const char *name, const struct secret *secret, struct signer **out,
			struct error *e)
{
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
