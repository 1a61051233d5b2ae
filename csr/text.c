#include "csr/text.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* "-----BEGIN " and the name and "-----": RFC 7468 names are far shorter. */
#define BOUNDARY_MAX 80

void csr_text_free(struct bytes *plain)
{
	if (plain->data)
		OPENSSL_cleanse(plain->data, plain->len);
	bytes_free(plain);
}

/* --- UTF-16 ----------------------------------------------------------------------------------- */

enum order { NOT_WIDE, LITTLE, BIG };

static bool is_text(unsigned char byte)
{
	return (byte >= ' ' && byte < 0x7F) || byte == '\t' || byte == '\n' || byte == '\r';
}

static enum order wide_order(struct span s)
{
	if (s.len < 2)
		return NOT_WIDE;
	if (s.data[0] == 0xFF && s.data[1] == 0xFE)
		return LITTLE;
	if (s.data[0] == 0xFE && s.data[1] == 0xFF)
		return BIG;
	/* Without its mark: the first character is ASCII, as in all that is looked for. */
	if (is_text(s.data[0]) && !s.data[1])
		return LITTLE;
	return !s.data[0] && is_text(s.data[1]) ? BIG : NOT_WIDE;
}

/* PEM is ASCII: another character stands outside of it, or damages it as "?" does too. */
static enum status narrow(struct span wide, enum order order, struct bytes *out, struct error *e)
{
	if (wide.len % 2)
		return error_set(e, STATUS_INPUT, NULL, "download or save the file again",
				 "is UTF-16 text that was cut short");
	out->data = malloc(wide.len / 2 + 1);
	if (!out->data)
		return error_memory(e);
	for (size_t i = 0; i < wide.len; i += 2) {
		unsigned char low = wide.data[i + (order == BIG)];
		unsigned char high = wide.data[i + (order == LITTLE)];

		if ((high == 0xFE && low == 0xFF) || (high == 0 && low == 0))
			continue;
		out->data[out->len++] = high == 0 && low < 0x80 ? low : '?';
	}
	out->data[out->len] = 0;
	return STATUS_OK;
}

/* --- quotes, escapes, indentation ------------------------------------------------------------- */

struct cleaner {
	struct span from;
	unsigned char *to;
	size_t len;
};

static void put(struct cleaner *c, unsigned char byte)
{
	bool fresh = c->len == 0 || c->to[c->len - 1] == '\n';

	if (byte == '\r')
		byte = '\n';
	if (fresh && (byte == '\n' || byte == ' ' || byte == '\t' || byte == '>'))
		return;
	c->to[c->len++] = byte;
}

static void skip(struct cleaner *c, size_t len)
{
	c->from.data += len;
	c->from.len -= len;
}

static bool at(struct span s, const char *word)
{
	size_t len = strlen(word);

	return s.len >= len && memcmp(s.data, word, len) == 0;
}

/* A whole BEGIN or END line; 0 where none starts here. */
static size_t boundary(struct span s)
{
	size_t start = at(s, "-----BEGIN ") ? 11 : at(s, "-----END ") ? 9 : 0;

	if (!start)
		return 0;
	for (size_t i = start; i + 5 <= s.len && i < BOUNDARY_MAX; i++)
		if (memcmp(s.data + i, "-----", 5) == 0)
			return i + 5;
	return 0;
}

static void put_boundary(struct cleaner *c, size_t len)
{
	put(c, '\n');
	for (size_t i = 0; i < len; i++)
		put(c, c->from.data[i]);
	put(c, '\n');
	skip(c, len);
}

/* The four digits of \uXXXX; -1 where they are not. */
static int code_point(struct span s)
{
	int value = 0;

	if (s.len < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = OPENSSL_hexchar2int(s.data[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* from starts at a backslash; more of them mean that it was escaped more than once. */
static void put_escape(struct cleaner *c)
{
	unsigned char byte;
	int code;

	while (c->from.len && c->from.data[0] == '\\')
		skip(c, 1);
	if (c->from.len == 0)
		return;
	byte = c->from.data[0];
	skip(c, 1);
	if (byte == 'n' || byte == 'r' || byte == 't' || byte == '"') {
		put(c, '\n');
	} else if (byte == 'u' && (code = code_point(c->from)) >= 0) {
		skip(c, 4);
		put(c, code == 0x22 ? '\n' : code > 0 && code < 0x80 ? (unsigned char)code : '?');
	} else {
		put(c, byte);
	}
}

static void clean(struct cleaner *c)
{
	while (c->from.len) {
		unsigned char byte = c->from.data[0];
		size_t line = byte == '-' ? boundary(c->from) : 0;

		if (line) {
			put_boundary(c, line);
		} else if (byte == '\\') {
			put_escape(c);
		} else {
			put(c, byte == '"' || byte == '\'' ? '\n' : byte);
			skip(c, 1);
		}
	}
}

enum status csr_text_plain(struct span input, struct bytes *plain, struct error *e)
{
	enum order order = wide_order(input);
	struct bytes narrowed = {0};
	struct cleaner c = {.from = input};

	if (order != NOT_WIDE) {
		if (narrow(input, order, &narrowed, e) != STATUS_OK)
			return error_status(e);
		c.from = span_of(&narrowed);
	} else if (at(input, "\xEF\xBB\xBF")) {
		skip(&c, 3);
	}
	/* Only a boundary, of 14 characters or more, gains something: two line ends. */
	c.to = malloc(c.from.len + c.from.len / 4 + 4);
	if (!c.to) {
		csr_text_free(&narrowed);
		return error_memory(e);
	}
	clean(&c);
	c.to[c.len] = 0;
	csr_text_free(&narrowed);
	*plain = (struct bytes){c.to, c.len};
	return STATUS_OK;
}

/* --- base64 ----------------------------------------------------------------------------------- */

/* Copies all but line ends and blanks; 0 where anything is not base64. */
static size_t squeeze(struct span plain, unsigned char *to)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	size_t len = 0;

	for (size_t i = 0; i < plain.len; i++) {
		unsigned char byte = plain.data[i];

		if (byte == '\n' || byte == ' ' || byte == '\t')
			continue;
		if (!memchr(alphabet, byte, sizeof alphabet - 1))
			return 0;
		to[len++] = byte;
	}
	return len % 4 ? 0 : len;
}

static size_t padding(const unsigned char *base64, size_t len)
{
	return (size_t)(base64[len - 1] == '=') + (size_t)(base64[len - 2] == '=');
}

enum status csr_text_base64(struct span plain, struct bytes *out, struct error *e)
{
	struct bytes base64 = {malloc(plain.len + 1), 0};
	enum status status = STATUS_OK;
	unsigned char *made = NULL;
	int len;

	if (!base64.data)
		return error_memory(e);
	base64.len = squeeze(plain, base64.data);
	if (base64.len == 0)
		goto out;
	made = malloc(base64.len / 4 * 3 + 1);
	if (!made) {
		status = error_memory(e);
		goto out;
	}
	len = EVP_DecodeBlock(made, base64.data, (int)base64.len);
	if (len <= 0) {
		free(made);
		goto out;
	}
	*out = (struct bytes){made, (size_t)len - padding(base64.data, base64.len)};
	made[out->len] = 0;
out:
	csr_text_free(&base64);
	return status;
}
