/* audit/scan.h: finding the files. */
#include "audit/scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

struct walk {
	struct estate *estate;
	bool own;
	struct {
		dev_t device;
		ino_t inode;
	} above[SCAN_DEPTH_MAX]; /* the folders that lead here */
	int depth;
};

static enum status walk(struct walk *w, const char *path, struct error *e);

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), tail = strlen(end);

	return len >= tail && strcmp(s + len - tail, end) == 0;
}

/* What a CA's folder holds beside certificates: known, and judged elsewhere or not at all. */
static bool is_furniture(const char *name)
{
	static const char *const names[] = {AUTHORITY_CONF,
					    AUTHORITY_KEY_FOLDER,
					    AUTHORITY_PROFILES,
					    AUTHORITY_UNFINISHED,
					    "vars",
					    "reqs",
					    "inline",
					    "x509-types"};
	static const char *const beginnings[] = {AUTHORITY_STORE, "index.txt", "serial",
						 "crlnumber",	  "openssl",   "safessl"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return ends_with(name, ".key") || ends_with(name, ".cnf") || ends_with(name, ".csr");
}

static int not_itself(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum status unreadable(struct walk *w, const char *path, struct error *e)
{
	struct text why = {0};
	enum status s;

	text_printf(&why, "cannot be read: %s", strerror(errno));
	s = text_check(&why, e);
	if (s == STATUS_OK)
		s = estate_add_unread(w->estate, path, text_get(&why), e);
	text_free(&why);
	return s;
}

static enum status walk_entries(struct walk *w, const char *path, struct error *e)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, not_itself, by_name);
	enum status s = STATUS_OK;

	if (count < 0)
		return unreadable(w, path, e);
	for (int i = 0; i < count; i++) {
		if (s == STATUS_OK && !(w->own && is_furniture(entries[i]->d_name))) {
			char *inner = path_join(path, entries[i]->d_name);

			s = inner ? walk(w, inner, e) : error_memory(e);
			free(inner);
		}
		free(entries[i]);
	}
	free(entries);
	return s;
}

static enum status walk_folder(struct walk *w, const char *path, const struct stat *info,
			       struct error *e)
{
	enum status s;

	for (int i = 0; i < w->depth; i++)
		if (w->above[i].device == info->st_dev && w->above[i].inode == info->st_ino)
			return estate_add_unread(w->estate, path, "leads back to a folder above it",
						 e);
	if (w->depth == SCAN_DEPTH_MAX)
		return estate_add_unread(w->estate, path, "lies too deep in folders", e);
	w->above[w->depth].device = info->st_dev;
	w->above[w->depth].inode = info->st_ino;
	w->depth++;
	s = walk_entries(w, path, e);
	w->depth--;
	return s;
}

static enum status walk(struct walk *w, const char *path, struct error *e)
{
	struct stat info;
	uint32_t source;

	if (stat(path, &info) != 0)
		return unreadable(w, path, e);
	if (S_ISDIR(info.st_mode))
		return walk_folder(w, path, &info, e);
	if (!S_ISREG(info.st_mode))
		return estate_add_unread(w->estate, path, "is neither a file nor a folder", e);
	if (info.st_size > SCAN_FILE_MAX)
		return estate_add_unread(w->estate, path, "is larger than 4 GiB", e);
	if (info.st_size == 0)
		return estate_add_unread(w->estate, path, "is empty", e);
	return estate_add_source(w->estate, path, false, w->own, &source, e);
}

enum status scan_walk(struct estate *t, const char *path, bool own, struct error *e)
{
	struct walk w = {.estate = t, .own = own};

	return walk(&w, path, e);
}
