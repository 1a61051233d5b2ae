#include "audit/moduli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"

/* Of 2048 bits: sixteen thousand. */
#define IN_MEMORY (4u * 1024 * 1024 + 128 * 1024)
/* Each begins at a multiple of this, and with its length in two octets: 32 GiB fit into 32 bits. */
#define UNIT 8
#define LENGTH_OCTETS 2

struct item {
	uint32_t record, at; /* at: in units */
};

struct moduli {
	struct item *items;
	size_t count, room;
	unsigned char *tail; /* what is not in the file yet */
	size_t tail_len, tail_room;
	uint64_t flushed; /* octets in the file */
	int fd;		  /* -1: none yet */
};

enum status moduli_new(struct moduli **out, struct error *e)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return error_memory(e);
	(*out)->fd = -1;
	return STATUS_OK;
}

void moduli_free(struct moduli *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		close(m->fd);
	free(m->items);
	free(m->tail);
	free(m);
}

/* --- octets ----------------------------------------------------------------------------------- */

/* In a folder that has no such files, one with a name that is gone at once. */
static int open_nameless(const char *folder)
{
	char path[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	if ((size_t)snprintf(path, sizeof path, "%s/subca-audit-XXXXXX", folder) >= sizeof path)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static enum status no_file(struct error *e)
{
	const char *folder = getenv("TMPDIR");

	return error_errno(e, STATUS_SYSTEM, folder && *folder ? folder : "/tmp",
			   "name another folder in TMPDIR",
			   "a temporary file cannot be written there");
}

static enum status write_at(struct moduli *m, const unsigned char *data, size_t len,
			    struct error *e)
{
	const char *folder = getenv("TMPDIR");

	if (m->fd < 0)
		m->fd = open_nameless(folder && *folder ? folder : "/tmp");
	if (m->fd < 0)
		return no_file(e);
	while (len) {
		ssize_t done = pwrite(m->fd, data, len, (off_t)m->flushed);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return no_file(e);
		data += done;
		len -= (size_t)done;
		m->flushed += (uint64_t)done;
	}
	return STATUS_OK;
}

static enum status flush(struct moduli *m, struct error *e)
{
	enum status s = m->tail_len ? write_at(m, m->tail, m->tail_len, e) : STATUS_OK;

	m->tail_len = 0;
	return s;
}

enum status moduli_put_aside(struct moduli *m, struct span octets, uint64_t *at, struct error *e)
{
	if (flush(m, e) != STATUS_OK)
		return error_status(e);
	*at = m->flushed;
	return write_at(m, octets.data, octets.len, e);
}

enum status moduli_fetch(const struct moduli *m, uint64_t at, unsigned char *out, size_t len,
			 struct error *e)
{
	if (at >= m->flushed) {
		memcpy(out, m->tail + (at - m->flushed), len);
		return STATUS_OK;
	}
	while (len) {
		ssize_t done = pread(m->fd, out, len, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return no_file(e);
		out += done;
		len -= (size_t)done;
		at += (uint64_t)done;
	}
	return STATUS_OK;
}

/* --- moduli ----------------------------------------------------------------------------------- */

static bool make_room(struct moduli *m, size_t len)
{
	size_t room = m->room ? m->room + m->room / 2 : 256;
	struct item *items;
	unsigned char *tail;

	if (m->count == m->room) {
		items = reallocarray(m->items, room, sizeof *items);
		if (!items)
			return false;
		m->items = items;
		m->room = room;
	}
	room = m->tail_room ? m->tail_room : 16384;
	while (room < m->tail_len + len)
		room *= 2;
	if (room == m->tail_room)
		return true;
	tail = realloc(m->tail, room);
	if (!tail)
		return false;
	m->tail = tail;
	m->tail_room = room;
	return true;
}

enum status moduli_add(struct moduli *m, struct span n, uint32_t record, struct error *e)
{
	size_t size = (LENGTH_OCTETS + n.len + UNIT - 1) / UNIT * UNIT;
	unsigned char *to;

	if (n.len == 0 || n.len > MODULUS_OCTETS_MOST)
		return error_set(e, STATUS_INTERNAL, NULL, NULL, "a modulus has %zu octets", n.len);
	if (m->tail_len + size > IN_MEMORY && flush(m, e) != STATUS_OK)
		return error_status(e);
	if (!make_room(m, size))
		return error_memory(e);
	to = m->tail + m->tail_len;
	memset(to, 0, size);
	to[0] = (unsigned char)(n.len >> 8);
	to[1] = (unsigned char)n.len;
	memcpy(to + LENGTH_OCTETS, n.data, n.len);
	m->items[m->count++] = (struct item){record, (uint32_t)((m->flushed + m->tail_len) / UNIT)};
	m->tail_len += size;
	return STATUS_OK;
}

size_t moduli_count(const struct moduli *m)
{
	return m->count;
}

uint32_t moduli_record(const struct moduli *m, size_t i)
{
	return m->items[i].record;
}

enum status moduli_read(const struct moduli *m, size_t i,
			unsigned char out[static MODULUS_OCTETS_MOST], size_t *len, struct error *e)
{
	uint64_t at = (uint64_t)m->items[i].at * UNIT;
	unsigned char length[LENGTH_OCTETS];

	if (moduli_fetch(m, at, length, sizeof length, e) != STATUS_OK)
		return error_status(e);
	*len = (size_t)length[0] << 8 | length[1];
	return moduli_fetch(m, at + LENGTH_OCTETS, out, *len, e);
}

/* --- distinct --------------------------------------------------------------------------------- */

struct mark {
	uint64_t hash;
	uint32_t place;
};

static int by_hash(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_zero(struct span n)
{
	for (size_t i = 0; i < n.len; i++)
		if (n.data[i])
			return false;
	return true;
}

/* hash 0: it is zero. */
static enum status mark_one(const struct moduli *m, size_t i, struct mark *out, struct error *e)
{
	unsigned char octets[MODULUS_OCTETS_MOST], digest[SHA256_SIZE];
	struct span n = {octets, 0};

	if (moduli_read(m, i, octets, &n.len, e) != STATUS_OK || sha256(n, digest, e) != STATUS_OK)
		return error_status(e);
	memcpy(&out->hash, digest, sizeof out->hash);
	out->hash |= 1;
	if (is_zero(n))
		out->hash = 0;
	out->place = (uint32_t)i;
	return STATUS_OK;
}

static enum status are_equal(const struct moduli *m, size_t a, size_t b, bool *equal,
			     struct error *e)
{
	unsigned char x[MODULUS_OCTETS_MOST], y[MODULUS_OCTETS_MOST];
	size_t x_len, y_len;

	if (moduli_read(m, a, x, &x_len, e) != STATUS_OK ||
	    moduli_read(m, b, y, &y_len, e) != STATUS_OK)
		return error_status(e);
	*equal = x_len == y_len && memcmp(x, y, x_len) == 0;
	return STATUS_OK;
}

#define GONE UINT32_MAX

static void close_ranks(struct moduli *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].at != GONE)
			m->items[kept++] = m->items[i];
	m->count = kept;
}

/* marks: sorted. Those with one hash follow each other, and are equal but by intent. */
static enum status mark_gone(struct moduli *m, const struct mark *marks, struct error *e)
{
	size_t first = 0;

	for (size_t i = 0; i < m->count; i++) {
		bool equal = marks[i].hash == 0;

		if (marks[i].hash != marks[first].hash)
			first = i;
		else if (!equal && i != first &&
			 are_equal(m, marks[first].place, marks[i].place, &equal, e) != STATUS_OK)
			return error_status(e);
		/* Not before the others were held against it. */
		if (equal && (i != first || marks[i].hash == 0))
			m->items[marks[i].place].at = GONE;
	}
	return STATUS_OK;
}

enum status moduli_make_distinct(struct moduli *m, struct error *e)
{
	struct mark *marks = calloc(m->count + 1, sizeof *marks);
	enum status s = marks ? STATUS_OK : error_memory(e);

	for (size_t i = 0; s == STATUS_OK && i < m->count; i++)
		s = mark_one(m, i, &marks[i], e);
	if (s == STATUS_OK && m->count)
		qsort(marks, m->count, sizeof *marks, by_hash);
	if (s == STATUS_OK)
		s = mark_gone(m, marks, e);
	free(marks);
	if (s == STATUS_OK)
		close_ranks(m);
	return s;
}
