#include "base/file.h"
#include "hsm/keyfile.h"
#include "hsm/signer.h"
#include "hsm/token_make.h"
#include "hsm/token_signer.h"

#include <stdio.h>
#include <string.h>

bool signer_name_is_uri(const char *name)
{
	return strncmp(name, "pkcs11:", 7) == 0;
}

enum status signer_needs(const char *name, struct signer_need *need, struct error *e)
{
	bool encrypted = false;

	if (signer_name_is_uri(name))
		return token_needs(name, need, e);
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
	if (signer_name_is_uri(name))
		return token_signer_open(name, secret, expected, out, e);
	return keyfile_open(name, secret, out, e);
}

enum status signer_create(const char *name, const char *type, const struct secret *secret,
			  struct error *e)
{
	EVP_PKEY *key = NULL;
	enum status s;

	if (signer_name_is_uri(name))
		return token_key_create(name, type, secret, e);
	s = key_generate(type, &key, e);
	if (s == STATUS_OK)
		s = keyfile_write(name, key, secret, e);
	EVP_PKEY_free(key);
	return s;
}

enum status signer_name_new(const char *name, char **out, struct error *e)
{
	if (signer_name_is_uri(name))
		return token_name_new(name, out, e);
	*out = strdup(name);
	return *out ? STATUS_OK : error_memory(e);
}

enum status signer_exists(const char *name, const struct secret *secret, bool *there,
			  struct error *e)
{
	if (signer_name_is_uri(name))
		return token_key_exists(name, secret, there, e);
	*there = file_exists(name);
	return STATUS_OK;
}

enum status signer_delete(const char *name, const struct secret *secret, struct error *e)
{
	return signer_name_is_uri(name) ? token_key_delete(name, secret, e) : file_remove(name, e);
}

void signer_stays(const char *name, struct error *e)
{
	int n = snprintf(e->todo, sizeof e->todo,
			 "mend that; a key that was made stays on the token until 'subca token "
			 "delete-key \"%s\"'",
			 name);

	/* Half a URI would be no help. */
	if (n < 0 || (size_t)n >= sizeof e->todo)
		snprintf(e->todo, sizeof e->todo,
			 "mend that; a key that was made stays on the token: 'subca token show' "
			 "lists it, and 'subca token delete-key' deletes it");
}

enum status signer_name_with_module(const char *uri, const char *module, char **out,
				    struct error *e)
{
	return token_name_with_module(uri, module, out, e);
}
