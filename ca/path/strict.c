/* What OpenSSL leaves out, and strict verifiers and time find later. */
#include "ca/path/internal.h"

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/inspect.h"

typedef const ASN1_TIME *get_time(const X509 *x);

/* The first CA above link whose time stands in the wrong order to that of link; 0: none. */
static size_t find_crossed(const struct path_subject *s, size_t link, get_time *get, int sign,
			   char shown[DATETIME_SIZE])
{
	int64_t own, above;

	if (!inspect_time(get(s->path.links[link].certificate), &own))
		return 0;
	for (size_t i = link + 1; i < s->path.count; i++) {
		if (inspect_time(get(s->path.links[i].certificate), &above) &&
		    (sign > 0 ? own > above : own < above)) {
			datetime_format(above, shown);
			return i;
		}
	}
	return 0;
}

static void say_crossed(struct path_subject *s, struct lint_report *report, get_time *get, int sign,
			const char *where, const char *what)
{
	char shown[DATETIME_SIZE];

	for (size_t i = 0; i < s->path.count; i++) {
		size_t above = find_crossed(s, i, get, sign, shown);
		struct text who;

		if (!above)
			continue;
		who = path_subject_text(s->path.links[above].certificate);
		path_say(s, i, report, where, "%s %s of %s", what, shown, text_get(&who));
		text_free(&who);
	}
}

void path_outlives_issuer(struct path_subject *s, struct lint_report *report)
{
	say_crossed(s, report, X509_get0_notAfter, 1, "notAfter", "it comes after the end,");
}

void path_predates_issuer(struct path_subject *s, struct lint_report *report)
{
	say_crossed(s, report, X509_get0_notBefore, -1, "notBefore",
		    "it comes before the beginning,");
}

/* A CA at the end of a path does not count in it, but what it signs makes it count. */
void path_length_unusable(struct path_subject *s, struct lint_report *report)
{
	X509 *leaf = s->path.links[0].certificate;
	long between = !path_is_self_issued(leaf);

	if (!(X509_get_extension_flags(leaf) & EXFLAG_CA) || !between)
		return;
	for (size_t i = 1; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;
		long granted = X509_get_pathlen(x);
		struct text who;

		if (granted >= 0 && between > granted) {
			who = path_subject_text(x);
			path_say(s, 0, report, "extension basicConstraints",
				 "it is a CA, number %ld below %s, which allows %ld", between,
				 text_get(&who), granted);
			text_free(&who);
			return;
		}
		between += !path_is_self_issued(x);
	}
}

/* Under one name a key may stand in several: a root renewed, a CA cross-signed. */
void path_key_reused(struct path_subject *s, struct lint_report *report)
{
	for (size_t i = 0; i < s->path.count; i++) {
		X509 *x = s->path.links[i].certificate;

		for (size_t above = i + 1; above < s->path.count; above++) {
			X509 *other = s->path.links[above].certificate;
			EVP_PKEY *a = X509_get0_pubkey(x), *b = X509_get0_pubkey(other);
			struct text who;

			if (!a || !b || EVP_PKEY_eq(a, b) != 1 ||
			    X509_NAME_cmp(X509_get_subject_name(x), X509_get_subject_name(other)) ==
				    0)
				continue;
			who = path_subject_text(other);
			path_say(s, i, report, "public key", "it is the key of %s", text_get(&who));
			text_free(&who);
			break;
		}
	}
	ERR_clear_error();
}

void path_root_signature(struct path_subject *s, struct lint_report *report)
{
	size_t last = s->path.count - 1;
	X509 *x = s->path.links[last].certificate;
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (path_is_self_signed(x) && (!key || X509_verify(x, key) != 1))
		path_say(s, last, report, "signature", "its own key does not verify it");
	ERR_clear_error();
}

void path_anchor_between(struct path_subject *s, struct lint_report *report)
{
	size_t last = s->path.count - 1;

	if (s->path.complete && !path_is_self_signed(s->path.links[last].certificate))
		path_say(s, last, report, NULL, "it is trusted, but another CA issued it");
}
