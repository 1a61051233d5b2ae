#include "hsm/token_object.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hsm/token_key.h"

#define ATTRIBUTE_MAX (64 * 1024)

enum status token_objects(struct token *t, CK_ATTRIBUTE *template, CK_ULONG count,
			  struct token_objects *out, struct error *e)
{
	const char *function = "C_FindObjects";
	CK_ULONG found = 0;
	CK_RV rv = TOKEN_CALL(t->f, C_FindObjectsInit, t->session, template, count), ended;

	out->count = 0;
	if (rv != CKR_OK)
		return token_error(e, rv, "C_FindObjectsInit", "look for keys");
	do {
		rv = TOKEN_CALL(t->f, C_FindObjects, t->session, out->handle + out->count,
				TOKEN_OBJECTS_MAX - out->count, &found);
		if (found > TOKEN_OBJECTS_MAX - out->count)
			rv = CKR_GENERAL_ERROR;
		if (rv == CKR_OK)
			out->count += found;
	} while (rv == CKR_OK && found && out->count < TOKEN_OBJECTS_MAX);
	ended = TOKEN_CALL(t->f, C_FindObjectsFinal, t->session);
	/* A search that does not end keeps the session from the next one. */
	if (rv == CKR_OK && ended != CKR_OK) {
		function = "C_FindObjectsFinal";
		rv = ended;
	}
	if (rv != CKR_OK)
		return token_error(e, rv, function, "look for keys");
	if (out->count == TOKEN_OBJECTS_MAX)
		return error_set(e, STATUS_KEY, NULL, "say object=LABEL or id=… in the URI",
				 "has %d objects or more that could be meant", TOKEN_OBJECTS_MAX);
	return STATUS_OK;
}

enum status token_objects_named(struct token *t, CK_OBJECT_CLASS class, struct span label,
				struct span id, struct token_objects *out, struct error *e)
{
	CK_ATTRIBUTE template[3] = {{CKA_CLASS, &class, sizeof class}};
	CK_ULONG count = 1;

	if (label.len)
		template[count++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label.data,
						   label.len};
	if (id.len)
		template[count++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id.data, id.len};
	return token_objects(t, template, count, out, e);
}

/* --- attributes ------------------------------------------------------------------------------- */

static bool is_absent(CK_RV rv, CK_ULONG len)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
	       (rv == CKR_OK && (len == 0 || len == CK_UNAVAILABLE_INFORMATION));
}

enum status token_attribute(struct token *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
			    struct bytes *out, struct error *e)
{
	CK_ATTRIBUTE a = {type, NULL, 0};
	CK_RV rv = TOKEN_CALL(t->f, C_GetAttributeValue, t->session, object, &a, 1);
	struct bytes b = {0};

	*out = b;
	if (is_absent(rv, a.ulValueLen))
		return STATUS_OK;
	if (rv == CKR_OK && a.ulValueLen > ATTRIBUTE_MAX)
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv == CKR_OK) {
		b = (struct bytes){calloc(1, a.ulValueLen + 1), a.ulValueLen};
		if (!b.data)
			return error_memory(e);
		a.pValue = b.data;
		rv = TOKEN_CALL(t->f, C_GetAttributeValue, t->session, object, &a, 1);
		if (rv == CKR_OK && a.ulValueLen > b.len)
			rv = CKR_BUFFER_TOO_SMALL;
	}
	if (rv != CKR_OK) {
		bytes_free(&b);
		return token_error(e, rv, "C_GetAttributeValue", "read what a key is");
	}
	b.len = a.ulValueLen;
	*out = b;
	return STATUS_OK;
}

enum status token_flag(struct token *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		       enum token_flag *out, struct error *e)
{
	struct bytes b = {0};

	if (token_attribute(t, object, type, &b, e) != STATUS_OK)
		return error_status(e);
	*out = b.len != sizeof(CK_BBOOL) ? TOKEN_FLAG_ABSENT
	       : b.data[0]		 ? TOKEN_FLAG_TRUE
					 : TOKEN_FLAG_FALSE;
	bytes_free(&b);
	return STATUS_OK;
}

