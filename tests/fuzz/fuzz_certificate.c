/*
 * Lint of certificates and requests, over any bytes, as a file that holds anything and with an issuer.
 * The corpus comes from tests/fuzz/seed-lint.
 */
#include <openssl/err.h>

#include "ca/contents.h"
#include "ca/lint/report.h"
#include "tests/fuzz/fuzz.h"

static void expect_sound(enum status s, const struct error *e, struct findings *f)
{
	size_t rules = 0;

	(void)lint_rules(&rules);
	promise_told(s, e);
	promise(s == STATUS_OK || s == STATUS_INPUT);
	/* However hostile, what is said stays within bounds; the judges of a request add a few. */
	promise(f->count <= (rules + 64) * LINT_FINDINGS_MAX);
	promise_findings(f);
	findings_free(f);
	promise(ERR_peek_error() == 0);
}

static void lint(enum lint_form form, struct span der, struct span issuer)
{
	struct findings f = {0};
	struct error e = {0};
	enum status s = lint_one(form, der, issuer, &f, &e);

	expect_sound(s, &e, &f);
}

static enum status use(const struct content *c, void *context, struct error *e)
{
	(void)context;
	(void)e;
	lint(c->form, c->der, (struct span){NULL, 0});
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = {data, size}, first = all, second = {NULL, 0};
	struct error e = {0};
	size_t found = 0;

	ERR_clear_error();
	promise(contents_each(all, use, NULL, &found, &e) == STATUS_OK || e.what[0]);
	ERR_clear_error();
	/* Two of them, where the first says in its DER where it ends. */
	if (size > 4 && data[0] == 0x30 && data[1] == 0x82) {
		size_t len = 4 + ((size_t)data[2] << 8 | data[3]);

		if (len < size) {
			first = (struct span){data, len};
			second = (struct span){data + len, size - len};
		}
	}
	lint(LINT_FORM_CERTIFICATE, first, second);
	lint(LINT_FORM_REQUEST, first, second);
	return 0;
}
