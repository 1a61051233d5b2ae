#include "cmd/serial.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define CANDIDATES 6

bool serial_read(const char *word, char digits[SERIAL_TEXT])
{
	size_t len = 0;

	if (strncasecmp(word, "0x", 2) == 0)
		word += 2;
	while (strncmp(word, "00", 2) == 0 && word[2])
		word += 2 + (word[2] == ':');
	for (; *word; word++) {
		if (*word == ':')
			continue;
		if (!isxdigit((unsigned char)*word) || len == SERIAL_TEXT - 1)
			return false;
		digits[len++] = (char)tolower((unsigned char)*word);
	}
	digits[len] = '\0';
	return len > 0;
}

struct candidates {
	char serials[CANDIDATES][SERIAL_TEXT];
	size_t count;
};

static enum status note_candidate(void *context, const struct store_row *row, struct error *e)
{
	struct candidates *c = context;

	(void)e;
	if (c->count < CANDIDATES)
		hex_encode(row->intent.serial, c->serials[c->count++]);
	return STATUS_OK;
}

static enum status ambiguous(const char *prefix, const struct candidates *c, struct error *e)
{
	char todo[sizeof e->todo] = "write more digits:";

	for (size_t i = 0; i < c->count; i++)
		snprintf(todo + strlen(todo), sizeof todo - strlen(todo), "%s %s", i ? "," : "",
			 i + 1 == CANDIDATES ? "…" : c->serials[i]);
	return error_set(e, STATUS_USAGE, NULL, todo, "more than one serial begins with %s",
			 prefix);
}

static enum status nothing(void *context, const struct store_row *row, struct error *e)
{
	(void)context;
	(void)row;
	(void)e;
	return STATUS_OK;
}

static enum status find_exactly(const struct authority *a, const char *digits, struct bytes *serial,
				struct error *e)
{
	enum status s = hex_decode(digits, serial, e);

	if (s == STATUS_OK)
		s = store_find(authority_store(a), span_of(serial), nothing, NULL, e);
	if (s != STATUS_OK)
		bytes_free(serial);
	return s;
}

enum status serial_resolve(const struct authority *a, const char *digits, struct bytes *serial,
			   struct error *e)
{
	struct candidates c = {.count = 0};
	struct store_filter filter = {.serial_prefix = digits, .limit = CANDIDATES};
	/* One digit may be a whole octet: "5" is "05", as openssl writes it. */
	const char octet[] = {'0', digits[0], '\0'};
	bool one_digit = digits[0] != '0' && !digits[1];
	enum status s = STATUS_NOT_FOUND;

	/* Digits that no serial consists of, such as a leading zero octet, are a beginning only. */
	if (one_digit)
		s = find_exactly(a, octet, serial, e);
	else if (strlen(digits) % 2 == 0 && strncmp(digits, "00", 2) != 0 &&
		 !(strlen(digits) == SERIAL_TEXT - 1 && digits[0] >= '8'))
		s = find_exactly(a, digits, serial, e);
	if (s != STATUS_NOT_FOUND)
		return s;
	s = store_each(authority_store(a), &filter, note_candidate, &c, e);
	if (s != STATUS_OK)
		return s;
	if (c.count == 0)
		return error_set(e, STATUS_NOT_FOUND, authority_folder(a),
				 "'subca list' shows what there is",
				 "no serial of this CA begins with %s", digits);
	return c.count > 1 ? ambiguous(digits, &c, e) : find_exactly(a, c.serials[0], serial, e);
}
