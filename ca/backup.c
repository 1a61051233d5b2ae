#include "ca/backup.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ca/backup_manifest.h"
#include "ca/backup_seal.h"
#include "ca/backup_tar.h"
#include "ca/name.h"

#define FILE_MOST (INT64_C(64) * 1024 * 1024)

struct backup {
	struct authority *authority;
	const struct backup_order *order;
	struct backup_manifest *manifest;
	char *folder;	/* for the copy of the store */
	char *snapshot; /* in it */
	struct text json;
	struct tar_member members[TAR_MEMBERS_MAX];
	size_t count;
};

/* --- which files ------------------------------------------------------------------------------ */

static enum status add(struct backup *b, const char *name, const char *path, int64_t size, int mode,
		       struct error *e)
{
	struct tar_member m = {.size = size, .mode = mode, .time = b->order->now};

	if (b->count == TAR_MEMBERS_MAX)
		return error_set(e, STATUS_REFUSED, authority_folder(b->authority),
				 "keep other things elsewhere", "has more than %d files",
				 TAR_MEMBERS_MAX);
	m.name = strdup(name);
	m.path = path ? strdup(path) : NULL;
	if (!m.name || (path && !m.path)) {
		free((char *)m.name);
		free((char *)m.path);
		return error_memory(e);
	}
	b->members[b->count++] = m;
	return STATUS_OK;
}

/* The store goes as a snapshot; what belongs to a run that is under way goes not at all. */
static bool is_left_out(const struct backup *b, const char *name)
{
	static const char *const names[] = {AUTHORITY_STORE,
					    AUTHORITY_STORE "-wal",
					    AUTHORITY_STORE "-shm",
					    AUTHORITY_STORE "-journal",
					    AUTHORITY_STORE STORE_LOCK_SUFFIX,
					    AUTHORITY_UNFINISHED,
					    AUTHORITY_RESTORED,
					    BACKUP_MANIFEST};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return !b->order->with_keys &&
	       strncmp(name, AUTHORITY_KEY_FOLDER "/", sizeof AUTHORITY_KEY_FOLDER) == 0;
}

static enum status walk(struct backup *b, const char *folder, const char *prefix, struct error *e);

static enum status take_path(struct backup *b, const char *path, const char *name, struct error *e)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return error_errno(e, STATUS_SYSTEM, path, "run it again", "cannot be examined");
	if (S_ISDIR(info.st_mode))
		return walk(b, path, name, e);
	if (!S_ISREG(info.st_mode))
		return STATUS_OK;
	if (info.st_size > FILE_MOST)
		return error_set(e, STATUS_REFUSED, path, "keep it elsewhere",
				 "is too large to belong to a CA");
	if (strncmp(name, AUTHORITY_KEY_FOLDER "/", sizeof AUTHORITY_KEY_FOLDER) == 0)
		b->manifest->keys = true;
	return add(b, name, path, info.st_size, (int)(info.st_mode & 0777), e);
}

static enum status take_entry(struct backup *b, const char *folder, const char *prefix,
			      const char *entry, struct error *e)
{
	char *path = path_join(folder, entry);
	char *name = prefix[0] ? path_join(prefix, entry) : strdup(entry);
	enum status s = path && name ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK && entry[0] != '.' && tar_name_is_plain(name) && !is_left_out(b, name))
		s = take_path(b, path, name, e);
	free(path);
	free(name);
	return s;
}

static enum status walk(struct backup *b, const char *folder, const char *prefix, struct error *e)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, alphasort);
	enum status s = STATUS_OK;

	if (count < 0)
		return error_errno(e, STATUS_SYSTEM, folder, "check its permissions",
				   "cannot be listed");
	for (int i = 0; i < count; i++) {
		if (s == STATUS_OK)
			s = take_entry(b, folder, prefix, entries[i]->d_name, e);
		free(entries[i]);
	}
	free(entries);
	return s;
}

/* --- the store, and what it says -------------------------------------------------------------- */

static enum status describe_store(struct backup *b, struct error *e)
{
	struct backup_manifest *m = b->manifest;
	struct store_crl last = {.number = STORE_NO_CRL};
	struct store *copy = NULL;
	enum status s = store_open(b->snapshot, STORE_READ, &copy, e);

	if (s == STATUS_OK)
		s = journal_head(copy, &m->journal_seq, m->journal_hash, e);
	if (s == STATUS_OK) {
		s = store_crl_last(copy, CRL_ANY, false, &last, e);
		s = s == STATUS_NOT_FOUND ? STATUS_OK : s;
	}
	m->crl_number = last.number;
	store_close(copy);
	return s;
}

static enum status add_store(struct backup *b, struct error *e)
{
	struct stat info;
	enum status s;

	if (asprintf(&b->snapshot, "%s/" AUTHORITY_STORE, b->folder) < 0) {
		b->snapshot = NULL;
		return error_memory(e);
	}
	s = store_snapshot(authority_store(b->authority), b->snapshot, e);
	if (s == STATUS_OK)
		s = describe_store(b, e);
	if (s == STATUS_OK && stat(b->snapshot, &info) != 0)
		s = error_errno(e, STATUS_SYSTEM, b->snapshot, NULL, "cannot be examined");
	return s == STATUS_OK ? add(b, AUTHORITY_STORE, b->snapshot, info.st_size, 0600, e) : s;
}

