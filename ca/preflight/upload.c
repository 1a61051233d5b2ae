#include "ca/preflight/internal.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

static void add_certificate(struct upload *u, X509 *x)
{
	if (u->count < PREFLIGHT_CERTIFICATES)
		u->certificates[u->count++] = x;
	else
		X509_free(x);
}

static bool add_der(struct upload *u, const unsigned char *data, long len)
{
	const unsigned char *at = data;
	X509 *x = d2i_X509(NULL, &at, len);

	if (!x || at != data + len) {
		X509_free(x);
		return false;
	}
	add_certificate(u, x);
	return true;
}

static bool add_pkcs7(struct upload *u, const unsigned char *data, long len)
{
	const unsigned char *at = data;
	PKCS7 *p = d2i_PKCS7(NULL, &at, len);
	bool found = p && PKCS7_type_is_signed(p) && p->d.sign && sk_X509_num(p->d.sign->cert) > 0;

	for (int i = 0; found && i < sk_X509_num(p->d.sign->cert); i++) {
		X509 *x = sk_X509_value(p->d.sign->cert, i);

		if (X509_up_ref(x))
			add_certificate(u, x);
	}
	PKCS7_free(p);
	return found;
}

static bool begins(struct span line, const char *with)
{
	size_t len = strlen(with);

	return line.len >= len && memcmp(line.data, with, len) == 0;
}

static bool is_blank(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
			return false;
	return true;
}

/* What a portal sees besides the blocks: OpenSSL reads over it without a word. */
static void look_around(struct upload *u)
{
	struct span rest = u->bytes;
	bool inside = false;

	u->byte_order_mark = begins(rest, "\xEF\xBB\xBF");
	if (u->byte_order_mark)
		rest = (struct span){rest.data + 3, rest.len - 3};
	u->carriage_returns = rest.len && memchr(rest.data, '\r', rest.len) != NULL;
	while (rest.len) {
		const unsigned char *end = memchr(rest.data, '\n', rest.len);
		struct span line = {rest.data, end ? (size_t)(end - rest.data) : rest.len};

		rest.data += line.len + (end != NULL);
		rest.len -= line.len + (end != NULL);
		if (begins(line, "-----BEGIN "))
			inside = true;
		else if (begins(line, "-----END "))
			inside = false;
		else if (!inside && !is_blank(line))
			u->stray_text = true;
	}
}

static void add_block(struct upload *u, const char *name, const unsigned char *data, long len)
{
	bool good = false;

	if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0) {
		good = add_der(u, data, len);
	} else if (strcmp(name, PEM_STRING_PKCS7) == 0 || strcmp(name, "CMS") == 0) {
		good = add_pkcs7(u, data, len);
		u->form = UPLOAD_PKCS7;
	} else if (strstr(name, "PRIVATE KEY")) {
		u->private_key = true;
		good = true;
	}
	if (!good)
		u->form = UPLOAD_UNREADABLE;
}

static void read_pem(struct upload *u)
{
	BIO *bio = BIO_new_mem_buf(u->bytes.data, (int)u->bytes.len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	size_t blocks = 0;
	long len = 0;

	u->form = UPLOAD_PEM;
	while (bio && PEM_read_bio(bio, &name, &header, &data, &len)) {
		add_block(u, name, data, len);
		blocks++;
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* A key may have been in there. */
		OPENSSL_clear_free(data, (size_t)len);
		name = header = NULL;
		data = NULL;
	}
	if (blocks == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		u->form = UPLOAD_UNREADABLE;
	BIO_free(bio);
}

void upload_read(struct span bytes, struct upload *out)
{
	*out = (struct upload){.bytes = bytes, .form = UPLOAD_UNREADABLE};
	if (bytes.len == 0 || bytes.len > INT_MAX)
		return;
	ERR_set_mark();
	if (bytes.data[0] == 0x30) {
		if (add_der(out, bytes.data, (long)bytes.len))
			out->form = UPLOAD_DER;
		else if (add_pkcs7(out, bytes.data, (long)bytes.len))
			out->form = UPLOAD_PKCS7;
	} else {
		read_pem(out);
		look_around(out);
	}
	ERR_pop_to_mark();
}

void upload_free(struct upload *u)
{
	for (size_t i = 0; i < u->count; i++)
		X509_free(u->certificates[i]);
	u->count = 0;
}
