/*
 * Making a CA's folder. What was asked for is written down first (init.conf, durable) and taken
 * away last, so that an interrupted run is seen by every command, and can be resumed or removed.
 */
#ifndef SUBCA_CA_CREATE_H
#define SUBCA_CA_CREATE_H

#include "base/finding.h"
#include "ca/authority.h"

#define CREATE_KEY_TYPE "rsa:4096"

/* Owned; freed with create_order_free(). Text fields NULL where not given. */
struct create_order {
	char *subject;	    /* as name_parse() reads it */
	char *key_type;	    /* as key_generate() reads it */
	char *key_name;	    /* as hsm/signer.h names keys, whole; NULL: a file in the folder */
	char *profile;	    /* "root", "subordinate-ca" */
	char *parent;	    /* absolute path of the CA above; NULL for a root */
	char *first_serial; /* "0x1000"; NULL: random serials */
	char *predecessor;  /* absolute path of the CA whose place it takes; NULL: of none */
	char *replaces; /* with it, its serial in parent's store, hexadecimal; NULL for a root */
	struct ca_urls urls;
	int days;	   /* 0: the profile's */
	int64_t not_after; /* 0: counted from days */
	bool fit;
	bool encrypt;	   /* the key file */
	bool use_existing; /* the key of key_name is there already */
	int64_t now;	   /* when it was asked for; a resumed run keeps to it */
	/* Of this very run, and not in init.conf: the parent's journal is held against it. */
	int64_t clock;
	bool clock_ok;
};

void create_order_free(struct create_order *o);

/* Passphrases as far as they are needed; borrowed, each may be NULL. */
struct create_secrets {
	const struct secret *key;
	const struct secret *parent;
};

/*
 * Makes the CA. What is refused, or fails before a serial was spent, leaves no folder behind.
 * STATUS_EXISTS where folder is there and not empty. STATUS_REFUSED where the clock is behind the
 * parent's journal, and for a predecessor of the same name. findings: what lint had to say.
 */
MUST_CHECK enum status create_authority(const char *folder, const struct create_order *order,
					const struct create_secrets *secrets,
					struct findings *findings, struct error *e);

/* What an interrupted run was asked for. STATUS_NOT_FOUND where none was interrupted. */
MUST_CHECK enum status create_order_read(const char *folder, struct create_order *out,
					 struct error *e);
/* Goes on where it was interrupted: keeps a key and a certificate that are there. */
MUST_CHECK enum status create_resume(const char *folder, const struct create_order *order,
				     const struct create_secrets *secrets,
				     struct findings *findings, struct error *e);
/* Removes a half-made CA, and nothing else. */
MUST_CHECK enum status create_discard(const char *folder, struct error *e);

#endif
