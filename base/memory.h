/*
 * Whether memory ran out at any time. What a library could not make for want of memory it often
 * does not tell of as such: a request looks malformed, a signature wrong, an extension absent. So
 * nothing may be judged, and nobody accused, after that.
 */
#ifndef SUBCA_BASE_MEMORY_H
#define SUBCA_BASE_MEMORY_H

#include <stdbool.h>

/* From here on the allocations of OpenSSL and jansson count. Before either of them is used. */
void memory_watch(void);
/* An allocation of ours failed; error_memory() calls it. */
void memory_note(void);
/* Of any thread, since the process began. */
bool memory_ran_out(void);

#endif
