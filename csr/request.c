#include "csr/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "base/der_canonical.h"
#include "base/spki.h"
#include "csr/input.h"

/* CertificationRequestInfo (RFC 2986 4.1) with its parts left as the bytes that came in. */
typedef struct request_info {
	ASN1_INTEGER *version;
	ASN1_TYPE *subject;
	ASN1_TYPE *spki;
	STACK_OF(X509_ATTRIBUTE) *attributes;
} REQUEST_INFO;

ASN1_SEQUENCE(REQUEST_INFO) =
	{
		ASN1_SIMPLE(REQUEST_INFO, version, ASN1_INTEGER),
		ASN1_SIMPLE(REQUEST_INFO, subject, ASN1_ANY),
		ASN1_SIMPLE(REQUEST_INFO, spki, ASN1_ANY),
		/* OPTIONAL although RFC 2986 has it always: old tools leave an empty one out. */
		ASN1_IMP_SET_OF_OPT(REQUEST_INFO, attributes, X509_ATTRIBUTE, 0),
} static_ASN1_SEQUENCE_END(REQUEST_INFO)

		struct csr_request {
	char *origin;
	struct bytes der;
	DER_SIGNED *envelope;
	REQUEST_INFO *info;
	X509_NAME *name;
	EVP_PKEY *key;
	STACK_OF(X509_EXTENSION) *extensions;
};

static struct span span_of_any(const ASN1_TYPE *value)
{
	const ASN1_STRING *s;

	if (value->type != V_ASN1_SEQUENCE)
		return (struct span){NULL, 0};
	s = value->value.sequence;
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* --- structure -------------------------------------------------------------------------------- */

static enum status read_info(struct csr_request *r, struct error *e)
{
	struct span inner = der_to_be_signed(r->envelope);
	const unsigned char *at = inner.data;

	if (inner.len)
		r->info = (REQUEST_INFO *)ASN1_item_d2i(NULL, &at, (long)inner.len,
							ASN1_ITEM_rptr(REQUEST_INFO));
	if (!r->info || at != inner.data + inner.len || span_of_any(r->info->subject).len == 0 ||
	    span_of_any(r->info->spki).len == 0)
		return csr_input_explain(span_of(&r->der), e);
	return STATUS_OK;
}

static enum status check_version(const struct csr_request *r, struct error *e)
{
	static const char todo[] = "have it made again as version 1, which is written as 0";
	int64_t version = 0;

	if (ASN1_INTEGER_get_int64(&version, r->info->version) != 1) {
		ERR_clear_error();
		return error_set(e, STATUS_INPUT, NULL, todo,
				 "its version is a number too large for any standard, where "
				 "RFC 2986 4.1 has 0 alone");
	}
	if (version == 0)
		return STATUS_OK;
	return error_set(e, STATUS_INPUT, NULL, todo,
			 "its version is %" PRId64 ", where RFC 2986 4.1 has 0 alone", version);
}

/*
 * One value has one encoding, so that what is shown, what is judged and what another parser reads
 * are the same. A critical that says FALSE instead of nothing (X.690 11.5) is let pass: portals
 * may write it, and extensions are never copied byte for byte.
 */
static enum status check_canonical(const struct csr_request *r, struct error *e)
{
	static const char todo[] = "have it made again by a tool that writes DER";
	struct span inner = der_to_be_signed(r->envelope);
	unsigned char *again = NULL;
	size_t offset = 0;
	enum der_fault fault = der_canonical(span_of(&r->der), &offset);
	enum status status = STATUS_OK;
	int len;

