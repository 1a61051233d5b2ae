#include "ca/store_serial.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

const char *cert_state_name(enum cert_state s)
{
	static const char *const names[CERT_STATES] = {"any", "reserved", "issued", "failed",
						       "revoked"};

	return (size_t)s < CERT_STATES ? names[s] : "unknown";
}

enum status serial_check(struct span serial, struct error *e)
{
	if (serial.len == 0 || serial.len > SERIAL_MAX || serial.data[0] == 0 ||
	    (serial.len == SERIAL_MAX && serial.data[0] >= 0x80))
		return error_set(e, STATUS_INTERNAL, NULL, NULL,
				 "a serial number is not 1 to %d octets without a leading zero",
				 SERIAL_MAX);
	return STATUS_OK;
}

enum status serial_parse(const char *text, struct bytes *out, struct error *e)
{
	char digits[2 * SERIAL_MAX + 2];
	struct bytes serial = {0};
	const char *at = text;
	struct error ignored;

	if (strncmp(text, "0x", 2) == 0 && strspn(text + 2, "0123456789abcdefABCDEF") > 0) {
		at += 2;
		at += strspn(at, "0");
	}
	/* Zero has no digit left, and is no serial number (RFC 5280 4.1.2.2). */
	if (at != text && strlen(at) <= 2 * SERIAL_MAX) {
		snprintf(digits, sizeof digits, "%s%s", strlen(at) % 2 ? "0" : "", at);
		if (hex_decode(digits, &serial, &ignored) == STATUS_OK &&
		    serial_check(span_of(&serial), &ignored) == STATUS_OK) {
			*out = serial;
			return STATUS_OK;
		}
	}
	bytes_free(&serial);
	return error_set(e, STATUS_USAGE, NULL, "write it like 0x1000",
			 "'%.60s' is not a first serial number", text);
}

static int compare(struct span a, struct span b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? memcmp(a.data, b.data, a.len) : 0;
}

/* One more, in place; where it carries out of the first octet, the caller has room for another. */
static size_t increment(unsigned char *number, size_t len)
{
	for (size_t i = len; i-- > 0;) {
		if (++number[i] != 0)
			return len;
	}
	memmove(number + 1, number, len);
	number[0] = 1;
	return len + 1;
}

enum status serial_after(struct span last, struct span first, unsigned char out[SERIAL_MAX],
			 size_t *len, struct error *e)
{
	unsigned char next[SERIAL_MAX + 1];
	struct span candidate = {next, last.len};
	enum status s = serial_check(first, e);

	if (s != STATUS_OK)
		return s;
	if (last.len) {
		s = serial_check(last, e);
		if (s != STATUS_OK)
			return s;
		memcpy(next, last.data, last.len);
		candidate.len = increment(next, last.len);
	}
	if (compare(candidate, first) < 0)
		candidate = first;
	if (candidate.len > SERIAL_MAX ||
	    (candidate.len == SERIAL_MAX && candidate.data[0] >= 0x80))
		return error_set(e, STATUS_REFUSED, NULL, "use random serial numbers",
				 "there is no serial number after the largest one in use");
	memcpy(out, candidate.data, candidate.len);
	*len = candidate.len;
	return STATUS_OK;
}

/* "a3f" is a3 f0 … a3 ff ff…: below the next number of as many digits, whatever follows. */
enum status serial_range(const char *prefix, struct serial_range *out, struct error *e)
{
	size_t digits = strlen(prefix);
	size_t len = (digits + 1) / 2;

	if (digits == 0 || len > SERIAL_MAX || strspn(prefix, "0123456789abcdefABCDEF") != digits)
		return error_set(e, STATUS_USAGE, NULL,
				 "give the first digits as \"subca list\" shows them",
				 "a serial number is 1 to %d hexadecimal digits", 2 * SERIAL_MAX);
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < digits; i++) {
		int value = OPENSSL_hexchar2int((unsigned char)prefix[i]);

		out->low[i / 2] |= (unsigned char)(i % 2 ? value : value << 4);
	}
	out->low_len = len;
	memcpy(out->high, out->low, len);
	out->high_len = len;
	out->high[len - 1] = (unsigned char)(out->high[len - 1] + (digits % 2 ? 0x10 : 1));
	while (out->high_len && out->high[out->high_len - 1] == 0) {
		if (--out->high_len)
			out->high[out->high_len - 1]++;
	}
	return STATUS_OK;
}
