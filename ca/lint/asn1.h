/*
 * A certificate as lint reads it: OpenSSL's templates, but with what its own X509 type hides or
 * refuses (an explicit critical FALSE, names with malformed text, keys it cannot use) kept.
 */
#ifndef SUBCA_CA_LINT_ASN1_H
#define SUBCA_CA_LINT_ASN1_H

#include <openssl/asn1.h>
#include <openssl/asn1t.h>
#include <openssl/x509.h>

typedef struct lint_attribute {
	ASN1_OBJECT *type;
	ASN1_TYPE *value;
} LINT_ATTRIBUTE;
DECLARE_ASN1_FUNCTIONS(LINT_ATTRIBUTE)
DEFINE_STACK_OF(LINT_ATTRIBUTE)

typedef STACK_OF(LINT_ATTRIBUTE) LINT_RDN;
DECLARE_ASN1_ITEM(LINT_RDN)
DEFINE_STACK_OF(LINT_RDN)
typedef STACK_OF(LINT_RDN) LINT_NAME;
DECLARE_ASN1_ITEM(LINT_NAME)

typedef struct lint_extension {
	ASN1_OBJECT *type;
	ASN1_BOOLEAN critical; /* -1: absent; 0: FALSE spelt out, which DER forbids */
	ASN1_OCTET_STRING *value;
} LINT_EXTENSION;
DECLARE_ASN1_FUNCTIONS(LINT_EXTENSION)
DEFINE_STACK_OF(LINT_EXTENSION)

typedef struct lint_validity {
	ASN1_TYPE *not_before;
	ASN1_TYPE *not_after;
} LINT_VALIDITY;
DECLARE_ASN1_FUNCTIONS(LINT_VALIDITY)

typedef struct lint_tbs {
	ASN1_INTEGER *version; /* NULL: v1 */
	ASN1_INTEGER *serial;
	X509_ALGOR *signature;
	ASN1_TYPE *issuer;
	LINT_VALIDITY *validity;
	ASN1_TYPE *subject;
	ASN1_TYPE *spki;
	ASN1_BIT_STRING *issuer_unique_id;
	ASN1_BIT_STRING *subject_unique_id;
	STACK_OF(LINT_EXTENSION) *extensions;
} LINT_TBS;
DECLARE_ASN1_FUNCTIONS(LINT_TBS)

typedef struct lint_revoked {
	ASN1_INTEGER *serial;
	ASN1_TYPE *date;
	STACK_OF(LINT_EXTENSION) *extensions;
} LINT_REVOKED;
DECLARE_ASN1_FUNCTIONS(LINT_REVOKED)

typedef struct lint_crl_tbs {
	ASN1_INTEGER *version; /* NULL: v1 */
	X509_ALGOR *signature;
	ASN1_TYPE *issuer;
	ASN1_TYPE *this_update;
	ASN1_TIME *next_update; /* NULL: absent */
	ASN1_STRING *revoked;	/* NULL: absent; else the octets: there may be a million in it */
	STACK_OF(LINT_EXTENSION) *extensions;
} LINT_CRL_TBS;
DECLARE_ASN1_FUNCTIONS(LINT_CRL_TBS)

/* RFC 2986 4.1. */
typedef struct lint_request_attribute {
	ASN1_OBJECT *type;
	STACK_OF(ASN1_TYPE) *values;
} LINT_REQUEST_ATTRIBUTE;
DECLARE_ASN1_FUNCTIONS(LINT_REQUEST_ATTRIBUTE)
DEFINE_STACK_OF(LINT_REQUEST_ATTRIBUTE)

typedef struct lint_request_info {
	ASN1_INTEGER *version;
	ASN1_TYPE *subject;
	ASN1_TYPE *spki;
	STACK_OF(LINT_REQUEST_ATTRIBUTE)
	*attributes; /* NULL: absent, which RFC 2986 does not allow */
} LINT_REQUEST_INFO;
DECLARE_ASN1_FUNCTIONS(LINT_REQUEST_INFO)

typedef STACK_OF(LINT_EXTENSION) LINT_EXTENSIONS;
DECLARE_ASN1_ITEM(LINT_EXTENSIONS)
typedef STACK_OF(LINT_REQUEST_ATTRIBUTE) LINT_ATTRIBUTES;
DECLARE_ASN1_ITEM(LINT_ATTRIBUTES)

#endif
