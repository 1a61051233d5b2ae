/*
 * Bytes: owned (struct bytes), borrowed (struct span), and text that grows (struct text).
 */
#ifndef SUBCA_BASE_BYTES_H
#define SUBCA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Borrowed: valid as long as whatever it was taken from. */
struct span {
	const unsigned char *data;
	size_t len;
};

/* Owned: freed with bytes_free(). data has one NUL past len, so that text can be read as such. */
struct bytes {
	unsigned char *data;
	size_t len;
};

/* Text being built; freed with text_free(). After a failed allocation every append is a no-op. */
struct text {
	char *data; /* NUL-terminated once anything was appended; NULL before */
	size_t len;
	size_t room;
	bool failed;
};

struct span span_of(const struct bytes *b);
struct span span_text(const char *s);
bool span_equal(struct span a, struct span b);

MUST_CHECK enum status bytes_copy(struct bytes *to, struct span from, struct error *e);
void bytes_free(struct bytes *b);

void text_append(struct text *t, const char *s, size_t len);
void text_add(struct text *t, const char *s);
void text_printf(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* Appends s with what is malformed or invisible shown as \xNN: hostile text on a terminal. */
void text_add_escaped(struct text *t, struct span s);
/* STATUS_SYSTEM if any append failed since the start. */
MUST_CHECK enum status text_check(const struct text *t, struct error *e);
/* The text so far, "" when there is none. Valid until the next append. */
const char *text_get(const struct text *t);
void text_free(struct text *t);

/* Lower-case hexadecimal into out, which holds 2 * s.len + 1. */
void hex_encode(struct span s, char *out);
/* Even number of digits of either case. STATUS_INPUT otherwise. */
MUST_CHECK enum status hex_decode(const char *hex, struct bytes *out, struct error *e);

#define SHA256_SIZE 32
MUST_CHECK enum status sha256(struct span s, unsigned char out[SHA256_SIZE], struct error *e);

/* Cryptographically random. STATUS_SYSTEM when the source fails. */
MUST_CHECK enum status random_bytes(unsigned char *out, size_t len, struct error *e);

#endif
