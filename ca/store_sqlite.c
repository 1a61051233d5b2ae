#include "ca/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/file.h"

static enum status store_new(const char *path, enum store_mode mode, struct store **out,
			     struct error *e)
{
	struct store *s = calloc(1, sizeof *s);

	if (!s)
		return error_memory(e);
	s->mode = mode;
	s->owner = getpid();
	s->alone_fd = -1;
	s->path = strdup(path);
	if (!s->path) {
		store_close(s);
		return error_memory(e);
	}
	*out = s;
	return STATUS_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	/* A child must not end a connection it inherited: that could undo the parent's locks. */
	if (s->owner == getpid()) {
		queries_forget(s);
		sqlite3_close(s->db);
	}
	signing_end(s);
	free(s->path);
	free(s);
}

/* --- creating --------------------------------------------------------------------------------- */

/* A -wal that a removed store left behind would be played into the new one. */
static enum status expect_no_remains(const char *path, struct error *e)
{
	static const char *const suffixes[] = {"", "-wal", "-journal"};

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		struct text name = {0};
		bool there;

		text_printf(&name, "%s%s", path, suffixes[i]);
		if (name.failed)
			return error_memory(e);
		there = file_exists(text_get(&name));
		text_free(&name);
		if (there)
			return error_set(e, STATUS_EXISTS, path, "choose another folder",
					 i ? "a store was here: its %s file is left"
					   : "is there already%s",
					 suffixes[i]);
	}
	return STATUS_OK;
}

static enum status fill_new(struct store *s, int64_t now, struct error *e)
{
	struct journal_change change = {.event = "create", .time = now};
	enum status status = transaction_begin(s, e);

	if (status != STATUS_OK)
		return status;
	status = schema_upgrade(s, 0, e);
	if (status == STATUS_OK)
		status = journal_append(s, &change, e);
	return transaction_end(s, status, e);
}

/*
 * Octets 18 and 19 of the header say how to write and to read it: 2 is WAL (SQLite file format
 * 1.3.3). In memory there is no WAL, so the switch is thrown in the bytes.
 */
#define WRITE_VERSION_AT 18
#define READ_VERSION_AT 19

static enum status publish(struct store *s, struct error *e)
{
	enum status status;
	sqlite3_int64 len = 0;
	unsigned char *image = sqlite3_serialize(s->db, "main", &len, 0);

	if (!image || len <= READ_VERSION_AT) {
		sqlite3_free(image);
		return error_memory(e);
	}
	image[WRITE_VERSION_AT] = 2;
	image[READ_VERSION_AT] = 2;
	status = file_publish(s->path, (struct span){image, (size_t)len}, 0600, FILE_KEEP, e);
	sqlite3_free(image);
	return status;
}

/* Made in memory and published in one step: a half-made store never has a name. */
enum status store_create(const char *path, int64_t now, struct error *e)
{
	struct store *s = NULL;
	enum status status = expect_no_remains(path, e);
	int code;

	if (status == STATUS_OK)
		status = store_new(path, STORE_WRITE, &s, e);
	if (status != STATUS_OK)
		return status;
	code = sqlite3_open_v2(":memory:", &s->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (code != SQLITE_OK)
		status = sql_failed(s, code, "made", e);
	if (status == STATUS_OK)
		status = fill_new(s, now, e);
	if (status == STATUS_OK)
		status = publish(s, e);
	store_close(s);
	return status;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum status expect_file(const char *path, struct error *e)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return error_errno(
			e, errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_SYSTEM,
			path, "check the name of the CA", "cannot be opened");
	if (!S_ISREG(info.st_mode))
		return error_set(e, STATUS_DAMAGED, path, "check the name of the CA",
				 "is not a file");
	return STATUS_OK;
}

/*
 * Reading WAL needs a -shm beside the store. Where the folder cannot be written (a DVD, an
 * auditor's copy) and nothing waits in a -wal, the file alone is all there is: it is immutable.
 */
static enum status judge_medium(const char *path, bool *immutable, struct error *e)
{
	char *folder = path_folder(path);
	struct text wal = {0};
	enum status status;
	struct stat info;

	text_printf(&wal, "%s-wal", path);
	status = text_check(&wal, e);
	if (status == STATUS_OK && !folder)
		status = error_memory(e);
	if (status == STATUS_OK)
		*immutable = faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) != 0 &&
			     (stat(text_get(&wal), &info) != 0 || info.st_size == 0);
	text_free(&wal);
	free(folder);
	return status;
}

/* A file: URI takes every name literally, also ":memory:" and one with a "?". */
static enum status uri_of(const char *path, bool immutable, struct text *uri, struct error *e)
{
	text_add(uri, path[0] == '/' ? "file://" : "file:./");
	for (const char *c = path; *c; c++) {
		if (strchr("%?#", *c))
			text_printf(uri, "%%%02X", (unsigned)(unsigned char)*c);
		else
			text_append(uri, c, 1);
	}
	if (immutable)
		text_add(uri, "?immutable=1");
	return text_check(uri, e);
}

