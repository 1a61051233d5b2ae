#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "ca/store_sqlite.h"
#include "tests/unit/store_help.h"

#define NOBODY 65534

static mode_t mode_of(const char *path, const char *suffix)
{
	struct stat info;
	char name[128];

	snprintf(name, sizeof name, "%s%s", path, suffix);
	assert_int_equal(stat(name, &info), 0);
	return info.st_mode & 07777;
}

static void reserve(struct store *s, struct span serial)
{
	struct error e = {0};
	struct store_intent intent = intent_of((const char *)serial.data, serial.len);

	must(store_reserve(s, &intent, NOW, &e), &e);
}

static int64_t head(struct store *s)
{
	struct error e = {0};
	unsigned char hash[SHA256_SIZE];
	int64_t seq = 0;

	must(journal_head(s, &seq, hash, &e), &e);
	return seq;
}

static int64_t count(struct store *s, enum cert_state state)
{
	struct error e = {0};
	int64_t counts[CERT_STATES];

	must(store_count(s, counts, &e), &e);
	return counts[state];
}

static void overwrite(const char *path, struct span content)
{
	struct error e = {0};

	must(file_publish(path, content, 0600, FILE_REPLACE, &e), &e);
}

static void refuses_to_open(const struct fixture *f, enum status expected, const char *words)
{
	struct error e = {0};
	struct store *s = NULL;

	assert_int_equal(store_open(f->path, STORE_READ, &s, &e), expected);
	assert_null(s);
	assert_string_equal(e.where, f->path);
	if (!strstr(e.what, words))
		fail_msg("\"%s\" lacks \"%s\"", e.what, words);
	assert_int_equal(store_open(f->path, STORE_WRITE, &s, &e), expected);
}

/* --- create and open -------------------------------------------------------------------------- */

static void files_are_private(void **state)
{
	struct fixture *f = *state;

	reserve(f->store, SERIAL("\x01"));
	assert_int_equal(mode_of(f->path, ""), 0600);
	assert_int_equal(mode_of(f->path, "-wal"), 0600);
	assert_int_equal(mode_of(f->path, "-shm"), 0600);
}

static void create_never_overwrites(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};

	reserve(f->store, SERIAL("\x01"));
	assert_int_equal(store_create(f->path, NOW, &e), STATUS_EXISTS);
	assert_int_equal(count(f->store, CERT_RESERVED), 1);
}

static void create_refuses_the_log_of_another(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};

	reserve(f->store, SERIAL("\x01"));
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(store_create(f->path, NOW, &e), STATUS_EXISTS);
	assert_non_null(strstr(e.what, "-wal"));
	assert_false(file_exists(f->path));
}

static void create_needs_a_folder_and_a_clock(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	char path[128];

	snprintf(path, sizeof path, "%s/absent/store.db", f->folder);
	assert_int_equal(store_create(path, NOW, &e), STATUS_NOT_FOUND);
	snprintf(path, sizeof path, "%s/two.db", f->folder);
	assert_int_equal(store_create(path, 0, &e), STATUS_SYSTEM);
	assert_false(file_exists(path));
}

static void names_are_taken_literally(void **state)
{
	static const char *const names[] = {":memory:", "a?mode=memory", "50%41#x", "file:x"};
	struct fixture *f = *state;
	struct error e = {0};
	struct store *s = NULL;
	char here[512];

	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(f->folder), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		must(store_create(names[i], NOW, &e), &e);
		must(store_open(names[i], STORE_WRITE, &s, &e), &e);
		reserve(s, SERIAL("\x01"));
		store_close(s);
		must(store_open(names[i], STORE_WRITE, &s, &e), &e);
		assert_int_equal(count(s, CERT_ANY), 1);
		store_close(s);
		remove_store(names[i]);
	}
	assert_int_equal(chdir(here), 0);
}

