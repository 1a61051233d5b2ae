#include "tests/unit/lint_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/lint/asn1.h"

#define ROOT_NAME "C:p:DE|O:u:Example|CN:u:Example Root"
#define INTERMEDIATE_NAME "C:p:DE|O:u:Example|CN:u:Example Intermediate"
#define LEAF_NAME "O:u:Example"

/* ecdsa-with-SHA256 */
#define ECDSA_SHA256 "300a06082a8648ce3d040302"
/* P-256; the points are G, 2G and 3G, so that nobody doubts where they come from. */
#define P256_HEAD "3059301306072a8648ce3d020106082a8648ce3d030107034200"
#define P256_G                                                               \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define P256_2G                                                              \
	"047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978" \
	"07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"
#define P256_3G                                                              \
	"045ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c" \
	"8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032"

static const struct fixture_op root[] = {
	{"version", "02"},
	{"serial", "11111111111111111111111111111111"},
	{"algorithm", ECDSA_SHA256},
	{"issuer", ROOT_NAME},
	{"subject", ROOT_NAME},
	{"notBefore", "u:260101000000Z"},
	{"notAfter", "u:451231235959Z"},
	{"spki", P256_HEAD P256_G},
	{"+basicConstraints", "critical,CA:TRUE"},
	{"+keyUsage", "critical,keyCertSign,cRLSign"},
	{"+subjectKeyIdentifier", "b467a3999eb5efa671de0032f08a9c9e5efda0e1"},
};

static const struct fixture_op intermediate[] = {
	{"version", "02"},
	{"serial", "22222222222222222222222222222222"},
	{"algorithm", ECDSA_SHA256},
	{"issuer", ROOT_NAME},
	{"subject", INTERMEDIATE_NAME},
	{"notBefore", "u:260101000000Z"},
	{"notAfter", "u:351231235959Z"},
	{"spki", P256_HEAD P256_2G},
	{"+basicConstraints", "critical,CA:TRUE,pathlen:0"},
	{"+keyUsage", "critical,keyCertSign,cRLSign"},
	{"+subjectKeyIdentifier", "5b4717b04eaced57c4eca1728ca9a71d3b224340"},
	{"+authorityKeyIdentifier", "DER:30168014b467a3999eb5efa671de0032f08a9c9e5efda0e1"},
};

static const struct fixture_op leaf[] = {
	{"version", "02"},
	{"serial", "33333333333333333333333333333333"},
	{"algorithm", ECDSA_SHA256},
	{"issuer", INTERMEDIATE_NAME},
	{"subject", LEAF_NAME},
	{"notBefore", "u:260101000000Z"},
	{"notAfter", "u:261231235959Z"},
	{"spki", P256_HEAD P256_3G},
	{"+keyUsage", "critical,digitalSignature"},
	{"+extendedKeyUsage", "serverAuth"},
	{"+subjectAltName", "DNS:www.example.com"},
	{"+subjectKeyIdentifier", "fc2cb70129452f936402b99c9cdea267412b1280"},
	{"+authorityKeyIdentifier", "DER:301680145b4717b04eaced57c4eca1728ca9a71d3b224340"},
};

static const struct fixture_op crl[] = {
	{"version", "01"},
	{"algorithm", ECDSA_SHA256},
	{"issuer", ROOT_NAME},
	{"thisUpdate", "u:260601000000Z"},
	{"nextUpdate", "u:261201000000Z"},
	{"+authorityKeyIdentifier", "DER:30168014b467a3999eb5efa671de0032f08a9c9e5efda0e1"},
	{"+crlNumber", "DER:020103"},
	{"entry", "2222 u:260301000000Z"},
};

static const struct fixture_op request[] = {
	{"version", "00"}, {"algorithm", ECDSA_SHA256}, {"subject", INTERMEDIATE_NAME},
	{"own-key", ""},   {"attributes", "empty"},
};

