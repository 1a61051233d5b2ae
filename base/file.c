#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define READ_ROOM 4096

static bool missing(int code)
{
	return code == ENOENT || code == ENOTDIR;
}

/* What to do where a file or a folder could not be made, by errno. */
static const char *make_todo(const char *otherwise)
{
	return errno == ENOSPC || errno == EDQUOT ? "make room (df, df -i) and run it again"
						  : otherwise;
}

static enum status open_failed(const char *path, struct error *e)
{
	if (missing(errno))
		return error_errno(e, STATUS_NOT_FOUND, path, "check the name", "cannot be opened");
	if (errno == ELOOP)
		return error_set(e, STATUS_KEY, path, "name the file itself",
				 "is a symbolic link, which is not followed for a secret");
	return error_errno(e, STATUS_SYSTEM, path, "check its permissions", "cannot be opened");
}

/*
 * Reads to the end or to one byte past the limit, growing as it goes: a pipe has no size. room: to
 * begin with; limit + 2 never grows, so that no copy of a secret is left behind.
 */
static enum status read_all(int fd, const char *path, size_t limit, size_t room, struct bytes *out,
			    struct error *e)
{
	size_t len = 0;
	unsigned char *data = malloc(room);

	if (!data)
		return error_memory(e);

	for (;;) {
		ssize_t got;

		if (room - len < 2) {
			size_t more = room * 2;
			unsigned char *grown = realloc(data, more);

			if (!grown) {
				free(data);
				return error_memory(e);
			}
			data = grown;
			room = more;
		}
		got = read(fd, data + len, room - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(data);
			return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be read");
		}
		if (got == 0)
			break;
		len += (size_t)got;
		if (len > limit) {
			free(data);
			return error_set(e, STATUS_INPUT, path, "check that it is the right file",
					 "is larger than the %zu bytes that are read", limit);
		}
	}
	data[len] = '\0';
	*out = (struct bytes){data, len};
	return STATUS_OK;
}

enum status file_read(const char *path, size_t limit, struct bytes *out, struct error *e)
{
	enum status s;
	struct stat info;
	int fd;

	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", limit, READ_ROOM, out, e);
	/* Opened without waiting, so that a FIFO nobody writes to cannot hang us before fstat. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return open_failed(path, e);
	if (fstat(fd, &info) != 0)
		s = error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be examined");
	else if (S_ISDIR(info.st_mode))
		s = error_set(e, STATUS_INPUT, path, "name a file", "is a folder");
	else if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode) && !S_ISCHR(info.st_mode))
		s = error_set(e, STATUS_INPUT, path, "name a file", "is not a file");
	else if (S_ISREG(info.st_mode) && (unsigned long long)info.st_size > limit)
		s = error_set(e, STATUS_INPUT, path, "check that it is the right file",
			      "has %lld bytes, more than the %zu that are read",
			      (long long)info.st_size, limit);
	else if (fcntl(fd, F_SETFL, 0) != 0)
		s = error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be read");
	else
		s = read_all(fd, path, limit, READ_ROOM, out, e);
	close(fd);
	return s;
}

static enum status private_enough(int fd, const char *path, struct error *e)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be examined");
	if (!S_ISREG(info.st_mode))
		return error_set(e, STATUS_KEY, path, "name a regular file", "is not a file");
	if (info.st_mode & (S_IRWXG | S_IRWXO))
		return error_set(e, STATUS_KEY, path, "chmod 600 it, and ask who may have read it",
				 "can be read or written by others (mode %04o)",
				 (unsigned)(info.st_mode & 07777));
	if (info.st_uid != geteuid() && info.st_uid != 0)
		return error_set(e, STATUS_KEY, path, "chown it",
				 "belongs to another user (uid %u)", (unsigned)info.st_uid);
	return STATUS_OK;
}

enum status file_read_private(const char *path, size_t limit, struct bytes *out, struct error *e)
{
	enum status s;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return open_failed(path, e);
	s = private_enough(fd, path, e);
	if (s == STATUS_OK)
		s = read_all(fd, path, limit, limit + 2, out, e);
	close(fd);
	return s;
}

static enum status sync_file(int fd, const char *path, struct error *e)
{
	if (fsync(fd) != 0)
		return error_errno(e, STATUS_SYSTEM, path, "check the disk",
				   "did not reach the disk");
	return STATUS_OK;
}

/* What fills a temporary file, and makes it durable. */
typedef enum status filler(int fd, const char *path, void *context, struct error *e);

static enum status fill_from_span(int fd, const char *path, void *context, struct error *e)
{
	struct span content = *(const struct span *)context;

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
	return sync_file(fd, path, e);
}

struct stream_filler {
	file_writer *write;
	void *context;
};

static enum status fill_from_writer(int fd, const char *path, void *context, struct error *e)
{
	const struct stream_filler *stream = context;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *to = own >= 0 ? fdopen(own, "w") : NULL;
	bool failed;
	enum status s;

