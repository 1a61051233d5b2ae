/*
 * How long a file lets its reader work before a wrong passphrase shows: key derivation is as slow as
 * whoever wrote the file wanted, and 2^31 rounds take half an hour.
 */
#ifndef SUBCA_BASE_KDF_H
#define SUBCA_BASE_KDF_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

/* RFC 8018 sets no end; past this a file only serves to keep the machine busy. Some seconds. */
#define KDF_ROUNDS_MAX INT64_C(10000000)

/*
 * Takes the rounds that algorithm asks for (PBES1, PBES2, PKCS#12, PBKDF2; scrypt counted as N * r *
 * p) from *left; false where there are not so many, or they are no number. What derives no key, or is
 * not known, asks for none: OpenSSL refuses it by itself.
 */
bool kdf_spend(const X509_ALGOR *algorithm, int64_t *left);
/* The same for a number that stands by itself; NULL is 1 (RFC 7292 4). */
bool kdf_spend_rounds(const ASN1_INTEGER *rounds, int64_t *left);

#endif
