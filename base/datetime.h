/*
 * Time as certificates know it: whole seconds since 1970-01-01T00:00:00Z, in an int64_t.
 */
#ifndef SUBCA_BASE_DATETIME_H
#define SUBCA_BASE_DATETIME_H

#include <stdint.h>

#include "base/error.h"

#define SECONDS_PER_DAY INT64_C(86400)
/* 9999-12-31T23:59:59Z, the last second a GeneralizedTime can name (RFC 5280 4.1.2.5). */
#define DATETIME_MAX INT64_C(253402300799)
/* 0000-… is not needed; 1950-01-01T00:00:00Z is the first a UTCTime can name. */
#define DATETIME_MIN INT64_C(-631152000)

/* "2026-11-23T09:36:57Z" and NUL. */
#define DATETIME_SIZE 21

struct civil_time {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
};

/* Proleptic Gregorian, no leap seconds. t must lie within DATETIME_MIN … DATETIME_MAX. */
struct civil_time civil_from_seconds(int64_t t);
/* -1 and nothing written when a field is out of its range (31 April, second 60). */
MUST_CHECK int civil_to_seconds(const struct civil_time *c, int64_t *t);

/*
 * RFC 3339 in UTC: "2031-11-22" (midnight at its start) or "2031-11-22T23:59:59Z". STATUS_USAGE
 * for anything else, and before DATETIME_MIN, with the form in the message.
 */
MUST_CHECK enum status datetime_parse(const char *s, int64_t *t, struct error *e);
void datetime_format(int64_t t, char out[DATETIME_SIZE]);

/*
 * "90d", "12w", "36h"; a number alone is days. -1 and nothing written for anything else, and for
 * more than most_days.
 */
MUST_CHECK int duration_parse(const char *s, int most_days, int64_t *seconds);

/* The wall clock. */
MUST_CHECK enum status datetime_now(int64_t *t, struct error *e);

#endif