/* One of the three. */
struct builder {
	LINT_TBS *tbs;
	LINT_CRL_TBS *crl;
	LINT_REQUEST_INFO *request;
	STACK_OF(LINT_EXTENSION) *asked_for; /* by a request */
	X509_ALGOR *unused;
	X509_ALGOR *outer, **inner;
	ASN1_INTEGER **version;
	ASN1_TYPE **issuer, **subject, **spki;
	STACK_OF(LINT_EXTENSION) **extensions;
	STACK_OF(LINT_REVOKED) *entries;
};

DEFINE_STACK_OF(LINT_REVOKED)
static struct bytes unhex(const char *hex)
{
	struct bytes b = {0};
	struct error e;

	assert_int_equal(hex_decode(hex, &b, &e), STATUS_OK);
	return b;
}

static ASN1_TYPE *any_of(const char *hex)
{
	struct bytes b = unhex(hex);
	const unsigned char *at = b.data;
	ASN1_TYPE *any = d2i_ASN1_TYPE(NULL, &at, (long)b.len);

	assert_non_null(any);
	bytes_free(&b);
	return any;
}

static X509_ALGOR *algorithm_of(const char *hex)
{
	struct bytes b = unhex(hex);
	const unsigned char *at = b.data;
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)b.len);

	assert_non_null(algorithm);
	bytes_free(&b);
	return algorithm;
}

static ASN1_INTEGER *integer_of(const char *hex)
{
	struct bytes b = unhex(hex);
	ASN1_INTEGER *i = NULL;
	unsigned char tlv[64];
	const unsigned char *at = tlv;

	assert_true(b.len < 60);
	tlv[0] = V_ASN1_INTEGER;
	tlv[1] = (unsigned char)b.len;
	memcpy(tlv + 2, b.data, b.len);
	i = d2i_ASN1_INTEGER(NULL, &at, (long)b.len + 2);
	assert_non_null(i);
	bytes_free(&b);
	return i;
}

static ASN1_BIT_STRING *bits_of(const char *hex)
{
	struct bytes b = unhex(hex);
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	assert_non_null(bits);
	assert_true(ASN1_BIT_STRING_set(bits, b.data, (int)b.len));
	bytes_free(&b);
	return bits;
}

static int string_type(char tag)
{
	switch (tag) {
	case 'p':
		return V_ASN1_PRINTABLESTRING;
	case 'u':
		return V_ASN1_UTF8STRING;
	case 'i':
		return V_ASN1_IA5STRING;
	case 't':
		return V_ASN1_T61STRING;
	case 'b':
		return V_ASN1_BMPSTRING;
	case 'n':
		return V_ASN1_NUMERICSTRING;
	default:
		fail_msg("no string type '%c'", tag);
		return -1;
	}
}

static ASN1_TYPE *any_string(int type, const char *text, size_t len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(type);
	ASN1_TYPE *any = ASN1_TYPE_new();

	assert_true(s && any && ASN1_STRING_set(s, text, (int)len));
	ASN1_TYPE_set(any, type, s);
	return any;
}

