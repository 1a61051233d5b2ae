/* The certificates that were found, and how they are found again. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ca/import_internal.h"

int import_compare(const unsigned char *a, size_t a_len, const unsigned char *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return a_len ? memcmp(a, b, a_len) : 0;
}

bool import_serial(const ASN1_INTEGER *number, unsigned char out[SERIAL_MAX], size_t *len)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(number, NULL);
	int octets = n ? BN_num_bytes(n) : 0;
	bool fits = n && !BN_is_negative(n) &&
		    (octets < SERIAL_MAX || (octets == SERIAL_MAX && !BN_is_bit_set(n, 159)));

	if (fits) {
		BN_bn2bin(n, out);
		*len = (size_t)octets;
	}
	BN_free(n);
	return fits;
}

X509 *import_parse(const struct found_certificate *c)
{
	const unsigned char *at = c->der.data;

	return d2i_X509(NULL, &at, (long)c->der.len);
}

static enum status make_room(struct import *in, struct error *e)
{
	size_t room = in->certificate_room ? 2 * in->certificate_room : 64;
	struct found_certificate *grown;

	if (in->certificate_count < in->certificate_room)
		return STATUS_OK;
	grown = realloc(in->certificates, room * sizeof *grown);
	if (!grown)
		return error_memory(e);
	in->certificates = grown;
	in->certificate_room = room;
	return STATUS_OK;
}

/* v1 certificates say nothing of it: they count where they are self-issued (X.509 has no more). */
static bool may_sign(X509 *x)
{
	uint32_t flags = X509_get_extension_flags(x);

	if (flags & EXFLAG_BCONS)
		return (flags & EXFLAG_CA) != 0;
	return (flags & EXFLAG_SI) != 0;
}

enum status import_add_certificate(struct import *in, const char *file, X509 *x, struct findings *f,
				   struct error *e)
{
	struct found_certificate c = {.place = PLACE_UNKNOWN};
	unsigned char *der = NULL;
	int len;

	if (!import_serial(X509_get0_serialNumber(x), c.serial, &c.serial_len))
		return import_note(in, f, RULE_UNREADABLE, file, e,
				   "a certificate has a serial number that is negative or longer "
				   "than %d octets",
				   SERIAL_MAX);
	if (make_room(in, e) != STATUS_OK)
		return error_status(e);
	len = i2d_X509(x, &der);
	if (len <= 0)
		return error_openssl(e, STATUS_INPUT, file, NULL, "a certificate cannot be read");
	c.authority = may_sign(x);
	c.file = strdup(file);
	if (!c.file || bytes_copy(&c.der, (struct span){der, (size_t)len}, e) != STATUS_OK) {
		free(c.file);
		OPENSSL_free(der);
		return error_memory(e);
	}
	OPENSSL_free(der);
	in->certificates[in->certificate_count++] = c;
	return STATUS_OK;
}

static int by_serial(const void *a, const void *b)
{
	const struct found_certificate *x = a, *y = b;
	int order = import_compare(x->serial, x->serial_len, y->serial, y->serial_len);
	size_t len = x->der.len < y->der.len ? x->der.len : y->der.len;

	if (order == 0)
		order = memcmp(x->der.data, y->der.data, len);
	if (order == 0 && x->der.len != y->der.len)
		order = x->der.len < y->der.len ? -1 : 1;
	/* Of two copies the one whose name comes first stays, whatever was read first. */
	return order ? order : strcmp(x->file, y->file);
}

void import_sort(struct import *in)
{
	struct found_certificate *list = in->certificates;
	size_t kept = 0;

	if (in->certificate_count == 0)
		return;
	qsort(list, in->certificate_count, sizeof *list, by_serial);
	for (size_t i = 1; i < in->certificate_count; i++) {
		if (span_equal(span_of(&list[kept].der), span_of(&list[i].der))) {
			bytes_free(&list[i].der);
			free(list[i].file);
		} else {
			list[++kept] = list[i];
		}
	}
	in->certificate_count = kept + 1;
}

/* The first of that serial; others of it follow. */
static size_t first_of(const struct import *in, const unsigned char *serial, size_t len)
{
	size_t low = 0, high = in->certificate_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct found_certificate *c = &in->certificates[middle];

		if (import_compare(c->serial, c->serial_len, serial, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool import_is_numbered(const struct import *in, const struct found_certificate *c)
{
	return c->place == PLACE_ISSUED || (c->place == PLACE_OWN && in->chain_count == 1);
}

struct found_certificate *import_find_serial(const struct import *in, const unsigned char *serial,
					     size_t len)
{
	for (size_t i = first_of(in, serial, len); i < in->certificate_count; i++) {
		struct found_certificate *c = &in->certificates[i];

		if (import_compare(c->serial, c->serial_len, serial, len) != 0)
			break;
		if (import_is_numbered(in, c))
			return c;
	}
	return NULL;
}
