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

/*
 * SQLite cannot change a CHECK: the rows move to a new table. Adopted rows begin as issued or
 * revoked and may lack the certificate and what follows from it. A hold (reason 6) can be released,
 * or become a revocation that keeps the hold's date.
 */
static const char version_2[] =
	"CREATE TABLE cert_2 ("
	" id INTEGER PRIMARY KEY,"
	" serial BLOB NOT NULL CHECK (typeof(serial) = 'blob'"
	"  AND length(serial) BETWEEN 1 AND 20),"
	" state INTEGER NOT NULL CHECK (state IN (1, 2, 3, 4)),"
	" profile TEXT NOT NULL,"
	" portal TEXT NOT NULL,"
	" subject TEXT NOT NULL,"
	" subject_der BLOB NOT NULL,"
	" spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) IN (0, 32)),"
	" plan_hash BLOB NOT NULL CHECK (length(plan_hash) IN (0, 32)),"
	" request_sha256 BLOB NOT NULL CHECK (length(request_sha256) IN (0, 32)),"
	" reason TEXT NOT NULL,"
	" not_before INTEGER NOT NULL,"
	" not_after INTEGER NOT NULL CHECK (not_after >= not_before),"
	" reserved_at INTEGER NOT NULL CHECK (reserved_at > 0),"
	" finished_at INTEGER NOT NULL DEFAULT 0,"
	" failure TEXT NOT NULL DEFAULT '',"
	" revoked_at INTEGER NOT NULL DEFAULT 0,"
	" revocation_reason INTEGER NOT NULL DEFAULT -1"
	"  CHECK (revocation_reason IN (-1, 1, 2, 3, 4, 5, 6, 9, 10)),"
	" der BLOB NOT NULL DEFAULT x'',"
	" invalidity_at INTEGER NOT NULL DEFAULT 0,"
	" compromised_at INTEGER NOT NULL DEFAULT 0,"
	" released_at INTEGER NOT NULL DEFAULT 0,"
	" revocation_seq INTEGER NOT NULL DEFAULT 0 CHECK (state <> 4 OR revocation_seq > 0),"
	" origin TEXT NOT NULL DEFAULT '' CHECK (length(origin) < 32),"
	" adopted_seq INTEGER NOT NULL DEFAULT 0,"
	" replaces BLOB NOT NULL DEFAULT x'' CHECK (length(replaces) <= 20),"
	" CHECK ((origin = '') = (adopted_seq = 0)),"
	" CHECK (origin <> '' OR length(spki_sha256) + length(plan_hash) = 64),"
	" CHECK (origin = '' OR state IN (2, 4)),"
	" CHECK ((state = 1) = (finished_at = 0)),"
	" CHECK (state IN (2, 4) OR length(der) = 0),"
	" CHECK (state NOT IN (2, 4) OR origin <> '' OR length(der) > 0),"
	" CHECK (state = 3 OR failure = ''),"
	" CHECK ((state = 4) = (revoked_at <> 0)),"
	" CHECK (state = 4 OR (revocation_reason = -1 AND invalidity_at = 0"
	"  AND compromised_at = 0)));"
	/* Version 1 had no way to revoke; a row revoked by other hands counts as revoked now. */
	"INSERT INTO cert_2 (id, serial, state, profile, portal, subject, subject_der, spki_sha256,"
	" plan_hash, request_sha256, reason, not_before, not_after, reserved_at, finished_at,"
	" failure, revoked_at, revocation_reason, der, revocation_seq)"
	" SELECT id, serial, state, profile, portal, subject, subject_der, spki_sha256, plan_hash,"
	"  request_sha256, reason, not_before, not_after, reserved_at, finished_at, failure,"
	"  revoked_at, iif(revocation_reason = 0, -1, revocation_reason), der,"
	"  iif(state = 4, (SELECT max(seq) FROM journal), 0) FROM cert;"
	"DROP TABLE cert;"
	"ALTER TABLE cert_2 RENAME TO cert;"
	"CREATE UNIQUE INDEX cert_serial ON cert (serial);"
	"CREATE INDEX cert_number ON cert (length(serial), serial);"
	"CREATE INDEX cert_spki ON cert (spki_sha256);"
	"CREATE INDEX cert_request ON cert (request_sha256);"
	"CREATE INDEX cert_state ON cert (state);"
	"CREATE INDEX cert_end ON cert (not_after);"
	"CREATE INDEX cert_replaces ON cert (replaces) WHERE length(replaces) > 0;"
	/* Holds all that a CRL tells, so that the rows themselves need not be read. */
	"CREATE INDEX cert_revoked ON cert (length(serial), serial, revoked_at, revocation_reason,"
	" invalidity_at, compromised_at, not_after, revocation_seq, state) WHERE state = 4;"
	"CREATE INDEX cert_changed ON cert (revocation_seq) WHERE revocation_seq > 0;"
	"CREATE TRIGGER cert_begin BEFORE INSERT ON cert WHEN new.state <> 1 AND new.origin = ''"
	" BEGIN SELECT RAISE(ABORT, 'a certificate begins as reserved'); END;"
	"CREATE TRIGGER cert_keep BEFORE DELETE ON cert"
	" BEGIN SELECT RAISE(ABORT, 'a certificate is never forgotten'); END;"
	"CREATE TRIGGER cert_fixed BEFORE UPDATE OF id, serial, profile, portal, subject, subject_der,"
	" spki_sha256, plan_hash, request_sha256, reason, not_before, not_after, reserved_at, origin,"
	" adopted_seq, replaces ON cert"
	" BEGIN SELECT RAISE(ABORT, 'what was reserved does not change'); END;"
	"CREATE TRIGGER cert_move BEFORE UPDATE OF state, finished_at, failure, revoked_at,"
	" revocation_reason, der, invalidity_at, compromised_at, released_at, revocation_seq ON cert"
	" WHEN NOT ((old.state = 1 AND new.state IN (2, 3))"
	"  OR (new.der = old.der AND new.finished_at = old.finished_at"
	"   AND new.revocation_seq > old.revocation_seq"
	"   AND ((old.state = 2 AND new.state = 4)"
	"    OR (old.state = 4 AND old.revocation_reason = 6"
	"     AND (new.state = 2 OR (new.state = 4 AND new.revoked_at = old.revoked_at))))))"
	" BEGIN SELECT RAISE(ABORT, 'no certificate goes that way'); END;"
	"CREATE TABLE crl ("
	" number INTEGER PRIMARY KEY CHECK (number >= 0),"
	" base INTEGER NOT NULL CHECK (base >= -1 AND base < number),"
	" state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),"
	" this_update INTEGER NOT NULL,"
	" next_update INTEGER NOT NULL,"
	" reflects INTEGER NOT NULL,"
	" reserved_at INTEGER NOT NULL CHECK (reserved_at > 0),"
	" finished_at INTEGER NOT NULL DEFAULT 0,"
	" entries INTEGER NOT NULL DEFAULT 0 CHECK (entries >= 0),"
	" size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),"
	" sha256 BLOB NOT NULL DEFAULT x'' CHECK (length(sha256) = iif(size > 0, 32, 0)),"
	" failure TEXT NOT NULL DEFAULT '',"
	" origin TEXT NOT NULL DEFAULT '' CHECK (length(origin) < 32),"
	" CHECK (next_update = 0 OR next_update > this_update),"
	" CHECK ((state = 1) = (finished_at = 0)),"
	" CHECK (state <> 2 OR origin <> '' OR size > 0),"
	" CHECK (state = 2 OR (size = 0 AND origin = '')),"
	" CHECK (state = 3 OR failure = ''));"
	"CREATE TRIGGER crl_begin BEFORE INSERT ON crl WHEN new.state <> 1 AND new.origin = ''"
	" BEGIN SELECT RAISE(ABORT, 'a CRL begins as reserved'); END;"
	"CREATE TRIGGER crl_keep BEFORE DELETE ON crl"
	" BEGIN SELECT RAISE(ABORT, 'a CRL number is never forgotten'); END;"
	"CREATE TRIGGER crl_fixed BEFORE UPDATE OF number, base, this_update, next_update, reflects,"
	" reserved_at, origin ON crl"
	" BEGIN SELECT RAISE(ABORT, 'what was reserved does not change'); END;"
	"CREATE TRIGGER crl_move BEFORE UPDATE OF state, finished_at, entries, size, sha256, failure"
	" ON crl WHEN NOT (old.state = 1 AND new.state IN (2, 3))"
	" BEGIN SELECT RAISE(ABORT, 'no CRL goes that way'); END;";

_Static_assert(SERIAL_MAX == 20, "the check of serial, and a version does not change");
_Static_assert(ORIGIN_SIZE == 32, "the checks of origin");

/* What brings version N to N + 1. */
static const char *const steps[STORE_VERSION] = {version_1, version_2};

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