static size_t unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		unsigned octet = 0;

		if (*from == '%' && sscanf(from + 1, "%2x", &octet) == 1) {
			*to++ = (char)octet;
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

static LINT_ATTRIBUTE *attribute_of(char *part)
{
	LINT_ATTRIBUTE *a = LINT_ATTRIBUTE_new();
	char *tag = strchr(part, ':');

	assert_true(a && tag && tag[1] && tag[2] == ':');
	*tag = '\0';
	a->type = OBJ_txt2obj(part, 0);
	assert_non_null(a->type);
	ASN1_TYPE_free(a->value);
	a->value = any_string(string_type(tag[1]), tag + 3, unescape(tag + 3));
	return a;
}

static ASN1_TYPE *name_of(const char *value)
{
	LINT_NAME *name = sk_LINT_RDN_new_null();
	LINT_RDN *rdn = NULL;
	char *copy = strdup(value), *rest = copy, *part;
	ASN1_TYPE *any = NULL;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len;

	assert_true(name && copy);
	while (*value && (part = strsep(&rest, "|"))) {
		bool join = *part == '+';

		if (!join) {
			rdn = sk_LINT_ATTRIBUTE_new_null();
			assert_true(rdn && sk_LINT_RDN_push(name, rdn));
		}
		assert_true(sk_LINT_ATTRIBUTE_push(rdn, attribute_of(part + join)));
	}
	len = ASN1_item_i2d((ASN1_VALUE *)name, &der, ASN1_ITEM_rptr(LINT_NAME));
	at = der;
	any = d2i_ASN1_TYPE(NULL, &at, len);
	assert_non_null(any);
	OPENSSL_free(der);
	ASN1_item_free((ASN1_VALUE *)name, ASN1_ITEM_rptr(LINT_NAME));
	free(copy);
	return any;
}

static ASN1_TYPE *time_of(const char *value)
{
	int type = value[0] == 'u'   ? V_ASN1_UTCTIME
		   : value[0] == 'g' ? V_ASN1_GENERALIZEDTIME
				     : V_ASN1_IA5STRING;

	return any_string(type, value + 2, strlen(value + 2));
}

static ASN1_INTEGER *number(unsigned bits, unsigned long low)
{
	BIGNUM *n = BN_new();
	ASN1_INTEGER *i;

	assert_true(n && (bits < 2 || BN_set_bit(n, (int)bits - 1)) && BN_add_word(n, low));
	i = BN_to_ASN1_INTEGER(n, NULL);
	assert_non_null(i);
	BN_free(n);
	return i;
}

static ASN1_TYPE *rsa_of(const char *value)
{
	DER_RSA *rsa = DER_RSA_new();
	DER_SPKI *spki = DER_SPKI_new();
	unsigned bits = 0;
	unsigned long exponent = 0;
	unsigned char *der = NULL;
	const unsigned char *at;
	ASN1_TYPE *any;
	int len;

	assert_true(rsa && spki && sscanf(value, "%u %lu", &bits, &exponent) == 2);
	ASN1_INTEGER_free(rsa->modulus);
	ASN1_INTEGER_free(rsa->exponent);
	rsa->modulus = number(bits, 1);
	rsa->exponent = number(0, exponent);
	X509_ALGOR_set0(spki->algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL);
	len = i2d_DER_RSA(rsa, &der);
	assert_true(len > 0 && ASN1_BIT_STRING_set(spki->key, der, len));
	spki->key->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	OPENSSL_free(der);
	der = NULL;
	len = i2d_DER_SPKI(spki, &der);
	at = der;
	any = d2i_ASN1_TYPE(NULL, &at, len);
	assert_non_null(any);
	OPENSSL_free(der);
	DER_SPKI_free(spki);
	DER_RSA_free(rsa);
	return any;
}

/* One for the whole program: requests prove that they have it. */
static EVP_PKEY *own_key(void)
{
	static EVP_PKEY *key;

	if (!key)
		key = EVP_EC_gen("P-256");
	assert_non_null(key);
	return key;
}

static ASN1_TYPE *own_key_of(const char *value)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	int len = i2d_PUBKEY(own_key(), &der);
	ASN1_TYPE *any;

	(void)value;
	assert_true(len > 0);
	at = der;
	any = d2i_ASN1_TYPE(NULL, &at, len);
	assert_non_null(any);
	OPENSSL_free(der);
	return any;
}

static void drop_extension(STACK_OF(LINT_EXTENSION) **from, const char *name)
{
	STACK_OF(LINT_EXTENSION) *all = *from;
	ASN1_OBJECT *type = OBJ_txt2obj(name, 0);

	assert_non_null(type);
	for (int i = sk_LINT_EXTENSION_num(all) - 1; i >= 0; i--)
		if (OBJ_cmp(sk_LINT_EXTENSION_value(all, i)->type, type) == 0)
			LINT_EXTENSION_free(sk_LINT_EXTENSION_delete(all, i));
	ASN1_OBJECT_free(type);
	if (sk_LINT_EXTENSION_num(all) == 0) {
		sk_LINT_EXTENSION_free(all);
		*from = NULL;
	}
}

