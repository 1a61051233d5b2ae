/*
 * Policy drift: what a certificate has that today's profile of its name would not give it.
 */
#ifndef SUBCA_AUDIT_DRIFT_H
#define SUBCA_AUDIT_DRIFT_H

#include "audit/certificate.h"
#include "ca/extension.h"
#include "ca/profile.h"

#define DRIFT_PROFILES_MAX 255

/* The profiles that were asked for so far, by number from 1. */
struct drift {
	const struct profile_path *path; /* borrowed */
	const struct ca_urls *urls;	 /* borrowed */
	const X509 *issuer;		 /* the CA's certificate; borrowed */
	struct {
		char name[PROFILE_NAME_MAX + 1];
		struct profile *profile; /* NULL: there is none of that name any more */
	} items[DRIFT_PROFILES_MAX];
	unsigned count;
};

/* The number of a profile, loaded on first sight; 0 where the table is full. */
MUST_CHECK enum status drift_profile(struct drift *d, const char *name, unsigned *number,
				     struct error *e);
void drift_free(struct drift *d);

/* Appends the differences, "; " between them; nothing where there is none. */
MUST_CHECK enum status drift_compare(const struct drift *d, unsigned number,
				     const struct audit_certificate *c, struct text *out,
				     struct error *e);

#endif
