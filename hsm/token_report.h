/*
 * What tokens there are, what is on one, and whether it is fit to hold a CA's key. For cmd/token.c;
 * PKCS#11's own types stay inside hsm/.
 */
#ifndef SUBCA_HSM_TOKEN_REPORT_H
#define SUBCA_HSM_TOKEN_REPORT_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "base/secret.h"

/* What CK_TOKEN_INFO says. Texts are as the token wrote them: escape them. */
struct token_summary {
	char label[33], serial[17], manufacturer[33], model[17];
	char library[33];  /* the module, as it calls itself */
	char firmware[16]; /* "2.6" */
	unsigned long pin_min, pin_max;
	bool blank, login_required, pin_pad, pin_set, pin_low, pin_last_try, pin_locked;
};

typedef enum status token_list_visit(void *context, const struct token_summary *token,
				     struct error *e);
/*
 * Every token of the module (an absolute path), or with NULL of those that p11-kit is configured
 * with. Errors as token_signer_open().
 */
MUST_CHECK enum status token_list(const char *module, token_list_visit *visit, void *context,
				  struct error *e);

enum token_answer { TOKEN_NO, TOKEN_YES, TOKEN_UNSAID };

/* The attributes of a private key that matter, in the order of token_attribute_names. */
#define TOKEN_ATTRIBUTES 12
extern const char *const token_attribute_names[TOKEN_ATTRIBUTES];

struct token_key_report {
	char label[65];
	char id[129];	   /* hexadecimal; "" for none */
	char type[80];	   /* "rsa:3072"; "unknown" where no public key tells */
	bool has_public;   /* a public key object, or a certificate, with its CKA_ID */
	bool signed_trial; /* a trial signature verified in software */
	char failure[256]; /* why none did, in the token's words: "C_Sign: CKR_DEVICE_ERROR" */
	bool is_expected;  /* the key of the CA's certificate */
	bool attested;	   /* a certificate of the maker's attests to it */
	enum token_answer attributes[TOKEN_ATTRIBUTES];
};

struct token_mechanism_report {
	const char *name; /* "CKM_ECDSA" */
	unsigned long min, max;
	bool available;
};
#define TOKEN_MECHANISMS 6

#define TOKEN_REPORT_KEYS 64
#define TOKEN_ATTESTATIONS 8

struct token_report {
	struct token_summary token;
	struct token_mechanism_report mechanisms[TOKEN_MECHANISMS];
	struct token_key_report keys[TOKEN_REPORT_KEYS];
	size_t key_count;
	/*
	 * Certificates by which the token's maker attests to one of these keys, and those that they are
	 * signed by, as far as the token shows them: DER.
	 */
	struct bytes attestations[TOKEN_ATTESTATIONS];
	size_t attestation_count;
	struct findings findings;
};

/* What to look at; all borrowed. */
struct token_question {
	const char *uri;	  /* the keys it describes */
	const struct secret *pin; /* as token_signer_open() */
	EVP_PKEY *expected;	  /* the CA certificate's public key; NULL: none */
	bool final_try;		  /* log in also where one more wrong PIN would lock the token */
	bool trial;		  /* make a signature with each key that may sign */
};

/* Freed with token_report_free(). */
MUST_CHECK enum status token_examine(const struct token_question *question,
				     struct token_report **out, struct error *e);
void token_report_free(struct token_report *r);

#endif
