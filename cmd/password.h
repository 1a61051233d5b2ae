/*
 * The password of a file that is encrypted as a whole, a backup or a PKCS#12 file: never that of the
 * CA's key, which cmd/key.h asks for.
 */
#ifndef SUBCA_CMD_PASSWORD_H
#define SUBCA_CMD_PASSWORD_H

#include "cmd/options.h"

/* For the table of a command that calls password_obtain(). */
extern const struct option_spec options_password[];

/*
 * --password-file FILE, --password-fd N, the environment, else a prompt, which asks twice where
 * confirm is set. what: "password of the backup", environment: "SUBCA_BACKUP_PASSWORD", options: both
 * options and the variable in words for an error. All literals.
 */
struct password_source {
	const char *what, *environment, *options;
	bool confirm;
};
MUST_CHECK enum status password_obtain(const struct options *o, const struct password_source *from,
				       struct secret **out, struct error *e);

/* As a backup wants it. */
MUST_CHECK enum status password_of_backup(const struct options *o, bool confirm,
					  struct secret **out, struct error *e);

#endif
