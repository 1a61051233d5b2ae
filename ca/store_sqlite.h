/*
 * What the files of the SQLite backend share. Nobody else includes this, but their tests.
 */
#ifndef SUBCA_CA_STORE_SQLITE_H
#define SUBCA_CA_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ca/journal.h"
#include "ca/store.h"

#define STORE_APPLICATION_ID 0x73756263 /* "subc", PRAGMA application_id */
#define STORE_BUSY_MILLISECONDS 10000

#define STATEMENTS_KEPT 16

struct store {
	sqlite3 *db;
	char *path;
	enum store_mode mode;
	pid_t owner;
	int depth; /* of transactions: in one there may be others, see store_together_begin() */
	/* Prepared and not in use, NULL between them: for the next query in the same words. */
	sqlite3_stmt *idle[STATEMENTS_KEPT];
	int alone_fd; /* the lock of ca/store_sqlite_group.c; -1: not taken */
};

/* --- ca/store_sqlite_query.c: one statement, one transaction, one way to fail ----------------- */

/* SQLite's result code as an error; doing is what could not be done: "read", "written". */
enum status sql_failed(const struct store *s, int code, const char *doing, struct error *e);

/* A statement. Binding failures are kept and told by the next step. */
struct query {
	struct store *store;
	sqlite3_stmt *statement;
	int bound;
	int code;
};

MUST_CHECK enum status query_begin(struct query *q, struct store *s, const char *sql,
				   struct error *e);
/* The next parameter. The values are borrowed until query_end(). */
void query_blob(struct query *q, struct span value);
void query_text(struct query *q, const char *value);
void query_int(struct query *q, int64_t value);
/* *more says whether there is a row to read. */
MUST_CHECK enum status query_step(struct query *q, bool *more, struct error *e);
/* A column of the row at hand; borrowed until the next step. */
struct span query_get_blob(const struct query *q, int column);
const char *query_get_text(const struct query *q, int column);
int64_t query_get_int(const struct query *q, int column);
void query_end(struct query *q);
/* Steps a statement without rows and ends it. */
MUST_CHECK enum status query_run(struct query *q, struct error *e);
/* SQL of our own without parameters or rows. */
MUST_CHECK enum status sql_run(struct store *s, const char *sql, struct error *e);
/* The one integer that a query without parameters yields. */
MUST_CHECK enum status sql_integer(struct store *s, const char *sql, int64_t *out, struct error *e);

MUST_CHECK enum status transaction_begin(struct store *s, struct error *e);
/* Commits where so_far is STATUS_OK, else rolls back and returns so_far. */
MUST_CHECK enum status transaction_end(struct store *s, enum status so_far, struct error *e);

/* --- ca/store_sqlite_schema.c ----------------------------------------------------------------- */

/* Brings tables of version from (0: none) to STORE_VERSION, inside the caller's transaction. */
MUST_CHECK enum status schema_upgrade(struct store *s, int64_t from, struct error *e);
/* STATUS_DAMAGED unless this is a store; its version. */
MUST_CHECK enum status schema_version(struct store *s, int64_t *version, struct error *e);

/* Ends the statements that are kept; before the connection ends. */
void queries_forget(struct store *s);

/* --- ca/store_sqlite_group.c ------------------------------------------------------------------ */

/* Says to store_fail_orphans() of other processes, until the store is closed, that this one signs. */
MUST_CHECK enum status signing_begin(struct store *s, struct error *e);
void signing_end(struct store *s);

/* --- ca/store_sqlite_read.c ------------------------------------------------------------------- */

/* STATUS_DAMAGED where what a file has in place of a serial number is none: CHECK guards writes alone. */
MUST_CHECK enum status serial_expect(const struct store *s, struct span serial, struct error *e);
/* The same for the rest of a row; where is its serial number, or empty. */
enum status row_damaged(const struct store *s, struct span serial, struct error *e);

/* --- ca/store_sqlite_rows.c ------------------------------------------------------------------- */

/* All inside the caller's transaction. */
MUST_CHECK enum status row_reserve_if(struct store *s, const struct store_intent *intent,
				      const struct store_condition *condition, int64_t now,
				      struct error *e);
MUST_CHECK enum status row_issue(struct store *s, struct span serial, struct span der, int64_t now,
				 struct error *e);
MUST_CHECK enum status row_fail(struct store *s, struct span serial, const char *why, int64_t now,
				struct error *e);

/* STATUS_EXISTS, in words. */
enum status serial_in_use(struct store *s, struct span serial, struct error *e);

/* --- ca/store_sqlite_journal.c ---------------------------------------------------------------- */

/* Appends inside the caller's transaction. */
MUST_CHECK enum status journal_append(struct store *s, const struct journal_change *change,
				      struct error *e);

#endif
