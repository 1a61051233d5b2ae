#include "ca/validity.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/datetime.h"

enum status asn1_time_seconds(const ASN1_TIME *time, int64_t *t, struct error *e)
{
	struct civil_time c;
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return error_openssl(e, STATUS_INPUT, NULL, NULL, "a time that cannot be read");
	c = (struct civil_time){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
				tm.tm_hour,	   tm.tm_min,	  tm.tm_sec};
	if (civil_to_seconds(&c, t) != 0)
		return error_set(e, STATUS_INPUT, NULL, NULL, "a time that does not exist");
	return STATUS_OK;
}

struct life {
	int64_t not_before, not_after;
};

static enum status issuer_life(const struct plan_input *in, struct life *life, struct error *e)
{
	char when[DATETIME_SIZE];

	if (!in->issuer) {
		*life = (struct life){DATETIME_MIN, DATETIME_MAX};
		return STATUS_OK;
	}
	if (asn1_time_seconds(X509_get0_notBefore(in->issuer), &life->not_before, e) != STATUS_OK ||
	    asn1_time_seconds(X509_get0_notAfter(in->issuer), &life->not_after, e) != STATUS_OK)
		return error_status(e);
	if (in->now > life->not_after) {
		datetime_format(life->not_after, when);
		return error_set(e, STATUS_REFUSED, "issuer",
				 "renew the issuer, or check this machine's clock",
				 "its certificate ended at %s", when);
	}
	if (in->now < life->not_before) {
		datetime_format(life->not_before, when);
		return error_set(e, STATUS_REFUSED, "issuer", "check this machine's clock",
				 "its certificate is not valid before %s", when);
	}
	return STATUS_OK;
}

static enum status too_long(const struct life *issuer, int64_t not_before, int64_t not_after,
			    struct error *e)
{
	int64_t fits = (issuer->not_after - not_before + 1) / SECONDS_PER_DAY;
	char todo[sizeof e->todo], child[DATETIME_SIZE], end[DATETIME_SIZE];

	datetime_format(not_after, child);
	datetime_format(issuer->not_after, end);
	if (fits > 0)
		snprintf(todo, sizeof todo,
			 "--days %" PRId64 " is the most that fits, or say --fit", fits);
	else
		snprintf(todo, sizeof todo, "say --fit, or renew the issuer first");
	return error_set(e, STATUS_REFUSED, "validity", todo,
			 "would last until %s, but its issuer ends at %s", child, end);
}

/* A life that is asked for by its last second may not be longer than the profile's max_days. */
static enum status check_length(const struct plan_input *in, const struct validity *v,
				struct error *e)
{
	char when[DATETIME_SIZE];

	if (v->not_after <= in->now) {
		datetime_format(v->not_after, when);
		return error_set(e, STATUS_REFUSED, "validity", "name a later time",
				 "would be over already at %s", when);
	}
	if (v->not_after > DATETIME_MAX)
		return error_set(e, STATUS_REFUSED, "validity", "ask for fewer days",
				 "would end after the year 9999");
	if (v->not_after - v->not_before + 1 > in->profile->max_days * SECONDS_PER_DAY)
		return error_set(e, STATUS_REFUSED, "validity",
				 "ask for less, or change max_days in a profile of this CA",
				 "is longer than the %d days that profile '%s' allows",
				 in->profile->max_days, in->profile->name);
	return STATUS_OK;
}

enum status validity_plan(const struct plan_input *in, struct validity *out, struct error *e)
{
	int days = in->days ? in->days : in->profile->days;
	struct validity v = {.not_before = in->now - in->profile->backdate};
	struct life issuer;

	if (issuer_life(in, &issuer, e) != STATUS_OK)
		return error_status(e);
	if (v.not_before < issuer.not_before)
		v.not_before = issuer.not_before;
	v.not_after = in->not_after ? in->not_after : v.not_before + days * SECONDS_PER_DAY - 1;
	if (check_length(in, &v, e) != STATUS_OK)
		return error_status(e);
	if (v.not_after > issuer.not_after) {
		if (!in->fit)
			return too_long(&issuer, v.not_before, v.not_after, e);
		v.not_after = issuer.not_after;
		v.shortened = true;
	}
	*out = v;
	return STATUS_OK;
}

static bool encode_time(ASN1_TIME *to, int64_t t)
{
	struct civil_time c = civil_from_seconds(t);
	char text[64];

	if (c.year < 2050)
		snprintf(text, sizeof text, "%02d%02d%02d%02d%02d%02dZ", c.year % 100, c.month,
			 c.day, c.hour, c.minute, c.second);
	else
		snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", c.year, c.month, c.day,
			 c.hour, c.minute, c.second);
	return ASN1_TIME_set_string_X509(to, text) == 1;
}

enum status validity_encode(const struct validity *v, X509_VAL **out, struct error *e)
{
	X509_VAL *encoded = X509_VAL_new();

	if (!encoded || !encode_time(encoded->notBefore, v->not_before) ||
	    !encode_time(encoded->notAfter, v->not_after)) {
		X509_VAL_free(encoded);
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "validity cannot be encoded");
	}
	*out = encoded;
	return STATUS_OK;
}
