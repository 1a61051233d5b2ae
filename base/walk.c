#include "base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

struct walk {
	walk_use *use;
	walk_problem *problem;
	void *context;
};

static enum status walk_folder(const struct walk *w, const char *folder, int depth,
			       struct error *e);

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static enum status walk_entry(const struct walk *w, const char *folder, const struct dirent *entry,
			      int depth, struct error *e)
{
	bool unknown = entry->d_type == DT_UNKNOWN;
	enum status s = STATUS_OK;
	char *path;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return STATUS_OK;
	path = path_join(folder, entry->d_name);
	if (!path)
		return error_memory(e);
	if (entry->d_type == DT_DIR || (unknown && is_folder(path)))
		s = walk_folder(w, path, depth + 1, e);
	else if (entry->d_type == DT_REG || ((unknown || entry->d_type == DT_LNK) && is_file(path)))
		s = w->use(path, w->context, e);
	free(path);
	return s;
}

static enum status tell(const struct walk *w, const char *folder, const char *what, struct error *e)
{
	struct error problem;

	(void)!error_errno(&problem, STATUS_SYSTEM, folder, NULL, "%s", what);
	return w->problem(&problem, w->context, e);
}

static enum status walk_folder(const struct walk *w, const char *folder, int depth, struct error *e)
{
	struct dirent *entry = NULL;
	enum status s = STATUS_OK;
	DIR *dir;

	if (depth > WALK_DEPTH_MAX) {
		errno = ELOOP;
		return tell(w, folder, "is nested too deep", e);
	}
	dir = opendir(folder);
	if (!dir)
		return tell(w, folder, "cannot be looked into", e);
	/* cppcheck-suppress readdirCalled ; the stream is this walk's own */
	while (s == STATUS_OK && (errno = 0, entry = readdir(dir)))
		s = walk_entry(w, folder, entry, depth, e);
	if (s == STATUS_OK && errno)
		s = tell(w, folder, "cannot be read to its end", e);
	closedir(dir);
	return s;
}

bool walk_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum status walk_files(const char *folder, walk_use *use, walk_problem *problem, void *context,
		       struct error *e)
{
	const struct walk w = {use, problem, context};

	return walk_folder(&w, folder, 0, e);
}
