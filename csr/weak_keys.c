#include "csr/weak_keys.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/walk.h"

#define ENTRY_SIZE 10 /* octets, of SHA-1's 20 */
#define LINE_MOST 256
#define FORM "each line is 20 hexadecimal digits, or begins with #"

struct entry {
	unsigned char octets[ENTRY_SIZE];
};

struct weak_keys {
	struct entry *entries; /* ascending */
	size_t count, room;
};

void weak_keys_free(struct weak_keys *list)
{
	if (!list)
		return;
	free(list->entries);
	free(list);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct entry));
}

static int digit_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool parse_entry(const char *line, size_t len, struct entry *out)
{
	if (len != 2 * sizeof out->octets)
		return false;
	for (size_t i = 0; i < sizeof out->octets; i++) {
		int high = digit_value(line[2 * i]), low = digit_value(line[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->octets[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static enum status add(struct weak_keys *list, const struct entry *entry, struct error *e)
{
	if (list->count == WEAK_KEYS_MOST)
		return error_set(e, STATUS_INPUT, NULL,
				 "leave out the sizes that are refused anyway",
				 "has more than %d keys", WEAK_KEYS_MOST);
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 1024;
		struct entry *entries = reallocarray(list->entries, room, sizeof *entries);

		if (!entries)
			return error_memory(e);
		list->entries = entries;
		list->room = room;
	}
	list->entries[list->count++] = *entry;
	return STATUS_OK;
}

/* len counts the line's end. */
static enum status read_line(struct weak_keys *list, char *line, size_t len, struct error *e)
{
	struct entry entry;

	if (len && line[len - 1] == '\n')
		len--;
	else if (len == LINE_MOST - 1)
		return error_set(e, STATUS_INPUT, NULL, FORM, "is too long");
	if (len && line[len - 1] == '\r')
		len--;
	if (len == 0 || line[0] == '#')
		return STATUS_OK;
	if (!parse_entry(line, len, &entry))
		return error_set(e, STATUS_INPUT, NULL, FORM, "is no entry of a list of weak keys");
	return add(list, &entry, e);
}

static enum status read_lines(FILE *from, const char *path, struct weak_keys *list, struct error *e)
{
	char line[LINE_MOST], place[sizeof e->where];
	enum status s = STATUS_OK;
	size_t number = 0;

	/* The line may hold a NUL: the last one in newlines is that of fgets(). */
	while (s == STATUS_OK) {
		memset(line, '\n', sizeof line);
		if (!fgets(line, sizeof line, from))
			break;
		number++;
		s = read_line(list, line, (size_t)((char *)memrchr(line, 0, sizeof line) - line),
			      e);
	}
	if (s == STATUS_INPUT) {
		snprintf(place, sizeof place, "%.200s: line %zu", path, number);
		error_at(e, place);
	}
	if (s == STATUS_OK && ferror(from))
		s = error_errno(e, STATUS_SYSTEM, path, "check that it is a file",
				"cannot be read");
	return s;
}

static enum status read_file(const char *path, struct weak_keys *list, struct error *e)
{
	FILE *from = fopen(path, "re");
	enum status s;

	if (!from)
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, path,
				   "mend 'weak_keys' in ca.conf, or " WEAK_KEYS_VARIABLE,
				   "the list of weak keys cannot be opened");
	s = read_lines(from, path, list, e);
	fclose(from);
	return s;
}

struct folder {
	struct weak_keys *list;
	size_t files;
};

static enum status read_one_of(const char *path, void *context, struct error *e)
{
	struct folder *f = context;

	if (strncmp(path_name(path), WEAK_KEYS_FILE, strlen(WEAK_KEYS_FILE)) != 0)
		return STATUS_OK;
	f->files++;
	return read_file(path, f->list, e);
}

static enum status cannot_look(const struct error *problem, void *context, struct error *e)
{
	(void)context;
	*e = *problem;
	return error_status(e);
}

static enum status read_folder(const char *path, struct weak_keys *list, struct error *e)
{
	struct folder f = {.list = list};
	enum status s = walk_files(path, read_one_of, cannot_look, &f, e);

	if (s == STATUS_OK && !f.files)
		s = error_set(e, STATUS_NOT_FOUND, path,
			      "name the folder with openssl-blacklist's files, or one file",
			      "holds no file named " WEAK_KEYS_FILE "SIZE");
	return s;
}

enum status weak_keys_load(const char *path, struct weak_keys **out, struct error *e)
{
	struct weak_keys *list = calloc(1, sizeof *list);
	enum status s;

	if (!list)
		return error_memory(e);
	s = walk_is_folder(path) ? read_folder(path, list, e) : read_file(path, list, e);
	if (s != STATUS_OK) {
		weak_keys_free(list);
		return s;
	}
	if (list->count)
		qsort(list->entries, list->count, sizeof *list->entries, compare);
	*out = list;
	return STATUS_OK;
}

enum status weak_keys_from_environment(struct weak_keys **out, struct error *e)
{
	const char *path = getenv(WEAK_KEYS_VARIABLE);

	*out = NULL;
	return path && *path ? weak_keys_load(path, out, e) : STATUS_OK;
}

/* As "openssl rsa -modulus" prints it: capitals, without a leading zero. */
static enum status entry_of(const BIGNUM *modulus, struct entry *out, struct error *e)
{
	char *hex = BN_bn2hex(modulus), *line = NULL;
	unsigned char hash[EVP_MAX_MD_SIZE];
	enum status s = STATUS_OK;
	size_t len = 0;
	int length = hex ? asprintf(&line, "Modulus=%s\n", hex + (hex[0] == '0')) : -1;

	if (length < 0)
		s = error_memory(e);
	else if (EVP_Q_digest(NULL, "SHA1", NULL, line, (size_t)length, hash, &len) != 1 ||
		 len != 2 * sizeof out->octets)
		s = error_openssl(e, STATUS_SYSTEM, NULL,
				  "allow SHA-1 to OpenSSL, or take the list of weak keys away",
				  "the list of weak keys cannot be looked up in");
	else
		memcpy(out->octets, hash + len - sizeof out->octets, sizeof out->octets);
	if (length >= 0)
		free(line);
	OPENSSL_free(hex);
	return s;
}

enum status weak_keys_have(const struct weak_keys *list, const BIGNUM *modulus, bool *listed,
			   struct error *e)
{
	struct entry entry;

	*listed = false;
	if (!list || list->count == 0)
		return STATUS_OK;
	if (entry_of(modulus, &entry, e) != STATUS_OK)
		return error_status(e);
	*listed = bsearch(&entry, list->entries, list->count, sizeof entry, compare);
	return STATUS_OK;
}
