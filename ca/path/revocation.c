/* What CRLs say, where any are given (RFC 5280 6.3). */
#include "ca/path/internal.h"

#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/inspect.h"

/* RFC 5280 6.1.1 (d): an anchor is trusted by whoever trusts it, and not by a CRL. */
static bool dismiss_at_anchor(const struct path_subject *s, struct path_verdict *v)
{
	v->dismissed = v->link < s->path.count && s->path.links[v->link].anchor;
	return v->dismissed;
}

/*
 * Whether the CRL that v is about is signed by whom it should be (RFC 5280 6.3.3 (f), (g)): OpenSSL,
 * told to go on, looks into one that is not.
 */
static bool is_signed(const struct path_subject *s, const struct path_verdict *v)
{
	for (size_t i = 0; i < s->verdict_count; i++) {
		const struct path_verdict *other = &s->verdicts[i];

		if ((other->code == X509_V_ERR_CRL_SIGNATURE_FAILURE ||
		     other->code == X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE) &&
		    other->link == v->link && strcmp(other->detail, v->detail) == 0)
			return false;
	}
	return true;
}

void path_revoked(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_CERT_REVOKED, X509_V_OK};
	struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at))) {
		v->dismissed = !is_signed(s, v);
		if (!v->dismissed)
			path_say(s, v->link, report, NULL, "it was revoked: %s", v->detail);
	}
}

void path_crl_missing(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_OK};
	struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at))) {
		struct findings *at_link;

		if (v->link >= s->path.count || dismiss_at_anchor(s, v))
			continue;
		at_link = &s->path.links[v->link].findings;
		path_say(s, v->link, report, NULL, "no CRL given covers it");
		if (!s->options->crl_required && report->status == STATUS_OK)
			at_link->items[at_link->count - 1].severity = SEVERITY_NOTICE;
	}
}

void path_crl_outdated(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
				    X509_V_OK};
	struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at)))
		if (!dismiss_at_anchor(s, v))
			path_say(s, v->link, report, NULL, "%s: %s", v->detail,
				 X509_verify_cert_error_string(v->code));
}

void path_crl_unusable(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
				    X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
				    X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
				    X509_V_ERR_DIFFERENT_CRL_SCOPE,
				    X509_V_ERR_CRL_PATH_VALIDATION_ERROR,
				    X509_V_ERR_CRL_SIGNATURE_FAILURE,
				    X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
				    X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,
				    X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
				    X509_V_OK};
	struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at)))
		if (!dismiss_at_anchor(s, v))
			path_say(s, v->link, report, NULL, "%s%s%s",
				 X509_verify_cert_error_string(v->code), v->detail[0] ? ": " : "",
				 v->detail);
}
