#include "ca/crl_entry.h"

#include <stdlib.h>

#include <openssl/x509v3.h>

#include "ca/crl_read.h"

#define REASONS (REASON_AA_COMPROMISE + 1)
#define ENTRY_MAX 256 /* a serial, a date, two extensions: less than half of it */

struct crl_encoder {
	CRL_ENTRY *entry;
	int64_t date;			   /* that entry->date holds */
	X509_EXTENSIONS *reasons[REASONS]; /* made when first needed */
	X509_EXTENSIONS *own;		   /* with an invalidityDate: of this entry alone */
	unsigned char encoded[ENTRY_MAX];
};

static void drop(X509_EXTENSIONS *list)
{
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

void crl_encoder_free(struct crl_encoder *x)
{
	if (!x)
		return;
	if (x->entry)
		x->entry->extensions = NULL; /* borrowed from below */
	CRL_ENTRY_free(x->entry);
	for (int i = 0; i < REASONS; i++)
		drop(x->reasons[i]);
	drop(x->own);
	free(x);
}

enum status crl_encoder_new(struct crl_encoder **out, struct error *e)
{
	struct crl_encoder *x = calloc(1, sizeof *x);

	if (!x)
		return error_memory(e);
	x->date = INT64_MIN;
	x->entry = CRL_ENTRY_new();
	if (!x->entry) {
		crl_encoder_free(x);
		return error_memory(e);
	}
	*out = x;
	return STATUS_OK;
}

static enum status failed(struct error *e)
{
	return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "an entry of the CRL cannot be made");
}

static bool add_reason(X509_EXTENSIONS **list, int reason)
{
	ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
	bool good = value && ASN1_ENUMERATED_set(value, reason) &&
		    X509V3_add1_i2d(list, NID_crl_reason, value, 0, X509V3_ADD_APPEND) == 1;

	ASN1_ENUMERATED_free(value);
	return good;
}

/* GeneralizedTime whatever the year, RFC 5280 5.3.2. */
static bool add_invalidity(X509_EXTENSIONS **list, int64_t t)
{
	ASN1_GENERALIZEDTIME *value = ASN1_GENERALIZEDTIME_set(NULL, t);
	bool good = value &&
		    X509V3_add1_i2d(list, NID_invalidity_date, value, 0, X509V3_ADD_APPEND) == 1;

	ASN1_GENERALIZEDTIME_free(value);
	return good;
}

/* unspecified is left out: no reason at all says the same (RFC 5280 5.3.1). */
static enum status choose_extensions(struct crl_encoder *x, const struct store_revocation *r,
				     struct error *e)
{
	int64_t invalid = r->invalidity_at ? r->invalidity_at : r->compromised_at;

	drop(x->own);
	x->own = NULL;
	x->entry->extensions = NULL;
	if (r->reason >= REASONS)
		return error_set(e, STATUS_DAMAGED, NULL, "restore the store from a backup",
				 "%d is no reason of a revocation", r->reason);
	if (invalid) {
		if ((r->reason > 0 && !add_reason(&x->own, r->reason)) ||
		    !add_invalidity(&x->own, invalid))
			return failed(e);
		x->entry->extensions = x->own;
	} else if (r->reason > 0) {
		if (!x->reasons[r->reason] && !add_reason(&x->reasons[r->reason], r->reason))
			return failed(e);
		x->entry->extensions = x->reasons[r->reason];
	}
	return STATUS_OK;
}

enum status crl_encode_entry(struct crl_encoder *x, const struct store_revoked *r, struct span *out,
			     struct error *e)
{
	unsigned char *at = x->encoded;
	int len;

	if (choose_extensions(x, &r->revocation, e) != STATUS_OK)
		return error_status(e);
	/* The magnitude, as ASN1_INTEGER keeps it. UTCTime through 2049, GeneralizedTime after. */
	if (!ASN1_STRING_set(x->entry->serial, r->serial.data, (int)r->serial.len) ||
	    (x->date != r->revocation.at && !ASN1_TIME_set(x->entry->date, r->revocation.at)))
		return failed(e);
	x->date = r->revocation.at;
	len = i2d_CRL_ENTRY(x->entry, NULL);
	if (len <= 0 || len > ENTRY_MAX || i2d_CRL_ENTRY(x->entry, &at) != len)
		return failed(e);
	*out = (struct span){x->encoded, (size_t)len};
	return STATUS_OK;
}
