#include "hsm/token_make.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hsm/keyfile.h"
#include "hsm/signer.h"
#include "hsm/token_job.h"
#include "hsm/token_key.h"
#include "hsm/token_object.h"

#define BY_HAND "make the key with the token's own tool, then --use-existing"

enum status token_name_new(const char *name, char **out, struct error *e)
{
	unsigned char id[TOKEN_ID_SIZE];
	struct token_uri *uri = NULL;
	enum status s = token_uri_parse(name, &uri, e);

	if (s == STATUS_OK && !token_uri_label(uri).len)
		s = error_set(e, STATUS_USAGE, NULL, "add object=LABEL to the URI",
			      "the URI does not say what the new key is to be called");
	if (s == STATUS_OK && !token_uri_id(uri).len) {
		s = random_bytes(id, sizeof id, e);
		if (s == STATUS_OK)
			s = token_uri_set_id(uri, (struct span){id, sizeof id}, e);
	}
	if (s == STATUS_OK)
		s = token_uri_format(uri, out, e);
	token_uri_free(uri);
	return s;
}

enum status token_name_with_module(const char *name, const char *module, char **out,
				   struct error *e)
{
	struct token_uri *uri = NULL;
	enum status s = token_uri_parse(name, &uri, e);

	if (s == STATUS_OK && !token_uri_module_path(uri) && !token_uri_module_name(uri))
		s = token_uri_set_module(uri, module, e);
	if (s == STATUS_OK)
		s = token_uri_format(uri, out, e);
	token_uri_free(uri);
	return s;
}

/* --- generating ------------------------------------------------------------------------------- */

struct kind {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE type;
	CK_ULONG bits;
	const char *curve;
};