static void log_and_full_synchronous_are_on(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	int64_t level = 0;
	struct bytes fresh = {0};
	char path[128];

	/* From the first octet on, so that the first two writers need not agree on a switch. */
	snprintf(path, sizeof path, "%s/fresh.db", f->folder);
	must(store_create(path, NOW, &e), &e);
	must(file_read(path, 1 << 20, &fresh, &e), &e);
	assert_memory_equal(fresh.data + 18, "\2\2", 2);
	bytes_free(&fresh);
	assert_int_equal(unlink(path), 0);
	must(sql_integer(f->store, "PRAGMA synchronous", &level, &e), &e);
	assert_int_equal(level, 2);
	must(sql_integer(f->store, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &level,
			 &e),
	     &e);
	assert_int_equal(level, 1);
}

static void absent_store_is_not_found(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(unlink(f->path), 0);
	refuses_to_open(f, STATUS_NOT_FOUND, "cannot be opened");
	assert_false(file_exists(f->path));
	assert_int_equal(mkdir(f->path, 0700), 0);
	refuses_to_open(f, STATUS_DAMAGED, "is not a file");
	assert_int_equal(rmdir(f->path), 0);
}

static void what_is_no_store_is_damaged(void **state)
{
	struct fixture *f = *state;
	char garbage[8192];

	store_close(f->store);
	f->store = NULL;
	overwrite(f->path, octets("", 0));
	refuses_to_open(f, STATUS_DAMAGED, "is no store");
	memset(garbage, 'x', sizeof garbage);
	overwrite(f->path, octets(garbage, sizeof garbage));
	refuses_to_open(f, STATUS_DAMAGED, "damaged");
	overwrite(f->path, octets("", 0));
	tamper(f, "CREATE TABLE cert (x)");
	refuses_to_open(f, STATUS_DAMAGED, "is no store");
}

static void truncated_store_is_damaged(void **state)
{
	static const off_t sizes[] = {100, 4096, 9000, 32768};
	struct fixture *f = *state;
	struct error e = {0};
	struct bytes whole = {0};

	store_close(f->store);
	f->store = NULL;
	must(file_read(f->path, 1 << 20, &whole, &e), &e);
	assert_true(whole.len > 32768);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		overwrite(f->path, span_of(&whole));
		assert_int_equal(truncate(f->path, sizes[i]), 0);
		refuses_to_open(f, STATUS_DAMAGED, "damaged");
	}
	bytes_free(&whole);
}

static void newer_version_is_named(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	f->store = NULL;
	tamper(f, "PRAGMA user_version = 7");
	refuses_to_open(f, STATUS_DAMAGED,
			"is a store of version 7; this subca knows up to version 2");
	tamper(f, "PRAGMA user_version = 2; UPDATE meta SET value = 7");
	refuses_to_open(f, STATUS_DAMAGED, "says version 2 in one place and 7 in another");
	tamper(f, "DROP TABLE meta");
	refuses_to_open(f, STATUS_DAMAGED, "damaged");
}

/* --- rows ------------------------------------------------------------------------------------- */

struct collected {
	int rows;
	char serials[16][2 * SERIAL_MAX + 1];
};

static enum status collect(void *context, const struct store_row *row, struct error *e)
{
	struct collected *c = context;

	if (c->rows == 16)
		return error_set(e, STATUS_DECLINED, NULL, NULL, "too many");
	hex_encode(row->intent.serial, c->serials[c->rows++]);
	return STATUS_OK;
}

static enum status expect_row(void *context, const struct store_row *row, struct error *e)
{
	const struct store_row *x = context;

	(void)e;
	assert_true(span_equal(row->intent.serial, x->intent.serial));
	assert_string_equal(row->intent.profile, x->intent.profile);
	assert_string_equal(row->intent.portal, x->intent.portal);
	assert_string_equal(row->intent.subject, x->intent.subject);
	assert_true(span_equal(row->intent.subject_der, x->intent.subject_der));
	assert_true(span_equal(row->intent.spki_sha256, x->intent.spki_sha256));
	assert_true(span_equal(row->intent.plan_hash, x->intent.plan_hash));
	assert_true(span_equal(row->intent.request_sha256, x->intent.request_sha256));
	assert_string_equal(row->intent.reason, x->intent.reason);
	assert_int_equal(row->intent.not_before, x->intent.not_before);
	assert_int_equal(row->intent.not_after, x->intent.not_after);
	assert_int_equal(row->state, x->state);
	assert_int_equal(row->reserved_at, x->reserved_at);
	assert_int_equal(row->finished_at, x->finished_at);
	assert_true(span_equal(row->der, x->der));
	assert_string_equal(row->failure, x->failure);
	assert_int_equal(row->revoked_at, 0);
	assert_int_equal(row->revocation_reason, -1);
	return STATUS_OK;
}