static enum status connect(struct store *s, struct error *e)
{
	struct text uri = {0};
	bool immutable = false;
	int code, flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	enum status status = STATUS_OK;

	if (s->mode == STORE_READ)
		status = judge_medium(s->path, &immutable, e);
	if (status == STATUS_OK)
		status = uri_of(s->path, immutable, &uri, e);
	if (status == STATUS_OK) {
		flags |= s->mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
		code = sqlite3_open_v2(text_get(&uri), &s->db, flags, NULL);
		if (code != SQLITE_OK)
			status = sql_failed(s, code, "opened", e);
		else if (s->mode == STORE_WRITE && sqlite3_db_readonly(s->db, "main"))
			status = sql_failed(s, SQLITE_READONLY, "written", e);
	}
	text_free(&uri);
	return status;
}

#define BUSY_STEP_MILLISECONDS 2

/*
 * SQLite's own wait grows to 100 ms, in which writers with short transactions let the store lie
 * idle, and the one who came last gets it first.
 */
static int wait_again(void *unused, int times)
{
	(void)unused;
	usleep(BUSY_STEP_MILLISECONDS * 1000);
	return times < STORE_BUSY_MILLISECONDS / BUSY_STEP_MILLISECONDS;
}

/* The file may come from anywhere: nothing in its schema runs but what SQLite itself vouches for. */
static enum status harden(struct store *s, struct error *e)
{
	int code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_handler(s->db, wait_again, NULL);
	if (code != SQLITE_OK)
		return sql_failed(s, code, "opened", e);
	return sql_run(s, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", e);
}

static enum status use_wal(struct store *s, struct error *e)
{
	struct query q;
	bool more = false;
	enum status status = query_begin(&q, s, "PRAGMA journal_mode = WAL", e);

	if (status != STATUS_OK)
		return status;
	status = query_step(&q, &more, e);
	if (status == STATUS_OK && (!more || strcmp(query_get_text(&q, 0), "wal") != 0))
		status = error_set(e, STATUS_SYSTEM, s->path, "use a local file system",
				   "SQLite cannot keep a write-ahead log here");
	query_end(&q);
	return status;
}

/*
 * WAL with synchronous NORMAL loses a committed row in a power cut; FULL keeps it. The log stays,
 * empty: to make it anew would be one more wait for the disk each time.
 */
static enum status be_durable(struct store *s, struct error *e)
{
	int64_t level = 0;
	int stay = 1, code = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &stay);
	enum status status = code == SQLITE_OK ? use_wal(s, e) : sql_failed(s, code, "opened", e);

	if (status == STATUS_OK)
		status = sql_run(s, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 0", e);
	if (status == STATUS_OK)
		status = sql_integer(s, "PRAGMA synchronous", &level, e);
	if (status == STATUS_OK && level != 2)
		status = error_set(e, STATUS_SYSTEM, s->path, NULL,
				   "SQLite does not wait for the disk (synchronous is %lld)",
				   (long long)level);
	return status;
}

/* Another process may have done it meanwhile: the version is read again under the lock. */
static enum status upgrade(struct store *s, struct error *e)
{
	int64_t version;
	char detail[64];
	struct journal_change change = {.event = "upgrade", .detail = detail};
	enum status status = datetime_now(&change.time, e);

	if (status == STATUS_OK)
		status = transaction_begin(s, e);
	if (status != STATUS_OK)
		return status;
	status = schema_version(s, &version, e);
	if (status == STATUS_OK && version < STORE_VERSION) {
		snprintf(detail, sizeof detail, "store version %lld became %d", (long long)version,
			 STORE_VERSION);
		status = schema_upgrade(s, version, e);
		if (status == STATUS_OK)
			status = journal_append(s, &change, e);
	}
	return transaction_end(s, status, e);
}

static enum status examine(struct store *s, struct error *e)
{
	int64_t version;
	enum status status = schema_version(s, &version, e);

	if (status != STATUS_OK)
		return status;
	if (s->mode == STORE_WRITE) {
		status = be_durable(s, e);
		return status == STATUS_OK && version < STORE_VERSION ? upgrade(s, e) : status;
	}
	if (version < STORE_VERSION)
		return error_set(e, STATUS_DAMAGED, s->path, "run a command that writes to it once",
				 "is a store of version %lld, older than version %d that is read",
				 (long long)version, STORE_VERSION);
	return STATUS_OK;
}

enum status store_open(const char *path, enum store_mode mode, struct store **out, struct error *e)
{
	struct store *s = NULL;
	enum status status = expect_file(path, e);

	if (status == STATUS_OK)
		status = store_new(path, mode, &s, e);
	if (status == STATUS_OK)
		status = connect(s, e);
	if (status == STATUS_OK)
		status = harden(s, e);
	if (status == STATUS_OK)
		status = examine(s, e);
	if (status != STATUS_OK) {
		store_close(s);
		return status;
	}
	*out = s;
	return STATUS_OK;
}
