#include "ca/renew.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "ca/path.h"
#include "ca/pem.h"
#include "ca/plan.h"
#include "ca/sign.h"

#define FAILURES_TOLD 5

/* --- proof ------------------------------------------------------------------------------------ */

void renew_proof_free(struct renew_proof *p)
{
	text_free(&p->failures);
	*p = (struct renew_proof){0};
}

struct proving {
	struct path_pool *pool;
	struct path_options options;
	unsigned char own[SHA256_SIZE]; /* the CA's key: its own generations are no children */
	struct renew_proof *proof;
};

static enum status prove_one(void *context, const struct store_row *row, struct error *e)
{
	struct proving *p = context;
	struct path path = {0};
	const struct finding *why;
	char serial[2 * SERIAL_MAX + 1];
	size_t link;
	enum status s;

	if (row->der.len == 0 ||
	    span_equal(row->intent.spki_sha256, (struct span){p->own, sizeof p->own}) ||
	    row->intent.not_before > p->options.time)
		return STATUS_OK;
	s = path_check(p->pool, row->der, &p->options, &path, e);
	if (s == STATUS_OK && path_is_good(&path)) {
		p->proof->proved++;
	} else if (s == STATUS_OK) {
		why = path_first_error(&path, &link);
		hex_encode(row->intent.serial, serial);
		if (p->proof->failed++ < FAILURES_TOLD)
			text_printf(&p->proof->failures, "%s%s: %s",
				    p->proof->failures.len ? "; " : "", serial,
				    why ? why->message : "no path");
		s = text_check(&p->proof->failures, e);
	}
	if (s == STATUS_OK && p->proof->seen)
		s = p->proof->seen(p->proof->context, row, path_is_good(&path), e);
	path_free(&path);
	return s;
}

enum status renew_prove(const struct authority *a, struct span root, struct span through,
			int64_t now, struct renew_proof *proof, struct error *e)
{
	struct proving p = {.options = {.time = now, .level = PATH_RFC5280}, .proof = proof};
	const struct store_filter alive = {.state = CERT_ISSUED, .after = now};
	struct span chain[CHAIN_MAX];
	size_t count = authority_chain(a, chain);
	enum status s = authority_key_sha256(a, p.own, e);

	if (s == STATUS_OK)
		s = path_pool_new(&p.pool, e);
	if (s == STATUS_OK)
		s = path_pool_add_root(p.pool, root, 0, e);
	if (s == STATUS_OK && through.len)
		s = path_pool_add_certificate(p.pool, through, 1, e);
	/* Not its own root: that the old one is trusted is what is not to be assumed. */
	for (size_t i = 0; i + 1 < count && s == STATUS_OK; i++)
		s = path_pool_add_certificate(p.pool, chain[i], 2 + i, e);
	if (s == STATUS_OK)
		s = store_each(authority_store(a), &alive, prove_one, &p, e);
	path_pool_free(p.pool);
	return s;
}

/* --- what stays the same ---------------------------------------------------------------------- */

