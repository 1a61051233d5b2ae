/* A CA whose key came to live elsewhere: its store, serials and journal stay as they are. */
#ifndef SUBCA_CA_MOVE_KEY_H
#define SUBCA_CA_MOVE_KEY_H

#include "ca/authority.h"

/*
 * Has ca.conf name the key by name (as hsm/signer.h names keys) after that key was proved to be the
 * certificate's; the journal says so first. Only the line with the key changes. STATUS_INPUT
 * where that line is not plain enough to be changed: the message says what to write there.
 */
MUST_CHECK enum status authority_move_key(const struct authority *a, const char *name,
					  const struct secret *secret, int64_t now,
					  struct error *e);

#endif
