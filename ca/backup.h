/*
 * A backup: everything in the CA's folder, the store as it was at one moment, in one encrypted file.
 * Without the private key unless asked. subca is not needed to open it, see ca/backup_seal.h:
 *
 *     CMS AuthEnvelopedData ( tar ( backup.json, ca.conf, ca.pem, …, store.db ) )
 *
 * What is restored may be older than what the CA did last: it is marked (AUTHORITY_RESTORED), and
 * authority_signer() refuses until somebody compared it with what was published, or said that there
 * is nothing (restore_confirm()).
 */
#ifndef SUBCA_CA_BACKUP_H
#define SUBCA_CA_BACKUP_H

#include "base/finding.h"
#include "ca/authority.h"

#define BACKUP_MANIFEST "backup.json" /* the first file in the tar */
#define BACKUP_FORMAT "subca.backup/1"

/* What a backup says of itself. Owned; freed with backup_manifest_free(). */
struct backup_manifest {
	int64_t time;
	char *subject;
	unsigned char certificate_sha256[SHA256_SIZE];
	int64_t journal_seq;
	unsigned char journal_hash[SHA256_SIZE];
	int64_t crl_number; /* STORE_NO_CRL: none yet */
	bool keys;	    /* private keys are in it */
	int64_t files;	    /* beside itself */
};

void backup_manifest_free(struct backup_manifest *m);

struct backup_order {
	const char *file;
	const struct secret *password;
	bool with_keys;
	bool replace;
	int64_t now;
};

/*
 * Writes it and reads it back. Others may use the CA meanwhile. STATUS_EXISTS as file_publish();
 * STATUS_REFUSED where file would lie in the CA's own folder.
 */
MUST_CHECK enum status backup_write(struct authority *a, const struct backup_order *order,
				    struct backup_manifest *out, struct error *e);

struct restore_order {
	const char *file;
	const struct secret *password;
	const char *folder;
	int64_t now;
	bool clock_ok; /* as in clock_judge() */
};

/*
 * Makes folder, under its name only when it is whole, opened once and its journal verified. Errors as
 * seal_open(); STATUS_INPUT also for a tar that is none of ours; STATUS_EXISTS where folder is there;
 * STATUS_REFUSED where the clock is behind the journal.
 */
MUST_CHECK enum status backup_restore(const struct restore_order *order,
				      struct backup_manifest *out, struct error *e);

/* --- ca/restore.c ----------------------------------------------------------------------------- */

/* What the CA did last, as others have it; all borrowed. */
struct restore_evidence {
	X509_CRL *crl; /* the last that was published; NULL: not given */
	X509 *const *certificates;
	size_t certificate_count;
	const struct checkpoint *checkpoint; /* NULL: not given */
	bool accept_loss; /* journal rows that the checkpoint has are gone for good */
};

/* The manifest a restored CA was made from. STATUS_NOT_FOUND where it is not marked. */
MUST_CHECK enum status restore_pending(const char *folder, struct backup_manifest *out,
				       struct error *e);

/*
 * Takes over what the evidence knows and the store does not, a CRL number, revocations, certificates,
 * and then takes the mark away: all of it or, where anything is refused, none. findings says what.
 * STATUS_REFUSED for evidence of another CA, for a serial that stands for two certificates, and where
 * rows are lost that accept_loss does not accept.
 */
MUST_CHECK enum status restore_confirm(struct authority *a, const struct restore_evidence *evidence,
				       int64_t now, struct findings *findings, struct error *e);

#endif
