#include "ca/crl_read.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/plan.h"

ASN1_SEQUENCE(CRL_ENTRY) = {
	ASN1_SIMPLE(CRL_ENTRY, serial, ASN1_INTEGER),
	ASN1_SIMPLE(CRL_ENTRY, date, ASN1_TIME),
	ASN1_SEQUENCE_OF_OPT(CRL_ENTRY, extensions, X509_EXTENSION),
} ASN1_SEQUENCE_END(CRL_ENTRY)

IMPLEMENT_ASN1_FUNCTIONS(CRL_ENTRY)

static enum status malformed(struct error *e)
{
	ERR_clear_error();
	return error_set(e, STATUS_INPUT, NULL, "check that it is a CRL, in PEM or DER",
			 "is not a version 2 CRL");
}

static bool take(struct span *rest, int *tag, int *class, struct span *whole, struct span *content)
{
	struct der_piece piece;

	if (!der_next(rest, &piece))
		return false;
	*tag = piece.tag;
	*class = piece.class;
	*whole = piece.whole;
	*content = piece.content;
	return true;
}

static bool expect(struct span *rest, int tag, struct span *whole, struct span *content)
{
	int found, class;

	return take(rest, &found, &class, whole, content) && class == V_ASN1_UNIVERSAL &&
	       found == tag;
}

/* A time, where one comes next. False where what comes is a malformed one. */
static bool take_time(struct span *rest, int64_t *t)
{
	struct span before = *rest, whole, content;
	int tag, class;
	const unsigned char *at;
	ASN1_TIME *time;
	struct error ignored;
	bool good;

	*t = 0;
	if (!take(rest, &tag, &class, &whole, &content))
		return rest->len == 0;
	if (class != V_ASN1_UNIVERSAL || (tag != V_ASN1_UTCTIME && tag != V_ASN1_GENERALIZEDTIME)) {
		*rest = before;
		return true;
	}
	at = whole.data;
	time = d2i_ASN1_TIME(NULL, &at, (long)whole.len);
	good = time && asn1_time_seconds(time, t, &ignored) == STATUS_OK;
	ASN1_TIME_free(time);
	ERR_clear_error();
	return good;
}

static bool read_number(const STACK_OF(X509_EXTENSION) *list, int nid, int64_t *out)
{
	int critical = 0;
	ASN1_INTEGER *value = X509V3_get_d2i(list, nid, &critical, NULL);
	bool good = true;

	*out = STORE_NO_CRL;
	if (value)
		good = ASN1_INTEGER_get_int64(out, value) == 1 && *out >= 0;
	else
		good = critical == -1;
	ASN1_INTEGER_free(value);
	ERR_clear_error();
	return good;
}

static bool read_extensions(struct span content, struct crl_view *v)
{
	const unsigned char *at = content.data;
	STACK_OF(X509_EXTENSION) *list = d2i_X509_EXTENSIONS(NULL, &at, (long)content.len);
	bool good = list && at == content.data + content.len &&
		    read_number(list, NID_crl_number, &v->number) &&
		    read_number(list, NID_delta_crl, &v->base);

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return good;
}

static bool read_inside(struct span rest, struct crl_view *v)
{
	struct span whole, content, next;
	int tag, class;

	if (!expect(&rest, V_ASN1_INTEGER, &whole, &content) || content.len != 1 ||
	    content.data[0] != 1 || !expect(&rest, V_ASN1_SEQUENCE, &whole, &content) ||
	    !expect(&rest, V_ASN1_SEQUENCE, &v->issuer, &content) ||
	    !take_time(&rest, &v->this_update) || v->this_update == 0 ||
	    !take_time(&rest, &v->next_update))
		return false;
	next = rest;
	if (expect(&next, V_ASN1_SEQUENCE, &whole, &content)) {
		v->entries = content;
		rest = next;
	}
	return take(&rest, &tag, &class, &whole, &content) && class == V_ASN1_CONTEXT_SPECIFIC &&
	       tag == 0 && rest.len == 0 && read_extensions(content, v);
}

enum status crl_view(struct span der, struct crl_view *out, struct error *e)
{
	struct span rest = der, whole, content;
	struct crl_view v = {.der = der};

	if (!expect(&rest, V_ASN1_SEQUENCE, &whole, &content) || rest.len)
		return malformed(e);
	rest = content;
	if (!expect(&rest, V_ASN1_SEQUENCE, &v.to_be_signed, &content))
		return malformed(e);
	if (!expect(&rest, V_ASN1_SEQUENCE, &v.algorithm, &whole) ||
	    !expect(&rest, V_ASN1_BIT_STRING, &v.signature, &whole) || rest.len ||
	    !read_inside(content, &v))
		return malformed(e);
	*out = v;
	return STATUS_OK;
}

