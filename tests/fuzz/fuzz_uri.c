/*
 * PKCS#11 URIs (RFC 7512) and what a token answers with: the name of a key ('u'), a module beside it
 * ('m', its path up to the first line end), and public keys as tokens write them ('r', 'e', 's', 'x').
 * The first octet says which. The corpus comes from tests/fuzz/seed-text.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "hsm/signer.h"
#include "hsm/token_key.h"
#include "hsm/token_uri.h"
#include "tests/fuzz/fuzz.h"

/* What is taken names a token, no PIN and no program, and reads back as itself. */
static void read_uri(const char *text)
{
	struct token_uri *u = NULL, *again = NULL;
	struct error e = {0};
	char *written = NULL, *twice = NULL, name[128];
	enum status s = token_uri_parse(text, &u, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (u != NULL));
	promise(s == STATUS_OK || s == STATUS_USAGE);
	if (!u)
		return;
	promise(!p11_kit_uri_get_pin_value(token_uri_p11(u)));
	promise(!token_uri_module_path(u) || token_uri_module_path(u)[0] == '/');
	promise(!token_uri_pin_file(u) || token_uri_pin_file(u)[0] != '|');
	token_uri_describe(u, name, sizeof name);
	promise(name[0] != '\0');
	promise(token_uri_format(u, &written, &e) == STATUS_OK);
	promise(signer_name_is_uri(written));
	promise(token_uri_parse(written, &again, &e) == STATUS_OK);
	promise(span_equal(token_uri_label(u), token_uri_label(again)) &&
		span_equal(token_uri_id(u), token_uri_id(again)));
	promise(token_uri_format(again, &twice, &e) == STATUS_OK && strcmp(written, twice) == 0);
	free(written);
	free(twice);
	token_uri_free(again);
	token_uri_free(u);
}

static void add_module(char *text)
{
	char *uri = strchr(text, '\n'), *name = NULL;
	struct error e = {0};
	enum status s;

	if (!uri)
		return;
	*uri++ = '\0';
	s = signer_name_with_module(uri, text, &name, &e);
	promise_told(s, &e);
	if (s == STATUS_OK)
		read_uri(name);
	free(name);
}

static void read_text(struct span s, void (*read)(char *))
{
	char *text = fuzz_text(s);

	read(text);
	free(text);
}

static void read_uri_text(char *text)
{
	read_uri(text);
}

/* The first octet is the length of the first of two values. */
static void read_pair(struct span s,
		      enum status (*read)(struct span, struct span, EVP_PKEY **, struct error *))
{
	size_t len = s.len ? s.data[0] : 0;
	EVP_PKEY *key = NULL;
	struct error e = {0};
	enum status status;

	if (s.len < 1 + len)
		return;
	status = read((struct span){s.data + 1, len},
		      (struct span){s.data + 1 + len, s.len - 1 - len}, &key, &e);
	promise_told(status, &e);
	promise((status == STATUS_OK) == (key != NULL));
	EVP_PKEY_free(key);
}

static void read_one(struct span s, enum status (*read)(struct span, EVP_PKEY **, struct error *))
{
	EVP_PKEY *key = NULL;
	struct error e = {0};
	enum status status = read(s, &key, &e);

	promise_told(status, &e);
	promise((status == STATUS_OK) == (key != NULL));
	EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};

	switch (size ? data[0] : 0) {
	case 'u':
		read_text(rest, read_uri_text);
		break;
	case 'm':
		read_text(rest, add_module);
		break;
	case 'r':
		read_pair(rest, token_key_from_rsa);
		break;
	case 'e':
		read_pair(rest, token_key_from_point);
		break;
	case 's':
		read_one(rest, token_key_from_spki);
		break;
	case 'x':
		read_one(rest, token_key_from_certificate);
		break;
	default:
		break;
	}
	ERR_clear_error();
	return 0;
}
