/*
 * Serial numbers as the store keeps them: big-endian magnitudes.
 */
#ifndef SUBCA_CA_STORE_SERIAL_H
#define SUBCA_CA_STORE_SERIAL_H

#include "ca/store.h"

/* STATUS_INTERNAL unless it has the form that struct store_intent promises. */
MUST_CHECK enum status serial_check(struct span serial, struct error *e);

/*
 * What a person writes: "0x1000". STATUS_USAGE unless it is hexadecimal and a serial number that
 * serial_check() takes. Freed with bytes_free().
 */
MUST_CHECK enum status serial_parse(const char *text, struct bytes *out, struct error *e);

/* The larger of first and one more than last (empty: none yet). STATUS_REFUSED past the last. */
MUST_CHECK enum status serial_after(struct span last, struct span first,
				    unsigned char out[SERIAL_MAX], size_t *len, struct error *e);

/*
 * All serials whose hexadecimal digits begin with prefix: low <= serial < high, compared octet by
 * octet. high_len 0: no upper end. STATUS_USAGE unless prefix is 1 … 2 * SERIAL_MAX digits.
 */
struct serial_range {
	unsigned char low[SERIAL_MAX], high[SERIAL_MAX];
	size_t low_len, high_len;
};
MUST_CHECK enum status serial_range(const char *prefix, struct serial_range *out, struct error *e);

#endif