static void every_fact_comes_back(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_row x = {.intent = intent_of("\x01\x02", 2), .failure = ""};

	x.intent.reason = "lost the file";
	x.intent.request_sha256 = (struct span){NULL, 0};
	x.state = CERT_RESERVED;
	x.reserved_at = NOW;
	must(store_reserve(f->store, &x.intent, NOW, &e), &e);
	must(store_find(f->store, x.intent.serial, expect_row, &x, &e), &e);
	must(store_issue(f->store, x.intent.serial, octets("D\0R", 3), NOW + 1, &e), &e);
	x.state = CERT_ISSUED;
	x.finished_at = NOW + 1;
	x.der = octets("D\0R", 3);
	reopen(f, STORE_READ);
	must(store_find(f->store, x.intent.serial, expect_row, &x, &e), &e);

	reopen(f, STORE_WRITE);
	x = (struct store_row){.intent = intent_of("\x03", 1)};
	must(store_reserve(f->store, &x.intent, NOW + 2, &e), &e);
	must(store_fail(f->store, x.intent.serial, "no token", NOW + 3, &e), &e);
	x.state = CERT_FAILED;
	x.reserved_at = NOW + 2;
	x.finished_at = NOW + 3;
	x.failure = "no token";
	must(store_find(f->store, x.intent.serial, expect_row, &x, &e), &e);
	assert_int_equal(store_find(f->store, SERIAL("\x04"), expect_row, &x, &e),
			 STATUS_NOT_FOUND);
	assert_int_equal(count(f->store, CERT_ISSUED), 1);
	assert_int_equal(count(f->store, CERT_FAILED), 1);
	assert_int_equal(count(f->store, CERT_ANY), 2);
}

static void a_serial_is_used_once(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_intent intent = intent_of("\x0a", 1);

	reserve(f->store, intent.serial);
	assert_int_equal(store_reserve(f->store, &intent, NOW, &e), STATUS_EXISTS);
	assert_string_equal(e.what, "serial number 0a is in use");
	must(store_fail(f->store, intent.serial, "", NOW, &e), &e);
	assert_int_equal(store_reserve(f->store, &intent, NOW, &e), STATUS_EXISTS);
	/* The journal tells of what happened, not of what was refused. */
	assert_int_equal(head(f->store), 3);
}

static void a_wrong_intent_changes_nothing(void **state)
{
	static const char long_serial[21] = {1};
	static const char high_serial[20] = {'\x80'};
	struct fixture *f = *state;
	struct error e = {0};
	struct store_intent wrong[] = {
		intent_of("", 0),
		intent_of("\0\x01", 2),
		intent_of(long_serial, sizeof long_serial),
		intent_of(high_serial, sizeof high_serial),
		intent_of("\x01", 1),
		intent_of("\x01", 1),
		intent_of("\x01", 1),
		intent_of("\x01", 1),
		intent_of("\x01", 1),
	};

	wrong[4].spki_sha256.len = 31;
	wrong[5].plan_hash.len = 0;
	wrong[6].request_sha256.len = 1;
	wrong[7].not_after = NOW - 1;
	wrong[8].reason = NULL;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(store_reserve(f->store, &wrong[i], NOW, &e), STATUS_INTERNAL);
	wrong[0] = intent_of("\x01", 1);
	assert_int_equal(store_reserve(f->store, wrong, 0, &e), STATUS_SYSTEM);
	assert_int_equal(count(f->store, CERT_ANY), 0);
	assert_int_equal(head(f->store), 1);
}

