/* Which serials came already, for an index of a million lines in thirty megabytes. */
#include <stdlib.h>
#include <string.h>

#include "ca/import_internal.h"

/* An open hash table of half of SHA-256, keyed, so that nobody can make two serials meet in it. */
struct entry {
	uint64_t hash; /* 0: free */
	int64_t line;
};

struct serial_set {
	struct entry *entries;
	size_t room, count; /* room is a power of two */
	unsigned char key[16];
};

#define FIRST_ROOM 1024

enum status serial_set_new(struct serial_set **out, struct error *e)
{
	struct serial_set *s = calloc(1, sizeof *s);
	enum status status;

	if (!s || !(s->entries = calloc(FIRST_ROOM, sizeof *s->entries))) {
		free(s);
		return error_memory(e);
	}
	s->room = FIRST_ROOM;
	status = random_bytes(s->key, sizeof s->key, e);
	if (status != STATUS_OK) {
		serial_set_free(s);
		return status;
	}
	*out = s;
	return STATUS_OK;
}

void serial_set_free(struct serial_set *s)
{
	if (s)
		free(s->entries);
	free(s);
}

static enum status hash_of(const struct serial_set *s, struct span serial, uint64_t *out,
			   struct error *e)
{
	unsigned char keyed[sizeof s->key + SERIAL_MAX], hash[SHA256_SIZE];

	memcpy(keyed, s->key, sizeof s->key);
	if (serial.len)
		memcpy(keyed + sizeof s->key, serial.data, serial.len);
	if (sha256((struct span){keyed, sizeof s->key + serial.len}, hash, e) != STATUS_OK)
		return error_status(e);
	memcpy(out, hash, sizeof *out);
	*out |= *out == 0;
	return STATUS_OK;
}

/* Where hash is, or where it would go. */
static struct entry *look(struct entry *entries, size_t room, uint64_t hash)
{
	size_t at = (size_t)hash & (room - 1);

	while (entries[at].hash && entries[at].hash != hash)
		at = (at + 1) & (room - 1);
	return &entries[at];
}

static enum status grow(struct serial_set *s, struct error *e)
{
	struct entry *entries = calloc(2 * s->room, sizeof *entries);

	if (!entries)
		return error_memory(e);
	for (size_t i = 0; i < s->room; i++)
		if (s->entries[i].hash)
			*look(entries, 2 * s->room, s->entries[i].hash) = s->entries[i];
	free(s->entries);
	s->entries = entries;
	s->room *= 2;
	return STATUS_OK;
}

enum status serial_set_add(struct serial_set *s, struct span serial, int64_t line, int64_t *earlier,
			   struct error *e)
{
	struct entry *entry;
	uint64_t hash;

	if (hash_of(s, serial, &hash, e) != STATUS_OK ||
	    (4 * s->count >= 3 * s->room && grow(s, e) != STATUS_OK))
		return error_status(e);
	entry = look(s->entries, s->room, hash);
	*earlier = entry->line;
	if (entry->hash)
		return STATUS_OK;
	*entry = (struct entry){hash, line};
	s->count++;
	return STATUS_OK;
}
