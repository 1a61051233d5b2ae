/* What a request is held against: its form, and that its maker holds the key. */
#include "csr/request_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/der_canonical.h"
#include "base/der_value.h"

#define AGAIN "have the request made again"

static const struct rule rules[REQUEST_RULES] = {
	[REQUEST_MALFORMED] = {"csr_malformed", SEVERITY_ERROR, "RFC 2986 4",
			       "nothing can be signed of what cannot be read",
			       "download the request from the portal again"},
	[REQUEST_NOT_DER] = {"csr_not_der", SEVERITY_ERROR, "X.690 8, 10, 11",
			     "what is shown, judged and read by others may be three things",
			     "have it made again by a tool that writes DER"},
	[REQUEST_VERSION] = {"csr_version", SEVERITY_ERROR, "RFC 2986 4.1",
			     "no other version was ever made; nobody knows what it would mean",
			     "have it made again as version 1, which is written as 0"},
	[REQUEST_KEY_UNREADABLE] = {"csr_key_unreadable", SEVERITY_ERROR, "RFC 5280 4.1.2.7",
				    "nobody could verify what is signed with it",
				    "have it made with an RSA key of 2048 bits or more"},
	[REQUEST_SIGNATURE_ALGORITHM] = {"csr_signature_algorithm", SEVERITY_ERROR, "RFC 2986 4.2",
					 "whether its maker holds the key cannot be told",
					 "have it signed with SHA-256"},
	[REQUEST_SIGNATURE_DIGEST] =
		{"csr_signature_digest", SEVERITY_ERROR, "RFC 9155",
		 "a signature under MD5 or SHA-1 can be moved to another request",
		 "have it signed with SHA-256"},
	[REQUEST_SIGNATURE] = {"csr_signature", SEVERITY_ERROR, "RFC 2986 3",
			       "it was changed on its way, or its maker does not hold the key",
			       "have it made anew where the private key is"},
	[REQUEST_EXTENSIONS_TWICE] = {"csr_extensions_twice", SEVERITY_ERROR, "RFC 2985 5.4.2",
				      "software disagrees about which of the lists counts",
				      AGAIN " with one list of extensions"},
	[REQUEST_EXTENSIONS_MALFORMED] = {"csr_extensions_malformed", SEVERITY_ERROR,
					  "RFC 2985 5.4.2", "what it asks for cannot be read",
					  AGAIN},
	[REQUEST_EXTENSION_DUPLICATE] = {"csr_extension_duplicate", SEVERITY_ERROR, "RFC 5280 4.2",
					 "software disagrees about which of the two counts", AGAIN},
	[REQUEST_EXTENSION_MALFORMED] = {"csr_extension_malformed", SEVERITY_ERROR, "RFC 5280 4.2",
					 "what it asks for cannot be read", AGAIN},
};

const struct rule *csr_request_rules(size_t *count)
{
	*count = REQUEST_RULES;
	return rules;
}

void request_say(struct request_reading *x, enum request_rule rule, const char *where,
		 const char *format, ...)
{
	char message[sizeof x->error->what];
	va_list arguments;

	ERR_clear_error();
	if (x->status != STATUS_OK || findings_find(x->findings, rules[rule].id))
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	x->status = findings_add(x->findings, &rules[rule], where, x->error, "%s", message);
}

struct span request_sequence(const ASN1_TYPE *value)
{
	const ASN1_STRING *s;

	if (value->type != V_ASN1_SEQUENCE)
		return (struct span){NULL, 0};
	s = value->value.sequence;
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* --- form ------------------------------------------------------------------------------------- */

void request_check_version(struct request_reading *x)
{
	int64_t version = 0;

	if (ASN1_INTEGER_get_int64(&version, x->r->info->version) != 1)
		request_say(
			x, REQUEST_VERSION, "version",
			"its version is a number too large for any standard, where RFC 2986 4.1 "
			"has 0 alone");
	else if (version != 0)
		request_say(x, REQUEST_VERSION, "version",
			    "its version is %" PRId64 ", where RFC 2986 4.1 has 0 alone", version);
}

/* Steps over the first value of rest; false where there is none. */
static bool step(struct span *rest, struct der_value *v)
{
	if (!der_value_read(*rest, v))
		return false;
	*rest = (struct span){rest->data + v->size, rest->len - v->size};
	return true;
}

/* The tag [0] stands for a SET OF, which der_canonical() cannot know. */
static enum der_fault check_attributes(struct span der, size_t *offset)
{
	struct span rest = der, previous = {NULL, 0};
	struct der_value v;

