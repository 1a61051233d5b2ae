#include "cmd/lab_token.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/file.h"
#include "cmd/self.h"

#define LABEL "Lab"
#define PIN_BYTES 8

static enum status find_module(char **out, struct error *e)
{
	static const char *const places[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/*/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so",
		"/usr/local/lib/softhsm/libsofthsm2.so",
	};

	*out = NULL;
	for (size_t i = 0; i < sizeof places / sizeof places[0] && !*out; i++) {
		glob_t found = {0};

		if (glob(places[i], 0, NULL, &found) == 0) {
			*out = strdup(found.gl_pathv[0]);
			globfree(&found);
			if (!*out)
				return error_memory(e);
		}
	}
	return *out ? STATUS_OK
		    : error_set(e, STATUS_NOT_FOUND, NULL, "install softhsm2, or leave --token out",
				"SoftHSM2 is not on this machine");
}

/* Digits alone: some tokens take nothing else. */
static enum status write_pin(const char *file, struct error *e)
{
	unsigned char random[PIN_BYTES];
	char pin[PIN_BYTES + 2];
	enum status s = random_bytes(random, sizeof random, e);

	for (size_t i = 0; i < PIN_BYTES; i++)
		pin[i] = (char)('0' + random[i] % 10);
	pin[PIN_BYTES] = '\n';
	pin[PIN_BYTES + 1] = '\0';
	return s == STATUS_OK ? file_publish(file, span_text(pin), 0600, FILE_KEEP, e) : s;
}

static enum status configure(const char *folder, const char *tokens, const char *file,
			     struct error *e)
{
	char real[PATH_MAX];
	struct text text = {0};
	enum status s = folder_make(tokens, 0700, e);

	if (s == STATUS_OK && !realpath(tokens, real))
		s = error_errno(e, STATUS_SYSTEM, folder, NULL, "is not found again");
	if (s == STATUS_OK) {
		text_printf(&text,
			    "directories.tokendir = %s\nobjectstore.backend = file\n"
			    "log.level = ERROR\n",
			    real);
		s = file_publish(file, span_text(text_get(&text)), 0600, FILE_KEEP, e);
	}
	if (s == STATUS_OK && (!realpath(file, real) || setenv("SOFTHSM2_CONF", real, 1) != 0))
		s = error_errno(e, STATUS_SYSTEM, file, NULL, "is not found again");
	text_free(&text);
	return s;
}

static enum status set_up(const char *module, const char *so_pin, const char *pin, struct error *e)
{
	const char *const words[] = {"subca",	   "token", "init",    LABEL,		"--module",
				     module,	   "--yes", "--quiet", "--so-pin-file", so_pin,
				     "--pin-file", pin,	    NULL};
	int status = 0;

	if (self_run(words, &status, e) != STATUS_OK)
		return error_status(e);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, module, "see what it said above",
			 "the lab's token cannot be made");
}

enum status lab_token_make(const char *folder, char **uri, struct error *e)
{
	char *tokens = path_join(folder, "tokens");
	char *configuration = path_join(folder, LAB_TOKEN_CONFIGURATION);
	char *pin = path_join(folder, LAB_TOKEN_PIN), *so_pin = path_join(folder, "so-pin");
	char *module = NULL;
	enum status s = find_module(&module, e);

	*uri = NULL;
	if (s == STATUS_OK && (!tokens || !configuration || !pin || !so_pin))
		s = error_memory(e);
	if (s == STATUS_OK)
		s = configure(folder, tokens, configuration, e);
	if (s == STATUS_OK)
		s = write_pin(pin, e);
	if (s == STATUS_OK)
		s = write_pin(so_pin, e);
	if (s == STATUS_OK)
		s = set_up(module, so_pin, pin, e);
	if (s == STATUS_OK &&
	    asprintf(uri, "pkcs11:token=" LABEL ";object=root?module-path=%s", module) < 0) {
		*uri = NULL;
		s = error_memory(e);
	}
	free(tokens);
	free(configuration);
	free(pin);
	free(so_pin);
	free(module);
	return s;
}
