#include "base/bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/memory.h"

#include "base/digest.h"

struct span span_of(const struct bytes *b)
{
	return (struct span){b->data, b->len};
}

struct span span_text(const char *s)
{
	return (struct span){(const unsigned char *)s, strlen(s)};
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

enum status bytes_copy(struct bytes *to, struct span from, struct error *e)
{
	unsigned char *data = from.len < SIZE_MAX ? malloc(from.len + 1) : NULL;

	if (!data)
		return error_memory(e);
	if (from.len)
		memcpy(data, from.data, from.len);
	data[from.len] = '\0';
	*to = (struct bytes){data, from.len};
	return STATUS_OK;
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){NULL, 0};
}

/* Most texts are only shown: nobody who shows one looks whether it is whole. */
static void fail(struct text *t)
{
	t->failed = true;
	memory_note();
}

static bool text_reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;
	size_t room = t->room ? t->room : 64;
	char *data;

	if (t->failed || need < more) {
		fail(t);
		return false;
	}
	if (need <= t->room)
		return true;
	while (room < need && room <= SIZE_MAX / 2)
		room *= 2;
	data = room >= need ? realloc(t->data, room) : NULL;
	if (!data) {
		fail(t);
		return false;
	}
	t->data = data;
	t->room = room;
	return true;
}

void text_append(struct text *t, const char *s, size_t len)
{
	if (!text_reserve(t, len))
		return;
	if (len)
		memcpy(t->data + t->len, s, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_append(t, s, strlen(s));
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list arguments, again;
	int len;

	va_start(arguments, format);
	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (len < 0) {
		fail(t);
	} else if (text_reserve(t, (size_t)len)) {
		vsnprintf(t->data + t->len, (size_t)len + 1, format, again);
		t->len += (size_t)len;
	}
	va_end(again);
}

/*
 * What a person cannot see, or sees in another place than it is: C0, DEL and C1 controls,
 * surrogates, marks of direction, characters of no width, separators of lines, and tags.
 */
static bool hidden_point(unsigned long point)
{
	static const struct {
		unsigned long first, last;
	} hidden[] = {
		{0x00, 0x1F},	  {0x7F, 0x9F},	    {0xAD, 0xAD},     {0x061C, 0x061C},
		{0x115F, 0x1160}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E},
		{0x2060, 0x206F}, {0x3164, 0x3164}, {0xD800, 0xDFFF}, {0xFE00, 0xFE0F},
		{0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
	};

	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		if (point >= hidden[i].first && point <= hidden[i].last)
			return true;
	}
	return false;
}

/* The octets of a sequence that starts with lead (RFC 3629 4), 0 where none does. */
static size_t utf8_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
}

/* The length of the well-formed, printable UTF-8 sequence at s (RFC 3629 4), 0 where there is none. */
static size_t utf8_printable(struct span s)
{
	static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = utf8_length(s.data[0]);
	unsigned long point = len == 1 ? s.data[0] : s.data[0] & (0x7Fu >> len);

	if (len == 0 || s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s.data[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (s.data[i] & 0x3F);
	}
	if (point < least[len] || point > 0x10FFFF || hidden_point(point))
		return 0;
	return len;
}

void text_add_escaped(struct text *t, struct span s)
{
	while (s.len) {
		size_t len = utf8_printable(s);

		if (len) {
			text_append(t, (const char *)s.data, len);
		} else {
			text_printf(t, "\\x%02X", s.data[0]);
			len = 1;
		}
		s.data += len;
		s.len -= len;
	}
}

enum status text_check(const struct text *t, struct error *e)
{
	return t->failed ? error_memory(e) : STATUS_OK;
}

const char *text_get(const struct text *t)
{
	return t->data && t->len ? t->data : "";
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

void hex_encode(struct span s, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		*out++ = digits[s.data[i] >> 4];
		*out++ = digits[s.data[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum status hex_decode(const char *hex, struct bytes *out, struct error *e)
{
	size_t digits = strlen(hex);
	unsigned char *data;

	if (digits % 2)
		return error_set(e, STATUS_INPUT, NULL, NULL,
				 "'%.80s' has an odd number of hexadecimal digits", hex);
	data = malloc(digits / 2 + 1);
	if (!data)
		return error_memory(e);
	for (size_t i = 0; i < digits; i += 2) {
		int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);

		if (high < 0 || low < 0) {
			free(data);
			return error_set(e, STATUS_INPUT, NULL, NULL, "'%.80s' is not hexadecimal",
					 hex);
		}
		data[i / 2] = (unsigned char)(high << 4 | low);
	}
	data[digits / 2] = '\0';
	*out = (struct bytes){data, digits / 2};
	return STATUS_OK;
}

enum status sha256(struct span s, unsigned char out[SHA256_SIZE], struct error *e)
{
	if (!digest_of(DIGEST_SHA256, s, (struct span){NULL, 0}, out))
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "SHA-256 failed");
	return STATUS_OK;
}

enum status random_bytes(unsigned char *out, size_t len, struct error *e)
{
	if (len > INT32_MAX || RAND_bytes(out, (int)len) != 1)
		return error_openssl(e, STATUS_SYSTEM, NULL, "check the machine's random source",
				     "no random bytes could be had");
	return STATUS_OK;
}
