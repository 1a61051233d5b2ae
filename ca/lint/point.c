#include "ca/lint/internal.h"

#include "base/der.h"

/* cRLDistributionPoints and freshestCRL are the same type. */
typedef void points_check(const struct lint_subject *s, const CRL_DIST_POINTS *points,
			  const char *where, struct lint_report *report);

static void each_points(const struct lint_subject *s, points_check *check,
			struct lint_report *report)
{
	if (lint_value(s, LINT_CRL_DISTRIBUTION))
		check(s, lint_value(s, LINT_CRL_DISTRIBUTION), "extension cRLDistributionPoints",
		      report);
	if (lint_value(s, LINT_FRESHEST_CRL))
		check(s, lint_value(s, LINT_FRESHEST_CRL), "extension freshestCRL", report);
}

static void check_relative(const struct lint_subject *s, const CRL_DIST_POINTS *points,
			   const char *where, struct lint_report *report)
{
	(void)s;
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT_NAME *place = sk_DIST_POINT_value(points, i)->distpoint;

		if (place && place->type == 1)
			lint_say(report, where, "has a name relative to the issuer in point %d",
				 i + 1);
	}
}

void lint_point_relative(const struct lint_subject *s, struct lint_report *report)
{
	each_points(s, check_relative, report);
}

/* An empty list, or an empty point, has a rule of its own. */
static void check_reasons(const struct lint_subject *s, const CRL_DIST_POINTS *points,
			  const char *where, struct lint_report *report)
{
	(void)s;
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);

		if (!point->reasons || (!point->distpoint && !point->CRLissuer))
			return;
	}
	if (sk_DIST_POINT_num(points) > 0)
		lint_say(report, where, "has no point for all reasons");
}

void lint_point_some_reasons(const struct lint_subject *s, struct lint_report *report)
{
	each_points(s, check_reasons, report);
}

/* The distinguished name among the names; NULL: none. */
static const X509_NAME *directory_name(const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME && X509_NAME_entry_count(name->d.directoryName) > 0)
			return name->d.directoryName;
	}
	return NULL;
}

static void check_issuer_name(const struct lint_subject *s, const CRL_DIST_POINTS *points,
			      const char *where, struct lint_report *report)
{
	(void)s;
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const GENERAL_NAMES *issuer = sk_DIST_POINT_value(points, i)->CRLissuer;

		if (issuer && !directory_name(issuer))
			lint_say(report, where,
				 "names a CRL issuer without a distinguished name in point %d",
				 i + 1);
	}
}

void lint_point_issuer_name(const struct lint_subject *s, struct lint_report *report)
{
	each_points(s, check_issuer_name, report);
}

static void check_own_issuer(const struct lint_subject *s, const CRL_DIST_POINTS *points,
			     const char *where, struct lint_report *report)
{
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const X509_NAME *issuer = directory_name(sk_DIST_POINT_value(points, i)->CRLissuer);
		const unsigned char *at = NULL;
		size_t len = 0;

		if (issuer && X509_NAME_get0_der((X509_NAME *)issuer, &at, &len) &&
		    span_equal((struct span){at, len}, s->issuer_der))
			lint_say(report, where, "names the certificate's issuer in point %d",
				 i + 1);
	}
}

void lint_point_own_issuer(const struct lint_subject *s, struct lint_report *report)
{
	each_points(s, check_own_issuer, report);
}
