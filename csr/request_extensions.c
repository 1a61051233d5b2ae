/* The extensions that a request asks for (RFC 2985 5.4.2). */
#include "csr/request_internal.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/der_canonical.h"
#include "base/der_value.h"

static const char attribute_name[] = "attribute extensionRequest";

static void place(const X509_EXTENSION *extension, char where[100])
{
	char name[80];

	OBJ_obj2txt(name, sizeof name, X509_EXTENSION_get_object((X509_EXTENSION *)extension), 0);
	snprintf(where, 100, "extension %s", name);
}

/* Of the extension at a place in the list (DER), from where the request begins. */
static size_t offset_of(const struct csr_request *r, struct span list, int at)
{
	const unsigned char *begin = memmem(r->der.data, r->der.len, list.data, list.len);
	struct span rest;
	struct der_value v;

	if (!begin || !der_value_read((struct span){begin, list.len}, &v))
		return 0;
	rest = v.content;
	for (int i = 0; i < at; i++) {
		if (!der_value_read(rest, &v))
			return 0;
		rest = (struct span){rest.data + v.size, rest.len - v.size};
	}
	return (size_t)(rest.data - r->der.data);
}

static void check_value(struct request_reading *x, X509_EXTENSION *extension)
{
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(extension);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
	struct span whole = {ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
	const unsigned char *at = whole.data;
	ASN1_VALUE *decoded;
	char where[100];
	size_t offset;

	/* What OpenSSL does not know no rule copies either. */
	if (!method || !method->it)
		return;
	decoded = ASN1_item_d2i(NULL, &at, (long)whole.len, ASN1_ITEM_ptr(method->it));
	ASN1_item_free(decoded, ASN1_ITEM_ptr(method->it));
	if (decoded && der_canonical(whole, &offset) == DER_CANONICAL)
		return;
	place(extension, where);
	request_say(x, REQUEST_EXTENSION_MALFORMED, where,
		    "its requested extension %s is malformed", OBJ_nid2ln(method->ext_nid));
}

static void check_each(struct request_reading *x, struct span der)
{
	const STACK_OF(X509_EXTENSION) *list = x->r->extensions;

	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
		X509_EXTENSION *extension = sk_X509_EXTENSION_value(list, i);
		int again = X509v3_get_ext_by_OBJ(list, X509_EXTENSION_get_object(extension), i);
		char where[100];

		place(extension, where);
		if (again >= 0)
			request_say(x, REQUEST_EXTENSION_DUPLICATE, where,
				    "its requested extensions cannot be read: %s is there twice, "
				    "again at offset %zu (RFC 5280 4.2)",
				    where + strlen("extension "), offset_of(x->r, der, again));
		check_value(x, extension);
	}
}

static void read_list(struct request_reading *x, X509_ATTRIBUTE *attribute)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	struct span der = value ? request_sequence(value) : (struct span){NULL, 0};
	const unsigned char *at = der.data;

	if (X509_ATTRIBUTE_count(attribute) > 1)
		request_say(
			x, REQUEST_EXTENSIONS_TWICE, attribute_name,
			"its requested extensions cannot be read: the attribute has not exactly "
			"one value");
	if (der.len)
		x->r->extensions = d2i_X509_EXTENSIONS(NULL, &at, (long)der.len);
	if (!x->r->extensions || at != der.data + der.len)
		request_say(x, REQUEST_EXTENSIONS_MALFORMED, attribute_name,
			    "its requested extensions cannot be read: the attribute is malformed");
	else
		check_each(x, der);
}

void request_read_extensions(struct request_reading *x)
{
	const STACK_OF(X509_ATTRIBUTE) *all = x->r->info->attributes;
	bool before = false;

	for (int i = 0; i < sk_X509_ATTRIBUTE_num(all); i++) {
		X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(all, i);
		int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));

		/* Microsoft had its own before PKCS#9 2.0; its tools still write it. */
		if (nid != NID_ext_req && nid != NID_ms_ext_req)
			continue;
		if (before)
			request_say(x, REQUEST_EXTENSIONS_TWICE, attribute_name,
				    "its requested extensions cannot be read: two attributes ask "
				    "for extensions");
		else
			read_list(x, attribute);
		before = true;
	}
}
