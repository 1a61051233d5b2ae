#include "trust/pem_block.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
/* No certificate's text is longer: what a missing end line would make one of is not read. */
#define BLOCK_MAX (256 * 1024)

static const unsigned char *find(struct span in, const char *what)
{
	return memmem(in.data, in.len, what, strlen(what));
}

static struct span rest(struct span text, size_t at)
{
	return (struct span){text.data + at, text.len - at};
}

static X509 *parse(struct span block)
{
	BIO *from = BIO_new_mem_buf(block.data, (int)block.len);
	/* TRUSTED CERTIFICATE has more behind the certificate. */
	X509 *x = from ? PEM_read_bio_X509_AUX(from, NULL, NULL, NULL) : NULL;

	BIO_free(from);
	ERR_clear_error();
	return x;
}

bool pem_block_next(struct span text, size_t *at, struct pem_block *out)
{
	while (*at < text.len) {
		const unsigned char *begin = find(rest(text, *at), BEGIN), *end, *after;
		struct span block;
		size_t start;

		if (!begin)
			break;
		start = (size_t)(begin - text.data);
		end = find(rest(text, start), END);
		if (!end)
			break;
		after = find(rest(text, (size_t)(end - text.data) + strlen(END)), DASHES);
		if (!after)
			break;
		block = (struct span){begin, (size_t)(after - begin) + strlen(DASHES)};
		*at = start + block.len;
		if (block.len > BLOCK_MAX || !find(block, "CERTIFICATE" DASHES))
			continue;
		*out = (struct pem_block){block, parse(block)};
		return true;
	}
	*at = text.len;
	return false;
}
