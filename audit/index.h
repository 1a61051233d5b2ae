/*
 * The serial numbers of an openssl ca or easy-rsa, from its index.txt (ca/import_index.h).
 */
#ifndef SUBCA_AUDIT_INDEX_H
#define SUBCA_AUDIT_INDEX_H

#include "audit/estate.h"

struct index_entry {
	unsigned char serial[SERIAL_MAX];
	uint8_t len;
	bool revoked, seen;
	int64_t not_after;
};

struct audit_index {
	char *path;
	struct index_entry *items;
	size_t count, room;
};

/*
 * folder/index.txt; STATUS_NOT_FOUND where there is none. Lines that cannot be read are named in
 * t->unread.
 */
MUST_CHECK enum status audit_index_read(struct estate *t, const char *folder,
					struct audit_index *out, struct error *e);
void audit_index_free(struct audit_index *i);

#endif
