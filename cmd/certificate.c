#include "cmd/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "ca/revoke.h"
#include "cmd/layout.h"
#include "cmd/output.h"
#include "hsm/keyfile.h"

static enum status parse(struct span der, const char *origin, X509 **out, struct error *e)
{
	const unsigned char *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);

	if (!certificate)
		return error_openssl(e, STATUS_INPUT, origin, "name a certificate, PEM or DER",
				     "is not a certificate");
	if (at != der.data + der.len) {
		X509_free(certificate);
		return error_set(e, STATUS_INPUT, origin, "check how it was copied",
				 "has %zu bytes behind the certificate",
				 (size_t)(der.data + der.len - at));
	}
	*out = certificate;
	return STATUS_OK;
}

static void add_time(const ASN1_TIME *t, struct text *out)
{
	struct tm fields;
	char shown[DATETIME_SIZE];

	if (ASN1_TIME_to_tm(t, &fields) != 1) {
		text_add(out, "malformed");
		return;
	}
	datetime_format(timegm(&fields), shown);
	text_add(out, shown);
}

static void add_serial(const X509 *x, struct text *out)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	unsigned char octets[64];
	char hex[2 * sizeof octets + 1];
	int len = n ? BN_num_bytes(n) : -1;

	if (len < 0 || len > (int)sizeof octets) {
		text_add(out, "malformed");
	} else {
		BN_bn2bin(n, octets);
		hex_encode((struct span){octets, (size_t)len}, hex);
		text_printf(out, "%s%s", BN_is_negative(n) ? "-" : "", len ? hex : "00");
	}
	BN_free(n);
}

static void add_issuer(const X509 *x, struct text *out)
{
	name_show(X509_get_issuer_name(x), out);
}

static void add_subject(const X509 *x, struct text *out)
{
	name_show(X509_get_subject_name(x), out);
}

static void add_not_before(const X509 *x, struct text *out)
{
	add_time(X509_get0_notBefore(x), out);
}

static void add_not_after(const X509 *x, struct text *out)
{
	add_time(X509_get0_notAfter(x), out);
}

static void add_key(const X509 *x, struct text *out)
{
	char name[64] = "cannot be read";
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (key)
		key_type_name(key, name, sizeof name);
	text_add(out, name);
}

static void add_signature(const X509 *x, struct text *out)
{
	text_add(out, OBJ_nid2ln(X509_get_signature_nid(x)));
}

static void add_fingerprint(const X509 *x, struct text *out)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char hex[2 * sizeof hash + 1];
	unsigned int len = 0;

	if (X509_digest(x, EVP_sha256(), hash, &len) != 1)
		return;
	hex_encode((struct span){hash, len}, hex);
	text_add(out, hex);
}

static const struct {
	const char *name, *key;
	void (*add)(const X509 *x, struct text *out);
} fields[] = {
	{"serial", "serial", add_serial},	   {"subject", "subject", add_subject},
	{"issuer", "issuer", add_issuer},	   {"notBefore", "not_before", add_not_before},
	{"notAfter", "not_after", add_not_after},  {"key", "key", add_key},
	{"signature", "signature", add_signature}, {"SHA-256", "sha256", add_fingerprint},
};
#define FIELDS (sizeof fields / sizeof fields[0])

/* OpenSSL's own words for an extension, on one line. */
static void add_extension(X509_EXTENSION *extension, struct text *out)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len = 0;

	if (memory && X509V3_EXT_print(memory, extension, X509V3_EXT_PARSE_UNKNOWN, 0) == 1)
		len = BIO_get_mem_data(memory, &data);
	for (long i = 0; i < len; i++) {
		bool space = data[i] == '\n' || data[i] == ' ';

		if (!space)
			text_append(out, data + i, 1);
		else if (i + 1 < len && data[i + 1] != '\n' && data[i + 1] != ' ' && out->len)
			text_add(out, data[i] == '\n' ? ", " : " ");
	}
	BIO_free(memory);
	ERR_clear_error();
}

