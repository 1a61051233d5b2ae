#include "csr/input.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "csr/request.h"
#include "csr/text.h"

#define FETCH "download the request from the portal again"
#define NOT_THE_KEY \
	"name the request; a private key never leaves its machine, so delete copies of it"

/* How a wrong file is called, and what to do about it. The last word of a name decides. */
struct kind {
	const char *name;
	const char *what;
	const char *todo;
};

static const struct kind pem_kinds[] = {
	{"OPENSSH PRIVATE KEY", "holds an SSH private key, not a request", NOT_THE_KEY},
	{"PRIVATE KEY", "holds a private key, not a request", NOT_THE_KEY},
	{"CERTIFICATE", "holds a certificate, not a request", "name the request"},
	{"PUBLIC KEY", "holds a bare public key, not a request", FETCH},
	{"PKCS7", "holds a p7b (PKCS#7), not a request", FETCH},
	{"PKCS #7 SIGNED DATA", "holds a p7b (PKCS#7), not a request", FETCH},
	{"SSH2 PUBLIC KEY", "holds an SSH public key, not a request", FETCH},
	{"CMS", "holds a CMS message, not a request", FETCH},
	{"X509 CRL", "holds a CRL, not a request", "name the request"},
};

static enum status refuse_kind(const struct kind *kind, struct error *e)
{
	ERR_clear_error();
	return error_set(e, STATUS_INPUT, NULL, kind->todo, "%s", kind->what);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

static bool names_request(const char *name)
{
	return strcmp(name, PEM_STRING_X509_REQ) == 0 || strcmp(name, PEM_STRING_X509_REQ_OLD) == 0;
}

static enum status refuse_block(const char *name, struct error *e)
{
	for (size_t i = 0; i < sizeof pem_kinds / sizeof pem_kinds[0]; i++)
		if (ends_with(name, pem_kinds[i].name))
			return refuse_kind(&pem_kinds[i], e);
	return error_set(e, STATUS_INPUT, NULL, FETCH,
			 "holds a PEM block that is not a CERTIFICATE REQUEST");
}

/* The requests of an input, in its order. */
struct found {
	struct bytes *items;
	size_t count;
};

static void found_free(struct found *f)
{
	while (f->count)
		bytes_free(&f->items[--f->count]);
	free(f->items);
	f->items = NULL;
}

static enum status found_add(struct found *f, struct span der, struct error *e)
{
	struct bytes *items = reallocarray(f->items, f->count + 1, sizeof *items);

	if (!items)
		return error_memory(e);
	f->items = items;
	items[f->count] = (struct bytes){0};
	if (bytes_copy(&items[f->count], der, e) != STATUS_OK)
		return error_status(e);
	f->count++;
	return STATUS_OK;
}

static enum status read_blocks(BIO *from, struct found *out, struct error *e)
{
	enum status status = STATUS_OK;
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;

	ERR_clear_error();
	while (status == STATUS_OK && PEM_read_bio(from, &name, &header, &data, &len) == 1) {
		status = names_request(name) ? found_add(out, (struct span){data, (size_t)len}, e)
					     : refuse_block(name, e);
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* It may be a private key that was handed in by mistake. */
		OPENSSL_clear_free(data, (size_t)len);
	}
	if (status == STATUS_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		status = error_openssl(e, STATUS_INPUT, NULL, FETCH, "has a damaged PEM block");
	ERR_clear_error();
	return status;
}

static enum status read_pem(struct span input, struct found *out, struct error *e)
{
	BIO *from = BIO_new_mem_buf(input.data, (int)input.len);
	enum status status = from ? read_blocks(from, out, e) : error_memory(e);

	BIO_free(from);
	if (status == STATUS_OK && out->count == 0)
		status = error_set(e, STATUS_INPUT, NULL, FETCH,
				   "has a BEGIN line that no PEM block follows");
	return status;
}

static bool starts_with(struct span s, const char *start)
{
	size_t len = strlen(start);

	return s.len >= len && memcmp(s.data, start, len) == 0;
}

static bool speaks_of(struct span s, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= s.len; i++)
		if (strncasecmp((const char *)s.data + i, word, len) == 0)
			return true;
	return false;
}

/* How files begin that are no request; a name of kind is that beginning. */
static const struct kind beginnings[] = {
	{"{", "is JSON in which no PEM block stands", "put the value of the request into a file"},
	{"[", "is JSON in which no PEM block stands", "put the value of the request into a file"},
	{"ssh-", "is an SSH public key, not a request", FETCH},
	{"ecdsa-sha2-", "is an SSH public key, not a request", FETCH},
	{"---- BEGIN SSH2", "is an SSH public key, not a request", FETCH},
	{"PK\x03\x04", "is a ZIP archive (or a document of an office suite)", "unpack it first"},
	{"%PDF", "is a PDF document", FETCH},
	{"\xFE\xED\xFE\xED", "is a Java keystore", NOT_THE_KEY},
};

/* Neither PEM nor DER, and not base64 of it. */
static enum status explain_text(struct span input, struct error *e)
{
	static const struct kind html = {
		NULL, "is HTML or XML: a page of the portal instead of the file", FETCH};
	static const struct kind login = {NULL, "is HTML: the portal's login page, not the file",
					  "sign in to the portal, then download the request again"};
	static const struct kind other = {NULL, "is neither PEM nor DER", FETCH};

