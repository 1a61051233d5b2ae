#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "base/file.h"
#include "csr/request.h"

static EVP_PKEY *key;

static int make_key(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	return key ? 0 : -1;
}

static int free_key(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

/* --- making requests, good and bad ------------------------------------------------------------ */

static X509_REQ *unsigned_request(EVP_PKEY *of, int string_type)
{
	X509_REQ *q = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", string_type,
						    (const unsigned char *)"Example", -1, -1, 0),
			 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", string_type,
						    (const unsigned char *)"a.example/Client", -1,
						    -1, 0),
			 1);
	assert_int_equal(X509_REQ_set_subject_name(q, name), 1);
	assert_int_equal(X509_REQ_set_pubkey(q, of), 1);
	X509_NAME_free(name);
	return q;
}

static X509_EXTENSION *extension(int nid, const char *value)
{
	X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(made);
	return made;
}

/* Asks for CA:TRUE and keyCertSign in an attribute of this kind. */
static void ask(X509_REQ *q, int attribute)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

	sk_X509_EXTENSION_push(list, extension(NID_basic_constraints, "critical,CA:TRUE"));
	sk_X509_EXTENSION_push(list, extension(NID_key_usage, "critical,keyCertSign,cRLSign"));
	assert_int_equal(X509_REQ_add_extensions_nid(q, list, attribute), 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

/* Signs and encodes; q and der are the caller's. */
static struct bytes finish(X509_REQ *q, EVP_PKEY *with, const EVP_MD *digest)
{
	struct bytes der = {0};
	struct error e;

	assert_true(X509_REQ_sign(q, with, digest) > 0);
	assert_int_equal(der_encode(q, (i2d_of_void *)i2d_X509_REQ, &der, &e), STATUS_OK);
	X509_REQ_free(q);
	return der;
}

static struct bytes plain_request(void)
{
	return finish(unsigned_request(key, V_ASN1_UTF8STRING), key, EVP_sha256());
}

/* Signs any bytes as a CertificationRequestInfo: what no honest tool would make. */
static struct bytes sign_info(struct span info)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	unsigned char signature[256];
	size_t len = sizeof signature;
	struct bytes der = {0};
	struct error e;

	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len, info.data, info.len), 1);
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, NULL);
	assert_int_equal(der_signed_build(info, algorithm, (struct span){signature, len}, &der, &e),
			 STATUS_OK);
	X509_ALGOR_free(algorithm);
	EVP_MD_CTX_free(context);
	return der;
}

static struct bytes pem_of(struct span der, const char *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct bytes pem = {0};
	struct error e;
	char *data;
	long len;

	assert_true(PEM_write_bio(bio, name, "", der.data, (long)der.len) > 0);
	len = BIO_get_mem_data(bio, &data);
	assert_int_equal(bytes_copy(&pem, (struct span){(unsigned char *)data, (size_t)len}, &e),
			 STATUS_OK);
	BIO_free(bio);
	return pem;
}

/* --- reading them ----------------------------------------------------------------------------- */

static struct csr_request *accepted(struct span input)
{
	struct csr_request *r = NULL;
	struct error e = {0};

	if (csr_request_read(input, "a.csr", &r, &e) != STATUS_OK)
		fail_msg("refused: %s (%s)", e.what, e.detail);
	return r;
}

static void accept(struct span input)
{
	csr_request_free(accepted(input));
}

static void refuse(struct span input, enum status expected, const char *what)
{
	struct csr_request *r = NULL;
	struct error e = {0};
	enum status status = csr_request_read(input, "a.csr", &r, &e);

	if (status != expected || !strstr(e.what, what))
		fail_msg("status %d, '%s', where '%s' was expected", status, e.what, what);
	assert_null(r);
	assert_string_equal(e.where, "a.csr");
}

static void refuse_text(const char *text, const char *what)
{
	refuse(span_text(text), STATUS_INPUT, what);
}

static void refuse_made(struct bytes made, enum status expected, const char *what)
{
	refuse(span_of(&made), expected, what);
	bytes_free(&made);
}

