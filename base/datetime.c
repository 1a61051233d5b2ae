#include "base/datetime.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first day of a year. */
static int64_t days_to_year(int year)
{
	int64_t before = year - 1;

	return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

struct civil_time civil_from_seconds(int64_t t)
{
	int64_t days = t / SECONDS_PER_DAY, rest = t % SECONDS_PER_DAY;
	struct civil_time c = {.month = 1};

	if (rest < 0) {
		rest += SECONDS_PER_DAY;
		days--;
	}
	c.year = (int)(1970 + days / 366);
	while (days_to_year(c.year + 1) <= days)
		c.year++;
	while (days_to_year(c.year) > days)
		c.year--;
	days -= days_to_year(c.year);
	while (days >= days_in_month(c.year, c.month))
		days -= days_in_month(c.year, c.month++);
	c.day = (int)days + 1;
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	return c;
}

int civil_to_seconds(const struct civil_time *c, int64_t *t)
{
	int64_t days;

	if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > days_in_month(c->year, c->month))
		return -1;
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 ||
	    c->second > 59)
		return -1;
	days = days_to_year(c->year) + c->day - 1;
	for (int month = 1; month < c->month; month++)
		days += days_in_month(c->year, month);
	*t = days * SECONDS_PER_DAY + c->hour * INT64_C(3600) + c->minute * INT64_C(60) + c->second;
	return 0;
}

/* Matches s against a picture in which 9 stands for a digit and anything else for itself. */
static bool has_shape(const char *s, const char *picture)
{
	for (; *picture; picture++, s++) {
		bool fits = *picture == '9' ? *s >= '0' && *s <= '9' : *s == *picture;

		if (!fits)
			return false;
	}
	return *s == '\0';
}

static int number(const char *s, int digits)
{
	int n = 0;

	while (digits--)
		n = n * 10 + (*s++ - '0');
	return n;
}

enum status datetime_parse(const char *s, int64_t *t, struct error *e)
{
	struct civil_time c = {0};
	int64_t seconds = 0;
	bool date = has_shape(s, "9999-99-99");
	bool full = has_shape(s, "9999-99-99T99:99:99Z");

	if (date || full) {
		c.year = number(s, 4);
		c.month = number(s + 5, 2);
		c.day = number(s + 8, 2);
	}
	if (full) {
		c.hour = number(s + 11, 2);
		c.minute = number(s + 14, 2);
		c.second = number(s + 17, 2);
	}
	if ((!date && !full) || civil_to_seconds(&c, &seconds) != 0 || seconds < DATETIME_MIN)
		return error_set(e, STATUS_USAGE, NULL,
				 "write it as 2031-11-22 or 2031-11-22T23:59:59Z (UTC)",
				 "'%.40s' is not a date", s);
	*t = seconds;
	return STATUS_OK;
}

void datetime_format(int64_t t, char out[DATETIME_SIZE])
{
	struct civil_time c;

	if (t < DATETIME_MIN || t > DATETIME_MAX) {
		snprintf(out, DATETIME_SIZE, "(out of range)");
		return;
	}
	c = civil_from_seconds(t);
	/* The ranges are given so that the compiler, too, sees that it fits. */
	snprintf(out, DATETIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)c.year % 10000u,
		 (unsigned)c.month % 100u, (unsigned)c.day % 100u, (unsigned)c.hour % 100u,
		 (unsigned)c.minute % 100u, (unsigned)c.second % 100u);
}

int duration_parse(const char *s, int most_days, int64_t *seconds)
{
	size_t digits = strspn(s, "0123456789");
	int64_t unit = SECONDS_PER_DAY, n = 0;

	if (digits == 0 || digits > 15 || (s[digits] && s[digits + 1]))
		return -1;
	if (s[digits] == 'h')
		unit = 3600;
	else if (s[digits] == 'w')
		unit = 7 * SECONDS_PER_DAY;
	else if (s[digits] && s[digits] != 'd')
		return -1;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (s[i] - '0');
	if (n > most_days * SECONDS_PER_DAY / unit)
		return -1;
	*seconds = n * unit;
	return 0;
}

enum status datetime_now(int64_t *t, struct error *e)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return error_errno(e, STATUS_SYSTEM, NULL, NULL, "the clock cannot be read");
	if (now.tv_sec < 0 || now.tv_sec > DATETIME_MAX)
		return error_set(e, STATUS_SYSTEM, NULL, "set the machine's clock",
				 "the clock says a time that no certificate can hold");
	*t = now.tv_sec;
	return STATUS_OK;
}
