/*
 * A list of RSA keys whose private half others have: those that Debian's OpenSSL made from 2006 to
 * 2008 (CVE-2008-0166), and any that somebody adds. Debian no longer packages its lists; what its
 * packages openssl-blacklist and openssl-blacklist-extra had is read from wherever a person keeps it:
 * one file, or a folder with their files, blacklist.RSA-512, -1024, -2048 and -4096.
 *
 * A line is the last 20 hexadecimal digits of SHA-1("Modulus=HEX\n"), HEX the modulus in capitals:
 *
 *     openssl req -in FILE -noout -modulus | sha1sum | cut -c 21-40
 *
 * A line that begins with # says nothing, nor does an empty one. The order is any.
 */
#ifndef SUBCA_CSR_WEAK_KEYS_H
#define SUBCA_CSR_WEAK_KEYS_H

#include <stdbool.h>

#include <openssl/bn.h>

#include "base/error.h"

/* Debian's lists of all sizes have 600 000 lines; this many take 10 MB of memory. */
#define WEAK_KEYS_MOST 1000000

#define WEAK_KEYS_FILE "blacklist.RSA-"	     /* how the files of a folder begin that are read */
#define WEAK_KEYS_VARIABLE "SUBCA_WEAK_KEYS" /* the environment's: a file's or folder's name */

struct weak_keys;

/*
 * A file, or each file of a folder. STATUS_INPUT, with file and line, for a line of any other form
 * and for too many;
 * STATUS_NOT_FOUND, STATUS_SYSTEM where it cannot be read.
 */
MUST_CHECK enum status weak_keys_load(const char *path, struct weak_keys **out, struct error *e);
/* The list that SUBCA_WEAK_KEYS names; *out is NULL where it is not set, or empty. */
MUST_CHECK enum status weak_keys_from_environment(struct weak_keys **out, struct error *e);
void weak_keys_free(struct weak_keys *list);

MUST_CHECK enum status weak_keys_have(const struct weak_keys *list, const BIGNUM *modulus,
				      bool *listed, struct error *e);

#endif
