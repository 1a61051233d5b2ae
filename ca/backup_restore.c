/* From a backup back to a CA's folder, marked. */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/backup.h"
#include "ca/backup_manifest.h"
#include "ca/backup_seal.h"
#include "ca/backup_tar.h"
#include "ca/clock.h"

#define MANIFEST_MOST (64 * 1024)

struct restoring {
	char *folder; /* its temporary name */
	struct backup_manifest *manifest;
	struct bytes json;
	const struct restore_order *order;
};

static enum status read_manifest(struct restoring *r, const struct tar_member *m, FILE *from,
				 struct error *e)
{
	if (strcmp(m->name, BACKUP_MANIFEST) != 0 || m->size > MANIFEST_MOST)
		return error_set(e, STATUS_INPUT, NULL, "use a file that 'subca backup' made",
				 "does not begin with what it is a backup of");
	r->json.data = calloc(1, (size_t)m->size + 1);
	if (!r->json.data)
		return error_memory(e);
	r->json.len = (size_t)m->size;
	if (fread(r->json.data, 1, r->json.len, from) != r->json.len)
		return error_errno(e, STATUS_SYSTEM, NULL, NULL, "cannot be read");
	return manifest_read(span_of(&r->json), r->manifest, e);
}

struct copying {
	FILE *from;
	int64_t left;
};

static enum status copy(void *context, FILE *to, struct error *e)
{
	struct copying *c = context;
	char part[64 * 1024];

	while (c->left > 0) {
		size_t len = c->left < (int64_t)sizeof part ? (size_t)c->left : sizeof part;

		if (fread(part, 1, len, c->from) != len)
			return error_errno(e, STATUS_SYSTEM, NULL, NULL, "cannot be read");
		fwrite(part, 1, len, to);
		c->left -= (int64_t)len;
	}
	return STATUS_OK;
}

/* "a/b" needs "a". */
static enum status make_folders(const struct restoring *r, const char *name, struct error *e)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *path = NULL;
		bool made;

		if (asprintf(&path, "%s/%.*s", r->folder, (int)(slash - name), name) < 0)
			return error_memory(e);
		made = mkdir(path, 0700) == 0 || errno == EEXIST;
		if (!made)
			error_errno(e, STATUS_SYSTEM, path, "make room and run it again",
				    "cannot be made");
		free(path);
		if (!made)
			return error_status(e);
	}
	return STATUS_OK;
}

static enum status take_member(void *context, const struct tar_member *m, FILE *from,
			       struct error *e)
{
	struct restoring *r = context;
	struct copying copying = {from, m->size};
	char *path;
	enum status s;

	if (!r->json.data)
		return read_manifest(r, m, from, e);
	s = make_folders(r, m->name, e);
	path = path_join(r->folder, m->name);
	if (s == STATUS_OK && !path)
		s = error_memory(e);
	if (s == STATUS_OK)
		s = file_publish_stream(path, copy, &copying,
					strncmp(m->name, AUTHORITY_KEY_FOLDER "/", 8) == 0 ||
							strcmp(m->name, AUTHORITY_STORE) == 0
						? 0600
						: 0644,
					FILE_KEEP, e);
	if (s == STATUS_EXISTS)
		s = error_set(e, STATUS_INPUT, NULL, NULL, "holds %s twice", m->name);
	free(path);
	return s;
}

static enum status mark(const struct restoring *r, struct error *e)
{
	char *file = path_join(r->folder, AUTHORITY_RESTORED);
	enum status s = file ? file_publish(file, span_of(&r->json), 0644, FILE_KEEP, e)
			     : error_memory(e);

	free(file);
	return s;
}

/* The two folders of a CA may have been empty. */
static enum status complete_folders(const struct restoring *r, struct error *e)
{
	enum status s = make_folders(r, AUTHORITY_KEY_FOLDER "/", e);

	return s == STATUS_OK ? make_folders(r, AUTHORITY_PROFILES "/", e) : s;
}

