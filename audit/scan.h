/*
 * Files and folders as auditors bring them: what holds certificates and CRLs is read, and what does
 * not, or cannot be read, is named with the reason. Nothing that lies about ends the walk.
 */
#ifndef SUBCA_AUDIT_SCAN_H
#define SUBCA_AUDIT_SCAN_H

#include <openssl/x509.h>

#include "audit/estate.h"

#define SCAN_FILE_MAX (INT64_C(4) << 30) /* octets; PEM, which is read in a stream */
#define SCAN_DER_MAX (16 * 1024 * 1024)
#define SCAN_DEPTH_MAX 64

/* own: path lies in the CA's folder, whose keys, settings and store are not certificates. */
MUST_CHECK enum status scan_walk(struct estate *t, const char *path, bool own, struct error *e);

/* What to do with each thing found. crl may be NULL: CRLs are passed over. */
struct scan_visitor {
	enum status (*certificate)(void *context, struct span der, uint32_t source,
				   struct error *e);
	enum status (*crl)(void *context, struct span der, uint32_t source, struct error *e);
	void *context;
	bool again; /* what could not be read was named before */
};

/*
 * Reads one file. Only a visitor's failure, and want of memory, make it fail: a damaged file is
 * named in estate->unread.
 */
MUST_CHECK enum status scan_file(struct estate *t, uint32_t source,
				 const struct scan_visitor *visitor, struct error *e);

#endif
