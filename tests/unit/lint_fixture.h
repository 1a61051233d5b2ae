/*
 * Certificates and CRLs for the tests of lint: a sound root, intermediate, leaf or CRL, changed by a short list
 * of operations and put together with a signature that is none. What OpenSSL would not write can be
 * written here.
 */
#ifndef SUBCA_TESTS_UNIT_LINT_FIXTURE_H
#define SUBCA_TESTS_UNIT_LINT_FIXTURE_H

#include "base/bytes.h"

/* The CRL is the root's. A request is signed with a key of its own, nothing else is. */
enum fixture_kind {
	FIXTURE_ROOT,
	FIXTURE_INTERMEDIATE,
	FIXTURE_LEAF,
	FIXTURE_CRL,
	FIXTURE_REQUEST
};

/*
 * what            value
 * "+NAME"         an extension in OpenSSL's configuration form, in place of one that is there;
 *                 "false," before it spells out that it is not critical
 * "++NAME"        one more of the kind
 * "-NAME"         an extension removed
 * "no-extensions" an empty list in place of all of them
 * "serial"        hexadecimal INTEGER content
 * "version"       hexadecimal INTEGER content, "" for none
 * "issuer", "subject"
 *                 "TYPE:TAG:text|…", TAG one of p(rintable) u(tf8) i(a5) t(eletex) b(mp) n(umeric);
 *                 %NN in the text is an octet; a leading + joins the RDN before
 * "notBefore", "notAfter"
 *                 "TAG:text", TAG one of u(tc) g(eneralized) i(a5)
 * "signature", "outer", "algorithm" (both)
 *                 hexadecimal AlgorithmIdentifier
 * "spki"          hexadecimal SubjectPublicKeyInfo; subjectKeyIdentifier follows it
 * "subject-der"   hexadecimal Name
 * "rsa"           an RSA key: "BITS EXPONENT", the modulus odd and made up
 * "issuerUniqueID", "subjectUniqueID"
 *                 hexadecimal BIT STRING content
 * "thisUpdate", "nextUpdate"
 *                 of a CRL, as above; nextUpdate "" for none
 * "entry"         one more entry of a CRL: "SERIAL TIME NAME=VALUE …", SERIAL hexadecimal INTEGER
 *                 content, NAME=VALUE extensions without spaces
 * "entries"       hexadecimal revokedCertificates in place of the entries, "" for none
 * "attributes"    of a request: "" for none, else none of them yet
 * "attribute"     one more: "NAME HEX HEX …", the values in DER; extensions are asked for in one
 * "patch"         "HEX>HEX": the first place with these octets in the encoded certificate
 * "signed-patch"  the same, before it is signed
 */
struct fixture_op {
	const char *what, *value;
};

/* The DER, to be freed with bytes_free(). Ends the test where an operation cannot be done. */
struct bytes fixture_build(enum fixture_kind kind, const struct fixture_op *ops, size_t count);

#endif
