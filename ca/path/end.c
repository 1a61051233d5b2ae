/* Where a path ends, and why it goes no further. */
#include "ca/path/internal.h"

#include <stdio.h>

#include <openssl/err.h>

#include "base/bytes.h"
#include "ca/name.h"

/* The first place to fetch the issuer's certificate from; NULL where none is named. */
static void add_location(X509 *x, struct text *out)
{
	AUTHORITY_INFO_ACCESS *places = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places); i++) {
		const ACCESS_DESCRIPTION *at = sk_ACCESS_DESCRIPTION_value(places, i);

		if (OBJ_obj2nid(at->method) == NID_ad_ca_issuers && at->location->type == GEN_URI) {
			text_printf(out, "; it is said to be at %.*s",
				    ASN1_STRING_length(at->location->d.ia5),
				    (const char *)ASN1_STRING_get0_data(at->location->d.ia5));
			break;
		}
	}
	AUTHORITY_INFO_ACCESS_free(places);
	ERR_clear_error();
}

static void add_key_identifier(const ASN1_OCTET_STRING *id, struct text *out)
{
	char hex[2 * 32 + 1];
	int len = id ? ASN1_STRING_length(id) : 0;

	if (len <= 0 || len > 32)
		return;
	hex_encode((struct span){ASN1_STRING_get0_data(id), (size_t)len}, hex);
	text_printf(out, " with the key identifier %s", hex);
}

/* A certificate of the issuer's name that is not its issuer, and why; false where there is none. */
static bool add_false_issuer(const struct path_pool *pool, X509 *x, struct text *out)
{
	for (size_t i = 0; i < pool->count; i++) {
		X509 *candidate = pool->members[i].certificate;
		int code;

		if (!path_names_issuer(x, candidate) || X509_cmp(x, candidate) == 0)
			continue;
		code = X509_check_issued(candidate, x);
		if (code == X509_V_OK)
			continue;
		text_printf(out, "; a certificate of that name is here, but %s",
			    code == X509_V_ERR_AKID_SKID_MISMATCH ? "with another key"
			    : X509_get_extension_flags(candidate) & EXFLAG_INVALID
				    ? "an extension of it cannot be read"
				    : X509_verify_cert_error_string(code));
		if (code == X509_V_ERR_AKID_SKID_MISMATCH)
			add_key_identifier(X509_get0_subject_key_id(candidate), out);
		return true;
	}
	return false;
}

static bool is_too_long(const struct path_subject *s)
{
	for (size_t i = 0; i < s->verdict_count; i++)
		if (s->verdicts[i].code == X509_V_ERR_CERT_CHAIN_TOO_LONG)
			return true;
	return false;
}

static void dismiss(struct path_subject *s, const int *codes)
{
	struct path_verdict *v;
	size_t at = 0;

	while ((v = path_verdict_next(s, codes, &at)))
		v->dismissed = true;
}

void path_incomplete(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
				    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				    X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_OK};
	X509 *last = s->path.links[s->path.count - 1].certificate;
	struct text words = {0};

	if (is_too_long(s)) {
		dismiss(s, codes);
		return;
	}
	path_verdicts_told(s, codes);
	if (s->path.complete || path_is_self_signed(last))
		return;
	text_add(&words, "its issuer's certificate is missing: ");
	name_show(X509_get_issuer_name(last), &words);
	add_key_identifier(X509_get0_authority_key_id(last), &words);
	if (!add_false_issuer(s->pool, last, &words))
		add_location(last, &words);
	path_say(s, s->path.count - 1, report, "issuer", "%s", text_get(&words));
	text_free(&words);
}

void path_untrusted(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
				    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED,
				    X509_V_OK};
	size_t last = s->path.count - 1;

	path_verdicts_told(s, codes);
	if (!s->path.complete && path_is_self_signed(s->path.links[last].certificate))
		path_say(s, last, report, NULL, "it signed itself and is none of the roots given");
}

void path_too_long(struct path_subject *s, struct lint_report *report)
{
	static const int codes[] = {X509_V_ERR_CERT_CHAIN_TOO_LONG, X509_V_ERR_PATH_LOOP,
				    X509_V_OK};
	const struct path_verdict *v;
	size_t at = 0;

	v = path_verdict_next(s, codes, &at);
	path_verdicts_told(s, codes);
	if (v)
		path_say(s, s->path.count - 1, report, NULL,
			 "the path goes on above this certificate, the number %zu", s->path.count);
}