	if (starts_with(input, "<"))
		return refuse_kind(speaks_of(input, "password") || speaks_of(input, "login") ||
						   speaks_of(input, "sign in")
					   ? &login
					   : &html,
				   e);
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (starts_with(input, beginnings[i].name))
			return refuse_kind(&beginnings[i], e);
	return refuse_kind(&other, e);
}

/* Text that starts with a zero is possible, but the byte after it is ASCII, and seldom its length. */
static bool looks_like_der(struct span s)
{
	return s.len >= 2 && s.data[0] == 0x30 && (s.data[1] >= 0x80 || s.data[1] == s.len - 2);
}

static bool has_block(struct span plain)
{
	return memmem(plain.data, plain.len, "-----BEGIN ", 11);
}

/* Base64 that stands for DER, or (as Kubernetes writes it) for PEM. */
static enum status read_base64(struct span plain, struct found *out, struct error *e)
{
	struct bytes inner = {0};
	enum status status = csr_text_base64(plain, &inner, e);

	if (status == STATUS_OK && looks_like_der(span_of(&inner)))
		status = found_add(out, span_of(&inner), e);
	else if (status == STATUS_OK && inner.len && has_block(span_of(&inner)))
		status = read_pem(span_of(&inner), out, e);
	else if (status == STATUS_OK)
		status = explain_text(plain, e);
	csr_text_free(&inner);
	return status;
}

static enum status find_all(struct span input, struct found *out, struct error *e)
{
	struct bytes plain = {0};
	enum status status;

	if (input.len > CSR_INPUT_MAX)
		return error_set(e, STATUS_INPUT, NULL, "check that it is the right file",
				 "has more than the %d bytes a request may have", CSR_INPUT_MAX);
	if (looks_like_der(input))
		return found_add(out, input, e);
	status = csr_text_plain(input, &plain, e);
	if (status != STATUS_OK)
		return status;
	if (plain.len == 0)
		status = error_set(e, STATUS_INPUT, NULL, FETCH, "is empty");
	else if (has_block(span_of(&plain)))
		status = read_pem(span_of(&plain), out, e);
	else
		status = read_base64(span_of(&plain), out, e);
	csr_text_free(&plain);
	return status;
}

enum status csr_input_each(struct span input, csr_input_visit *visit, void *context,
			   struct error *e)
{
	struct found found = {0};
	enum status status = find_all(input, &found, e);

	for (size_t i = 0; status == STATUS_OK && i < found.count; i++)
		status = visit(context, span_of(&found.items[i]), e);
	found_free(&found);
	return status;
}

/* "CN=a; CN=b; …", as far as the room and the names go. */
static void add_name(struct span der, struct text *out)
{
	const unsigned char *at = der.data;
	X509_REQ *q = d2i_X509_REQ(NULL, &at, (long)der.len);
	char *name = q ? X509_NAME_oneline(X509_REQ_get_subject_name(q), NULL, 0) : NULL;

	text_add(out, out->len ? "; " : "");
	text_add_escaped(out, span_text(name ? name : "one that cannot be read"));
	OPENSSL_free(name);
	X509_REQ_free(q);
	ERR_clear_error();
}

#define NAMED_MOST 4

static enum status refuse_many(const struct found *found, struct error *e)
{
	struct text names = {0};

	for (size_t i = 0; i < found->count && i < NAMED_MOST; i++)
		add_name(span_of(&found->items[i]), &names);
	if (found->count > NAMED_MOST)
		text_add(&names, "; …");
	error_set(e, STATUS_INPUT, NULL,
		  "'subca sign --all' takes them all; else put each, from its BEGIN to its END "
		  "line, into a file of its own",
		  "holds %zu requests, where one is taken: %s", found->count, text_get(&names));
	text_free(&names);
	return STATUS_INPUT;
}

enum status csr_input_der(struct span input, struct bytes *der, struct error *e)
{
	struct found found = {0};
	enum status status = find_all(input, &found, e);

	if (status == STATUS_OK && found.count > 1)
		status = refuse_many(&found, e);
	if (status == STATUS_OK) {
		*der = found.items[0];
		found.items[0] = (struct bytes){0};
	}
	found_free(&found);
	return status;
}

static bool is_a(struct span der, const ASN1_ITEM *item)
{
	const unsigned char *at = der.data;
	ASN1_VALUE *value = ASN1_item_d2i(NULL, &at, (long)der.len, item);

	ASN1_item_free(value, item);
	return value;
}

static bool is_key(struct span der)
{
	const unsigned char *at = der.data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);

	EVP_PKEY_free(key);
	return key;
}

bool csr_input_explain(struct span der, struct error *e)
{
	const struct {
		const ASN1_ITEM *item;
		struct kind kind;
	} known[] = {
		{ASN1_ITEM_rptr(X509),
		 {NULL, "is a certificate, not a request", "name the request"}},
		{ASN1_ITEM_rptr(X509_CRL), {NULL, "is a CRL, not a request", "name the request"}},
		{ASN1_ITEM_rptr(PKCS7), {NULL, "is a p7b (PKCS#7), not a request", FETCH}},
		{ASN1_ITEM_rptr(PKCS12), {NULL, "is a PKCS#12 file, not a request", NOT_THE_KEY}},
		{ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO),
		 {NULL, "is a private key, not a request", NOT_THE_KEY}},
		{ASN1_ITEM_rptr(X509_SIG),
		 {NULL, "is an encrypted private key, not a request", NOT_THE_KEY}},
		{ASN1_ITEM_rptr(X509_PUBKEY), {NULL, "is a bare public key, not a request", FETCH}},
	};
	static const struct kind key = {NULL, "is a private key, not a request", NOT_THE_KEY};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (is_a(der, known[i].item))
			return refuse_kind(&known[i].kind, e) != STATUS_OK;
	if (is_key(der))
		return refuse_kind(&key, e) != STATUS_OK;
	ERR_clear_error();
	return false;
}
