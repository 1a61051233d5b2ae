#include "ca/move_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/settings.h"

/* The number of the line that the key stands in; 0: nowhere. */
static enum status find_line(const char *file, unsigned *line, struct error *e)
{
	config_t config;
	const config_setting_t *key;
	enum status s = settings_load(file, &config, e);

	*line = 0;
	if (s == STATUS_OK) {
		key = config_lookup(&config, "key");
		if (key)
			*line = config_setting_source_line(key);
	}
	config_destroy(&config);
	return s;
}

/* key = "…"; and nothing else in the line. */
static bool is_plain(const char *line, size_t len)
{
	const char *end = line + len, *at = line + strspn(line, " \t");

	if (strncmp(at, "key", 3) != 0)
		return false;
	at += 3;
	at += strspn(at, " \t");
	if (at >= end || (*at != '=' && *at != ':'))
		return false;
	at++;
	at += strspn(at, " \t");
	if (at >= end || *at != '"')
		return false;
	at = memchr(at + 1, '"', (size_t)(end - at - 1));
	if (!at)
		return false;
	at++;
	at += strspn(at, " \t;\r");
	return at == end;
}

static enum status replace_line(const char *conf, unsigned number, const char *name,
				struct text *out, struct error *e)
{
	const char *at = conf, *end;

	for (unsigned i = 1; i < number && at; i++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (number && at) {
		end = strchr(at, '\n');
		end = end ? end : at + strlen(at);
		if (!is_plain(at, (size_t)(end - at)))
			return error_set(e, STATUS_INPUT, NULL, "write the new place there by hand",
					 "line %u is not plainly key = \"…\";", number);
		text_append(out, conf, (size_t)(at - conf));
	} else {
		text_add(out, conf);
		text_add(out, "\n");
		end = "";
	}
	text_printf(out, "key = \"%s\";", name);
	text_add(out, *end ? end : "\n");
	return text_check(out, e);
}

static enum status rewrite(const char *file, const char *name, struct text *out, struct error *e)
{
	struct bytes conf = {0};
	unsigned line = 0;
	enum status s = find_line(file, &line, e);

	if (s == STATUS_OK)
		s = file_read(file, SETTINGS_FILE_MAX, &conf, e);
	if (s == STATUS_OK)
		s = replace_line((const char *)conf.data, line, name, out, e);
	if (s != STATUS_OK)
		error_at(e, file);
	bytes_free(&conf);
	return s;
}

static enum status prove(const struct authority *a, const char *name, const struct secret *secret,
			 struct error *e)
{
	EVP_PKEY *expected = X509_get0_pubkey(authority_certificate(a));
	struct signer *signer = NULL;
	enum status s = signer_open(name, secret, expected, &signer, e);

	if (s == STATUS_OK)
		s = signer_prove(signer, expected, e);
	signer_free(signer);
	return s;
}

enum status authority_move_key(const struct authority *a, const char *name,
			       const struct secret *secret, int64_t now, struct error *e)
{
	char *file = path_join(authority_folder(a), AUTHORITY_CONF);
	struct text conf = {0}, event = {0};
	enum status s = file ? rewrite(file, name, &conf, e) : error_memory(e);

	if (s == STATUS_OK)
		s = prove(a, name, secret, e);
	text_printf(&event, "the key moves from %s to %s", authority_key(a), name);
	if (s == STATUS_OK)
		s = text_check(&event, e);
	if (s == STATUS_OK)
		s = journal_note(authority_store(a), "config", text_get(&event), now, e);
	if (s == STATUS_OK)
		s = file_publish(file, span_text(text_get(&conf)), 0644, FILE_REPLACE, e);
	text_free(&event);
	text_free(&conf);
	free(file);
	return s;
}
