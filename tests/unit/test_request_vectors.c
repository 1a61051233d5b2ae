/*
 * The requests that Debian's python3-cryptography-vectors brings, made by other tools than ours,
 * each read or refused as the table below says; the two forged ones are openssl req -verify's, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "csr/key.h"
#include "csr/name_judge.h"
#include "csr/request.h"

#define FOLDER "/usr/lib/python3/dist-packages/cryptography_vectors/x509/requests"

static const struct {
	const char *file;
	enum status status;
	const char *what; /* in the refusal */
} vectors[] = {
	{"bad-version.pem", STATUS_INPUT, "version"},
	{"challenge-unstructured.pem", STATUS_OK, NULL},
	{"challenge.pem", STATUS_OK, NULL},
	{"ec_sha256.der", STATUS_OK, NULL},
	{"ec_sha256.pem", STATUS_OK, NULL},
	{"ec_sha256_old_header.pem", STATUS_OK, NULL},
	/* Writes critical FALSE instead of nothing, which is let pass on purpose. */
	{"freeipa-bad-critical.pem", STATUS_OK, NULL},
	{"rsa_sha256.der", STATUS_OK, NULL},
	{"rsa_sha256.pem", STATUS_OK, NULL},
	/* Edited after they were signed. */
	{"challenge-invalid.der", STATUS_REFUSED, "does not verify"},
	{"challenge-multi-valued.der", STATUS_REFUSED, "does not verify"},
	{"invalid_signature.pem", STATUS_REFUSED, "does not verify"},
	{"long-form-attribute.pem", STATUS_REFUSED, "does not verify"},
	/* Whatever else they are for. */
	{"basic_constraints.pem", STATUS_REFUSED, "SHA1"},
	{"dsa_sha1.der", STATUS_REFUSED, "SHA1"},
	{"dsa_sha1.pem", STATUS_REFUSED, "SHA1"},
	{"rsa_md4.der", STATUS_REFUSED, "MD4"},
	{"rsa_md4.pem", STATUS_REFUSED, "MD4"},
	{"rsa_sha1.der", STATUS_REFUSED, "SHA1"},
	{"rsa_sha1.pem", STATUS_REFUSED, "SHA1"},
	{"san_rsa_sha1.der", STATUS_REFUSED, "SHA1"},
	{"san_rsa_sha1.pem", STATUS_REFUSED, "SHA1"},
	{"two_basic_constraints.pem", STATUS_REFUSED, "SHA1"},
	{"unsupported_extension.pem", STATUS_REFUSED, "SHA1"},
	{"unsupported_extension_critical.pem", STATUS_REFUSED, "SHA1"},
};

/* What is read has a sound key and an honest name, too. */
static void judged_sound(const char *file, const struct csr_request *r)
{
	struct findings f = {0};
	struct error e;

	assert_int_equal(csr_key_check(csr_request_key(r), &f, &e), STATUS_OK);
	assert_int_equal(csr_name_check(csr_request_name(r), "", &f, &e), STATUS_OK);
	if (f.count)
		fail_msg("%s: %s: %s", file, f.items[0].rule->id, f.items[0].message);
	findings_free(&f);
}

static void as_described(const char *file, struct span input, enum status expected,
			 const char *what)
{
	struct csr_request *r = NULL;
	struct error e = {0};
	enum status status = csr_request_read(input, file, &r, &e);

	if (status != expected || (what && !strstr(e.what, what)))
		fail_msg("%s: status %d, '%s'", file, status, e.what);
	if (r)
		judged_sound(file, r);
	csr_request_free(r);
}

static void every_vector(void **state)
{
	(void)state;
	if (!file_exists(FOLDER)) {
		print_message("# skipped: python3-cryptography-vectors is not installed\n");
		skip();
	}
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct bytes input = {0};
		struct error e;
		char path[200];

		snprintf(path, sizeof path, FOLDER "/%s", vectors[i].file);
		if (file_read(path, CSR_INPUT_MAX, &input, &e) != STATUS_OK)
			fail_msg("%s: %s", vectors[i].file, e.what);
		as_described(vectors[i].file, span_of(&input), vectors[i].status, vectors[i].what);
		bytes_free(&input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_vector)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
