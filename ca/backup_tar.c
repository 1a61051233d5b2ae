#include "ca/backup_tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512
#define SIZE_MOST INT64_C(077777777777) /* eleven octal digits */

/* POSIX.1-2017, pax, table "ustar Header Block". */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], time[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

static bool is_plain_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool tar_name_is_plain(const char *name)
{
	bool start = true;
	int depth = 1;

	if (strlen(name) > TAR_NAME_MAX)
		return false;
	for (; *name; name++) {
		if (*name == '/') {
			if (start || ++depth > TAR_DEPTH_MAX)
				return false;
			start = true;
			continue;
		}
		if (!is_plain_character(*name) || (start && *name == '.'))
			return false;
		start = false;
	}
	return !start;
}

static unsigned checksum(const struct header *h)
{
	const unsigned char *octets = (const unsigned char *)h;
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool own = i >= offsetof(struct header, checksum) &&
			   i < offsetof(struct header, type);

		sum += own ? ' ' : octets[i];
	}
	return sum;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void fill_header(struct header *h, const struct tar_member *m)
{
	memset(h, 0, sizeof *h);
	snprintf(h->name, sizeof h->name, "%s", m->name);
	snprintf(h->mode, sizeof h->mode, "%07o", (unsigned)m->mode & 0777);
	snprintf(h->uid, sizeof h->uid, "%07o", 0);
	snprintf(h->gid, sizeof h->gid, "%07o", 0);
	snprintf(h->size, sizeof h->size, "%011llo", (unsigned long long)m->size);
	snprintf(h->time, sizeof h->time, "%011llo", (unsigned long long)m->time);
	h->type = '0';
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	snprintf(h->checksum, sizeof h->checksum, "%06o", checksum(h));
	h->checksum[7] = ' ';
}

enum part { PART_HEADER, PART_CONTENT, PART_PADDING, PART_END, PART_DONE };

struct source {
	const struct tar_member *members;
	size_t count, at;
	enum part part;
	int64_t done; /* octets of this part */
	struct header header;
	FILE *file;
	struct error why;
};

static int64_t part_size(const struct source *s)
{
	int64_t size = s->at < s->count ? s->members[s->at].size : 0;

	switch (s->part) {
	case PART_HEADER:
		return BLOCK;
	case PART_CONTENT:
		return size;
	case PART_PADDING:
		return (BLOCK - size % BLOCK) % BLOCK;
	case PART_END:
		return INT64_C(2) * BLOCK;
	default:
		return 0;
	}
}

static void next_part(struct source *s)
{
	s->done = 0;
	if (s->part == PART_PADDING) {
		if (s->file)
			fclose(s->file);
		s->file = NULL;
		s->at++;
		s->part = s->at < s->count ? PART_HEADER : PART_END;
	} else {
		s->part++;
	}
}

static bool read_content(struct source *s, char *to, size_t len)
{
	const struct tar_member *m = &s->members[s->at];

	if (!m->path) {
		memcpy(to, m->content.data + s->done, len);
		return true;
	}
	if (!s->file)
		s->file = fopen(m->path, "re");
	if (s->file && fread(to, 1, len, s->file) == len)
		return true;
	error_errno(&s->why, STATUS_SYSTEM, m->path, "run it again",
		    "cannot be read, or changed meanwhile");
	return false;
}

static bool read_part(struct source *s, char *to, size_t len)
{
	if (s->part == PART_HEADER) {
		if (s->done == 0)
			fill_header(&s->header, &s->members[s->at]);
		memcpy(to, (const char *)&s->header + s->done, len);
	} else if (s->part == PART_CONTENT) {
		return read_content(s, to, len);
	} else {
		memset(to, 0, len);
	}
	return true;
}

static int source_read(BIO *bio, char *to, int room)
{
	struct source *s = BIO_get_data(bio);
	int given = 0;

	while (given < room && s->part != PART_DONE) {
		int64_t left = part_size(s) - s->done;
		size_t len = left < room - given ? (size_t)left : (size_t)(room - given);

		if (len && !read_part(s, to + given, len))
			return -1;
		s->done += (int64_t)len;
		given += (int)len;
		if (s->done == part_size(s))
			next_part(s);
	}
	return given;
}

static long source_control(BIO *bio, int command, long number, void *pointer)
{
	const struct source *s = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return s->part == PART_DONE;
	return command == BIO_CTRL_FLUSH;
}

static int source_destroy(BIO *bio)
{
	struct source *s = BIO_get_data(bio);

	if (s && s->file)
		fclose(s->file);
	free(s);
	return 1;
}

static BIO_METHOD *source_method(void)
{
	static BIO_METHOD *method;

	if (!method) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tar");
		if (method && (BIO_meth_set_read(method, source_read) != 1 ||
			       BIO_meth_set_ctrl(method, source_control) != 1 ||
			       BIO_meth_set_destroy(method, source_destroy) != 1)) {
			BIO_meth_free(method);
			method = NULL;
		}
	}
	return method;
}

