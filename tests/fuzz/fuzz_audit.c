/*
 * What an audit reads from outside: a certificate, judged with itself as an issuer; and a CRL. The
 * first octet says which.
 */
#include "audit/crl.h"
#include "audit/judge.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_certificate(struct span der)
{
	struct estate t = {0};
	struct audit_issuers issuers = {0};
	const struct judge_order order = {.issuers = &issuers, .keep_moduli = true};
	struct audit_verifier *verifier = NULL;
	struct judged j = {0};
	struct error e = {0};
	uint32_t source, record = RECORD_NONE;

	if (estate_add_source(&t, "input", false, false, &source, &e) == STATUS_OK &&
	    estate_add(&t, der, source, RECORD_IN_FILE, &record, &e) == STATUS_OK &&
	    issuers_add(&issuers, &t, record, der, &e) == STATUS_OK &&
	    verifier_new(&verifier, &e) == STATUS_OK) {
		/* What was read once is read again: a record that cannot be judged is a bug. */
		promise(judge_certificate(&order, verifier, der, &j, &t.findings, &e) ==
				STATUS_OK ||
			e.status == STATUS_SYSTEM);
		promise(t.count == 1 && estate_find(&t, t.records[0].fingerprint) == record);
	}
	bytes_free(&j.modulus);
	verifier_free(verifier);
	issuers_free(&issuers);
	estate_free(&t);
}

static void fuzz_crl(struct span der)
{
	struct estate t = {0};
	struct audit_crls crls = {0};
	struct audit_issuers issuers = {0};
	const struct crl_order order = {.now = FUZZ_NOW, .authority_key = 1, .has_ledger = true};
	struct error e = {0};
	uint32_t source;

	if (estate_add_source(&t, "input", false, false, &source, &e) == STATUS_OK &&
	    crls_add(&crls, der, source, &e) == STATUS_OK)
		promise(crls_judge(&crls, &t, &issuers, &order, &e) == STATUS_OK ||
			e.status == STATUS_SYSTEM);
	crls_free(&crls);
	estate_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest;

	if (size < 2)
		return 0;
	rest = (struct span){data + 1, size - 1};
	if (data[0] == 'c')
		fuzz_certificate(rest);
	else if (data[0] == 'l')
		fuzz_crl(rest);
	return 0;
}
