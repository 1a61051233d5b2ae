#include "ca/revoke.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "base/datetime.h"
#include "ca/pem.h"

const char *const revocation_reason_words[] = {
	"unspecified",	      "keyCompromise", "cACompromise",
	"affiliationChanged", "superseded",    "cessationOfOperation",
	"privilegeWithdrawn", "aACompromise",  NULL,
};

const int revocation_reason_of[] = {
	REASON_NONE,
	REASON_KEY_COMPROMISE,
	REASON_CA_COMPROMISE,
	REASON_AFFILIATION_CHANGED,
	REASON_SUPERSEDED,
	REASON_CESSATION_OF_OPERATION,
	REASON_PRIVILEGE_WITHDRAWN,
	REASON_AA_COMPROMISE,
};

const char *revocation_reason_name(int reason)
{
	if (reason == REASON_CERTIFICATE_HOLD)
		return "certificateHold";
	if (reason == REASON_REMOVE_FROM_CRL)
		return "removeFromCRL";
	for (size_t i = 0; revocation_reason_words[i]; i++) {
		if (revocation_reason_of[i] == reason)
			return revocation_reason_words[i];
	}
	return "unknown";
}

/* --- which ------------------------------------------------------------------------------------ */

static enum status expect_same(void *context, const struct store_row *row, struct error *e)
{
	const struct bytes *der = context;

	if (row->der.len && !span_equal(row->der, span_of(der)))
		return error_set(e, STATUS_NOT_FOUND, NULL,
				 "revoke by the serial what was issued here",
				 "is not the certificate that this CA issued under its serial");
	if (row->der.len == 0)
		return error_set(e, STATUS_NOT_FOUND, NULL, "revoke it by its serial",
				 "cannot be compared: this CA took its serial over without the "
				 "certificate");
	return STATUS_OK;
}

static enum status serial_of(const struct bytes *der, struct bytes *serial, struct error *e)
{
	const unsigned char *at = der->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der->len);
	const ASN1_INTEGER *number = certificate ? X509_get0_serialNumber(certificate) : NULL;
	enum status s;

	if (!number || number->length < 1 || number->length > SERIAL_MAX)
		s = error_openssl(e, STATUS_INPUT, NULL, NULL, "is not a certificate of ours");
	else
		s = bytes_copy(serial, (struct span){number->data, (size_t)number->length}, e);
	X509_free(certificate);
	return s;
}

enum status revoke_serial_of(const struct authority *a, struct span content, struct bytes *serial,
			     struct error *e)
{
	struct bytes der = {0};
	size_t count = 0;
	enum status s;

	if (content.len && content.data[0] == 0x30)
		s = bytes_copy(&der, content, e);
	else
		s = pem_read_certificates(content, &der, 1, &count, e);
	if (s == STATUS_OK)
		s = serial_of(&der, serial, e);
	if (s == STATUS_OK) {
		s = store_find(authority_store(a), span_of(serial), expect_same, &der, e);
		/* The store's own words are about a serial; the person gave a file. */
		if (s == STATUS_NOT_FOUND && strncmp(e->what, "there is no", 11) == 0)
			s = error_set(e, STATUS_NOT_FOUND, NULL, "ask the CA that issued it",
				      "was not issued by this CA");
	}
	if (s != STATUS_OK)
		bytes_free(serial);
	bytes_free(&der);
	return s;
}

/* --- what stops working ----------------------------------------------------------------------- */

