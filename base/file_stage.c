#include "base/file_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status write_all(int fd, const char *path, struct span content, struct error *e)
{
	while (content.len) {
		ssize_t put = write(fd, content.data, content.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_errno(e, STATUS_SYSTEM, path, "make room and run it again",
					   "cannot be written");
		content.data += put;
		content.len -= (size_t)put;
	}
	return STATUS_OK;
}

static enum status name_it(const char *path, struct file_staged *out, struct error *e)
{
	char *folder = path_folder(path);

	out->path = strdup(path);
	if (!folder || !out->path ||
	    asprintf(&out->temporary, "%s/.%s.XXXXXX", folder, path_name(path)) < 0) {
		out->temporary = NULL;
		free(folder);
		return error_memory(e);
	}
	free(folder);
	return STATUS_OK;
}

enum status file_stage(const char *path, struct span content, mode_t mode, struct file_staged *out,
		       struct error *e)
{
	enum status s = name_it(path, out, e);
	int fd;

	if (s != STATUS_OK)
		return s;
	fd = mkostemp(out->temporary, O_CLOEXEC);
	if (fd < 0) {
		free(out->temporary);
		out->temporary = NULL;
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, path,
				   "check that the folder exists and may be written",
				   "cannot be made");
	}
	if (fchmod(fd, mode) != 0)
		s = error_errno(e, STATUS_SYSTEM, path, NULL, "its mode cannot be set");
	else
		s = write_all(fd, path, content, e);
	/* Some file systems tell only here that there is no room. */
	if (close(fd) != 0 && s == STATUS_OK)
		s = error_errno(e, STATUS_SYSTEM, path, "make room and run it again",
				"cannot be written");
	if (s != STATUS_OK)
		file_stage_free(out);
	return s;
}

enum status file_stage_sync(const char *folder, struct error *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool failed = fd < 0 || syncfs(fd) != 0;

	if (failed)
		error_errno(e, STATUS_SYSTEM, folder, "check the disk", "did not reach the disk");
	if (fd >= 0)
		close(fd);
	return failed ? STATUS_SYSTEM : STATUS_OK;
}

enum status file_stage_place(struct file_staged *f, enum file_existing existing, struct error *e)
{
	enum status s = file_place(f->temporary, f->path, existing, e);

	if (s == STATUS_OK) {
		free(f->temporary);
		f->temporary = NULL;
	}
	return s;
}

void file_stage_free(struct file_staged *f)
{
	if (f->temporary)
		unlink(f->temporary);
	free(f->temporary);
	free(f->path);
	*f = (struct file_staged){0};
}

/* --- a few at once ---------------------------------------------------------------------------- */

/*
 * The first pass only starts the writing. The file system then has the blocks of all in one
 * transaction, and the first fsync() makes it durable for all.
 */
static enum status sync_each(const struct file_staged staged[], size_t count, struct error *e)
{
	int fds[FILES_TOGETHER_MOST];
	enum status s = STATUS_OK;

	for (size_t i = 0; i < count; i++) {
		fds[i] = open(staged[i].temporary, O_RDONLY | O_CLOEXEC);
		if (fds[i] >= 0)
			(void)sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	for (size_t i = 0; i < count; i++) {
		if (s == STATUS_OK && (fds[i] < 0 || fsync(fds[i]) != 0))
			s = error_errno(e, STATUS_SYSTEM, staged[i].path, "check the disk",
					"did not reach the disk");
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return s;
}

static enum status sync_folders(const struct file_staged staged[], size_t count, struct error *e)
{
	enum status s = STATUS_OK;
	char *before = NULL;

	for (size_t i = 0; i < count && s == STATUS_OK; i++) {
		char *folder = path_folder(staged[i].path);

		if (!folder)
			s = error_memory(e);
		else if (!before || strcmp(before, folder) != 0)
			s = folder_sync(folder, e);
		free(before);
		before = folder;
	}
	free(before);
	return s;
}

enum status file_publish_together(const struct file_content files[], size_t count, mode_t mode,
				  enum file_existing existing, struct error *e)
{
	struct file_staged staged[FILES_TOGETHER_MOST] = {0};
	size_t made = 0, placed = 0;
	enum status s = STATUS_OK;

	if (count > FILES_TOGETHER_MOST)
		return error_set(e, STATUS_INTERNAL, NULL, NULL, "%zu files are too many at once",
				 count);
	for (; made < count && s == STATUS_OK; made++)
		s = file_stage(files[made].path, files[made].content, mode, &staged[made], e);
	if (s == STATUS_OK)
		s = sync_each(staged, count, e);
	for (; placed < count && s == STATUS_OK; placed++)
		s = file_stage_place(&staged[placed], existing, e);
	if (s == STATUS_OK)
		s = sync_folders(staged, count, e);
	for (size_t i = 0; i < made; i++)
		file_stage_free(&staged[i]);
	return s;
}
