#include "cmd/key.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "hsm/keyfile.h"

static enum status pin(const struct options *o, const struct signer_need *need, struct secret **out,
		       struct error *e)
{
	struct secret_source source;

	if (options_pin_source(o, need->what, &source, e) != STATUS_OK)
		return error_status(e);
	if (need->has_source && !source.file && source.fd < 0 && !getenv(source.environment))
		return STATUS_OK;
	return secret_obtain(&source, out, e);
}

enum status key_secret(const struct options *o, const struct signer_need *need, struct secret **out,
		       struct error *e)
{
	struct secret_source source;

	*out = NULL;
	if (need->secret == SIGNER_SECRET_NONE)
		return STATUS_OK;
	if (need->secret == SIGNER_SECRET_PIN)
		return pin(o, need, out, e);
	if (options_passphrase_source(o, need->what, false, &source, e) != STATUS_OK)
		return error_status(e);
	return secret_obtain(&source, out, e);
}

enum status key_secret_other(const struct options *o, const struct key_other *other,
			     const struct signer_need *need, struct secret **out, struct error *e)
{
	bool pin = need->secret == SIGNER_SECRET_PIN;
	char words[128];
	struct secret_source source = {
		.what = pin ? need->what : other->what,
		.file = options_value(o, other->option),
		.fd = -1,
		.environment = pin ? other->pin : other->passphrase,
		.options = words,
		.confirm = other->confirm && !pin,
	};

	snprintf(words, sizeof words, "use --%s FILE or %s", other->option, source.environment);
	/* What the key's own name says (pin-source) is looked for last. */
	if (need->secret == SIGNER_SECRET_NONE ||
	    (need->has_source && !source.file && !getenv(source.environment)))
		return STATUS_OK;
	return secret_obtain(&source, out, e);
}

enum status key_open(const struct options *o, const struct authority *a, struct signer **out,
		     struct error *e)
{
	struct signer_need need;
	struct secret *secret = NULL;
	enum status s = authority_key_needs(a, &need, e);

	if (s == STATUS_OK)
		s = key_secret(o, &need, &secret, e);
	if (s == STATUS_OK)
		s = authority_signer(a, secret, out, e);
	secret_free(secret);
	return s;
}

enum status key_read(const struct options *o, const struct authority *a, EVP_PKEY **key,
		     char **file, struct error *e)
{
	const char *name = authority_key(a);
	struct secret *passphrase = NULL;
	struct signer_need need;
	enum status s;

	*file = name[0] == '/' ? strdup(name) : path_join(authority_folder(a), name);
	if (!*file)
		return error_memory(e);
	s = authority_key_needs(a, &need, e);
	if (s == STATUS_OK)
		s = key_secret(o, &need, &passphrase, e);
	if (s == STATUS_OK)
		s = keyfile_read(*file, passphrase, key, e);
	secret_free(passphrase);
	return s;
}