static void only_a_reserved_row_is_finished(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};

	reserve(f->store, SERIAL("\x01"));
	assert_int_equal(store_issue(f->store, SERIAL("\x02"), octets("DER", 3), NOW, &e),
			 STATUS_NOT_FOUND);
	assert_int_equal(store_issue(f->store, SERIAL("\x01"), octets("", 0), NOW, &e),
			 STATUS_INTERNAL);
	must(store_issue(f->store, SERIAL("\x01"), octets("DER", 3), NOW, &e), &e);
	assert_int_equal(store_issue(f->store, SERIAL("\x01"), octets("DER", 3), NOW, &e),
			 STATUS_EXISTS);
	assert_string_equal(e.what, "serial number 01 is issued, no longer reserved");
	assert_int_equal(store_fail(f->store, SERIAL("\x01"), "late", NOW, &e), STATUS_EXISTS);
	assert_int_equal(head(f->store), 3);
}

static void triggers_guard_rows(void **state)
{
	static const char *const harm[][2] = {
		{"DELETE FROM cert", "never forgotten"},
		{"UPDATE cert SET state = 1, der = x'', finished_at = 0", "goes that way"},
		{"UPDATE cert SET state = 3, der = x'', failure = 'x'", "goes that way"},
		{"UPDATE cert SET der = x'00'", "goes that way"},
		{"UPDATE cert SET subject = 'CN=other'", "does not change"},
		{"UPDATE cert SET serial = x'05'", "does not change"},
		{"INSERT INTO cert (id, serial, state, profile, portal, subject, subject_der,"
		 " spki_sha256, plan_hash, request_sha256, reason, not_before, not_after,"
		 " reserved_at, finished_at, der)"
		 " SELECT 9, x'09', state, profile, portal, subject, subject_der, spki_sha256,"
		 " plan_hash, request_sha256, reason, not_before, not_after, reserved_at,"
		 " finished_at, der FROM cert",
		 "begins as reserved"},
		{"DELETE FROM journal", "never removed"},
		{"UPDATE journal SET canonical = ''", "does not change"},
	};
	struct fixture *f = *state;
	struct error e = {0};

	reserve(f->store, SERIAL("\x01"));
	must(store_issue(f->store, SERIAL("\x01"), octets("DER", 3), NOW, &e), &e);
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		assert_int_equal(sqlite3_exec(f->store->db, harm[i][0], NULL, NULL, NULL),
				 SQLITE_CONSTRAINT_TRIGGER);
		if (!strstr(sqlite3_errmsg(f->store->db), harm[i][1]))
			fail_msg("%s: %s", harm[i][0], sqlite3_errmsg(f->store->db));
	}
	must(store_revoke(f->store, SERIAL("\x01"),
			  &(struct store_revocation){.at = NOW, .reason = REASON_SUPERSEDED}, NOW,
			  &e),
	     &e);
	assert_int_equal(sqlite3_exec(f->store->db,
				      "UPDATE cert SET state = 2, revoked_at = 0,"
				      " revocation_reason = -1, revocation_seq = 99",
				      NULL, NULL, NULL),
			 SQLITE_CONSTRAINT_TRIGGER);
	assert_int_equal(count(f->store, CERT_REVOKED), 1);
}

static void a_reader_does_not_write(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store_intent intent = intent_of("\x01", 1);

	reopen(f, STORE_READ);
	assert_int_equal(store_reserve(f->store, &intent, NOW, &e), STATUS_INTERNAL);
	assert_int_equal(journal_note(f->store, "config", "", NOW, &e), STATUS_INTERNAL);
	assert_int_equal(sqlite3_exec(f->store->db, "DELETE FROM meta", NULL, NULL, NULL),
			 SQLITE_READONLY);
}

/* --- sequential serials ----------------------------------------------------------------------- */

static void expect_next(struct store *s, struct span first, struct span expected)
{
	struct error e = {0};
	unsigned char serial[SERIAL_MAX];
	size_t len = 0;
	struct store_intent intent = intent_of("", 0);

	must(store_next_serial(s, first, serial, &len, &e), &e);
	assert_true(span_equal((struct span){serial, len}, expected));
	memset(serial, 0, sizeof serial);
	must(store_reserve_next(s, &intent, first, NOW, serial, &len, &e), &e);
	assert_true(span_equal((struct span){serial, len}, expected));
}

