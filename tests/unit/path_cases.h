/*
 * Chains, good and bad in each way that matters, made with OpenSSL and real signatures: for the
 * unit test of ca/path.h, and written to files for the cross-checks with other verifiers.
 */
#ifndef SUBCA_TESTS_UNIT_PATH_CASES_H
#define SUBCA_TESTS_UNIT_PATH_CASES_H

#include <openssl/x509.h>

#include "ca/path.h"

#define PATH_CASE_CERTIFICATES 6

/*
 * Each certificate is "KIND OP OP …", the end of the path first; the last is trusted, and what is
 * between is given as the chain. KIND: leaf, ca, root. Ops:
 *
 *   name=CN          another common name           issuer=CN      another issuer's name
 *   key=NAME         a key of tests/unit/path_cases.c             signer=NAME   signs it
 *   from=D, until=D  validity in days from now
 *   serial=HEX       with a minus before it for a negative one    version=N     0 is version 1
 *   digest=NAME      signs with it                 broken         the signature is changed
 *   hidden           not given to the verifier     given=NAME     given in place of it: another
 *                                                                 certificate of this name and NAME's key
 *   -NAME            without the extension         +NAME=VALUE    with it, as in openssl x509v3_config,
 *                                                                 instead of any other of this name
 *   ++NAME=VALUE     one more of it
 */
struct path_case {
	const char *name;
	const char *certificates[PATH_CASE_CERTIFICATES];
	const char *rule; /* an error, at link; NULL: a good path */
	size_t link;
	enum path_purpose purpose;
};

extern const struct path_case path_cases[];
extern const size_t path_case_count;
/* Ends the test where there is none. */
const struct path_case *path_case_find(const char *name);

/* What a case gives to a verifier. Freed with path_made_free(). */
struct path_made {
	X509 *certificates[PATH_CASE_CERTIFICATES]; /* NULL where hidden */
	size_t count;
};

/* Ends the test where it cannot be made. now: all validity is around it. */
void path_make(const struct path_case *c, int64_t now, struct path_made *out);
void path_made_free(struct path_made *m);
/* The key that signs for certificate number at of the case, borrowed; for CRLs. */
EVP_PKEY *path_case_key(const struct path_case *c, size_t at);
void path_keys_free(void);

#endif
