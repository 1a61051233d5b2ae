#include "ca/store_sqlite.h"

/*
 * The states are those of enum cert_state. The triggers guard against accidents, not against
 * somebody who may write the file: that is what the chained journal is for.
 */
static const char version_1[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE cert ("
	" id INTEGER PRIMARY KEY,"
	" serial BLOB NOT NULL CHECK (typeof(serial) = 'blob'"
	"  AND length(serial) BETWEEN 1 AND 20),"
	" state INTEGER NOT NULL CHECK (state IN (1, 2, 3, 4)),"
	" profile TEXT NOT NULL,"
	" portal TEXT NOT NULL,"
	" subject TEXT NOT NULL,"
	" subject_der BLOB NOT NULL,"
	" spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),"
	" plan_hash BLOB NOT NULL CHECK (length(plan_hash) = 32),"
	" request_sha256 BLOB NOT NULL CHECK (length(request_sha256) IN (0, 32)),"
	" reason TEXT NOT NULL,"
	" not_before INTEGER NOT NULL,"
	" not_after INTEGER NOT NULL CHECK (not_after >= not_before),"
	" reserved_at INTEGER NOT NULL CHECK (reserved_at > 0),"
	" finished_at INTEGER NOT NULL DEFAULT 0,"
	" failure TEXT NOT NULL DEFAULT '',"
	" revoked_at INTEGER NOT NULL DEFAULT 0,"
	" revocation_reason INTEGER NOT NULL DEFAULT -1,"
	" der BLOB NOT NULL DEFAULT x'',"
	" CHECK ((state = 1) = (finished_at = 0)),"
	" CHECK ((state IN (2, 4)) = (length(der) > 0)),"
	" CHECK (state = 3 OR failure = ''),"
	" CHECK ((state = 4) = (revoked_at <> 0)),"
	" CHECK (state = 4 OR revocation_reason = -1));"
	"CREATE UNIQUE INDEX cert_serial ON cert (serial);"
	"CREATE INDEX cert_number ON cert (length(serial), serial);"
	"CREATE INDEX cert_spki ON cert (spki_sha256);"
	"CREATE INDEX cert_request ON cert (request_sha256);"
	"CREATE INDEX cert_state ON cert (state);"
	"CREATE TRIGGER cert_begin BEFORE INSERT ON cert WHEN new.state <> 1"
	" BEGIN SELECT RAISE(ABORT, 'a certificate begins as reserved'); END;"
	"CREATE TRIGGER cert_keep BEFORE DELETE ON cert"
	" BEGIN SELECT RAISE(ABORT, 'a certificate is never forgotten'); END;"
	"CREATE TRIGGER cert_fixed BEFORE UPDATE OF id, serial, profile, portal, subject, subject_der,"
	" spki_sha256, plan_hash, request_sha256, reason, not_before, not_after, reserved_at ON cert"
	" BEGIN SELECT RAISE(ABORT, 'what was reserved does not change'); END;"
	"CREATE TRIGGER cert_move BEFORE UPDATE OF state, finished_at, failure, revoked_at,"
	" revocation_reason, der ON cert"
	" WHEN NOT ((old.state = 1 AND new.state IN (2, 3))"
	"  OR (old.state = 2 AND new.state = 4 AND new.der = old.der))"
	" BEGIN SELECT RAISE(ABORT, 'no certificate goes that way'); END;"
	"CREATE TABLE journal ("
	" seq INTEGER PRIMARY KEY,"
	" canonical TEXT NOT NULL,"
	" hash BLOB NOT NULL CHECK (length(hash) = 32));"
	"CREATE TRIGGER journal_keep BEFORE DELETE ON journal"
	" BEGIN SELECT RAISE(ABORT, 'a journal row is never removed'); END;"
	"CREATE TRIGGER journal_fixed BEFORE UPDATE ON journal"
	" BEGIN SELECT RAISE(ABORT, 'a journal row does not change'); END;";

_Static_assert(SERIAL_MAX == 20, "the check of serial, and version 1 does not change");

/* What brings version N to N + 1. */
static const char *const steps[STORE_VERSION] = {version_1};

static enum status label(struct store *s, struct error *e)
{
	struct text sql = {0};
	enum status status;

	text_printf(&sql,
		    "PRAGMA application_id = %d; PRAGMA user_version = %d;"
		    "INSERT OR REPLACE INTO meta VALUES ('schema_version', %d)",
		    STORE_APPLICATION_ID, STORE_VERSION, STORE_VERSION);
	status = text_check(&sql, e);
	if (status == STATUS_OK)
		status = sql_run(s, text_get(&sql), e);
	text_free(&sql);
	return status;
}

enum status schema_upgrade(struct store *s, int64_t from, struct error *e)
{
	enum status status = STATUS_OK;

	for (int64_t version = from; status == STATUS_OK && version < STORE_VERSION; version++)
		status = sql_run(s, steps[version], e);
	return status == STATUS_OK ? label(s, e) : status;
}

enum status schema_version(struct store *s, int64_t *version, struct error *e)
{
	int64_t application, told;
	enum status status = sql_integer(s, "PRAGMA application_id", &application, e);

	if (status == STATUS_OK)
		status = sql_integer(s, "PRAGMA user_version", version, e);
	if (status != STATUS_OK)
		return status;
	if (application != STORE_APPLICATION_ID || *version < 1)
		return error_set(e, STATUS_DAMAGED, s->path, "check that it is the right file",
				 "is no store of subca");
	if (*version > STORE_VERSION)
		return error_set(e, STATUS_DAMAGED, s->path, "use a newer subca",
				 "is a store of version %lld; this subca knows up to version %d",
				 (long long)*version, STORE_VERSION);
	status = sql_integer(s, "SELECT value FROM meta WHERE key = 'schema_version'", &told, e);
	if (status == STATUS_OK && told != *version)
		return error_set(e, STATUS_DAMAGED, s->path, "restore it from a backup",
				 "says version %lld in one place and %lld in another",
				 (long long)*version, (long long)told);
	return status;
}
