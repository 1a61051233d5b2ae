/* What the fuzzers share. */
#ifndef SUBCA_TESTS_FUZZ_H
#define SUBCA_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "base/secret.h"

/* 2027-01-15T08:00:00Z, so that a stored input does the same on any day. */
#define FUZZ_NOW INT64_C(1800000000)

/* The entry point that libFuzzer, or replay.c, calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What no input may break; ends the process where it is broken. */
#define promise(kept) fuzz_promise((kept), #kept, __FILE__, __LINE__)
void fuzz_promise(bool kept, const char *what, const char *file, int line);
/* A failure has its status in e and says what is wrong. */
void promise_told(enum status s, const struct error *e);
/* Each finding names its rule and says something. */
void promise_findings(const struct findings *f);

/*
 * Empty at the first call, below $TMPDIR, and gone when the process ends; mode 0700. The name of a
 * file in it is good until the next call.
 */
const char *fuzz_folder(void);
const char *fuzz_path(const char *name);
/* Writes a file in that folder over what was there, and gives its path. */
const char *fuzz_file(const char *name, struct span content);
/* Removes everything that is in it. */
void fuzz_empty(void);

/* The input as a string: up to its first NUL; freed with free(). */
char *fuzz_text(struct span s);
/* "secret": what opens whatever is locked in the corpora. */
const struct secret *fuzz_secret(void);
/* A self-signed P-256 certificate of nobody that has signed things in the corpora, as PEM. */
extern const char fuzz_authority_pem[];
X509 *fuzz_authority(void);

#endif