	if (!to) {
		if (own >= 0)
			close(own);
		return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be written");
	}
	s = stream->write(stream->context, to, e);
	failed = ferror(to) != 0;
	failed |= fclose(to) != 0;
	if (s == STATUS_OK && failed)
		s = error_errno(e, STATUS_SYSTEM, path, "make room and run it again",
				"cannot be written");
	return s == STATUS_OK ? sync_file(fd, path, e) : s;
}

/* link() refuses to replace whatever is there, where rename() would. */
enum status file_place(const char *temporary, const char *path, enum file_existing existing,
		       struct error *e)
{
	if (existing == FILE_REPLACE) {
		if (rename(temporary, path) != 0)
			return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be put in place");
		return STATUS_OK;
	}
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return STATUS_OK;
	/* Some file systems have no NOREPLACE; there a link does the same in two steps. */
	if (errno == EINVAL && link(temporary, path) == 0) {
		unlink(temporary);
		return STATUS_OK;
	}
	if (errno == EEXIST)
		return error_set(e, STATUS_EXISTS, path, "choose another name, or say --force",
				 "exists and is not overwritten");
	return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be put in place");
}

static enum status publish(const char *path, filler *fill, void *context, mode_t mode,
			   enum file_existing existing, struct error *e)
{
	enum status s;
	char *folder = path_folder(path);
	char *temporary = NULL;
	int fd = -1;

	if (!folder || asprintf(&temporary, "%s/.%s.XXXXXX", folder, path_name(path)) < 0) {
		temporary = NULL;
		s = error_memory(e);
		goto out;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		free(temporary);
		temporary = NULL;
		s = error_errno(e, missing(errno) ? STATUS_NOT_FOUND : STATUS_SYSTEM, path,
				make_todo("check that the folder exists and may be written"),
				"cannot be made");
		goto out;
	}
	/* Before the fsync, which makes the mode durable with the content. */
	if (fchmod(fd, mode) != 0)
		s = error_errno(e, STATUS_SYSTEM, path, NULL, "its mode cannot be set");
	else
		s = fill(fd, path, context, e);
	if (s == STATUS_OK)
		s = file_place(temporary, path, existing, e);
	if (s == STATUS_OK) {
		free(temporary);
		temporary = NULL;
		s = folder_sync(folder, e);
	}
out:
	if (temporary)
		unlink(temporary);
	if (fd >= 0)
		close(fd);
	free(temporary);
	free(folder);
	return s;
}

enum status file_publish(const char *path, struct span content, mode_t mode,
			 enum file_existing existing, struct error *e)
{
	return publish(path, fill_from_span, &content, mode, existing, e);
}

enum status file_publish_stream(const char *path, file_writer *write, void *context, mode_t mode,
				enum file_existing existing, struct error *e)
{
	struct stream_filler stream = {write, context};

