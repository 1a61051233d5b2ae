#include "ca/clock.h"

#include <stdio.h>

#include "base/datetime.h"

enum status clock_judge(struct store *s, int64_t now, bool accept, struct error *e)
{
	int64_t last = 0;
	char then[DATETIME_SIZE], here[DATETIME_SIZE], detail[96];
	enum status status = journal_last_time(s, &last, e);

	if (status != STATUS_OK || now + CLOCK_SLACK >= last)
		return status;
	datetime_format(last, then);
	datetime_format(now, here);
	if (!accept)
		return error_set(
			e, STATUS_REFUSED, "clock",
			"set the clock; if it is right and was wrong before, say --clock-ok",
			"says %s, but the journal's last entry is of %s", here, then);
	snprintf(detail, sizeof detail, "the clock says %s after an entry of %s", here, then);
	return journal_note(s, "clock-ok", detail, now, e);
}
