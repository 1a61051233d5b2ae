/*
 * What an audit reads from outside: a certificate, judged with itself as an issuer; a CRL; and a
 * checkpoint. The first octet says which.
 */
#include <stdlib.h>

#include <openssl/pem.h>

#include "audit/crl.h"
#include "audit/judge.h"
#include "ca/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
		if (judge_certificate(&order, verifier, der, &j, &t.findings, &e) != STATUS_OK &&
		    e.status != STATUS_SYSTEM)
			abort();
		if (t.count != 1 || estate_find(&t, t.records[0].fingerprint) != record)
			abort();
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
	const struct crl_order order = {.now = 1800000000, .authority_key = 1, .has_ledger = true};
	struct error e = {0};
	uint32_t source;

	if (estate_add_source(&t, "input", false, false, &source, &e) == STATUS_OK &&
	    crls_add(&crls, der, source, &e) == STATUS_OK &&
	    crls_judge(&crls, &t, &issuers, &order, &e) != STATUS_OK && e.status != STATUS_SYSTEM)
		abort();
	crls_free(&crls);
	estate_free(&t);
}

/* A self-signed P-256 certificate of nobody: checkpoints are held against its key. */
static const char authority_pem[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBhzCCAS2gAwIBAgIUM4UWMW4ahVqU3iPj6uVaPWonZIQwCgYIKoZIzj0EAwIw\n"
	"ETEPMA0GA1UEAxMGTm9ib2R5MB4XDTI2MTEyNDE5MTQ1M1oXDTQ2MTExOTE5MTQ1\n"
	"MlowETEPMA0GA1UEAxMGTm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
	"7gtOhBkt+WCstI3gTW+1sJcKt77lf5Ax7lQMkTkfCKzEAwqj1BTI2P8IK1Dpw4d3\n"
	"twjQB4srbs363bKmwOkKxaNjMGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E\n"
	"BAMCAQYwHQYDVR0OBBYEFGO7KguoLKPtBDZp50KutkC1MOqRMB8GA1UdIwQYMBaA\n"
	"FGO7KguoLKPtBDZp50KutkC1MOqRMAoGCCqGSM49BAMCA0gAMEUCIBUsVze2KZ7u\n"
	"8bLu1IUNrXNAZd8ZA17NwZE3nJbF8+aaAiEA5Rt0WK1wzH6KWoDlXRYlITJxKMtc\n"
	"5lAKUW8HrI98IG8=\n"
	"-----END CERTIFICATE-----\n";

static void fuzz_checkpoint(struct span input)
{
	static X509 *authority;
	struct checkpoint c;
	struct error e = {0};
	char paper[CHECKPOINT_PAPER_SIZE];

	if (!authority) {
		BIO *from = BIO_new_mem_buf(authority_pem, -1);

		authority = PEM_read_bio_X509(from, NULL, NULL, NULL);
		BIO_free(from);
		if (!authority)
			abort();
	}
	if (checkpoint_read(input, authority, &c, &e) == STATUS_OK)
		checkpoint_paper(&c, paper);
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
	else
		fuzz_checkpoint(rest);
	return 0;
}
