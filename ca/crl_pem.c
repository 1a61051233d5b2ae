#include <openssl/evp.h>
#include <openssl/pem.h>

#include "ca/crl_write.h"

#define PEM_PIECE (48 * 1024) /* whole lines */

static enum status write_base64(struct span der, struct file_stream *to, struct error *e)
{
	unsigned char text[PEM_PIECE / 48 * 65 + 128];
	EVP_ENCODE_CTX *encoder = EVP_ENCODE_CTX_new();
	enum status s = encoder ? STATUS_OK : error_memory(e);
	int len = 0;

	if (encoder)
		EVP_EncodeInit(encoder);
	while (s == STATUS_OK && der.len) {
		size_t piece = der.len < PEM_PIECE ? der.len : PEM_PIECE;

		if (EVP_EncodeUpdate(encoder, text, &len, der.data, (int)piece) != 1)
			s = error_openssl(e, STATUS_INTERNAL, NULL, NULL, "base64 failed");
		else
			s = file_stream_write(to, (struct span){text, (size_t)len}, e);
		der = (struct span){der.data + piece, der.len - piece};
	}
	if (s == STATUS_OK) {
		EVP_EncodeFinal(encoder, text, &len);
		s = file_stream_write(to, (struct span){text, (size_t)len}, e);
	}
	EVP_ENCODE_CTX_free(encoder);
	return s;
}

enum status crl_write_pem(struct span der, const char *path, struct error *e)
{
	struct file_stream *to = NULL;
	enum status s = file_stream_begin(path, &to, e);

	if (s == STATUS_OK)
		s = file_stream_write(to, span_text("-----BEGIN " PEM_STRING_X509_CRL "-----\n"),
				      e);
	if (s == STATUS_OK)
		s = write_base64(der, to, e);
	if (s == STATUS_OK)
		s = file_stream_write(to, span_text("-----END " PEM_STRING_X509_CRL "-----\n"), e);
	if (s == STATUS_OK)
		s = file_stream_publish(to, 0644, e);
	file_stream_free(to);
	return s;
}
