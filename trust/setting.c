#include "trust/setting.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "trust/bundle.h"
#include "trust/client.h"
#include "trust/run.h"
#include "trust/setting_line.h"

#define CONFIGURATION_MAX (256 * 1024)
#define ASK_SECONDS 20
#define VALUES 3

/* One search. */
struct searching {
	const struct tool *tool;
	const char *path;
	char prefix[PATH_MAX]; /* the folder above that of its program; "" */
	struct tool_value values[VALUES];
	struct settings_found *found;
	bool set[TOOL_SLOTS]; /* by something other than a place */
};

const char *setting_system_folder(void)
{
	static const char *const folders[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		if (access(folders[i], X_OK) == 0)
			return folders[i];
	return NULL;
}

void settings_found_free(struct settings_found *f)
{
	while (f->count) {
		struct setting_found *item = &f->items[--f->count];

		free(item->file);
		free(item->value);
	}
	free(f->items);
	*f = (struct settings_found){0};
}

/* Takes over value, which may be NULL. */
static enum status add(struct searching *s, const struct tool_setting *setting, const char *file,
		       char *value, struct error *e)
{
	struct setting_found *items = reallocarray(s->found->items, s->found->count + 1,
						   sizeof *items);

	if (!items) {
		free(value);
		return error_memory(e);
	}
	s->found->items = items;
	items[s->found->count++] = (struct setting_found){
		.setting = setting, .file = file ? strdup(file) : NULL, .value = value};
	s->set[setting->slot] = s->set[setting->slot] || setting->source != SOURCE_PLACE;
	return file && !items[s->found->count - 1].file ? error_memory(e) : STATUS_OK;
}

/* --- paths ------------------------------------------------------------------------------------ */

static const char *variable(const char *name, size_t len)
{
	char copy[64];

	if (!len || len >= sizeof copy)
		return NULL;
	memcpy(copy, name, len);
	copy[len] = '\0';
	return getenv(copy);
}

/* "~/", "$NAME" and "${NAME}" at the start. False where the environment lacks it. */
static bool add_home(const char **path, struct text *out)
{
	const char *at = *path, *value;
	bool braces = at[0] == '$' && at[1] == '{';
	size_t len;

	if (at[0] == '~' && at[1] == '/') {
		value = getenv("HOME");
		*path = at + 1;
	} else if (at[0] == '$') {
		at += 1 + braces;
		len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
		value = variable(at, len);
		*path = at + len + (braces && at[len] == '}');
	} else {
		return true;
	}
	if (!value || !*value)
		return false;
	text_add(out, value);
	return true;
}

/* To be freed; *out NULL where it leads nowhere. values NULL: what the user wrote, as it is. */
static enum status path_of(const struct tool_value *values, const char *template, char **out,
			   struct error *e)
{
	struct text path = {0};
	enum status status = STATUS_OK;

	*out = NULL;
	if (!add_home(&template, &path))
		return STATUS_OK;
	if (values)
		status = tool_expand(template, values, VALUES, &path, e);
	else
		text_add(&path, template);
	if (status == STATUS_OK && path.len) {
		*out = strdup(text_get(&path));
		status = *out ? STATUS_OK : error_memory(e);
	}
	text_free(&path);
	return status;
}

/* --- each source ------------------------------------------------------------------------------ */

/* Whether value is among the words of list; NULL: any is. */
static bool is_listed(const char *list, const char *value)
{
	size_t len = strlen(value);

	if (!list)
		return true;
	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == len && strncasecmp(at, value, len) == 0)
			return true;
		at += word;
	}
	return false;
}

/* What the setting says, as a setting: a path, or what switches off. */
static enum status add_value(struct searching *s, const struct tool_setting *setting,
			     const char *file, const char *value, struct error *e)
{
	char *path = NULL;
	enum status status = STATUS_OK;

	if (setting->slot == SLOT_OFF) {
		if (!is_listed(setting->when, value))
			return STATUS_OK;
		path = strdup(value);
		return path ? add(s, setting, file, path, e) : error_memory(e);
	}
	if (*value)
		status = path_of(NULL, value, &path, e);
	return status == STATUS_OK && path ? add(s, setting, file, path, e) : status;
}

/* The part of the value that is the path. */
static enum status cut(const struct tool_setting *setting, const char *value, struct text *out)
{
	const char *at = setting->before ? strstr(value, setting->before) : value;

	if (!at)
		return STATUS_OK;
	if (setting->before) {
		at += strlen(setting->before);
		text_append(out, at, strcspn(at, "\" \t"));
	} else {
		text_add(out, at);
	}
	if (setting->below)
		text_printf(out, "/%s", setting->below);
	return STATUS_OK;
}

/* A value that says yes to a place. */
static enum status find_meant(struct searching *s, const struct tool_setting *setting,
			      const char *value, struct error *e)
{
	bool meant = setting->before ? strstr(value, setting->before) != NULL
				     : is_listed(setting->when, value);
	char *path = NULL;
	enum status status = meant ? path_of(s->values, setting->file, &path, e) : STATUS_OK;

	return path ? add(s, setting, NULL, path, e) : status;
}

/* A list of folders is one for each, as in PATH. */
static enum status find_variable(struct searching *s, const struct tool_setting *setting,
				 struct error *e)
{
	const char *value = getenv(setting->name);
	struct text path = {0};
	enum status status = STATUS_OK;

