#include "ca/crl_write.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/crl_entry.h"
#include "ca/lint.h"
#include "ca/sign.h"
#include "ca/validity.h"

#define HEADER_MAX 16 /* a tag and a length */

struct writing {
	const struct crl_plan *plan;
	X509_ALGOR *algorithm;
	struct bytes head, tail; /* version … nextUpdate, and [0] crlExtensions */
	struct file_stream *entries;
	struct crl_encoder *encoder;
	int64_t count;
};

static void release(struct writing *w)
{
	X509_ALGOR_free(w->algorithm);
	bytes_free(&w->head);
	bytes_free(&w->tail);
	file_stream_free(w->entries);
	crl_encoder_free(w->encoder);
}

/* Tag and length of something constructed. */
static struct span header(unsigned char room[HEADER_MAX], size_t len, int tag, int class)
{
	unsigned char *at = room;

	ASN1_put_object(&at, 1, (int)len, tag, class);
	return (struct span){room, (size_t)(at - room)};
}

/* --- the parts around the entries ------------------------------------------------------------- */

static enum status append(struct bytes *to, struct span part, struct error *e)
{
	unsigned char *grown = realloc(to->data, to->len + part.len + 1);

	if (!grown)
		return error_memory(e);
	memcpy(grown + to->len, part.data, part.len);
	to->data = grown;
	to->len += part.len;
	to->data[to->len] = '\0';
	return STATUS_OK;
}

static enum status append_encoded(struct bytes *to, const void *value, i2d_of_void *encode,
				  struct error *e)
{
	struct bytes part = {0};
	enum status s = der_encode(value, encode, &part, e);

	if (s == STATUS_OK)
		s = append(to, span_of(&part), e);
	bytes_free(&part);
	return s;
}

static enum status make_head(struct writing *w, struct error *e)
{
	const struct store_crl *crl = &w->plan->crl;
	struct validity times = {.not_before = crl->this_update, .not_after = crl->next_update};
	ASN1_INTEGER *version = ASN1_INTEGER_new();
	X509_VAL *encoded = NULL;
	const X509_NAME *issuer = X509_get_subject_name(authority_certificate(w->plan->authority));
	enum status s = version && ASN1_INTEGER_set(version, X509_CRL_VERSION_2)
				? validity_encode(&times, &encoded, e)
				: error_memory(e);

	if (s == STATUS_OK)
		s = append_encoded(&w->head, version, (i2d_of_void *)i2d_ASN1_INTEGER, e);
	if (s == STATUS_OK)
		s = append_encoded(&w->head, w->algorithm, (i2d_of_void *)i2d_X509_ALGOR, e);
	if (s == STATUS_OK)
		s = append_encoded(&w->head, issuer, (i2d_of_void *)i2d_X509_NAME, e);
	if (s == STATUS_OK)
		s = append_encoded(&w->head, encoded->notBefore, (i2d_of_void *)i2d_ASN1_TIME, e);
	if (s == STATUS_OK)
		s = append_encoded(&w->head, encoded->notAfter, (i2d_of_void *)i2d_ASN1_TIME, e);
	X509_VAL_free(encoded);
	ASN1_INTEGER_free(version);
	return s;
}

static enum status add_extension(X509_EXTENSIONS **list, int nid, bool critical, void *value,
				 struct error *e)
{
	if (value && X509V3_add1_i2d(list, nid, value, critical, X509V3_ADD_APPEND) == 1)
		return STATUS_OK;
	return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "extension %s cannot be made",
			     OBJ_nid2sn(nid));
}

static enum status add_number(X509_EXTENSIONS **list, int nid, bool critical, int64_t number,
			      struct error *e)
{
	ASN1_INTEGER *value = ASN1_INTEGER_new();
	enum status s = value && ASN1_INTEGER_set_int64(value, number)
				? add_extension(list, nid, critical, value, e)
				: error_memory(e);

	ASN1_INTEGER_free(value);
	return s;
}

/* The issuer's SKI verbatim, RFC 5280 5.2.1. */
static enum status add_aki(X509_EXTENSIONS **list, X509 *issuer, struct error *e)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuer);
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	enum status s;

	if (!ski)
		s = error_set(e, STATUS_REFUSED, "issuer", "renew the CA's certificate first",
			      "has no subject key identifier to point at");
	else if (!aki || !(aki->keyid = ASN1_OCTET_STRING_dup(ski)))
		s = error_memory(e);
	else
		s = add_extension(list, NID_authority_key_identifier, false, aki, e);
	AUTHORITY_KEYID_free(aki);
	return s;
}

/* RFC 5280 5.2.6: a complete CRL says where its delta is, and a delta does not. */
static enum status add_freshest(const struct writing *w, X509_EXTENSIONS **list, struct error *e)
{
	const char *url = authority_urls(w->plan->authority)->delta_crl;
	CRL_DIST_POINTS *points = NULL;
	enum status s;

