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
