/* audit/scan.h: reading the files. */
#include "audit/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "base/file.h"

#define PEM_BEGIN "-----BEGIN "
/* How far into a file the first block may begin. */
#define HEAD_SIZE (64 * 1024)

struct reading {
	struct estate *estate;
	uint32_t source;
	const struct scan_visitor *visitor;
	size_t found;
	const char *problem; /* the first; a literal */
	bool key;
};

static enum status visit_certificate(struct reading *r, struct span der, struct error *e)
{
	enum status s = r->visitor->certificate(r->visitor->context, der, r->source, e);

	if (s != STATUS_INPUT) {
		r->found += s == STATUS_OK;
		return s;
	}
	if (!r->problem)
		r->problem = "holds a certificate that cannot be read";
	return STATUS_OK;
}

/* Where nobody looks at CRLs nothing is said to be one: it may be a p7b. */
static enum status visit_crl(struct reading *r, struct span der, struct error *e)
{
	enum status s;

	if (!r->visitor->crl)
		return STATUS_OK;
	s = r->visitor->crl(r->visitor->context, der, r->source, e);
	if (s != STATUS_INPUT) {
		r->found++;
		return s;
	}
	if (!r->problem)
		r->problem = "holds a CRL that cannot be read";
	return STATUS_OK;
}

static enum status visit_encoded(struct reading *r, void *value, i2d_of_void *encode, bool crl,
				 struct error *e)
{
	struct bytes der = {0};
	enum status s = der_encode(value, encode, &der, e);

	if (s == STATUS_OK)
		s = crl ? visit_crl(r, span_of(&der), e) : visit_certificate(r, span_of(&der), e);
	bytes_free(&der);
	return s;
}

static enum status visit_p7b(struct reading *r, struct span der, struct error *e)
{
	const unsigned char *at = der.data;
	PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)der.len);
	const PKCS7_SIGNED *data = p7 && PKCS7_type_is_signed(p7) ? p7->d.sign : NULL;
	enum status s = STATUS_OK;

	for (int i = 0; s == STATUS_OK && data && i < sk_X509_num(data->cert); i++)
		s = visit_encoded(r, sk_X509_value(data->cert, i), (i2d_of_void *)i2d_X509, false,
				  e);
	for (int i = 0; s == STATUS_OK && data && i < sk_X509_CRL_num(data->crl); i++)
		s = visit_encoded(r, sk_X509_CRL_value(data->crl, i), (i2d_of_void *)i2d_X509_CRL,
				  true, e);
	if (!data && !r->problem)
		r->problem = "holds a p7b that cannot be read";
	PKCS7_free(p7);
	ERR_clear_error();
	return s;
}

/* A certificate's tbsCertificate is the one of the three that has a SEQUENCE where it counts. */
static enum status visit_der(struct reading *r, struct span der, struct error *e)
{
	size_t before = r->found;
	enum status s = visit_certificate(r, der, e);

	if (s == STATUS_OK && r->found == before) {
		r->problem = NULL;
		s = visit_crl(r, der, e);
	}
	if (s == STATUS_OK && r->found == before) {
		r->problem = NULL;
		s = visit_p7b(r, der, e);
	}
	if (r->found == before)
		r->problem = "is neither certificate, CRL nor p7b";
	return s;
}

static bool is_one_of(const char *name, const char *a, const char *b)
{
	return strcmp(name, a) == 0 || strcmp(name, b) == 0;
}

static enum status visit_block(struct reading *r, const char *name, struct span der,
			       struct error *e)
{
	if (is_one_of(name, PEM_STRING_X509, PEM_STRING_X509_OLD))
		return visit_certificate(r, der, e);
	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return visit_crl(r, der, e);
	if (is_one_of(name, PEM_STRING_PKCS7, PEM_STRING_PKCS7_SIGNED))
		return visit_p7b(r, der, e);
	if (strstr(name, "PRIVATE KEY"))
		r->key = true;
	return STATUS_OK;
}

static enum status read_pem(struct reading *r, FILE *file, struct error *e)
{
	BIO *from = BIO_new_fp(file, BIO_NOCLOSE);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	enum status s = from ? STATUS_OK : error_memory(e);
	long len = 0;

	ERR_clear_error();
	while (s == STATUS_OK) {
		if (PEM_read_bio(from, &name, &header, &data, &len) == 1) {
			s = visit_block(r, name, (struct span){data, (size_t)len}, e);
			OPENSSL_free(name);
			OPENSSL_free(header);
			/* It may be a private key. */
			OPENSSL_clear_free(data, (size_t)len);
			continue;
		}
		if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
			break;
		r->problem = "has a damaged PEM block";
		ERR_clear_error();
		if (feof(file) || ferror(file))
			break;
	}
	ERR_clear_error();
	BIO_free(from);
	return s;
}

static enum status read_der(struct reading *r, const char *path, struct error *e)
{
	struct bytes file = {0};
	struct error problem;
	enum status s = STATUS_OK;

	if (file_read(path, SCAN_DER_MAX, &file, &problem) != STATUS_OK)
		r->problem = "is larger than 16 MiB, and not PEM";
	else
		s = visit_der(r, span_of(&file), e);
	bytes_free(&file);
	return s;
}

static enum status read_opened(struct reading *r, FILE *file, const char *path, struct error *e)
{
	unsigned char *head = malloc(HEAD_SIZE);
	enum status s = STATUS_OK;
	size_t len;

	if (!head)
		return error_memory(e);
	len = fread(head, 1, HEAD_SIZE, file);
	if (len >= 2 && head[0] == 0x30 && head[1] >= 0x80) {
		s = read_der(r, path, e);
	} else if (memmem(head, len, PEM_BEGIN, strlen(PEM_BEGIN))) {
		rewind(file);
		s = read_pem(r, file, e);
	} else {
		r->problem = "holds neither certificate, CRL nor p7b";
	}
	free(head);
	return s;
}

static enum status name_problem(struct reading *r, struct error *e)
{
	if (r->visitor->again)
		return STATUS_OK;
	if (!r->problem && r->found == 0)
		r->problem = r->key ? "holds a private key, which is not read"
				    : "holds neither certificate, CRL nor p7b";
	if (!r->problem)
		return STATUS_OK;
	return estate_add_unread(r->estate, r->estate->sources[r->source].path, r->problem, e);
}

enum status scan_file(struct estate *t, uint32_t source, const struct scan_visitor *visitor,
		      struct error *e)
{
	struct reading r = {.estate = t, .source = source, .visitor = visitor};
	/* Not blocking: what was a file may be a pipe by now. */
	int fd = open(t->sources[source].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	char why[128];
	enum status s;

	if (!file) {
		snprintf(why, sizeof why, "cannot be read: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return visitor->again ? STATUS_OK
				      : estate_add_unread(t, t->sources[source].path, why, e);
	}
	s = read_opened(&r, file, t->sources[source].path, e);
	fclose(file);
	return s == STATUS_OK ? name_problem(&r, e) : s;
}
