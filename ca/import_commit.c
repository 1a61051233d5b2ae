/* What contradicts, what comes next, and the new CA's folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/import_internal.h"
#include "ca/pem.h"
#include "ca/store_serial.h"

/* A CA that counts has serials of few octets; random ones have sixteen and more. */
#define COUNTED_OCTETS 8

/* --- what comes next -------------------------------------------------------------------------- */

/* What the old tool would have taken next, unless it was taken already. */
static enum status judge_serial(struct import *in, struct findings *f, struct error *e)
{
	const struct found_certificate *own = &in->certificates[in->authority_at];
	const struct found_number *file = &in->serial;
	struct import_summary *s = &in->summary;
	struct span highest = {in->highest, in->highest_len};
	static const unsigned char one = 1;
	bool counted = file->file && file->len <= COUNTED_OCTETS &&
		       in->highest_len <= COUNTED_OCTETS;

	s->next_serial_len = 0;
	if (!counted)
		return STATUS_OK;
	/* A root's own number counts where it lies on the way. */
	if (import_is_numbered(in, own) && own->serial_len <= COUNTED_OCTETS &&
	    import_compare(own->serial, own->serial_len, highest.data, highest.len) > 0)
		highest = (struct span){own->serial, own->serial_len};
	if (highest.len &&
	    import_compare(file->octets, file->len, highest.data, highest.len) <= 0) {
		char next[2 * SERIAL_MAX + 1], last[2 * SERIAL_MAX + 1];

		hex_encode((struct span){file->octets, file->len}, next);
		hex_encode(highest, last);
		if (import_note(in, f, RULE_NEXT_SERIAL, file->file, e,
				"says %s is the next serial number, but there is a %s", next,
				last) != STATUS_OK)
			return error_status(e);
	}
	return serial_after(highest,
			    file->len ? (struct span){file->octets, file->len}
				      : (struct span){&one, 1},
			    s->next_serial, &s->next_serial_len, e);
}

/* The old CA kept no journal, but it dated what it revoked and published. */
static enum status judge_clock(struct import *in, struct findings *f, struct error *e)
{
	char then[DATETIME_SIZE], here[DATETIME_SIZE];

	for (size_t i = 0; i < in->crl_count; i++)
		if (in->crls[i].own && in->crls[i].this_update > in->last_act)
			in->last_act = in->crls[i].this_update;
	if (in->order->clock_ok || !clock_is_behind(in->order->now, in->last_act))
		return STATUS_OK;
	datetime_format(in->last_act, then);
	datetime_format(in->order->now, here);
	return import_note(in, f, RULE_CLOCK, "clock", e,
			   "says %s, but the old CA revoked or published something at %s", here,
			   then);
}

enum status import_judge(struct import *in, const struct secret *secret, struct findings *findings,
			 struct error *e)
{
	enum status s = import_open_keys(in, secret, findings, e);

	import_sort(in);
	if (s == STATUS_OK)
		s = import_find_authority(in, findings, e);
	if (s == STATUS_OK)
		s = import_place_all(in, findings, e);
	if (s == STATUS_OK)
		s = import_find_key(in, secret, findings, e);
	if (s == STATUS_OK)
		s = import_read_crl(in, findings, e);
	if (s == STATUS_OK)
		s = import_each_row(in, NULL, NULL, findings, e);
	if (s == STATUS_OK && in->summary.without_certificate)
		s = import_note(in, findings, RULE_NO_CERTIFICATE, "", e,
				"%lld of %lld lines of the index are without their certificate",
				(long long)in->summary.without_certificate,
				(long long)in->summary.index_rows);
	if (s == STATUS_OK)
		s = judge_serial(in, findings, e);
	if (s == STATUS_OK)
		s = import_judge_crl_number(in, findings, e);
	if (s == STATUS_OK)
		s = judge_clock(in, findings, e);
	return s == STATUS_OK ? import_note_rest(in, findings, e) : s;
}

