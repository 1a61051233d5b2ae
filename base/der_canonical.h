/*
 * Whether bytes are DER and not merely BER (X.690 8, 10, 11): OpenSSL reads much that is not.
 */
#ifndef SUBCA_BASE_DER_CANONICAL_H
#define SUBCA_BASE_DER_CANONICAL_H

#include "base/bytes.h"

enum der_fault {
	DER_CANONICAL = 0,
	DER_STRUCTURE,	/* truncated, nested too deep, a string in pieces, a malformed NULL */
	DER_TRAILING,	/* bytes after the end */
	DER_LENGTH,	/* indefinite, or in more octets than needed (X.690 10.1) */
	DER_BOOLEAN,	/* neither 00 nor FF (X.690 11.1) */
	DER_INTEGER,	/* empty, or padded (X.690 8.3.2) */
	DER_BIT_STRING, /* unused bits miscounted or set (X.690 11.2.1) */
	DER_OID,	/* empty, cut off or padded (X.690 8.19.2) */
	DER_SET_ORDER,	/* SET OF not in ascending order (X.690 11.6) */
};

/*
 * The first fault of exactly one value, and the offset of the value at fault (not touched where
 * there is none). What lies in OCTET STRINGs and BIT STRINGs is not looked into. Any bytes.
 */
enum der_fault der_canonical(struct span der, size_t *offset);

/* Whether two members of a SET OF may follow each other so (X.690 11.6). */
bool der_in_order(struct span a, struct span b);

/* "a length in more octets than it needs"; "" for DER_CANONICAL. */
const char *der_fault_text(enum der_fault fault);

#endif
