/* What the old CA published as revoked, and under which numbers. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ca/import_internal.h"
#include "ca/inspect.h"

/* CRLReason as the store keeps it. */
static int reason_of(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long reason = value ? ASN1_ENUMERATED_get(value) : REASON_NONE;

	ASN1_ENUMERATED_free(value);
	ERR_clear_error();
	if (reason < REASON_KEY_COMPROMISE || reason > REASON_AA_COMPROMISE || reason == 7 ||
	    reason == REASON_REMOVE_FROM_CRL)
		return REASON_NONE;
	return (int)reason;
}

static int64_t invalidity_of(const X509_REVOKED *entry)
{
	ASN1_GENERALIZEDTIME *value = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL,
							       NULL);
	int64_t t = 0;

	if (value && !inspect_time(value, &t))
		t = 0;
	ASN1_GENERALIZEDTIME_free(value);
	ERR_clear_error();
	return t;
}

static int by_serial(const void *a, const void *b)
{
	const struct found_entry *x = a, *y = b;

	return import_compare(x->serial, x->serial_len, y->serial, y->serial_len);
}

/* The complete one that was made last. */
static void choose(struct import *in)
{
	for (size_t i = 0; i < in->crl_count; i++) {
		const struct found_crl *c = &in->crls[i];

		if (!c->own || c->delta)
			continue;
		if (!in->last_crl || c->this_update > in->last_crl->this_update ||
		    (c->this_update == in->last_crl->this_update &&
		     c->number > in->last_crl->number))
			in->last_crl = c;
	}
}

bool import_crl_entry_read(const X509_REVOKED *from, struct found_entry *to)
{
	*to = (struct found_entry){.serial_len = 0};
	if (!import_serial(X509_REVOKED_get0_serialNumber(from), to->serial, &to->serial_len) ||
	    !inspect_time(X509_REVOKED_get0_revocationDate(from), &to->revocation.at) ||
	    to->revocation.at == 0)
		return false;
	to->revocation.reason = reason_of(from);
	to->revocation.invalidity_at = invalidity_of(from);
	return true;
}

enum status import_read_crl(struct import *in, struct findings *f, struct error *e)
{
	STACK_OF(X509_REVOKED) *list;
	int count;

	choose(in);
	list = in->last_crl ? X509_CRL_get_REVOKED(in->last_crl->crl) : NULL;
	count = list ? sk_X509_REVOKED_num(list) : 0;
	if (count <= 0)
		return STATUS_OK;
	in->revoked = calloc((size_t)count, sizeof *in->revoked);
	if (!in->revoked)
		return error_memory(e);
	for (int i = 0; i < count; i++) {
		if (import_crl_entry_read(sk_X509_REVOKED_value(list, i),
					  &in->revoked[in->revoked_count]))
			in->revoked_count++;
		else if (import_note(in, f, RULE_UNREADABLE, in->last_crl->file, e,
				     "entry %d of the CRL cannot be read", i + 1) != STATUS_OK)
			return error_status(e);
	}
	qsort(in->revoked, in->revoked_count, sizeof *in->revoked, by_serial);
	return STATUS_OK;
}

struct found_entry *import_crl_entry(const struct import *in, const unsigned char *serial,
				     size_t len)
{
	struct found_entry key = {.serial_len = len};

	if (in->revoked_count == 0 || len > SERIAL_MAX)
		return NULL;
	if (len)
		memcpy(key.serial, serial, len);
	return bsearch(&key, in->revoked, in->revoked_count, sizeof key, by_serial);
}

/* --- numbers ---------------------------------------------------------------------------------- */

int64_t import_crl_number(X509_CRL *crl)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int64_t n = STORE_NO_CRL;

	if (number && (ASN1_INTEGER_get_int64(&n, number) != 1 || n < 0))
		n = STORE_NO_CRL;
	ASN1_INTEGER_free(number);
	ERR_clear_error();
	return n;
}

static bool number_value(const struct found_number *n, int64_t *out)
{
	uint64_t value = 0;

	if (n->len > 8)
		return false;
	for (size_t i = 0; i < n->len; i++)
		value = value << 8 | n->octets[i];
	if (value > INT64_MAX)
		return false;
	*out = (int64_t)value;
	return true;
}

enum status import_judge_crl_number(struct import *in, struct findings *f, struct error *e)
{
	int64_t last = STORE_NO_CRL, next = 0;
	enum status s = STATUS_OK;

	for (size_t i = 0; i < in->crl_count; i++)
		if (in->crls[i].own && in->crls[i].number > last)
			last = in->crls[i].number;
	if (in->crl_number.file && !number_value(&in->crl_number, &next))
		return import_note(in, f, RULE_NUMBER_FILE, in->crl_number.file, e,
				   "is larger than any CRL number that is kept here");
	if (in->crl_number.file && last >= 0 && next <= last)
		s = import_note(in, f, RULE_CRL_NUMBER, in->crl_number.file, e,
				"says %lld is the next CRL number, but a CRL has number %lld",
				(long long)next, (long long)last);
	if (in->crl_number.file && next - 1 > last)
		last = next - 1;
	/* Zero was no number of a CRL: crlnumber began with 1. */
	in->summary.crl_number = last > 0 || in->last_crl ? last : STORE_NO_CRL;
	return s;
}

enum status import_describe_crl(X509_CRL *crl, struct store_crl *out, struct error *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	enum status s = len > 0 ? STATUS_OK : error_memory(e);

	*out = (struct store_crl){.base = STORE_NO_CRL, .state = CRL_PUBLISHED};
	out->number = import_crl_number(crl);
	inspect_time(X509_CRL_get0_lastUpdate(crl), &out->this_update);
	inspect_time(X509_CRL_get0_nextUpdate(crl), &out->next_update);
	out->entries = list ? sk_X509_REVOKED_num(list) : 0;
	out->size = len;
	if (s == STATUS_OK)
		s = sha256((struct span){der, (size_t)len}, out->sha256, e);
	OPENSSL_free(der);
	return s;
}

enum status import_adopt_crls(struct import *in, struct store *s, const char *origin,
			      struct error *e)
{
	struct store_crl crl;
	enum status status = STATUS_OK;

	if (in->last_crl && in->last_crl->number >= 0) {
		status = import_describe_crl(in->last_crl->crl, &crl, e);
		snprintf(crl.origin, sizeof crl.origin, "%s", origin);
		if (status == STATUS_OK)
			status = store_crl_adopt(s, &crl, in->order->now, e);
	}
	if (status != STATUS_OK ||
	    in->summary.crl_number <= (in->last_crl ? in->last_crl->number : 0))
		return status;
	/* Used by a CRL that is not here. */
	crl = (struct store_crl){
		.base = STORE_NO_CRL, .state = CRL_PUBLISHED, .number = in->summary.crl_number};
	snprintf(crl.origin, sizeof crl.origin, "%s", origin);
	return store_crl_adopt(s, &crl, in->order->now, e);
}