static void serials_count_up(void **state)
{
	static const char last[20] = {'\x7f', '\xff', '\xff', '\xff', '\xff', '\xff', '\xff',
				      '\xff', '\xff', '\xff', '\xff', '\xff', '\xff', '\xff',
				      '\xff', '\xff', '\xff', '\xff', '\xff', '\xff'};
	struct fixture *f = *state;
	struct error e = {0};
	unsigned char serial[SERIAL_MAX];
	size_t len = 0;
	struct store_intent intent = intent_of("", 0);

	expect_next(f->store, SERIAL("\x10"), SERIAL("\x10"));
	expect_next(f->store, SERIAL("\x10"), SERIAL("\x11"));
	reserve(f->store, SERIAL("\xff"));
	expect_next(f->store, SERIAL("\x10"), SERIAL("\x01\x00"));
	expect_next(f->store, SERIAL("\x20"), SERIAL("\x01\x01"));
	expect_next(f->store, SERIAL("\x02\x00"), SERIAL("\x02\x00"));
	reserve(f->store, octets(last, sizeof last));
	assert_int_equal(store_reserve_next(f->store, &intent, SERIAL("\x01"), NOW, serial, &len,
					    &e),
			 STATUS_REFUSED);
	assert_string_equal(e.where, f->path);
	assert_int_equal(store_next_serial(f->store, SERIAL("\0"), serial, &len, &e),
			 STATUS_INTERNAL);
	assert_int_equal(count(f->store, CERT_RESERVED), 7);
}

static int reserve_many(const char *path, int how_many)
{
	struct error e = {0};
	struct store *s = NULL;
	unsigned char serial[SERIAL_MAX];
	size_t len = 0;
	struct store_intent intent = intent_of("", 0);
	enum status status = store_open(path, STORE_WRITE, &s, &e);

	for (int i = 0; status == STATUS_OK && i < how_many; i++)
		status = store_reserve_next(s, &intent, SERIAL("\x01"), NOW, serial, &len, &e);
	store_close(s);
	return status == STATUS_OK ? 0 : 1;
}

static int child_result(pid_t child)
{
	int result = 0;

	assert_int_equal(waitpid(child, &result, 0), child);
	return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static void two_processes_never_share_a_serial(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	unsigned char serial[SERIAL_MAX];
	size_t len = 0;
	pid_t child[2];

	store_close(f->store);
	f->store = NULL;
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(reserve_many(f->path, 50));
	}
	assert_int_equal(child_result(child[0]), 0);
	assert_int_equal(child_result(child[1]), 0);
	must(store_open(f->path, STORE_WRITE, &f->store, &e), &e);
	assert_int_equal(count(f->store, CERT_RESERVED), 100);
	must(store_next_serial(f->store, SERIAL("\x01"), serial, &len, &e), &e);
	assert_int_equal(len, 1);
	assert_int_equal(serial[0], 101);
	must(journal_verify(f->store, &e), &e);
}

/* --- other processes, crashes, disks ---------------------------------------------------------- */

