/*
 * A certificate of the usual form taken apart in place: DER throughout, version 3, times as RFC 5280
 * wants them, no unique identifiers. An audit of a million has nothing else, and has no time for
 * OpenSSL's templates, which allocate each part of each. What is not of this form, or only might not
 * be, is not taken: templates judge it.
 */
#ifndef SUBCA_CA_PLAIN_H
#define SUBCA_CA_PLAIN_H

#include "base/der_value.h"

#define PLAIN_EXTENSIONS_MAX 24

struct plain_extension {
	int nid; /* NID_undef: unknown to OpenSSL */
	bool critical;
	struct span der, value;
};

/* All borrowed from der. */
struct plain_certificate {
	struct span der, tbs;
	struct span algorithm, signature; /* beside the TBSCertificate: DER; octets of the bits */
	struct span inner_algorithm;	  /* DER */
	struct span serial;		  /* octets, without a sign octet */
	struct span issuer, subject, spki, spki_algorithm; /* DER */
	struct span key;				   /* the bits of subjectPublicKey */
	struct span extensions;				   /* the content of Extensions */
	int algorithm_nid, key_nid;
	int64_t not_before, not_after;
	size_t extension_count;
	struct plain_extension extension[PLAIN_EXTENSIONS_MAX];
};

/* One attribute of a name. */
struct plain_part {
	int nid;	  /* NID_undef: unknown to OpenSSL */
	struct span oid;  /* content */
	int type;	  /* V_ASN1_… */
	struct span text; /* the octets of a string; empty where the type is none */
	size_t rdn;	  /* from 1 */
};

/*
 * Steps over one attribute of an RDN whose value is a string; rdn is left alone. False for any other,
 * and for strings of wide characters, which may be cut off.
 */
bool plain_part_take(struct span *rdn, struct plain_part *out);
/* All of a Name that holds at most room of them and no empty RDN; false for any other. */
bool plain_name_read(struct span name, struct plain_part parts[], size_t room, size_t *count);

/* False where it is not of that form; then nothing in *out means anything. */
bool plain_certificate_read(struct span der, struct plain_certificate *out);

/* The bits of an RSA key's SubjectPublicKeyInfo; false for another kind. */
bool plain_rsa_bits(struct span spki, struct span *key);
/* RSAPublicKey (RFC 8017 A.1.1) of two numbers that are not negative: their octets. */
bool plain_rsa_read(struct span key, struct span *modulus, struct span *exponent);

/* The values of three extensions, where they are of the usual form too. */
bool plain_octets_read(struct span value, struct span *octets); /* subjectKeyIdentifier */
/* An authorityKeyIdentifier that has nothing but a key identifier. */
bool plain_authority_key_read(struct span value, struct span *octets);
/* path_length -1: none. */
bool plain_basic_constraints_read(struct span value, bool *ca, int *path_length);

#endif