static void what_it_claims(void **state)
{
	X509_REQ *q = unsigned_request(key, V_ASN1_PRINTABLESTRING);
	unsigned char *spki = NULL, *subject = NULL;
	int spki_len = i2d_PUBKEY(key, &spki);
	int subject_len = i2d_X509_NAME(X509_REQ_get_subject_name(q), &subject);
	struct csr_request *r;
	struct bytes der;

	(void)state;
	ask(q, NID_ext_req);
	der = finish(q, key, EVP_sha384());
	r = accepted(span_of(&der));
	assert_string_equal(csr_request_origin(r), "a.csr");
	assert_true(span_equal(csr_request_der(r), span_of(&der)));
	assert_true(
		span_equal(csr_request_subject(r), (struct span){subject, (size_t)subject_len}));
	assert_true(span_equal(csr_request_spki(r), (struct span){spki, (size_t)spki_len}));
	assert_int_equal(EVP_PKEY_eq(csr_request_key(r), key), 1);
	assert_int_equal(X509_NAME_entry_count(csr_request_name(r)), 2);
	assert_int_equal(sk_X509_EXTENSION_num(csr_request_extensions(r)), 2);
	csr_request_free(r);
	csr_request_free(NULL);
	bytes_free(&der);
	OPENSSL_free(spki);
	OPENSSL_free(subject);
}

static void every_key(void **state)
{
	EVP_PKEY *keys[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-384"),
			    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		X509_REQ *q = unsigned_request(keys[i], V_ASN1_UTF8STRING);
		struct bytes der = finish(q, keys[i],
					  EVP_PKEY_is_a(keys[i], "ED25519") ? NULL : EVP_sha256());

		accept(span_of(&der));
		bytes_free(&der);
		EVP_PKEY_free(keys[i]);
	}
}

static void with_and_without_extensions(void **state)
{
	X509_REQ *q = unsigned_request(key, V_ASN1_UTF8STRING);
	struct bytes der = plain_request();
	struct csr_request *r = accepted(span_of(&der));

	(void)state;
	assert_null(csr_request_extensions(r));
	csr_request_free(r);
	bytes_free(&der);
	ask(q, NID_ms_ext_req);
	der = finish(q, key, EVP_sha256());
	r = accepted(span_of(&der));
	assert_int_equal(sk_X509_EXTENSION_num(csr_request_extensions(r)), 2);
	csr_request_free(r);
	bytes_free(&der);
}