/* Goes first, so that it is known what comes. */
static enum status add_manifest(struct backup *b, struct error *e)
{
	struct backup_manifest *m = b->manifest;
	struct text subject = {0};
	enum status s;

	m->time = b->order->now;
	m->files = (int64_t)b->count - 1;
	name_show(X509_get_subject_name(authority_certificate(b->authority)), &subject);
	m->subject = strdup(text_get(&subject));
	text_free(&subject);
	s = m->subject ? sha256(authority_certificate_der(b->authority), m->certificate_sha256, e)
		       : error_memory(e);
	if (s == STATUS_OK)
		s = manifest_write(m, &b->json, e);
	b->members[0].content = span_text(text_get(&b->json));
	b->members[0].size = (int64_t)b->json.len;
	return s;
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum status write_sealed(void *context, FILE *to, struct error *e)
{
	struct backup *b = context;
	BIO *source = NULL;
	struct error why;
	enum status s = tar_source_new(b->members, b->count, &source, e);

	if (s == STATUS_OK) {
		s = seal_write(source, b->order->password, to, e);
		/* OpenSSL only says that it could not read; the source knows why. */
		if (tar_source_status(source, &why) != STATUS_OK) {
			*e = why;
			s = error_status(e);
		}
	}
	BIO_free(source);
	return s;
}

static enum status count_member(void *context, const struct tar_member *member, FILE *from,
				struct error *e)
{
	size_t *count = context;

	(void)member;
	(void)from;
	(void)e;
	++*count;
	return STATUS_OK;
}

/* A backup that cannot be read is worse than none. */
static enum status read_back(const struct backup *b, struct error *e)
{
	int memory = memfd_create("backup", MFD_CLOEXEC);
	FILE *content = memory >= 0 ? fdopen(memory, "w+") : NULL;
	size_t count = 0;
	enum status s;

	if (!content) {
		if (memory >= 0)
			close(memory);
		return error_memory(e);
	}
	s = seal_open(b->order->file, b->order->password, content, e);
	if (s == STATUS_OK)
		s = tar_read(content, count_member, &count, e);
	if (s == STATUS_OK && count != b->count)
		s = error_set(e, STATUS_SYSTEM, b->order->file, "check the disk and run it again",
			      "does not read back as it was written");
	fclose(content);
	return s;
}

static void release(struct backup *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free((char *)b->members[i].name);
		free((char *)b->members[i].path);
	}
	for (size_t i = 0; b->snapshot && i < 3; i++) {
		static const char *const suffixes[] = {"", "-wal", "-shm"};
		char name[PATH_MAX];

		snprintf(name, sizeof name, "%s%s", b->snapshot, suffixes[i]);
		unlink(name);
	}
	if (b->folder)
		(void)!rmdir(b->folder);
	text_free(&b->json);
	free(b->snapshot);
	free(b->folder);
	free(b);
}

static enum status expect_elsewhere(const struct backup *b, struct error *e)
{
	char *folder = path_folder(b->order->file);
	char *place = folder ? realpath(folder, NULL) : NULL;
	char *own = realpath(authority_folder(b->authority), NULL);
	size_t len = own ? strlen(own) : 0;
	enum status s = STATUS_OK;

	if (place && own && strncmp(place, own, len) == 0 && (place[len] == '/' || !place[len]))
		s = error_set(e, STATUS_REFUSED, b->order->file,
			      "write it to another disk, where no fire reaches both",
			      "lies in the CA's own folder");
	free(own);
	free(place);
	free(folder);
	return s;
}

static enum status make_folder(struct backup *b, struct error *e)
{
	char *folder = path_folder(b->order->file);

	if (!folder ||
	    asprintf(&b->folder, "%s/.%s.XXXXXX", folder, path_name(b->order->file)) < 0) {
		free(folder);
		b->folder = NULL;
		return error_memory(e);
	}
	free(folder);
	if (mkdtemp(b->folder))
		return STATUS_OK;
	free(b->folder);
	b->folder = NULL;
	return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, b->order->file,
			   "check that the folder exists and may be written", "cannot be made");
}

enum status backup_write(struct authority *a, const struct backup_order *order,
			 struct backup_manifest *out, struct error *e)
{
	struct backup *b = calloc(1, sizeof *b);
	enum status s;

	if (!b)
		return error_memory(e);
	*b = (struct backup){.authority = a, .order = order, .manifest = out};
	s = expect_elsewhere(b, e);
	if (s == STATUS_OK && !order->replace)
		s = file_expect_absent(order->file, e);
	if (s == STATUS_OK)
		s = make_folder(b, e);
	if (s == STATUS_OK)
		s = add(b, BACKUP_MANIFEST, NULL, 0, 0644, e);
	if (s == STATUS_OK)
		s = walk(b, authority_folder(a), "", e);
	if (s == STATUS_OK)
		s = add_store(b, e);
	if (s == STATUS_OK)
		s = add_manifest(b, e);
	if (s == STATUS_OK)
		s = file_publish_stream(order->file, write_sealed, b, 0600,
					order->replace ? FILE_REPLACE : FILE_KEEP, e);
	if (s == STATUS_OK)
		s = read_back(b, e);
	release(b);
	return s;
}
