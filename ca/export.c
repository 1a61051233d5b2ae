#include "ca/export.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "base/datetime.h"
#include "ca/import_index.h"
#include "ca/pem.h"

/* --- which rows ------------------------------------------------------------------------------- */

struct choice {
	store_visit *visit;
	void *context;
};

static enum status take_finished(void *context, const struct store_row *row, struct error *e)
{
	const struct choice *c = context;

	if (row->state != CERT_ISSUED && row->state != CERT_REVOKED)
		return STATUS_OK;
	return c->visit(c->context, row, e);
}

enum status export_each(const struct export_order *order, store_visit *visit, void *context,
			struct error *e)
{
	struct store *store = authority_store(order->authority);
	const struct store_filter everything = {0};
	struct choice choice = {visit, context};
	enum status s = STATUS_OK;

	if (order->serial_count == 0)
		return store_each(store, &everything, take_finished, &choice, e);
	for (size_t i = 0; i < order->serial_count && s == STATUS_OK; i++)
		s = store_find(store, span_of(&order->serials[i]), visit, context, e);
	return s;
}

/* --- certificates ----------------------------------------------------------------------------- */

typedef enum status take_der(void *context, struct span der, struct error *e);

struct ders {
	const struct export_order *order;
	struct export_total *total;
	take_der *take;
	void *context;
	struct span chain[CHAIN_MAX];
	size_t chain_count;
};

/* Those of the chain come at the end. */
static bool in_chain(const struct ders *d, struct span der)
{
	for (size_t i = 0; i < d->chain_count; i++)
		if (span_equal(d->chain[i], der))
			return true;
	return false;
}

static enum status take_row(void *context, const struct store_row *row, struct error *e)
{
	struct ders *d = context;
	char hex[2 * SERIAL_MAX + 1];

	if (row->der.len == 0 && d->order->serial_count) {
		hex_encode(row->intent.serial, hex);
		return error_set(e, STATUS_NOT_FOUND, NULL, "choose one that was issued",
				 "there is no certificate of serial number %s", hex);
	}
	if (row->der.len == 0) {
		d->total->without_certificate++;
		return STATUS_OK;
	}
	if (in_chain(d, row->der))
		return STATUS_OK;
	d->total->written++;
	return d->take(d->context, row->der, e);
}

static enum status each_der(const struct export_order *order, take_der *take, void *context,
			    struct export_total *total, struct error *e)
{
	struct ders d = {.order = order, .total = total, .take = take, .context = context};
	enum status s;

	if (order->chain)
		d.chain_count = authority_chain(order->authority, d.chain);
	s = export_each(order, take_row, &d, e);
	for (size_t i = 0; i < d.chain_count && s == STATUS_OK; i++) {
		total->written++;
		s = take(context, d.chain[i], e);
	}
	return s;
}

static enum status check_stream(FILE *to, struct error *e)
{
	if (ferror(to))
		return error_errno(e, STATUS_SYSTEM, NULL, "make room and run it again",
				   "cannot be written");
	return STATUS_OK;
}

static enum status put_pem(void *context, struct span der, struct error *e)
{
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, der, e);

	if (s == STATUS_OK) {
		fputs(text_get(&pem), context);
		s = check_stream(context, e);
	}
	text_free(&pem);
	return s;
}

enum status export_pem(const struct export_order *order, FILE *to, struct export_total *total,
		       struct error *e)
{
	return each_der(order, put_pem, to, total, e);
}

static enum status put_der(void *context, struct span der, struct error *e)
{
	fwrite(der.data, 1, der.len, context);
	return check_stream(context, e);
}

enum status export_der(const struct export_order *order, FILE *to, struct export_total *total,
		       struct error *e)
{
	if (order->serial_count != 1 || order->chain)
		return error_set(e, STATUS_USAGE, NULL, "name one serial, or export p7b or pem",
				 "a DER file holds one certificate");
	return each_der(order, put_der, to, total, e);
}

static enum status add_to_p7b(void *context, struct span der, struct error *e)
{
	PKCS7 *p7 = context;
	const unsigned char *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	enum status s = STATUS_OK;

	if (sk_X509_num(p7->d.sign->cert) >= EXPORT_P7B_MAX)
		s = error_set(e, STATUS_REFUSED, NULL, "name serials, or export pem",
			      "a p7b file is not made of more than %d certificates",
			      EXPORT_P7B_MAX);
	else if (!x || PKCS7_add_certificate(p7, x) != 1)
		s = error_openssl(e, STATUS_DAMAGED, NULL, "restore the store from a backup",
				  "a certificate in the store cannot be read");
	X509_free(x);
	return s;
}