	if (fault)
		return error_set(e, STATUS_INPUT, NULL, todo, "is not DER: %s, at offset %zu",
				 der_fault_text(fault), offset);
	/* What der_canonical() cannot know: that the tag [0] stands for a SET OF. */
	len = ASN1_item_i2d((ASN1_VALUE *)r->info, &again, ASN1_ITEM_rptr(REQUEST_INFO));
	if (len < 0)
		status = error_memory(e);
	else if (!span_equal(inner, (struct span){again, (size_t)len}))
		status = error_set(e, STATUS_INPUT, NULL, todo,
				   "is not DER: its attributes are not in ascending order");
	OPENSSL_free(again);
	return status;
}

static enum status read_envelope(struct csr_request *r, struct error *e)
{
	enum status status = der_signed_parse(span_of(&r->der), &r->envelope, e);

	/* Without a detail it did parse, and bytes trail it. */
	if (status == STATUS_INPUT && !strstr(e->what, "after its end"))
		return csr_input_explain(span_of(&r->der), e);
	return status;
}

/* The two parts that everybody asks for, decoded. */
static enum status decode_parts(struct csr_request *r, struct error *e)
{
	struct span name = span_of_any(r->info->subject);
	const unsigned char *at = name.data;

	r->name = d2i_X509_NAME(NULL, &at, (long)name.len);
	if (!r->name || at != name.data + name.len)
		return csr_input_explain(span_of(&r->der), e);
	r->key = spki_key(span_of_any(r->info->spki));
	if (!r->key)
		return error_openssl(e, STATUS_INPUT, NULL,
				     "have it made with an RSA key of 2048 bits or more",
				     "has a public key that cannot be used");
	ERR_clear_error();
	return STATUS_OK;
}

/* --- proof of possession ---------------------------------------------------------------------- */

/* RFC 4055 3.1: parameters that are left out mean SHA-1. */
static int pss_digest(const X509_ALGOR *algorithm)
{
	const void *parameters = NULL;
	const ASN1_OBJECT *hash = NULL;
	int type = V_ASN1_UNDEF, nid = NID_sha1;
	RSA_PSS_PARAMS *pss = NULL;

	X509_ALGOR_get0(NULL, &type, &parameters, algorithm);
	if (type == V_ASN1_SEQUENCE)
		pss = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (pss && pss->hashAlgorithm) {
		X509_ALGOR_get0(&hash, NULL, NULL, pss->hashAlgorithm);
		nid = OBJ_obj2nid(hash);
	}
	RSA_PSS_PARAMS_free(pss);
	return nid;
}

static bool digest_strong(int digest)
{
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512 ||
	       digest == NID_sha3_256 || digest == NID_sha3_384 || digest == NID_sha3_512;
}

static enum status check_algorithm(const struct csr_request *r, struct error *e)
{
	const X509_ALGOR *algorithm = r->envelope->algorithm;
	int nid = OBJ_obj2nid(algorithm->algorithm), digest = NID_undef, key = NID_undef;

	if (nid == NID_rsassaPss)
		digest = pss_digest(algorithm);
	else if (OBJ_find_sigid_algs(nid, &digest, &key) != 1)
		return error_openssl(e, STATUS_REFUSED, NULL, "have it signed with SHA-256",
				     "is signed under an algorithm that is not known");
	if (nid == NID_ED25519 || nid == NID_ED448 || digest_strong(digest))
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, NULL, "have it signed with SHA-256",
			 "is signed under the broken or unsuitable digest %s", OBJ_nid2sn(digest));
}

static enum status check_signature(const struct csr_request *r, struct error *e)
{
	if (ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), r->envelope->algorithm,
			     r->envelope->signature, r->envelope->to_be_signed, r->key) == 1)
		return STATUS_OK;
	return error_openssl(e, STATUS_REFUSED, NULL, "have it made anew where the private key is",
			     "its signature does not verify with its own key, so that it was "
			     "changed or its maker does not hold the key");
}

/* --- requested extensions --------------------------------------------------------------------- */

static enum status refuse_extensions(struct error *e, const char *why)
{
	ERR_clear_error();
	return error_set(e, STATUS_INPUT, NULL, "have the request made again",
			 "its requested extensions cannot be read: %s", why);
}

