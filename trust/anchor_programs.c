/* Stores that only their own programs can read and write: Java's and NSS's. */
#include "trust/anchor_reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trust/bundle.h"
#include "trust/pem_block.h"
#include "trust/said.h"

#define PROGRAM_SECONDS 60
#define NICKNAMES_MOST 256

/* Runs a program by its name; *run false where it is not on this machine. */
static enum status call(const struct anchor_search *search, const char *const *words,
			struct run_result *result, bool *run, struct error *e)
{
	char *program = run_find(words[0], search->path), *path = NULL, *home = NULL;
	enum status s = STATUS_OK;

	*result = (struct run_result){0};
	*run = program != NULL;
	if (program && (asprintf(&path, "PATH=%s", search->path) < 0 ||
			asprintf(&home, "HOME=%s", search->folder) < 0))
		s = error_memory(e);
	if (program && s == STATUS_OK) {
		const char *const environment[] = {path, home, "LC_ALL=C", NULL};
		const struct run_order order = {.program = program,
						.words = words,
						.environment = environment,
						.folder = search->folder,
						.seconds = PROGRAM_SECONDS};

		s = run_program(&order, result, e);
	}
	free(program);
	free(path);
	free(home);
	return s;
}

/* As call(), for a store that is read: what fails is its problem. *good: it said something. */
static enum status ask(struct anchor_reading *r, const char *const *words,
		       struct run_result *result, bool *good, struct error *e)
{
	bool run;
	enum status s = call(r->search, words, result, &run, e);

	*good = s == STATUS_OK && run && !result->timed_out && result->exit_code == 0;
	if (s != STATUS_OK || *good)
		return s;
	if (!run)
		return anchor_problem(r->store, "%s, which reads it, is not installed", words[0]);
	if (result->timed_out)
		return anchor_problem(r->store, "%s did not end within %d s", words[0],
				      PROGRAM_SECONDS);
	if (!*r->store->problem) {
		char reason[SAID_REASON];

		said_reason(&result->output, reason);
		return anchor_problem(r->store, "%.190s", reason);
	}
	return STATUS_OK;
}

/* As call(), for a copy that is changed: it has to work. */
static enum status change(const struct anchor_search *search, const char *const *words,
			  struct error *e)
{
	struct run_result result;
	bool run;
	enum status s = call(search, words, &result, &run, e);

	if (s == STATUS_OK && (!run || result.timed_out || result.exit_code != 0)) {
		char reason[SAID_REASON] = "";

		said_reason(&result.output, reason);
		s = error_set(e, STATUS_SYSTEM, words[0], "say --no-try, or --skip the tool",
			      "cannot change a copy of a trust store: %s",
			      result.timed_out ? "it does not end" : reason);
	}
	run_result_free(&result);
	return s;
}

/* --- Java ------------------------------------------------------------------------------------- */

/* keytool's "Alias name: x" that stands last before the certificate. */
static enum status find_alias(struct anchor_reading *r, struct span said, struct error *e)
{
	static const char mark[] = "Alias name: ";
	struct pem_block block;
	const char *alias = NULL;
	size_t at = 0, from = 0;
	bool found = false;

	while (!found && pem_block_next(said, &at, &block)) {
		size_t until = (size_t)(block.text.data - said.data);
		const unsigned char *next;

		while ((next = memmem(said.data + from, until - from, mark, strlen(mark)))) {
			alias = (const char *)next + strlen(mark);
			from = (size_t)(next - said.data) + strlen(mark);
		}
		found = block.certificate && anchor_same(block.certificate, r->search->root);
		X509_free(block.certificate);
	}
	if (!found || !alias)
		return STATUS_OK;
	r->store->alias = strndup(alias, strcspn(alias, "\r\n"));
	return r->store->alias ? STATUS_OK : error_memory(e);
}

/* Its list is longer than what is kept of a program's words: through a file. */
enum status anchor_read_java(struct anchor_reading *r, struct error *e)
{
	char *file = path_join(r->search->folder, "keytool-list");
	const char *const words[] = {
		"sh",
		"-c",
		"command -v keytool >/dev/null || exit 127\n"
		"keytool -list -rfc -keystore \"$1\" -storepass \"$2\" >\"$3\" ||\n"
		"{ cat \"$3\"; exit 1; }",
		"sh",
		r->store->path,
		BUNDLE_STORE_PASSWORD,
		file,
		NULL};
	struct run_result result = {0};
	struct bytes said = {0};
	struct error why = {0};
	bool good = false;
	enum status s = file ? ask(r, words, &result, &good, e) : error_memory(e);

