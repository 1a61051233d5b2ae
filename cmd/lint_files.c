/* The files that "subca lint" reads: one in memory at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/file.h"
#include "base/walk.h"
#include "ca/contents.h"
#include "ca/path.h"
#include "cmd/lint_run.h"

/* A bundle of all public roots has 150; past this a file is no longer judged as a whole. */
#define WHOLE_MOST 1024
#define SERIAL_ROOM 128

struct file {
	struct lint_run *run;
	const char *path;
	size_t number;
	bool several, in_p7b;
	X509 *certificates[WHOLE_MOST];
	size_t count;
	bool more; /* than WHOLE_MOST */
};

/* --- one thing -------------------------------------------------------------------------------- */

/* One that cannot be decoded is left out: what is wrong with it was told. */
static void keep(struct file *f, struct span der)
{
	const unsigned char *at = der.data;
	X509 *x = NULL;

	f->more |= f->count == WHOLE_MOST;
	if (f->run->as == LINT_AS_APART || f->more)
		return;
	ERR_set_mark();
	x = d2i_X509(NULL, &at, (long)der.len);
	ERR_pop_to_mark();
	if (x)
		f->certificates[f->count++] = x;
}

/* Asked for by what --accept accepts; a bad one has no number of its own. */
static const char *serial_of(const struct lint_run *r, const struct content *c,
			     char room[SERIAL_ROOM])
{
	const unsigned char *at = c->der.data;
	const ASN1_INTEGER *serial;
	X509 *x;

	if (c->form != LINT_FORM_CERTIFICATE || !r->choice.accepted.count)
		return NULL;
	ERR_set_mark();
	x = d2i_X509(NULL, &at, (long)c->der.len);
	ERR_pop_to_mark();
	serial = x ? X509_get0_serialNumber(x) : NULL;
	if (serial && ASN1_STRING_length(serial) <= SERIAL_ROOM / 2 - 1)
		hex_encode((struct span){ASN1_STRING_get0_data(serial),
					 (size_t)ASN1_STRING_length(serial)},
			   room);
	else
		serial = NULL;
	X509_free(x);
	return serial ? room : NULL;
}

static enum status lint_content(const struct content *c, void *context, struct error *e)
{
	struct file *f = context;
	struct lint_run *r = f->run;
	char serial[SERIAL_ROOM];
	struct lint_place at = {.path = f->path,
				.kind = lint_form_name(c->form),
				.number = ++f->number,
				.several = f->several || c->in_p7b,
				.serial = serial_of(r, c, serial)};
	struct findings all = {0};
	struct error problem = {0};
	char where[sizeof problem.where];

	f->in_p7b |= c->in_p7b;
	if (lint_one(c->form, c->der, span_of(&r->issuer), &all, &problem) == STATUS_OK) {
		r->linted[c->form]++;
		if (c->form == LINT_FORM_CERTIFICATE && (f->several || c->in_p7b))
			keep(f, c->der);
		return lint_say_findings(r, &at, &all, e);
	}
	findings_free(&all);
	snprintf(where, sizeof where, at.several ? "%.200s, %s %zu" : "%.200s", at.path, at.kind,
		 at.number);
	error_at(&problem, where);
	return lint_say_bad(r, &at, &problem, e);
}

/* --- a file with several certificates ----------------------------------------------------------- */

static enum path_file_kind kind_of(const struct file *f)
{
	switch (f->run->as) {
	case LINT_AS_CHAIN:
		return PATH_FILE_CHAIN;
	case LINT_AS_BUNDLE:
		return PATH_FILE_BUNDLE;
	case LINT_AS_APART:
		return PATH_FILE_COLLECTION;
	case LINT_AS_RECOGNISED:
		break;
	}
	return path_file_recognise(f->certificates, f->count);
}

static enum status judge_whole(const struct file *f, struct error *e)
{
	enum path_file_kind kind = kind_of(f);
	struct path_file whole = {.is_bundle = kind == PATH_FILE_BUNDLE,
				  .unordered = f->in_p7b,
				  .certificates = f->certificates,
				  .count = f->count,
				  .time = f->run->now};
	struct lint_place at = {.path = f->path, .kind = whole.is_bundle ? "bundle" : "chain"};
	struct findings all = {0};
	enum status s;

