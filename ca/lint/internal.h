/*
 * What the rules of lint share: a certificate parsed once, and a report to speak into. Private to
 * ca/lint/.
 */
#ifndef SUBCA_CA_LINT_INTERNAL_H
#define SUBCA_CA_LINT_INTERNAL_H

#include <stdint.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "base/der_canonical.h"
#include "base/finding.h"
#include "ca/lint.h"
#include "ca/lint/asn1.h"
#include "ca/lint/report.h"
#include "ca/plain.h"

/* The extensions that lint decodes; the rest are only counted and held against criticality. */
enum lint_known {
	LINT_BASIC_CONSTRAINTS,
	LINT_KEY_USAGE,
	LINT_EXTENDED_KEY_USAGE,
	LINT_SKI,
	LINT_AKI,
	LINT_SUBJECT_ALT_NAME,
	LINT_ISSUER_ALT_NAME,
	LINT_NAME_CONSTRAINTS,
	LINT_POLICIES,
	LINT_POLICY_MAPPINGS,
	LINT_POLICY_CONSTRAINTS,
	LINT_INHIBIT_ANY_POLICY,
	LINT_CRL_DISTRIBUTION,
	LINT_FRESHEST_CRL,
	LINT_AIA,
	LINT_SIA,
	LINT_DIRECTORY_ATTRIBUTES,
	LINT_CRL_NUMBER,
	LINT_DELTA_CRL,
	LINT_ISSUING_POINT,
	LINT_REASON,
	LINT_INVALIDITY,
	LINT_CERTIFICATE_ISSUER,
	LINT_KNOWN_COUNT,
};

/* The first extension of a kind; all NULL where the certificate has none. */
struct lint_decoded {
	const LINT_EXTENSION *raw;
	void *value; /* OpenSSL's type for it; NULL also where it does not decode */
};

enum lint_time_fault {
	LINT_TIME_OK,
	LINT_TIME_TYPE, /* neither UTCTime nor GeneralizedTime */
	LINT_TIME_FORM, /* not (YY)YYMMDDHHMMSSZ, or no such moment */
	LINT_TIME_UTC_EXPECTED,
	LINT_TIME_ABSENT,
};

struct lint_time {
	int64_t seconds; /* meaningful only where lint_time_known() */
	enum lint_time_fault fault;
};

/* One entry of a CRL, while the rules for entries look at it. */
struct lint_entry {
	LINT_REVOKED *raw; /* NULL: none, or what was revoked cannot be read */
	struct span der;   /* borrowed */
	size_t number;	   /* from 1 */
	struct lint_time date;
	struct lint_decoded known[LINT_KNOWN_COUNT];
};

/* What the entries of a CRL are as a whole; meaningful once all have been walked. */
struct lint_entries {
	struct span der; /* revokedCertificates, its header included; empty where it is absent */
	size_t count;
	size_t unreadable;	   /* the number of the first that is; 0: none */
	size_t unordered;	   /* the number of the first that is below the one before it */
	size_t duplicates;	   /* how many are there a second time */
	struct span duplicate;	   /* one such serial number */
	bool extensions, indirect; /* some entry has an extension, a certificateIssuer */
};

/* What names are made of; others are no text. */
#define LINT_TYPES_DIRECTORY                                                                \
	(B_ASN1_PRINTABLESTRING | B_ASN1_UTF8STRING | B_ASN1_T61STRING | B_ASN1_BMPSTRING | \
	 B_ASN1_UNIVERSALSTRING)
#define LINT_TYPES_TEXT \
	(LINT_TYPES_DIRECTORY | B_ASN1_IA5STRING | B_ASN1_NUMERICSTRING | B_ASN1_VISIBLESTRING)

#define LINT_PARTS_FEW 8

struct lint_name {
	size_t rdns, count, room;
	struct plain_part *parts; /* owned unless they are few */
	struct plain_part few[LINT_PARTS_FEW];
	LINT_NAME *decoded; /* what they are borrowed from where it could not be read in place */
};