	if (!value || !*value)
		return STATUS_OK;
	if (setting->file && setting->slot != SLOT_OFF)
		return find_meant(s, setting, value, e);
	if (setting->slot == SLOT_FOLDER) {
		while (status == STATUS_OK && *value) {
			size_t len = strcspn(value, ":");

			text_append(&path, value, len);
			status = add_value(s, setting, NULL, text_get(&path), e);
			text_free(&path);
			value += len + (value[len] == ':');
		}
		return status;
	}
	status = cut(setting, value, &path);
	if (status == STATUS_OK)
		status = add_value(s, setting, NULL, text_get(&path), e);
	text_free(&path);
	return status;
}

/* A pipe would have us wait. */
static bool is_regular(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static enum status find_line(struct searching *s, const struct tool_setting *setting,
			     struct error *e)
{
	struct bytes content = {0};
	struct text value = {0};
	struct error ignored = {0};
	char *file = NULL;
	enum status status = path_of(s->values, setting->file, &file, e);

	if (status == STATUS_OK && file && is_regular(file) &&
	    file_read(file, CONFIGURATION_MAX, &content, &ignored) == STATUS_OK &&
	    setting_line_find(span_of(&content), setting->name, setting->section, &value))
		status = add_value(s, setting, file, text_get(&value), e);
	text_free(&value);
	bytes_free(&content);
	free(file);
	return status;
}

/* The first line of what a program says; "" where it fails. Appends to out. */
static enum status ask(const struct searching *s, const struct tool_setting *setting,
		       struct text *out, struct error *e)
{
	char *program = run_find(setting->ask[0], s->path);
	struct words environment = {0};
	struct run_result result = {0};
	struct run_order order = {
		.program = program, .words = setting->ask, .seconds = ASK_SECONDS};
	enum status status;

	if (!program)
		return STATUS_OK;
	status = words_add(&environment, "LC_ALL=C.UTF-8", e);
	if (status == STATUS_OK)
		status = client_own_environment(&environment, e);
	order.environment = words_get(&environment);
	if (status == STATUS_OK)
		status = run_program(&order, &result, e);
	if (status == STATUS_OK && !result.timed_out && result.exit_code == 0)
		text_append(out, text_get(&result.output), strcspn(text_get(&result.output), "\n"));
	run_result_free(&result);
	words_free(&environment);
	free(program);
	return status;
}

static enum status find_answer(struct searching *s, const struct tool_setting *setting,
			       struct error *e)
{
	struct text said = {0}, path = {0};
	enum status status = ask(s, setting, &said, e);

	if (status == STATUS_OK && said.len)
		status = cut(setting, text_get(&said), &path);
	if (status == STATUS_OK && path.len)
		status = add_value(s, setting, NULL, text_get(&path), e);
	text_free(&said);
	text_free(&path);
	return status;
}

/* The first place that is there; where none is, the last that there might be. */
static enum status find_place(struct searching *s, const struct tool_setting *setting,
			      struct error *e)
{
	char *path = NULL;
	enum status status;

	if (setting->ask[0])
		return find_answer(s, setting, e);
	if (!setting->file)
		return add(s, setting, NULL, NULL, e);
	status = path_of(s->values, setting->file, &path, e);
	if (status == STATUS_OK && path && file_exists(path))
		return add(s, setting, NULL, path, e);
	free(path);
	return status;
}

static bool has_slot(const struct searching *s, enum tool_slot slot)
{
	for (size_t i = 0; i < s->found->count; i++)
		if (s->found->items[i].setting->slot == slot)
			return true;
	return false;
}

static enum status find_one(struct searching *s, const struct tool_setting *setting,
			    struct error *e)
{
	switch (setting->source) {
	case SOURCE_VARIABLE:
		return find_variable(s, setting, e);
	case SOURCE_LINE:
		return find_line(s, setting, e);
	case SOURCE_ANSWER:
		return find_answer(s, setting, e);
	default:
		/* What is set stands before it, and so does a place before it. */
		return has_slot(s, setting->slot) ? STATUS_OK : find_place(s, setting, e);
	}
}

static void set_counts(const struct searching *s)
{
	const struct tool_setting *first[TOOL_SLOTS] = {NULL};

	for (size_t i = 0; i < s->found->count; i++) {
		struct setting_found *item = &s->found->items[i];
		enum tool_slot slot = item->setting->slot;

		if (!first[slot])
			first[slot] = item->setting;
		item->counts = slot == SLOT_OFF ||
			       (slot == SLOT_ADDED ? !s->set[SLOT_FILE]
						   : item->setting == first[slot]);
	}
}

static void fill_values(struct searching *s)
{
	const char *file = bundle_system_file(), *folder = setting_system_folder();
	const struct tool_value values[VALUES] = {
		{"systemfile", file ? file : ""},
		{"systemfolder", folder ? folder : ""},
		{"prefix", s->prefix},
	};

	memcpy(s->values, values, sizeof values);
}

/* /usr/lib/jvm/x of a keytool that is a link to /usr/lib/jvm/x/bin/keytool. */
static void find_prefix(struct searching *s)
{
	const struct tool_client *client = s->tool->clients;
	char *program = client ? run_find(client->program, s->path) : NULL;

	if (!program || !realpath(program, s->prefix))
		*s->prefix = '\0';
	for (int i = 0; i < 2 && *s->prefix; i++)
		*strrchr(s->prefix, '/') = '\0';
	free(program);
}

enum status settings_find(const struct tool *tool, const char *path, struct settings_found *out,
			  struct error *e)
{
	struct searching s = {.tool = tool, .path = path, .found = out};
	enum status status = STATUS_OK;

	find_prefix(&s);
	fill_values(&s);
	for (const struct tool_setting *setting = tool->settings;
	     setting && setting->source && status == STATUS_OK; setting++)
		status = find_one(&s, setting, e);
	if (status == STATUS_OK)
		set_counts(&s);
	else
		settings_found_free(out);
	return status;
}
