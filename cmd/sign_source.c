#include "cmd/sign_source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "csr/input.h"

#define NAMES_AT_ONCE 4096

struct names {
	char **items;
	size_t count, at;
};

struct pending {
	struct batch_request *items;
	size_t count, at;
};

struct sign_source {
	const struct sign_order *order;
	const char *folder; /* NULL: files */
	const char *const *files;
	size_t file_count, file_at;
	const char *into;
	bool all;
	DIR *open;
	struct names names;	/* of the folder, sorted, that come next */
	struct pending pending; /* of the file that was read last */
};

/* --- names ------------------------------------------------------------------------------------ */

static const char *const endings[] = {".csr", ".req", ".p10"};
#define ENDINGS (sizeof endings / sizeof endings[0])

static const char *ending_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && dot != name && i < ENDINGS; i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return dot;
	return NULL;
}

static void names_free(struct names *n)
{
	while (n->count)
		free(n->items[--n->count]);
	free(n->items);
	*n = (struct names){0};
}

static int ascending(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status read_names(struct sign_source *s, struct error *e)
{
	struct names *n = &s->names;
	struct dirent *entry;

	names_free(n);
	n->items = calloc(NAMES_AT_ONCE, sizeof *n->items);
	if (!n->items)
		return error_memory(e);
	while (n->count < NAMES_AT_ONCE && (errno = 0, entry = readdir(s->open))) {
		if (entry->d_name[0] == '.' || !ending_of(entry->d_name))
			continue;
		n->items[n->count] = strdup(entry->d_name);
		if (!n->items[n->count++])
			return error_memory(e);
	}
	if (errno)
		return error_errno(e, STATUS_SYSTEM, s->folder, "check the disk", "cannot be read");
	qsort(n->items, n->count, sizeof *n->items, ascending);
	return STATUS_OK;
}

/* The next file's path, to be freed; NULL at the end. */
static enum status next_file(struct sign_source *s, char **path, struct error *e)
{
	struct names *n = &s->names;

	*path = NULL;
	if (!s->folder) {
		if (s->file_at == s->file_count)
			return STATUS_OK;
		*path = strdup(s->files[s->file_at++]);
		return *path ? STATUS_OK : error_memory(e);
	}
	if (n->at == n->count && read_names(s, e) != STATUS_OK)
		return error_status(e);
	if (n->count == 0)
		return STATUS_OK;
	*path = path_join(s->folder, n->items[n->at++]);
	return *path ? STATUS_OK : error_memory(e);
}

size_t sign_source_files(const struct sign_source *s)
{
	DIR *folder = s->folder ? opendir(s->folder) : NULL;
	struct dirent *entry;
	size_t count = 0;

	if (!s->folder)
		return s->file_count;
	while (folder && (entry = readdir(folder)))
		count += entry->d_name[0] != '.' && ending_of(entry->d_name);
	if (folder)
		closedir(folder);
	return count;
}

/* --- a request -------------------------------------------------------------------------------- */

/* "a.csr" and "a.req" would be written to one file: the first of endings[] is taken. */
static enum status expect_own_name(const struct sign_source *s, const char *file, struct error *e)
{
	const char *dot = ending_of(path_name(file));

	for (size_t i = 0; s->folder && dot && i < ENDINGS && strcasecmp(dot, endings[i]) != 0;
	     i++) {
		char *other;
		bool there;

		if (asprintf(&other, "%.*s%s", (int)(dot - file), file, endings[i]) < 0)
			return error_memory(e);
		there = file_exists(other);
		free(other);
		if (there)
			return error_set(e, STATUS_USAGE, file, "give it another name",
					 "would be written where the one that ends in %s is",
					 endings[i]);
	}
	return STATUS_OK;
}

/* number 0: the only one of its file. */
static enum status name_files(const struct sign_source *s, const char *file, size_t number,
			      struct batch_request *r, struct error *e)
{
	const char *name = path_name(file), *dot = strrchr(name, '.');
	int len = (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name));
	char count[24] = "", *certificate = NULL, *chain = NULL;

	if (number)
		snprintf(count, sizeof count, "-%zu", number);
	if (asprintf(&certificate, "%.*s%s.pem", len, name, count) < 0)
		certificate = NULL;
	if (asprintf(&chain, "%.*s%s-chain.pem", len, name, count) < 0)
		chain = NULL;
	if (certificate && chain) {
		r->certificate = path_join(s->into, certificate);
		r->chain = path_join(s->into, chain);
	}
	free(certificate);
	free(chain);
	if (number && asprintf(&r->origin, "%s, request %zu", file, number) < 0)
		r->origin = NULL;
	if (!number)
		r->origin = strdup(file);
	return r->certificate && r->chain && r->origin ? STATUS_OK : error_memory(e);
}