static struct span octets_of(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static struct span subject_of(const X509 *x)
{
	struct span name = {0};

	X509_NAME_get0_der(X509_get_subject_name(x), &name.data, &name.len);
	return name;
}

/* What children point at: subject, SKI and key, octet for octet. */
static enum status expect_same(X509 *old, struct span renewed, struct error *e)
{
	const unsigned char *at = renewed.data;
	X509 *x = d2i_X509(NULL, &at, (long)renewed.len);
	const ASN1_OCTET_STRING *before = X509_get0_subject_key_id(old), *after = NULL;
	enum status s = STATUS_OK;

	if (x)
		after = X509_get0_subject_key_id(x);
	if (!x || !span_equal(subject_of(old), subject_of(x)) ||
	    EVP_PKEY_eq(X509_get0_pubkey(old), X509_get0_pubkey(x)) != 1 || !after ||
	    (before && !span_equal(octets_of(before), octets_of(after))))
		s = error_openssl(e, STATUS_INTERNAL, NULL, "report this as a bug",
				  "the renewed certificate differs from the old one in what its "
				  "children point at");
	X509_free(x);
	return s;
}

/* --- issuing ---------------------------------------------------------------------------------- */

struct renewal {
	const struct authority *authority;
	const struct renew_order *order;
	X509 *old;    /* whose name, key and SKI it gets */
	X509 *issuer; /* NULL: itself */
	bool replaces;
	char reason[2 * SERIAL_MAX + 64];
};

static enum status take_profile(void *context, const struct store_row *row, struct error *e)
{
	(void)e;
	snprintf(context, PROFILE_NAME_MAX + 1, "%s", row->intent.profile);
	return STATUS_OK;
}

/* An adopted row may have none. */
enum status renew_profile_of(const struct authority *a, X509 *old, const char *otherwise,
			     char out[PROFILE_NAME_MAX + 1], struct error *e)
{
	struct error why;
	enum status s;

	out[0] = '\0';
	s = store_find(authority_store(a), octets_of(X509_get0_serialNumber(old)), take_profile,
		       out, &why);
	if (s != STATUS_OK && s != STATUS_NOT_FOUND) {
		*e = why;
		return s;
	}
	if (!*out)
		snprintf(out, PROFILE_NAME_MAX + 1, "%s", otherwise);
	return STATUS_OK;
}

static enum status choose_profile(const struct renewal *r, const char *otherwise,
				  struct profile **out, struct error *e)
{
	char name[PROFILE_NAME_MAX + 1];
	enum status s = STATUS_OK;

	snprintf(name, sizeof name, "%s", r->order->profile ? r->order->profile : otherwise);
	if (!r->order->profile && r->replaces)
		s = renew_profile_of(r->authority, r->old, otherwise, name, e);
	return s == STATUS_OK ? profile_load(authority_profiles(r->authority), name, out, e) : s;
}

static enum status issue(struct renewal *r, const struct profile *profile,
			 const struct csr_request *request, struct signer *signer,
			 struct bytes *certificate, struct findings *findings, struct error *e)
{
	struct issue_draft *draft = NULL;
	struct weak_keys *weak_keys = NULL;
	struct store *store = authority_store(r->authority);
	struct issue_order order = {
		.profile = profile,
		.request = request,
		.issuer = r->issuer,
		.urls = authority_urls(r->authority),
		.first_serial = authority_first_serial(r->authority),
		.now = r->order->now,
		.days = r->order->days,
		.not_after = r->order->not_after,
		.fit = r->order->fit,
		.reissue = r->reason,
		.key_identifier = X509_get0_subject_key_id(r->old),
	};
	char serial[2 * SERIAL_MAX + 1];
	enum status s;

	hex_encode(octets_of(X509_get0_serialNumber(r->old)), serial);
	snprintf(r->reason, sizeof r->reason, "%s of %s",
		 r->replaces ? "renewal" : "cross-certificate", serial);
	if (r->replaces)
		order.replaces = octets_of(X509_get0_serialNumber(r->old));
	s = authority_weak_keys(r->authority, &weak_keys, e);
	order.weak_keys = weak_keys;
	if (s == STATUS_OK)
		s = issue_draft(store, &order, &draft, findings, e);
	if (s == STATUS_OK)
		s = issue_commit(store, &order, draft, signer, certificate, e);
	if (s == STATUS_OK)
		s = expect_same(r->old, span_of(certificate), e);
	issue_draft_free(draft);
	weak_keys_free(weak_keys);
	return s;
}

/* The same name and key ask once more; subject_signer is that key. */
static enum status issue_again(struct renewal *r, const char *otherwise,
			       struct signer *subject_signer, struct signer *signer,
			       struct bytes *certificate, struct findings *findings,
			       struct error *e)
{
	struct profile *profile = NULL;
	struct csr_request *request = NULL;
	struct bytes der = {0};
	enum status s = choose_profile(r, otherwise, &profile, e);

	if (s == STATUS_OK)
		s = request_sign(X509_get_subject_name(r->old), subject_signer, &der, e);
	if (s == STATUS_OK)
		s = csr_request_read(span_of(&der), "the CA's own request", &request, e);
	if (s == STATUS_OK)
		s = issue(r, profile, request, signer, certificate, findings, e);
	csr_request_free(request);
	profile_free(profile);
	bytes_free(&der);
	return s;
}

/* --- files ------------------------------------------------------------------------------------ */

/* FOLDER/NAME-SERIAL.pem gets what FOLDER/NAME.pem holds, unless it is there. */
static enum status keep_old(const struct authority *a, const char *name, struct error *e)
{
	char serial[2 * SERIAL_MAX + 1], *from = path_join(authority_folder(a), name), *to = NULL;
	struct bytes content = {0};
	enum status s = STATUS_OK;

	hex_encode(octets_of(X509_get0_serialNumber(authority_certificate(a))), serial);
	if (!from ||
	    asprintf(&to, "%.*s-%s.pem", (int)(strlen(from) - strlen(".pem")), from, serial) < 0) {
		to = NULL;
		s = error_memory(e);
	}
	if (s == STATUS_OK && !file_exists(to)) {
		s = file_read(from, PEM_FILE_MAX, &content, e);
		if (s == STATUS_OK)
			s = file_publish(to, span_of(&content), 0644, FILE_KEEP, e);
	}
	bytes_free(&content);
	free(from);
	free(to);
	return s;
}

static enum status put(const struct authority *a, const char *name, const struct text *pem,
		       struct error *e)
{
	char *path = path_join(authority_folder(a), name);
	enum status s = path ? file_publish(path, span_text(text_get(pem)), 0644, FILE_REPLACE, e)
			     : error_memory(e);

	free(path);
	return s;
}

static enum status put_certificate(const struct authority *a, struct span der, struct error *e)
{
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, der, e);

	if (s == STATUS_OK)
		s = keep_old(a, AUTHORITY_CERTIFICATE, e);
	if (s == STATUS_OK)
		s = put(a, AUTHORITY_CERTIFICATE, &pem, e);
	text_free(&pem);
	return s;
}