	return publish(path, fill_from_writer, &stream, mode, existing, e);
}

bool file_exists(const char *path)
{
	struct stat info;

	if (lstat(path, &info) == 0)
		return true;
	/* These say that the path leads to nothing; what else fails does not. */
	return errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG && errno != ELOOP &&
	       errno != EACCES;
}

enum status file_expect_absent(const char *path, struct error *e)
{
	if (file_exists(path))
		return error_set(e, STATUS_EXISTS, path, "choose another name, or say --force",
				 "exists and is not overwritten");
	return STATUS_OK;
}

/* Why nothing can be made in a folder, 0 where it can. */
static int folder_access(const char *folder)
{
	struct stat info;

	if (stat(folder, &info) != 0)
		return errno;
	if (!S_ISDIR(info.st_mode))
		return ENOTDIR;
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

enum status file_expect_place(const char *path, struct error *e)
{
	char *folder = path_folder(path);
	enum status s = STATUS_OK;
	struct stat info;

	if (!folder)
		return error_memory(e);
	if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
		s = error_set(e, STATUS_USAGE, path, "name a file in it", "is a folder");
	else if ((errno = folder_access(folder)) != 0)
		s = error_errno(e, missing(errno) ? STATUS_NOT_FOUND : STATUS_SYSTEM, path,
				"check that the folder exists and may be written",
				"cannot be made");
	free(folder);
	return s;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder that path lies in. */
static enum status stat_folder_of(const char *path, struct stat *info)
{
	char *folder = path_folder(path);
	enum status s = STATUS_SYSTEM;

	if (folder)
		s = stat(folder, info) == 0 ? STATUS_OK : STATUS_NOT_FOUND;
	free(folder);
	return s;
}

bool file_same_place(const char *a, const char *b)
{
	struct stat x, y;
	enum status of_a = stat_folder_of(a, &x), of_b = stat_folder_of(b, &y);

	if (of_a == STATUS_SYSTEM || of_b == STATUS_SYSTEM)
		return true;
	if (of_a == STATUS_OK && of_b == STATUS_OK && strcmp(path_name(a), path_name(b)) == 0 &&
	    same_file(&x, &y))
		return true;
	return lstat(a, &x) == 0 && lstat(b, &y) == 0 && same_file(&x, &y);
}

enum status folder_make(const char *path, mode_t mode, struct error *e)
{
	enum status s;
	char *parent;

	if (mkdir(path, mode) != 0) {
		if (errno == EEXIST)
			return error_set(e, STATUS_EXISTS, path, "choose another name", "exists");
		return error_errno(
			e, missing(errno) ? STATUS_NOT_FOUND : STATUS_SYSTEM, path,
			make_todo("check that the folder above exists and may be written"),
			"cannot be made");
	}
	parent = path_folder(path);
	if (!parent)
		return error_memory(e);
	s = folder_sync(parent, e);
	free(parent);
	return s;
}

enum status folder_sync(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed;

	if (fd < 0)
		return open_failed(path, e);
	failed = fsync(fd) != 0 && errno != EINVAL; /* EINVAL: this file system has no such thing */
	close(fd);
	if (failed)
		return error_errno(e, STATUS_SYSTEM, path, "check the disk",
				   "did not reach the disk");
	return STATUS_OK;
}

enum status folder_lock(const char *path, int *lock, struct error *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return open_failed(path, e);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		enum status s = errno == EWOULDBLOCK
					? error_set(e, STATUS_BUSY, path, "wait until it is done",
						    "another process is at work here")
					: error_errno(e, STATUS_SYSTEM, path,
						      "use a local file system",
						      "cannot be locked");

		close(fd);
		return s;
	}
	*lock = fd;
	return STATUS_OK;
}

enum status file_remove(const char *path, struct error *e)
{
	enum status s;
	char *folder;

	if (unlink(path) != 0 && errno != ENOENT)
		return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be removed");
	folder = path_folder(path);
	if (!folder)
		return error_memory(e);
	s = folder_sync(folder, e);
	free(folder);
	return s;
}

char *path_join(const char *folder, const char *name)
{
	size_t len = strlen(folder), size = len + strlen(name) + 2;
	const char *slash = !len || folder[len - 1] == '/' ? "" : "/";
	char *path = malloc(size);

	/* Some callers only ask whether something is there, and take NULL for a no. */
	if (!path)
		memory_note();
	else
		snprintf(path, size, "%s%s%s", folder, slash, name);
	return path;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	if (!slash)
		folder = strdup(".");
	else
		folder = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	if (!folder)
		memory_note();
	return folder;
}
