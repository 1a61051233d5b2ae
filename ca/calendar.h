/*
 * A calendar of what ends: iCalendar, RFC 5545. Importing a newer one updates the same events.
 */
#ifndef SUBCA_CA_CALENDAR_H
#define SUBCA_CA_CALENDAR_H

#include "ca/expiry.h"

/* The whole VCALENDAR. Each event reminds alarm_days before its end; 0: no alarm. */
MUST_CHECK enum status calendar_text(const struct expiries *x, int64_t now, int alarm_days,
				     struct text *out, struct error *e);

#endif