/* The chain of the CA that signed, below it the renewed one. */
static enum status put_chain(const struct authority *child, const struct authority *above,
			     struct span der, struct error *e)
{
	struct span chain[CHAIN_MAX];
	size_t count = authority_chain(above, chain);
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, der, e);

	for (size_t i = 0; i < count && s == STATUS_OK; i++)
		s = pem_add_certificate(&pem, chain[i], e);
	if (s == STATUS_OK)
		s = keep_old(child, AUTHORITY_CHAIN, e);
	if (s == STATUS_OK)
		s = put(child, AUTHORITY_CHAIN, &pem, e);
	text_free(&pem);
	return s;
}

/* --- the three -------------------------------------------------------------------------------- */

enum status renew_root(const struct authority *a, const struct renew_order *order,
		       struct signer *signer, struct bytes *certificate, struct findings *findings,
		       struct error *e)
{
	struct renewal r = {
		.authority = a, .order = order, .old = authority_certificate(a), .replaces = true};
	struct span chain[CHAIN_MAX];
	enum status s;

	if (authority_chain(a, chain) != 1)
		return error_set(e, STATUS_REFUSED, authority_folder(a),
				 "renew it in the CA above: 'subca renew -C PARENT --child DIR'",
				 "is no root");
	s = issue_again(&r, "root", signer, signer, certificate, findings, e);
	if (s == STATUS_OK)
		s = put_certificate(a, span_of(certificate), e);
	return s;
}

enum status renew_expect_child(const struct authority *a, const struct authority *child,
			       struct error *e)
{
	X509 *below = authority_certificate(child), *above = authority_certificate(a);

	if (X509_check_issued(above, below) == X509_V_OK &&
	    X509_verify(below, X509_get0_pubkey(above)) == 1 && X509_cmp(below, above) != 0)
		return STATUS_OK;
	ERR_clear_error();
	return error_set(e, STATUS_REFUSED, authority_folder(child),
			 "name the CA that did, with -C", "was not signed by the CA in %s",
			 authority_folder(a));
}

enum status renew_child(const struct authority *a, const struct authority *child,
			const struct renew_order *order, struct signer *signer,
			struct signer *child_signer, struct bytes *certificate,
			struct findings *findings, struct error *e)
{
	struct renewal r = {.authority = a,
			    .order = order,
			    .old = authority_certificate(child),
			    .issuer = authority_certificate(a),
			    .replaces = true};
	enum status s = renew_expect_child(a, child, e);

	if (s == STATUS_OK)
		s = issue_again(&r, "subordinate-ca", child_signer, signer, certificate, findings,
				e);
	if (s == STATUS_OK)
		s = put_chain(child, a, span_of(certificate), e);
	if (s == STATUS_OK)
		s = put_certificate(child, span_of(certificate), e);
	return s;
}

/* A cross-certificate that outlives the root it names would promise what that root does not. */
static enum status end_with_both(const struct renew_order *order, const X509 *root,
				 struct renew_order *out, struct error *e)
{
	int64_t end;

	*out = *order;
	out->fit = true;
	if (asn1_time_seconds(X509_get0_notAfter(root), &end, e) != STATUS_OK)
		return error_status(e);
	if (end <= order->now)
		return error_set(e, STATUS_REFUSED, NULL, "ask for its renewed certificate",
				 "has expired");
	if (!out->not_after && (!out->days || order->now + out->days * INT64_C(86400) > end)) {
		out->days = 0;
		out->not_after = end;
	}
	return STATUS_OK;
}

enum status renew_cross_sign(const struct authority *a, struct span root,
			     const struct renew_order *order, struct signer *signer,
			     struct bytes *certificate, struct findings *findings, struct error *e)
{
	struct renew_order fitted;
	struct csr_request *request = NULL;
	struct profile *profile = NULL;
	const unsigned char *at = root.data;
	X509 *x = d2i_X509(NULL, &at, (long)root.len);
	struct renewal r = {
		.authority = a, .order = &fitted, .old = x, .issuer = authority_certificate(a)};
	enum status s = x ? csr_request_from_root(root, "the other root", &request, e)
			  : error_openssl(e, STATUS_INPUT, NULL, NULL, "is no certificate");

	if (s == STATUS_OK && X509_check_ca(x) <= 0)
		s = error_set(e, STATUS_REFUSED, NULL, "sign a request of it with 'subca sign'",
			      "is no CA");
	if (s == STATUS_OK)
		s = end_with_both(order, x, &fitted, e);
	if (s == STATUS_OK)
		s = choose_profile(&r, RENEW_CROSS_PROFILE, &profile, e);
	if (s == STATUS_OK)
		s = issue(&r, profile, request, signer, certificate, findings, e);
	profile_free(profile);
	csr_request_free(request);
	X509_free(x);
	return s;
}