static X509_EXTENSION *make_extension(const char *name, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *made;

	X509V3_set_ctx_test(&context);
	X509V3_set_ctx_nodb(&context);
	made = X509V3_EXT_nconf(NULL, &context, name, value);
	if (!made)
		fail_msg("no extension %s=%s", name, value);
	return made;
}

static void add_extension(STACK_OF(LINT_EXTENSION) **to, const char *name, const char *value)
{
	bool spelt = strncmp(value, "false,", 6) == 0;
	X509_EXTENSION *made = make_extension(name, value + (spelt ? 6 : 0));
	LINT_EXTENSION *x = LINT_EXTENSION_new();

	assert_non_null(x);
	x->type = OBJ_dup(X509_EXTENSION_get_object(made));
	x->critical = X509_EXTENSION_get_critical(made) ? 0xFF : spelt ? 0 : -1;
	assert_true(ASN1_STRING_copy(x->value, X509_EXTENSION_get_data(made)));
	X509_EXTENSION_free(made);
	if (!*to)
		*to = sk_LINT_EXTENSION_new_null();
	assert_true(sk_LINT_EXTENSION_push(*to, x));
}

static bool do_extension(struct builder *b, const struct fixture_op *op)
{
	if (strncmp(op->what, "++", 2) == 0) {
		add_extension(b->extensions, op->what + 2, op->value);
	} else if (op->what[0] == '+') {
		drop_extension(b->extensions, op->what + 1);
		add_extension(b->extensions, op->what + 1, op->value);
	} else if (strcmp(op->what, "no-extensions") == 0) {
		sk_LINT_EXTENSION_pop_free(*b->extensions, LINT_EXTENSION_free);
		*b->extensions = sk_LINT_EXTENSION_new_null();
	} else if (op->what[0] == '-') {
		drop_extension(b->extensions, op->what + 1);
	} else {
		return false;
	}
	return true;
}

/* The subject's key identifier, where there is one, goes with its key: RFC 5280 4.2.1.2 (1). */
static void follow_key(struct builder *b)
{
	static const char name[] = "subjectKeyIdentifier";
	const ASN1_STRING *whole = (*b->spki)->value.sequence;
	const unsigned char *at = ASN1_STRING_get0_data(whole);
	DER_SPKI *spki = d2i_DER_SPKI(NULL, &at, ASN1_STRING_length(whole));
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	bool has = false;

	for (int i = 0; i < sk_LINT_EXTENSION_num(*b->extensions); i++)
		has |= OBJ_obj2nid(sk_LINT_EXTENSION_value(*b->extensions, i)->type) ==
		       NID_subject_key_identifier;
	assert_non_null(spki);
	assert_int_equal(EVP_Digest(ASN1_STRING_get0_data(spki->key),
				    (size_t)ASN1_STRING_length(spki->key), digest, NULL, EVP_sha1(),
				    NULL),
			 1);
	hex_encode((struct span){digest, 20}, hex);
	if (has) {
		drop_extension(b->extensions, name);
		add_extension(b->extensions, name, hex);
	}
	DER_SPKI_free(spki);
}

static bool do_any(struct builder *b, const struct fixture_op *op)
{
	const struct {
		const char *what;
		ASN1_TYPE **to;
		ASN1_TYPE *(*make)(const char *value);
	} fields[] = {
		{"issuer", b->issuer, name_of},
		{"subject", b->subject, name_of},
		{"notBefore", b->tbs ? &b->tbs->validity->not_before : NULL, time_of},
		{"notAfter", b->tbs ? &b->tbs->validity->not_after : NULL, time_of},
		{"spki", b->spki, any_of},
		{"own-key", b->request ? b->spki : NULL, own_key_of},
		{"subject-der", b->tbs ? &b->tbs->subject : NULL, any_of},
		{"rsa", b->tbs ? &b->tbs->spki : NULL, rsa_of},
		{"thisUpdate", b->crl ? &b->crl->this_update : NULL, time_of},
	};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].what, op->what) != 0)
			continue;
		assert_non_null(fields[i].to);
		ASN1_TYPE_free(*fields[i].to);
		*fields[i].to = fields[i].make(op->value);
		if (b->spki && fields[i].to == b->spki)
			follow_key(b);
		return true;
	}
	return false;
}

