/* The lines that mend. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trust/bundle.h"
#include "trust/doctor_judge.h"

#define VALUES 3

/* Whether the path is the machine's store, or in it. */
static bool is_system(const char *path)
{
	const char *file = bundle_system_file(), *folder = setting_system_folder();
	char real[PATH_MAX], of_file[PATH_MAX], of_folder[PATH_MAX];
	size_t len;

	if (!realpath(path, real))
		return false;
	if (file && realpath(file, of_file) && strcmp(real, of_file) == 0)
		return true;
	if (!folder || !realpath(folder, of_folder))
		return false;
	len = strlen(of_folder);
	/* Java's is below it on Debian, but is a store of its own. */
	return strcmp(real, of_folder) == 0 || (strncmp(real, of_folder, len) == 0 &&
						real[len] == '/' && !strchr(real + len + 1, '/'));
}

/* A file that lines build on is made by a line that comes before them all, once. */
static enum status add_before(const struct doctor_order *order, struct doctor_report *r,
			      const char *what, const char *path, struct error *e)
{
	char *folder = path_folder(path);
	struct text line = {0};
	enum status s = folder ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK && !file_exists(folder)) {
		text_add(&line, "mkdir -p ");
		words_quote(folder, &line);
		text_add(&line, " && ");
	}
	text_printf(&line, "subca bundle %s%s -o ", order->who, what);
	words_quote(path, &line);
	text_add(&line, " --force");
	if (s == STATUS_OK)
		s = text_check(&line, e);
	if (s == STATUS_OK && !words_have(&r->before, text_get(&line)))
		s = words_add(&r->before, text_get(&line), e);
	text_free(&line);
	free(folder);
	return s;
}

/* A line of the table. */
static enum status add_template(const struct doctor_order *order, struct doctor_report *r,
				struct doctor_row *row, const char *template, struct error *e)
{
	struct text bundle = {0}, root = {0}, install = {0}, line = {0};
	enum status s;

	words_quote(order->bundle, &bundle);
	words_quote(order->root_file, &root);
	text_printf(&install, "subca trust install %s", order->who);
	const struct tool_value values[VALUES] = {{"bundle", text_get(&bundle)},
						  {"root", text_get(&root)},
						  {"install", text_get(&install)}};

	s = tool_expand(template, values, VALUES, &line, e);
	if (s == STATUS_OK)
		s = words_add(&row->mend, text_get(&line), e);
	if (s == STATUS_OK && strstr(template, "{bundle}"))
		s = add_before(order, r, "", order->bundle, e);
	if (s == STATUS_OK && strstr(template, "{root}"))
		s = add_before(order, r, " --no-public", order->root_file, e);
	text_free(&bundle);
	text_free(&root);
	text_free(&install);
	text_free(&line);
	return s;
}

/* --- what a setting names is made right, and the setting stays -------------------------------- */

/* A bundle's format goes by its ending, unless that is said. */
static const char *format_words(const struct anchor_store *store)
{
	static const char *const pem[] = {".pem", ".crt"}, *const java[] = {".p12", ".jks"};
	const char *const *endings = store->kind == ANCHORS_JAVA ? java : pem;
	size_t len = strlen(store->path);

	for (size_t i = 0; i < 2; i++)
		if (len > 4 && strcmp(store->path + len - 4, endings[i]) == 0)
			return "";
	return store->kind == ANCHORS_JAVA ? " --format p12" : " --format pem";
}

static enum status mend_file(const struct doctor_order *order, const struct anchor_store *store,
			     enum tool_slot slot, struct words *mend, struct error *e)
{
	struct text path = {0};
	const char *format = format_words(store);
	enum status s;

	words_quote(store->path, &path);
	if (slot == SLOT_ADDED && !store->count)
		s = doctor_say(mend, e, "subca bundle %s --no-public%s -o %s --force", order->who,
			       format, text_get(&path));
	else if (store->count - store->has_root && !store->below)
		s = doctor_say(mend, e, "subca bundle %s --public %s%s -o %s --force", order->who,
			       text_get(&path), format, text_get(&path));
	else
		s = doctor_say(mend, e, "subca bundle %s%s -o %s --force", order->who, format,
			       text_get(&path));
	text_free(&path);
	return s;
}

static enum status mend_folder(const struct doctor_order *order, const struct anchor_store *store,
			       struct words *mend, struct error *e)
{
	struct text path = {0};
	enum status s = STATUS_OK;

	words_quote(store->path, &path);
	if (!store->has_root)
		s = doctor_say(mend, e, "subca bundle %s --no-public -o %s/subca-root.pem",
			       order->who, text_get(&path));
	if (s == STATUS_OK)
		s = doctor_say(mend, e, "openssl rehash %s", text_get(&path));
	text_free(&path);
	return s;
}

static enum status mend_java(const struct doctor_order *order, struct doctor_report *r,
			     struct doctor_row *row, const struct anchor_store *store,
			     struct error *e)
{
	struct text line = {0};
	enum status s;

