/*
 * PKCS#12 for Java: a certificate is a trust anchor there only with the attribute trustedKeyUsage,
 * which OpenSSL 3.0 writes into no bag by itself.
 */
#include "trust/bundle.h"

#include <stdio.h>

#include <openssl/asn1t.h>
#include <openssl/pkcs12.h>

#include "base/der.h"

#define TRUSTED_KEY_USAGE "2.16.840.1.113894.746875.1.1"
#define ANY_USAGE "2.5.29.37.0"
#define MAC_ITERATIONS 10000

/* SafeBag, RFC 7292 4.2, with its attributes in reach. */
typedef struct trust_bag {
	ASN1_OBJECT *type;
	ASN1_TYPE *value;
	STACK_OF(X509_ATTRIBUTE) *attributes;
} TRUST_BAG;

/* clang-format off */
ASN1_SEQUENCE(TRUST_BAG) = {
	ASN1_SIMPLE(TRUST_BAG, type, ASN1_OBJECT),
	ASN1_EXP(TRUST_BAG, value, ASN1_ANY, 0),
	ASN1_SET_OF_OPT(TRUST_BAG, attributes, X509_ATTRIBUTE),
} static_ASN1_SEQUENCE_END(TRUST_BAG)

	/* clang-format on */

	static void free_bag(TRUST_BAG * bag)
{
	ASN1_item_free((ASN1_VALUE *)bag, ASN1_ITEM_rptr(TRUST_BAG));
}

static bool add_attribute(TRUST_BAG *bag, X509_ATTRIBUTE *attribute)
{
	if (attribute && !bag->attributes)
		bag->attributes = sk_X509_ATTRIBUTE_new_null();
	if (attribute && bag->attributes && sk_X509_ATTRIBUTE_push(bag->attributes, attribute) > 0)
		return true;
	X509_ATTRIBUTE_free(attribute);
	return false;
}

static bool mark(TRUST_BAG *bag, const char *alias)
{
	ASN1_OBJECT *usage = OBJ_txt2obj(TRUSTED_KEY_USAGE, 1), *any = OBJ_txt2obj(ANY_USAGE, 1);
	bool good = usage && any &&
		    add_attribute(bag, X509_ATTRIBUTE_create_by_OBJ(NULL, usage, V_ASN1_OBJECT, any,
								    -1)) &&
		    add_attribute(bag, X509_ATTRIBUTE_create_by_NID(NULL, NID_friendlyName,
								    MBSTRING_UTF8, alias, -1));

	ASN1_OBJECT_free(usage);
	ASN1_OBJECT_free(any);
	return good;
}

/* NULL on failure. */
static TRUST_BAG *make_bag(const struct bundle_item *item, size_t at)
{
	PKCS12_SAFEBAG *plain = PKCS12_SAFEBAG_create_cert(item->certificate);
	unsigned char *der = NULL;
	int len = plain ? i2d_PKCS12_SAFEBAG(plain, &der) : 0;
	const unsigned char *in = der;
	TRUST_BAG *bag = NULL;
	char alias[48];

	snprintf(alias, sizeof alias, "%s-%zu", item->ours ? "ours" : "public", at + 1);
	if (len > 0)
		bag = (TRUST_BAG *)ASN1_item_d2i(NULL, &in, len, ASN1_ITEM_rptr(TRUST_BAG));
	if (bag && !mark(bag, alias)) {
		free_bag(bag);
		bag = NULL;
	}
	OPENSSL_free(der);
	PKCS12_SAFEBAG_free(plain);
	return bag;
}

/* SafeContents, a SEQUENCE OF SafeBag: as values of any type. */
static ASN1_SEQUENCE_ANY *make_bags(const struct bundle *b)
{
	ASN1_SEQUENCE_ANY *bags = sk_ASN1_TYPE_new_null();

	for (size_t i = 0; bags && i < b->count; i++) {
		TRUST_BAG *bag = make_bag(&b->items[i], i);
		ASN1_TYPE *any = bag ? ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(TRUST_BAG), bag, NULL)
				     : NULL;

		free_bag(bag);
		if (!any || sk_ASN1_TYPE_push(bags, any) <= 0) {
			ASN1_TYPE_free(any);
			sk_ASN1_TYPE_pop_free(bags, ASN1_TYPE_free);
			return NULL;
		}
	}
	return bags;
}

/* The one SafeContents, not encrypted: nothing in it is secret. */
static PKCS7 *make_contents(const ASN1_SEQUENCE_ANY *bags)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_SEQUENCE_ANY(bags, &der);
	PKCS7 *contents = PKCS7_new();

	if (!contents || len <= 0 || PKCS7_set_type(contents, NID_pkcs7_data) != 1 ||
	    ASN1_OCTET_STRING_set(contents->d.data, der, len) != 1) {
		PKCS7_free(contents);
		contents = NULL;
	}
	OPENSSL_free(der);
	return contents;
}

enum status bundle_pkcs12(const struct bundle *b, struct bytes *out, struct error *e)
{
	ASN1_SEQUENCE_ANY *bags = make_bags(b);
	PKCS7 *contents = bags ? make_contents(bags) : NULL;
	STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
	PKCS12 *store = NULL;
	enum status s;

	if (contents && safes && sk_PKCS7_push(safes, contents) > 0) {
		contents = NULL;
		store = PKCS12_add_safes(safes, 0);
	}
	if (store && PKCS12_set_mac(store, BUNDLE_STORE_PASSWORD, -1, NULL, 0, MAC_ITERATIONS,
				    EVP_sha256()) == 1)
		s = der_encode(store, (i2d_of_void *)i2d_PKCS12, out, e);
	else
		s = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "the trust store cannot be made");
	PKCS12_free(store);
	PKCS7_free(contents);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_ASN1_TYPE_pop_free(bags, ASN1_TYPE_free);
	return s;
}
