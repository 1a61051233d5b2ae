/*
 * Lint of CRLs over any bytes, with and without an issuer, and the reader that goes through one
 * entry by entry. The corpus comes from tests/fuzz/seed-lint.
 */
#include <openssl/err.h>

#include "ca/crl_read.h"
#include "ca/lint.h"
#include "ca/lint/report.h"
#include "tests/fuzz/fuzz.h"

static void lint(struct span der, struct span issuer)
{
	struct findings f = {0};
	struct error e = {0};
	size_t rules = 0;
	enum status s = lint_crl(der, issuer, &f, &e);

	(void)lint_rules(&rules);
	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_INPUT);
	promise(f.count <= rules * LINT_FINDINGS_MAX);
	promise_findings(&f);
	findings_free(&f);
	promise(ERR_peek_error() == 0);
}

/* The same CRL as OpenSSL reads it; NULL where it does not. */
struct entries {
	X509_CRL *crl;
	int count;
};

static enum status take_entry(void *context, const struct store_revoked *r, struct error *e)
{
	struct entries *all = context;
	X509_REVOKED *same = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(all->crl), all->count++);
	BIGNUM *here = BN_bin2bn(r->serial.data, (int)r->serial.len, NULL);
	BIGNUM *there = same ? ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(same), NULL)
			     : NULL;

	(void)e;
	promise(here && there && BN_cmp(here, there) == 0);
	BN_free(here);
	BN_free(there);
	return STATUS_OK;
}

/* Entry by entry it is what it is as a whole. */
static void read_entries(struct span der)
{
	struct crl_view v;
	struct error e = {0};
	struct entries all = {NULL, 0};
	const unsigned char *at = der.data;
	enum status s = crl_view(der, &v, &e);

	promise_told(s, &e);
	all.crl = s == STATUS_OK ? d2i_X509_CRL(NULL, &at, (long)der.len) : NULL;
	ERR_clear_error();
	if (!all.crl)
		return;
	promise(v.number >= STORE_NO_CRL && v.base >= STORE_NO_CRL);
	s = crl_each_entry(&v, take_entry, &all, &e);
	promise_told(s, &e);
	promise(s == STATUS_INPUT || all.count == 0 ||
		all.count == sk_X509_REVOKED_num(X509_CRL_get_REVOKED(all.crl)));
	X509_CRL_free(all.crl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = {data, size};

	ERR_clear_error();
	lint(all, (struct span){NULL, 0});
	lint(all, all);
	read_entries(all);
	/* The first says in its DER where it ends, and the second signed it. */
	if (size > 4 && data[0] == 0x30 && data[1] == 0x82) {
		size_t len = 4 + ((size_t)data[2] << 8 | data[3]);

		if (len < size)
			lint((struct span){data, len}, (struct span){data + len, size - len});
	}
	return 0;
}