/* Everything that rules look at. Borrows the DER it was read from. */
struct lint_subject {
	enum lint_form form;
	struct span der, tbs;
	DER_SIGNED *envelope;	 /* NULL for a CRL */
	const X509_ALGOR *outer; /* beside the signature */
	enum der_fault der_fault;
	size_t der_offset;

	/* The one that the form says; all NULL: unreadable, and nothing below means anything. */
	LINT_TBS *cert;
	LINT_CRL_TBS *crl;
	LINT_REQUEST_INFO *request;
	char unreadable[128];
	unsigned kind; /* one bit of enum lint_applies */
	bool is_ca, self_issued;
	const X509_ALGOR *signature;		    /* under the signature */
	const STACK_OF(LINT_EXTENSION) *extensions; /* those that a request asks for */
	LINT_EXTENSIONS *asked_for;		    /* owned: of a request */
	struct span issuer_der, subject_der, spki_der;
	struct lint_name issuer_name, subject_name; /* a CRL has no subject, a request no issuer */
	struct lint_time not_before, not_after;	    /* a CRL's thisUpdate and nextUpdate */
	struct lint_entry entry;
	struct lint_entries entries;
	DER_SPKI *spki;
	DER_RSA *rsa; /* NULL unless the key is RSA and reads as such */
	int key_nid;
	struct lint_decoded known[LINT_KNOWN_COUNT];

	/* Who signed it: NULL where unknown, the subject itself where self-signed. */
	const struct lint_subject *issuer;
	struct lint_subject *issuer_owned;
};

typedef void lint_check(const struct lint_subject *s, struct lint_report *report);

/* der must stay as long as *out. STATUS_INPUT where it is no SIGNED SEQUENCE. */
MUST_CHECK enum status lint_subject_read(struct span der, struct span issuer,
					 struct lint_subject **out, struct error *e);
/* The same below an issuer that was read already, or unknown: NULL. */
MUST_CHECK enum status lint_subject_read_below(struct span der, const struct lint_issuer *issuer,
					       struct lint_subject **out, struct error *e);
/*
 * The same for a CRL taken apart already: the octets to be held against DER (of tbs, where there is
 * no more yet), the TBSCertList, and the algorithm beside the signature. STATUS_INPUT for issuer only.
 */
MUST_CHECK enum status lint_subject_read_crl(struct span der, struct span tbs,
					     const X509_ALGOR *outer, struct span issuer,
					     struct lint_subject **out, struct error *e);
MUST_CHECK enum status lint_subject_read_request(struct span der, struct lint_subject **out,
						 struct error *e);
/* Whether an attribute of this type is PKCS#9's extensionRequest, or Microsoft's. */
bool lint_asks_for_extensions(const ASN1_OBJECT *type);
void lint_subject_free(struct lint_subject *s);

/* Every rule that applies to what was read, but for those for entries. */
MUST_CHECK enum status lint_judge(const struct lint_subject *s, struct findings *findings,
				  struct error *e);

/*
 * ca/lint/memory.c. Every rule as above; what those say that are asked once for a kind is added to said
 * as well. And of a certificate whose kind is known: all others, with said in its place.
 */
bool lint_is_asked_once(lint_check *check);
MUST_CHECK enum status lint_judge_keeping(const struct lint_subject *s, struct findings *said,
					  struct findings *findings, struct error *e);
MUST_CHECK enum status lint_judge_own(const struct lint_subject *s, const struct findings *said,
				      struct findings *findings, struct error *e);
/* 0 where it is NULL. */
uint64_t lint_issuer_number(const struct lint_issuer *issuer);
/* Whether der is its certificate. */
bool lint_is_issuer(const struct lint_issuer *issuer, struct span der);
/* NULL where there is none, or it is no certificate. */
const struct lint_subject *lint_issuer_subject(const struct lint_issuer *issuer);