	if (store->has_root && store->count == 1)
		return mend_file(order, store, SLOT_FILE, &row->mend, e);
	/* Without the password Java sees nothing of a PKCS#12, and says nothing. */
	if (store->has_root)
		return doctor_say(&row->mend, e,
				  "export JAVA_TOOL_OPTIONS=\"$JAVA_TOOL_OPTIONS "
				  "-Djavax.net.ssl.trustStorePassword=" BUNDLE_STORE_PASSWORD "\"");
	text_add(&line, "keytool -importcert -noprompt -alias subca-root -file {root} "
			"-storepass " BUNDLE_STORE_PASSWORD " -keystore ");
	words_quote(store->path, &line);
	s = text_check(&line, e);
	if (s == STATUS_OK)
		s = add_template(order, r, row, text_get(&line), e);
	text_free(&line);
	return s;
}

/* The setting is made to name another file. */
static enum status mend_setting(const struct doctor_order *order, struct doctor_report *r,
				struct doctor_row *row, const struct setting_found *item,
				struct error *e)
{
	const struct tool_setting *setting = item->setting;
	const char *what = setting->slot == SLOT_ADDED ? "{root}" : "{bundle}";
	struct text line = {0};
	enum status s;

	if (setting->mend)
		return add_template(order, r, row, setting->mend, e);
	if (setting->source == SOURCE_VARIABLE && !setting->before)
		text_printf(&line, "export %s=%s", setting->name, what);
	else if (item->file)
		text_printf(&line, "${EDITOR:-vi} %s  # %s = %s", item->file, setting->name, what);
	else
		text_printf(&line, "# set %s to %s", setting->name, what);
	s = text_check(&line, e);
	if (s == STATUS_OK)
		s = add_template(order, r, row, text_get(&line), e);
	text_free(&line);
	return s;
}

static enum status mend_trust(const struct doctor_order *order, struct doctor_report *r,
			      struct doctor_row *row, struct error *e)
{
	const struct setting_found *chief = doctor_chief(row);
	const struct anchor_store *store = chief ? doctor_store(r, row, chief) : NULL;
	bool set = chief && chief->setting->source != SOURCE_PLACE;

	if (!chief)
		return STATUS_OK;
	if (store && is_system(store->path))
		return add_template(order, r, row, "{install}", e);
	if (!set || !store || store->state == ANCHORS_UNREADABLE)
		return mend_setting(order, r, row, chief, e);
	switch (store->kind) {
	case ANCHORS_FOLDER:
		return mend_folder(order, store, &row->mend, e);
	case ANCHORS_JAVA:
		return mend_java(order, r, row, store, e);
	default:
		return mend_file(order, store, chief->setting->slot, &row->mend, e);
	}
}

/* --- what switches off ------------------------------------------------------------------------ */

static enum status mend_off(const struct doctor_order *order, struct doctor_report *r,
			    struct doctor_row *row, const struct setting_found *item,
			    struct error *e)
{
	const struct tool_setting *setting = item->setting;
	struct text file = {0};
	enum status s;

	if (setting->mend)
		return add_template(order, r, row, setting->mend, e);
	if (!item->file)
		return doctor_say(&row->mend, e, "unset %s", setting->name);
	words_quote(item->file, &file);
	s = doctor_say(&row->mend, e, "sed -i '/^[ -]*%s/d' %s", setting->name, text_get(&file));
	text_free(&file);
	return s;
}

/* What is wrong with a folder that is not the chief. */
static enum status mend_links(const struct doctor_order *order, const struct doctor_report *r,
			      struct doctor_row *row, struct error *e)
{
	for (size_t i = 0; i < row->settings.count; i++) {
		const struct anchor_store *store = doctor_store(r, row, &row->settings.items[i]);

		if (store && store->kind == ANCHORS_FOLDER && store->has_root && !store->has_link)
			return mend_folder(order, store, &row->mend, e);
	}
	return STATUS_OK;
}

/* Whether what the setting names, or where it looks, has to change. */
static bool is_wrong(const struct doctor_report *r, const struct doctor_row *row)
{
	const struct setting_found *chief = doctor_chief(row);
	const struct anchor_store *store = chief ? doctor_store(r, row, chief) : NULL;

	return row->verdict == DOCTOR_BREAKS ||
	       (row->verdict == DOCTOR_OPEN && !doctor_trusts(r, row)) ||
	       (row->verdict == DOCTOR_WARNS && store && chief->setting->source != SOURCE_PLACE &&
		(store->state != ANCHORS_READ || store->below || store->bad ||
		 store->count == store->has_root));
}

enum status doctor_mend(const struct doctor_order *order, struct doctor_report *r,
			struct doctor_row *row, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < row->settings.count && s == STATUS_OK; i++)
		if (row->settings.items[i].setting->slot == SLOT_OFF)
			s = mend_off(order, r, row, &row->settings.items[i], e);
	if (s == STATUS_OK && is_wrong(r, row))
		s = mend_trust(order, r, row, e);
	if (s == STATUS_OK && row->verdict > DOCTOR_GOOD && !row->mend.count)
		s = mend_links(order, r, row, e);
	return s;
}