static bool do_algorithm(struct builder *b, const struct fixture_op *op)
{
	bool both = strcmp(op->what, "algorithm") == 0;
	bool inner = both || strcmp(op->what, "signature") == 0;
	bool outer = both || strcmp(op->what, "outer") == 0;

	if (inner) {
		X509_ALGOR_free(*b->inner);
		*b->inner = algorithm_of(op->value);
	}
	if (outer) {
		X509_ALGOR_free(b->outer);
		b->outer = algorithm_of(op->value);
	}
	return inner || outer;
}

/* "SERIAL TIME [NAME=VALUE]…": hexadecimal INTEGER content, a time as above, extensions. */
static void add_entry(struct builder *b, const char *value)
{
	LINT_REVOKED *entry = LINT_REVOKED_new();
	char *copy = strdup(value), *rest = copy, *part;

	assert_true(entry && copy);
	ASN1_INTEGER_free(entry->serial);
	ASN1_TYPE_free(entry->date);
	entry->serial = integer_of(strsep(&rest, " "));
	assert_non_null(rest);
	entry->date = time_of(strsep(&rest, " "));
	while ((part = strsep(&rest, " "))) {
		char *name = strsep(&part, "=");

		assert_non_null(part);
		add_extension(&entry->extensions, name, part);
	}
	if (!b->entries)
		b->entries = sk_LINT_REVOKED_new_null();
	assert_true(sk_LINT_REVOKED_push(b->entries, entry));
	free(copy);
}

static ASN1_STRING *sequence_of(const char *hex)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	struct bytes b = unhex(hex);

	assert_true(s && ASN1_STRING_set(s, b.data, (int)b.len));
	bytes_free(&b);
	return s;
}

static void drop_entries(struct builder *b)
{
	sk_LINT_REVOKED_pop_free(b->entries, LINT_REVOKED_free);
	b->entries = NULL;
}

static bool do_crl(struct builder *b, const struct fixture_op *op)
{
	if (!b->crl)
		return false;
	if (strcmp(op->what, "nextUpdate") == 0) {
		ASN1_TYPE *any = *op->value ? time_of(op->value) : NULL;

		ASN1_STRING_free(b->crl->next_update);
		b->crl->next_update = any ? ASN1_STRING_dup(any->value.asn1_string) : NULL;
		ASN1_TYPE_free(any);
	} else if (strcmp(op->what, "entry") == 0) {
		add_entry(b, op->value);
	} else if (strcmp(op->what, "entries") == 0) {
		drop_entries(b);
		ASN1_STRING_free(b->crl->revoked);
		b->crl->revoked = *op->value ? sequence_of(op->value) : NULL;
	} else {
		return false;
	}
	return true;
}

/* "NAME HEX HEX …", each a value in DER. */
static void add_attribute(struct builder *b, const char *value)
{
	LINT_REQUEST_ATTRIBUTE *a = LINT_REQUEST_ATTRIBUTE_new();
	char *copy = strdup(value), *rest = copy, *part;

	assert_true(a && copy);
	a->type = OBJ_txt2obj(strsep(&rest, " "), 0);
	assert_non_null(a->type);
	while ((part = strsep(&rest, " ")))
		assert_true(sk_ASN1_TYPE_push(a->values, any_of(part)));
	assert_true(sk_LINT_REQUEST_ATTRIBUTE_push(b->request->attributes, a));
	free(copy);
}

static bool do_request(struct builder *b, const struct fixture_op *op)
{
	LINT_REQUEST_INFO *r = b->request;

	if (r && strcmp(op->what, "attributes") == 0) {
		sk_LINT_REQUEST_ATTRIBUTE_pop_free(r->attributes, LINT_REQUEST_ATTRIBUTE_free);
		r->attributes = *op->value ? sk_LINT_REQUEST_ATTRIBUTE_new_null() : NULL;
	} else if (r && strcmp(op->what, "attribute") == 0) {
		add_attribute(b, op->value);
	} else {
		return false;
	}
	return true;
}

