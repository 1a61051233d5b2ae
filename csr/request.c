#include "csr/request_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/memory.h"
#include "base/spki.h"
#include "csr/input.h"

ASN1_SEQUENCE(REQUEST_INFO) =
	{
		ASN1_SIMPLE(REQUEST_INFO, version, ASN1_INTEGER),
		ASN1_SIMPLE(REQUEST_INFO, subject, ASN1_ANY),
		ASN1_SIMPLE(REQUEST_INFO, spki, ASN1_ANY),
		/* OPTIONAL although RFC 2986 has it always: old tools leave an empty one out. */
		ASN1_IMP_SET_OF_OPT(REQUEST_INFO, attributes, X509_ATTRIBUTE, 0),
} static_ASN1_SEQUENCE_END(REQUEST_INFO)

	/* --- structure -------------------------------------------------------------------------------- */

	/* What it is instead, or that it is nothing known. */
	static enum status refuse_malformed(struct request_reading * x)
{
	size_t before = x->findings->count, rules;
	struct error other = {0};

	if (csr_input_explain(span_of(&x->r->der), &other)) {
		request_say(x, REQUEST_MALFORMED, "", "%s", other.what);
		if (x->status != STATUS_OK)
			return x->status;
		other.rule = &csr_request_rules(&rules)[REQUEST_MALFORMED];
		*x->error = other;
		return error_status(x->error);
	}
	request_check_der(x);
	if (x->findings->count == before)
		request_say(x, REQUEST_MALFORMED, "", "is not a well-formed PKCS#10 request");
	return x->status;
}

/* *whole: there is something to judge; else what is wrong was said. */
static enum status read_parts(struct request_reading *x, bool *whole)
{
	struct csr_request *r = x->r;
	struct span inner = {NULL, 0};
	const unsigned char *at;
	struct error unread;

	if (der_signed_parse(span_of(&r->der), &r->envelope, &unread) == STATUS_OK)
		inner = der_to_be_signed(r->envelope);
	at = inner.data;
	if (inner.len)
		r->info = (REQUEST_INFO *)ASN1_item_d2i(NULL, &at, (long)inner.len,
							ASN1_ITEM_rptr(REQUEST_INFO));
	*whole = r->info && at == inner.data + inner.len &&
		 request_sequence(r->info->subject).len && request_sequence(r->info->spki).len;
	return *whole ? STATUS_OK : refuse_malformed(x);
}

/* The two parts that everybody asks for, decoded. */
static bool decode_name(struct csr_request *r)
{
	struct span name = request_sequence(r->info->subject);
	const unsigned char *at = name.data;

	r->name = d2i_X509_NAME(NULL, &at, (long)name.len);
	return r->name && at == name.data + name.len;
}

static void decode_key(struct request_reading *x)
{
	x->r->key = spki_key(request_sequence(x->r->info->spki));
	if (!x->r->key)
		request_say(x, REQUEST_KEY_UNREADABLE, "public key",
			    "has a public key that cannot be used");
	ERR_clear_error();
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum status judge(struct request_reading *x)
{
	bool whole = false, known;
	enum status s = read_parts(x, &whole);

	if (s != STATUS_OK || !whole)
		return s;
	request_check_version(x);
	request_check_der(x);
	if (!decode_name(x->r))
		return refuse_malformed(x);
	decode_key(x);
	known = request_check_algorithm(x);
	request_read_extensions(x);
	if (known && x->r->key)
		request_check_signature(x);
	return x->status;
}

/* Its form is a matter of input; what it proves is one of rules. */
static enum status refuse(const struct findings *f, size_t from, struct error *e)
{
	enum status s = findings_refuse(f, from, STATUS_INPUT, "", e);

	if (s == STATUS_INPUT && strncmp(e->rule->id, "csr_signature", 13) == 0)
		e->status = s = STATUS_REFUSED;
	return s;
}

static enum status read_all(struct csr_request *r, struct span input, struct findings *findings,
			    struct error *e)
{
	struct request_reading x = {r, findings, e, STATUS_OK};
	size_t before = findings->count;
	enum status status = csr_input_der(input, &r->der, e);

	if (status == STATUS_OK)
		status = judge(&x);
	/* For want of memory much looks malformed. */
	if (memory_ran_out())
		return error_memory(e);
	return status == STATUS_OK ? refuse(findings, before, e) : status;
}

static enum status begin(const char *origin, struct csr_request **out, struct error *e)
{
	struct csr_request *r = calloc(1, sizeof *r);

	if (!r)
		return error_memory(e);
	r->origin = strdup(origin);
	if (!r->origin) {
		free(r);
		return error_memory(e);
	}
	*out = r;
	return STATUS_OK;
}

/* s: how reading r went. */
static enum status finish(struct csr_request *r, enum status s, struct csr_request **out,
			  struct error *e)
{
	if (s != STATUS_OK) {
		error_at(e, r->origin);
		csr_request_free(r);
		return s;
	}
	*out = r;
	return STATUS_OK;
}

enum status csr_request_judge(struct span input, const char *origin, struct csr_request **out,
			      struct findings *findings, struct error *e)
{
	struct csr_request *r = NULL;

	if (begin(origin, &r, e) != STATUS_OK)
		return error_status(e);
	return finish(r, read_all(r, input, findings, e), out, e);
}

enum status csr_request_read(struct span input, const char *origin, struct csr_request **out,
			     struct error *e)
{
	struct findings own = {0};
	enum status s = csr_request_judge(input, origin, out, &own, e);

	findings_free(&own);
	return s;
}

/* --- a root's certificate --------------------------------------------------------------------- */

static ASN1_TYPE *any_of(struct span der)
{
	const unsigned char *at = der.data;

	return d2i_ASN1_TYPE(NULL, &at, (long)der.len);
}

static enum status decode_parts(struct csr_request *r, struct error *e)
{
	r->key = spki_key(request_sequence(r->info->spki));
	if (decode_name(r) && r->key)
		return STATUS_OK;
	return error_openssl(e, STATUS_INPUT, NULL,
			     "have it made with an RSA key of 2048 bits or more",
			     "has a public key that cannot be used");
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
	struct csr_request *r = NULL;

	if (begin(origin, &r, e) != STATUS_OK)
		return error_status(e);
	return finish(r, read_root(r, certificate, e), out, e);
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
	return request_sequence(r->info->subject);
}

struct span csr_request_spki(const struct csr_request *r)
{
	return request_sequence(r->info->spki);
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