	if (!url || w->plan->crl.base != STORE_NO_CRL)
		return STATUS_OK;
	s = distribution_points_new(url, &points, e);
	if (s == STATUS_OK)
		s = add_extension(list, NID_freshest_crl, false, points, e);
	CRL_DIST_POINTS_free(points);
	return s;
}

/*
 * No issuingDistributionPoint: each CRL is for all certificates and all reasons, which is what its
 * absence says (RFC 5280 5.2.5).
 */
static enum status make_tail(struct writing *w, struct error *e)
{
	const struct store_crl *crl = &w->plan->crl;
	X509_EXTENSIONS *list = NULL;
	struct bytes inside = {0};
	unsigned char room[HEADER_MAX];
	enum status s = add_aki(&list, authority_certificate(w->plan->authority), e);

	if (s == STATUS_OK)
		s = add_number(&list, NID_crl_number, false, crl->number, e);
	if (s == STATUS_OK && crl->base != STORE_NO_CRL)
		s = add_number(&list, NID_delta_crl, true, crl->base, e);
	if (s == STATUS_OK)
		s = add_freshest(w, &list, e);
	if (s == STATUS_OK)
		s = der_encode(list, (i2d_of_void *)i2d_X509_EXTENSIONS, &inside, e);
	if (s == STATUS_OK)
		s = append(&w->tail, header(room, inside.len, 0, V_ASN1_CONTEXT_SPECIFIC), e);
	if (s == STATUS_OK)
		s = append(&w->tail, span_of(&inside), e);
	bytes_free(&inside);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return s;
}

/* --- the entries ------------------------------------------------------------------------------ */

static enum status write_entry(void *context, const struct store_revoked *r, struct error *e)
{
	struct writing *w = context;
	struct span encoded;
	enum status s = crl_encode_entry(w->encoder, r, &encoded, e);

	if (s == STATUS_OK)
		s = file_stream_write(w->entries, encoded, e);
	w->count++;
	return s;
}

static enum status write_entries(struct writing *w, struct error *e)
{
	enum status s = file_stream_begin(w->plan->path, &w->entries, e);

	if (s == STATUS_OK)
		s = crl_encoder_new(&w->encoder, e);
	if (s == STATUS_OK)
		s = store_revoked_each(authority_store(w->plan->authority), &w->plan->filter,
				       write_entry, w, e);
	return s;
}

/* --- putting it together ---------------------------------------------------------------------- */

/* TBSCertList around the entries: sequence header, head, revokedCertificates, tail. */
struct frame {
	unsigned char outer_room[HEADER_MAX], list_room[HEADER_MAX];
	struct span outer, list;
	size_t size;
};

static void frame_around(const struct writing *w, size_t entries, struct frame *f)
{
	size_t inside = w->head.len + w->tail.len + entries;

	/* RFC 5280 5.1.2.6: where there is none, the list must be absent. */
	f->list = entries ? header(f->list_room, entries, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL)
			  : (struct span){f->list_room, 0};
	inside += f->list.len;
	f->outer = header(f->outer_room, inside, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	f->size = f->outer.len + inside;
}

static enum status write_tbs(struct writing *w, struct file_stream *to, struct error *e)
{
	struct span entries;
	struct frame f;
	enum status s = file_stream_map(w->entries, &entries, e);

	frame_around(w, entries.len, &f);
	if (s == STATUS_OK)
		s = file_stream_write(to, f.outer, e);
	if (s == STATUS_OK)
		s = file_stream_write(to, span_of(&w->head), e);
	if (s == STATUS_OK)
		s = file_stream_write(to, f.list, e);
	if (s == STATUS_OK)
		s = file_stream_write(to, entries, e);
	if (s == STATUS_OK)
		s = file_stream_write(to, span_of(&w->tail), e);
	return s;
}

/* AlgorithmIdentifier and BIT STRING, as they follow the TBSCertList. */
static enum status make_end(const struct writing *w, const struct bytes *signature,
			    struct bytes *end, struct error *e)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	enum status s = append_encoded(end, w->algorithm, (i2d_of_void *)i2d_X509_ALGOR, e);

	if (s == STATUS_OK &&
	    (!bits || !ASN1_BIT_STRING_set(bits, signature->data, (int)signature->len)))
		s = error_memory(e);
	if (s == STATUS_OK) {
		/* All bits count, also zeros at the end. */
		bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
		bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
		s = append_encoded(end, bits, (i2d_of_void *)i2d_ASN1_BIT_STRING, e);
	}
	ASN1_BIT_STRING_free(bits);
	return s;
}

static enum status write_whole(struct writing *w, struct span tbs, const struct bytes *signature,
			       struct file_stream *to, struct error *e)
{
	unsigned char room[HEADER_MAX];
	struct bytes end = {0};
	enum status s = make_end(w, signature, &end, e);

	if (s == STATUS_OK)
		s = file_stream_write(
			to, header(room, tbs.len + end.len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL), e);
	if (s == STATUS_OK)
		s = file_stream_write(to, tbs, e);
	if (s == STATUS_OK)
		s = file_stream_write(to, span_of(&end), e);
	bytes_free(&end);
	return s;
}

