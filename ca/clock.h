/*
 * A clock that went backwards makes CRLs older than what they replace and revocations that have not
 * happened yet. The journal knows when something was last written.
 */
#ifndef SUBCA_CA_CLOCK_H
#define SUBCA_CA_CLOCK_H

#include <stdbool.h>

#include "ca/store.h"

#define CLOCK_SLACK 300 /* seconds that a corrected clock may step back */

/*
 * STATUS_REFUSED where now is behind the journal's last row by more than CLOCK_SLACK. With
 * accept it is let through, and the store (open for writing) gets a journal row "clock-ok".
 */
MUST_CHECK enum status clock_judge(struct store *s, int64_t now, bool accept, struct error *e);

/*
 * The same against what another tool's CA did last, for a store that has nothing of its own yet: whether
 * now is behind it, and the row "clock-ok" for when that was let through.
 */
bool clock_is_behind(int64_t now, int64_t last);
MUST_CHECK enum status clock_note(struct store *s, int64_t now, int64_t last, struct error *e);

#endif
