#include "trust/tool.h"

#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "trust/tools.h"

const char *const tool_os_names[] = {"linux", "macos", "windows", "dockerfile", NULL};

static const struct tool *const table[] = {
	tools_programs,
	tools_python,
	tools_languages,
	tools_systems,
};

#define TABLES (sizeof table / sizeof table[0])
#define TOOLS_MOST 64

const struct tool *tool_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct tool *tool = table[t]; tool->id; tool++)
			if (i-- == 0)
				return tool;
	return NULL;
}

enum status tool_find(const char *id, const struct tool **out, struct error *e)
{
	const char *ids[TOOLS_MOST], *near;
	const struct tool *tool;
	char todo[sizeof e->todo];
	size_t count = 0;

	for (; (tool = tool_at(count)) != NULL && count < TOOLS_MOST; count++) {
		ids[count] = tool->id;
		if (strcmp(tool->id, id) == 0) {
			*out = tool;
			return STATUS_OK;
		}
	}
	near = suggest(id, ids, count);
	snprintf(todo, sizeof todo, "%s%s%s'subca trust guide --list' lists them",
		 near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
	return error_set(e, STATUS_NOT_FOUND, NULL, todo, "no tool is called '%.80s'", id);
}

bool tool_is_listed(const char *const *list, const char *id)
{
	for (; list && *list; list++)
		if (strcmp(*list, id) == 0)
			return true;
	return false;
}

static const char *value_of(const struct tool_value *values, size_t count, const char *name,
			    size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(values[i].name) == len && strncmp(values[i].name, name, len) == 0)
			return values[i].value;
	return NULL;
}

/* "{" and a word of small letters and "}": any other brace stands for itself. */
static size_t placeholder(const char *s)
{
	size_t len = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz");

	return len && s[len + 1] == '}' ? len : 0;
}

enum status tool_expand(const char *text, const struct tool_value *values, size_t count,
			struct text *out, struct error *e)
{
	while (*text) {
		size_t plain = strcspn(text, "{"), len;
		const char *value;

		text_append(out, text, plain);
		text += plain;
		if (!*text)
			break;
		len = placeholder(text);
		if (!len) {
			text_append(out, text++, 1);
			continue;
		}
		value = value_of(values, count, text + 1, len);
		if (!value)
			return error_set(e, STATUS_INTERNAL, NULL, "report this as a bug",
					 "the table of tools asks for {%.*s}", (int)len, text + 1);
		text_add(out, value);
		text += len + 2;
	}
	return text_check(out, e);
}
