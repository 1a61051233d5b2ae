/*
 * RSA moduli put aside until all are there: the first few thousand in memory, the rest in a temporary
 * file without a name, so that a million of them take little of it.
 */
#ifndef SUBCA_AUDIT_MODULI_H
#define SUBCA_AUDIT_MODULI_H

#include <stdint.h>

#include "base/bytes.h"

#define MODULUS_OCTETS_MOST 2048

struct moduli;

MUST_CHECK enum status moduli_new(struct moduli **out, struct error *e);
void moduli_free(struct moduli *m);

/* n: 1 to MODULUS_OCTETS_MOST octets, the highest first. STATUS_SYSTEM where no file takes it. */
MUST_CHECK enum status moduli_add(struct moduli *m, struct span n, uint32_t record,
				  struct error *e);
/* Of those that are equal the first stays: they are one key. Zero goes. */
MUST_CHECK enum status moduli_make_distinct(struct moduli *m, struct error *e);

size_t moduli_count(const struct moduli *m);
uint32_t moduli_record(const struct moduli *m, size_t i);
MUST_CHECK enum status moduli_read(const struct moduli *m, size_t i,
				   unsigned char out[static MODULUS_OCTETS_MOST], size_t *len,
				   struct error *e);

/* Any octets beside them; *at is where they are then. */
MUST_CHECK enum status moduli_put_aside(struct moduli *m, struct span octets, uint64_t *at,
					struct error *e);
MUST_CHECK enum status moduli_fetch(const struct moduli *m, uint64_t at, unsigned char *out,
				    size_t len, struct error *e);

#endif
