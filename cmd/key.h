/*
 * The key of a CA, for any command that signs: what it takes to open it, a passphrase or a PIN, is
 * read from where options_passphrase say, and the key is proved to be the certificate's.
 */
#ifndef SUBCA_CMD_KEY_H
#define SUBCA_CMD_KEY_H

#include "ca/authority.h"
#include "cmd/options.h"

/* The command lists options_passphrase. One login, one look for the key: open it once a run. */
MUST_CHECK enum status key_open(const struct options *o, const struct authority *a,
				struct signer **out, struct error *e);

/* What need asks for; NULL in *out where nothing is, or where the key's name says where it is. */
MUST_CHECK enum status key_secret(const struct options *o, const struct signer_need *need,
				  struct secret **out, struct error *e);

/*
 * The secret of a key that is not that of -C, in words of its own: --OPTION FILE, the variable, else a
 * prompt, which asks twice where confirm is set and it is a passphrase. All literals.
 */
struct key_other {
	const char *what;	      /* "passphrase of the parent's key" */
	const char *option;	      /* "parent-passphrase-file": serves for a PIN as well */
	const char *passphrase, *pin; /* variables: "SUBCA_PARENT_PASSPHRASE", "SUBCA_PARENT_PIN" */
	bool confirm;
};
MUST_CHECK enum status key_secret_other(const struct options *o, const struct key_other *other,
					const struct signer_need *need, struct secret **out,
					struct error *e);

/*
 * The key itself and the file it is in, for what puts it elsewhere: of a CA whose key is no URI. Freed
 * with EVP_PKEY_free() and free(), *file also on failure.
 */
MUST_CHECK enum status key_read(const struct options *o, const struct authority *a, EVP_PKEY **key,
				char **file, struct error *e);

#endif
