#include "ca/inspect.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include "csr/input.h"
#include "csr/request.h"

#define NAME_IT "name a request, certificate, bundle, p7b or CRL"

static void release(struct inspect_object *o)
{
	bytes_free(&o->der);
	X509_REQ_free(o->request);
	X509_free(o->certificate);
	X509_CRL_free(o->crl);
	findings_free(&o->findings);
}

static void cut(struct inspection *in, size_t count)
{
	while (in->count > count)
		release(&in->items[--in->count]);
}

void inspection_free(struct inspection *in)
{
	cut(in, 0);
	free(in->items);
	in->items = NULL;
}

const char *inspect_kind_name(enum inspect_kind kind)
{
	static const char *const names[] = {"request", "certificate", "CRL"};

	return names[kind];
}

bool inspect_time(const ASN1_TIME *t, int64_t *out)
{
	struct tm fields;

	if (!t || ASN1_TIME_to_tm(t, &fields) != 1)
		return false;
	*out = timegm(&fields);
	return true;
}

/* Takes over what o points to, on failure too. */
static enum status add(struct inspection *in, struct inspect_object *o, struct span der,
		       struct error *e)
{
	struct inspect_object *items;

	if (in->count == INSPECT_OBJECTS_MAX) {
		release(o);
		return error_set(e, STATUS_INPUT, NULL, "split it, or inspect fewer files at once",
				 "more than %d objects", INSPECT_OBJECTS_MAX);
	}
	items = reallocarray(in->items, in->count + 1, sizeof *items);
	if (items)
		in->items = items;
	if (!items || bytes_copy(&o->der, der, e) != STATUS_OK) {
		release(o);
		return error_memory(e);
	}
	o->signer = INSPECT_NONE;
	in->items[in->count++] = *o;
	return STATUS_OK;
}

static enum status add_certificate(struct inspection *in, struct inspect_object like, X509 *x,
				   struct error *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);
	enum status s;

	like.kind = INSPECT_CERTIFICATE;
	like.certificate = x;
	if (len < 0 || X509_up_ref(x) != 1)
		return error_memory(e);
	s = add(in, &like, (struct span){der, (size_t)len}, e);
	OPENSSL_free(der);
	return s;
}

static enum status add_crl(struct inspection *in, struct inspect_object like, X509_CRL *crl,
			   struct error *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	enum status s;

	like.kind = INSPECT_CRL;
	like.crl = crl;
	if (len < 0 || X509_CRL_up_ref(crl) != 1)
		return error_memory(e);
	s = add(in, &like, (struct span){der, (size_t)len}, e);
	OPENSSL_free(der);
	return s;
}

static enum status add_p7b(struct inspection *in, PKCS7 *p7, size_t file, struct error *e)
{
	const struct inspect_object like = {.file = file, .in_p7b = true};
	const PKCS7_SIGNED *signed_data = PKCS7_type_is_signed(p7) ? p7->d.sign : NULL;
	size_t before = in->count;
	enum status s = STATUS_OK;

	for (int i = 0; s == STATUS_OK && signed_data && i < sk_X509_num(signed_data->cert); i++)
		s = add_certificate(in, like, sk_X509_value(signed_data->cert, i), e);
	for (int i = 0; s == STATUS_OK && signed_data && i < sk_X509_CRL_num(signed_data->crl); i++)
		s = add_crl(in, like, sk_X509_CRL_value(signed_data->crl, i), e);
	if (s == STATUS_OK && in->count == before)
		s = error_set(e, STATUS_INPUT, NULL, NAME_IT,
			      "is a PKCS#7 file without certificates or CRLs");
	return s;
}

static enum status refuse_der(struct span der, struct error *e)
{
	const unsigned char *at = der.data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)der.len);
	EVP_PKEY *key;

	at = der.data;
	key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	PKCS12_free(p12);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (p12)
		return error_set(e, STATUS_INPUT, NULL, "export the certificates without the key",
				 "is a PKCS#12 file, locked with its password");
	if (key)
		return error_set(e, STATUS_INPUT, NULL, NAME_IT,
				 "is a private key, which is not read");
	return error_set(e, STATUS_INPUT, NULL, "check how it was copied",
			 "is damaged, or no request, certificate, CRL or p7b");
}

static enum status add_der(struct inspection *in, struct span der, size_t file, struct error *e)
{
	const unsigned char *end = der.data + der.len, *at = der.data;
	struct inspect_object o = {.file = file};
	PKCS7 *p7 = NULL;
	enum status s;