	if (s == STATUS_OK && result.exit_code == 127)
		s = anchor_problem(r->store, "keytool, which reads it, is not installed");
	if (good && file_read(file, BUNDLE_INPUT_MAX, &said, &why) != STATUS_OK)
		s = anchor_problem(r->store, "keytool: %s", why.what);
	if (s == STATUS_OK && said.len)
		s = anchor_note_text(r, span_of(&said), true, e);
	if (s == STATUS_OK && r->store->has_root)
		s = find_alias(r, span_of(&said), e);
	if (file)
		(void)remove(file);
	run_result_free(&result);
	bytes_free(&said);
	free(file);
	return s;
}

enum status anchor_swap_java(const struct anchor_search *search, const struct anchor_store *s,
			     const char *copy, const char *other_file, struct error *e)
{
	const char *const out[] = {"keytool",	"-delete", "-alias",	 s->alias,
				   "-keystore", copy,	   "-storepass", BUNDLE_STORE_PASSWORD,
				   NULL};
	const char *const in[] = {"keytool",
				  "-importcert",
				  "-noprompt",
				  "-alias",
				  s->alias,
				  "-file",
				  other_file,
				  "-keystore",
				  copy,
				  "-storepass",
				  BUNDLE_STORE_PASSWORD,
				  NULL};
	enum status status = change(search, out, e);

	return status == STATUS_OK ? change(search, in, e) : status;
}

/* --- NSS -------------------------------------------------------------------------------------- */

/* "Name of it      CT,C,C": cut before the flags, which are the last word. NULL: no such line. */
static char *cut_flags(char *line)
{
	size_t len = strlen(line);
	char *flags;

	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	flags = strrchr(line, ' ');
	if (!flags || !strchr(flags, ',') || strchr(flags, ',') == strrchr(flags, ',') ||
	    flags[strspn(flags, " ,pPcCTuw")])
		return NULL;
	for (char *end = flags; end > line && end[-1] == ' '; end--)
		end[-1] = '\0';
	*flags = '\0';
	return flags + 1;
}

static enum status note_nickname(struct anchor_reading *r, const char *database, const char *name,
				 const char *flags, struct error *e)
{
	const char *const words[] = {"certutil", "-L", "-d", database, "-n", name, "-a", NULL};
	size_t trusts = strcspn(flags, ",");
	bool trusted = memchr(flags, 'C', trusts) || memchr(flags, 'T', trusts);
	bool had = r->store->has_root, good = false;
	struct run_result result = {0};
	enum status s = ask(r, words, &result, &good, e);

	if (s == STATUS_OK && good)
		s = anchor_note_text(r, span_text(text_get(&result.output)), trusted, e);
	if (s == STATUS_OK && r->store->has_root && !had) {
		r->store->alias = strdup(name);
		s = r->store->alias ? STATUS_OK : error_memory(e);
	}
	run_result_free(&result);
	return s;
}

enum status anchor_read_nss(struct anchor_reading *r, struct error *e)
{
	char *database = NULL, *line, *rest = NULL;
	const char *words[] = {"certutil", "-L", "-d", NULL, NULL};
	struct run_result result = {0};
	size_t most = NICKNAMES_MOST;
	bool good = false;
	enum status s;

	if (asprintf(&database, "sql:%s", r->store->path) < 0)
		return error_memory(e);
	words[3] = database;
	s = ask(r, words, &result, &good, e);
	line = good && result.output.data ? strtok_r(result.output.data, "\n", &rest) : NULL;
	for (; s == STATUS_OK && line && most; line = strtok_r(NULL, "\n", &rest)) {
		const char *flags = cut_flags(line);

		if (!flags || !*line)
			continue;
		most--;
		s = note_nickname(r, database, line, flags, e);
	}
	run_result_free(&result);
	free(database);
	return s;
}

enum status anchor_swap_nss(const struct anchor_search *search, const struct anchor_store *s,
			    const char *copy, const char *other_file, struct error *e)
{
	char *database = NULL;
	enum status status;

	if (asprintf(&database, "sql:%s", copy) < 0)
		return error_memory(e);
	const char *const out[] = {"certutil", "-D", "-d", database, "-n", s->alias, NULL};
	const char *const in[] = {"certutil", "-A",  "-d", database,   "-n", s->alias,
				  "-t",	      "C,,", "-i", other_file, NULL};

	status = change(search, out, e);
	if (status == STATUS_OK)
		status = change(search, in, e);
	free(database);
	return status;
}
