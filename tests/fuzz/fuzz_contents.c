/*
 * Whatever holds certificates, CRLs and requests, over any bytes: the readers of lint, of inspect,
 * of an audit and of the pre-flight must agree on what is there. The corpus comes from
 * tests/fuzz/seed-files.
 */
#include <openssl/err.h>

#include "audit/scan.h"
#include "ca/contents.h"
#include "ca/inspect.h"
#include "ca/pem.h"
#include "ca/preflight.h"
#include "tests/fuzz/fuzz.h"

#define CERTIFICATES 16

static enum status use(const struct content *c, void *context, struct error *e)
{
	size_t *count = context;

	(void)e;
	promise(c->der.data != NULL);
	++*count;
	return STATUS_OK;
}

static void walk(struct span input)
{
	struct error e = {0};
	size_t told = 0, found = 0;
	enum status s = contents_each(input, use, &told, &found, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_INPUT);
	promise(found == told);
}

static void look(struct span input)
{
	struct inspection in = {0};
	struct error e = {0};
	enum status s = inspect_read(&in, input, 0, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (in.count > 0));
	if (s == STATUS_OK)
		promise(inspect_judge(&in, FUZZ_NOW, &e) == STATUS_OK);
	for (size_t i = 0; i < in.count; i++) {
		promise(in.items[i].signer == INSPECT_NONE || in.items[i].signer < in.count);
		promise_findings(&in.items[i].findings);
	}
	inspection_free(&in);
}

static void read_pem(struct span input)
{
	struct bytes der[CERTIFICATES] = {{0}};
	struct error e = {0};
	size_t count = 0;
	enum status s = pem_read_certificates(input, der, CERTIFICATES, &count, &e);

	promise_told(s, &e);
	promise(count <= CERTIFICATES && (s != STATUS_OK || count > 0));
	while (count)
		bytes_free(&der[--count]);
}

static enum status take(void *context, struct span der, uint32_t source, struct error *e)
{
	(void)context;
	(void)source;
	(void)e;
	promise(der.len > 0);
	return STATUS_OK;
}

static void scan(struct span input)
{
	const char *path = fuzz_file("input", input);
	const struct scan_visitor visitor = {take, take, NULL, false};
	struct estate t = {0};
	struct error e = {0};
	uint32_t source = 0;

	promise(estate_add_source(&t, path, false, false, &source, &e) == STATUS_OK);
	promise(scan_file(&t, source, &visitor, &e) == STATUS_OK);
	estate_free(&t);
}

/* What is mended holds certificates alone, each readable. */
static void mend(struct span input, enum portal portal)
{
	const struct preflight p = {
		.portal = portal, .name = "input.pem", .certificate = input, .now = FUZZ_NOW};
	struct preflight_mended m = {.left_out = 0};
	struct findings f = {0};
	struct error e = {0};
	enum status s = preflight_check(&p, &f, &e);

	promise(s == STATUS_OK);
	promise_findings(&f);
	findings_free(&f);
	s = preflight_mend(&p, &m, &e);
	promise_told(s, &e);
	if (s == STATUS_OK)
		read_pem(span_text(text_get(&m.certificate)));
	preflight_mended_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = {data, size};

	walk(input);
	look(input);
	read_pem(input);
	scan(input);
	mend(input, PORTAL_ZIA);
	mend(input, PORTAL_ZPA);
	ERR_clear_error();
	return 0;
}
