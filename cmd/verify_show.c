/* The paths that subca verify found, for people and for programs. */
#include "cmd/verify.h"

#include <stdlib.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "cmd/certificate.h"
#include "cmd/layout.h"

#define BAR "  |  "
#define OPEN "     "

static size_t object_of(size_t leaf, const struct path_link *link)
{
	return link->tag == PATH_LEAF ? leaf : link->tag;
}

/* Its place in its file, from 1. */
static size_t number_in_file(const struct verify_files *files, size_t at)
{
	size_t number = 0;

	for (size_t i = 0; i <= at; i++)
		number += files->found.items[i].file == files->found.items[at].file;
	return number;
}

static size_t count_in_file(const struct verify_files *files, size_t at)
{
	size_t count = 0;

	for (size_t i = 0; i < files->found.count; i++)
		count += files->found.items[i].file == files->found.items[at].file;
	return count;
}

static void add_place(const struct verify_files *files, size_t at, struct text *out)
{
	text_add(out, files->names[files->found.items[at].file]);
	if (count_in_file(files, at) > 1)
		text_printf(out, " number %zu", number_in_file(files, at));
}

static void add_time(const ASN1_TIME *t, struct text *out)
{
	char shown[DATETIME_SIZE] = "?";
	int64_t at;

	if (inspect_time(t, &at))
		datetime_format(at, shown);
	text_add(out, shown);
}

static void print_link(const struct output *o, const struct verify_files *files, size_t leaf,
		       const struct path_link *link, bool last)
{
	const char *prefix = last ? OPEN : BAR;
	struct text name = {0}, about = {0}, safe = {0};

	name_show(X509_get_subject_name(link->certificate), &name);
	printf("  %s", colour_code(o->colour, COLOUR_BOLD));
	layout_wrap_after(stdout, 2, prefix, 0, name.len ? text_get(&name) : "(no name)");
	fputs(colour_code(o->colour, COLOUR_NONE), stdout);
	if (link->anchor)
		text_add(&about, "trusted; ");
	add_place(files, object_of(leaf, link), &about);
	text_add(&about, "; ");
	add_time(X509_get0_notBefore(link->certificate), &about);
	text_add(&about, " to ");
	add_time(X509_get0_notAfter(link->certificate), &about);
	text_add_escaped(&safe, span_text(text_get(&about)));
	fputs(prefix, stdout);
	layout_wrap_after(stdout, 5, prefix, 0, text_get(&safe));
	output_findings_after(o, stdout, prefix, &link->findings);
	text_free(&name);
	text_free(&about);
	text_free(&safe);
}

static void print_verdict(const struct output *o, const struct path *path, const char *file)
{
	bool good = path_is_good(path);
	struct text safe = {0};
	size_t link;
	const struct finding *first = path_first_error(path, &link);

	text_add_escaped(&safe, span_text(file));
	printf("%s: %s%s%s", text_get(&safe),
	       colour_code(o->colour, good ? COLOUR_GREEN : COLOUR_RED), good ? "good" : "refused",
	       colour_code(o->colour, COLOUR_NONE));
	if (first)
		printf(" at link %zu: %s", link + 1, first->rule->id);
	putchar('\n');
	text_free(&safe);
}

/* What the path would need next; one that signed itself needs nothing but trust. */
static void print_missing(X509 *last)
{
	struct text name = {0};

	if (X509_self_signed(last, 0) == 1) {
		puts("  ?  not trusted");
		return;
	}
	name_show(X509_get_issuer_name(last), &name);
	fputs("  ?  ", stdout);
	layout_wrap_after(stdout, 5, OPEN, 0, text_get(&name));
	text_free(&name);
}

void verify_print(const struct output *o, const struct verify_files *files, size_t leaf,
		  const struct path *path)
{
	bool reaches = path->complete;

	print_verdict(o, path, files->names[files->found.items[leaf].file]);
	for (size_t i = 0; i < path->count; i++) {
		bool last = i + 1 == path->count;

		print_link(o, files, leaf, &path->links[i], last && reaches);
		if (!last)
			puts("  |");
	}
	if (!reaches)
		print_missing(path->links[path->count - 1].certificate);
}

static json_t *link_json(const struct verify_files *files, size_t leaf,
			 const struct path_link *link)
{
	size_t at = object_of(leaf, link);
	struct error ignored;
	json_t *object = NULL;

	if (certificate_json(span_of(&files->found.items[at].der), "", &object, &ignored) !=
	    STATUS_OK)
		return NULL;
	if (json_object_set_new(object, "file",
				output_json_text(files->names[files->found.items[at].file])) != 0 ||
	    json_object_set_new(object, "number",
				json_integer((json_int_t)number_in_file(files, at))) != 0 ||
	    json_object_set_new(object, "trusted", json_boolean(link->anchor)) != 0 ||
	    json_object_set_new(object, "findings", output_findings_json(&link->findings)) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *verify_json(const struct verify_files *files, size_t leaf, const struct path *path)
{
	json_t *links = json_array();

	for (size_t i = 0; links && i < path->count; i++)
		if (json_array_append_new(links, link_json(files, leaf, &path->links[i])) != 0) {
			json_decref(links);
			links = NULL;
		}
	return json_pack("{s:o, s:b, s:b, s:o}", "file",
			 output_json_text(files->names[files->found.items[leaf].file]), "good",
			 path_is_good(path), "complete", path->complete, "path", links);
}
