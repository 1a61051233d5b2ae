/*
 * A CA in its folder:
 *
 *     ca.conf          where the key is, how serials are chosen, URLs, a list of weak keys
 *     ca.pem           the CA's certificate
 *     chain.pem        for an intermediate of our own: this CA first, its root last
 *     private/ca.key   the private key, unless it lives in a token
 *     key-evidence.json, key-attestation.pem   what a token said of the key when it was made
 *     store.db         everything it ever issued, and the journal
 *     profiles/        profiles of this CA's own; each hides the shipped one of its name
 *     restored.json    only after a restore that nobody has confirmed yet
 *     init.conf        only while "subca init" is under way: what it was asked to make
 */
#ifndef SUBCA_CA_AUTHORITY_H
#define SUBCA_CA_AUTHORITY_H

#include <openssl/x509.h>

#include "base/secret.h"
#include "ca/extension.h"
#include "ca/profile.h"
#include "ca/store.h"
#include "csr/weak_keys.h"
#include "hsm/signer.h"

#define AUTHORITY_CONF "ca.conf"
#define AUTHORITY_CERTIFICATE "ca.pem"
#define AUTHORITY_CHAIN "chain.pem"
#define AUTHORITY_KEY_FOLDER "private"
#define AUTHORITY_KEY "private/ca.key"
#define AUTHORITY_EVIDENCE "key-evidence.json"
#define AUTHORITY_ATTESTATION "key-attestation.pem"
#define AUTHORITY_STORE "store.db"
#define AUTHORITY_PROFILES "profiles"
#define AUTHORITY_UNFINISHED "init.conf"
#define AUTHORITY_RESTORED \
	"restored.json" /* see ca/backup.h; nothing is signed while it is there */

#define CHAIN_MAX 16 /* certificates; ZIA takes no more */

struct authority;

/*
 * STATUS_NOT_FOUND where there is no CA, STATUS_DAMAGED where one is half made (with what to do)
 * or its parts do not belong together. Needs neither key nor passphrase.
 */
MUST_CHECK enum status authority_open(const char *folder, enum store_mode mode,
				      struct authority **out, struct error *e);
void authority_free(struct authority *a);

/* All borrowed. */
const char *authority_folder(const struct authority *a);
X509 *authority_certificate(const struct authority *a);
struct span authority_certificate_der(const struct authority *a);
/* SHA-256 of the DER SubjectPublicKeyInfo, as rows of the store have it. */
MUST_CHECK enum status authority_key_sha256(const struct authority *a,
					    unsigned char out[SHA256_SIZE], struct error *e);
struct store *authority_store(const struct authority *a);
const struct ca_urls *authority_urls(const struct authority *a);
const struct profile_path *authority_profiles(const struct authority *a);
/* This CA's certificate first, its root last. */
size_t authority_chain(const struct authority *a, struct span chain[CHAIN_MAX]);
/* Empty for random serials; else the first of the sequential ones. */
struct span authority_first_serial(const struct authority *a);

/*
 * The list of keys that 'weak_keys' in ca.conf names, else SUBCA_WEAK_KEYS; *out is NULL where
 * neither does. Read anew at each call; freed with weak_keys_free().
 */
MUST_CHECK enum status authority_weak_keys(const struct authority *a, struct weak_keys **out,
					   struct error *e);

/* Whether path is one of the CA's own files: nothing that is issued may take its place. */
bool authority_owns(const struct authority *a, const char *path);

/* The key's name: a path, relative to the folder or absolute, or a URI. Borrowed. */
const char *authority_key(const struct authority *a);
/* What opening the key will take from a person; key_open() in cmd/key.h asks for it. */
MUST_CHECK enum status authority_key_needs(const struct authority *a, struct signer_need *need,
					   struct error *e);
/* The key, proved to be the certificate's. secret may be NULL. STATUS_REFUSED after a restore. */
MUST_CHECK enum status authority_signer(const struct authority *a, const struct secret *secret,
					struct signer **out, struct error *e);

/*
 * The text of a new ca.conf. key: as hsm/signer.h names keys, of characters that need no escape;
 * NULL: AUTHORITY_KEY. first_serial NULL: random.
 */
MUST_CHECK enum status authority_conf_text(const char *key, const char *first_serial,
					   const struct ca_urls *urls, struct text *out,
					   struct error *e);

#endif
