/*
 * What a restore reads: the tar that is inside ('t'), what it says of itself ('m'), and the envelope
 * around it ('s', the password of which is "secret"). The first octet says which. The corpus comes
 * from tests/fuzz/seed-ca.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/backup_manifest.h"
#include "ca/backup_seal.h"
#include "ca/backup_tar.h"
#include "tests/fuzz/fuzz.h"

struct members {
	struct tar_member list[64];
	char names[64][TAR_NAME_MAX + 1];
	struct bytes content[64];
	size_t count;
};

/* A name from outside never leaves the folder that it is unpacked in. */
static bool stays_inside(const char *name)
{
	return name[0] && name[0] != '/' && strlen(name) <= TAR_NAME_MAX && !strstr(name, "..") &&
	       !strstr(name, "//") && name[strlen(name) - 1] != '/';
}

static enum status take(void *context, const struct tar_member *m, FILE *from, struct error *e)
{
	struct members *all = context;
	size_t at = all->count;

	promise(stays_inside(m->name) && m->size >= 0 && (m->mode & ~0777) == 0);
	if (at == 64 || m->size > 65536)
		return error_set(e, STATUS_REFUSED, NULL, NULL, "enough");
	all->content[at].data = calloc(1, (size_t)m->size + 1);
	all->content[at].len = (size_t)m->size;
	promise(all->content[at].data != NULL);
	promise(fread(all->content[at].data, 1, (size_t)m->size, from) == (size_t)m->size);
	all->list[at] = *m;
	strcpy(all->names[at], m->name);
	all->list[at].name = all->names[at];
	all->list[at].content = span_of(&all->content[at]);
	all->count++;
	return STATUS_OK;
}

static enum status read_tar(FILE *from, struct members *all, struct error *e)
{
	enum status s = tar_read(from, take, all, e);

	promise_told(s, e);
	promise(s == STATUS_OK || s == STATUS_INPUT || s == STATUS_REFUSED);
	return s;
}

static void free_members(struct members *all)
{
	while (all->count)
		bytes_free(&all->content[--all->count]);
}

/* What was read is written as the same tar, as far as its end. */
static void write_again(const struct members *all, struct span input)
{
	struct error e = {0};
	unsigned char part[512];
	BIO *source = NULL;
	size_t at = 0;
	int len;

	promise(tar_source_new(all->list, all->count, &source, &e) == STATUS_OK);
	while ((len = BIO_read(source, part, sizeof part)) > 0)
		at += (size_t)len;
	promise(len == 0 && tar_source_status(source, &e) == STATUS_OK);
	promise(at % 512 == 0 && at <= input.len + 1024 + 512);
	BIO_free(source);
}

static void tar(struct span input)
{
	struct members all = {.count = 0};
	struct error e = {0};
	FILE *from = fopen(fuzz_file("tar", input), "rbe");

	promise(from != NULL);
	if (read_tar(from, &all, &e) == STATUS_OK)
		write_again(&all, input);
	fclose(from);
	free_members(&all);
}

static void manifest(struct span input)
{
	struct backup_manifest m = {0}, again = {0};
	struct text json = {0};
	struct error e = {0};
	enum status s = manifest_read(input, &m, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_INPUT);
	if (s == STATUS_OK) {
		promise(m.subject && m.journal_seq > 0);
		promise(m.time >= DATETIME_MIN && m.time <= DATETIME_MAX);
		promise(manifest_write(&m, &json, &e) == STATUS_OK);
		promise(manifest_read(span_text(text_get(&json)), &again, &e) == STATUS_OK);
		promise(strcmp(m.subject, again.subject) == 0 && m.time == again.time &&
			m.journal_seq == again.journal_seq && m.crl_number == again.crl_number &&
			m.keys == again.keys && m.files == again.files);
	}
	text_free(&json);
	backup_manifest_free(&again);
	backup_manifest_free(&m);
}

static void sealed(struct span input)
{
	const char *file = fuzz_file("backup", input);
	struct error e = {0};
	FILE *to = tmpfile();
	enum status s;

	promise(to != NULL);
	s = seal_open(file, fuzz_secret(), to, &e);
	promise_told(s, &e);
	promise(s == STATUS_OK || s == STATUS_INPUT || s == STATUS_KEY);
	if (s == STATUS_OK) {
		struct members all = {.count = 0};

		(void)!read_tar(to, &all, &e);
		free_members(&all);
	}
	fclose(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};

	switch (size ? data[0] : 0) {
	case 't':
		tar(rest);
		break;
	case 'm':
		manifest(rest);
		break;
	case 's':
		sealed(rest);
		break;
	default:
		break;
	}
	ERR_clear_error();
	return 0;
}
