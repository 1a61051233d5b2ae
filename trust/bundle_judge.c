/* What is wrong with a trust anchor, and the order of a bundle. */
#include "trust/bundle.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "ca/plan.h"

static const struct rule expired = {"bundle_expired", SEVERITY_WARNING, "RFC 5280 6.1.1",
				    "nothing below it is believed any more",
				    "nothing to do: it is left out"};
static const struct rule not_yet_valid = {"bundle_not_yet_valid", SEVERITY_WARNING,
					  "RFC 5280 4.1.2.5", "nothing below it is believed yet",
					  "wait, or check the clock"};
static const struct rule duplicate = {"bundle_duplicate", SEVERITY_NOTICE, "RFC 5280 6.1.1",
				      "the same certificate was given more than once",
				      "nothing to do: it is in the bundle once"};
static const struct rule intermediate = {
	"bundle_intermediate", SEVERITY_WARNING, "RFC 5280 6.1.1",
	"many tools want a chain that ends in a self-signed root, and it outlives no renewal",
	"trust the root of its chain instead"};
static const struct rule weekly_ca = {
	"bundle_weekly_ca", SEVERITY_WARNING, "ZIA",
	"a service edge replaces it every week: as a trust anchor it fails within 14 days",
	"trust the root of its chain instead"};
static const struct rule not_a_ca = {"bundle_not_a_ca", SEVERITY_WARNING, "RFC 5280 4.2.1.9",
				     "as an anchor it stands above no other certificate",
				     "trust the root of its chain instead"};

static bool ends_with(const ASN1_STRING *s, const char *tail)
{
	size_t have = s ? (size_t)ASN1_STRING_length(s) : 0, want = strlen(tail);

	return have >= want && memcmp(ASN1_STRING_get0_data(s) + have - want, tail, want) == 0;
}

bool bundle_is_weekly(const X509 *x)
{
	return ends_with(name_find(X509_get_subject_name(x), NID_commonName), " (t) ");
}

static enum status judge_ours(const struct bundle_item *item, struct findings *findings,
			      struct error *e)
{
	X509 *x = item->certificate;

	if (bundle_is_weekly(x))
		return findings_add(findings, &weekly_ca, item->subject, e,
				    "its name ends in \" (t) \", as Zscaler's weekly CAs do");
	if (X509_check_ca(x) == 0)
		return findings_add(findings, &not_a_ca, item->subject, e, "is not a CA");
	if (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) != 0)
		return findings_add(findings, &intermediate, item->subject, e,
				    "is an intermediate, not a root");
	return STATUS_OK;
}

static enum status judge_life(const struct bundle_item *item, int64_t now,
			      struct findings *findings, bool *keep, struct error *e)
{
	char when[DATETIME_SIZE];
	int64_t begin, end;

	if (asn1_time_seconds(X509_get0_notBefore(item->certificate), &begin, e) != STATUS_OK ||
	    asn1_time_seconds(X509_get0_notAfter(item->certificate), &end, e) != STATUS_OK)
		return error_status(e);
	*keep = now <= end;
	datetime_format(now <= end ? begin : end, when);
	if (!*keep)
		return findings_add(findings, &expired, item->subject, e, "expired at %s", when);
	if (now < begin)
		return findings_add(findings, &not_yet_valid, item->subject, e, "is valid from %s",
				    when);
	return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
	const struct bundle_item *x = a, *y = b;
	int order;

	if (x->ours != y->ours)
		return x->ours ? -1 : 1;
	order = strcasecmp(x->subject, y->subject);
	return order ? order : memcmp(x->sha256, y->sha256, SHA256_SIZE);
}

/* The one that was given as ours stays, so that it is judged as such. */
static const struct bundle_item *find(const struct bundle *b, size_t count,
				      const struct bundle_item *like)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(b->items[i].sha256, like->sha256, SHA256_SIZE) == 0)
			return &b->items[i];
	return NULL;
}

static void drop(struct bundle *b, struct bundle_item *item)
{
	X509_free(item->certificate);
	bytes_free(&item->der);
	free(item->subject);
	b->dropped++;
}

/* Stays true in *keep for one that is worth its place. */
static enum status judge(const struct bundle_item *item, int64_t now, struct findings *findings,
			 bool *keep, struct error *e)
{
	enum status s = judge_life(item, now, findings, keep, e);

	if (s == STATUS_OK && *keep && item->ours)
		s = judge_ours(item, findings, e);
	return s;
}

enum status bundle_judge(struct bundle *b, int64_t now, struct findings *findings, struct error *e)
{
	size_t kept = 0, twice = 0, ours = 0, count = b->count;
	enum status s = STATUS_OK;

	if (count)
		qsort(b->items, count, sizeof *b->items, compare);
	for (size_t i = 0; i < count; i++) {
		struct bundle_item item = b->items[i];
		const struct bundle_item *known = find(b, kept, &item);
		bool keep = !known;

		if (s == STATUS_OK && keep)
			s = judge(&item, now, findings, &keep, e);
		/* A root of ours that the system trusts already is no accident worth a word. */
		twice += known && item.ours == known->ours;
		ours += keep && item.ours;
		if (keep)
			b->items[kept++] = item;
		else
			drop(b, &item);
	}
	b->count = kept;
	if (s == STATUS_OK && twice)
		s = findings_add(findings, &duplicate, "", e, "%zu given more than once", twice);
	if (s == STATUS_OK && !ours)
		s = error_set(e, STATUS_REFUSED, NULL, "name a root that is valid today",
			      "none of ours can be in the bundle");
	return s;
}
