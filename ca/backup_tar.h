/*
 * The few tar files that a backup needs: regular files with short plain names (POSIX.1-2017 pax, ustar
 * interchange format). Any tar reads what is written here; what is read back must be of this kind.
 */
#ifndef SUBCA_CA_BACKUP_TAR_H
#define SUBCA_CA_BACKUP_TAR_H

#include <stdint.h>
#include <stdio.h>

#include <openssl/bio.h>

#include "base/bytes.h"

#define TAR_NAME_MAX 99
#define TAR_DEPTH_MAX 4
#define TAR_MEMBERS_MAX 10000

/* One file. Borrowed by tar_source_new(). */
struct tar_member {
	const char *name;    /* relative, as tar_name_is_plain() takes it */
	struct span content; /* where path is NULL */
	const char *path;    /* read when its turn comes */
	int64_t size;
	int mode; /* 0600 */
	int64_t time;
};

/* Components of letters, digits and "._-", none of which begins with a dot, joined by "/". */
bool tar_name_is_plain(const char *name);

/*
 * A BIO from which the tar of these members can be read once. A file that has another size than was
 * told fails the reading; tar_source_status() tells why. Freed with BIO_free().
 */
MUST_CHECK enum status tar_source_new(const struct tar_member *members, size_t count, BIO **out,
				      struct error *e);
MUST_CHECK enum status tar_source_status(BIO *source, struct error *e);

/* A member as read: its content follows in the stream. */
typedef enum status tar_visit(void *context, const struct tar_member *member, FILE *from,
			      struct error *e);
/*
 * Each member in its order; visit may read up to member->size octets from the stream. STATUS_INPUT for
 * anything that tar_source_new() would not write.
 */
MUST_CHECK enum status tar_read(FILE *from, tar_visit *visit, void *context, struct error *e);

#endif
