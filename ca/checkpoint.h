/*
 * A checkpoint: what the journal's head was at a time, signed by the CA's key. The chain inside a
 * store shows an edit, a removal and a reorder; that rows were cut off its end shows only against a
 * head that is kept elsewhere.
 *
 * The file is CMS SignedData (RFC 5652) with the text inside, so that
 *     openssl cms -verify -inform PEM -purpose any -CAfile ca.pem -in FILE
 * proves it without subca. On paper it is the row and the first 160 bits of its hash.
 */
#ifndef SUBCA_CA_CHECKPOINT_H
#define SUBCA_CA_CHECKPOINT_H

#include <openssl/x509.h>

#include "ca/store.h"
#include "hsm/signer.h"

/* Who could choose both histories needs 2^80 hashes to make 160 bits meet. */
#define CHECKPOINT_PAPER_OCTETS 20
/* "9223372036854775807: " and ten groups of four digits. */
#define CHECKPOINT_PAPER_SIZE (22 + CHECKPOINT_PAPER_OCTETS / 2 * 5)
#define CHECKPOINT_FILE_MAX (64 * 1024)

struct checkpoint {
	int64_t seq;
	unsigned char hash[SHA256_SIZE];
	size_t hash_len; /* octets of it that are known: all, or those on paper */
	int64_t time;	 /* when it was made; 0 on paper */
	bool is_signed;	 /* and the signature was verified */
};

/* The journal's head as it is now; is_signed false. */
MUST_CHECK enum status checkpoint_take(struct store *store, int64_t now, struct checkpoint *out,
				       struct error *e);

/* "6: 3f2a 9c01 …": what somebody writes down. */
void checkpoint_paper(const struct checkpoint *c, char out[CHECKPOINT_PAPER_SIZE]);

/*
 * PEM, appended to out. STATUS_REFUSED for an Ed25519 key, which OpenSSL 3.0 neither signs nor
 * verifies CMS with. Errors else as signer_sign().
 */
MUST_CHECK enum status checkpoint_sign(const struct checkpoint *c, X509 *authority,
				       struct signer *signer, struct text *out, struct error *e);

/*
 * A checkpoint as it was kept: CMS in PEM or DER, whose signature must verify under the
 * authority's key, or what stands on paper. STATUS_INPUT where it is neither, STATUS_REFUSED where
 * the signature fails or is another CA's.
 */
MUST_CHECK enum status checkpoint_read(struct span input, X509 *authority, struct checkpoint *out,
				       struct error *e);

/* STATUS_DAMAGED where the journal ends before that row, or the row has another hash. */
MUST_CHECK enum status checkpoint_compare(struct store *store, const struct checkpoint *c,
					  struct error *e);

#endif
