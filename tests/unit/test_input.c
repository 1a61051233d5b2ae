/* The forms in which people hand a request in, and what they hand in instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/der.h"
#include "csr/input.h"
#include "csr/text.h"

/* One request, as DER and as PEM; made once. */
static EVP_PKEY *key;
static struct bytes der;
static char *pem;

static int make_request(void **state)
{
	X509_REQ *q = X509_REQ_new();
	BIO *to = BIO_new(BIO_s_mem());
	struct error e;
	char *data;
	long len;

	(void)state;
	/* RSA, so that its base64 has many lines. */
	key = EVP_RSA_gen(2048);
	if (!q || !to || !key || X509_REQ_set_pubkey(q, key) != 1 ||
	    X509_REQ_sign(q, key, EVP_sha256()) <= 0 || PEM_write_bio_X509_REQ(to, q) != 1 ||
	    der_encode(q, (i2d_of_void *)i2d_X509_REQ, &der, &e) != STATUS_OK)
		return -1;
	len = BIO_get_mem_data(to, &data);
	/* A memory BIO does not end in a NUL, which strndup() looks for under AddressSanitizer. */
	pem = calloc(1, (size_t)len + 1);
	if (pem)
		memcpy(pem, data, (size_t)len);
	BIO_free(to);
	X509_REQ_free(q);
	return pem ? 0 : -1;
}

static int free_request(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	bytes_free(&der);
	free(pem);
	return 0;
}

static void understood(struct span input)
{
	struct bytes got = {0};
	struct error e = {0};

	if (csr_input_der(input, &got, &e) != STATUS_OK)
		fail_msg("refused: %s (%s): %.200s", e.what, e.detail, (const char *)input.data);
	if (!span_equal(span_of(&got), span_of(&der)))
		fail_msg("other bytes came out of: %.200s", (const char *)input.data);
	bytes_free(&got);
}

static void refused(struct span input, const char *what)
{
	struct bytes got = {0};
	struct error e = {0};
	enum status status = csr_input_der(input, &got, &e);

	if (status != STATUS_INPUT || !strstr(e.what, what))
		fail_msg("status %d, '%s', where '%s' was expected", status, e.what, what);
	assert_null(got.data);
	assert_string_not_equal(e.todo, "");
}

/* from with each line end replaced, between before and after. */
static struct text rewritten(const char *before, const char *line_end, const char *after)
{
	struct text t = {0};

	text_add(&t, before);
	for (const char *at = pem; *at; at++)
		*at == '\n' ? text_add(&t, line_end) : text_append(&t, at, 1);
	text_add(&t, after);
	assert_non_null(t.data);
	return t;
}

static void understood_as(const char *before, const char *line_end, const char *after)
{
	struct text t = rewritten(before, line_end, after);

	understood(span_text(t.data));
	text_free(&t);
}

static void out_of_json(void **state)
{
	(void)state;
	understood_as("{\"csr\":\"", "\\n", "\"}");
	understood_as("{\n  \"name\": \"a\", \"csr\": \"", "\\n", "\",\n  \"id\": 7\n}\n");
	understood_as("\"", "\\r\\n", "\"\n");
	understood_as("'", "\\n", "'");
	understood_as("", "\\n", "");
	/* JSON inside a string of JSON, as in logs. */
	understood_as("{\\\"csr\\\":\\\"", "\\\\n", "\\\"}");
	understood_as("\"", "\\u000a", "\"");
	/* As an array of lines without commas in them, and a shell's continued lines. */
	understood_as("\"", "\\n\"\n\"", "\"");
	understood_as("", "\\\n", "");
}

/* .NET writes + as \u002B, PHP writes / as \/. */
static void escaped_characters(void **state)
{
	struct text t = {0};

	(void)state;
	for (const char *at = pem; *at; at++) {
		if (*at == '+')
			text_add(&t, "\\u002B");
		else if (*at == '/')
			text_add(&t, "\\/");
		else
			text_append(&t, at, 1);
	}
	understood(span_text(t.data));
	text_free(&t);
}

