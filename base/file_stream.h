/*
 * A file too large to be held: written piece by piece beside its place, and put there in one step.
 */
#ifndef SUBCA_BASE_FILE_STREAM_H
#define SUBCA_BASE_FILE_STREAM_H

#include <sys/types.h>

#include "base/bytes.h"

struct file_stream;

/* A temporary file in the folder of path. Errors as file_publish(). */
MUST_CHECK enum status file_stream_begin(const char *path, struct file_stream **out,
					 struct error *e);
/* Appends. Not after file_stream_map(). */
MUST_CHECK enum status file_stream_write(struct file_stream *f, struct span content,
					 struct error *e);
size_t file_stream_size(const struct file_stream *f);
/* All that was written so far, until the next write or the end. Pages of the file, not memory. */
MUST_CHECK enum status file_stream_map(struct file_stream *f, struct span *out, struct error *e);
/* fsync, rename over whatever regular file is at path, fsync of the folder. */
MUST_CHECK enum status file_stream_publish(struct file_stream *f, mode_t mode, struct error *e);
/* Removes what was not published. NULL does nothing. */
void file_stream_free(struct file_stream *f);

/* A file as it stands, mapped for reading. */
struct file_map {
	struct span content;
	void *at;
};
/* STATUS_NOT_FOUND; STATUS_INPUT for what is no regular file or larger than limit. */
MUST_CHECK enum status file_map_open(const char *path, size_t limit, struct file_map *out,
				     struct error *e);
void file_map_close(struct file_map *m);

#endif
