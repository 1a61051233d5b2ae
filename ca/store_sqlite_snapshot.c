/* A copy of the store as it was at one moment, while others write to it. */
#include "ca/store_sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

/* Nobody else ever sees the copy before it is whole: neither journal nor waiting for the disk. */
static enum status open_copy(const struct store *s, const char *path, sqlite3 **copy,
			     struct error *e)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	int code;

	if (fd < 0)
		return error_errno(e, STATUS_SYSTEM, path, "make room and run it again",
				   "cannot be made");
	close(fd);
	code = sqlite3_open_v2(path, copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(*copy, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	return code == SQLITE_OK ? STATUS_OK : sql_failed(s, code, "copied", e);
}

enum status store_snapshot(struct store *s, const char *path, struct error *e)
{
	sqlite3 *copy = NULL;
	sqlite3_backup *backup = NULL;
	enum status status = open_copy(s, path, &copy, e);
	int code = SQLITE_OK;

	if (status == STATUS_OK) {
		backup = sqlite3_backup_init(copy, "main", s->db, "main");
		code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(copy);
		if (backup && code == SQLITE_DONE)
			code = sqlite3_backup_finish(backup);
		else
			sqlite3_backup_finish(backup);
	}
	if (status == STATUS_OK && code != SQLITE_OK)
		status = sql_failed(s, code, "copied", e);
	sqlite3_close(copy);
	return status;
}