static void indented_and_quoted(void **state)
{
	(void)state;
	understood_as("    ", "\n    ", "");
	understood_as("\t", "\r\n\t", "");
	understood_as("> ", "\n> ", "");
	understood_as("> > ", " \n> > ", "");
	understood_as("csr: |\n  ", "\n  ", "\nnext: key\n");
	understood_as("", " ", "");
	understood_as("Your request: ", "\n\n", " Regards");
	understood_as("", "\r", "");
	understood_as("\xEF\xBB\xBF  ", "\r\n", "");
}

static void base64_alone(void **state)
{
	struct text t = {0};
	unsigned char *one_line = malloc(2 * der.len);
	const char *first = strchr(pem, '\n') + 1, *last = strstr(pem, "-----END");

	(void)state;
	assert_non_null(one_line);
	text_append(&t, first, (size_t)(last - first));
	understood(span_text(t.data));
	text_free(&t);
	assert_true(EVP_EncodeBlock(one_line, der.data, (int)der.len) > 0);
	understood(span_text((char *)one_line));
	text_printf(&t, "  \"%s\"\r\n", (char *)one_line);
	understood(span_text(t.data));
	text_free(&t);
	free(one_line);

	/* Of the whole PEM: Kubernetes. */
	one_line = malloc(2 * strlen(pem));
	assert_non_null(one_line);
	assert_true(EVP_EncodeBlock(one_line, (unsigned char *)pem, (int)strlen(pem)) > 0);
	understood(span_text((char *)one_line));
	one_line[strlen((char *)one_line) - 1] = '*';
	refused(span_text((char *)one_line), "neither PEM nor DER");
	free(one_line);
}

static void base64_of_every_length(void **state)
{
	static const struct {
		const char *base64;
		size_t len;
	} cases[] = {{"MAA=", 2}, {"M A==\n", 1}, {"MAAA", 3}, {"MAA", 0}, {"M*A=", 0}, {"", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes out = {0};
		struct error e;

		assert_int_equal(csr_text_base64(span_text(cases[i].base64), &out, &e), STATUS_OK);
		assert_int_equal(out.len, cases[i].len);
		csr_text_free(&out);
	}
}

static struct bytes widened(bool big, bool mark)
{
	struct bytes wide = {calloc(2, strlen(pem) + 1), 0};

	assert_non_null(wide.data);
	if (mark) {
		memcpy(wide.data, big ? "\xFE\xFF" : "\xFF\xFE", 2);
		wide.len = 2;
	}
	for (const char *at = pem; *at; at++, wide.len += 2)
		wide.data[wide.len + big] = (unsigned char)*at;
	return wide;
}

static void utf16(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct bytes wide = widened(i & 1, i & 2);

		understood(span_of(&wide));
		wide.len--;
		refused(span_of(&wide), "cut short");
		/* A letter of another script inside the block. */
		wide.len++;
		wide.data[200 + !(i & 1)] = 4;
		refused(span_of(&wide), "damaged");
		bytes_free(&wide);
	}
	refused((struct span){(const unsigned char *)"\xFF\xFE<\0h\0t\0m\0l\0>\0", 14}, "HTML");
	refused((struct span){(const unsigned char *)"\xFF\xFE", 2}, "is empty");
}

static enum status count_same(void *context, struct span one, struct error *e)
{
	int *count = context;

	(void)e;
	assert_true(span_equal(one, span_of(&der)));
	return ++*count == 9 ? STATUS_REFUSED : STATUS_OK;
}

