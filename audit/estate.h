/*
 * The estate: what an audit looks at. Each certificate is one record of a fixed size, however often
 * it was seen and however large it is, so that a million of them fit into memory; the bytes are
 * read again when they are needed.
 */
#ifndef SUBCA_AUDIT_ESTATE_H
#define SUBCA_AUDIT_ESTATE_H

#include "audit/certificate.h"
#include "audit/rule.h"
#include "ca/authority.h"

#define RECORD_NONE UINT32_MAX
#define RECORDS_MAX 16000000u

enum record_flags {
	RECORD_CA = 1,
	RECORD_SELF_ISSUED = 2,
	RECORD_IN_STORE = 4,
	RECORD_IN_FILE = 8,    /* in a file that was given, or lies in the CA's folder */
	RECORD_JOURNALED = 16, /* a row of the journal issued these bytes */
	RECORD_ADOPTED = 32,   /* in the store, but not issued by it */
	RECORD_REVOKED = 64,   /* says the store, or the index */
	RECORD_JUDGED = 128,
	RECORD_VERIFIED = 256, /* its signature, by the key of the issuer */
	RECORD_BAD_SIGNATURE = 512,
	RECORD_OF_CA = 1024, /* signed by the key of the CA that is audited */
	RECORD_PORTAL_ZIA = 2048,
	RECORD_PORTAL_ZPA = 4096,
	RECORD_INDEXED = 8192, /* the index of an openssl ca has its serial */
	RECORD_LISTED = 16384, /* its issuer's last CRL has its serial */
};

#define FINGERPRINT_SIZE 16

/* Names and identifiers stand as the first 64 bits of their SHA-256. */
struct audit_record {
	unsigned char fingerprint[FINGERPRINT_SIZE]; /* of SHA-256 over the DER */
	uint64_t serial;			     /* over issuer and serial number */
	uint64_t issuer, subject, spki;
	uint64_t ski; /* 0: none */
	int64_t not_before, not_after;
	uint32_t source;	/* where it was first seen */
	uint32_t issuer_record; /* RECORD_NONE: unknown; itself where self-signed */
	uint32_t row;		/* of the store, where it was first seen there; else 0 */
	uint16_t flags;
	int8_t path_length; /* PATH_LENGTH_NONE, or at most INT8_MAX */
	uint8_t profile;    /* 1 + place in the profiles of the audit; 0: none */
};

/* A file, or the store. */
struct audit_source {
	char *path;
	uint32_t certificates, crls;
	bool is_store;
	bool is_own; /* lies in the CA's folder */
};

/* What was not examined, and why. */
struct audit_unread {
	char *path, *why;
};

struct audit_finding {
	const struct rule *rule;
	enum severity severity;
	uint32_t record; /* RECORD_NONE: about none */
	uint32_t other;	 /* the second certificate of two; RECORD_NONE: none */
	char *where;	 /* where it is about no certificate: a file, a serial number; else NULL */
	char *message;
	size_t accepted; /* 1 + place in the policy; 0: not accepted */
};

/* Of one rule at most so many are kept; the rest are counted. */
#define FINDINGS_PER_RULE 1000

struct audit_findings {
	struct audit_finding *items;
	size_t count, room;
	/* Of each rule that spoke more often than is kept. */
	struct audit_overflow {
		const struct rule *rule;
		size_t kept, count;
	} * rules;
	size_t rule_count;
};

/* The bytes of all certificates, as long as they fit. */
#define CACHE_MOST (24u * 1024 * 1024)

/* What was hashed last: of a thousand certificates nearly all have one issuer. */
#define MEMO_OCTETS 256

struct estate_memo {
	unsigned char octets[MEMO_OCTETS];
	size_t len; /* 0: nothing */
	unsigned char digest[SHA256_SIZE];
	uint64_t hash;
};

struct estate {
	struct audit_record *records;
	uint32_t count, room;
	uint32_t *table; /* by fingerprint: place in records + 1, 0 where empty */
	uint32_t table_size;
	struct audit_source *sources;
	size_t source_count, source_room;
	struct audit_unread *unread;
	size_t unread_count, unread_room;
	struct audit_findings findings;
	struct bytes *cache; /* by record; none when cache_full */
	uint32_t cache_count;
	size_t cache_bytes, cache_most; /* cache_most 0: CACHE_MOST */
	bool cache_full;
	struct estate_memo issuer;
};

void estate_free(struct estate *t);

MUST_CHECK enum status estate_add_source(struct estate *t, const char *path, bool is_store,
					 bool is_own, uint32_t *out, struct error *e);
MUST_CHECK enum status estate_add_unread(struct estate *t, const char *path, const char *why,
					 struct error *e);
/*
 * Adds a certificate, or finds the record that it has; flags are added to the record's. STATUS_INPUT
 * where der is no certificate.
 */
MUST_CHECK enum status estate_add(struct estate *t, struct span der, uint32_t source,
				  unsigned flags, uint32_t *record, struct error *e);
/* The same of one that was read already. */
MUST_CHECK enum status estate_add_parsed(struct estate *t, struct audit_certificate *c,
					 uint32_t source, unsigned flags, uint32_t *record,
					 struct error *e);
/* RECORD_NONE where it was never seen. */
uint32_t estate_find(const struct estate *t, const unsigned char fingerprint[FINGERPRINT_SIZE]);
void estate_fingerprint(struct span der, unsigned char out[FINGERPRINT_SIZE]);
/* The first 64 bits of SHA-256 over both. */
uint64_t estate_hash(struct span a, struct span b);
/* estate_hash() of a alone. */
uint64_t estate_hash_again(struct estate_memo *memo, struct span a);

/*
 * Findings. The message is escaped; what certificate it is about is described later, from record
 * and other (RECORD_NONE: none). where is for a finding about none.
 */
MUST_CHECK enum status findings_say(struct audit_findings *f, const struct rule *rule,
				    uint32_t record, uint32_t other, const char *where,
				    struct error *e, const char *format, ...) PRINTF_LIKE(7, 8);
/* Moves all of from to the end of to. */
MUST_CHECK enum status findings_take(struct audit_findings *to, struct audit_findings *from,
				     struct error *e);
void audit_findings_free(struct audit_findings *f);

#endif
