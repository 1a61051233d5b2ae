#include "ca/create_remains.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "ca/authority.h"
#include "ca/create.h"

static bool has(const char *folder, const char *name)
{
	char *file = path_join(folder, name);
	bool there = file && file_exists(file);

	free(file);
	return there;
}

/*
 * A run that was killed while it published a file leaves that file's temporary, which may hold a
 * key. The folder was empty when init began, so a hidden file in it is ours.
 */
static enum status sweep(const char *folder, struct error *e)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	enum status s = STATUS_OK;

	if (!dir)
		return errno == ENOENT
			       ? STATUS_OK
			       : error_errno(e, STATUS_SYSTEM, folder, NULL, "cannot be listed");
	while (s == STATUS_OK && (entry = readdir(dir)) != NULL) {
		char *file;

		if (entry->d_name[0] != '.' || entry->d_type != DT_REG)
			continue;
		file = path_join(folder, entry->d_name);
		s = file ? file_remove(file, e) : error_memory(e);
		free(file);
	}
	closedir(dir);
	return s;
}

enum status remains_sweep(const char *folder, struct error *e)
{
	char *keys = path_join(folder, AUTHORITY_KEY_FOLDER);
	enum status s = keys ? sweep(keys, e) : error_memory(e);

	if (s == STATUS_OK)
		s = sweep(folder, e);
	free(keys);
	return s;
}

bool remains_of_nothing(const char *name)
{
	static const char begins[] = "." AUTHORITY_UNFINISHED ".";

	return strncmp(name, begins, strlen(begins)) == 0;
}

/* Only one init, --resume or --discard at a time: each would take the other's files for remains. */
enum status remains_lock(const char *folder, int *lock, struct error *e)
{
	enum status s = folder_lock(folder, lock, e);

	if (s == STATUS_BUSY)
		s = error_set(e, STATUS_BUSY, folder, "wait until it is done",
			      "another 'subca init' is at work here");
	return s;
}

void remains_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

/* Asked under the lock: the run that was seen at work may have finished since. */
enum status remains_expect(const char *folder, struct error *e)
{
	if (has(folder, AUTHORITY_UNFINISHED))
		return STATUS_OK;
	return error_set(e, STATUS_NOT_FOUND, folder, "a finished CA is never removed or redone",
			 "no 'init' was interrupted here (no " AUTHORITY_UNFINISHED ")");
}

/* init.conf goes last: as long as it is there, what is left can be discarded again. */
enum status remains_remove(const char *folder, struct error *e)
{
	static const char *const files[] = {
		AUTHORITY_CERTIFICATE,	AUTHORITY_CHAIN,	AUTHORITY_CONF,
		AUTHORITY_STORE "-wal", AUTHORITY_STORE "-shm", AUTHORITY_STORE STORE_LOCK_SUFFIX,
		AUTHORITY_STORE,	AUTHORITY_KEY,
	};
	static const char *const folders[] = {AUTHORITY_KEY_FOLDER, AUTHORITY_PROFILES};
	enum status s = remains_sweep(folder, e);

	for (size_t i = 0; i < sizeof files / sizeof files[0] && s == STATUS_OK; i++) {
		char *file = path_join(folder, files[i]);

		s = file ? STATUS_OK : error_memory(e);
		if (s == STATUS_OK && file_exists(file))
			s = file_remove(file, e);
		free(file);
	}
	for (size_t i = 0; i < 2 && s == STATUS_OK; i++) {
		char *path = path_join(folder, folders[i]);

		s = path ? STATUS_OK : error_memory(e);
		if (s == STATUS_OK && rmdir(path) != 0 && errno != ENOENT)
			s = error_errno(e, STATUS_SYSTEM, path, "look what is in it",
					"cannot be removed");
		free(path);
	}
	if (s == STATUS_OK) {
		char *file = path_join(folder, AUTHORITY_UNFINISHED);

		s = file ? file_remove(file, e) : error_memory(e);
		free(file);
	}
	return s;
}

enum status create_discard(const char *folder, struct error *e)
{
	int lock = -1;
	enum status s;

	if (!file_exists(folder))
		return remains_expect(folder, e);
	s = remains_lock(folder, &lock, e);
	if (s == STATUS_OK)
		s = remains_expect(folder, e);
	if (s == STATUS_OK)
		s = remains_remove(folder, e);
	remains_unlock(lock);
	return s;
}