static void extension_name(X509_EXTENSION *extension, char *name, int size)
{
	ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
	int nid = OBJ_obj2nid(object);

	if (nid != NID_undef)
		snprintf(name, (size_t)size, "%s", OBJ_nid2sn(nid));
	else
		OBJ_obj2txt(name, size, object, 1);
}

static void print_extension(X509_EXTENSION *extension)
{
	struct text line = {0}, value = {0};
	char name[80] = "";

	extension_name(extension, name, sizeof name);
	add_extension(extension, &value);
	text_printf(&line, "%s%s: ", name,
		    X509_EXTENSION_get_critical(extension) ? " (critical)" : "");
	text_add_escaped(&line, span_text(text_get(&value)));
	fputs("  ", stdout);
	layout_wrap(stdout, 2, 4, text_get(&line));
	text_free(&line);
	text_free(&value);
}

enum status certificate_print(struct span der, const char *origin, struct error *e)
{
	X509 *x = NULL;

	if (parse(der, origin, &x, e) != STATUS_OK)
		return e->status;
	for (size_t i = 0; i < FIELDS; i++) {
		struct text value = {0};

		fields[i].add(x, &value);
		layout_field(fields[i].name, text_get(&value));
		text_free(&value);
	}
	puts("extensions:");
	for (int i = 0; i < X509_get_ext_count(x); i++)
		print_extension(X509_get_ext(x, i));
	X509_free(x);
	return output_check(e);
}

static json_t *text_json(struct text *t)
{
	json_t *value = t->failed ? NULL : output_json_text(text_get(t));

	text_free(t);
	return value;
}

