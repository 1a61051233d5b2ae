/* Files that hold a chain, or the roots that somebody trusts: what is in them and in which order. */
#include "ca/path/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/inspect.h"
#include "ca/name.h"

#define NOWHERE SIZE_MAX
#define CHAIN_MOST 16 /* certificates: what the portals take, and more than anybody has */

/* --- what rules share ------------------------------------------------------------------------- */

static void place(const struct path_file_subject *s, size_t at, char out[160])
{
	struct text name = path_subject_text(s->certificates[at]);

	snprintf(out, 160, "certificate %zu, %.120s", at + 1, text_get(&name));
	text_free(&name);
}

static void say(const struct path_file_subject *s, size_t at, struct lint_report *report,
		const char *format, ...) PRINTF_LIKE(4, 5);

static void say(const struct path_file_subject *s, size_t at, struct lint_report *report,
		const char *format, ...)
{
	va_list arguments;
	char where[160], raw[400];

	va_start(arguments, format);
	vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	place(s, at, where);
	lint_say(report, where, "%s", raw);
}

/* Names and key identifiers: whether the key fits is the path's to say. */
static bool may_have_issued(X509 *child, X509 *issuer)
{
	int code = path_names_issuer(child, issuer) ? X509_check_issued(issuer, child)
						    : X509_V_ERR_SUBJECT_ISSUER_MISMATCH;

	ERR_clear_error();
	return code == X509_V_OK || code == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

static bool is_same(const struct path_file_subject *s, size_t a, size_t b)
{
	return X509_cmp(s->certificates[a], s->certificates[b]) == 0;
}

static size_t find_earlier(const struct path_file_subject *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_same(s, i, at))
			return i;
	return NOWHERE;
}

static size_t find_issuer(const struct path_file_subject *s, X509 *child)
{
	for (size_t i = 0; i < s->count; i++)
		if (X509_cmp(s->certificates[i], child) != 0 &&
		    may_have_issued(child, s->certificates[i]))
			return i;
	return NOWHERE;
}

static bool is_on_path(const struct path_file_subject *s, size_t at)
{
	for (size_t i = 0; i < s->path_count; i++)
		if (is_same(s, s->path[i], at))
			return true;
	return false;
}

static X509 *top(const struct path_file_subject *s)
{
	return s->path_count ? s->certificates[s->path[s->path_count - 1]] : NULL;
}

/* The first that issued none of the others. */
static size_t find_end(const struct path_file_subject *s)
{
	for (size_t end = 0; end < s->count; end++) {
		size_t i = 0;

		while (i < s->count && (is_same(s, i, end) ||
					!may_have_issued(s->certificates[i], s->certificates[end])))
			i++;
		if (i == s->count)
			return end;
	}
	return 0;
}

/* From the leaf, or what stands lowest, upwards. */
static void follow(struct path_file_subject *s)
{
	size_t at = s->leaf ? find_issuer(s, s->leaf) : find_end(s);

	for (size_t i = 0; s->leaf && i < s->count; i++)
		if (X509_cmp(s->certificates[i], s->leaf) == 0) {
			at = i;
			break;
		}

	while (at != NOWHERE && s->path_count < PATH_MAX_LINKS && !is_on_path(s, at)) {
		s->path[s->path_count++] = at;
		if (path_is_self_issued(s->certificates[at]) &&
		    may_have_issued(s->certificates[at], s->certificates[at]))
			return;
		at = find_issuer(s, s->certificates[at]);
	}
}

bool path_is_weekly_ca(const X509 *x)
{
	static const char suffix[] = " (t)";
	const ASN1_STRING *cn = name_find(X509_get_subject_name(x), NID_commonName);
	const unsigned char *text = cn ? ASN1_STRING_get0_data(cn) : NULL;
	size_t len = cn ? (size_t)ASN1_STRING_length(cn) : 0, tail = strlen(suffix);

	while (len && text[len - 1] == ' ')
		len--;
	return len > tail && memcmp(text + len - tail, suffix, tail) == 0;
}

/* --- a chain ---------------------------------------------------------------------------------- */

void path_file_chain_order(const struct path_file_subject *s, struct lint_report *report)
{
	for (size_t i = 1; !s->unordered && i < s->path_count; i++)
		if (s->path[i] < s->path[i - 1]) {
			say(s, s->path[i], report, "it stands before what it issued");
			return;
		}
}

void path_file_chain_duplicate(const struct path_file_subject *s, struct lint_report *report)
{
	for (size_t i = 1; i < s->count; i++) {
		size_t earlier = find_earlier(s, i);

		if (earlier != NOWHERE)
			say(s, i, report, "it is there already, as certificate %zu", earlier + 1);
	}
}

static void say_missing(struct lint_report *report, X509 *child)
{
	struct text name = path_subject_text(child), issuer = {0};

	name_show(X509_get_issuer_name(child), &issuer);
	lint_say(report, text_get(&name), "its issuer is not in the file: %s", text_get(&issuer));
	text_free(&name);
	text_free(&issuer);
}

/* What stands above the gap cannot be told from what does not belong here: either way it is off. */
void path_file_chain_gap(const struct path_file_subject *s, struct lint_report *report)
{
	if (s->path_count == 0) {
		if (s->leaf && !path_is_self_issued(s->leaf))
			say_missing(report, s->leaf);
		return;
	}
	if (path_is_self_issued(top(s)))
		return;
	for (size_t i = 0; i < s->count; i++)
		if (!is_on_path(s, i) && X509_check_ca(s->certificates[i]) > 0) {
			say_missing(report, top(s));
			return;
		}
}

