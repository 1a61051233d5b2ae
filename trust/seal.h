/* A network that has nothing but loopback, so that no program can reach outside by mistake. */
#ifndef SUBCA_TRUST_SEAL_H
#define SUBCA_TRUST_SEAL_H

#include <stdbool.h>

/*
 * Moves this process, for good, into a network of its own. To be called before any thread is
 * started. False where the kernel does not let us: then nothing has changed.
 */
bool seal_network(void);

#endif
