/*
 * A CA that is to be made: what "subca init" and "subca renew --rekey" ask in the same words.
 */
#ifndef SUBCA_CMD_NEW_AUTHORITY_H
#define SUBCA_CMD_NEW_AUTHORITY_H

#include "ca/create.h"
#include "cmd/command.h"

/* --subject, --key and what belongs to it, --serial, the URLs, --no-passphrase. */
extern const struct option_spec options_new_authority[];

/* What these say, into order. STATUS_USAGE where one is wrong or the subject is missing. */
MUST_CHECK enum status new_authority_read(const struct options *o, struct create_order *order,
					  struct error *e);

/*
 * create_authority() or, with resume, create_resume(); says what lint found, and keeps what a token
 * says of the new key.
 */
MUST_CHECK enum status new_authority_make(struct invocation *in, const char *folder,
					  const struct create_order *order, bool resume,
					  const struct create_secrets *secrets, struct error *e);

#endif
