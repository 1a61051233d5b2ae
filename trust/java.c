#include "trust/java.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trust/run.h"

#define KEYTOOL_SECONDS 60
#define STORE_MAX (16 * 1024 * 1024)

static enum status convert(const char *keytool, const char *folder, struct error *e)
{
	const char *const words[] = {"keytool",
				     "-importkeystore",
				     "-noprompt",
				     "-srckeystore",
				     "from.p12",
				     "-srcstoretype",
				     "PKCS12",
				     "-srcstorepass",
				     BUNDLE_STORE_PASSWORD,
				     "-destkeystore",
				     "to.jks",
				     "-deststoretype",
				     "JKS",
				     "-deststorepass",
				     BUNDLE_STORE_PASSWORD,
				     NULL};
	const char *const environment[] = {"LC_ALL=C", "PATH=/usr/bin:/bin", NULL};
	const struct run_order order = {.program = keytool,
					.words = words,
					.environment = environment,
					.folder = folder,
					.seconds = KEYTOOL_SECONDS};
	struct run_result result = {0};
	enum status s = run_program(&order, &result, e);

	if (s == STATUS_OK && (result.timed_out || result.exit_code != 0)) {
		char said[160];

		snprintf(said, sizeof said, "%s", text_get(&result.output));
		said[strcspn(said, "\n")] = '\0';
		s = error_set(e, STATUS_SYSTEM, keytool, "look at the Java installation", "%s: %s",
			      result.timed_out ? "did not end in time" : "failed", said);
	}
	run_result_free(&result);
	return s;
}

static enum status convert_in(const char *keytool, const char *folder, struct span store,
			      struct bytes *out, struct error *e)
{
	char *from = path_join(folder, "from.p12"), *to = path_join(folder, "to.jks");
	enum status s = from && to ? file_publish(from, store, 0600, FILE_KEEP, e)
				   : error_memory(e);

	if (s == STATUS_OK)
		s = convert(keytool, folder, e);
	if (s == STATUS_OK)
		s = file_read(to, STORE_MAX, out, e);
	free(from);
	free(to);
	return s;
}

enum status java_trust_store(const struct bundle *b, struct bytes *out, struct error *e)
{
	char *keytool = run_find("keytool", NULL), *folder = NULL;
	struct bytes store = {0};
	enum status s;

	if (!keytool)
		return error_set(e, STATUS_NOT_FOUND, "keytool",
				 "install a Java runtime, or write a .p12, which Java takes too",
				 "is not on this machine, and makes the JKS");
	s = bundle_pkcs12(b, &store, e);
	if (s == STATUS_OK)
		s = scratch_make(&folder, e);
	if (s == STATUS_OK)
		s = convert_in(keytool, folder, span_of(&store), out, e);
	scratch_remove(folder);
	bytes_free(&store);
	free(keytool);
	return s;
}