#define RULE(name, severity, reference, why, todo) \
	static const struct rule name = {"revoke_" #name, severity, reference, why, todo}

RULE(ca, SEVERITY_WARNING, "RFC 5280 6.1.3", "what hangs on it falls with it",
     "replace what hangs on it first, unless its key is in other hands");
RULE(zia, SEVERITY_WARNING, "ZIA", "inspection breaks for clients that check revocation",
     "enable another intermediate in the portal first");
RULE(zpa, SEVERITY_WARNING, "ZPA", "what was enrolled with it may stop connecting",
     "upload another enrollment certificate and re-enroll first");
RULE(successor, SEVERITY_NOTICE, "RFC 5280 4.1.2.6", "something can take its place",
     "see to it that it is the one in use");
RULE(last, SEVERITY_WARNING, "RFC 5280 4.1.2.6", "nothing can take its place",
     "issue its successor first");
RULE(unheard, SEVERITY_WARNING, "RFC 5280 4.2.1.13", "few clients will learn of its revocation",
     "take it out of what uses it, and distribute the CRL by hand");
RULE(expired, SEVERITY_NOTICE, "RFC 5280 3.3", "a CRL lists it once and then drops it",
     "nothing is needed");
RULE(reason_ca, SEVERITY_NOTICE, "RFC 5280 5.3.1", "keyCompromise is for end entities",
     "say cACompromise for a CA's key");

struct foreseeing {
	const struct authority *authority;
	const struct revoke_order *order;
	struct findings *findings;
	struct store_row row; /* numbers, and texts while the visit lasts */
};

static bool says_is_ca(struct span der, bool *has_url)
{
	const unsigned char *at = der.data;
	X509 *certificate = der.len ? d2i_X509(NULL, &at, (long)der.len) : NULL;
	bool is_ca = certificate && X509_check_ca(certificate) > 0;

	*has_url = !certificate ||
		   X509_get_ext_by_NID(certificate, NID_crl_distribution_points, -1) >= 0 ||
		   X509_get_ext_by_NID(certificate, NID_info_access, -1) >= 0;
	X509_free(certificate);
	return is_ca;
}

struct search {
	const struct foreseeing *f;
	int64_t best;
	char serial[2 * SERIAL_MAX + 1];
};

static enum status consider(void *context, const struct store_row *other, struct error *e)
{
	struct search *s = context;
	const struct store_row *row = &s->f->row;

	(void)e;
	if (span_equal(other->intent.serial, row->intent.serial) ||
	    strcmp(other->intent.subject, row->intent.subject) != 0 ||
	    strcmp(other->intent.portal, row->intent.portal) != 0 ||
	    other->intent.not_after <= s->best)
		return STATUS_OK;
	s->best = other->intent.not_after;
	hex_encode(other->intent.serial, s->serial);
	return STATUS_OK;
}

static enum status tell_successor(const struct foreseeing *f, bool is_ca, struct error *e)
{
	struct search search = {.f = f, .best = f->order->now};
	struct store_filter valid = {.state = CERT_ISSUED, .after = f->order->now};
	char until[DATETIME_SIZE];
	enum status s = store_each(authority_store(f->authority), &valid, consider, &search, e);

	if (s != STATUS_OK)
		return s;
	if (search.serial[0]) {
		datetime_format(search.best, until);
		return findings_add(f->findings, &successor, search.serial, e,
				    "the same subject is certified by another until %s", until);
	}
	return is_ca ? findings_add(f->findings, &last, NULL, e, "nothing else stands for %s",
				    f->row.intent.subject)
		     : STATUS_OK;
}

static enum status tell_portal(const struct foreseeing *f, struct error *e)
{
	const char *portal = f->row.intent.portal;

	if (strcmp(portal, "zia") == 0)
		return findings_add(
			f->findings, &zia, NULL, e,
			"ZIA inspects with it (profile %s): pages break for users whose "
			"client checks revocation",
			f->row.intent.profile);
	if (strcmp(portal, "zpa") == 0)
		return findings_add(
			f->findings, &zpa, NULL, e,
			"ZPA enrolls with it (profile %s): clients or connectors may stop "
			"connecting",
			f->row.intent.profile);
	return STATUS_OK;
}

static enum status tell(struct foreseeing *f, struct error *e)
{
	const struct store_row *row = &f->row;
	bool has_url, is_ca = says_is_ca(row->der, &has_url);
	enum status s = tell_portal(f, e);

	if (s == STATUS_OK && is_ca)
		s = findings_add(f->findings, &ca, NULL, e,
				 "it is a CA: every certificate below %s falls with it",
				 row->intent.subject);
	if (s == STATUS_OK && is_ca && f->order->revocation.reason == REASON_KEY_COMPROMISE)
		s = findings_add(f->findings, &reason_ca, NULL, e, "it is a CA's certificate");
	if (s == STATUS_OK && !has_url)
		s = findings_add(f->findings, &unheard, NULL, e,
				 "no cRLDistributionPoints and no authorityInfoAccess in it: few "
				 "clients will learn of it");
	if (s == STATUS_OK && row->intent.not_after < f->order->now)
		s = findings_add(f->findings, &expired, NULL, e, "it is past its notAfter");
	else if (s == STATUS_OK)
		s = tell_successor(f, is_ca, e);
	return s;
}

/* --- may it ----------------------------------------------------------------------------------- */

static enum status refuse_state(const struct store_row *row, enum revoke_action action,
				struct error *e)
{
	bool held = row->state == CERT_REVOKED && row->revocation_reason == REASON_CERTIFICATE_HOLD;
	char serial[2 * SERIAL_MAX + 1], date[DATETIME_SIZE];

	hex_encode(row->intent.serial, serial);
	datetime_format(row->revoked_at ? row->revoked_at : 1, date);
	if (action == REVOKE_RELEASE)
		return held ? STATUS_OK
			    : error_set(e, STATUS_REFUSED, serial,
					row->state == CERT_REVOKED
						? "a revocation is for good: issue another"
						: NULL,
					"is %s, not on hold", cert_state_name(row->state));
	if (row->state == CERT_ISSUED || (held && action == REVOKE))
		return STATUS_OK;
	if (row->state == CERT_REVOKED)
		return error_set(e, STATUS_EXISTS, serial,
				 held ? "'--release' takes it off hold" : "nothing is left to do",
				 "is %s already, since %s (%s)", held ? "on hold" : "revoked", date,
				 revocation_reason_name(row->revocation_reason));
	return error_set(e, STATUS_REFUSED, serial,
			 "nothing was issued under it that could be revoked", "is %s, not issued",
			 cert_state_name(row->state));
}

static enum status refuse_dates(const struct store_row *row, const struct revoke_order *order,
				struct error *e)
{
	const struct store_revocation *r = &order->revocation;

	if (order->action != REVOKE)
		return STATUS_OK;
	if (r->invalidity_at > order->now || r->compromised_at > order->now)
		return error_set(e, STATUS_REFUSED, NULL, "give the time when it happened",
				 "a date of compromise or invalidity lies in the future");
	if ((r->invalidity_at && r->invalidity_at < row->intent.not_before) ||
	    (r->compromised_at && r->compromised_at < row->intent.not_before))
		return error_set(e, STATUS_REFUSED, NULL, "give the time when it happened",
				 "a date of compromise or invalidity is before the certificate's "
				 "notBefore");
	return STATUS_OK;
}

/* Its certificate, or one that it had before. */
static enum status refuse_itself(const struct foreseeing *f, const struct store_row *row,
				 struct error *e)
{
	unsigned char own[SHA256_SIZE];

	if (authority_key_sha256(f->authority, own, e) != STATUS_OK)
		return error_status(e);
	if (!span_equal(row->intent.spki_sha256, (struct span){own, sizeof own}))
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, authority_folder(f->authority),
			 "take the root out of the devices' trust stores, and roll over to a new "
			 "one: see subca-cross-sign(1)",
			 "is this CA itself: a root's own CRL cannot take it back");
}

static enum status foresee(void *context, const struct store_row *row, struct error *e)
{
	struct foreseeing *f = context;
	enum status s = refuse_state(row, f->order->action, e);

	if (s == STATUS_OK)
		s = refuse_dates(row, f->order, e);
	if (s == STATUS_OK)
		s = refuse_itself(f, row, e);
	f->row = *row;
	if (s == STATUS_OK && f->order->action != REVOKE_RELEASE)
		s = tell(f, e);
	return s;
}

enum status revoke_foresee(const struct authority *a, struct span serial,
			   const struct revoke_order *order, struct findings *findings,
			   struct error *e)
{
	struct foreseeing f = {.authority = a, .order = order, .findings = findings};

	return store_find(authority_store(a), serial, foresee, &f, e);
}

enum status revoke_commit(const struct authority *a, struct span serial,
			  const struct revoke_order *order, struct error *e)
{
	struct store *store = authority_store(a);

	switch (order->action) {
	case REVOKE_HOLD:
		return store_hold(store, serial, order->now, e);
	case REVOKE_RELEASE:
		return store_release(store, serial, order->now, e);
	case REVOKE:
	default:
		return store_revoke(store, serial, &order->revocation, order->now, e);
	}
}
