#include "trust/certs_d.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/walk.h"

#define REGISTRIES_MOST 1024

static const struct rule not_read = {
	"docker_not_read", SEVERITY_WARNING, "docs.docker.com/engine/security/certificates",
	"the daemon takes .crt for a CA, .cert and .key for a client, and nothing else",
	"give it one of these endings, in the registry's folder"};
static const struct rule pair = {
	"docker_pair", SEVERITY_WARNING, "docs.docker.com/engine/security/certificates",
	"the daemon refuses the registry as a whole: a client's certificate needs its key",
	"put NAME.cert and NAME.key side by side; a CA's file ends in .crt"};
static const struct rule no_certificate = {"docker_no_certificate", SEVERITY_WARNING,
					   "docs.docker.com/engine/security/certificates",
					   "the daemon passes over it in silence",
					   "put the root there, as PEM"};
static const struct rule no_root = {
	"docker_no_root", SEVERITY_NOTICE, "docs.docker.com/engine/security/certificates",
	"what is in the machine's store counts as well",
	"put the root there where the machine's store is not to have it"};

/* One registry being looked at. */
struct registry {
	const struct anchor_search *search;
	struct findings *findings;
	bool has_root;
};

static bool ends(const char *path, const char *ending)
{
	size_t len = strlen(path), tail = strlen(ending);

	return len > tail && strcmp(path + len - tail, ending) == 0;
}

static enum status check_ca(struct registry *r, const char *path, struct error *e)
{
	struct anchor_store store = {0};
	enum status s = anchor_store_read(r->search, path, &store, e);

	if (s == STATUS_OK && !store.count)
		s = findings_add(r->findings, &no_certificate, path, e, "holds no certificate%s%s",
				 *store.problem ? ": " : "", store.problem);
	r->has_root = r->has_root || store.has_root;
	anchor_store_free(&store);
	return s;
}

/* Whether the file with the other ending is there. */
static enum status check_pair(struct registry *r, const char *path, const char *ending,
			      const char *other, struct error *e)
{
	struct text partner = {0};
	enum status s;

	text_append(&partner, path, strlen(path) - strlen(ending));
	text_add(&partner, other);
	s = text_check(&partner, e);
	if (s == STATUS_OK && !file_exists(text_get(&partner)))
		s = findings_add(r->findings, &pair, path, e, "has no %s beside it",
				 path_name(text_get(&partner)));
	text_free(&partner);
	return s;
}

static enum status check_file(void *context, const char *path, struct error *e)
{
	struct registry *r = context;

	if (ends(path, ".crt"))
		return check_ca(r, path, e);
	if (ends(path, ".cert"))
		return check_pair(r, path, ".cert", ".key", e);
	if (ends(path, ".key"))
		return check_pair(r, path, ".key", ".cert", e);
	return findings_add(r->findings, &not_read, path, e, "is not read by the daemon");
}

static enum status check_registry(const struct anchor_search *search, const char *path,
				  size_t *with_root, struct findings *findings, struct error *e)
{
	struct registry r = {.search = search, .findings = findings};
	enum status s;

	if (!walk_is_folder(path))
		return findings_add(findings, &not_read, path, e,
				    "lies beside the registries' folders, where nothing is read");
	if (access(path, R_OK | X_OK) != 0)
		return findings_add(findings, &not_read, path, e, "cannot be looked into");
	s = anchor_folder_each(path, check_file, &r, e);
	*with_root += r.has_root;
	if (s == STATUS_OK && !r.has_root)
		s = findings_add(findings, &no_root, path, e, "does not hold the root");
	return s;
}

enum status certs_d_check(const char *folder, const struct anchor_search *search,
			  size_t *registries, size_t *with_root, struct findings *findings,
			  struct error *e)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	enum status s = STATUS_OK;

	*registries = *with_root = 0;
	while (list && s == STATUS_OK && *registries < REGISTRIES_MOST &&
	       (entry = readdir(list)) != NULL) {
		char *path = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		path = path_join(folder, entry->d_name);
		*registries += path && walk_is_folder(path);
		s = path ? check_registry(search, path, with_root, findings, e) : error_memory(e);
		free(path);
	}
	if (list)
		closedir(list);
	return s;
}