static enum status check_extension_value(X509_EXTENSION *extension, struct error *e)
{
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(extension);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
	struct span whole = {ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
	const unsigned char *at = whole.data;
	ASN1_VALUE *decoded;
	size_t offset;

	/* What OpenSSL does not know no rule copies either. */
	if (!method || !method->it)
		return STATUS_OK;
	decoded = ASN1_item_d2i(NULL, &at, (long)whole.len, ASN1_ITEM_ptr(method->it));
	ASN1_item_free(decoded, ASN1_ITEM_ptr(method->it));
	if (decoded && der_canonical(whole, &offset) == DER_CANONICAL)
		return STATUS_OK;
	ERR_clear_error();
	return error_set(e, STATUS_INPUT, NULL, "have the request made again",
			 "its requested extension %s is malformed", OBJ_nid2ln(method->ext_nid));
}

static enum status check_extensions(const STACK_OF(X509_EXTENSION) *list, struct error *e)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
		X509_EXTENSION *extension = sk_X509_EXTENSION_value(list, i);
		const ASN1_OBJECT *type = X509_EXTENSION_get_object(extension);

		if (X509v3_get_ext_by_OBJ(list, type, i) >= 0)
			return refuse_extensions(e, "one of them is there twice (RFC 5280 4.2)");
		if (check_extension_value(extension, e) != STATUS_OK)
			return e->status;
	}
	return STATUS_OK;
}

static enum status read_extensions(struct csr_request *r, X509_ATTRIBUTE *attribute,
				   struct error *e)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	struct span der;
	const unsigned char *at;

	if (r->extensions)
		return refuse_extensions(e, "two attributes ask for extensions");
	if (X509_ATTRIBUTE_count(attribute) != 1 || !value)
		return refuse_extensions(e, "the attribute has not exactly one value");
	der = span_of_any(value);
	at = der.data;
	if (der.len)
		r->extensions = d2i_X509_EXTENSIONS(NULL, &at, (long)der.len);
	if (!r->extensions || at != der.data + der.len)
		return refuse_extensions(e, "the attribute is malformed");
	return check_extensions(r->extensions, e);
}

static enum status read_attributes(struct csr_request *r, struct error *e)
{
	for (int i = 0; i < sk_X509_ATTRIBUTE_num(r->info->attributes); i++) {
		X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(r->info->attributes, i);
		int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));

		/* Microsoft had its own before PKCS#9 2.0; its tools still write it. */
		if (nid != NID_ext_req && nid != NID_ms_ext_req)
			continue;
		if (read_extensions(r, attribute, e) != STATUS_OK)
			return e->status;
	}
	return STATUS_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum status read_all(struct csr_request *r, struct span input, struct error *e)
{
	enum status status = csr_input_der(input, &r->der, e);

	if (status == STATUS_OK)
		status = read_envelope(r, e);
	if (status == STATUS_OK)
		status = read_info(r, e);
	if (status == STATUS_OK)
		status = check_version(r, e);
	if (status == STATUS_OK)
		status = check_canonical(r, e);
	if (status == STATUS_OK)
		status = decode_parts(r, e);
	if (status == STATUS_OK)
		status = check_algorithm(r, e);
	if (status == STATUS_OK)
		status = read_attributes(r, e);
	if (status == STATUS_OK)
		status = check_signature(r, e);
	return status;
}

enum status csr_request_read(struct span input, const char *origin, struct csr_request **out,
			     struct error *e)
{
	struct csr_request *r = calloc(1, sizeof *r);
	enum status status = STATUS_OK;

	if (!r)
		return error_memory(e);
	r->origin = strdup(origin);
	if (!r->origin)
		status = error_memory(e);
	if (status == STATUS_OK)
		status = read_all(r, input, e);
	if (status != STATUS_OK) {
		error_at(e, origin);
		csr_request_free(r);
		return status;
	}
	*out = r;
	return STATUS_OK;
}

/* --- a root's certificate --------------------------------------------------------------------- */