/* tbs_digest: SHA-256 of what was linted and signed, which is not mapped any more. */
static enum status look_again(const struct writing *w, struct span der,
			      const unsigned char tbs_digest[SHA256_SIZE], struct error *e)
{
	X509 *issuer = authority_certificate(w->plan->authority);
	struct crl_view v;
	struct findings again = {0};
	unsigned char digest[SHA256_SIZE];
	enum status s = crl_view(der, &v, e);

	if (s == STATUS_OK)
		s = sha256(v.to_be_signed, digest, e);
	if (s == STATUS_OK && memcmp(digest, tbs_digest, SHA256_SIZE) != 0)
		s = error_set(e, STATUS_INTERNAL, NULL, "report this as a bug",
			      "the signed CRL is not the one that was checked");
	if (s == STATUS_OK)
		s = crl_verify(&v, X509_get0_pubkey(issuer), e);
	if (s == STATUS_OK)
		s = lint_crl(der, authority_certificate_der(w->plan->authority), &again, e);
	if (s == STATUS_OK && findings_count(&again, SEVERITY_ERROR))
		s = error_set(e, STATUS_INTERNAL, NULL, "report this as a bug",
			      "the signed CRL fails the lint that it passed before");
	findings_free(&again);
	return s;
}

/* What is mapped is linted, and nothing else can be signed. */
static enum status sign_linted(const struct writing *w, struct signer *signer, struct span tbs,
			       struct findings *findings, struct bytes *signature, struct error *e)
{
	const struct authority *a = w->plan->authority;
	struct lint_passed *passed = NULL;
	enum status s = lint_crl_tbs(tbs, w->algorithm, authority_certificate_der(a), findings,
				     &passed, e);

	if (s == STATUS_OK)
		s = ca_sign_apart(passed, signer, X509_get0_pubkey(authority_certificate(a)),
				  signature, e);
	lint_passed_free(passed);
	return s;
}

/* One of the three files is mapped at a time: entries, what is signed, the whole. */
static enum status sign_into(struct writing *w, struct signer *signer, struct file_stream *whole,
			     unsigned char tbs_digest[SHA256_SIZE], struct findings *findings,
			     struct error *e)
{
	struct file_stream *unsigned_part = NULL;
	struct bytes signature = {0};
	struct span tbs;
	enum status s = file_stream_begin(w->plan->path, &unsigned_part, e);

	if (s == STATUS_OK)
		s = write_tbs(w, unsigned_part, e);
	file_stream_free(w->entries);
	w->entries = NULL;
	if (s == STATUS_OK)
		s = file_stream_map(unsigned_part, &tbs, e);
	if (s == STATUS_OK)
		s = sha256(tbs, tbs_digest, e);
	if (s == STATUS_OK)
		s = sign_linted(w, signer, tbs, findings, &signature, e);
	if (s == STATUS_OK)
		s = write_whole(w, tbs, &signature, whole, e);
	bytes_free(&signature);
	file_stream_free(unsigned_part);
	return s;
}

static enum status sign(struct writing *w, struct signer *signer, struct file_stream *whole,
			struct store_crl *crl, struct findings *findings, struct error *e)
{
	unsigned char tbs_digest[SHA256_SIZE];
	struct span der;
	enum status s = sign_into(w, signer, whole, tbs_digest, findings, e);

	if (s == STATUS_OK)
		s = file_stream_map(whole, &der, e);
	if (s == STATUS_OK)
		s = look_again(w, der, tbs_digest, e);
	if (s == STATUS_OK)
		s = sha256(der, crl->sha256, e);
	crl->size = (int64_t)file_stream_size(whole);
	return s;
}

/* ASN1_put_object() and BIO take an int. */
static enum status expect_size(const struct writing *w, struct error *e)
{
	if (file_stream_size(w->entries) < CRL_FILE_MAX / 2)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, NULL, "this CA has outgrown one CRL",
			 "a CRL of %lld entries is too large", (long long)w->count);
}

enum status crl_write(const struct crl_plan *plan, struct signer *signer, struct file_stream **out,
		      struct store_crl *crl, struct findings *findings, struct error *e)
{
	struct writing w = {.plan = plan};
	struct file_stream *whole = NULL;
	enum status s = signature_algorithm_for(signer_public_key(signer), NULL, &w.algorithm, e);

	if (s == STATUS_OK)
		s = make_head(&w, e);
	if (s == STATUS_OK)
		s = make_tail(&w, e);
	if (s == STATUS_OK)
		s = write_entries(&w, e);
	if (s == STATUS_OK)
		s = expect_size(&w, e);
	if (s == STATUS_OK)
		s = file_stream_begin(plan->path, &whole, e);
	if (s == STATUS_OK)
		s = sign(&w, signer, whole, crl, findings, e);
	crl->entries = w.count;
	release(&w);
	if (s == STATUS_OK)
		*out = whole;
	else
		file_stream_free(whole);
	return s;
}
