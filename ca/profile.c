#include "ca/profile.h"

#include <dirent.h>
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/settings.h"
#include "base/suggest.h"
#include "ca/profile_read.h"

#define EXTENDS_DEPTH 8
#define PROFILES_MAX 256
#define SUFFIX ".conf"

static bool good_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len <= PROFILE_NAME_MAX && name[len] == '\0' && name[0] != '-';
}

enum status profile_shipped_folder(char **out, struct error *e)
{
	const char *named = getenv("SUBCA_TEMPLATES");
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	char *build, *top = NULL, *beside = NULL;

	if (named && *named) {
		*out = strdup(named);
		return *out ? STATUS_OK : error_memory(e);
	}
	self[len > 0 ? len : 0] = '\0';
	/* TOP/build/subca and TOP/build/VARIANT/subca run with the templates of their own tree. */
	build = strstr(self, "/build/");
	if (build && (top = strndup(self, (size_t)(build - self))) != NULL)
		beside = path_join(top, "templates");
	free(top);
	if (beside && access(beside, R_OK | X_OK) == 0) {
		*out = beside;
		return STATUS_OK;
	}
	free(beside);
	*out = strdup(SUBCA_TEMPLATES_DIR);
	return *out ? STATUS_OK : error_memory(e);
}

/* The file of a profile in one folder, NULL where it is not there. */
static char *file_in(const char *folder, const char *name)
{
	char leaf[PROFILE_NAME_MAX + sizeof SUFFIX];
	char *file;

	if (!folder)
		return NULL;
	snprintf(leaf, sizeof leaf, "%s" SUFFIX, name);
	file = path_join(folder, leaf);
	if (file && !file_exists(file)) {
		free(file);
		file = NULL;
	}
	return file;
}

struct names {
	char *list[PROFILES_MAX];
	size_t count;
};

static enum status collect_name(void *context, const char *name, const char *file, struct error *e)
{
	struct names *n = context;

	(void)file;
	if (n->count == PROFILES_MAX)
		return STATUS_OK;
	n->list[n->count] = strdup(name);
	return n->list[n->count++] ? STATUS_OK : error_memory(e);
}

static enum status not_found(const struct profile_path *path, const char *name, struct error *e)
{
	struct names n = {.count = 0};
	char todo[sizeof e->todo] = "'subca profile list' shows what there is";
	const char *near = NULL;

	if (profile_each(path, collect_name, &n, e) == STATUS_OK)
		near = suggest(name, (const char *const *)n.list, n.count);
	if (near)
		snprintf(todo, sizeof todo, "did you mean '%s'?", near);
	while (n.count)
		free(n.list[--n.count]);
	return error_set(e, STATUS_NOT_FOUND, NULL, todo, "no profile is called '%.64s'", name);
}

static enum status locate(const struct profile_path *path, const char *name, const char *not_this,
			  char **file, struct error *e)
{
	const char *const folders[] = {path->ca, path->shipped};

	if (!good_name(name))
		return error_told(not_found(path, name, e), STATUS_NOT_FOUND);
	for (size_t i = 0; i < 2; i++) {
		char *found = file_in(folders[i], name);

		/* A CA's own zia.conf may extend the shipped "zia": a file never extends itself. */
		if (found && (!not_this || strcmp(found, not_this) != 0)) {
			*file = found;
			return STATUS_OK;
		}
		free(found);
	}
	return error_told(not_found(path, name, e), STATUS_NOT_FOUND);
}

static enum status apply_file(const struct profile_path *path, const char *file, int depth,
			      struct profile *p, struct error *e);

static enum status apply_base(const struct profile_path *path, const config_setting_t *root,
			      const char *file, int depth, struct profile *p, struct error *e)
{
	const config_setting_t *extends = config_setting_get_member(root, "extends");
	const char *base;
	char *base_file = NULL;
	enum status s;

	if (!extends)
		return STATUS_OK;
	base = config_setting_get_string(extends);
	if (!base)
		return settings_refuse(extends, e, "name a profile in double quotes",
				       "'extends' is not a text");
	if (depth == EXTENDS_DEPTH)
		return settings_refuse(extends, e, "look for a circle",
				       "profiles extend each other more than %d deep", depth);
	s = locate(path, base, file, &base_file, e);
	if (s == STATUS_NOT_FOUND)
		return settings_refuse(extends, e, "name one that exists",
				       "extends '%.64s', which does not exist", base);
	if (s == STATUS_OK)
		s = apply_file(path, base_file, depth + 1, p, e);
	free(base_file);
	return s;
}