static ASN1_TYPE *any_of(struct span der)
{
	const unsigned char *at = der.data;

	return d2i_ASN1_TYPE(NULL, &at, (long)der.len);
}

static enum status take_parts(struct csr_request *r, X509 *root, struct error *e)
{
	struct span name = {0};
	struct bytes spki = {0};
	enum status s = der_encode(X509_get_X509_PUBKEY(root), (i2d_of_void *)i2d_X509_PUBKEY,
				   &spki, e);

	r->info = (REQUEST_INFO *)ASN1_item_new(ASN1_ITEM_rptr(REQUEST_INFO));
	if (s == STATUS_OK && (!r->info || X509_NAME_get0_der(X509_get_subject_name(root),
							      &name.data, &name.len) != 1))
		s = error_memory(e);
	if (s == STATUS_OK) {
		ASN1_TYPE_free(r->info->subject);
		ASN1_TYPE_free(r->info->spki);
		r->info->subject = any_of(name);
		r->info->spki = any_of(span_of(&spki));
		s = r->info->subject && r->info->spki ? decode_parts(r, e) : error_memory(e);
	}
	bytes_free(&spki);
	return s;
}

static enum status read_root(struct csr_request *r, struct span certificate, struct error *e)
{
	const unsigned char *at = certificate.data;
	X509 *root = d2i_X509(NULL, &at, (long)certificate.len);
	enum status s = bytes_copy(&r->der, certificate, e);

	if (s == STATUS_OK && (!root || at != certificate.data + certificate.len))
		s = error_openssl(e, STATUS_INPUT, NULL, NULL, "is no certificate");
	if (s == STATUS_OK &&
	    (X509_NAME_cmp(X509_get_subject_name(root), X509_get_issuer_name(root)) != 0 ||
	     X509_verify(root, X509_get0_pubkey(root)) != 1)) {
		ERR_clear_error();
		s = error_set(e, STATUS_REFUSED, NULL,
			      "have its holder make a request, and sign that",
			      "is not signed by its own key: nothing proves who holds it");
	}
	if (s == STATUS_OK)
		s = take_parts(r, root, e);
	X509_free(root);
	return s;
}

enum status csr_request_from_root(struct span certificate, const char *origin,
				  struct csr_request **out, struct error *e)
{
	struct csr_request *r = calloc(1, sizeof *r);
	enum status s = STATUS_OK;

	if (!r)
		return error_memory(e);
	r->origin = strdup(origin);
	if (!r->origin)
		s = error_memory(e);
	if (s == STATUS_OK)
		s = read_root(r, certificate, e);
	if (s != STATUS_OK) {
		error_at(e, origin);
		csr_request_free(r);
		return s;
	}
	*out = r;
	return STATUS_OK;
}

void csr_request_free(struct csr_request *r)
{
	if (!r)
		return;
	free(r->origin);
	bytes_free(&r->der);
	DER_SIGNED_free(r->envelope);
	ASN1_item_free((ASN1_VALUE *)r->info, ASN1_ITEM_rptr(REQUEST_INFO));
	X509_NAME_free(r->name);
	EVP_PKEY_free(r->key);
	sk_X509_EXTENSION_pop_free(r->extensions, X509_EXTENSION_free);
	free(r);
}

const char *csr_request_origin(const struct csr_request *r)
{
	return r->origin;
}

struct span csr_request_der(const struct csr_request *r)
{
	return span_of(&r->der);
}

struct span csr_request_subject(const struct csr_request *r)
{
	return span_of_any(r->info->subject);
}

struct span csr_request_spki(const struct csr_request *r)
{
	return span_of_any(r->info->spki);
}

const X509_NAME *csr_request_name(const struct csr_request *r)
{
	return r->name;
}

EVP_PKEY *csr_request_key(const struct csr_request *r)
{
	return r->key;
}

const STACK_OF(X509_EXTENSION) *csr_request_extensions(const struct csr_request *r)
{
	return sk_X509_EXTENSION_num(r->extensions) > 0 ? r->extensions : NULL;
}