static void refuse_asked(STACK_OF(X509_EXTENSION) *list, const char *what)
{
	X509_REQ *q = unsigned_request(key, V_ASN1_UTF8STRING);

	assert_int_equal(X509_REQ_add_extensions(q, list), 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	refuse_made(finish(q, key, EVP_sha256()), STATUS_INPUT, what);
}

/* The offset in the refusal is that of the octets at which it is at fault. */
static void refuse_at(struct bytes made, const unsigned char *fault)
{
	struct csr_request *r = NULL;
	struct error e = {0};
	const char *at;

	assert_int_equal(csr_request_read(span_of(&made), "a.csr", &r, &e), STATUS_INPUT);
	at = strstr(e.what, "at offset ");
	assert_non_null(at);
	assert_non_null(fault);
	assert_int_equal(strtoul(at + strlen("at offset "), NULL, 10), fault - made.data);
	bytes_free(&made);
}

static void the_second_has_its_offset(void)
{
	/* Extension, basicConstraints: 30 len 06 03 55 1d 13 */
	static const unsigned char oid[] = {0x06, 0x03, 0x55, 0x1d, 0x13};
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	X509_REQ *q = unsigned_request(key, V_ASN1_UTF8STRING);
	const unsigned char *first, *second;
	struct bytes made;

	sk_X509_EXTENSION_push(list, extension(NID_basic_constraints, "CA:TRUE"));
	sk_X509_EXTENSION_push(list, extension(NID_key_usage, "keyCertSign"));
	sk_X509_EXTENSION_push(list, extension(NID_basic_constraints, "CA:TRUE"));
	assert_int_equal(X509_REQ_add_extensions(q, list), 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	made = finish(q, key, EVP_sha256());
	first = memmem(made.data, made.len, oid, sizeof oid);
	assert_non_null(first);
	second = memmem(first + 1, (size_t)(made.data + made.len - first - 1), oid, sizeof oid);
	assert_non_null(second);
	refuse_at(made, second - 2);
}

static void extensions_refused(void **state)
{
	X509_REQ *q = unsigned_request(key, V_ASN1_UTF8STRING);
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	ASN1_OCTET_STRING *junk = ASN1_OCTET_STRING_new();

	(void)state;
	ask(q, NID_ext_req);
	ask(q, NID_ms_ext_req);
	refuse_made(finish(q, key, EVP_sha256()), STATUS_INPUT, "two attributes");

	sk_X509_EXTENSION_push(list, extension(NID_basic_constraints, "CA:TRUE"));
	sk_X509_EXTENSION_push(list, extension(NID_basic_constraints, "CA:FALSE"));
	refuse_asked(list, "twice");
	the_second_has_its_offset();

	/* BOOLEAN 01 instead of FF: OpenSSL reads it, DER does not know it. */
	list = sk_X509_EXTENSION_new_null();
	ASN1_OCTET_STRING_set(junk, (const unsigned char *)"\x30\x03\x01\x01\x01", 5);
	sk_X509_EXTENSION_push(list,
			       X509_EXTENSION_create_by_NID(NULL, NID_basic_constraints, 1, junk));
	refuse_asked(list, "Basic Constraints is malformed");

	list = sk_X509_EXTENSION_new_null();
	ASN1_OCTET_STRING_set(junk, (const unsigned char *)"\x03\x02\x01\x06\x00", 5);
	sk_X509_EXTENSION_push(list, X509_EXTENSION_create_by_NID(NULL, NID_key_usage, 1, junk));
	refuse_asked(list, "Key Usage is malformed");
	ASN1_OCTET_STRING_free(junk);

	q = unsigned_request(key, V_ASN1_UTF8STRING);
	X509_REQ_add1_attr_by_NID(q, NID_ext_req, V_ASN1_UTF8STRING,
				  (const unsigned char *)"CA please", 9);
	refuse_made(finish(q, key, EVP_sha256()), STATUS_INPUT, "malformed");
}

/* --- forms ------------------------------------------------------------------------------------ */

static void accept_joined(const char *before, struct span pem, const char *after)
{
	struct text t = {0};

	text_add(&t, before);
	text_append(&t, (const char *)pem.data, pem.len);
	text_add(&t, after);
	accept((struct span){(unsigned char *)t.data, t.len});
	text_free(&t);
}

static void crlf(struct span pem)
{
	struct text t = {0};

	for (size_t i = 0; i < pem.len; i++) {
		if (pem.data[i] == '\n')
			text_add(&t, "\r");
		text_append(&t, (const char *)pem.data + i, 1);
	}
	accept((struct span){(unsigned char *)t.data, t.len});
	text_free(&t);
}

static void forms_of_pem(void **state)
{
	static const char *const names[] = {PEM_STRING_X509_REQ, PEM_STRING_X509_REQ_OLD};
	struct bytes der = plain_request();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes pem = pem_of(span_of(&der), names[i]);

		accept(span_of(&pem));
		crlf(span_of(&pem));
		accept_joined("\xEF\xBB\xBF", span_of(&pem), "");
		accept_joined("Certificate Request:\n    Data:\n", span_of(&pem), "\n\n");
		accept_joined("0 is how this text begins\n", span_of(&pem), "");
		bytes_free(&pem);
	}
	bytes_free(&der);
}

/* Some interfaces hand the base64 out as one line. */
static void pem_in_one_line(void **state)
{
	struct bytes der = plain_request();
	struct text t = {0};
	unsigned char base64[2048];

	(void)state;
	assert_true(EVP_EncodeBlock(base64, der.data, (int)der.len) > 0);
	text_printf(&t,
		    "-----BEGIN CERTIFICATE REQUEST-----\n%s\n"
		    "-----END CERTIFICATE REQUEST-----\n",
		    (char *)base64);
	accept((struct span){(unsigned char *)t.data, t.len});
	text_free(&t);
	accept(span_text((char *)base64));
	bytes_free(&der);
}

static void more_than_one(void **state)
{
	struct bytes der = plain_request();
	struct bytes pem = pem_of(span_of(&der), PEM_STRING_X509_REQ);
	struct text t = {0};

	(void)state;
	text_append(&t, (char *)pem.data, pem.len);
	text_append(&t, (char *)pem.data, pem.len);
	refuse((struct span){(unsigned char *)t.data, t.len}, STATUS_INPUT, "holds 2 requests");
	text_free(&t);
	bytes_free(&pem);

	/* Twice in DER: the second is trailing bytes, and the offset says where it starts. */
	text_append(&t, (char *)der.data, der.len);
	text_append(&t, (char *)der.data, der.len);
	refuse((struct span){(unsigned char *)t.data, t.len}, STATUS_INPUT, "more bytes");
	text_free(&t);
	bytes_free(&der);
}

static void trailing_byte(void **state)
{
	struct bytes der = plain_request();
	struct bytes pem = {0};
	char offset[32];

	(void)state;
	/* bytes_copy() and der_encode() keep a NUL past the end. */
	snprintf(offset, sizeof offset, "from offset %zu", der.len);
	der.len++;
	refuse(span_of(&der), STATUS_INPUT, offset);
	pem = pem_of(span_of(&der), PEM_STRING_X509_REQ);
	refuse(span_of(&pem), STATUS_INPUT, offset);
	bytes_free(&pem);
	bytes_free(&der);
}

static void cut_short(void **state)
{
	struct bytes der = plain_request();
	struct bytes pem = pem_of(span_of(&der), PEM_STRING_X509_REQ);

	(void)state;
	for (size_t len = 2; len < der.len; len += 7)
		refuse((struct span){der.data, len}, STATUS_INPUT, "");
	refuse((struct span){pem.data, pem.len - 30}, STATUS_INPUT, "damaged");
	bytes_free(&pem);
	bytes_free(&der);
}

static void any_bit_flipped(void **state)
{
	struct bytes der = plain_request();

	(void)state;
	for (size_t bit = 0; bit < der.len * 8; bit++) {
		struct csr_request *r = NULL;
		struct error e = {0};

		der.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (csr_request_read(span_of(&der), "a.csr", &r, &e) == STATUS_OK)
			fail_msg("accepted with bit %zu flipped", bit);
		assert_string_not_equal(e.what, "");
		der.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	accept(span_of(&der));
	bytes_free(&der);
}

/* --- something else --------------------------------------------------------------------------- */

static void texts(void **state)
{
	(void)state;
	refuse_text("", "is empty");
	refuse_text(" \r\n\t\n", "is empty");
	refuse_text("\xEF\xBB\xBF", "is empty");
	refuse_text("<!DOCTYPE html><html>", "HTML");
	refuse_text("\n<html>", "HTML");
	refuse_text("\xFF\xFE-", "UTF-16");
	refuse_text("hello", "neither PEM nor DER");
	refuse_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		    "a certificate");
	refuse_text(
		"-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n-----END TRUSTED CERTIFICATE-----\n",
		"a certificate");
	refuse_text("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
		    "a private key");
	refuse_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n"
		    "-----END ENCRYPTED PRIVATE KEY-----\n",
		    "a private key");
	refuse_text("-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n", "p7b");
	refuse_text("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", "public key");
	refuse_text("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "CRL");
	refuse_text("-----BEGIN SONG-----\nMAA=\n-----END SONG-----\n",
		    "not a CERTIFICATE REQUEST");
	refuse_text("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n"
		    "-----END CERTIFICATE REQUEST-----\n",
		    "not a well-formed PKCS#10");
	refuse_text("-----BEGIN CERTIFICATE REQUEST-----\nM*A=\n"
		    "-----END CERTIFICATE REQUEST-----\n",
		    "damaged");
	refuse_text("-----BEGIN CERTIFICATE REQUEST\nMAA=\n", "no PEM block follows");
}

static struct bytes der_of(const void *value, i2d_of_void *encode)
{
	struct bytes der = {0};
	struct error e;

	assert_int_equal(der_encode(value, encode, &der, &e), STATUS_OK);
	return der;
}

static void other_der(void **state)
{
	X509 *certificate = X509_new();
	PKCS7 *p7 = PKCS7_new();
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);

	(void)state;
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	ASN1_TIME_set(X509_getm_notBefore(certificate), 0);
	ASN1_TIME_set(X509_getm_notAfter(certificate), 0);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	refuse_made(der_of(certificate, (i2d_of_void *)i2d_X509), STATUS_INPUT, "a certificate");
	PKCS7_set_type(p7, NID_pkcs7_signed);
	PKCS7_content_new(p7, NID_pkcs7_data);
	PKCS7_add_certificate(p7, certificate);
	refuse_made(der_of(p7, (i2d_of_void *)i2d_PKCS7), STATUS_INPUT, "p7b");
	refuse_made(der_of(p8, (i2d_of_void *)i2d_PKCS8_PRIV_KEY_INFO), STATUS_INPUT,
		    "a private key");
	PKCS8_PRIV_KEY_INFO_free(p8);
	PKCS7_free(p7);
	X509_free(certificate);
}

