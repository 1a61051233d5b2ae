#include "trust/system_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ca/pem.h"
#include "trust/run.h"

#define UPDATE_SECONDS 120
#define PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define NAME_DIGITS 16 /* of the SHA-256 */

void system_store_free(struct system_store *s)
{
	free(s->folder);
	free(s->file);
	free(s->program);
	for (size_t i = 0; i < sizeof s->places / sizeof s->places[0]; i++)
		free(s->places[i]);
	*s = (struct system_store){0};
}

/* False when out of memory. */
static bool set_place(struct system_store *s, size_t at, const char *prefix, const char *path)
{
	if (asprintf(&s->places[at], "%s%s", prefix, path) >= 0)
		return true;
	s->places[at] = NULL;
	return false;
}

/*
 * Below a prefix the program has to be told each place. Without --fresh it leaves the links to a
 * file that is gone.
 */
static bool debian_words(struct system_store *s, const char *prefix, bool removing)
{
	static const char *const options[][2] = {
		{"--certsconf", "/etc/ca-certificates.conf"},
		{"--certsdir", "/usr/share/ca-certificates"},
		{"--localcertsdir", "/usr/local/share/ca-certificates"},
		{"--etccertsdir", "/etc/ssl/certs"},
		{"--hooksdir", "/etc/ca-certificates/update.d"},
	};
	size_t n = 0;

	s->words[n++] = "update-ca-certificates";
	if (removing)
		s->words[n++] = "--fresh";
	for (size_t i = 0; *prefix && i < sizeof options / sizeof options[0]; i++) {
		if (!set_place(s, i, prefix, options[i][1]))
			return false;
		s->words[n++] = options[i][0];
		s->words[n++] = s->places[i];
	}
	return true;
}

static bool rhel_words(struct system_store *s, const char *prefix)
{
	s->words[0] = "update-ca-trust";
	s->words[1] = "extract";
	if (!*prefix)
		return true;
	if (!set_place(s, 0, prefix, "/etc/pki/ca-trust/extracted"))
		return false;
	s->words[2] = "-o";
	s->words[3] = s->places[0];
	return true;
}

enum status system_store_find(const char *prefix, const struct bundle_item *anchor, bool removing,
			      struct system_store *out, struct error *e)
{
	struct system_store s = {.program = run_find("update-ca-certificates", PROGRAM_PATH)};
	bool debian = s.program != NULL;
	char hash[2 * SHA256_SIZE + 1];

	if (!debian)
		s.program = run_find("update-ca-trust", PROGRAM_PATH);
	if (!s.program)
		return error_set(e, STATUS_NOT_FOUND, NULL,
				 "install ca-certificates; 'subca trust guide' has other systems",
				 "this machine has neither update-ca-certificates nor "
				 "update-ca-trust");
	hex_encode((struct span){anchor->sha256, SHA256_SIZE}, hash);
	if (asprintf(&s.folder, "%s%s", prefix,
		     debian ? "/usr/local/share/ca-certificates"
			    : "/etc/pki/ca-trust/source/anchors") < 0)
		s.folder = NULL;
	if (!s.folder || asprintf(&s.file, "%s/subca-%.*s.%s", s.folder, NAME_DIGITS, hash,
				  debian ? "crt" : "pem") < 0)
		s.file = NULL;
	if (!s.file || !(debian ? debian_words(&s, prefix, removing) : rhel_words(&s, prefix))) {
		system_store_free(&s);
		return error_memory(e);
	}
	*out = s;
	return STATUS_OK;
}

static enum status update(const struct system_store *s, struct error *e)
{
	const char *const environment[] = {"PATH=" PROGRAM_PATH, "LC_ALL=C.UTF-8", NULL};
	const struct run_order order = {.program = s->program,
					.words = s->words,
					.environment = environment,
					.seconds = UPDATE_SECONDS};
	struct run_result result = {0};
	enum status status = run_program(&order, &result, e);

	if (status == STATUS_OK && (result.timed_out || result.exit_code != 0)) {
		char said[200];

		snprintf(said, sizeof said, "%s", text_get(&result.output));
		said[strcspn(said, "\n")] = '\0';
		status = error_set(e, STATUS_SYSTEM, s->program, "see whether it works by itself",
				   "%s: %s", result.timed_out ? "did not end in time" : "failed",
				   said);
	}
	run_result_free(&result);
	return status;
}

enum status system_store_install(const struct system_store *s, const struct bundle_item *anchor,
				 struct error *e)
{
	struct text pem = {0};
	struct error late = {0};
	enum status status = pem_add_certificate(&pem, span_of(&anchor->der), e);

	if (status == STATUS_OK)
		status = file_publish(s->file, span_text(text_get(&pem)), 0644, FILE_KEEP, e);
	text_free(&pem);
	if (status != STATUS_OK)
		return status;
	status = update(s, e);
	if (status != STATUS_OK && file_remove(s->file, &late) == STATUS_OK)
		(void)!update(s, &late);
	return status;
}

enum status system_store_remove(const struct system_store *s, struct error *e)
{
	if (!file_exists(s->file))
		return error_set(e, STATUS_NOT_FOUND, s->file, NULL,
				 "is not there: subca did not install this certificate here");
	if (file_remove(s->file, e) != STATUS_OK)
		return error_status(e);
	return update(s, e);
}
