/* Many rows in one durable transaction, and who is at work on rows at all. */
#include "ca/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* --- groups ----------------------------------------------------------------------------------- */

static bool left_out(enum status status)
{
	return status == STATUS_REFUSED || status == STATUS_EXISTS;
}

static enum status reserve_each(struct store *s, struct store_reservation *items, size_t count,
				int64_t now, struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		struct store_reservation *one = &items[i];

		one->status = STATUS_OK;
		if (one->condition)
			one->status = store_each(s, &one->condition->filter, one->condition->visit,
						 one->condition->context, &one->error);
		if (left_out(one->status))
			continue;
		/* A serial in use comes after its journal row: the whole group goes back. */
		if (one->status == STATUS_OK)
			one->status = row_reserve_if(s, one->intent, NULL, now, &one->error);
		if (one->status != STATUS_OK) {
			*e = one->error;
			return error_status(e);
		}
	}
	return STATUS_OK;
}

enum status store_reserve_many(struct store *s, struct store_reservation *items, size_t count,
			       int64_t now, struct error *e)
{
	enum status status = signing_begin(s, e);

	if (status == STATUS_OK)
		status = transaction_begin(s, e);
	if (status != STATUS_OK)
		return status;
	return transaction_end(s, reserve_each(s, items, count, now, e), e);
}

enum status store_finish_many(struct store *s, const struct store_result *items, size_t count,
			      int64_t now, struct error *e)
{
	enum status status = transaction_begin(s, e);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = items[i].failure ? row_fail(s, items[i].serial, items[i].failure, now, e)
					  : row_issue(s, items[i].serial, items[i].der, now, e);
	return transaction_end(s, status, e);
}

/* --- together --------------------------------------------------------------------------------- */

enum status store_together_begin(struct store *s, struct error *e)
{
	return transaction_begin(s, e);
}

enum status store_together_end(struct store *s, enum status so_far, struct error *e)
{
	return transaction_end(s, so_far, e);
}

/* --- who signs -------------------------------------------------------------------------------- */

/*
 * A lock (flock) on a file of its own beside the store, for closing a second descriptor of the
 * store would drop SQLite's own locks. All who reserve serials share it, from their first on, and
 * it is gone with its process however that ends. Who gets it alone knows that nobody is left to
 * finish what is reserved. Where a file system has no such lock there is no such knowledge, and
 * signing goes on without.
 */
static enum status open_lock(struct store *s, struct error *e)
{
	struct text name = {0};

	if (s->alone_fd >= 0)
		return STATUS_OK;
	text_printf(&name, "%s" STORE_LOCK_SUFFIX, s->path);
	if (text_check(&name, e) != STATUS_OK)
		return error_status(e);
	s->alone_fd = open(text_get(&name), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->alone_fd < 0)
		error_errno(e, STATUS_SYSTEM, text_get(&name),
			    "check its permissions and its folder's", "cannot be opened");
	text_free(&name);
	return s->alone_fd < 0 ? STATUS_SYSTEM : STATUS_OK;
}

enum status signing_begin(struct store *s, struct error *e)
{
	if (s->alone_fd >= 0)
		return STATUS_OK;
	if (open_lock(s, e) != STATUS_OK)
		return error_status(e);
	/* Whoever has it alone has it for one transaction. */
	while (flock(s->alone_fd, LOCK_SH) != 0 && errno == EINTR)
		;
	return STATUS_OK;
}

void signing_end(struct store *s)
{
	if (s->alone_fd >= 0)
		close(s->alone_fd);
	s->alone_fd = -1;
}

struct orphans {
	unsigned char (*serials)[SERIAL_MAX];
	size_t *lens;
	size_t count, room;
};

static enum status remember(void *context, const struct store_row *row, struct error *e)
{
	struct orphans *o = context;
	struct span serial = row->intent.serial;

	if (o->count == o->room) {
		size_t room = o->room ? 2 * o->room : 64;
		void *serials = reallocarray(o->serials, room, sizeof *o->serials);
		size_t *lens = reallocarray(o->lens, room, sizeof *o->lens);

		o->serials = serials ? serials : o->serials;
		o->lens = lens ? lens : o->lens;
		if (!serials || !lens)
			return error_memory(e);
		o->room = room;
	}
	o->lens[o->count] = serial.len;
	for (size_t i = 0; i < serial.len; i++)
		o->serials[o->count][i] = serial.data[i];
	o->count++;
	return STATUS_OK;
}

static enum status fail_reserved(struct store *s, int64_t now, size_t *count, struct error *e)
{
	const struct store_filter reserved = {.state = CERT_RESERVED};
	struct orphans o = {0};
	enum status status = store_each(s, &reserved, remember, &o, e);

	for (size_t i = 0; i < o.count && status == STATUS_OK; i++)
		status = row_fail(s, (struct span){o.serials[i], o.lens[i]},
				  "the run that reserved it was interrupted", now, e);
	*count = o.count;
	free(o.serials);
	free(o.lens);
	return status;
}

enum status store_fail_orphans(struct store *s, int64_t now, size_t *count, struct error *e)
{
	bool alone;
	enum status status = open_lock(s, e);

	*count = 0;
	if (status != STATUS_OK)
		return status;
	alone = flock(s->alone_fd, LOCK_EX | LOCK_NB) == 0;
	if (alone) {
		status = transaction_begin(s, e);
		if (status == STATUS_OK)
			status = transaction_end(s, fail_reserved(s, now, count, e), e);
	}
	while (flock(s->alone_fd, LOCK_SH) != 0 && errno == EINTR)
		;
	return status;
}
