/* A manifest as JSON. */
#ifndef SUBCA_CA_BACKUP_MANIFEST_H
#define SUBCA_CA_BACKUP_MANIFEST_H

#include "ca/backup.h"

MUST_CHECK enum status manifest_write(const struct backup_manifest *m, struct text *out,
				      struct error *e);
/* STATUS_INPUT for what is none, or is of a format that is not known. */
MUST_CHECK enum status manifest_read(struct span json, struct backup_manifest *out,
				     struct error *e);

#endif
