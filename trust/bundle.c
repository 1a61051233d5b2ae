#include "trust/bundle.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "ca/pem.h"
#include "ca/plan.h"

static const struct rule junk = {"bundle_junk", SEVERITY_WARNING, "RFC 7468",
				 "some tools stop reading there, and do not see what follows",
				 "look at the file; the new bundle is without it"};
static const struct rule private_key = {"bundle_private_key", SEVERITY_WARNING, "RFC 5280 9",
					"a bundle is for everybody to read",
					"take the key out, and ask who had the file"};

void bundle_free(struct bundle *b)
{
	while (b->count) {
		struct bundle_item *item = &b->items[--b->count];

		X509_free(item->certificate);
		bytes_free(&item->der);
		free(item->subject);
	}
	free(b->items);
	*b = (struct bundle){0};
}

const char *bundle_system_file(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* RHEL, Fedora */
		"/etc/ssl/ca-bundle.pem",	      /* SUSE */
		"/etc/ssl/cert.pem",		      /* the BSDs, macOS */
	};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

static enum status fill(struct bundle_item *item, struct error *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509(item->certificate, &der);
	struct text subject = {0};
	enum status s = len > 0 ? bytes_copy(&item->der, (struct span){der, (size_t)len}, e)
				: error_memory(e);

	OPENSSL_free(der);
	if (s == STATUS_OK)
		s = sha256(span_of(&item->der), item->sha256, e);
	name_show(X509_get_subject_name(item->certificate), &subject);
	if (s == STATUS_OK)
		s = text_check(&subject, e);
	if (s == STATUS_OK) {
		item->subject = strdup(text_get(&subject));
		s = item->subject ? STATUS_OK : error_memory(e);
	}
	text_free(&subject);
	return s;
}

/* Takes over x. */
static enum status add(struct bundle *b, X509 *x, bool ours, struct error *e)
{
	struct bundle_item *items;

	if (b->count == BUNDLE_MAX) {
		X509_free(x);
		return error_set(e, STATUS_INPUT, NULL, "check that it is the right file",
				 "more than %d certificates", BUNDLE_MAX);
	}
	items = reallocarray(b->items, b->count + 1, sizeof *items);
	if (!items) {
		X509_free(x);
		return error_memory(e);
	}
	b->items = items;
	items[b->count] = (struct bundle_item){.certificate = x, .ours = ours};
	return fill(&items[b->count++], e);
}

/* What one input held. */
struct reading {
	struct bundle *bundle;
	bool ours;
	size_t good, bad, others;
	bool key;
};

/* bundle_judge() asks for its life, and tools that read the bundle will ask for its key. */
static bool is_readable(X509 *x)
{
	struct error ignored;
	int64_t t;

	return X509_get0_pubkey(x) &&
	       asn1_time_seconds(X509_get0_notBefore(x), &t, &ignored) == STATUS_OK &&
	       asn1_time_seconds(X509_get0_notAfter(x), &t, &ignored) == STATUS_OK;
}

static enum status take_block(struct reading *r, const char *name, struct span data,
			      struct error *e)
{
	const unsigned char *at = data.data;
	size_t len = strlen(name);
	X509 *x;

	if (len >= 11 && strcmp(name + len - 11, "PRIVATE KEY") == 0) {
		r->key = true;
		return STATUS_OK;
	}
	if (strcmp(name, PEM_STRING_X509) != 0 && strcmp(name, PEM_STRING_X509_OLD) != 0 &&
	    strcmp(name, PEM_STRING_X509_TRUSTED) != 0) {
		r->others++;
		return STATUS_OK;
	}
	x = strcmp(name, PEM_STRING_X509_TRUSTED) == 0 ? d2i_X509_AUX(NULL, &at, (long)data.len)
						       : d2i_X509(NULL, &at, (long)data.len);
	ERR_clear_error();
	if (!x || at != data.data + data.len || !is_readable(x)) {
		ERR_clear_error();
		X509_free(x);
		r->bad++;
		return STATUS_OK;
	}
	r->good++;
	return add(r->bundle, x, r->ours, e);
}

/* Each failed attempt has read at least one line, so that this ends. */
static enum status read_pem(struct reading *r, struct span input, struct error *e)
{
	BIO *from = BIO_new_mem_buf(input.data, (int)input.len);
	enum status s = from ? STATUS_OK : error_memory(e);

	ERR_clear_error();
	while (s == STATUS_OK) {
		char *name = NULL, *header = NULL;
		unsigned char *data = NULL;
		long len = 0;

		if (PEM_read_bio(from, &name, &header, &data, &len) == 1)
			s = take_block(r, name, (struct span){data, (size_t)len}, e);
		else if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
			break;
		else
			r->bad++;
		ERR_clear_error();
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len);
	}
	ERR_clear_error();
	BIO_free(from);
	return s;
}

static enum status tell(const struct reading *r, const char *origin, struct findings *findings,
			struct error *e)
{
	if (r->bad &&
	    findings_add(findings, &junk, origin, e, "%zu block%s that cannot be read %s left out",
			 r->bad, r->bad == 1 ? "" : "s", r->bad == 1 ? "is" : "are") != STATUS_OK)
		return error_status(e);
	if (r->others &&
	    findings_add(findings, &junk, origin, e, "%zu block%s that %s no certificate left out",
			 r->others, r->others == 1 ? "" : "s",
			 r->others == 1 ? "is" : "are") != STATUS_OK)
		return error_status(e);
	if (r->key)
		return findings_add(findings, &private_key, origin, e,
				    "a private key stands in it, which was not read");
	return STATUS_OK;
}

enum status bundle_read(struct bundle *b, struct span input, const char *origin, bool ours,
			struct findings *findings, struct error *e)
{
	struct reading r = {.bundle = b, .ours = ours};
	bool der = input.len >= 2 && input.data[0] == 0x30 && input.data[1] >= 0x80;
	enum status s;

	if (input.len > BUNDLE_INPUT_MAX)
		return error_set(e, STATUS_INPUT, origin, "check that it is the right file",
				 "has more than %d bytes", BUNDLE_INPUT_MAX);
	s = der ? take_block(&r, PEM_STRING_X509, input, e) : read_pem(&r, input, e);
	if (s != STATUS_OK) {
		error_at(e, origin);
		return s;
	}
	if (!r.good)
		return error_set(e, STATUS_INPUT, origin, "name a certificate or a bundle of them",
				 "holds no certificate that can be read");
	return tell(&r, origin, findings, e);
}

static void add_comment(const struct bundle_item *item, struct text *out)
{
	char until[DATETIME_SIZE] = "?", hash[2 * SHA256_SIZE + 1];
	struct error ignored;
	int64_t end = 0;

	if (asn1_time_seconds(X509_get0_notAfter(item->certificate), &end, &ignored) == STATUS_OK)
		datetime_format(end, until);
	hex_encode((struct span){item->sha256, SHA256_SIZE}, hash);
	text_printf(out, "\n# %s%s\n# until %s, SHA-256 %s\n", item->ours ? "ours: " : "",
		    item->subject, until, hash);
}

enum status bundle_pem(const struct bundle *b, bool comments, struct text *out, struct error *e)
{
	if (comments)
		text_printf(out, "# %zu trust anchors. Made by subca bundle.\n", b->count);
	for (size_t i = 0; i < b->count; i++) {
		if (comments)
			add_comment(&b->items[i], out);
		if (pem_add_certificate(out, span_of(&b->items[i].der), e) != STATUS_OK)
			return error_status(e);
	}
	return text_check(out, e);
}
