#include "ca/lint/internal.h"

#define AIA "extension authorityInfoAccess"
#define SIA "extension subjectInfoAccess"

typedef void url_check(struct span url, const char *where, struct lint_report *report);

static void check_scheme(struct span url, const char *where, struct lint_report *report)
{
	if (lint_is_uri(url) && !lint_has_scheme(url, "http"))
		lint_say(report, where, "has the URL '%.*s'", (int)(url.len < 200 ? url.len : 200),
			 (const char *)url.data);
}

/* "http:" wants an authority: two slashes and something after them. */
static bool is_http(struct span url)
{
	return url.len > 7 && url.data[5] == '/' && url.data[6] == '/' && url.data[7] != '/';
}

static void check_syntax(struct span url, const char *where, struct lint_report *report)
{
	if (!lint_is_uri(url) || (lint_has_scheme(url, "http") && !is_http(url)))
		lint_say(report, where, "has the URL '%.*s'", (int)(url.len < 200 ? url.len : 200),
			 (const char *)url.data);
}

static void each_url(const GENERAL_NAMES *names, const char *where, url_check *check,
		     struct lint_report *report)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_URI)
			check(lint_string(name->d.uniformResourceIdentifier), where, report);
	}
}

static void each_place_url(const DIST_POINT_NAME *place, const char *where, url_check *check,
			   struct lint_report *report)
{
	if (place && place->type == 0)
		each_url(place->name.fullname, where, check, report);
}

/* Where a certificate and a CRL say that CRLs are. */
static const struct {
	enum lint_known known;
	const char *where;
} points_of[] = {
	{LINT_CRL_DISTRIBUTION, "extension cRLDistributionPoints"},
	{LINT_FRESHEST_CRL, "extension freshestCRL"},
};
#define POINTS_COUNT (sizeof points_of / sizeof *points_of)

static void each_crl_url(const struct lint_subject *s, url_check *check, struct lint_report *report)
{
	const ISSUING_DIST_POINT *issuing = lint_value(s, LINT_ISSUING_POINT);

	for (size_t k = 0; k < POINTS_COUNT; k++) {
		const CRL_DIST_POINTS *points = lint_value(s, points_of[k].known);

		for (int i = 0; i < sk_DIST_POINT_num(points); i++)
			each_place_url(sk_DIST_POINT_value(points, i)->distpoint,
				       points_of[k].where, check, report);
	}
	if (issuing)
		each_place_url(issuing->distpoint, "extension issuingDistributionPoint", check,
			       report);
}

void lint_crl_distribution_empty(const struct lint_subject *s, struct lint_report *report)
{
	for (size_t k = 0; k < POINTS_COUNT; k++) {
		const CRL_DIST_POINTS *points = lint_value(s, points_of[k].known);

		if (points && sk_DIST_POINT_num(points) == 0)
			lint_say(report, points_of[k].where, "is empty");
	}
}

void lint_crl_point_empty(const struct lint_subject *s, struct lint_report *report)
{
	for (size_t k = 0; k < POINTS_COUNT; k++) {
		const CRL_DIST_POINTS *points = lint_value(s, points_of[k].known);

		for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
			const DIST_POINT *point = sk_DIST_POINT_value(points, i);

			if (!point->distpoint && !point->CRLissuer)
				lint_say(report, points_of[k].where,
					 "has neither a place nor an issuer in point %d", i + 1);
		}
	}
}

void lint_crl_url_scheme(const struct lint_subject *s, struct lint_report *report)
{
	each_crl_url(s, check_scheme, report);
}

void lint_crl_url_syntax(const struct lint_subject *s, struct lint_report *report)
{
	each_crl_url(s, check_syntax, report);
}

typedef void place_check(const ACCESS_DESCRIPTION *place, const char *where,
			 struct lint_report *report);

static void each_place(const struct lint_subject *s, enum lint_known known, place_check *check,
		       struct lint_report *report)
{
	const AUTHORITY_INFO_ACCESS *places = lint_value(s, known);

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places); i++)
		check(sk_ACCESS_DESCRIPTION_value(places, i), known == LINT_AIA ? AIA : SIA,
		      report);
}

static void each_access_url(const struct lint_subject *s, enum lint_known known, url_check *check,
			    struct lint_report *report)
{
	const AUTHORITY_INFO_ACCESS *places = lint_value(s, known);

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places); i++) {
		const GENERAL_NAME *name = sk_ACCESS_DESCRIPTION_value(places, i)->location;

		if (name->type == GEN_URI)
			check(lint_string(name->d.uniformResourceIdentifier),
			      known == LINT_AIA ? AIA : SIA, report);
	}
}

static void say_no_place(const struct lint_subject *s, enum lint_known known, const char *where,
			 struct lint_report *report)
{
	const AUTHORITY_INFO_ACCESS *places = lint_value(s, known);

	if (places && sk_ACCESS_DESCRIPTION_num(places) == 0)
		lint_say(report, where, "is empty");
}

void lint_aia_empty(const struct lint_subject *s, struct lint_report *report)
{
	say_no_place(s, LINT_AIA, AIA, report);
}

void lint_sia_empty(const struct lint_subject *s, struct lint_report *report)
{
	say_no_place(s, LINT_SIA, SIA, report);
}

void lint_aia_url_scheme(const struct lint_subject *s, struct lint_report *report)
{
	each_access_url(s, LINT_AIA, check_scheme, report);
}

void lint_aia_url_syntax(const struct lint_subject *s, struct lint_report *report)
{
	each_access_url(s, LINT_AIA, check_syntax, report);
}

void lint_sia_url_syntax(const struct lint_subject *s, struct lint_report *report)
{
	each_access_url(s, LINT_SIA, check_syntax, report);
}

static void check_method(const ACCESS_DESCRIPTION *place, const char *where,
			 struct lint_report *report)
{
	int nid = OBJ_obj2nid(place->method);
	char name[80];

	if (nid == NID_ad_OCSP || nid == NID_ad_ca_issuers)
		return;
	OBJ_obj2txt(name, sizeof name, place->method, 0);
	lint_say(report, where, "has the access method %s", name);
}

void lint_aia_method(const struct lint_subject *s, struct lint_report *report)
{
	each_place(s, LINT_AIA, check_method, report);
}

static void check_no_url(const ACCESS_DESCRIPTION *place, const char *where,
			 struct lint_report *report)
{
	if (place->location->type != GEN_URI)
		lint_say(report, where, "has a place that is no URL");
}

void lint_aia_no_url(const struct lint_subject *s, struct lint_report *report)
{
	each_place(s, LINT_AIA, check_no_url, report);
}

static void check_repository(const ACCESS_DESCRIPTION *place, const char *where,
			     struct lint_report *report)
{
	if (OBJ_obj2nid(place->method) == NID_caRepository)
		lint_say(report, where, "has caRepository, and this is no CA");
}

void lint_sia_repository_leaf(const struct lint_subject *s, struct lint_report *report)
{
	each_place(s, LINT_SIA, check_repository, report);
}

static void check_timestamp(const ACCESS_DESCRIPTION *place, const char *where,
			    struct lint_report *report)
{
	if (OBJ_obj2nid(place->method) == NID_ad_timeStamping)
		lint_say(report, where, "has timeStamping, and this is a CA");
}

void lint_sia_timestamp_ca(const struct lint_subject *s, struct lint_report *report)
{
	each_place(s, LINT_SIA, check_timestamp, report);
}
