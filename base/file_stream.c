#include "base/file_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define BUFFER_SIZE 65536

struct file_stream {
	char *path, *folder, *temporary;
	int fd;
	size_t size; /* with what waits in the buffer */
	size_t waiting;
	void *map;
	size_t map_size;
	unsigned char buffer[BUFFER_SIZE];
};

static void unmap(struct file_stream *f)
{
	if (f->map)
		munmap(f->map, f->map_size);
	f->map = NULL;
}

void file_stream_free(struct file_stream *f)
{
	if (!f)
		return;
	unmap(f);
	if (f->fd >= 0) {
		close(f->fd);
		if (f->temporary)
			unlink(f->temporary);
	}
	free(f->path);
	free(f->folder);
	free(f->temporary);
	free(f);
}

enum status file_stream_begin(const char *path, struct file_stream **out, struct error *e)
{
	struct file_stream *f = malloc(sizeof *f);

	if (!f)
		return error_memory(e);
	f->fd = -1;
	f->size = f->waiting = f->map_size = 0;
	f->map = NULL;
	f->temporary = NULL;
	f->path = strdup(path);
	f->folder = path_folder(path);
	if (!f->path || !f->folder ||
	    asprintf(&f->temporary, "%s/.%s.XXXXXX", f->folder, path_name(path)) < 0) {
		f->temporary = NULL;
		file_stream_free(f);
		return error_memory(e);
	}
	f->fd = mkostemp(f->temporary, O_CLOEXEC);
	if (f->fd < 0) {
		enum status s = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND
								    : STATUS_SYSTEM;

		s = error_errno(e, s, path, "check that the folder exists and may be written",
				"cannot be made");
		file_stream_free(f);
		return s;
	}
	*out = f;
	return STATUS_OK;
}

static enum status put(struct file_stream *f, struct span content, struct error *e)
{
	while (content.len) {
		ssize_t written = write(f->fd, content.data, content.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_errno(e, STATUS_SYSTEM, f->path, "make room and run it again",
					   "cannot be written");
		content.data += written;
		content.len -= (size_t)written;
	}
	return STATUS_OK;
}

static enum status flush(struct file_stream *f, struct error *e)
{
	enum status s = put(f, (struct span){f->buffer, f->waiting}, e);

	f->waiting = 0;
	return s;
}

enum status file_stream_write(struct file_stream *f, struct span content, struct error *e)
{
	unmap(f);
	if (content.len > BUFFER_SIZE - f->waiting && flush(f, e) != STATUS_OK)
		return error_status(e);
	f->size += content.len;
	if (content.len > BUFFER_SIZE)
		return put(f, content, e);
	if (content.len)
		memcpy(f->buffer + f->waiting, content.data, content.len);
	f->waiting += content.len;
	return STATUS_OK;
}

size_t file_stream_size(const struct file_stream *f)
{
	return f->size;
}

enum status file_stream_map(struct file_stream *f, struct span *out, struct error *e)
{
	unmap(f);
	*out = (struct span){NULL, 0};
	if (flush(f, e) != STATUS_OK)
		return error_status(e);
	if (f->size == 0)
		return STATUS_OK;
	f->map = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, f->fd, 0);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return error_errno(e, STATUS_SYSTEM, f->path, NULL, "cannot be mapped");
	}
	f->map_size = f->size;
	*out = (struct span){f->map, f->map_size};
	return STATUS_OK;
}

enum status file_stream_publish(struct file_stream *f, mode_t mode, struct error *e)
{
	unmap(f);
	if (flush(f, e) != STATUS_OK)
		return error_status(e);
	if (fchmod(f->fd, mode) != 0 || fsync(f->fd) != 0)
		return error_errno(e, STATUS_SYSTEM, f->path, "check the disk",
				   "did not reach the disk");
	if (rename(f->temporary, f->path) != 0)
		return error_errno(e, STATUS_SYSTEM, f->path, NULL, "cannot be put in place");
	close(f->fd);
	f->fd = -1;
	return folder_sync(f->folder, e);
}

enum status file_map_open(const char *path, size_t limit, struct file_map *out, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;
	enum status s = STATUS_OK;

	*out = (struct file_map){.at = NULL};
	if (fd < 0)
		return error_errno(
			e, errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_SYSTEM,
			path, NULL, "cannot be opened");
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		s = error_set(e, STATUS_INPUT, path, "name a file", "is not a file");
	else if ((size_t)info.st_size > limit)
		s = error_set(e, STATUS_INPUT, path, NULL, "is larger than %zu bytes", limit);
	else if (info.st_size > 0) {
		out->at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (out->at == MAP_FAILED) {
			out->at = NULL;
			s = error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be mapped");
		} else {
			out->content = (struct span){out->at, (size_t)info.st_size};
		}
	}
	close(fd);
	return s;
}

void file_map_close(struct file_map *m)
{
	if (m->at)
		munmap(m->at, m->content.len);
	*m = (struct file_map){.at = NULL};
}
