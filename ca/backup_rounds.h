/* Private to ca/backup*.c: how long opening a backup would take before its password counts. */
#ifndef SUBCA_CA_BACKUP_ROUNDS_H
#define SUBCA_CA_BACKUP_ROUNDS_H

#include "base/bytes.h"

/* So much of the start is enough for its recipients, and is what a buffer BIO reads at once. */
#define BACKUP_START 4096

/*
 * Whether the passwords that start names as recipients take no more than KDF_ROUNDS_MAX rounds in
 * all. False as well where start does not look as seal_write() begins.
 */
bool backup_rounds_bounded(struct span start);

#endif
