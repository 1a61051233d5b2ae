/*
 * Taking over what another tool's CA left, from the scan to the new folder. The first octet says what
 * the rest is: one file that holds everything ('f'); index.txt and, from the first BEGIN on, a file
 * beside it ('b'); or, beside a CA of nobody, its index.txt ('i'), serial ('s') or crlnumber ('n').
 * What is free of errors must become a CA that opens. The corpus comes from tests/fuzz/seed-ca.
 */
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>

#include "ca/authority.h"
#include "ca/import.h"
#include "tests/fuzz/fuzz.h"

static const char index_line[] =
	"V\t361122235959Z\t\t1000\tunknown\t/CN=a\n"
	"R\t361122235959Z\t260101000000Z,superseded\t1001\tunknown\t/CN=b\n";

static void expect_opens(const struct import_summary *summary, const char *folder)
{
	struct authority *a = NULL;
	struct error e = {0};
	int64_t counts[CERT_STATES];

	promise(authority_open(folder, STORE_WRITE, &a, &e) == STATUS_OK);
	promise(store_count(authority_store(a), counts, &e) == STATUS_OK);
	promise(counts[CERT_ISSUED] == summary->issued && counts[CERT_REVOKED] == summary->revoked);
	promise(journal_verify(authority_store(a), &e) == STATUS_OK);
	authority_free(a);
}

static void import(enum import_kind kind, const char *from)
{
	const char *const paths[] = {from};
	const struct import_order order = {
		.kind = kind, .paths = paths, .path_count = 1, .now = FUZZ_NOW};
	struct import *in = NULL;
	struct findings f = {0};
	struct error e = {0};
	char folder[4096];
	enum status s = import_scan(&order, &in, &f, &e);

	snprintf(folder, sizeof folder, "%s", fuzz_path("new"));
	promise_told(s, &e);
	if (s == STATUS_OK) {
		s = import_judge(in, import_needs_secret(in) ? fuzz_secret() : NULL, &f, &e);
		promise_told(s, &e);
	}
	promise_findings(&f);
	if (s == STATUS_OK && findings_count(&f, SEVERITY_ERROR) == 0) {
		promise(import_commit(in, folder, NULL, &e) == STATUS_OK);
		expect_opens(import_summary(in), folder);
	}
	import_free(in);
	findings_free(&f);
}

static void put(const char *name, struct span content)
{
	char path[256];

	snprintf(path, sizeof path, "old/%s", name);
	fuzz_file(path, content);
}

static void import_folder(struct span index, struct span beside, struct span serial,
			  struct span crl_number)
{
	char folder[4096];

	snprintf(folder, sizeof folder, "%s", fuzz_path("old"));
	promise(mkdir(folder, 0700) == 0);
	put("index.txt", index);
	put("cacert.pem", beside);
	put("serial", serial);
	put("crlnumber", crl_number);
	import(IMPORT_OPENSSL, folder);
}

static void import_both(struct span s)
{
	const unsigned char *pem = s.len ? memmem(s.data, s.len, "-----BEGIN ", 11) : NULL;
	size_t len = pem ? (size_t)(pem - s.data) : s.len;

	import_folder((struct span){s.data, len}, (struct span){s.data + len, s.len - len},
		      span_text("2000\n"), span_text("10\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};
	struct span index = span_text(index_line), nobody = span_text(fuzz_authority_pem);
	struct span number = span_text("2000\n");

	ERR_clear_error();
	fuzz_empty();
	switch (size ? data[0] : 0) {
	case 'f':
		import(IMPORT_FILES, fuzz_file("all.pem", rest));
		break;
	case 'b':
		import_both(rest);
		break;
	case 'i':
		import_folder(rest, nobody, number, number);
		break;
	case 's':
		import_folder(index, nobody, rest, number);
		break;
	case 'n':
		import_folder(index, nobody, number, rest);
		break;
	default:
		break;
	}
	ERR_clear_error();
	return 0;
}
