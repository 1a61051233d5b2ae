#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "base/settings.h"
#include "ca/create.h"
#include "ca/create_order.h"

void create_order_free(struct create_order *o)
{
	free(o->subject);
	free(o->key_type);
	free(o->key_name);
	free(o->profile);
	free(o->parent);
	free(o->first_serial);
	free(o->predecessor);
	free(o->replaces);
	free(o->urls.crl);
	free(o->urls.delta_crl);
	free(o->urls.ocsp);
	free(o->urls.ca_issuers);
	*o = (struct create_order){0};
}

/* A libconfig string; octets outside printable ASCII are written as \xNN, which it reads back. */
static void add_string(struct text *out, const char *key, const char *value)
{
	if (!value)
		return;
	text_printf(out, "%s = \"", key);
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		if (*c == '"' || *c == '\\')
			text_printf(out, "\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7F)
			text_printf(out, "\\x%02x", *c);
		else
			text_append(out, (const char *)c, 1);
	}
	text_add(out, "\";\n");
}

static void add_time(struct text *out, const char *key, int64_t t)
{
	char text[DATETIME_SIZE];

	if (!t)
		return;
	datetime_format(t, text);
	add_string(out, key, text);
}

enum status create_order_text(const struct create_order *o, struct text *out, struct error *e)
{
	text_add(out, "# An 'init' is under way here, or was interrupted:\n");
	text_add(
		out,
		"# 'subca init DIR --resume' finishes it, 'subca init DIR --discard' removes it.\n");
	add_string(out, "subject", o->subject);
	add_string(out, "key", o->key_type);
	add_string(out, "key_name", o->key_name);
	add_string(out, "profile", o->profile);
	add_string(out, "parent", o->parent);
	add_string(out, "serial", o->first_serial);
	add_string(out, "predecessor", o->predecessor);
	add_string(out, "replaces", o->replaces);
	add_string(out, "crl", o->urls.crl);
	add_string(out, "delta_crl", o->urls.delta_crl);
	add_string(out, "ocsp", o->urls.ocsp);
	add_string(out, "ca_issuers", o->urls.ca_issuers);
	text_printf(out, "days = %d;\n", o->days);
	add_time(out, "not_after", o->not_after);
	text_printf(out, "fit = %s;\n", o->fit ? "true" : "false");
	text_printf(out, "encrypt = %s;\n", o->encrypt ? "true" : "false");
	text_printf(out, "use_existing = %s;\n", o->use_existing ? "true" : "false");
	add_time(out, "now", o->now);
	return text_check(out, e);
}

static enum status read_order(const char *file, struct create_order *o, struct error *e)
{
	char *now = NULL, *not_after = NULL;
	const struct setting_key keys[] = {
		{"subject", SETTING_STRING, &o->subject, 1, 4096},
		{"key", SETTING_STRING, &o->key_type, 1, 32},
		{"key_name", SETTING_STRING, &o->key_name, 1, 4096},
		{"profile", SETTING_STRING, &o->profile, 1, PROFILE_NAME_MAX},
		{"parent", SETTING_STRING, &o->parent, 1, 4096},
		{"serial", SETTING_STRING, &o->first_serial, 1, 64},
		{"predecessor", SETTING_STRING, &o->predecessor, 1, 4096},
		{"replaces", SETTING_STRING, &o->replaces, 2, 2 * SERIAL_MAX},
		{"crl", SETTING_STRING, &o->urls.crl, 1, 512},
		{"delta_crl", SETTING_STRING, &o->urls.delta_crl, 1, 512},
		{"ocsp", SETTING_STRING, &o->urls.ocsp, 1, 512},
		{"ca_issuers", SETTING_STRING, &o->urls.ca_issuers, 1, 512},
		{"days", SETTING_INT, &o->days, 0, 36525},
		{"not_after", SETTING_STRING, &not_after, 20, 20},
		{"fit", SETTING_BOOL, &o->fit, 0, 0},
		{"encrypt", SETTING_BOOL, &o->encrypt, 0, 0},
		{"use_existing", SETTING_BOOL, &o->use_existing, 0, 0},
		{"now", SETTING_STRING, &now, 20, 20},
	};
	config_t config;
	enum status s = settings_load(file, &config, e);

	if (s == STATUS_OK)
		s = settings_read(config_root_setting(&config), keys, sizeof keys / sizeof keys[0],
				  e);
	if (s == STATUS_OK && (!o->subject || !o->key_type || !o->profile || !now))
		s = error_set(e, STATUS_DAMAGED, file, "remove it with 'subca init DIR --discard'",
			      "does not say what was to be made");
	if (s == STATUS_OK)
		s = datetime_parse(now, &o->now, e);
	if (s == STATUS_OK && not_after)
		s = datetime_parse(not_after, &o->not_after, e);
	config_destroy(&config);
	free(now);
	free(not_after);
	return s;
}

enum status create_order_read(const char *folder, struct create_order *out, struct error *e)
{
	char *file = path_join(folder, AUTHORITY_UNFINISHED);
	struct create_order o = {0};
	enum status s = file ? read_order(file, &o, e) : error_memory(e);

	if (s == STATUS_NOT_FOUND)
		s = error_set(e, STATUS_NOT_FOUND, folder, NULL,
			      "no 'init' was interrupted here (no " AUTHORITY_UNFINISHED ")");
	free(file);
	if (s != STATUS_OK) {
		create_order_free(&o);
		return s;
	}
	*out = o;
	return STATUS_OK;
}