enum status token_number(struct token *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
			 CK_ULONG *out, struct error *e)
{
	struct bytes b = {0};

	if (token_attribute(t, object, type, &b, e) != STATUS_OK)
		return error_status(e);
	*out = CK_UNAVAILABLE_INFORMATION;
	if (b.len == sizeof *out)
		memcpy(out, b.data, sizeof *out);
	bytes_free(&b);
	return STATUS_OK;
}

/* --- public keys ------------------------------------------------------------------------------ */

static enum status rsa_key(struct token *t, CK_OBJECT_HANDLE object, EVP_PKEY **out,
			   struct error *e)
{
	struct bytes n = {0}, exponent = {0};
	enum status s = token_attribute(t, object, CKA_MODULUS, &n, e);

	if (s == STATUS_OK)
		s = token_attribute(t, object, CKA_PUBLIC_EXPONENT, &exponent, e);
	if (s == STATUS_OK && n.len && exponent.len)
		s = token_key_from_rsa(span_of(&n), span_of(&exponent), out, e);
	bytes_free(&n);
	bytes_free(&exponent);
	return s;
}

static enum status point_key(struct token *t, CK_OBJECT_HANDLE object, EVP_PKEY **out,
			     struct error *e)
{
	struct bytes parameters = {0}, point = {0};
	enum status s = token_attribute(t, object, CKA_EC_PARAMS, &parameters, e);

	if (s == STATUS_OK)
		s = token_attribute(t, object, CKA_EC_POINT, &point, e);
	if (s == STATUS_OK && parameters.len && point.len)
		s = token_key_from_point(span_of(&parameters), span_of(&point), out, e);
	bytes_free(&parameters);
	bytes_free(&point);
	return s;
}

static enum status certificate_key(struct token *t, CK_OBJECT_HANDLE object, EVP_PKEY **out,
				   struct error *e)
{
	struct bytes der = {0};
	enum status s = token_attribute(t, object, CKA_VALUE, &der, e);

	if (s == STATUS_OK && der.len)
		s = token_key_from_certificate(span_of(&der), out, e);
	bytes_free(&der);
	return s;
}

enum status token_object_key(struct token *t, CK_OBJECT_HANDLE object, EVP_PKEY **out,
			     struct error *e)
{
	struct bytes spki = {0};
	CK_ULONG class, type;
	enum status s = token_number(t, object, CKA_CLASS, &class, e);

	*out = NULL;
	if (s == STATUS_OK && class == CKO_CERTIFICATE)
		return certificate_key(t, object, out, e);
	if (s == STATUS_OK)
		s = token_number(t, object, CKA_KEY_TYPE, &type, e);
	if (s == STATUS_OK && type == CKK_RSA)
		s = rsa_key(t, object, out, e);
	else if (s == STATUS_OK && (type == CKK_EC || type == CKK_EC_EDWARDS))
		s = point_key(t, object, out, e);
	if (s != STATUS_OK || *out)
		return s;
	s = token_attribute(t, object, CKA_PUBLIC_KEY_INFO, &spki, e);
	if (s == STATUS_OK && spki.len)
		s = token_key_from_spki(span_of(&spki), out, e);
	bytes_free(&spki);
	return s;
}

/* Adds what the objects of a class with this CKA_ID say; all must say the same. */
static enum status agree(struct token *t, CK_OBJECT_CLASS class, struct span id, EVP_PKEY **key,
			 struct error *e)
{
	struct token_objects objects;
	enum status s = token_objects_named(t, class, (struct span){NULL, 0}, id, &objects, e);

	for (size_t i = 0; i < objects.count && s == STATUS_OK; i++) {
		EVP_PKEY *one = NULL;

		s = token_object_key(t, objects.handle[i], &one, e);
		if (s == STATUS_OK && one && *key && EVP_PKEY_eq(one, *key) != 1)
			s = error_set(
				e, STATUS_KEY, NULL,
				"give each key pair a CKA_ID of its own: 'subca token doctor' "
				"shows them",
				"two public keys or certificates carry the CKA_ID of the "
				"private key: which one is its own cannot be told");
		if (s == STATUS_OK && one && !*key) {
			*key = one;
			one = NULL;
		}
		EVP_PKEY_free(one);
	}
	return s;
}