	/* The request, what is signed, version, subject, key, attributes. */
	for (int depth = 0; depth < 2; depth++) {
		if (!step(&rest, &v))
			return DER_CANONICAL;
		rest = v.content;
	}
	for (int i = 0; i < 4; i++)
		if (!step(&rest, &v))
			return DER_CANONICAL;
	for (rest = v.content; rest.len;) {
		struct span one = rest;

		if (!step(&rest, &v))
			return DER_CANONICAL;
		one.len = v.size;
		if (previous.data && !der_in_order(previous, one)) {
			*offset = (size_t)(one.data - der.data);
			return DER_SET_ORDER;
		}
		previous = one;
	}
	return DER_CANONICAL;
}

/*
 * One value has one encoding, so that what is shown, what is judged and what another parser reads
 * are the same. A critical that says FALSE instead of nothing (X.690 11.5) is let pass: portals
 * may write it, and extensions are never copied byte for byte.
 */
void request_check_der(struct request_reading *x)
{
	struct span der = span_of(&x->r->der);
	size_t offset = 0;
	enum der_fault fault = der_canonical(der, &offset);
	char where[40];

	if (!fault)
		fault = check_attributes(der, &offset);
	snprintf(where, sizeof where, "offset %zu", offset);
	if (fault == DER_TRAILING)
		request_say(x, REQUEST_NOT_DER, where,
			    "has %zu more bytes after its end, from offset %zu", der.len - offset,
			    offset);
	else if (fault)
		request_say(x, REQUEST_NOT_DER, where, "is not DER: %s, at offset %zu",
			    der_fault_text(fault), offset);
}

/* --- proof of possession ---------------------------------------------------------------------- */

/* RFC 4055 3.1: parameters that are left out mean SHA-1. */
static int pss_digest(const X509_ALGOR *algorithm)
{
	const void *parameters = NULL;
	const ASN1_OBJECT *hash = NULL;
	int type = V_ASN1_UNDEF, nid = NID_sha1;
	RSA_PSS_PARAMS *pss = NULL;

	X509_ALGOR_get0(NULL, &type, &parameters, algorithm);
	if (type == V_ASN1_SEQUENCE)
		pss = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (pss && pss->hashAlgorithm) {
		X509_ALGOR_get0(&hash, NULL, NULL, pss->hashAlgorithm);
		nid = OBJ_obj2nid(hash);
	}
	RSA_PSS_PARAMS_free(pss);
	return nid;
}

static bool digest_strong(int digest)
{
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512 ||
	       digest == NID_sha3_256 || digest == NID_sha3_384 || digest == NID_sha3_512;
}

bool request_check_algorithm(struct request_reading *x)
{
	const X509_ALGOR *algorithm = x->r->envelope->algorithm;
	int nid = OBJ_obj2nid(algorithm->algorithm), digest = NID_undef, key = NID_undef;

	if (nid == NID_rsassaPss) {
		digest = pss_digest(algorithm);
	} else if (OBJ_find_sigid_algs(nid, &digest, &key) != 1) {
		request_say(x, REQUEST_SIGNATURE_ALGORITHM, "signature algorithm",
			    "is signed under an algorithm that is not known");
		return false;
	}
	if (nid != NID_ED25519 && nid != NID_ED448 && !digest_strong(digest))
		request_say(x, REQUEST_SIGNATURE_DIGEST, "signature algorithm",
			    "is signed under the broken or unsuitable digest %s",
			    OBJ_nid2sn(digest));
	return true;
}

void request_check_signature(struct request_reading *x)
{
	const DER_SIGNED *envelope = x->r->envelope;

	if (ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), envelope->algorithm, envelope->signature,
			     envelope->to_be_signed, x->r->key) != 1)
		request_say(
			x, REQUEST_SIGNATURE, "signature",
			"its signature does not verify with its own key, so that it was changed "
			"or its maker does not hold the key");
}