void path_file_chain_unrelated(const struct path_file_subject *s, struct lint_report *report)
{
	X509 *last = top(s);

	if (!last || !path_is_self_issued(last))
		return;
	for (size_t i = 0; i < s->count; i++)
		if (!is_on_path(s, i))
			say(s, i, report, "it issued none of those below");
}

/* Only the first may be none, where it is what the chain is for. */
void path_file_chain_not_ca(const struct path_file_subject *s, struct lint_report *report)
{
	X509 *end = s->leaf ? s->leaf : s->certificates[find_end(s)];

	for (size_t i = 0; i < s->count; i++)
		if (X509_check_ca(s->certificates[i]) == 0 &&
		    X509_cmp(s->certificates[i], end) != 0)
			say(s, i, report, "it is no CA");
}

static void say_expired(const struct path_file_subject *s, struct lint_report *report)
{
	char shown[DATETIME_SIZE];
	int64_t until;

	for (size_t i = 0; i < s->count; i++) {
		if (!inspect_time(X509_get0_notAfter(s->certificates[i]), &until) ||
		    until >= s->time)
			continue;
		datetime_format(until, shown);
		say(s, i, report, "it expired at %s", shown);
	}
}

static void say_not_yet_valid(const struct path_file_subject *s, struct lint_report *report)
{
	char shown[DATETIME_SIZE];
	int64_t from;

	for (size_t i = 0; i < s->count; i++) {
		if (!inspect_time(X509_get0_notBefore(s->certificates[i]), &from) ||
		    from <= s->time)
			continue;
		datetime_format(from, shown);
		say(s, i, report, "it is not valid before %s", shown);
	}
}

void path_file_chain_expired(const struct path_file_subject *s, struct lint_report *report)
{
	say_expired(s, report);
}

void path_file_chain_not_yet_valid(const struct path_file_subject *s, struct lint_report *report)
{
	say_not_yet_valid(s, report);
}

void path_file_chain_root_missing(const struct path_file_subject *s, struct lint_report *report)
{
	X509 *last = top(s);

	if (last && !path_is_self_issued(last))
		lint_say(report, NULL, "the root is not in it");
}

void path_file_chain_root_present(const struct path_file_subject *s, struct lint_report *report)
{
	X509 *last = top(s);

	if (last && path_is_self_issued(last) && s->path_count > 1)
		lint_say(report, NULL, "the root is in it");
}

/* --- a bundle --------------------------------------------------------------------------------- */

void path_file_bundle_duplicate(const struct path_file_subject *s, struct lint_report *report)
{
	path_file_chain_duplicate(s, report);
}

void path_file_bundle_not_ca(const struct path_file_subject *s, struct lint_report *report)
{
	for (size_t i = 0; i < s->count; i++)
		if (X509_check_ca(s->certificates[i]) == 0)
			say(s, i, report, "it is no CA");
}

void path_file_bundle_not_root(const struct path_file_subject *s, struct lint_report *report)
{
	for (size_t i = 0; i < s->count; i++)
		if (!path_is_self_signed(s->certificates[i]) &&
		    !path_is_weekly_ca(s->certificates[i]))
			say(s, i, report, "another CA issued it");
}

void path_file_bundle_weekly_ca(const struct path_file_subject *s, struct lint_report *report)
{
	for (size_t i = 0; i < s->count; i++)
		if (path_is_weekly_ca(s->certificates[i]))
			say(s, i, report, "its name ends in \"(t)\", as Zscaler's weekly CAs do");
}

void path_file_bundle_expired(const struct path_file_subject *s, struct lint_report *report)
{
	say_expired(s, report);
}

void path_file_bundle_not_yet_valid(const struct path_file_subject *s, struct lint_report *report)
{
	say_not_yet_valid(s, report);
}

static bool has_link(X509 *const *certificates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t issuer = 0; issuer < count; issuer++)
			if (issuer != i && may_have_issued(certificates[i], certificates[issuer]))
				return true;
	return false;
}

enum path_file_kind path_file_recognise(X509 *const *certificates, size_t count)
{
	size_t self_issued = 0, authorities = 0;

	for (size_t i = 0; i < count; i++) {
		self_issued += path_is_self_issued(certificates[i]);
		authorities += X509_check_ca(certificates[i]) > 0;
	}
	ERR_clear_error();
	if (2 * self_issued > count)
		return PATH_FILE_BUNDLE;
	if (count <= CHAIN_MOST && 2 * authorities >= count && has_link(certificates, count))
		return PATH_FILE_CHAIN;
	return PATH_FILE_COLLECTION;
}

/* --- all of them ------------------------------------------------------------------------------ */

enum status path_file_check(const struct path_file *file, struct findings *findings,
			    struct error *e)
{
	struct path_file_subject s = {.certificates = file->certificates,
				      .count = file->count,
				      .leaf = file->leaf,
				      .unordered = file->unordered,
				      .time = file->time};
	struct lint_report report = {NULL, findings, e, STATUS_OK};
	unsigned wanted = file->is_bundle ? PATH_RULE_BUNDLE : PATH_RULE_CHAIN;

	if (file->count == 0)
		return STATUS_OK;
	for (size_t i = 0; i < file->count; i++)
		(void)X509_check_purpose(file->certificates[i], -1, 0);
	ERR_clear_error();
	if (!file->is_bundle)
		follow(&s);
	path_file_run(&s, wanted, &report);
	return report.status;
}
