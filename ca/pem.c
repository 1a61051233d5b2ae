#include "ca/pem.h"

#include <limits.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file_stage.h"

enum status pem_add_certificate(struct text *out, struct span der, struct error *e)
{
	BIO *memory = BIO_new(BIO_s_mem());
	enum status s = STATUS_OK;
	char *data;
	long len;

	if (!memory || PEM_write_bio(memory, PEM_STRING_X509, "", der.data, (long)der.len) <= 0) {
		s = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "PEM cannot be written");
	} else {
		len = BIO_get_mem_data(memory, &data);
		text_append(out, data, (size_t)len);
		s = text_check(out, e);
	}
	BIO_free(memory);
	return s;
}

static enum status read_blocks(BIO *memory, struct bytes *out, size_t most, size_t *count,
			       struct error *e)
{
	char *name, *header;
	unsigned char *data;
	long len;
	enum status s = STATUS_OK;

	while (s == STATUS_OK && PEM_read_bio(memory, &name, &header, &data, &len) == 1) {
		bool certificate = strcmp(name, PEM_STRING_X509) == 0;

		if (certificate && *count == most)
			s = error_set(e, STATUS_INPUT, NULL, NULL, "more than %zu certificates",
				      most);
		else if (certificate)
			s = bytes_copy(&out[*count], (struct span){data, (size_t)len}, e);
		if (certificate && s == STATUS_OK)
			++*count;
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
	}
	if (s == STATUS_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		s = error_openssl(e, STATUS_INPUT, NULL, NULL, "a damaged PEM block");
	ERR_clear_error();
	return s;
}

enum status pem_read_certificates(struct span pem, struct bytes *out, size_t most, size_t *count,
				  struct error *e)
{
	BIO *memory = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
	enum status s;

	*count = 0;
	if (!memory)
		return error_memory(e);
	s = read_blocks(memory, out, most, count, e);
	BIO_free(memory);
	if (s == STATUS_OK && *count == 0)
		s = error_set(e, STATUS_INPUT, NULL, NULL, "no certificate in PEM");
	while (s != STATUS_OK && *count)
		bytes_free(&out[--*count]);
	return s;
}

enum status pem_publish(const char *certificate_file, const char *chain_file, struct span der,
			const struct span above[], size_t count, enum file_existing existing,
			struct error *e)
{
	struct text chain = {0};
	enum status s = pem_add_certificate(&chain, der, e);
	size_t own = chain.len;

	for (size_t i = 0; i < count && s == STATUS_OK; i++)
		s = pem_add_certificate(&chain, above[i], e);
	if (s == STATUS_OK) {
		struct span whole = span_text(text_get(&chain));
		const struct file_content files[] = {
			{certificate_file, {whole.data, own}},
			{chain_file, whole},
		};

		s = file_publish_together(files, 2, 0644, existing, e);
	}
	text_free(&chain);
	return s;
}