static void do_op(struct builder *b, const struct fixture_op *op)
{
	if (do_extension(b, op) || do_any(b, op) || do_algorithm(b, op) || do_crl(b, op) ||
	    do_request(b, op))
		return;
	if (strcmp(op->what, "serial") == 0) {
		ASN1_INTEGER_free(b->tbs->serial);
		b->tbs->serial = integer_of(op->value);
	} else if (strcmp(op->what, "version") == 0) {
		ASN1_INTEGER_free(*b->version);
		*b->version = *op->value ? integer_of(op->value) : NULL;
	} else if (strcmp(op->what, "issuerUniqueID") == 0) {
		b->tbs->issuer_unique_id = bits_of(op->value);
	} else if (strcmp(op->what, "subjectUniqueID") == 0) {
		b->tbs->subject_unique_id = bits_of(op->value);
	} else {
		assert_true(strcmp(op->what, "patch") == 0 ||
			    strcmp(op->what, "signed-patch") == 0);
	}
}

/* Same length only: the lengths around it stay right. */
static void patch(struct bytes *der, const char *value)
{
	size_t half = strcspn(value, ">");
	char *find = strndup(value, half);
	struct bytes from = unhex(find), to = unhex(value + half + 1);
	unsigned char *at = memmem(der->data, der->len, from.data, from.len);

	if (!at || from.len != to.len)
		fail_msg("cannot patch %s", value);
	memcpy(at, to.data, to.len);
	bytes_free(&from);
	bytes_free(&to);
	free(find);
}

static void patch_all(struct bytes *der, const char *what, const struct fixture_op *ops,
		      size_t count)
{
	for (size_t i = 0; i < count && ops[i].what; i++)
		if (strcmp(ops[i].what, what) == 0)
			patch(der, ops[i].value);
}

static void start(struct builder *b, enum fixture_kind kind)
{
	*b = (struct builder){0};
	if (kind == FIXTURE_REQUEST) {
		b->request = LINT_REQUEST_INFO_new();
		assert_non_null(b->request);
		b->inner = &b->unused;
		b->version = &b->request->version;
		b->subject = &b->request->subject;
		b->spki = &b->request->spki;
		b->extensions = &b->asked_for;
	} else if (kind == FIXTURE_CRL) {
		b->crl = LINT_CRL_TBS_new();
		assert_non_null(b->crl);
		b->inner = &b->crl->signature;
		b->version = &b->crl->version;
		b->issuer = &b->crl->issuer;
		b->extensions = &b->crl->extensions;
	} else {
		b->tbs = LINT_TBS_new();
		assert_non_null(b->tbs);
		b->inner = &b->tbs->signature;
		b->version = &b->tbs->version;
		b->issuer = &b->tbs->issuer;
		b->subject = &b->tbs->subject;
		b->spki = &b->tbs->spki;
		b->extensions = &b->tbs->extensions;
	}
}