/* ca/lint/entries.c: each entry of a CRL in s->entry for look, one at a time; then s->entries. */
typedef enum status lint_look(const struct lint_subject *s, void *context, struct error *e);
MUST_CHECK enum status lint_entries_walk(struct lint_subject *s, lint_look *look, void *context,
					 struct error *e);

/* ca/lint/known.c. A value of an ASN.1 type that fills its bytes exactly; NULL otherwise. */
void *lint_decode(struct span der, const ASN1_ITEM *item);
/* NULL for an extension that is none of the known. */
const char *lint_known_name(enum lint_known known);
/* LINT_KNOWN_COUNT for one that is not known, or has no place in what kind (enum lint_applies) says. */
enum lint_known lint_known_find(const ASN1_OBJECT *type, unsigned kind);
void lint_known_read(const STACK_OF(LINT_EXTENSION) *from, unsigned kind,
		     struct lint_decoded known[static LINT_KNOWN_COUNT]);
void lint_known_free(struct lint_decoded known[static LINT_KNOWN_COUNT]);

/* ca/lint/object.c. One that is at two places of a list, borrowed from there; NULL: none. */
typedef const ASN1_OBJECT *lint_object_at(const void *all, int i);
const ASN1_OBJECT *lint_object_twice(const void *all, lint_object_at *at, int count);
const ASN1_OBJECT *lint_extension_twice(const STACK_OF(LINT_EXTENSION) *all);
/* "basicConstraints", or the dotted identifier of an extension that has no name here. */
#define LINT_OBJECT_NAME 80
void lint_extension_name(const ASN1_OBJECT *type, char name[static LINT_OBJECT_NAME]);

/* Whether a CRL says that its entries may be of other issuers. */
bool lint_is_indirect(const struct lint_subject *s);
void lint_time_read(int type, const ASN1_STRING *t, struct lint_time *out);
struct span lint_string(const ASN1_STRING *s);
/* Whether the seconds of a time can be used. */
bool lint_time_known(const struct lint_time *t);

static inline const LINT_EXTENSION *lint_raw(const struct lint_subject *s, enum lint_known known)
{
	return s->known[known].raw;
}

/* The decoded value; NULL where the extension is absent or does not decode. */
static inline const void *lint_value(const struct lint_subject *s, enum lint_known known)
{
	return s->known[known].value;
}

/* KU_* of <openssl/x509v3.h>; 0 where there is none. */
unsigned lint_key_usage(const struct lint_subject *s);
bool lint_has_purpose(const struct lint_subject *s, int nid);
/* A signature algorithm's digest and key, NID_undef where it has none or is not known. */
void lint_signature_parts(const X509_ALGOR *algorithm, int *digest, int *key);

/* ca/lint/text.c: the next character of an ASN.1 string type; false where it is malformed. */
bool lint_next_character(int type, struct span *rest, uint32_t *point);
/* RFC 1034 3.5 with RFC 1123 2.1: labels of letters, digits and hyphens. */
bool lint_is_host(struct span s);
/* As above; the first label may be "*". */
bool lint_is_dns_name(struct span s);
/* RFC 3986 3: scheme, colon, the rest in allowed characters, and a sound host after "//". */
bool lint_is_uri(struct span s);
/* Whether a URI has this scheme ("http"), in either case. */
bool lint_has_scheme(struct span s, const char *scheme);

/*
 * ca/lint/part.c: a Name that fills der exactly, in *out, which borrows it; false where der is none.
 * canonical: der_canonical() says that it is. Freed with lint_name_free() either way.
 */
bool lint_name_read(struct span der, bool canonical, struct lint_name *out);
void lint_name_free(struct lint_name *name);

/* Each rule: ca/lint/rules.h. */
#define RULE(id, severity, applies, reference, why, todo) lint_check lint_##id;
#include "ca/lint/rules.h"
#undef RULE

#endif