	o.certificate = d2i_X509(NULL, &at, (long)der.len);
	o.kind = INSPECT_CERTIFICATE;
	if (!o.certificate) {
		at = der.data;
		o.request = d2i_X509_REQ(NULL, &at, (long)der.len);
		o.kind = INSPECT_REQUEST;
	}
	if (!o.certificate && !o.request) {
		at = der.data;
		o.crl = d2i_X509_CRL(NULL, &at, (long)der.len);
		o.kind = INSPECT_CRL;
	}
	if (!o.certificate && !o.request && !o.crl) {
		at = der.data;
		p7 = d2i_PKCS7(NULL, &at, (long)der.len);
		if (!p7)
			return refuse_der(der, e);
	}
	ERR_clear_error();
	if (at != end) {
		release(&o);
		PKCS7_free(p7);
		return error_set(e, STATUS_INPUT, NULL, "check how it was copied",
				 "has bytes after its end (%zu)", (size_t)(end - at));
	}
	s = p7 ? add_p7b(in, p7, file, e) : add(in, &o, der, e);
	PKCS7_free(p7);
	return s;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* Blocks of other names (EC PARAMETERS, …) say nothing to inspect. */
static bool is_ours(const char *name)
{
	static const char *const names[] = {PEM_STRING_X509,	    PEM_STRING_X509_OLD,
					    PEM_STRING_X509_REQ,    PEM_STRING_X509_REQ_OLD,
					    PEM_STRING_X509_CRL,    PEM_STRING_PKCS7,
					    PEM_STRING_PKCS7_SIGNED};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static enum status read_blocks(struct inspection *in, BIO *from, size_t file, bool *key,
			       struct error *e)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	enum status s = STATUS_OK;
	long len = 0;

	ERR_clear_error();
	while (s == STATUS_OK && PEM_read_bio(from, &name, &header, &data, &len) == 1) {
		if (ends_with(name, "PRIVATE KEY"))
			*key = true;
		else if (is_ours(name))
			s = add_der(in, (struct span){data, (size_t)len}, file, e);
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* It may be a private key. */
		OPENSSL_clear_free(data, (size_t)len);
	}
	if (s == STATUS_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		s = error_openssl(e, STATUS_INPUT, NULL, "check how it was copied",
				  "has a damaged PEM block");
	ERR_clear_error();
	return s;
}

static enum status read_pem(struct inspection *in, struct span input, size_t file, struct error *e)
{
	BIO *from = BIO_new_mem_buf(input.data, (int)input.len);
	size_t rules, before = in->count;
	bool key = false;
	enum status s;

	if (!from)
		return error_memory(e);
	s = read_blocks(in, from, file, &key, e);
	BIO_free(from);
	if (s != STATUS_OK)
		return s;
	if (key && in->count == before)
		return error_set(e, STATUS_INPUT, NULL, NAME_IT,
				 "holds a private key, which is not read");
	if (in->count == before)
		return error_set(e, STATUS_INPUT, NULL, NAME_IT,
				 "holds no request, certificate, CRL or p7b");
	if (key)
		s = findings_add(&in->items[before].findings,
				 &inspect_rules(&rules)[INSPECT_PRIVATE_KEY], "", e,
				 "a private key stands in the same file");
	return s;
}

/* What is neither PEM nor DER: csr/input.h knows how people spoil a file. */
static enum status read_other(struct inspection *in, struct span input, size_t file,
			      struct error *e)
{
	struct bytes der = {0};
	enum status s = csr_input_der(input, &der, e);

	if (s == STATUS_OK)
		s = add_der(in, span_of(&der), file, e);
	bytes_free(&der);
	return s;
}

enum status inspect_read(struct inspection *in, struct span input, size_t file, struct error *e)
{
	size_t before = in->count;
	enum status s;

	if (input.len > INSPECT_INPUT_MAX)
		return error_set(e, STATUS_INPUT, NULL, "check that it is the right file",
				 "has more than %d bytes", INSPECT_INPUT_MAX);
	if (input.len >= 2 && input.data[0] == 0x30 && input.data[1] >= 0x80)
		s = add_der(in, input, file, e);
	else if (input.len && memmem(input.data, input.len, "-----BEGIN ", 11))
		s = read_pem(in, input, file, e);
	else
		s = read_other(in, input, file, e);
	if (s != STATUS_OK)
		cut(in, before);
	return s;
}
