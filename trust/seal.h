/*
 * A network that has nothing but loopback, so that no program can reach outside by mistake, and a
 * view of the files that none can change.
 */
#ifndef SUBCA_TRUST_SEAL_H
#define SUBCA_TRUST_SEAL_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Moves this process, for good, into a network of its own. To be called before any thread is
 * started. False where the kernel does not let us: then nothing has changed.
 */
bool seal_network(void);

/*
 * Gives this process, for good, a view of its own of all files: what is mounted in it nobody else
 * sees, and nothing can be written but below folder. After seal_network() it works for everybody;
 * without, for root alone. False, and nothing changed, where the kernel does not let us; else
 * *outside is for seal_files_end().
 */
bool seal_files(const char *folder, int *outside);
/* Removes the folder, which has to be empty, also from everybody's view. */
void seal_files_end(const char *folder, int outside);

/* In such a view: shows mirror, a file or a folder, in the place of path. */
MUST_CHECK enum status seal_show(const char *mirror, const char *path, struct error *e);

#endif
