/* Objects on a token: attributes, public keys, and which private key is meant. As hsm/token.h. */
#ifndef SUBCA_HSM_TOKEN_OBJECT_H
#define SUBCA_HSM_TOKEN_OBJECT_H

#include <openssl/evp.h>

#include "hsm/token.h"

#define TOKEN_OBJECTS_MAX 256
#define TOKEN_ID_SIZE 16 /* octets of the random CKA_ID of a key made here */

struct token_objects {
	CK_OBJECT_HANDLE handle[TOKEN_OBJECTS_MAX];
	size_t count;
};

/* All objects with these attributes. STATUS_KEY where there are more than TOKEN_OBJECTS_MAX. */
MUST_CHECK enum status token_objects(struct token *t, CK_ATTRIBUTE *template, CK_ULONG count,
				     struct token_objects *out, struct error *e);
/* The same by class and, where they are not empty, by label and CKA_ID. */
MUST_CHECK enum status token_objects_named(struct token *t, CK_OBJECT_CLASS class,
					   struct span label, struct span id,
					   struct token_objects *out, struct error *e);

/* An attribute's octets; empty where the token has none or does not show it. */
MUST_CHECK enum status token_attribute(struct token *t, CK_OBJECT_HANDLE object,
				       CK_ATTRIBUTE_TYPE type, struct bytes *out, struct error *e);
enum token_flag { TOKEN_FLAG_FALSE, TOKEN_FLAG_TRUE, TOKEN_FLAG_ABSENT };
MUST_CHECK enum status token_flag(struct token *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
				  enum token_flag *out, struct error *e);
/* CK_UNAVAILABLE_INFORMATION where the token has none. */
MUST_CHECK enum status token_number(struct token *t, CK_OBJECT_HANDLE object,
				    CK_ATTRIBUTE_TYPE type, CK_ULONG *out, struct error *e);

/*
 * The public key that an object tells of itself: a public key's, an RSA private key's, or that of
 * any with CKA_PUBLIC_KEY_INFO. NULL in *out where it tells none. Freed with EVP_PKEY_free().
 */
MUST_CHECK enum status token_object_key(struct token *t, CK_OBJECT_HANDLE object, EVP_PKEY **out,
					struct error *e);
/*
 * The public key of a private key: as above, else of the one public key or certificate with its
 * CKA_ID. NULL in *out where nothing tells. STATUS_KEY where two with that CKA_ID differ.
 */
MUST_CHECK enum status token_public_key(struct token *t, CK_OBJECT_HANDLE private_key,
					EVP_PKEY **out, struct error *e);

/*
 * The private key that uri names and that belongs to expected (NULL: any). STATUS_NOT_FOUND for
 * none, STATUS_KEY for several: with an equal or empty CKA_ID nobody could tell which one signs.
 * public_key: as the token tells it, or expected itself where the token tells nothing.
 */
MUST_CHECK enum status token_find_key(struct token *t, const struct token_uri *uri,
				      EVP_PKEY *expected, CK_OBJECT_HANDLE *private_key,
				      EVP_PKEY **public_key, struct error *e);

/* What a new key is to be, but for its type and value: in hsm/token_make.c. */
#define TOKEN_TEMPLATE_MAX 16
/*
 * all false: without what a token may refuse to be told because it knows nothing else. To be tried
 * after an answer that is about the template.
 */
CK_ULONG token_template(CK_ATTRIBUTE to[TOKEN_TEMPLATE_MAX], const struct token_uri *uri,
			bool private_half, bool all);
bool token_rv_is_about_template(CK_RV rv);
/* What the token made of it; made_here: no key that came from elsewhere. */
MUST_CHECK enum status token_compare(struct token *t, CK_OBJECT_HANDLE private_key, bool made_here,
				     struct error *e);
/* Destroys what was made for nothing; where that fails, e says how to delete it by hand. */
void token_take_back(struct token *t, const struct token_uri *uri, const CK_OBJECT_HANDLE *objects,
		     size_t count, struct error *e);
/* STATUS_EXISTS where an object has the label or the CKA_ID of uri. */
MUST_CHECK enum status token_expect_free(struct token *t, const struct token_uri *uri,
					 struct error *e);

#endif
