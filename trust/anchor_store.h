/*
 * Where a tool keeps its roots: a file, a folder, a trust store of Java, a database of NSS. Read to
 * know whether a root is in it; whatever else is in it is left alone.
 */
#ifndef SUBCA_TRUST_ANCHOR_STORE_H
#define SUBCA_TRUST_ANCHOR_STORE_H

#include <openssl/x509.h>

#include "base/bytes.h"

enum anchor_kind { ANCHORS_FILE, ANCHORS_FOLDER, ANCHORS_JAVA, ANCHORS_NSS };
enum anchor_state { ANCHORS_READ, ANCHORS_MISSING, ANCHORS_UNREADABLE };

/* "file", "folder", "java", "nss"; "read", "missing", "unreadable": stable. */
const char *anchor_kind_name(enum anchor_kind k);
const char *anchor_state_name(enum anchor_state s);

struct anchor_store {
	char *path; /* as a setting names it */
	enum anchor_kind kind;
	enum anchor_state state;
	char problem[200]; /* what keeps it from being read */
	size_t count;	   /* certificates, each once */
	size_t bad;	   /* blocks that cannot be read */
	bool has_root;
	bool has_link; /* of a folder: where OpenSSL looks for the root */
	char *alias;   /* what the root is called in it, Java and NSS; NULL else */
	char *below;   /* a CA below the root that is trusted, RFC 4514; NULL: none */
};

/* What every reading shares; borrowed. */
struct anchor_search {
	X509 *root;
	const char *path;   /* PATH, for keytool and certutil */
	const char *folder; /* a scratch folder */
};

/* What cannot be read is in out; an error is one of this machine. Freed with anchor_store_free(). */
MUST_CHECK enum status anchor_store_read(const struct anchor_search *search, const char *path,
					 struct anchor_store *out, struct error *e);
void anchor_store_free(struct anchor_store *s);

/*
 * Writes into folder what the store would be with another root in the root's place, and *mirror is
 * its path, to be freed; the rest of it is as it was, byte for byte where that can be. For kinds
 * other than ANCHORS_FOLDER, whose files are each mirrored as ANCHORS_FILE. *mirror NULL: the root
 * is not in it.
 */
MUST_CHECK enum status anchor_store_mirror(const struct anchor_search *search,
					   const struct anchor_store *s, X509 *other,
					   const char *name, char **mirror, struct error *e);

/* Calls use for each regular file in a folder, which may be a link to one. At most 4096. */
typedef enum status anchor_use(void *context, const char *path, struct error *e);
MUST_CHECK enum status anchor_folder_each(const char *folder, anchor_use *use, void *context,
					  struct error *e);

#endif
