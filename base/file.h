/*
 * Files: read with a bound, published so that a reader or a power cut sees all of it or nothing.
 */
#ifndef SUBCA_BASE_FILE_H
#define SUBCA_BASE_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/bytes.h"

/*
 * The whole of a file, a pipe, or standard input ("-"). STATUS_NOT_FOUND; STATUS_INPUT for a
 * folder or more than limit bytes; STATUS_SYSTEM when it cannot be read.
 */
MUST_CHECK enum status file_read(const char *path, size_t limit, struct bytes *out,
				 struct error *e);

/*
 * As file_read, for a private key, a passphrase or a PIN: a regular file that is not a symbolic
 * link, is owned by this user (or root), and that neither group nor others may read or write.
 * STATUS_KEY otherwise. bytes_free() does not cleanse: hand the bytes to secret_take().
 */
MUST_CHECK enum status file_read_private(const char *path, size_t limit, struct bytes *out,
					 struct error *e);

enum file_existing {
	FILE_KEEP,    /* STATUS_EXISTS where something is there already, decided by the kernel */
	FILE_REPLACE, /* takes the place of a regular file atomically */
};

/*
 * Publishes content at path: a temporary file in the same folder, write, fsync, rename, fsync of
 * the folder. On failure nothing is at path that was not there before, and no temporary stays.
 */
MUST_CHECK enum status file_publish(const char *path, struct span content, mode_t mode,
				    enum file_existing existing, struct error *e);

/* Moves a file to path, in the same folder; the folder is not made durable. */
MUST_CHECK enum status file_place(const char *temporary, const char *path,
				  enum file_existing existing, struct error *e);

/* Writes what the file is to hold; what goes wrong on the stream itself is seen afterwards. */
typedef enum status file_writer(void *context, FILE *to, struct error *e);
/* The same for content too large to be held in memory. */
MUST_CHECK enum status file_publish_stream(const char *path, file_writer *write, void *context,
					   mode_t mode, enum file_existing existing,
					   struct error *e);

/* STATUS_EXISTS where anything is at path. A hint for the person before work starts, no lock. */
MUST_CHECK enum status file_expect_absent(const char *path, struct error *e);
/* Also where the disk fails to tell: a mark that forbids something holds then. */
bool file_exists(const char *path);

/*
 * A hint as well, for FILE_REPLACE: the folder is there and may be written, and what is at path, if
 * anything, is no folder. STATUS_NOT_FOUND, STATUS_SYSTEM, STATUS_USAGE.
 */
MUST_CHECK enum status file_expect_place(const char *path, struct error *e);
/*
 * Whether both name one entry of one folder, however they are spelt, or one file by two links. Yes
 * as well when memory is out: what is asked is whether one may overwrite the other.
 */
bool file_same_place(const char *a, const char *b);

/* Makes one folder, and makes it durable. STATUS_EXISTS where it is there. */
MUST_CHECK enum status folder_make(const char *path, mode_t mode, struct error *e);
MUST_CHECK enum status folder_sync(const char *path, struct error *e);
/*
 * Takes a folder for this process until *lock is closed, or the process ends. STATUS_BUSY where
 * another one holds it. Advisory: it stops only those who ask for it as well.
 */
MUST_CHECK enum status folder_lock(const char *path, int *lock, struct error *e);
/* Removes a file durably; no error where it is not there. */
MUST_CHECK enum status file_remove(const char *path, struct error *e);

/* folder + "/" + name, to be freed. NULL when out of memory. */
char *path_join(const char *folder, const char *name);
/* The part after the last "/", borrowed from path. */
const char *path_name(const char *path);
/* The folder a path lies in, to be freed: "." for a bare name. NULL when out of memory. */
char *path_folder(const char *path);

#endif
