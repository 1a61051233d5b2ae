/*
 * What an init that was interrupted leaves in its folder, and who may touch it. For ca/create.c.
 */
#ifndef SUBCA_CA_CREATE_REMAINS_H
#define SUBCA_CA_CREATE_REMAINS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Only one init, --resume or --discard at a time: each would take the other's files for remains.
 * STATUS_BUSY while another is at work. *lock is -1 or goes to remains_unlock().
 */
MUST_CHECK enum status remains_lock(const char *folder, int *lock, struct error *e);
void remains_unlock(int lock);

/*
 * Whether the name is that of a temporary of init.conf: a run was killed before it made anything
 * else, so that the folder counts as empty.
 */
bool remains_of_nothing(const char *name);

/* STATUS_NOT_FOUND where nothing is half made. Ask under the lock. */
MUST_CHECK enum status remains_expect(const char *folder, struct error *e);
/* Removes the temporary files of a run that was killed. */
MUST_CHECK enum status remains_sweep(const char *folder, struct error *e);
/* Removes all of it but the folder. */
MUST_CHECK enum status remains_remove(const char *folder, struct error *e);

#endif