static void encode_entries(struct builder *b)
{
	int count = sk_LINT_REVOKED_num(b->entries), content = 0, size;
	unsigned char *der, *at;

	if (!b->entries)
		return;
	for (int i = 0; i < count; i++)
		content += i2d_LINT_REVOKED(sk_LINT_REVOKED_value(b->entries, i), NULL);
	size = ASN1_object_size(1, content, V_ASN1_SEQUENCE);
	der = at = OPENSSL_malloc((size_t)size);
	assert_non_null(der);
	ASN1_put_object(&at, 1, content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	for (int i = 0; i < count; i++)
		i2d_LINT_REVOKED(sk_LINT_REVOKED_value(b->entries, i), &at);
	b->crl->revoked = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	assert_non_null(b->crl->revoked);
	ASN1_STRING_set0(b->crl->revoked, der, size);
}

static void encode_asked_for(struct builder *b)
{
	unsigned char *der = NULL;
	char *hex, *value;
	int len;

	if (!b->asked_for)
		return;
	len = ASN1_item_i2d((ASN1_VALUE *)b->asked_for, &der, ASN1_ITEM_rptr(LINT_EXTENSIONS));
	assert_true(len > 0);
	hex = malloc(2 * (size_t)len + 1);
	assert_non_null(hex);
	hex_encode((struct span){der, (size_t)len}, hex);
	assert_true(asprintf(&value, "extReq %s", hex) > 0);
	add_attribute(b, value);
	free(value);
	free(hex);
	OPENSSL_free(der);
	sk_LINT_EXTENSION_pop_free(b->asked_for, LINT_EXTENSION_free);
}

static void finish(struct builder *b, struct bytes *tbs)
{
	enum status status;
	struct error e;

	encode_entries(b);
	encode_asked_for(b);
	if (b->crl)
		status = der_encode(b->crl, (i2d_of_void *)i2d_LINT_CRL_TBS, tbs, &e);
	else if (b->request)
		status = der_encode(b->request, (i2d_of_void *)i2d_LINT_REQUEST_INFO, tbs, &e);
	else
		status = der_encode(b->tbs, (i2d_of_void *)i2d_LINT_TBS, tbs, &e);
	assert_int_equal(status, STATUS_OK);
	drop_entries(b);
	LINT_REQUEST_INFO_free(b->request);
	X509_ALGOR_free(b->unused);
	LINT_CRL_TBS_free(b->crl);
	LINT_TBS_free(b->tbs);
}

/* That of the algorithm beside the signature; SHA-256 for one that is made up. */
static const EVP_MD *digest_of(const X509_ALGOR *algorithm)
{
	int digest = NID_undef;

	OBJ_find_sigid_algs(OBJ_obj2nid(algorithm->algorithm), &digest, NULL);
	return digest == NID_undef ? EVP_sha256() : EVP_get_digestbynid(digest);
}

/* A request is signed; no rule looks at the signature of anything else. */
static void sign(enum fixture_kind kind, struct span tbs, const X509_ALGOR *algorithm,
		 struct bytes *signature)
{
	static const unsigned char filler[64] = {[63] = 1};
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char made[128];
	size_t len = sizeof made;
	struct error e;

	if (kind != FIXTURE_REQUEST) {
		memcpy(made, filler, len = sizeof filler);
	} else {
		assert_int_equal(EVP_DigestSignInit(context, NULL, digest_of(algorithm), NULL,
						    own_key()),
				 1);
		assert_int_equal(EVP_DigestSign(context, made, &len, tbs.data, tbs.len), 1);
	}
	assert_int_equal(bytes_copy(signature, (struct span){made, len}, &e), STATUS_OK);
	EVP_MD_CTX_free(context);
}

struct bytes fixture_build(enum fixture_kind kind, const struct fixture_op *ops, size_t count)
{
	static const struct {
		const struct fixture_op *ops;
		size_t count;
	} bases[] = {
		{root, sizeof root / sizeof *root},
		{intermediate, sizeof intermediate / sizeof *intermediate},
		{leaf, sizeof leaf / sizeof *leaf},
		{crl, sizeof crl / sizeof *crl},
		{request, sizeof request / sizeof *request},
	};
	struct bytes tbs = {0}, der = {0}, signature = {0};
	struct builder b;
	struct error e;

	start(&b, kind);
	for (size_t i = 0; i < bases[kind].count; i++)
		do_op(&b, &bases[kind].ops[i]);
	for (size_t i = 0; i < count && ops[i].what; i++)
		do_op(&b, &ops[i]);
	finish(&b, &tbs);
	patch_all(&tbs, "signed-patch", ops, count);
	sign(kind, span_of(&tbs), b.outer, &signature);
	assert_int_equal(der_signed_build(span_of(&tbs), b.outer, span_of(&signature), &der, &e),
			 STATUS_OK);
	bytes_free(&signature);
	patch_all(&der, "patch", ops, count);
	bytes_free(&tbs);
	X509_ALGOR_free(b.outer);
	return der;
}
