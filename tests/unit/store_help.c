#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/store_help.h"

static const unsigned char hash_a[SHA256_SIZE] = {0xAA, 1};
static const unsigned char hash_b[SHA256_SIZE] = {0xBB, 2};
static const unsigned char hash_c[SHA256_SIZE] = {0xCC, 3};

void must(enum status s, const struct error *e)
{
	if (s != STATUS_OK)
		fail_msg("%s: %s (%s)", e->where, e->what, e->detail);
}

struct span octets(const char *s, size_t len)
{
	return (struct span){(const unsigned char *)s, len};
}

struct store_intent intent_of(const char *serial, size_t len)
{
	return (struct store_intent){
		.serial = octets(serial, len),
		.profile = "zia",
		.portal = "zia",
		.subject = "CN=Inspection",
		.subject_der = octets("\x30\x00", 2),
		.spki_sha256 = {hash_a, sizeof hash_a},
		.plan_hash = {hash_b, sizeof hash_b},
		.request_sha256 = {hash_c, sizeof hash_c},
		.reason = "",
		.not_before = NOW,
		.not_after = NOW + 1000,
	};
}

int store_setup(void **state)
{
	struct error e = {0};
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	strcpy(f->folder, "/tmp/subca-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/store.db", f->folder);
	must(store_create(f->path, NOW, &e), &e);
	must(store_open(f->path, STORE_WRITE, &f->store, &e), &e);
	*state = f;
	return 0;
}

void remove_store(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", STORE_LOCK_SUFFIX};
	char name[128];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

int store_teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	remove_store(f->path);
	/* Anything else that was left behind keeps the folder, and fails the test. */
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

void reopen(struct fixture *f, enum store_mode mode)
{
	struct error e = {0};

	store_close(f->store);
	f->store = NULL;
	must(store_open(f->path, mode, &f->store, &e), &e);
}

void tamper(const struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}