static enum status describe(const struct sign_source *s, const char *file, size_t number,
			    struct batch_request *r, struct error *e)
{
	if (name_files(s, file, number, r, e) != STATUS_OK)
		return error_status(e);
	/* What is wrong with one name is that request's own affair. */
	if (expect_own_name(s, file, &r->refusal) == STATUS_OK &&
	    sign_portal_takes_name(s->order, r->chain, &r->refusal) == STATUS_OK)
		r->refusal.status = STATUS_OK;
	return STATUS_OK;
}

/* --- several in one file ---------------------------------------------------------------------- */

static void pending_free(struct pending *p)
{
	while (p->count)
		batch_request_free(&p->items[--p->count]);
	free(p->items);
	*p = (struct pending){0};
}

static enum status keep(void *context, struct span der, struct error *e)
{
	struct pending *p = context;
	struct batch_request *items = reallocarray(p->items, p->count + 1, sizeof *items);

	if (!items)
		return error_memory(e);
	p->items = items;
	items[p->count] = (struct batch_request){0};
	return bytes_copy(&items[p->count++].der, der, e);
}

static enum status read_all(struct sign_source *s, const char *file, struct error *e)
{
	struct pending *p = &s->pending;
	struct bytes content = {0};
	enum status status = file_read(file, CSR_INPUT_MAX, &content, e);

	if (status == STATUS_OK)
		status = csr_input_each(span_of(&content), keep, p, e);
	bytes_free(&content);
	for (size_t i = 0; status == STATUS_OK && i < p->count; i++)
		status = describe(s, file, p->count > 1 ? i + 1 : 0, &p->items[i], e);
	return status;
}

/* A file that cannot be read is one request that is refused. */
static enum status take_several(struct sign_source *s, const char *file, struct batch_request *out,
				bool *more, struct error *e)
{
	struct error why = {0};

	pending_free(&s->pending);
	if (read_all(s, file, &why) == STATUS_OK)
		return sign_source_next(s, out, more, e);
	pending_free(&s->pending);
	if (describe(s, file, 0, out, e) != STATUS_OK)
		return error_status(e);
	error_at(&why, file);
	out->refusal = why;
	return STATUS_OK;
}

enum status sign_source_next(struct sign_source *s, struct batch_request *out, bool *more,
			     struct error *e)
{
	struct pending *p = &s->pending;
	char *file = NULL;
	enum status status = STATUS_OK;

	*out = (struct batch_request){0};
	*more = true;
	if (p->at < p->count) {
		*out = p->items[p->at];
		p->items[p->at++] = (struct batch_request){0};
		return STATUS_OK;
	}
	if (next_file(s, &file, e) != STATUS_OK)
		return error_status(e);
	if (!file) {
		*more = false;
		return STATUS_OK;
	}
	if (s->all)
		status = take_several(s, file, out, more, e);
	else
		status = describe(s, file, 0, out, e);
	if (status == STATUS_OK && !s->all) {
		out->file = file;
		return STATUS_OK;
	}
	free(file);
	if (status != STATUS_OK)
		batch_request_free(out);
	return status;
}

/* The length of NAME in "DIR/NAME.csr". */
static size_t stem_length(const char *file)
{
	const char *name = path_name(file), *dot = strrchr(name, '.');

	return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

static int by_stem(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t x_len = stem_length(x), y_len = stem_length(y);
	int order = memcmp(path_name(x), path_name(y), x_len < y_len ? x_len : y_len);

	return order ? order : (x_len > y_len) - (x_len < y_len);
}

static enum status expect_own_stems(const char *const *files, size_t count, struct error *e)
{
	const char **sorted = calloc(count + 1, sizeof *sorted);
	enum status status = STATUS_OK;

	if (!sorted)
		return error_memory(e);
	for (size_t i = 0; i < count; i++)
		sorted[i] = files[i];
	qsort(sorted, count, sizeof *sorted, by_stem);
	for (size_t i = 1; i < count && status == STATUS_OK; i++)
		if (by_stem(&sorted[i - 1], &sorted[i]) == 0)
			status = error_set(e, STATUS_USAGE, sorted[i], "sign them apart",
					   "and %.200s would be written to the same file",
					   sorted[i - 1]);
	free(sorted);
	return status;
}

enum status sign_source_open(const struct sign_order *order, const char *folder,
			     const char *const *files, size_t count, const char *into,
			     struct sign_source **out, struct error *e)
{
	struct sign_source *s;

	if (expect_own_stems(files, count, e) != STATUS_OK)
		return error_status(e);
	s = calloc(1, sizeof *s);
	if (!s)
		return error_memory(e);
	s->order = order;
	s->folder = folder;
	s->files = files;
	s->file_count = count;
	s->into = into;
	s->all = options_given(&order->in->options, "all");
	if (folder && !(s->open = opendir(folder))) {
		free(s);
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_INPUT, folder,
				   "name a folder with requests", "cannot be read");
	}
	*out = s;
	return STATUS_OK;
}

void sign_source_close(struct sign_source *s)
{
	if (!s)
		return;
	names_free(&s->names);
	pending_free(&s->pending);
	if (s->open)
		closedir(s->open);
	free(s);
}
