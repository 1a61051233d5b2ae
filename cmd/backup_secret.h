/* The password of a backup, which is not the key's. */
#ifndef SUBCA_CMD_BACKUP_SECRET_H
#define SUBCA_CMD_BACKUP_SECRET_H

#include "cmd/options.h"

extern const struct option_spec backup_password_options[];

/* --password-file, --password-fd, SUBCA_BACKUP_PASSWORD, else a prompt; confirm asks twice. */
MUST_CHECK enum status backup_password(const struct options *o, bool confirm, struct secret **out,
				       struct error *e);

#endif
