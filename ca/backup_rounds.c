#include "ca/backup_rounds.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/kdf.h"

/* PasswordRecipientInfo of RFC 5652 6.2.4: OpenSSL's own type keeps what it derives by to itself. */
typedef struct password_recipient {
	ASN1_INTEGER *version;
	X509_ALGOR *derivation; /* NULL: the key is the password itself */
	X509_ALGOR *encryption;
	ASN1_OCTET_STRING *key;
} PASSWORD_RECIPIENT;

ASN1_SEQUENCE(PASSWORD_RECIPIENT) =
	{
		ASN1_SIMPLE(PASSWORD_RECIPIENT, version, ASN1_INTEGER),
		ASN1_IMP_OPT(PASSWORD_RECIPIENT, derivation, X509_ALGOR, 0),
		ASN1_SIMPLE(PASSWORD_RECIPIENT, encryption, X509_ALGOR),
		ASN1_SIMPLE(PASSWORD_RECIPIENT, key, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(PASSWORD_RECIPIENT)

		ASN1_ITEM_TEMPLATE(PASSWORD_RECIPIENT_CHOSEN) = ASN1_EX_TEMPLATE_TYPE(
			ASN1_TFLG_IMPTAG | ASN1_TFLG_CONTEXT, 3, pwri, PASSWORD_RECIPIENT)
			static_ASN1_ITEM_TEMPLATE_END(PASSWORD_RECIPIENT_CHOSEN)

				struct walk {
	const unsigned char *at, *end;
};

/* ASN1_get_object(): no value at all. Of one that goes on past the start that was read, it says more. */
#define NO_OBJECT 0x80

/* The head of the next value; what is inside follows. *len is 0 where its end alone tells. */
static bool enter(struct walk *w, int tag, int class, long *len)
{
	int found, its_class;
	int form = ASN1_get_object(&w->at, len, &found, &its_class, w->end - w->at);

	return form != NO_OBJECT && found == tag && its_class == class;
}

static bool skip(struct walk *w, int tag)
{
	long len = 0;

	if (!enter(w, tag, V_ASN1_UNIVERSAL, &len) || len > w->end - w->at)
		return false;
	w->at += len;
	return true;
}

/* ContentInfo { contentType, [0] AuthEnvelopedData { version, recipientInfos, … } }, RFC 5083 2.1. */
static bool find_recipients(struct walk *w)
{
	long len = 0;

	if (!enter(w, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &len) || !skip(w, V_ASN1_OBJECT) ||
	    !enter(w, 0, V_ASN1_CONTEXT_SPECIFIC, &len) ||
	    !enter(w, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &len) || !skip(w, V_ASN1_INTEGER) ||
	    !enter(w, V_ASN1_SET, V_ASN1_UNIVERSAL, &len) || len <= 0 || len > w->end - w->at)
		return false;
	w->end = w->at + len;
	return true;
}

bool backup_rounds_bounded(struct span start)
{
	struct walk w = {start.data, start.data + start.len};
	int64_t left = KDF_ROUNDS_MAX;
	bool good;

	ERR_set_mark();
	good = find_recipients(&w);
	while (good && w.at < w.end) {
		PASSWORD_RECIPIENT *r = (PASSWORD_RECIPIENT *)ASN1_item_d2i(
			NULL, &w.at, w.end - w.at, ASN1_ITEM_rptr(PASSWORD_RECIPIENT_CHOSEN));

		good = r && (!r->derivation || kdf_spend(r->derivation, &left));
		ASN1_item_free((ASN1_VALUE *)r, ASN1_ITEM_rptr(PASSWORD_RECIPIENT_CHOSEN));
	}
	ERR_pop_to_mark();
	return good;
}