json_t *extension_list_json(const STACK_OF(X509_EXTENSION) *list)
{
	json_t *array = json_array();

	for (int i = 0; array && i < sk_X509_EXTENSION_num(list); i++) {
		X509_EXTENSION *extension = sk_X509_EXTENSION_value(list, i);
		struct text value = {0};
		char name[80] = "";
		json_t *item;

		extension_name(extension, name, sizeof name);
		add_extension(extension, &value);
		item = json_pack("{s:s, s:b, s:o}", "name", name, "critical",
				 X509_EXTENSION_get_critical(extension), "value",
				 text_json(&value));
		if (json_array_append_new(array, item) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

enum status certificate_json(struct span der, const char *origin, json_t **out, struct error *e)
{
	X509 *x = NULL;
	json_t *object;
	bool failed;

	if (parse(der, origin, &x, e) != STATUS_OK)
		return e->status;
	object = json_object();
	failed = !object;
	for (size_t i = 0; i < FIELDS && !failed; i++) {
		struct text value = {0};

		fields[i].add(x, &value);
		failed = json_object_set_new(object, fields[i].key, text_json(&value)) != 0;
	}
	if (failed || json_object_set_new(object, "extensions",
					  extension_list_json(X509_get0_extensions(x))) != 0) {
		json_decref(object);
		object = NULL;
	}
	X509_free(x);
	*out = object;
	return object ? STATUS_OK : error_memory(e);
}

static void print_time(const char *name, int64_t t)
{
	char shown[DATETIME_SIZE];

	if (t == 0)
		return;
	datetime_format(t, shown);
	layout_field(name, shown);
}

static void print_hash(const char *name, struct span hash)
{
	char hex[2 * SHA256_SIZE + 1];

	if (hash.len != SHA256_SIZE)
		return;
	hex_encode(hash, hex);
	layout_field(name, hex);
}

/* What the certificate itself would say. */
static void print_intent(const struct store_intent *intent)
{
	char serial[SERIAL_TEXT];

	hex_encode(intent->serial, serial);
	layout_field("serial", serial);
	layout_field("subject", intent->subject);
	print_time("notBefore", intent->not_before);
	print_time("notAfter", intent->not_after);
}

static void print_serial(const char *name, struct span serial)
{
	char hex[SERIAL_TEXT];

	if (serial.len == 0)
		return;
	hex_encode(serial, hex);
	layout_field(name, hex);
}

static void print_revocation(const struct store_row *row)
{
	bool held = row->revocation_reason == REASON_CERTIFICATE_HOLD;

	print_time(held ? "on hold since" : "revoked", row->revoked_at);
	if (row->revoked_at && row->revocation_reason != REASON_NONE)
		layout_field("reason", revocation_reason_name(row->revocation_reason));
	print_time("invalid since", row->invalidity_at);
	print_time("compromised", row->compromised_at);
	print_time("taken off hold", row->released_at);
}

void row_print(const struct store_row *row)
{
	layout_field("state", cert_state_name(row->state));
	layout_field("profile", row->intent.profile);
	if (row->intent.portal[0])
		layout_field("portal", row->intent.portal);
	print_time("reserved", row->reserved_at);
	print_time(row->state == CERT_FAILED ? "failed" : "issued", row->finished_at);
	if (row->failure[0])
		layout_field("failed for", row->failure);
	print_revocation(row);
	print_serial("renews", row->intent.replaces);
	if (row->origin[0])
		layout_field("taken from", row->origin);
	if (row->intent.reason[0])
		layout_field("reissued for", row->intent.reason);
	print_hash("key hash", row->intent.spki_sha256);
	print_hash("request hash", row->intent.request_sha256);
	if (row->der.len == 0)
		print_intent(&row->intent);
}

static int set_time(json_t *object, const char *key, int64_t t)
{
	char shown[DATETIME_SIZE];

	if (t == 0)
		return 0;
	datetime_format(t, shown);
	return json_object_set_new(object, key, json_string(shown));
}

static int set_hex(json_t *object, const char *key, struct span s)
{
	char hex[2 * SHA256_SIZE + 1];

	if (s.len == 0 || s.len > SHA256_SIZE)
		return 0;
	hex_encode(s, hex);
	return json_object_set_new(object, key, json_string(hex));
}

static int set_text(json_t *object, const char *key, const char *s)
{
	return *s ? json_object_set_new(object, key, output_json_text(s)) : 0;
}

json_t *row_json(const struct store_row *row)
{
	const struct store_intent *intent = &row->intent;
	json_t *o = json_object();
	int failed = 0;

	failed |= set_hex(o, "serial", intent->serial);
	failed |= set_text(o, "state", cert_state_name(row->state));
	failed |= set_text(o, "profile", intent->profile);
	failed |= set_text(o, "portal", intent->portal);
	failed |= set_text(o, "subject", intent->subject);
	failed |= set_time(o, "not_before", intent->not_before);
	failed |= set_time(o, "not_after", intent->not_after);
	failed |= set_time(o, "reserved_at", row->reserved_at);
	failed |= set_time(o, "finished_at", row->finished_at);
	failed |= set_text(o, "failure", row->failure);
	failed |= set_time(o, "revoked_at", row->revoked_at);
	if (row->revoked_at && row->revocation_reason != REASON_NONE)
		failed |= set_text(o, "revocation_reason",
				   revocation_reason_name(row->revocation_reason));
	failed |= set_time(o, "invalidity_date", row->invalidity_at);
	failed |= set_time(o, "compromise_date", row->compromised_at);
	failed |= set_time(o, "released_at", row->released_at);
	failed |= set_hex(o, "renews", intent->replaces);
	failed |= set_text(o, "origin", row->origin);
	failed |= set_text(o, "reissue_reason", intent->reason);
	failed |= set_hex(o, "key_sha256", intent->spki_sha256);
	failed |= set_hex(o, "request_sha256", intent->request_sha256);
	failed |= set_hex(o, "plan_sha256", intent->plan_hash);
	if (failed) {
		json_decref(o);
		return NULL;
	}
	return o;
}