static void more_than_one(void **state)
{
	struct text t = {0};
	struct error e = {0};
	int count = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		text_add(&t, pem);
	refused(span_text(t.data), "holds 3 requests");
	assert_int_equal(csr_input_each(span_text(t.data), count_same, &count, &e), STATUS_OK);
	assert_int_equal(count, 3);
	assert_int_equal(csr_input_each(span_of(&der), count_same, &count, &e), STATUS_OK);
	assert_int_equal(count, 4);
	count = 8;
	assert_int_equal(csr_input_each(span_text(t.data), count_same, &count, &e), STATUS_REFUSED);
	assert_int_equal(count, 9);
	/* Nothing is told where there is damage behind it. */
	text_add(&t, "-----BEGIN CERTIFICATE REQUEST-----\nMAA\n");
	assert_int_equal(csr_input_each(span_text(t.data), count_same, &count, &e), STATUS_INPUT);
	assert_int_equal(count, 9);
	text_free(&t);
	for (int i = 0; i < 3; i++)
		text_add(&t, pem);
	text_add(&t, "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
	refused(span_text(t.data), "a private key");
	text_free(&t);
}

static void damage_is_seen(void **state)
{
	struct text t = rewritten("", "\n", "");

	(void)state;
	t.data[100] = '*';
	refused(span_text(t.data), "damaged");
	text_free(&t);
	t = rewritten("", "\\x", "");
	refused(span_text(t.data), "damaged");
	text_free(&t);
	t = rewritten("", "\\u00", "");
	refused(span_text(t.data), "");
	text_free(&t);
}

static void something_else(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"\\", "is empty"},
		{"\"\"", "is empty"},
		{"<html><form><input type=\"password\">", "login page"},
		{"<!DOCTYPE html><title>Sign In</title>", "login page"},
		{"<?xml version=\"1.0\"?>", "HTML or XML"},
		{"{\"csr\": null}", "JSON"},
		{"[]", "JSON"},
		{"ssh-rsa AAAAB3NzaC1yc2E= me", "SSH public key"},
		{"ssh-ed25519 AAAAC3Nz me", "SSH public key"},
		{"ecdsa-sha2-nistp256 AAAA me", "SSH public key"},
		{"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "SSH public key"},
		{"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
		 "SSH private key"},
		{"-----BEGIN PKCS #7 SIGNED DATA-----\nMAA=\n-----END PKCS #7 SIGNED DATA-----\n",
		 "p7b"},
		{"PK\x03\x04\x14", "ZIP"},
		{"%PDF-1.7", "PDF"},
		{"\xFE\xED\xFE\xED", "Java keystore"},
		{"0 is a digit", "neither PEM nor DER"},
		{"deadbeef", "neither PEM nor DER"},
		{"====", "neither PEM nor DER"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		refused(span_text(cases[i].text), cases[i].what);
}

/* DER of other things is told apart once it turns out to be no request. */
static void explained(const void *value, i2d_of_void *encode, const char *what)
{
	struct bytes other = {0};
	struct error e = {0};

	assert_int_equal(der_encode(value, encode, &other, &e), STATUS_OK);
	assert_true(csr_input_explain(span_of(&other), &e));
	assert_int_equal(e.status, STATUS_INPUT);
	if (!strstr(e.what, what))
		fail_msg("'%s', where '%s' was expected", e.what, what);
	bytes_free(&other);
}

static void other_der(void **state)
{
	EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	PKCS12 *p12 = PKCS12_create("secret", "a", key, NULL, NULL, 0, 0, 1, 1, 0);
	struct bytes got = {0}, short_form = {0};
	struct error e = {0};

	(void)state;
	assert_non_null(p12);
	explained(p12, (i2d_of_void *)i2d_PKCS12, "PKCS#12");
	explained(key, (i2d_of_void *)i2d_PUBKEY, "public key");
	/* 48 octets: a length of one octet, which text could begin with as well. */
	assert_int_equal(der_encode(small, (i2d_of_void *)i2d_PrivateKey, &short_form, &e),
			 STATUS_OK);
	assert_int_equal(csr_input_der(span_of(&short_form), &got, &e), STATUS_OK);
	explained(small, (i2d_of_void *)i2d_PrivateKey, "private key");
	bytes_free(&got);
	bytes_free(&short_form);
	PKCS12_free(p12);
	EVP_PKEY_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_of_json),
		cmocka_unit_test(escaped_characters),
		cmocka_unit_test(indented_and_quoted),
		cmocka_unit_test(base64_alone),
		cmocka_unit_test(base64_of_every_length),
		cmocka_unit_test(utf16),
		cmocka_unit_test(more_than_one),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(something_else),
		cmocka_unit_test(other_der),
	};

	return cmocka_run_group_tests(tests, make_request, free_request);
}
