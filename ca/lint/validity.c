#include "ca/lint/internal.h"

#include "base/datetime.h"

static void say_times(const struct lint_subject *s, struct lint_report *report,
		      enum lint_time_fault fault, const char *what)
{
	if (s->not_before.fault == fault)
		lint_say(report, "notBefore", "%s", what);
	if (s->not_after.fault == fault)
		lint_say(report, "notAfter", "%s", what);
}

void lint_validity_type(const struct lint_subject *s, struct lint_report *report)
{
	say_times(s, report, LINT_TIME_TYPE, "is neither UTCTime nor GeneralizedTime");
}

void lint_validity_form(const struct lint_subject *s, struct lint_report *report)
{
	say_times(s, report, LINT_TIME_FORM, "is not a moment in UTC to the second");
}

void lint_validity_encoding(const struct lint_subject *s, struct lint_report *report)
{
	say_times(s, report, LINT_TIME_UTC_EXPECTED, "is GeneralizedTime before the year 2050");
}

void lint_validity_order(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_time_known(&s->not_before) && lint_time_known(&s->not_after) &&
	    s->not_after.seconds < s->not_before.seconds)
		lint_say(report, "notAfter", "comes before notBefore");
}

void lint_validity_endless(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_time_known(&s->not_after) && s->not_after.seconds == DATETIME_MAX)
		lint_say(report, "notAfter", "says that there is no expiry");
}
