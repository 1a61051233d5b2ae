#include "ca/clock.h"

#include <stdio.h>

#include "base/datetime.h"

bool clock_is_behind(int64_t now, int64_t last)
{
	return now + CLOCK_SLACK < last;
}

enum status clock_note(struct store *s, int64_t now, int64_t last, struct error *e)
{
	char then[DATETIME_SIZE], here[DATETIME_SIZE], detail[96];

	datetime_format(last, then);
	datetime_format(now, here);
	snprintf(detail, sizeof detail, "the clock says %s after an entry of %s", here, then);
	return journal_note(s, "clock-ok", detail, now, e);
}

enum status clock_judge(struct store *s, int64_t now, bool accept, struct error *e)
{
	int64_t last = 0;
	char then[DATETIME_SIZE], here[DATETIME_SIZE];
	enum status status = journal_last_time(s, &last, e);

	if (status != STATUS_OK || !clock_is_behind(now, last))
		return status;
	if (accept)
		return clock_note(s, now, last, e);
	datetime_format(last, then);
	datetime_format(now, here);
	return error_set(e, STATUS_REFUSED, "clock",
			 "set the clock; if it is right and was wrong before, say --clock-ok",
			 "says %s, but the journal's last entry is of %s", here, then);
}
