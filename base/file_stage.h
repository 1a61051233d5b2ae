/*
 * Many files published at once, so that the disk is waited for once: each is written beside its
 * place, then all are made durable together, then each is moved to its place.
 */
#ifndef SUBCA_BASE_FILE_STAGE_H
#define SUBCA_BASE_FILE_STAGE_H

#include "base/file.h"

/* A file that is written and not yet at its place. Starts as all zero. */
struct file_staged {
	char *path, *temporary;
};

/* Writes content beside path. Not durable yet. Errors as file_publish(). */
MUST_CHECK enum status file_stage(const char *path, struct span content, mode_t mode,
				  struct file_staged *out, struct error *e);
/* Makes everything durable that was staged in the folder's file system. */
MUST_CHECK enum status file_stage_sync(const char *folder, struct error *e);
/*
 * Moves it to its place; folder_sync() makes that durable. On failure nothing is at its path that
 * was not there before.
 */
MUST_CHECK enum status file_stage_place(struct file_staged *f, enum file_existing existing,
					struct error *e);
/* Removes it where it was not placed. */
void file_stage_free(struct file_staged *f);

struct file_content {
	const char *path;
	struct span content;
};

/*
 * A few files, as file_publish() does for one. Until all are durable beside their places none is
 * moved there; on failure those that were moved stay.
 */
#define FILES_TOGETHER_MOST 4
MUST_CHECK enum status file_publish_together(const struct file_content files[], size_t count,
					     mode_t mode, enum file_existing existing,
					     struct error *e);

#endif
