/*
 * Secrets: passphrases and PINs. Held in memory that is not swapped or dumped where the system
 * allows it, and cleansed when freed. They come from a prompt, a file, an inherited descriptor or
 * the environment, never from the command line.
 */
#ifndef SUBCA_BASE_SECRET_H
#define SUBCA_BASE_SECRET_H

#include <stdbool.h>

#include "base/bytes.h"

#define SECRET_MAX 1024

struct secret;

/* Takes over b's bytes and cleanses where they were; *b is empty afterwards, also on failure. */
MUST_CHECK enum status secret_take(struct bytes *b, struct secret **out, struct error *e);
MUST_CHECK enum status secret_copy(const struct secret *from, struct secret **out, struct error *e);
void secret_free(struct secret *s);
/* NUL-terminated. Valid as long as the secret is. */
const char *secret_text(const struct secret *s);
size_t secret_len(const struct secret *s);
bool secret_equal(const struct secret *a, const struct secret *b);

/* Where a secret comes from. At most one of file and fd is set; else the environment, else a prompt. */
struct secret_source {
	const char *what;	 /* "passphrase of the CA key": said in the prompt and in errors */
	const char *file;	 /* --passphrase-file FILE: its first line; NULL: not given */
	int fd;			 /* --passphrase-fd N: first line read from it; -1: not given */
	const char *environment; /* name of the variable, "SUBCA_PASSPHRASE" */
	const char *options; /* "--passphrase-file FILE, --passphrase-fd N or SUBCA_PASSPHRASE" */
	bool confirm;	     /* a prompt asks twice and the two must match */
	bool may_be_empty;
};

/*
 * STATUS_KEY where it cannot be had: no terminal to ask on, empty, too long, the two entries
 * differ. A prompt goes to /dev/tty with echo off, and restores it also when interrupted.
 */
MUST_CHECK enum status secret_obtain(const struct secret_source *from, struct secret **out,
				     struct error *e);

/* No core dumps from here on, and other processes of this user cannot read our memory. */
void secret_protect_process(void);

#endif