static enum status apply_file(const struct profile_path *path, const char *file, int depth,
			      struct profile *p, struct error *e)
{
	config_t config;
	enum status s = settings_load(file, &config, e);

	if (s == STATUS_OK)
		s = apply_base(path, config_root_setting(&config), file, depth, p, e);
	if (s == STATUS_OK)
		s = profile_read(config_root_setting(&config), p, e);
	config_destroy(&config);
	return s;
}

enum status profile_load_file(const struct profile_path *path, const char *file,
			      struct profile **out, struct error *e)
{
	struct profile *p = calloc(1, sizeof *p);
	size_t len = strcspn(path_name(file), ".");
	enum status s;

	if (!p)
		return error_memory(e);
	/* The safe side where a profile says nothing. */
	p->basic_constraints_critical = p->key_usage_critical = true;
	p->subject_key_identifier = p->authority_key_identifier = true;
	p->path_length = PROFILE_PATH_LENGTH_NONE;
	p->kind = PROFILE_LEAF;
	p->subject_others = SUBJECT_FORBIDDEN;
	snprintf(p->name, sizeof p->name, "%.*s", (int)(len > PROFILE_NAME_MAX ? 0 : len),
		 path_name(file));
	p->file = strdup(file);
	s = p->file ? apply_file(path, file, 0, p, e) : error_memory(e);
	if (s != STATUS_OK) {
		profile_free(p);
		return s;
	}
	*out = p;
	return STATUS_OK;
}

enum status profile_load(const struct profile_path *path, const char *name, struct profile **out,
			 struct error *e)
{
	char *file = NULL;
	enum status s = locate(path, name, NULL, &file, e);

	if (s == STATUS_OK)
		s = profile_load_file(path, file, out, e);
	free(file);
	return s;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	while (p->policy_count)
		free(p->policies[--p->policy_count]);
	free(p->description);
	free(p->file);
	free(p);
}

static int is_profile(const struct dirent *entry)
{
	char name[PROFILE_NAME_MAX + 1];
	size_t len = strlen(entry->d_name), tail = strlen(SUFFIX);

	if (len <= tail || len - tail > PROFILE_NAME_MAX ||
	    strcmp(entry->d_name + len - tail, SUFFIX) != 0)
		return 0;
	snprintf(name, sizeof name, "%.*s", (int)(len - tail), entry->d_name);
	return good_name(name);
}

/* "zia" before "zia-hsm", which their file names would not give: "." sorts after "-". */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	size_t a_len = strlen((*a)->d_name) - strlen(SUFFIX);
	size_t b_len = strlen((*b)->d_name) - strlen(SUFFIX);
	int order = strncmp((*a)->d_name, (*b)->d_name, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* Names in one folder that hidden_by does not have. */
static enum status each_in(const char *folder, const char *hidden_by, profile_visit *visit,
			   void *context, struct error *e)
{
	struct dirent **entries = NULL;
	enum status s = STATUS_OK;
	int count = folder ? scandir(folder, &entries, is_profile, by_name) : 0;

	if (count < 0)
		return errno == ENOENT
			       ? STATUS_OK
			       : error_errno(e, STATUS_SYSTEM, folder, NULL, "cannot be listed");
	for (int i = 0; i < count; i++) {
		char name[PROFILE_NAME_MAX + 1];
		char *file, *hiding;

		snprintf(name, sizeof name, "%.*s",
			 (int)(strlen(entries[i]->d_name) - strlen(SUFFIX)), entries[i]->d_name);
		free(entries[i]);
		hiding = file_in(hidden_by, name);
		file = hiding ? NULL : file_in(folder, name);
		if (s == STATUS_OK && file)
			s = visit(context, name, file, e);
		free(hiding);
		free(file);
	}
	free(entries);
	return s;
}

enum status profile_each(const struct profile_path *path, profile_visit *visit, void *context,
			 struct error *e)
{
	enum status s = each_in(path->ca, NULL, visit, context, e);

	if (s == STATUS_OK)
		s = each_in(path->shipped, path->ca, visit, context, e);
	return s;
}