static void a_reserved_row_survives_a_crash(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct collected seen = {0};
	struct store_filter reserved = {.state = CERT_RESERVED};
	pid_t child;

	store_close(f->store);
	f->store = NULL;
	child = fork();
	if (child == 0) {
		struct store *s = NULL;
		struct store_intent intent = intent_of("\x07", 1);

		if (store_open(f->path, STORE_WRITE, &s, &e) != STATUS_OK)
			_exit(1);
		_exit(store_reserve(s, &intent, NOW, &e) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(child_result(child), 0);
	must(store_open(f->path, STORE_READ, &f->store, &e), &e);
	must(store_each(f->store, &reserved, collect, &seen, &e), &e);
	assert_int_equal(seen.rows, 1);
	assert_string_equal(seen.serials[0], "07");
	must(journal_verify(f->store, &e), &e);
}

static void a_child_does_not_write_through_its_parents_store(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();

	if (child == 0) {
		struct error e = {0};
		struct store_intent intent = intent_of("\x01", 1);
		enum status status = store_reserve(f->store, &intent, NOW, &e);

		store_close(f->store);
		_exit(status == STATUS_INTERNAL ? 0 : 1);
	}
	assert_int_equal(child_result(child), 0);
	reserve(f->store, SERIAL("\x01"));
}

static void a_held_store_is_busy(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store *other = NULL;
	struct store_intent intent = intent_of("\x01", 1);

	must(store_open(f->path, STORE_WRITE, &other, &e), &e);
	must(sql_run(other, "BEGIN IMMEDIATE", &e), &e);
	sqlite3_busy_timeout(f->store->db, 20);
	assert_int_equal(store_reserve(f->store, &intent, NOW, &e), STATUS_BUSY);
	assert_non_null(strstr(e.what, "another process"));
	assert_int_equal(count(f->store, CERT_ANY), 0);
	must(sql_run(other, "ROLLBACK", &e), &e);
	store_close(other);
	must(store_reserve(f->store, &intent, NOW, &e), &e);
}

/* Root writes anywhere: a read-only folder is one that somebody else may not write. */
static void a_read_only_folder_can_be_read(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store *s = NULL;

	reserve(f->store, SERIAL("\x01"));
	store_close(f->store);
	f->store = NULL;
	if (geteuid() == 0) {
		assert_int_equal(chown(f->path, NOBODY, NOBODY), 0);
		assert_int_equal(chown(f->folder, NOBODY, NOBODY), 0);
		assert_int_equal(seteuid(NOBODY), 0);
	}
	assert_int_equal(chmod(f->folder, 0500), 0);
	must(store_open(f->path, STORE_READ, &s, &e), &e);
	assert_int_equal(count(s, CERT_RESERVED), 1);
	must(journal_verify(s, &e), &e);
	store_close(s);
	s = NULL;
	assert_int_equal(store_open(f->path, STORE_WRITE, &s, &e), STATUS_SYSTEM);
	assert_int_equal(chmod(f->path, 0400), 0);
	assert_int_equal(store_open(f->path, STORE_WRITE, &s, &e), STATUS_SYSTEM);
	must(store_open(f->path, STORE_READ, &s, &e), &e);
	store_close(s);
	assert_int_equal(chmod(f->folder, 0700), 0);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static enum status reserve_until_full(struct store *s, int64_t *done, struct error *e)
{
	unsigned char serial[SERIAL_MAX];
	size_t len = 0;
	char reason[2001];
	struct store_intent intent = intent_of("", 0);
	enum status status = STATUS_OK;

	memset(reason, 'r', sizeof reason - 1);
	reason[sizeof reason - 1] = '\0';
	intent.reason = reason;
	for (*done = 0; status == STATUS_OK && *done < 1000; *done += status == STATUS_OK)
		status = store_reserve_next(s, &intent, SERIAL("\x01"), NOW, serial, &len, e);
	return status;
}

static void a_full_disk_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct error e = {0};
	struct store *s = NULL;
	char path[128];
	int64_t done = 0;

	if (mount("subca-test", f->folder, "tmpfs", 0, "size=512k,mode=0700") != 0) {
		print_message("skipped: no tmpfs can be mounted here\n");
		skip();
	}
	snprintf(path, sizeof path, "%s/full.db", f->folder);
	must(store_create(path, NOW, &e), &e);
	must(store_open(path, STORE_WRITE, &s, &e), &e);
	assert_int_equal(reserve_until_full(s, &done, &e), STATUS_SYSTEM);
	assert_true(done > 0 && done < 1000);
	assert_int_equal(count(s, CERT_RESERVED), done);
	assert_int_equal(head(s), done + 1);
	must(journal_verify(s, &e), &e);
	store_close(s);
	must(store_open(path, STORE_READ, &s, &e), &e);
	assert_int_equal(count(s, CERT_RESERVED), done);
	must(journal_verify(s, &e), &e);
	store_close(s);
	assert_int_equal(umount(f->folder), 0);
}

/* --- walking ---------------------------------------------------------------------------------- */

static void expect_serials(struct store *s, const struct store_filter *filter, const char *expected)
{
	struct error e = {0};
	struct collected seen = {0};
	struct text all = {0};

	must(store_each(s, filter, collect, &seen, &e), &e);
	for (int i = 0; i < seen.rows; i++)
		text_printf(&all, "%s ", seen.serials[i]);
	assert_string_equal(text_get(&all), expected);
	text_free(&all);
}

static void expect_prefix(struct store *s, const char *prefix, const char *expected)
{
	struct store_filter filter = {.serial_prefix = prefix};

	expect_serials(s, &filter, expected);
}

static void a_prefix_has_any_number_of_digits(void **state)
{
	static const char *const wrong[] = {"", "g", "0x1", "a ",
					    "00112233445566778899aabbccddeeff001122334"};
	struct fixture *f = *state;
	struct error e = {0};
	struct collected seen = {0};

	reserve(f->store, SERIAL("\xab\xcd"));
	reserve(f->store, SERIAL("\xab\xc0\x01"));
	reserve(f->store, SERIAL("\xab"));
	reserve(f->store, SERIAL("\xac"));
	reserve(f->store, SERIAL("\x0a"));
	reserve(f->store, SERIAL("\xff\xff"));
	reserve(f->store, SERIAL("\xfe\xff"));
	expect_prefix(f->store, "a", "abcd abc001 ab ac ");
	expect_prefix(f->store, "ab", "abcd abc001 ab ");
	expect_prefix(f->store, "abc", "abcd abc001 ");
	expect_prefix(f->store, "ABCD", "abcd ");
	expect_prefix(f->store, "abcde", "");
	expect_prefix(f->store, "0", "0a ");
	expect_prefix(f->store, "f", "ffff feff ");
	expect_prefix(f->store, "ff", "ffff ");
	expect_prefix(f->store, "fff", "ffff ");
	expect_prefix(f->store, "fef", "feff ");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct store_filter filter = {.serial_prefix = wrong[i]};

		assert_int_equal(store_each(f->store, &filter, collect, &seen, &e), STATUS_USAGE);
	}
	assert_int_equal(seen.rows, 0);
}

static void filters_choose(void **state)
{
	static const unsigned char other[SHA256_SIZE] = {0xEE};
	struct fixture *f = *state;
	struct error e = {0};
	struct collected seen = {0};
	struct store_intent two = intent_of("\x02", 1), three = intent_of("\x01", 1);
	struct store_filter bad = {.state = (enum cert_state) - 1};

	two.spki_sha256.data = other;
	two.not_after = NOW + 5000;
	three.request_sha256.data = other;
	reserve(f->store, SERIAL("\x03"));
	must(store_reserve(f->store, &two, NOW, &e), &e);
	must(store_reserve(f->store, &three, NOW, &e), &e);
	must(store_fail(f->store, two.serial, "x", NOW, &e), &e);
	expect_serials(f->store, &(struct store_filter){0}, "03 02 01 ");
	expect_serials(f->store, &(struct store_filter){.newest_first = true}, "01 02 03 ");
	expect_serials(f->store, &(struct store_filter){.newest_first = true, .limit = 2},
		       "01 02 ");
	expect_serials(f->store, &(struct store_filter){.state = CERT_RESERVED}, "03 01 ");
	expect_serials(f->store, &(struct store_filter){.state = CERT_FAILED}, "02 ");
	expect_serials(f->store, &(struct store_filter){.after = NOW + 1000}, "02 ");
	expect_serials(f->store, &(struct store_filter){.spki_sha256 = {other, 32}}, "02 ");
	expect_serials(f->store, &(struct store_filter){.request_sha256 = {other, 32}}, "01 ");
	expect_serials(f->store,
		       &(struct store_filter){.request_sha256 = {other, 32},
					      .spki_sha256 = three.spki_sha256,
					      .serial_prefix = "0",
					      .state = CERT_RESERVED,
					      .after = NOW,
					      .limit = 1},
		       "01 ");
	expect_serials(f->store,
		       &(struct store_filter){.spki_sha256 = {other, 32}, .state = CERT_RESERVED},
		       "");
	assert_int_equal(store_each(f->store, &bad, collect, &seen, &e), STATUS_INTERNAL);
	seen.rows = 16;
	assert_int_equal(store_each(f->store, &(struct store_filter){0}, collect, &seen, &e),
			 STATUS_DECLINED);
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(cert_state_name(CERT_RESERVED), "reserved");
	assert_string_equal(cert_state_name(CERT_REVOKED), "revoked");
	assert_string_equal(cert_state_name((enum cert_state)CERT_STATES), "unknown");
}

/* SQLite's CHECKs hold for what goes through SQLite with them on: a file can say anything. */
static void a_forged_row_is_damage(void **state)
{
	static const char *const forgeries[] = {
		"serial = zeroblob(40)",
		"serial = x''",
		"serial = x'0001'",
		"serial = x'ff00000000000000000000000000000000000000'",
		"spki_sha256 = x'00'",
		"spki_sha256 = zeroblob(4096)",
		"plan_hash = x''",
		"request_sha256 = x'00'",
		"replaces = zeroblob(21)",
		"state = 5, finished_at = 1",
		"state = 2, finished_at = 1",
		"der = x'00'",
		"not_after = 9223372036854775807",
		"not_before = -9223372036854775807",
		"revocation_reason = 77",
		"origin = printf('%.40c', 'x'), adopted_seq = 1",
	};
	struct fixture *f = *state;
	struct error e = {0};
	struct bytes whole = {0};

	reserve(f->store, SERIAL("\x01"));
	store_close(f->store);
	f->store = NULL;
	must(file_read(f->path, 1 << 20, &whole, &e), &e);
	for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
		const struct store_filter all = {.limit = 0};
		struct collected c = {0};
		char sql[512];

		overwrite(f->path, span_of(&whole));
		snprintf(sql, sizeof sql,
			 "PRAGMA ignore_check_constraints = ON; DROP TRIGGER cert_fixed;"
			 "DROP TRIGGER cert_move; UPDATE cert SET %s",
			 forgeries[i]);
		tamper(f, sql);
		must(store_open(f->path, STORE_READ, &f->store, &e), &e);
		if (store_each(f->store, &all, collect, &c, &e) != STATUS_DAMAGED)
			fail_msg("taken: %s", forgeries[i]);
		assert_non_null(strstr(e.what, "holds what subca did not write"));
		store_close(f->store);
		f->store = NULL;
	}
	bytes_free(&whole);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(files_are_private),
		WITH_STORE(create_never_overwrites),
		WITH_STORE(create_refuses_the_log_of_another),
		WITH_STORE(create_needs_a_folder_and_a_clock),
		WITH_STORE(names_are_taken_literally),
		WITH_STORE(log_and_full_synchronous_are_on),
		WITH_STORE(absent_store_is_not_found),
		WITH_STORE(what_is_no_store_is_damaged),
		WITH_STORE(truncated_store_is_damaged),
		WITH_STORE(newer_version_is_named),
		WITH_STORE(a_forged_row_is_damage),
		WITH_STORE(every_fact_comes_back),
		WITH_STORE(a_serial_is_used_once),
		WITH_STORE(a_wrong_intent_changes_nothing),
		WITH_STORE(only_a_reserved_row_is_finished),
		WITH_STORE(triggers_guard_rows),
		WITH_STORE(a_reader_does_not_write),
		WITH_STORE(serials_count_up),
		WITH_STORE(two_processes_never_share_a_serial),
		WITH_STORE(a_reserved_row_survives_a_crash),
		WITH_STORE(a_child_does_not_write_through_its_parents_store),
		WITH_STORE(a_held_store_is_busy),
		WITH_STORE(a_read_only_folder_can_be_read),
		WITH_STORE(a_full_disk_changes_nothing),
		WITH_STORE(a_prefix_has_any_number_of_digits),
		WITH_STORE(filters_choose),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
