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

static void expect_same(const struct findings *a, const struct findings *b)
{
	promise(a->count == b->count);
	for (size_t i = 0; i < a->count; i++)
		promise(a->items[i].rule == b->items[i].rule &&
			strcmp(a->items[i].where, b->items[i].where) == 0 &&
			strcmp(a->items[i].message, b->items[i].message) == 0);
}

/* What lint says the first time, when it remembers the kind, and when it remembers nothing. */
static void lint_by_memory(struct span der, struct span issuer_der)
{
	struct findings first = {0}, again = {0}, without = {0};
	struct lint_issuer *issuer = NULL;
	struct lint_memory *m = NULL;
	struct plain_certificate p;
	struct error e;

	if (!plain_certificate_read(der, &p) || lint_memory_new(&m, &e) != STATUS_OK)
		return;
	if (issuer_der.len && lint_issuer_read(issuer_der, &issuer, &e) != STATUS_OK)
		ERR_clear_error();
	promise(lint_certificate_remembered(m, &p, issuer, &first, &e) == STATUS_OK &&
		lint_certificate_remembered(m, &p, issuer, &again, &e) == STATUS_OK &&
		lint_certificate_below(der, issuer, &without, &e) == STATUS_OK);
	expect_same(&first, &without);
	expect_same(&again, &without);
	findings_free(&first);
	findings_free(&again);
	findings_free(&without);
	lint_issuer_free(issuer);
	lint_memory_free(m);
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
	lint_by_memory(first, second);
	lint(LINT_FORM_REQUEST, first, second);
	return 0;
}