static enum status note(const struct authority *a, const struct restoring *r, struct error *e)
{
	char when[DATETIME_SIZE], detail[128];

	datetime_format(r->manifest->time, when);
	snprintf(detail, sizeof detail, "backup of %s, journal row %lld", when,
		 (long long)r->manifest->journal_seq);
	return journal_note(authority_store(a), "restore", detail, r->order->now, e);
}

/* It is the CA that it says, its journal is whole, and ends where it ended. */
static enum status prove(const struct restoring *r, struct error *e)
{
	const struct backup_manifest *m = r->manifest;
	unsigned char hash[SHA256_SIZE];
	struct authority *a = NULL;
	int64_t seq = 0;
	enum status s = authority_open(r->folder, STORE_WRITE, &a, e);

	if (s == STATUS_OK)
		s = sha256(authority_certificate_der(a), hash, e);
	if (s == STATUS_OK && memcmp(hash, m->certificate_sha256, SHA256_SIZE) != 0)
		s = error_set(e, STATUS_INPUT, NULL, "take another copy",
			      "holds another CA than it says");
	if (s == STATUS_OK)
		s = journal_verify(authority_store(a), e);
	if (s == STATUS_OK)
		s = journal_head(authority_store(a), &seq, hash, e);
	if (s == STATUS_OK &&
	    (seq != m->journal_seq || memcmp(hash, m->journal_hash, SHA256_SIZE) != 0))
		s = error_set(e, STATUS_INPUT, NULL, "take another copy",
			      "holds another journal than it says");
	if (s == STATUS_OK)
		s = clock_judge(authority_store(a), r->order->now, r->order->clock_ok, e);
	if (s == STATUS_OK)
		s = note(a, r, e);
	authority_free(a);
	return s;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

/* The folder is this run's own. */
static void discard(const struct restoring *r)
{
	(void)!nftw(r->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static enum status unpack(struct restoring *r, struct error *e)
{
	const char *file = r->order->file;
	int memory = memfd_create("restore", MFD_CLOEXEC);
	FILE *content = memory >= 0 ? fdopen(memory, "w+") : NULL;
	enum status s;

	if (!content) {
		if (memory >= 0)
			close(memory);
		return error_memory(e);
	}
	s = seal_open(file, r->order->password, content, e);
	if (s == STATUS_OK)
		s = tar_read(content, take_member, r, e);
	if (s == STATUS_OK && !r->json.data)
		s = error_set(e, STATUS_INPUT, file, NULL, "is empty inside");
	fclose(content);
	return s;
}

static enum status make(struct restoring *r, struct error *e)
{
	const char *folder = r->order->folder;
	enum status s = unpack(r, e);

	if (s == STATUS_OK)
		s = complete_folders(r, e);
	if (s == STATUS_OK)
		s = prove(r, e);
	if (s == STATUS_OK)
		s = mark(r, e);
	if (s == STATUS_OK && rename(r->folder, folder) != 0)
		s = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
			    ? error_set(e, STATUS_EXISTS, folder, "name a new or an empty folder",
					"is not empty")
			    : error_errno(e, STATUS_SYSTEM, folder, NULL, "cannot be put in place");
	if (s != STATUS_OK) {
		error_at(e, r->order->file);
		discard(r);
	}
	return s;
}

enum status backup_restore(const struct restore_order *order, struct backup_manifest *out,
			   struct error *e)
{
	struct restoring r = {.manifest = out, .order = order};
	const char *folder = order->folder;
	char *parent = path_folder(folder);
	enum status s = STATUS_OK;

	if (!parent || asprintf(&r.folder, "%s.restore-XXXXXX", folder) < 0) {
		r.folder = NULL;
		s = error_memory(e);
	} else if (!mkdtemp(r.folder)) {
		s = error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, folder,
				"check that the folder above exists and may be written",
				"cannot be made");
	} else {
		s = make(&r, e);
	}
	if (s == STATUS_OK)
		s = folder_sync(parent, e);
	bytes_free(&r.json);
	free(r.folder);
	free(parent);
	return s;
}
