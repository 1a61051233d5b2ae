#include "base/finding.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static enum status reserve(struct findings *f, size_t more, struct error *e)
{
	size_t room = f->room ? f->room : 8;
	struct finding *items;

	while (room < f->count + more)
		room *= 2;
	if (room == f->room)
		return STATUS_OK;
	items = reallocarray(f->items, room, sizeof *items);
	if (!items)
		return error_memory(e);
	f->items = items;
	f->room = room;
	return STATUS_OK;
}

enum status findings_add(struct findings *f, const struct rule *rule, const char *where,
			 struct error *e, const char *format, ...)
{
	struct finding new = {.rule = rule, .severity = rule->severity};
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vasprintf(&new.message, format, arguments);
	va_end(arguments);
	if (len < 0)
		return error_memory(e);
	new.where = strdup(where ? where : "");
	if (!new.where || reserve(f, 1, e) != STATUS_OK) {
		free(new.message);
		free(new.where);
		return error_memory(e);
	}
	f->items[f->count++] = new;
	return STATUS_OK;
}

enum status findings_move(struct findings *to, struct findings *from, struct error *e)
{
	if (from->count == 0)
		return STATUS_OK;
	if (reserve(to, from->count, e) != STATUS_OK)
		return error_status(e);
	memcpy(to->items + to->count, from->items, from->count * sizeof *from->items);
	to->count += from->count;
	from->count = 0;
	return STATUS_OK;
}

enum status findings_refuse(const struct findings *f, size_t from, enum status s, const char *where,
			    struct error *e)
{
	for (size_t i = from; i < f->count; i++) {
		const struct finding *one = &f->items[i];

		if (one->severity != SEVERITY_ERROR)
			continue;
		(void)!error_set(e, s, where ? where : one->where, one->rule->todo, "%s",
				 one->message);
		e->rule = one->rule;
		return error_status(e);
	}
	return STATUS_OK;
}

size_t findings_count(const struct findings *f, enum severity at_least)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		n += f->items[i].severity >= at_least;
	return n;
}

const struct finding *findings_find(const struct findings *f, const char *rule_id)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].rule->id, rule_id) == 0)
			return &f->items[i];
	return NULL;
}

static void release(struct finding *item)
{
	free(item->where);
	free(item->message);
}

void findings_drop(struct findings *f, const char *rule_id, const char *where)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		struct finding *item = &f->items[i];

		if (strcmp(item->rule->id, rule_id) == 0 &&
		    strncmp(item->where, where, strlen(where)) == 0)
			release(item);
		else
			f->items[kept++] = *item;
	}
	f->count = kept;
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		release(&f->items[i]);
	free(f->items);
	*f = (struct findings){0};
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = {"notice", "warning", "error"};

	return names[s];
}