/* --- the new folder --------------------------------------------------------------------------- */

struct making {
	struct import *in;
	char *folder; /* its temporary name */
	const struct secret *key;
	struct store_adoption *adoption;
};

static enum status publish(const struct making *m, const char *name, const char *text,
			   struct error *e)
{
	char *file = path_join(m->folder, name);
	enum status s = file ? file_publish(file, span_text(text), 0644, FILE_KEEP, e)
			     : error_memory(e);

	free(file);
	return s;
}

static enum status make_subfolder(const struct making *m, const char *name, struct error *e)
{
	char *path = path_join(m->folder, name);
	enum status s = path ? folder_make(path, 0700, e) : error_memory(e);

	free(path);
	return s;
}

static enum status write_certificates(const struct making *m, struct error *e)
{
	const struct import *in = m->in;
	struct text own = {0}, chain = {0};
	enum status s = STATUS_OK;

	for (size_t i = 0; i < in->chain_count && s == STATUS_OK; i++) {
		struct span der = span_of(&in->certificates[in->chain[i]].der);

		s = pem_add_certificate(&chain, der, e);
		if (s == STATUS_OK && i == 0)
			s = pem_add_certificate(&own, der, e);
	}
	if (s == STATUS_OK)
		s = publish(m, AUTHORITY_CERTIFICATE, text_get(&own), e);
	if (s == STATUS_OK && in->chain_count > 1)
		s = publish(m, AUTHORITY_CHAIN, text_get(&chain), e);
	text_free(&own);
	text_free(&chain);
	return s;
}

static enum status write_key(const struct making *m, struct error *e)
{
	char *file = path_join(m->folder, AUTHORITY_KEY);
	enum status s = file ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK && m->in->key)
		s = foreign_key_write(m->in->key, file, m->key, e);
	free(file);
	return s;
}

static enum status write_conf(const struct making *m, struct error *e)
{
	const struct import_summary *summary = &m->in->summary;
	const struct ca_urls none = {0};
	char first[2 + 2 * SERIAL_MAX + 1] = "0x";
	struct text text = {0};
	enum status s;

	hex_encode((struct span){summary->next_serial, summary->next_serial_len}, first + 2);
	s = authority_conf_text(NULL, summary->next_serial_len ? first : NULL, &none, &text, e);
	if (s == STATUS_OK)
		s = publish(m, AUTHORITY_CONF, text_get(&text), e);
	text_free(&text);
	return s;
}

static enum status adopt(void *context, const struct store_adopted *row, struct error *e)
{
	const struct making *m = context;

	return store_adopt_add(m->adoption, row, e);
}

static enum status adopt_rows(struct making *m, struct store *store, const char *detail,
			      struct error *e)
{
	const struct import *in = m->in;
	enum status s;

	if (in->summary.issued + in->summary.revoked == 0)
		return STATUS_OK;
	s = store_adopt_begin(store, import_origin(in->order->kind), in->order->now, &m->adoption,
			      e);
	if (s == STATUS_OK) {
		s = import_each_row(m->in, adopt, m, NULL, e);
		s = store_adopt_end(m->adoption, s, detail, e);
	}
	return s;
}

static enum status fill_store(struct making *m, struct error *e)
{
	const struct import *in = m->in;
	char *file = path_join(m->folder, AUTHORITY_STORE);
	const char *from = in->folder ? in->folder : in->order->paths[0];
	struct store *store = NULL;
	enum status s = file ? store_create(file, in->order->now, e) : error_memory(e);

	if (s == STATUS_OK)
		s = store_open(file, STORE_WRITE, &store, e);
	if (s == STATUS_OK && clock_is_behind(in->order->now, in->last_act))
		s = clock_note(store, in->order->now, in->last_act, e);
	if (s == STATUS_OK)
		s = journal_note(store, "import", from, in->order->now, e);
	if (s == STATUS_OK)
		s = adopt_rows(m, store, from, e);
	if (s == STATUS_OK)
		s = import_adopt_crls(m->in, store, import_origin(in->order->kind), e);
	store_close(store);
	free(file);
	return s;
}

