#include "base/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"

/* @include would reach past the bound and outside the folder that was named. */
static bool has_include(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, " \t\r\n");
		if (strncmp(line, "@include", 8) == 0)
			return true;
	}
	return false;
}

/* libconfig stores a NULL where a name or a text could not be copied. */
static bool is_whole(const config_setting_t *setting)
{
	if (!config_setting_is_root(setting) && !config_setting_name(setting) &&
	    config_setting_is_group(config_setting_parent(setting)))
		return false;
	if (config_setting_type(setting) == CONFIG_TYPE_STRING &&
	    !config_setting_get_string(setting))
		return false;
	if (!config_setting_is_aggregate(setting))
		return true;
	for (int i = 0; i < config_setting_length(setting); i++)
		if (!is_whole(config_setting_get_elem(setting, (unsigned)i)))
			return false;
	return true;
}

enum status settings_load(const char *file, config_t *config, struct error *e)
{
	struct bytes text = {0};
	char place[sizeof e->where];

	config_init(config);
	if (file_read(file, SETTINGS_FILE_MAX, &text, e) != STATUS_OK)
		return error_status(e);
	if (memchr(text.data, '\0', text.len)) {
		bytes_free(&text);
		return error_set(e, STATUS_INPUT, file, NULL, "has a NUL byte in it");
	}
	if (has_include((const char *)text.data)) {
		bytes_free(&text);
		return error_set(e, STATUS_INPUT, file, "write the settings out in this file",
				 "has an @include line");
	}
	if (config_read_string(config, (const char *)text.data) != CONFIG_TRUE) {
		snprintf(place, sizeof place, "%s: line %d", file, config_error_line(config));
		bytes_free(&text);
		return error_set(e, STATUS_INPUT, place, "mend the line", "%s",
				 config_error_text(config));
	}
	bytes_free(&text);
	if (!is_whole(config_root_setting(config)))
		return error_memory(e);
	/* Settings know their line but not the file of a string: it is hung on the root. */
	config_setting_set_hook(config_root_setting(config), (void *)file);
	return STATUS_OK;
}

static const char *file_of(const config_setting_t *setting)
{
	const char *file;

	while (!config_setting_is_root(setting))
		setting = config_setting_parent(setting);
	file = config_setting_get_hook(setting);
	return file ? file : "configuration";
}

enum status settings_refuse(const config_setting_t *setting, struct error *e, const char *todo,
			    const char *format, ...)
{
	char place[sizeof e->where], what[sizeof e->what];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	snprintf(place, sizeof place, "%s: line %u", file_of(setting),
		 config_setting_source_line(setting));
	return error_set(e, STATUS_INPUT, place, todo, "%s", what);
}

static const struct setting_key *find_key(const struct setting_key *keys, size_t count,
					  const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static enum status unknown_key(const config_setting_t *setting, const struct setting_key *keys,
			       size_t count, struct error *e)
{
	char known[sizeof e->todo] = "known here:";

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(known);

		snprintf(known + len, sizeof known - len, "%s %s", i ? "," : "", keys[i].name);
	}
	return settings_refuse(setting, e, known, "unknown key '%s'", config_setting_name(setting));
}

static enum status read_int(const config_setting_t *setting, const struct setting_key *key,
			    struct error *e)
{
	int value;

	if (config_setting_type(setting) != CONFIG_TYPE_INT)
		return settings_refuse(setting, e, "write a whole number without quotes",
				       "'%s' is not a number from %d to %d", key->name, key->low,
				       key->high);
	value = config_setting_get_int(setting);
	if (value < key->low || value > key->high)
		return settings_refuse(setting, e, NULL, "'%s' must lie between %d and %d",
				       key->name, key->low, key->high);
	*(int *)key->to = value;
	return STATUS_OK;
}

static enum status read_bool(const config_setting_t *setting, const struct setting_key *key,
			     struct error *e)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return settings_refuse(setting, e, "write true or false without quotes",
				       "'%s' is neither true nor false", key->name);
	*(bool *)key->to = config_setting_get_bool(setting) == CONFIG_TRUE;
	return STATUS_OK;
}

static enum status read_string(const config_setting_t *setting, const struct setting_key *key,
			       struct error *e)
{
	const char *value = config_setting_get_string(setting);
	char *copy;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING || !value)
		return settings_refuse(setting, e, "write it in double quotes",
				       "'%s' is not a text", key->name);
	if (strlen(value) < (size_t)key->low || strlen(value) > (size_t)key->high)
		return settings_refuse(setting, e, NULL, "'%s' must have %d to %d characters",
				       key->name, key->low, key->high);
	copy = strdup(value);
	if (!copy)
		return error_memory(e);
	free(*(char **)key->to);
	*(char **)key->to = copy;
	return STATUS_OK;
}

static enum status read_one(config_setting_t *setting, const struct setting_key *key,
			    struct error *e)
{
	switch (key->kind) {
	case SETTING_INT:
		return read_int(setting, key, e);
	case SETTING_BOOL:
		return read_bool(setting, key, e);
	case SETTING_STRING:
		return read_string(setting, key, e);
	case SETTING_TREE:
		*(config_setting_t **)key->to = setting;
		return STATUS_OK;
	}
	return error_set(e, STATUS_INTERNAL, NULL, NULL, "a configuration key without a type");
}

enum status settings_read(const config_setting_t *group, const struct setting_key *keys,
			  size_t count, struct error *e)
{
	if (!config_setting_is_group(group))
		return settings_refuse(group, e, "write it as { key = value; … }",
				       "'%s' is not a group", config_setting_name(group));
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const struct setting_key *key = find_key(keys, count, config_setting_name(setting));

		if (!key)
			return unknown_key(setting, keys, count, e);
		if (read_one(setting, key, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}
