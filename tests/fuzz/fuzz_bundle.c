/*
 * The reader of bundles of trust anchors over any bytes, as the public ones and as ours; what is
 * written of them must read back as the same. The corpus comes from tests/fuzz/seed-files.
 */
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "tests/fuzz/fuzz.h"
#include "trust/bundle.h"

static void read_back(const struct bundle *b, bool comments)
{
	struct bundle again = {0};
	struct findings f = {0};
	struct text pem = {0};
	struct error e = {0};

	promise(bundle_pem(b, comments, &pem, &e) == STATUS_OK);
	promise(bundle_read(&again, span_text(text_get(&pem)), "again", true, &f, &e) == STATUS_OK);
	promise(again.count == b->count && f.count == 0);
	for (size_t i = 0; i < b->count; i++)
		promise(span_equal(span_of(&again.items[i].der), span_of(&b->items[i].der)));
	bundle_free(&again);
	findings_free(&f);
	text_free(&pem);
}

static void as_pkcs12(const struct bundle *b)
{
	struct bytes out = {0};
	struct error e = {0};
	const unsigned char *at;
	PKCS12 *p12;

	promise(bundle_pkcs12(b, &out, &e) == STATUS_OK);
	at = out.data;
	p12 = d2i_PKCS12(NULL, &at, (long)out.len);
	promise(p12 && at == out.data + out.len);
	PKCS12_free(p12);
	bytes_free(&out);
}

static void read(struct span input, bool ours)
{
	struct bundle b = {0};
	struct findings f = {0};
	struct error e = {0};
	enum status s = bundle_read(&b, input, "input", ours, &f, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK ? b.count > 0 : s == STATUS_INPUT);
	if (s == STATUS_OK) {
		s = bundle_judge(&b, FUZZ_NOW, &f, &e);
		promise_told(s, &e);
		promise(s == STATUS_OK || s == STATUS_REFUSED);
	}
	promise_findings(&f);
	if (s == STATUS_OK && b.count) {
		read_back(&b, false);
		read_back(&b, true);
		if (b.count <= 2)
			as_pkcs12(&b);
	}
	bundle_free(&b);
	findings_free(&f);
	promise(ERR_peek_error() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ERR_clear_error();
	read((struct span){data, size}, false);
	read((struct span){data, size}, true);
	return 0;
}