enum status token_public_key(struct token *t, CK_OBJECT_HANDLE private_key, EVP_PKEY **out,
			     struct error *e)
{
	struct bytes id = {0};
	EVP_PKEY *key = NULL;
	enum status s = token_object_key(t, private_key, &key, e);

	*out = NULL;
	if (s == STATUS_OK && !key)
		s = token_attribute(t, private_key, CKA_ID, &id, e);
	/* Without a CKA_ID every other object without one would seem to belong to it. */
	if (s == STATUS_OK && id.len)
		s = agree(t, CKO_PUBLIC_KEY, span_of(&id), &key, e);
	if (s == STATUS_OK && id.len)
		s = agree(t, CKO_CERTIFICATE, span_of(&id), &key, e);
	bytes_free(&id);
	if (s != STATUS_OK) {
		EVP_PKEY_free(key);
		return s;
	}
	*out = key;
	return STATUS_OK;
}

/* --- which private key ------------------------------------------------------------------------ */

/* The candidates that tell their public key and tell the expected one; those that tell none. */
struct choice {
	CK_OBJECT_HANDLE match, silent;
	size_t matches, silents;
	EVP_PKEY *key; /* of the match */
};

static enum status judge(struct token *t, CK_OBJECT_HANDLE candidate, EVP_PKEY *expected,
			 struct choice *c, struct error *e)
{
	EVP_PKEY *key = NULL;

	if (token_public_key(t, candidate, &key, e) != STATUS_OK)
		return error_status(e);
	if (!key) {
		c->silent = candidate;
		c->silents++;
	} else if (!expected || EVP_PKEY_eq(key, expected) == 1) {
		c->match = candidate;
		c->matches++;
		EVP_PKEY_free(c->key);
		c->key = key;
		key = NULL;
	}
	EVP_PKEY_free(key);
	return STATUS_OK;
}

static enum status choose(struct choice *c, size_t candidates, EVP_PKEY *expected,
			  CK_OBJECT_HANDLE *private_key, struct error *e)
{
	if (candidates == 0)
		return error_set(e, STATUS_NOT_FOUND, NULL,
				 "'subca token show' lists the keys of a token",
				 "has no such private key");
	if (c->matches > 1)
		return error_set(e, STATUS_KEY, NULL,
				 expected ? "delete the copy, or name one by id=… in the URI"
					  : "name one by object=LABEL or id=… in the URI",
				 "has %zu private keys that could be meant", c->matches);
	if (c->matches == 1) {
		*private_key = c->match;
		return STATUS_OK;
	}
	/* A lone key that hides its public half is proved by a signature before a serial is spent. */
	if (c->silents == 1 && expected && EVP_PKEY_up_ref(expected) == 1) {
		*private_key = c->silent;
		c->key = expected;
		return STATUS_OK;
	}
	if (c->silents)
		return error_set(
			e, STATUS_KEY, NULL,
			"put the public key or the certificate on the token, with the "
			"private key's CKA_ID",
			"has %zu private keys that could be meant, and neither a public key "
			"nor a CKA_ID tells which",
			c->silents);
	return error_set(e, STATUS_KEY, NULL,
			 "name the token and the key that belong to the CA's certificate",
			 "has no private key that belongs to the certificate of the CA");
}

enum status token_find_key(struct token *t, const struct token_uri *uri, EVP_PKEY *expected,
			   CK_OBJECT_HANDLE *private_key, EVP_PKEY **public_key, struct error *e)
{
	struct token_objects keys;
	struct choice c = {0};
	enum status s = token_objects_named(t, CKO_PRIVATE_KEY, token_uri_label(uri),
					    token_uri_id(uri), &keys, e);

	for (size_t i = 0; i < keys.count && s == STATUS_OK; i++)
		s = judge(t, keys.handle[i], expected, &c, e);
	if (s == STATUS_OK)
		s = choose(&c, keys.count, expected, private_key, e);
	if (s != STATUS_OK) {
		EVP_PKEY_free(c.key);
		return s;
	}
	*public_key = c.key;
	return STATUS_OK;
}
