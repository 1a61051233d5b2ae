/* Lint of CRLs over any bytes, with and without an issuer. The corpus comes from tests/fuzz/seed-lint. */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "ca/lint.h"
#include "ca/lint/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void lint(struct span der, struct span issuer)
{
	struct findings f = {0};
	struct error e = {0};
	size_t rules = 0;
	enum status s = lint_crl(der, issuer, &f, &e);

	(void)lint_rules(&rules);
	promise(s == STATUS_OK || (s == STATUS_INPUT && e.status == s && e.what[0]));
	promise(f.count <= rules * LINT_FINDINGS_MAX);
	for (size_t i = 0; i < f.count; i++)
		promise(f.items[i].rule->id[0] && f.items[i].message[0]);
	findings_free(&f);
	promise(ERR_peek_error() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = {data, size};

	ERR_clear_error();
	lint(all, (struct span){NULL, 0});
	lint(all, all);
	/* The first says in its DER where it ends, and the second signed it. */
	if (size > 4 && data[0] == 0x30 && data[1] == 0x82) {
		size_t len = 4 + ((size_t)data[2] << 8 | data[3]);

		if (len < size)
			lint((struct span){data, len}, (struct span){data + len, size - len});
	}
	return 0;
}