static const struct kind kinds[] = {
	{"rsa:2048", CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, 2048, NULL},
	{"rsa:3072", CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, 3072, NULL},
	{"rsa:4096", CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, 4096, NULL},
	{"ec:P-256", CKM_EC_KEY_PAIR_GEN, CKK_EC, 256, "P-256"},
	{"ec:P-384", CKM_EC_KEY_PAIR_GEN, CKK_EC, 384, "P-384"},
	/* Tokens do not agree whether its size is 255 or 256: not asked. */
	{"ed25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, 0, "ED25519"},
};

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static enum status can_make(struct token *t, const struct kind *kind, struct error *e)
{
	CK_MECHANISM_INFO info;
	CK_RV rv;

	memset(&info, 0, sizeof info);
	rv = TOKEN_CALL(t->f, C_GetMechanismInfo, t->slot, kind->mechanism, &info);
	if (rv == CKR_MECHANISM_INVALID ||
	    (rv == CKR_OK &&
	     (!(info.flags & CKF_GENERATE_KEY_PAIR) ||
	      (kind->bits && info.ulMaxKeySize &&
	       (kind->bits < info.ulMinKeySize || kind->bits > info.ulMaxKeySize)))))
		return error_set(
			e, STATUS_KEY, NULL,
			"choose another --key-type; 'subca token doctor' shows what it can",
			"the token cannot make a %s key", kind->name);
	return rv == CKR_OK ? STATUS_OK
			    : token_error(e, rv, "C_GetMechanismInfo", "ask what the token can");
}

enum status token_expect_free(struct token *t, const struct token_uri *uri, struct error *e)
{
	static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};
	const struct span none = {NULL, 0};

	for (size_t i = 0; i < 2; i++) {
		struct token_objects found;
		enum status s = token_objects_named(t, classes[i], token_uri_label(uri), none,
						    &found, e);

		if (s == STATUS_OK && found.count)
			s = error_set(e, STATUS_EXISTS, NULL,
				      "choose another object=LABEL; --use-existing takes the key "
				      "that is there",
				      "has a key of that label already");
		if (s == STATUS_OK)
			s = token_objects_named(t, classes[i], none, token_uri_id(uri), &found, e);
		if (s == STATUS_OK && found.count)
			s = error_set(e, STATUS_EXISTS, NULL,
				      "leave id= out of the URI: a random one is chosen",
				      "has a key with that CKA_ID already");
		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

/* Who says what a key may do, and what is asked for again of a token that refuses the whole list. */
enum said_by { SAID, SAID_IF_KNOWN, TOLD_BY_TOKEN };

/* What the private half must be, said when it is made and compared with what the token made. */
static const struct rule_of_key {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
	CK_BBOOL value;
	enum said_by by;
} rules[] = {
	{CKA_TOKEN, "CKA_TOKEN", CK_TRUE, SAID},
	{CKA_PRIVATE, "CKA_PRIVATE", CK_TRUE, SAID},
	{CKA_SENSITIVE, "CKA_SENSITIVE", CK_TRUE, SAID},
	{CKA_EXTRACTABLE, "CKA_EXTRACTABLE", CK_FALSE, SAID},
	{CKA_SIGN, "CKA_SIGN", CK_TRUE, SAID},
	{CKA_DECRYPT, "CKA_DECRYPT", CK_FALSE, SAID},
	{CKA_UNWRAP, "CKA_UNWRAP", CK_FALSE, SAID},
	{CKA_SIGN_RECOVER, "CKA_SIGN_RECOVER", CK_FALSE, SAID_IF_KNOWN},
	{CKA_DERIVE, "CKA_DERIVE", CK_FALSE, SAID_IF_KNOWN},
	{CKA_ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE", CK_TRUE, TOLD_BY_TOKEN},
	{CKA_NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE", CK_TRUE, TOLD_BY_TOKEN},
	{CKA_LOCAL, "CKA_LOCAL", CK_TRUE, TOLD_BY_TOKEN},
};
#define RULES (sizeof rules / sizeof rules[0])

static CK_ATTRIBUTE of_span(CK_ATTRIBUTE_TYPE type, struct span value)
{
	return (CK_ATTRIBUTE){type, (void *)(uintptr_t)value.data, value.len};
}

CK_ULONG token_template(CK_ATTRIBUTE to[TOKEN_TEMPLATE_MAX], const struct token_uri *uri,
			bool private_half, bool all)
{
	static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	const CK_ATTRIBUTE public_half[] = {
		{CKA_TOKEN, (void *)(uintptr_t)&yes, sizeof yes},
		{CKA_VERIFY, (void *)(uintptr_t)&yes, sizeof yes},
		{CKA_ENCRYPT, (void *)(uintptr_t)&no, sizeof no},
		{CKA_WRAP, (void *)(uintptr_t)&no, sizeof no},
		{CKA_PRIVATE, (void *)(uintptr_t)&no, sizeof no},
	};
	const size_t halves = sizeof public_half / sizeof public_half[0];
	CK_ULONG count = 0;

	to[count++] = of_span(CKA_LABEL, token_uri_label(uri));
	to[count++] = of_span(CKA_ID, token_uri_id(uri));
	for (size_t i = 0; private_half && i < RULES; i++)
		if (rules[i].by == SAID || (all && rules[i].by == SAID_IF_KNOWN))
			to[count++] = (CK_ATTRIBUTE){rules[i].type,
						     (void *)(uintptr_t)&rules[i].value,
						     sizeof rules[i].value};
	/* The last of them is for the eyes of others: nothing is lost without. */
	for (size_t i = 0; !private_half && i < halves - (all ? 0 : 1); i++)
		to[count++] = public_half[i];
	return count;
}

bool token_rv_is_about_template(CK_RV rv)
{
	return rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
	       rv == CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_ULONG public_template(CK_ATTRIBUTE *to, const struct token_uri *uri,
				const struct kind *kind, const struct bytes *curve, bool all)
{
	static CK_BYTE exponent[] = {1, 0, 1};
	CK_ULONG count = token_template(to, uri, false, all);

	if (kind->curve) {
		to[count++] = of_span(CKA_EC_PARAMS, span_of(curve));
	} else {
		to[count++] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, (void *)(uintptr_t)&kind->bits,
					     sizeof kind->bits};
		to[count++] = (CK_ATTRIBUTE){CKA_PUBLIC_EXPONENT, exponent, sizeof exponent};
	}
	return count;
}

enum status token_compare(struct token *t, CK_OBJECT_HANDLE private_key, bool made_here,
			  struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < RULES && s == STATUS_OK; i++) {
		enum token_flag flag;

		if (rules[i].by == TOLD_BY_TOKEN && !made_here)
			continue;
		s = token_flag(t, private_key, rules[i].type, &flag, e);
		/* An attribute that a token does not have grants nothing. */
		if (s == STATUS_OK && flag != TOKEN_FLAG_ABSENT &&
		    (flag == TOKEN_FLAG_TRUE) != (rules[i].value == CK_TRUE))
			s = error_set(e, STATUS_KEY, NULL, BY_HAND,
				      "made a key with %s %s against what it was told",
				      rules[i].name, flag == TOKEN_FLAG_TRUE ? "true" : "false");
	}
	return s;
}

/* The two halves of a pair. */
struct pair {
	CK_OBJECT_HANDLE public_key, private_key;
};

/* The token made what was asked for, and not something else that it then called a success. */
static enum status compare(struct token *t, const struct pair *made, const struct kind *kind,
			   struct error *e)
{
	EVP_PKEY *key = NULL;
	char type[80] = "nothing readable";
	enum status s = token_object_key(t, made->public_key, &key, e);

	if (s == STATUS_OK && key)
		key_type_name(key, type, sizeof type);
	EVP_PKEY_free(key);
	if (s == STATUS_OK && strcmp(type, kind->name) != 0)
		s = error_set(e, STATUS_KEY, NULL, BY_HAND,
			      "was asked for a %s key, said yes, and made %s", kind->name, type);
	return s == STATUS_OK ? token_compare(t, made->private_key, true, e) : s;
}

static CK_RV generate_pair(struct token *t, const struct token_uri *uri, const struct kind *kind,
			   const struct bytes *curve, bool all, struct pair *out)
{
	CK_MECHANISM mechanism = {kind->mechanism, NULL, 0};
	CK_ATTRIBUTE public_half[TOKEN_TEMPLATE_MAX + 2], private_half[TOKEN_TEMPLATE_MAX];
	CK_ULONG public_count = public_template(public_half, uri, kind, curve, all);
	CK_ULONG private_count = token_template(private_half, uri, true, all);

	return TOKEN_CALL_SLOW(t->f, C_GenerateKeyPair, t->session, &mechanism, public_half,
			       public_count, private_half, private_count, &out->public_key,
			       &out->private_key);
}

void token_take_back(struct token *t, const struct token_uri *uri, const CK_OBJECT_HANDLE *objects,
		     size_t count, struct error *e)
{
	struct error ignored;
	char *name = NULL;
	bool stays = false;

	for (size_t i = 0; i < count; i++)
		if (objects[i] != CK_INVALID_HANDLE)
			stays |= TOKEN_CALL(t->f, C_DestroyObject, t->session, objects[i]) !=
				 CKR_OK;
	if (stays && token_uri_format(uri, &name, &ignored) == STATUS_OK)
		signer_stays(name, e);
	free(name);
}

static enum status generate(struct token *t, const struct token_uri *uri, void *data,
			    struct error *e)
{
	const struct kind *kind = data;
	struct pair made = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
	struct bytes curve = {0};
	CK_RV rv = CKR_OK;
	enum status s = can_make(t, kind, e);

	if (s == STATUS_OK)
		s = token_expect_free(t, uri, e);
	if (s == STATUS_OK && kind->curve)
		s = token_curve_parameters(kind->curve, &curve, e);
	if (s == STATUS_OK) {
		rv = generate_pair(t, uri, kind, &curve, true, &made);
		/* YubiHSM 2 and CloudHSM refuse to be told what they never allow anyway. */
		if (token_rv_is_about_template(rv))
			rv = generate_pair(t, uri, kind, &curve, false, &made);
		if (rv != CKR_OK)
			s = token_error(e, rv, "C_GenerateKeyPair", "make the key");
	}
	if (s == STATUS_OK) {
		s = compare(t, &made, kind, e);
		if (s != STATUS_OK)
			token_take_back(t, uri,
					(const CK_OBJECT_HANDLE[]){made.private_key,
								   made.public_key},
					2, e);
	}
	bytes_free(&curve);
	return s;
}

/* --- jobs ------------------------------------------------------------------------------------- */

enum status token_key_create(const char *name, const char *type, const struct secret *pin,
			     struct error *e)
{
	const struct kind *kind = kind_of(type);
	bool left;

	if (!kind)
		return error_set(e, STATUS_USAGE, NULL,
				 "say rsa:2048, rsa:3072, rsa:4096, ec:P-256, ec:P-384 or ed25519",
				 "'%.40s' is no type of key", type);
	if (token_job_do(name, pin, TOKEN_WRITE, generate, (void *)(uintptr_t)kind, &left, e) ==
	    STATUS_OK)
		return STATUS_OK;
	/* The call is still under way. */
	if (left)
		signer_stays(name, e);
	return error_status(e);
}

static enum status look(struct token *t, const struct token_uri *uri, void *data, struct error *e)
{
	struct token_objects found;
	bool *there = data;
	enum status s = token_objects_named(t, CKO_PRIVATE_KEY, token_uri_label(uri),
					    token_uri_id(uri), &found, e);

	*there = s == STATUS_OK && found.count > 0;
	return s;
}

enum status token_key_exists(const char *name, const struct secret *pin, bool *there,
			     struct error *e)
{
	bool *found = calloc(1, sizeof *found);
	bool left;
	enum status s = found ? token_job_do(name, pin, TOKEN_READ, look, found, &left, e)
			      : error_memory(e);

	if (found && s == STATUS_OK)
		*there = *found;
	if (!found || !left)
		free(found);
	return s;
}

static enum status destroy(struct token *t, const struct token_objects *objects, struct error *e)
{
	for (size_t i = 0; i < objects->count; i++) {
		CK_RV rv = TOKEN_CALL(t->f, C_DestroyObject, t->session, objects->handle[i]);

		if (rv != CKR_OK)
			return token_error(e, rv, "C_DestroyObject", "delete the key");
	}
	return STATUS_OK;
}

/* The public keys that belong to a private one, which no other one has a part in. */
static enum status find_public(struct token *t, CK_OBJECT_HANDLE private_key,
			       struct token_objects *out, struct error *e)
{
	const struct span any = {NULL, 0};
	struct token_objects sharing;
	struct bytes id = {0};
	enum status s = token_attribute(t, private_key, CKA_ID, &id, e);

	out->count = 0;
	/* Without a CKA_ID the public half cannot be told from others. */
	if (s == STATUS_OK && id.len) {
		s = token_objects_named(t, CKO_PRIVATE_KEY, any, span_of(&id), &sharing, e);
		if (s == STATUS_OK && sharing.count == 1)
			s = token_objects_named(t, CKO_PUBLIC_KEY, any, span_of(&id), out, e);
	}
	bytes_free(&id);
	return s;
}

static enum status delete_key(struct token *t, const struct token_uri *uri, void *data,
			      struct error *e)
{
	struct token_objects keys, halves = {.count = 0};
	enum status s = token_objects_named(t, CKO_PRIVATE_KEY, token_uri_label(uri),
					    token_uri_id(uri), &keys, e);

	(void)data;
	/* What is left of a pair that was half deleted goes too. */
	if (s == STATUS_OK && keys.count == 0)
		s = token_objects_named(t, CKO_PUBLIC_KEY, token_uri_label(uri), token_uri_id(uri),
					&keys, e);
	else if (s == STATUS_OK && keys.count == 1)
		s = find_public(t, keys.handle[0], &halves, e);
	if (s == STATUS_OK && keys.count == 0)
		s = error_set(e, STATUS_NOT_FOUND, NULL,
			      "'subca token show' lists the keys of a token", "has no such key");
	if (s == STATUS_OK && keys.count > 1)
		s = error_set(e, STATUS_KEY, NULL, "name one by object=LABEL and id=… in the URI",
			      "has %zu keys of that name; nothing is deleted", keys.count);
	/* The private half last: as long as it is there, the same command goes on. */
	if (s == STATUS_OK)
		s = destroy(t, &halves, e);
	if (s == STATUS_OK)
		s = destroy(t, &keys, e);
	return s;
}

enum status token_key_delete(const char *name, const struct secret *pin, struct error *e)
{
	bool left;

	return token_job_do(name, pin, TOKEN_WRITE, delete_key, NULL, &left, e);
}
