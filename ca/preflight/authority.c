#include "ca/preflight/internal.h"

#include <string.h>

#include <openssl/err.h>

#include "base/der.h"

static const char *family(enum portal portal)
{
	return portal == PORTAL_ZPA ? "zpa" : "zia";
}

static enum status key_hash(X509 *x, unsigned char out[SHA256_SIZE], struct error *e)
{
	struct bytes spki = {0};
	enum status s = der_encode(X509_get_X509_PUBKEY(x), (i2d_of_void *)i2d_X509_PUBKEY, &spki,
				   e);

	if (s == STATUS_OK)
		s = sha256(span_of(&spki), out, e);
	bytes_free(&spki);
	return s;
}

/* Looking for a row ends with STATUS_EXISTS where there is one. */
struct search {
	const char *portal;	  /* of the upload */
	const unsigned char *key; /* hash of its key */
	char serial[2 * SERIAL_MAX + 1];
};

static enum status is_other_portal(void *context, const struct store_row *row, struct error *e)
{
	struct search *s = context;

	if (row->state == CERT_FAILED || !*row->intent.portal ||
	    strcmp(row->intent.portal, s->portal) == 0)
		return STATUS_OK;
	hex_encode(row->intent.serial, s->serial);
	return error_set(e, STATUS_EXISTS, NULL, NULL, "found");
}

static enum status is_another_of_zpa(void *context, const struct store_row *row, struct error *e)
{
	struct search *s = context;

	if ((row->state != CERT_ISSUED && row->state != CERT_REVOKED) ||
	    strcmp(row->intent.portal, "zpa") != 0 ||
	    span_equal(row->intent.spki_sha256, (struct span){s->key, SHA256_SIZE}))
		return STATUS_OK;
	hex_encode(row->intent.serial, s->serial);
	return error_set(e, STATUS_EXISTS, NULL, NULL, "found");
}

/* Whether there is such a row; a store that fails ends the whole check. */
static bool search(const struct preflight_subject *s, const struct store_filter *filter,
		   store_visit *visit, struct search *search, struct lint_report *report)
{
	struct error e = {0};
	enum status status = store_each(s->input->store, filter, visit, search, &e);

	if (status == STATUS_OK || status == STATUS_EXISTS)
		return status == STATUS_EXISTS;
	*report->error = e;
	report->status = status;
	return false;
}

void preflight_portal_key_certified(const struct preflight_subject *s, struct lint_report *report)
{
	unsigned char key[SHA256_SIZE];
	struct search found = {.portal = family(s->input->portal)};
	struct store_filter filter = {.spki_sha256 = {key, SHA256_SIZE}};

	if (!s->certificate || !s->input->store)
		return;
	report->status = key_hash(s->certificate, key, report->error);
	if (report->status == STATUS_OK && search(s, &filter, is_other_portal, &found, report))
		lint_say(report, "subjectPublicKeyInfo",
			 "is the key of certificate %s, which was issued for the other portal",
			 found.serial);
}

static bool same_key(X509 *root, struct span der)
{
	const unsigned char *at = der.data;
	X509 *own;
	bool same;

	ERR_set_mark();
	own = d2i_X509(NULL, &at, (long)der.len);
	same = own && EVP_PKEY_eq(X509_get0_pubkey(own), X509_get0_pubkey(root)) == 1;
	ERR_pop_to_mark();
	X509_free(own);
	return same;
}

/* A root renewed under its key is the same one. */
void preflight_portal_root_differs(const struct preflight_subject *s, struct lint_report *report)
{
	unsigned char key[SHA256_SIZE];
	struct search found = {.portal = "zpa", .key = key};
	const struct store_filter all = {0};

	if (!s->certificate || !s->root || !s->input->store || !s->input->root.len ||
	    same_key(s->root, s->input->root))
		return;
	report->status = key_hash(s->certificate, key, report->error);
	if (report->status == STATUS_OK && search(s, &all, is_another_of_zpa, &found, report))
		lint_say(report, "chain",
			 "ends in another root than that of certificate %s, issued for ZPA before",
			 found.serial);
}