	if (kind == PATH_FILE_COLLECTION)
		return STATUS_OK;
	s = path_file_check(&whole, &all, e);
	if (s == STATUS_OK)
		return lint_say_findings(f->run, &at, &all, e);
	findings_free(&all);
	return s;
}

static enum status judge_file(const struct file *f, struct error *e)
{
	struct text safe = {0};

	if (f->count < 2)
		return STATUS_OK;
	if (!f->more)
		return judge_whole(f, e);
	text_add_escaped(&safe, span_text(f->path));
	output_note(f->run->output,
		    "note: %s has more than %d certificates: it is not judged as a bundle",
		    text_get(&safe), WHOLE_MOST);
	text_free(&safe);
	return STATUS_OK;
}

static void forget(struct file *f)
{
	for (size_t i = 0; i < f->count; i++)
		X509_free(f->certificates[i]);
	free(f);
}

/* --- one file --------------------------------------------------------------------------------- */

/* Of PEM, more than one. */
static bool has_blocks(struct span s)
{
	static const char begin[] = "-----BEGIN ";
	const unsigned char *at = memmem(s.data, s.len, begin, sizeof begin - 1);

	return at && memmem(at + 1, s.len - (size_t)(at + 1 - s.data), begin, sizeof begin - 1);
}

static enum status lint_contents(struct lint_run *r, const char *path, struct span bytes,
				 size_t *found, struct error *e)
{
	struct file *f = calloc(1, sizeof *f);
	enum status s;

	if (!f)
		return error_memory(e);
	f->run = r;
	f->path = path;
	f->several = has_blocks(bytes);
	s = contents_each(bytes, lint_content, f, found, e);
	if (s == STATUS_OK)
		s = judge_file(f, e);
	forget(f);
	return s;
}

/* Whether the failure is of the output, so that nothing more can be said. */
static enum status lint_bytes(struct lint_run *r, const char *path, struct span bytes,
			      struct error *e)
{
	size_t found = 0;
	enum status s = lint_contents(r, path, bytes, &found, e);
	struct error problem = {0};

	if (s == STATUS_OK && found)
		return s;
	if (s == STATUS_OK && r->recursive) {
		r->passed_over++;
		return s;
	}
	if (s == STATUS_OK)
		(void)!error_set(&problem, STATUS_INPUT, path,
				 "give certificates, CRLs, requests or a p7b, in PEM or DER",
				 "no certificate, CRL or request is in it");
	else if (s == STATUS_INPUT)
		problem = *e;
	else
		return s;
	error_at(&problem, path);
	return lint_say_bad(r, &(struct lint_place){.path = path}, &problem, e);
}

static enum status lint_file(const char *path, void *context, struct error *e)
{
	struct lint_run *r = context;
	struct bytes file = {0};
	struct error problem = {0};
	enum status s;

	if (file_read(path, LINT_INPUT_MAX, &file, &problem) != STATUS_OK)
		return lint_say_bad(r, &(struct lint_place){.path = path}, &problem, e);
	s = lint_bytes(r, path, span_of(&file), e);
	bytes_free(&file);
	return s;
}

/* --- operands and lists ----------------------------------------------------------------------- */

static enum status note_problem(const struct error *problem, void *context, struct error *e)
{
	return lint_say_bad(context, &(struct lint_place){.path = problem->where}, problem, e);
}

enum status lint_operand(struct lint_run *r, const char *path, struct error *e)
{
	if (r->recursive && walk_is_folder(path))
		return walk_files(path, lint_file, note_problem, r, e);
	return lint_file(path, r, e);
}

static enum status lint_lines(struct lint_run *r, FILE *in, const char *list, struct error *e)
{
	enum status s = STATUS_OK;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (s == STATUS_OK && (len = getline(&line, &room, in)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len)
			s = lint_operand(r, line, e);
	}
	if (s == STATUS_OK && ferror(in))
		s = error_errno(e, STATUS_SYSTEM, list, NULL, "cannot be read to its end");
	free(line);
	return s;
}

enum status lint_list(struct lint_run *r, const char *list, struct error *e)
{
	enum status s;
	FILE *in;

	if (!list)
		return STATUS_OK;
	if (strcmp(list, "-") == 0)
		return lint_lines(r, stdin, "standard input", e);
	in = fopen(list, "re");
	if (!in)
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, list,
				   NULL, "cannot be read");
	s = lint_lines(r, in, list, e);
	(void)!fclose(in);
	return s;
}
