/* What is wrong with one certificate of a path. */
#include "ca/path/internal.h"

#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/inspect.h"
#include "ca/name.h"

/* --- what rules share ------------------------------------------------------------------------- */

void path_say(struct path_subject *s, size_t link, struct lint_report *report, const char *where,
	      const char *format, ...)
{
	size_t last = s->path.count - 1;
	va_list arguments;
	char raw[400];

	va_start(arguments, format);
	vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	report->findings = &s->path.links[link < last ? link : last].findings;
	lint_say(report, where, "%s", raw);
	report->findings = NULL;
}

static bool is_one_of(int code, const int *codes)
{
	for (; *codes != X509_V_OK; codes++)
		if (code == *codes)
			return true;
	return false;
}

struct path_verdict *path_verdict_next(struct path_subject *s, const int *codes, size_t *at)
{
	while (*at < s->verdict_count) {
		struct path_verdict *v = &s->verdicts[(*at)++];

		if (is_one_of(v->code, codes)) {
			v->told = true;
			return v;
		}
	}
	return NULL;
}

void path_verdicts_told(struct path_subject *s, const int *codes)
{
	size_t at = 0;

	while (path_verdict_next(s, codes, &at))
		;
}

bool path_names_issuer(X509 *child, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(child), X509_get_subject_name(issuer)) == 0;
}

bool path_is_self_issued(X509 *x)
{
	return path_names_issuer(x, x);
}

bool path_is_self_signed(X509 *x)
{
	return X509_self_signed(x, 0) == 1;
}

struct text path_subject_text(const X509 *x)
{
	struct text shown = {0};

	name_show(X509_get_subject_name(x), &shown);
	if (!shown.len)
		text_add(&shown, "(no name)");
	return shown;
}

/* --- the rules -------------------------------------------------------------------------------- */

void path_signature(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_CERT_SIGNATURE_FAILURE,
				    X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,
				    X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
				    X509_V_ERR_NO_ISSUER_PUBLIC_KEY,
				    X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,
				    X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH,
				    X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY,
				    X509_V_OK};
	const struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at)))
		path_say(s, v->link, report, "signature",
			 "the key of the certificate above does not verify it: %s",
			 X509_verify_cert_error_string(v->code));
}

void path_expired(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_CERT_HAS_EXPIRED, X509_V_OK};
	char shown[DATETIME_SIZE];
	int64_t until;

	path_verdicts_told(s, codes);
	for (size_t i = 0; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;

		/* RFC 5280 4.1.2.5: notAfter itself is included. */
		if (!inspect_time(X509_get0_notAfter(x), &until) || until >= s->options->time)
			continue;
		datetime_format(until, shown);
		path_say(s, i, report, "notAfter", "it expired at %s", shown);
	}
}

void path_not_yet_valid(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_CERT_NOT_YET_VALID, X509_V_OK};
	char shown[DATETIME_SIZE];
	int64_t from;

	path_verdicts_told(s, codes);
	for (size_t i = 0; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;

		if (!inspect_time(X509_get0_notBefore(x), &from) || from <= s->options->time)
			continue;
		datetime_format(from, shown);
		path_say(s, i, report, "notBefore", "it is not valid before %s", shown);
	}
}

void path_malformed(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,
				    X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,
				    X509_V_ERR_INVALID_EXTENSION,
				    X509_V_ERR_INVALID_POLICY_EXTENSION,
				    X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE,
				    X509_V_OK};
	int64_t at;

	path_verdicts_told(s, codes);
	for (size_t i = 0; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;

		if (!inspect_time(X509_get0_notBefore(x), &at) ||
		    !inspect_time(X509_get0_notAfter(x), &at))
			path_say(s, i, report, "validity", "a time cannot be read");
		if (X509_get_extension_flags(x) & (EXFLAG_INVALID | EXFLAG_INVALID_POLICY))
			path_say(s, i, report, "extensions", "an extension cannot be read");
	}
}

void path_critical_extension(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, X509_V_OK};
	char name[80];

	path_verdicts_told(s, codes);
	for (size_t i = 0; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;

		for (int at = 0; at < X509_get_ext_count(x); at++) {
			X509_EXTENSION *ext = X509_get_ext(x, at);

			if (!X509_EXTENSION_get_critical(ext) || X509_supported_extension(ext))
				continue;
			OBJ_obj2txt(name, sizeof name, X509_EXTENSION_get_object(ext), 0);
			path_say(s, i, report, "extensions",
				 "it has a critical extension that is not known, %s", name);
		}
	}
}

/* RFC 5280 6.1.4 (k): version 3 with cA, for each that signed another. */
void path_not_ca(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_NON_CA, X509_V_OK};
	size_t first = s->options->purpose == PATH_CA ? 0 : 1;

	path_verdicts_told(s, codes);
	for (size_t i = first; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;
		uint32_t flags = X509_get_extension_flags(x);

		/* 6.1.1 (d): a trust anchor is a name and a key. */
		if (s->path.links[i].anchor && i > 0 && X509_check_ca(x) != 0)
			continue;
		if (X509_get_version(x) != X509_VERSION_3)
			path_say(s, i, report, "version",
				 "it is of version %ld, which has no sign of a CA",
				 X509_get_version(x) + 1);
		else if (!(flags & EXFLAG_BCONS))
			path_say(s, i, report, "extension basicConstraints",
				 "it has none, so it is no CA");
		else if (!(flags & EXFLAG_CA))
			path_say(s, i, report, "extension basicConstraints",
				 "it says that it is no CA");
	}
}

void path_key_usage(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, X509_V_OK};

	path_verdicts_told(s, codes);
	for (size_t i = s->options->purpose == PATH_CA ? 0 : 1; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;

		if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) &&
		    !(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
			path_say(s, i, report, "extension keyUsage",
				 "it may not sign certificates: keyCertSign is missing");
	}
}

/* RFC 5280 4.2.1.9: CAs that may follow, the last certificate and the self-issued not counted. */
void path_length(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_OK};
	long between = 0;

	path_verdicts_told(s, codes);
	for (size_t i = 1; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;
		long granted = X509_get_pathlen(x);

		if (granted >= 0 && between > granted)
			path_say(s, i, report, "extension basicConstraints",
				 "it allows %ld CA%s between itself and the end, and there %s %ld",
				 granted, granted == 1 ? "" : "s", between == 1 ? "is" : "are",
				 between);
		between += !path_is_self_issued(x);
	}
}

static const char *purpose_name(enum path_purpose p)
{
	static const char *const names[] = {"anything", "a CA", "a TLS server", "a TLS client",
					    "e-mail"};

	return names[p];
}

void path_purpose(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_CERT_REJECTED,
				    X509_V_OK};
	const struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at)))
		path_say(s, v->link, report, "extension extendedKeyUsage",
			 v->link ? "it may not stand above what is for %s" : "it is not for %s",
			 purpose_name(s->options->purpose));
}

void path_host(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH,
				    X509_V_OK};
	size_t at = 0;

	while (path_verdict_next(s, codes, &at))
		path_say(s, 0, report, "extension subjectAltName", "it is not for %.100s",
			 s->options->host);
}

void path_unexplained(struct path_subject *s, struct lint_report *report)
{
	for (size_t i = 0; i < s->verdict_count; i++) {
		const struct path_verdict *v = &s->verdicts[i];

		if (!v->told)
			path_say(s, v->link, report, NULL, "%s",
				 X509_verify_cert_error_string(v->code));
	}
}