enum status tar_source_new(const struct tar_member *members, size_t count, BIO **out,
			   struct error *e)
{
	struct source *s = calloc(1, sizeof *s);
	BIO *bio = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!tar_name_is_plain(members[i].name) || members[i].size < 0 ||
		    members[i].size > SIZE_MOST) {
			free(s);
			return error_set(e, STATUS_INTERNAL, members[i].name, NULL,
					 "cannot stand in a tar file");
		}
	}
	if (s && source_method())
		bio = BIO_new(source_method());
	if (!bio) {
		free(s);
		return error_memory(e);
	}
	*s = (struct source){.members = members, .count = count};
	s->part = count ? PART_HEADER : PART_END;
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	*out = bio;
	return STATUS_OK;
}

enum status tar_source_status(BIO *source, struct error *e)
{
	const struct source *s = BIO_get_data(source);

	if (s->why.status == STATUS_OK)
		return STATUS_OK;
	*e = s->why;
	return error_status(e);
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum status refuse(struct error *e, const char *what)
{
	return error_set(e, STATUS_INPUT, NULL, "use a file that 'subca backup' made", "%s", what);
}

/* Octal digits up to a NUL or a space. */
static bool read_octal(const char *field, size_t size, int64_t *out)
{
	size_t i = 0;

	for (*out = 0; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		*out = *out * 8 + field[i] - '0';
	return i > 0 && i < size && (field[i] == '\0' || field[i] == ' ');
}

static bool is_zero(const struct header *h)
{
	const unsigned char *octets = (const unsigned char *)h;

	for (size_t i = 0; i < BLOCK; i++)
		if (octets[i])
			return false;
	return true;
}

static enum status read_header(const struct header *h, struct tar_member *m, struct error *e)
{
	int64_t sum, mode;

	if (memcmp(h->magic, "ustar", 6) != 0 ||
	    !read_octal(h->checksum, sizeof h->checksum, &sum) || sum != checksum(h))
		return refuse(e, "is no tar file inside, or a damaged one");
	if (h->type != '0' || h->prefix[0] || h->name[sizeof h->name - 1] ||
	    !tar_name_is_plain(h->name))
		return refuse(e, "holds something else than plain files inside");
	if (!read_octal(h->size, sizeof h->size, &m->size) ||
	    !read_octal(h->mode, sizeof h->mode, &mode) ||
	    !read_octal(h->time, sizeof h->time, &m->time))
		return refuse(e, "has a damaged tar header inside");
	m->mode = (int)(mode & 0777);
	m->name = h->name;
	return STATUS_OK;
}

/* What visit left of the content, and the padding. */
static bool skip_to(FILE *from, off_t end)
{
	return fseeko(from, end, SEEK_SET) == 0;
}

enum status tar_read(FILE *from, tar_visit *visit, void *context, struct error *e)
{
	enum status s = STATUS_OK;
	off_t size;

	if (fseeko(from, 0, SEEK_END) != 0 || (size = ftello(from)) < 0 || !skip_to(from, 0))
		return error_errno(e, STATUS_SYSTEM, NULL, NULL, "cannot be read");
	for (int count = 0; s == STATUS_OK; count++) {
		struct tar_member m = {.name = NULL};
		struct header h;
		off_t at;

		if (count > TAR_MEMBERS_MAX || fread(&h, 1, BLOCK, from) != BLOCK)
			return refuse(e, "is cut off inside");
		if (is_zero(&h))
			break;
		s = read_header(&h, &m, e);
		at = ftello(from);
		if (s == STATUS_OK && m.size > size - at)
			s = refuse(e, "is cut off inside");
		if (s == STATUS_OK)
			s = visit(context, &m, from, e);
		if (s == STATUS_OK &&
		    !skip_to(from, at + (off_t)((m.size + BLOCK - 1) / BLOCK * BLOCK)))
			s = error_errno(e, STATUS_SYSTEM, NULL, NULL, "cannot be read");
	}
	return s;
}