enum status export_p7b(const struct export_order *order, FILE *to, struct export_total *total,
		       struct error *e)
{
	PKCS7 *p7 = PKCS7_new();
	enum status s = STATUS_OK;

	if (!p7 || PKCS7_set_type(p7, NID_pkcs7_signed) != 1 ||
	    PKCS7_content_new(p7, NID_pkcs7_data) != 1)
		s = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "a p7b cannot be made");
	/* There is no content, so that it is left out and not empty. */
	if (s == STATUS_OK && PKCS7_set_detached(p7, 1) != 1)
		ERR_clear_error();
	if (s == STATUS_OK)
		s = each_der(order, add_to_p7b, p7, total, e);
	if (s == STATUS_OK && PEM_write_PKCS7(to, p7) != 1)
		s = error_openssl(e, STATUS_SYSTEM, NULL, NULL, "the p7b cannot be written");
	PKCS7_free(p7);
	return s;
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void put_cell(FILE *to, const char *s, bool last)
{
	bool formula = *s && strchr("=+-@\t\r", *s);

	if (!formula && !strpbrk(s, ",\"\r\n")) {
		fputs(s, to);
	} else {
		fputs(formula ? "\"'" : "\"", to);
		for (; *s; s++) {
			if (*s == '"')
				fputc('"', to);
			fputc(*s, to);
		}
		fputc('"', to);
	}
	fputs(last ? "\r\n" : ",", to);
}

static const char *time_cell(int64_t t, char out[DATETIME_SIZE])
{
	out[0] = '\0';
	if (t)
		datetime_format(t, out);
	return out;
}

static const char *hex_cell(struct span s, char out[2 * SHA256_SIZE + 1])
{
	out[0] = '\0';
	if (s.len && s.len <= SHA256_SIZE)
		hex_encode(s, out);
	return out;
}

/* The names of RFC 5280 5.3.1; OpenSSL's index has a word for the first seven only. */
static const char *reason_cell(int reason)
{
	const char *word = index_reason_name(reason);

	if (reason == REASON_CA_COMPROMISE)
		return "cACompromise";
	if (reason == REASON_PRIVILEGE_WITHDRAWN)
		return "privilegeWithdrawn";
	if (reason == REASON_AA_COMPROMISE)
		return "aACompromise";
	return reason == REASON_NONE || !word ? "" : word;
}

struct csv {
	FILE *to;
	struct export_total *total;
};

static enum status put_csv_row(void *context, const struct store_row *row, struct error *e)
{
	const struct csv *csv = context;
	FILE *to = csv->to;
	char hex[2 * SHA256_SIZE + 1], when[DATETIME_SIZE];
	unsigned char hash[SHA256_SIZE];
	struct text subject = {0};

	if (row->der.len && sha256(row->der, hash, e) != STATUS_OK)
		return error_status(e);
	text_add_escaped(&subject, span_text(row->intent.subject));
	put_cell(to, hex_cell(row->intent.serial, hex), false);
	put_cell(to, cert_state_name(row->state), false);
	put_cell(to, row->intent.profile, false);
	put_cell(to, row->origin, false);
	put_cell(to, text_get(&subject), false);
	put_cell(to, time_cell(row->intent.not_before, when), false);
	put_cell(to, time_cell(row->intent.not_after, when), false);
	put_cell(to, time_cell(row->finished_at, when), false);
	put_cell(to, time_cell(row->revoked_at, when), false);
	put_cell(to, row->state == CERT_REVOKED ? reason_cell(row->revocation_reason) : "", false);
	put_cell(to, hex_cell(row->intent.spki_sha256, hex), false);
	put_cell(to, hex_cell((struct span){hash, row->der.len ? sizeof hash : 0}, hex), true);
	text_free(&subject);
	csv->total->written++;
	return check_stream(to, e);
}

enum status export_csv(const struct export_order *order, FILE *to, struct export_total *total,
		       struct error *e)
{
	struct csv csv = {to, total};

	fputs("serial,state,profile,origin,subject,not_before,not_after,issued_at,revoked_at,"
	      "revocation_reason,key_sha256,certificate_sha256\r\n",
	      to);
	return export_each(order, put_csv_row, &csv, e);
}
