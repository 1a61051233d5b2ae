#include "audit/policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit/rule.h"
#include "base/datetime.h"
#include "base/settings.h"

static void acceptance_free(struct acceptance *a)
{
	free(a->id);
	free(a->serial);
	free(a->where);
	free(a->by);
	free(a->why);
}

void policy_free(struct audit_policy *p)
{
	for (size_t i = 0; i < p->count; i++)
		acceptance_free(&p->items[i]);
	free(p->items);
	free(p->path);
	*p = (struct audit_policy){0};
}

static enum status check(const config_setting_t *group, const struct acceptance *a, struct error *e)
{
	static const char form[] = "an entry has id, serial or where, until, by and why";

	if (!a->id || !a->by || !a->why || !a->until || !a->serial == !a->where)
		return settings_refuse(group, e, form, "an entry is not whole");
	if (!audit_rule_find(a->id))
		return settings_refuse(group, e, "the report names each finding's rule",
				       "there is no rule '%.60s'", a->id);
	if (a->serial && strcmp(a->serial, "*") != 0 &&
	    (!*a->serial || a->serial[strspn(a->serial, "0123456789abcdefABCDEF")]))
		return settings_refuse(group, e, "write it as the report shows it",
				       "serial '%.60s' is not hexadecimal", a->serial);
	return STATUS_OK;
}

static enum status read_one(const config_setting_t *group, struct acceptance *out, struct error *e)
{
	char *until = NULL;
	struct error why;
	const struct setting_key keys[] = {
		{"id", SETTING_STRING, &out->id, 1, 64},
		{"serial", SETTING_STRING, &out->serial, 1, 64},
		{"where", SETTING_STRING, &out->where, 1, 4096},
		{"until", SETTING_STRING, &until, 1, 32},
		{"by", SETTING_STRING, &out->by, 1, 256},
		{"why", SETTING_STRING, &out->why, 1, 1024},
	};
	enum status s = settings_read(group, keys, sizeof keys / sizeof keys[0], e);

	if (s == STATUS_OK && until && datetime_parse(until, &out->until, &why) != STATUS_OK)
		s = settings_refuse(group, e, "write until like 2027-01-31", "%s", why.what);
	free(until);
	return s == STATUS_OK ? check(group, out, e) : s;
}

enum status policy_read(const char *path, struct audit_policy *out, struct error *e)
{
	config_setting_t *accepted = NULL;
	const struct setting_key keys[] = {{"accepted", SETTING_TREE, &accepted, 0, 0}};
	config_t config;
	enum status s = settings_load(path, &config, e);
	size_t count;

	*out = (struct audit_policy){.path = strdup(path)};
	if (s == STATUS_OK)
		s = settings_read(config_root_setting(&config), keys, 1, e);
	if (s == STATUS_OK && accepted && !config_setting_is_list(accepted))
		s = settings_refuse(accepted, e, "write accepted = ( { … }, { … } );",
				    "'accepted' is not a list");
	count = s == STATUS_OK && accepted ? (size_t)config_setting_length(accepted) : 0;
	if (s == STATUS_OK) {
		out->items = calloc(count + 1, sizeof *out->items);
		if (!out->items || !out->path)
			s = error_memory(e);
	}
	for (size_t i = 0; s == STATUS_OK && i < count; i++) {
		const config_setting_t *group = config_setting_get_elem(accepted, (unsigned)i);

		out->count++;
		s = config_setting_is_group(group)
			    ? read_one(group, &out->items[i], e)
			    : settings_refuse(group, e, "write { id = …; … }",
					      "an entry is no group");
	}
	config_destroy(&config);
	if (s != STATUS_OK)
		policy_free(out);
	return s;
}

static bool same_serial(const char *wanted, const char *serial)
{
	if (strcmp(wanted, "*") == 0)
		return true;
	wanted += strspn(wanted, "0");
	serial += strspn(serial, "0");
	return strcasecmp(wanted, serial) == 0;
}

size_t policy_accepts(struct audit_policy *p, const char *id, const char *serial, const char *where,
		      int64_t now)
{
	for (size_t i = 0; i < p->count; i++) {
		struct acceptance *a = &p->items[i];

		if (strcmp(a->id, id) != 0 || a->until <= now)
			continue;
		if (a->serial ? !serial || !same_serial(a->serial, serial)
			      : !where || strcmp(a->where, where) != 0)
			continue;
		a->used++;
		return i + 1;
	}
	return 0;
}
