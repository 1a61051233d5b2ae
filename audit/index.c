#include "audit/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ca/import_index.h"

static enum status add_row(void *context, const struct index_row *row, struct error *e)
{
	struct audit_index *i = context;
	struct index_entry *items, *x;

	if (i->count == i->room) {
		size_t room = i->room ? i->room * 2 : 64;

		items = reallocarray(i->items, room, sizeof *items);
		if (!items)
			return error_memory(e);
		i->items = items;
		i->room = room;
	}
	x = &i->items[i->count++];
	*x = (struct index_entry){.len = (uint8_t)row->serial_len,
				  .revoked = row->state == INDEX_REVOKED,
				  .not_after = row->not_after};
	memcpy(x->serial, row->serial, row->serial_len);
	return STATUS_OK;
}

static enum status tell_faults(struct estate *t, const char *path, const struct findings *faults,
			       struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < faults->count; i++) {
		const struct finding *f = &faults->items[i];
		struct text why = {0};

		text_printf(&why, "%s %s", f->where, f->message);
		s = text_check(&why, e);
		if (s == STATUS_OK)
			s = estate_add_unread(t, path, text_get(&why), e);
		text_free(&why);
	}
	return s;
}

enum status audit_index_read(struct estate *t, const char *folder, struct audit_index *out,
			     struct error *e)
{
	struct findings faults = {0};
	struct index_total total;
	enum status s;
	FILE *from;

	*out = (struct audit_index){.path = path_join(folder, "index.txt")};
	if (!out->path)
		return error_memory(e);
	from = fopen(out->path, "re");
	if (!from) {
		s = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_INPUT;
		s = error_errno(e, s, out->path, NULL, "cannot be read");
	} else {
		s = index_read(from, add_row, out, &total, &faults, e);
		fclose(from);
	}
	if (s == STATUS_OK)
		s = tell_faults(t, out->path, &faults, e);
	findings_free(&faults);
	if (s != STATUS_OK)
		audit_index_free(out);
	return s;
}

void audit_index_free(struct audit_index *i)
{
	free(i->items);
	free(i->path);
	*i = (struct audit_index){0};
}