static void discard(const struct making *m)
{
	static const char *const names[] = {AUTHORITY_CONF,
					    AUTHORITY_CERTIFICATE,
					    AUTHORITY_CHAIN,
					    AUTHORITY_KEY,
					    AUTHORITY_STORE,
					    AUTHORITY_STORE "-wal",
					    AUTHORITY_STORE "-shm",
					    AUTHORITY_STORE "-journal",
					    AUTHORITY_STORE STORE_LOCK_SUFFIX};
	static const char *const folders[] = {AUTHORITY_KEY_FOLDER, AUTHORITY_PROFILES};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *file = path_join(m->folder, names[i]);

		if (file)
			unlink(file);
		free(file);
	}
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		char *path = path_join(m->folder, folders[i]);

		if (path)
			(void)!rmdir(path);
		free(path);
	}
	(void)!rmdir(m->folder);
}

/* Under its own name it is there whole, or not at all. */
static enum status move_into_place(const struct making *m, const char *folder, struct error *e)
{
	char *parent = path_folder(folder);
	enum status s = parent ? folder_sync(m->folder, e) : error_memory(e);

	/* An empty folder may wait for it, as it may for 'subca init'. */
	if (s == STATUS_OK && rename(m->folder, folder) != 0)
		s = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
			    ? error_set(e, STATUS_EXISTS, folder, "name a new or an empty folder",
					"is not empty")
			    : error_errno(e, STATUS_SYSTEM, folder, NULL, "cannot be put in place");
	if (s == STATUS_OK)
		s = folder_sync(parent, e);
	free(parent);
	return s;
}

static enum status fill(struct making *m, struct error *e)
{
	enum status s = make_subfolder(m, AUTHORITY_KEY_FOLDER, e);

	if (s == STATUS_OK)
		s = make_subfolder(m, AUTHORITY_PROFILES, e);
	if (s == STATUS_OK)
		s = write_certificates(m, e);
	if (s == STATUS_OK)
		s = write_key(m, e);
	if (s == STATUS_OK)
		s = write_conf(m, e);
	if (s == STATUS_OK)
		s = fill_store(m, e);
	return s;
}

/* What cannot be opened afterwards must not come into being. */
static enum status prove(const struct making *m, struct error *e)
{
	struct authority *a = NULL;
	enum status s = authority_open(m->folder, STORE_READ, &a, e);

	if (s == STATUS_OK)
		s = journal_verify(authority_store(a), e);
	authority_free(a);
	return s;
}

static bool is_empty(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool empty = dir != NULL;

	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	return empty;
}

enum status import_expect_new(const char *folder, struct error *e)
{
	struct stat info;

	if (lstat(folder, &info) != 0)
		return file_expect_place(folder, e);
	if (S_ISDIR(info.st_mode) && is_empty(folder))
		return STATUS_OK;
	return error_set(e, STATUS_EXISTS, folder, "name a new or an empty folder",
			 S_ISDIR(info.st_mode) ? "is not empty" : "is there already");
}

enum status import_commit(struct import *in, const char *folder, const struct secret *key,
			  struct error *e)
{
	struct making m = {.in = in, .key = key};
	enum status s;

	if (asprintf(&m.folder, "%s.import-XXXXXX", folder) < 0)
		return error_memory(e);
	if (!mkdtemp(m.folder)) {
		free(m.folder);
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, folder,
				   "check that the folder above exists and may be written",
				   "cannot be made");
	}
	s = fill(&m, e);
	if (s == STATUS_OK)
		s = prove(&m, e);
	if (s == STATUS_OK)
		s = move_into_place(&m, folder, e);
	if (s != STATUS_OK)
		discard(&m);
	free(m.folder);
	return s;
}
