#include "ca/store_sqlite.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static enum status kind(int code, const char **todo)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		*todo = "wait until the other subca is done, or look for one that hangs";
		return STATUS_BUSY;
	case SQLITE_PROTOCOL: /* the locks of the log could not be had for ten seconds */
		*todo = "run it again; where it stays so, use a local file system";
		return STATUS_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:	/* a table or column that is not there */
	case SQLITE_CONSTRAINT: /* what is written was judged: what is there contradicts it */
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_FORMAT:
		*todo = "restore it from a backup";
		return STATUS_DAMAGED;
	case SQLITE_FULL:
		*todo = "make room on the disk and run it again";
		return STATUS_SYSTEM;
	case SQLITE_NOMEM:
		memory_note();
		*todo = "free some memory and run it again";
		return STATUS_SYSTEM;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		*todo = "check the permissions of the file and its folder, and that the disk has room";
		return STATUS_SYSTEM;
	case SQLITE_IOERR:
		*todo = "check the disk, and that it is not full";
		return STATUS_SYSTEM;
	default:
		*todo = NULL;
		return STATUS_INTERNAL;
	}
}

enum status sql_failed(const struct store *s, int code, const char *doing, struct error *e)
{
	const char *todo;
	enum status status = kind(code, &todo);
	/* The connection's message fits only where it tells of this very failure. */
	bool own = s->db && sqlite3_extended_errcode(s->db) == code;

	if (status == STATUS_BUSY)
		error_set(e, status, s->path, todo,
			  "another process holds the store and did not let go in time");
	else if (status == STATUS_DAMAGED)
		error_set(e, status, s->path, todo, "is damaged, or no store");
	else
		error_set(e, status, s->path, todo, "cannot be %s", doing);
	sqlite3_snprintf((int)sizeof e->detail, e->detail, "SQLite: %s",
			 own ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
	return status;
}

/* One that was prepared from the same words; preparing takes longer than most that is done with it. */
static sqlite3_stmt *take_idle(struct store *s, const char *sql)
{
	for (size_t i = 0; i < STATEMENTS_KEPT; i++) {
		sqlite3_stmt *idle = s->idle[i];

		if (idle && strcmp(sqlite3_sql(idle), sql) == 0) {
			s->idle[i] = NULL;
			return idle;
		}
	}
	return NULL;
}

static void keep_idle(struct store *s, sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	for (size_t i = 0; i < STATEMENTS_KEPT; i++) {
		if (!s->idle[i]) {
			s->idle[i] = statement;
			return;
		}
	}
	sqlite3_finalize(statement);
}

void queries_forget(struct store *s)
{
	for (size_t i = 0; i < STATEMENTS_KEPT; i++) {
		sqlite3_finalize(s->idle[i]);
		s->idle[i] = NULL;
	}
}

enum status query_begin(struct query *q, struct store *s, const char *sql, struct error *e)
{
	int code;

	*q = (struct query){.store = s, .statement = take_idle(s, sql)};
	if (q->statement)
		return STATUS_OK;
	code = sqlite3_prepare_v2(s->db, sql, -1, &q->statement, NULL);
	return code == SQLITE_OK ? STATUS_OK : sql_failed(s, code, "read", e);
}

static void keep(struct query *q, int code)
{
	if (q->code == SQLITE_OK)
		q->code = code;
}

void query_blob(struct query *q, struct span value)
{
	/* A NULL pointer would be an SQL NULL. */
	keep(q, sqlite3_bind_blob64(q->statement, ++q->bound,
				    value.len ? (const void *)value.data : "", value.len,
				    SQLITE_STATIC));
}

void query_text(struct query *q, const char *value)
{
	keep(q, sqlite3_bind_text(q->statement, ++q->bound, value, -1, SQLITE_STATIC));
}

void query_int(struct query *q, int64_t value)
{
	keep(q, sqlite3_bind_int64(q->statement, ++q->bound, value));
}

enum status query_step(struct query *q, bool *more, struct error *e)
{
	if (q->code == SQLITE_OK) {
		int code = sqlite3_step(q->statement);

		*more = code == SQLITE_ROW;
		if (code == SQLITE_ROW || code == SQLITE_DONE)
			return STATUS_OK;
		q->code = code;
	}
	return sql_failed(q->store, q->code,
			  sqlite3_stmt_readonly(q->statement) ? "read" : "written", e);
}

struct span query_get_blob(const struct query *q, int column)
{
	const void *data = sqlite3_column_blob(q->statement, column);

	return (struct span){data, (size_t)sqlite3_column_bytes(q->statement, column)};
}

const char *query_get_text(const struct query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q->statement, column);

	return text ? (const char *)text : "";
}

int64_t query_get_int(const struct query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

void query_end(struct query *q)
{
	if (q->statement)
		keep_idle(q->store, q->statement);
	q->statement = NULL;
}

enum status query_run(struct query *q, struct error *e)
{
	bool more;
	enum status status = query_step(q, &more, e);

	query_end(q);
	return status;
}

enum status sql_run(struct store *s, const char *sql, struct error *e)
{
	int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? STATUS_OK : sql_failed(s, code, "written", e);
}

enum status sql_integer(struct store *s, const char *sql, int64_t *out, struct error *e)
{
	struct query q;
	bool more = false;
	enum status status = query_begin(&q, s, sql, e);

	if (status != STATUS_OK)
		return status;
	status = query_step(&q, &more, e);
	*out = more ? query_get_int(&q, 0) : 0;
	query_end(&q);
	return status;
}

/* The outer one may be gone already: SQLite rolls all of it back where the disk is full. */
static enum status begin_inner(struct store *s, struct error *e)
{
	if (sqlite3_get_autocommit(s->db))
		return error_set(e, STATUS_SYSTEM, s->path, "run it again",
				 "what this belongs to was undone");
	return sql_run(s, "SAVEPOINT inner", e);
}

enum status transaction_begin(struct store *s, struct error *e)
{
	enum status status;

	/* A connection and its locks do not survive fork(): SQLite, "How To Corrupt", 2.6. */
	if (s->owner != getpid())
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "the store was opened by another process");
	if (s->mode != STORE_WRITE)
		return error_set(e, STATUS_INTERNAL, s->path, NULL,
				 "the store was opened for reading only");
	status = s->depth ? begin_inner(s, e) : sql_run(s, "BEGIN IMMEDIATE", e);
	s->depth += status == STATUS_OK;
	return status;
}

enum status transaction_end(struct store *s, enum status so_far, struct error *e)
{
	bool outer = --s->depth == 0;

	if (so_far == STATUS_OK)
		so_far = sql_run(s, outer ? "COMMIT" : "RELEASE inner", e);
	if (so_far == STATUS_OK)
		return STATUS_OK;
	/* A full disk may have rolled it back already; what cannot be rolled back ends with close. */
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, outer ? "ROLLBACK" : "ROLLBACK TO inner; RELEASE inner", NULL,
			     NULL, NULL);
	error_at(e, s->path);
	return so_far;
}