static void too_large(void **state)
{
	struct bytes big = {calloc(1, CSR_INPUT_MAX + 1), CSR_INPUT_MAX + 1};

	(void)state;
	assert_non_null(big.data);
	refuse(span_of(&big), STATUS_INPUT, "more than");
	memset(big.data, 0x30, big.len);
	big.len = CSR_INPUT_MAX;
	refuse(span_of(&big), STATUS_INPUT, "");
	bytes_free(&big);
}

/* --- what only a hostile or careless maker writes --------------------------------------------- */

static void signed_by_another(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");

	(void)state;
	refuse_made(finish(unsigned_request(key, V_ASN1_UTF8STRING), other, EVP_sha256()),
		    STATUS_REFUSED, "does not verify");
	EVP_PKEY_free(other);
}

static void weak_digests(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	X509_REQ *q = unsigned_request(rsa, V_ASN1_UTF8STRING);
	struct bytes der;

	(void)state;
	refuse_made(finish(unsigned_request(key, V_ASN1_UTF8STRING), key, EVP_sha1()),
		    STATUS_REFUSED, "SHA1");
	refuse_made(finish(unsigned_request(rsa, V_ASN1_UTF8STRING), rsa, EVP_md5()),
		    STATUS_REFUSED, "MD5");
	/* RSASSA-PSS names its digest in its parameters, and leaves SHA-1 out as the default. */
	for (int strong = 0; strong < 2; strong++) {
		assert_int_equal(EVP_DigestSignInit(context, &options,
						    strong ? EVP_sha256() : EVP_sha1(), NULL, rsa),
				 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
		assert_true(X509_REQ_sign_ctx(q, context) > 0);
		der = der_of(q, (i2d_of_void *)i2d_X509_REQ);
		if (strong)
			accept(span_of(&der));
		else
			refuse(span_of(&der), STATUS_REFUSED, "SHA1");
		bytes_free(&der);
		EVP_MD_CTX_reset(context);
	}
	EVP_MD_CTX_free(context);
	X509_REQ_free(q);
	EVP_PKEY_free(rsa);
}

/* A copy of an honest CertificationRequestInfo. */
static struct bytes honest_info(X509_REQ *q)
{
	struct bytes der = finish(q, key, EVP_sha256()), info = {0};
	DER_SIGNED *envelope = NULL;
	struct error e;

	assert_int_equal(der_signed_parse(span_of(&der), &envelope, &e), STATUS_OK);
	assert_int_equal(bytes_copy(&info, der_to_be_signed(envelope), &e), STATUS_OK);
	DER_SIGNED_free(envelope);
	bytes_free(&der);
	return info;
}

static void unknown_version(void **state)
{
	struct bytes info = honest_info(unsigned_request(key, V_ASN1_UTF8STRING));
	unsigned char *version = memmem(info.data, 8, "\x02\x01\x00", 3);
	struct bytes good;

	(void)state;
	assert_non_null(version);
	version[2] = 2;
	refuse_made(sign_info(span_of(&info)), STATUS_INPUT, "version is 2, where RFC 2986");
	version[2] = 0xFF;
	refuse_made(sign_info(span_of(&info)), STATUS_INPUT, "version is -1, where RFC 2986");
	version[2] = 0;
	good = sign_info(span_of(&info));
	accept(span_of(&good));
	bytes_free(&good);
	bytes_free(&info);
}

/* Signed and sound, but the BOOLEAN of an extension is 01: BER, not DER. */
static void signed_but_not_der(void **state)
{
	X509_REQ *q = unsigned_request(key, V_ASN1_UTF8STRING);
	struct bytes info;
	unsigned char *critical;

	(void)state;
	ask(q, NID_ext_req);
	info = honest_info(q);
	critical = memmem(info.data, info.len, "\x01\x01\xFF", 3);
	assert_non_null(critical);
	critical[2] = 1;
	refuse_made(sign_info(span_of(&info)), STATUS_INPUT, "BOOLEAN");
	bytes_free(&info);
}

/* Attributes are a SET OF: the shorter of these two belongs first. */
static void attributes_out_of_order(void **state)
{
	X509_REQ *q = unsigned_request(key, V_ASN1_UTF8STRING);
	static const char first[] = "\x30\x10", second[] = "\x30\x11";
	struct bytes info, made;
	unsigned char *a, *b, swap[0x13];

	(void)state;
	X509_REQ_add1_attr_by_NID(q, NID_pkcs9_challengePassword, V_ASN1_UTF8STRING,
				  (const unsigned char *)"p", 1);
	X509_REQ_add1_attr_by_NID(q, NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING,
				  (const unsigned char *)"nn", 2);
	info = honest_info(q);
	a = memmem(info.data, info.len, first, 2);
	b = memmem(info.data, info.len, second, 2);
	assert_non_null(a);
	assert_ptr_equal(b, a + 0x12);
	memcpy(swap, b, 0x13);
	memmove(a + 0x13, a, 0x12);
	memcpy(a, swap, 0x13);
	refuse_made(sign_info(span_of(&info)), STATUS_INPUT, "ascending order");
	/* The shorter one, which stands behind now. */
	made = sign_info(span_of(&info));
	refuse_at(made, memmem(made.data, made.len, first, 2));
	bytes_free(&info);
}

static void real_requests(void **state)
{
	static const char *const names[] = {"../shared/data/zpa/client.csr",
					    "../shared/data/zpa/connector.csr"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes pem = {0};
		struct csr_request *r;
		struct error e;

		if (!file_exists(names[i])) {
			print_message("# skipped: no %s\n", names[i]);
			skip();
		}
		assert_int_equal(file_read(names[i], CSR_INPUT_MAX, &pem, &e), STATUS_OK);
		r = accepted(span_of(&pem));
		assert_int_equal(sk_X509_EXTENSION_num(csr_request_extensions(r)), 2);
		assert_int_equal(X509_NAME_entry_count(csr_request_name(r)), 3);
		csr_request_free(r);
		bytes_free(&pem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_claims),
		cmocka_unit_test(every_key),
		cmocka_unit_test(with_and_without_extensions),
		cmocka_unit_test(extensions_refused),
		cmocka_unit_test(forms_of_pem),
		cmocka_unit_test(pem_in_one_line),
		cmocka_unit_test(more_than_one),
		cmocka_unit_test(trailing_byte),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(any_bit_flipped),
		cmocka_unit_test(texts),
		cmocka_unit_test(other_der),
		cmocka_unit_test(too_large),
		cmocka_unit_test(signed_by_another),
		cmocka_unit_test(weak_digests),
		cmocka_unit_test(unknown_version),
		cmocka_unit_test(signed_but_not_der),
		cmocka_unit_test(attributes_out_of_order),
		cmocka_unit_test(real_requests),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