enum status crl_verify(const struct crl_view *v, EVP_PKEY *key, struct error *e)
{
	const unsigned char *at = v->algorithm.data;
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)v->algorithm.len);
	ASN1_BIT_STRING *signature = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int digest = NID_undef;
	bool good;

	at = v->signature.data;
	signature = d2i_ASN1_BIT_STRING(NULL, &at, (long)v->signature.len);
	good = algorithm && signature && context &&
	       OBJ_find_sigid_algs(OBJ_obj2nid(algorithm->algorithm), &digest, NULL) == 1 &&
	       EVP_DigestVerifyInit(context, NULL,
				    digest == NID_undef ? NULL : EVP_get_digestbynid(digest), NULL,
				    key) == 1 &&
	       EVP_DigestVerify(context, ASN1_STRING_get0_data(signature),
				(size_t)ASN1_STRING_length(signature), v->to_be_signed.data,
				v->to_be_signed.len) == 1;
	EVP_MD_CTX_free(context);
	ASN1_BIT_STRING_free(signature);
	X509_ALGOR_free(algorithm);
	ERR_clear_error();
	if (good)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, NULL, "ask for it where it was made",
			 "is not a CRL that this CA's key signed");
}

/* --- entries ---------------------------------------------------------------------------------- */

static bool read_reason(const STACK_OF(X509_EXTENSION) *list, struct store_revocation *r)
{
	int critical = 0;
	ASN1_ENUMERATED *reason = X509V3_get_d2i(list, NID_crl_reason, &critical, NULL);
	bool good = reason || critical == -1;

	r->reason = reason ? (int)ASN1_ENUMERATED_get(reason) : REASON_NONE;
	/* unspecified says as much as nothing. */
	if (r->reason == 0)
		r->reason = REASON_NONE;
	ASN1_ENUMERATED_free(reason);
	return good;
}

static bool read_invalidity(const STACK_OF(X509_EXTENSION) *list, struct store_revocation *r)
{
	int critical = 0;
	struct error ignored;
	ASN1_GENERALIZEDTIME *date = X509V3_get_d2i(list, NID_invalidity_date, &critical, NULL);
	bool good = date ? asn1_time_seconds(date, &r->invalidity_at, &ignored) == STATUS_OK
			 : critical == -1;

	ASN1_GENERALIZEDTIME_free(date);
	return good;
}

static bool read_entry(const CRL_ENTRY *entry, struct store_revoked *r)
{
	struct error ignored;

	*r = (struct store_revoked){
		.serial = {ASN1_STRING_get0_data(entry->serial),
			   (size_t)ASN1_STRING_length(entry->serial)},
		.revocation.reason = REASON_NONE,
	};
	/* The octets alone would make it the serial number of another certificate. */
	if (entry->serial->type == V_ASN1_NEG_INTEGER)
		return false;
	return asn1_time_seconds(entry->date, &r->revocation.at, &ignored) == STATUS_OK &&
	       (!entry->extensions || (read_reason(entry->extensions, &r->revocation) &&
				       read_invalidity(entry->extensions, &r->revocation)));
}

enum status crl_each_entry(const struct crl_view *v, crl_entry_visit *visit, void *context,
			   struct error *e)
{
	const unsigned char *at = v->entries.data, *end = at + v->entries.len;
	enum status s = STATUS_OK;

	for (size_t number = 1; at < end && s == STATUS_OK; number++) {
		CRL_ENTRY *entry = d2i_CRL_ENTRY(NULL, &at, end - at);
		struct store_revoked r;

		if (entry && read_entry(entry, &r))
			s = visit(context, &r, e);
		else
			s = error_openssl(e, STATUS_INPUT, NULL, "issue it again",
					  "entry %zu cannot be read", number);
		CRL_ENTRY_free(entry);
	}
	ERR_clear_error();
	return s;
}

/* --- files ------------------------------------------------------------------------------------ */

static enum status from_pem(struct span text, struct bytes *der, struct error *e)
{
	BIO *memory = BIO_new_mem_buf(text.data, (int)text.len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	enum status s;

	if (memory && PEM_read_bio(memory, &name, &header, &data, &len) == 1 &&
	    strcmp(name, PEM_STRING_X509_CRL) == 0)
		s = bytes_copy(der, (struct span){data, (size_t)len}, e);
	else
		s = malformed(e);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(memory);
	return s;
}

enum status crl_open(const char *path, struct file_map *map, struct bytes *owned,
		     struct crl_view *out, struct error *e)
{
	enum status s = file_map_open(path, CRL_FILE_MAX, map, e);

	if (s == STATUS_OK && map->content.len && map->content.data[0] != 0x30) {
		s = from_pem(map->content, owned, e);
		file_map_close(map);
		if (s == STATUS_OK)
			s = crl_view(span_of(owned), out, e);
	} else if (s == STATUS_OK) {
		s = crl_view(map->content, out, e);
	}
	if (s != STATUS_OK) {
		error_at(e, path);
		bytes_free(owned);
		file_map_close(map);
	}
	return s;
}
