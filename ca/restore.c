/* A restored CA against what others know of it. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/file.h"
#include "ca/backup.h"
#include "ca/backup_manifest.h"
#include "ca/checkpoint.h"
#include "ca/import_internal.h"
#include "ca/inspect.h"
#include "ca/pem.h"

#define ORIGIN "restore"

static const struct rule restore_crl_number = {
	"restore_crl_number", SEVERITY_WARNING, "RFC 5280 5.2.3",
	"a CRL was published after the backup: its number must not be used again",
	"it is taken over, the next CRL gets a higher one"};
static const struct rule restore_revoked = {"restore_revoked", SEVERITY_WARNING, "RFC 5280 5.1.2.6",
					    "a certificate was revoked after the backup",
					    "its revocation is taken over"};
static const struct rule restore_unknown = {
	"restore_unknown", SEVERITY_WARNING, "RFC 5280 5.1.2.6",
	"a certificate was issued and revoked after the backup",
	"its serial is taken over as revoked; name the certificate as well if you have it"};
static const struct rule restore_certificate = {"restore_certificate", SEVERITY_WARNING,
						"RFC 5280 4.1.2.2",
						"a certificate was issued after the backup",
						"it is taken over as issued"};
static const struct rule restore_lost = {
	"restore_lost", SEVERITY_WARNING, "subca",
	"the journal went on after the backup: what it said is lost",
	"name every certificate that was issued since, and the last CRL"};

enum status restore_pending(const char *folder, struct backup_manifest *out, struct error *e)
{
	char *file = path_join(folder, AUTHORITY_RESTORED);
	struct bytes json = {0};
	enum status s = file ? file_read(file, PEM_FILE_MAX, &json, e) : error_memory(e);

	if (s == STATUS_OK)
		s = manifest_read(span_of(&json), out, e);
	if (s != STATUS_OK)
		error_at(e, file ? file : folder);
	bytes_free(&json);
	free(file);
	return s;
}

struct comparing {
	struct authority *authority;
	struct store *store;
	const struct restore_evidence *evidence;
	int64_t now;
	struct findings *findings;
};

/* --- one row more ----------------------------------------------------------------------------- */

static enum status adopt(const struct comparing *c, const struct store_adopted *row,
			 struct error *e)
{
	struct store_adoption *adoption = NULL;
	enum status s = store_adopt_begin(c->store, ORIGIN, c->now, &adoption, e);

	if (s == STATUS_OK)
		s = store_adopt_end(adoption, store_adopt_add(adoption, row, e), "", e);
	return s;
}

struct known {
	bool there, same;
	enum cert_state state;
	struct span der;
};

static enum status take_known(void *context, const struct store_row *row, struct error *e)
{
	struct known *k = context;

	(void)e;
	k->there = true;
	k->state = row->state;
	k->same = row->der.len == 0 || k->der.len == 0 || span_equal(row->der, k->der);
	return STATUS_OK;
}

static enum status look_up(const struct comparing *c, struct span serial, struct known *k,
			   struct error *e)
{
	enum status s = store_find(c->store, serial, take_known, k, e);

	return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* --- certificates ----------------------------------------------------------------------------- */

static bool is_ours(const struct comparing *c, X509 *x)
{
	X509 *ca = authority_certificate(c->authority);
	bool ours = X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca)) == 0 &&
		    X509_verify(x, X509_get0_pubkey(ca)) == 1;

	ERR_clear_error();
	return ours;
}

static enum status take_unknown(const struct comparing *c, const struct found_certificate *found,
				X509 *x, struct error *e)
{
	struct row_parts p = row_parts_new();
	char hex[2 * SERIAL_MAX + 1];
	enum status s = row_parts_describe(found, x, &p, e);

	hex_encode((struct span){found->serial, found->serial_len}, hex);
	if (s == STATUS_OK)
		s = adopt(c, &p.row, e);
	if (s == STATUS_OK)
		s = findings_add(c->findings, &restore_certificate, hex, e,
				 "%s was issued after the backup", p.row.intent.subject);
	row_parts_free(&p);
	return s;
}

static enum status compare_certificate(const struct comparing *c, X509 *x, struct error *e)
{
	struct found_certificate found = {.file = (char *)""};
	struct known known = {.there = false};
	char hex[2 * SERIAL_MAX + 1];
	unsigned char *der = NULL;
	int len;
	enum status s = STATUS_OK;

	if (!is_ours(c, x))
		return error_set(e, STATUS_REFUSED, NULL, "name certificates that this CA issued",
				 "a certificate is not of this CA");
	if (!import_serial(X509_get0_serialNumber(x), found.serial, &found.serial_len) ||
	    found.serial_len == 0)
		return error_set(e, STATUS_INPUT, NULL, NULL,
				 "a certificate has a serial number that is none");
	len = i2d_X509(x, &der);
	if (len <= 0)
		return error_memory(e);
	hex_encode((struct span){found.serial, found.serial_len}, hex);
	found.der = (struct bytes){der, (size_t)len};
	known.der = span_of(&found.der);
	s = look_up(c, (struct span){found.serial, found.serial_len}, &known, e);
	if (s == STATUS_OK && known.there && !known.same)
		s = error_set(
			e, STATUS_REFUSED, NULL,
			"this backup and that certificate are of two histories; ask who signed",
			"serial number %s is another certificate in the store", hex);
	else if (s == STATUS_OK && !known.there)
		s = take_unknown(c, &found, x, e);
	OPENSSL_free(der);
	return s;
}

/* --- the last CRL ----------------------------------------------------------------------------- */

static enum status revoke_unknown(const struct comparing *c, const struct found_entry *entry,
				  const char *hex, struct error *e)
{
	struct row_parts p = row_parts_new();
	enum status s;

	p.row.intent.serial = (struct span){entry->serial, entry->serial_len};
	p.row.state = CERT_REVOKED;
	p.row.revocation = entry->revocation;
	if (!inspect_time(X509_get0_notAfter(authority_certificate(c->authority)),
			  &p.row.intent.not_after))
		return error_set(e, STATUS_DAMAGED, NULL, NULL, "the CA has no end");
	s = adopt(c, &p.row, e);
	if (s == STATUS_OK)
		s = findings_add(c->findings, &restore_unknown, hex, e,
				 "is revoked, and not in the store");
	return s;
}

static enum status compare_entry(const struct comparing *c, const X509_REVOKED *revoked,
				 struct error *e)
{
	struct found_entry entry;
	struct known known = {.there = false};
	struct span serial;
	char hex[2 * SERIAL_MAX + 1];
	enum status s;

	if (!import_crl_entry_read(revoked, &entry) || entry.serial_len == 0)
		return STATUS_OK;
	serial = (struct span){entry.serial, entry.serial_len};
	hex_encode(serial, hex);
	s = look_up(c, serial, &known, e);
	if (s != STATUS_OK || known.state == CERT_REVOKED)
		return s;
	if (!known.there)
		return revoke_unknown(c, &entry, hex, e);
	s = store_revoke(c->store, serial, &entry.revocation, c->now, e);
	if (s == STATUS_OK)
		s = findings_add(c->findings, &restore_revoked, hex, e,
				 "was revoked after the backup");
	return s;
}

static enum status compare_number(const struct comparing *c, struct error *e)
{
	struct store_crl last = {.number = STORE_NO_CRL}, published;
	enum status s = import_describe_crl(c->evidence->crl, &published, e);

	if (s == STATUS_OK) {
		s = store_crl_last(c->store, CRL_ANY, false, &last, e);
		s = s == STATUS_NOT_FOUND ? STATUS_OK : s;
	}
	if (s != STATUS_OK || published.number <= last.number)
		return s;
	snprintf(published.origin, sizeof published.origin, ORIGIN);
	s = store_crl_adopt(c->store, &published, c->now, e);
	if (s == STATUS_OK)
		s = findings_add(c->findings, &restore_crl_number, "", e,
				 "CRL number %lld was published, the backup knows of %lld at most",
				 (long long)published.number,
				 (long long)(last.number < 0 ? 0 : last.number));
	return s;
}

static enum status compare_crl(const struct comparing *c, struct error *e)
{
	X509 *ca = authority_certificate(c->authority);
	X509_CRL *crl = c->evidence->crl;
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	enum status s = STATUS_OK;

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) != 0 ||
	    X509_CRL_verify(crl, X509_get0_pubkey(ca)) != 1) {
		ERR_clear_error();
		return error_set(e, STATUS_REFUSED, NULL, "name the CRL that this CA published",
				 "the CRL is not of this CA");
	}
	for (int i = 0; s == STATUS_OK && list && i < sk_X509_REVOKED_num(list); i++)
		s = compare_entry(c, sk_X509_REVOKED_value(list, i), e);
	return s == STATUS_OK ? compare_number(c, e) : s;
}

/* --- the checkpoint --------------------------------------------------------------------------- */

/*
 * The rows up to the backup are the old ones. Where the checkpoint is of one of those it must agree;
 * where it is of a later one, rows are lost: those that this store has now are its own, since.
 */
static enum status compare_checkpoint(const struct comparing *c,
				      const struct backup_manifest *backup, struct error *e)
{
	const struct checkpoint *p = c->evidence->checkpoint;

	if (p->seq <= backup->journal_seq)
		return checkpoint_compare(c->store, p, e);
	if (!c->evidence->accept_loss)
		return error_set(
			e, STATUS_REFUSED, NULL,
			"find a newer backup; or name all certificates issued since and the last "
			"CRL, and say --accept-loss",
			"journal rows %lld to %lld are lost: the checkpoint is newer than the "
			"backup",
			(long long)backup->journal_seq + 1, (long long)p->seq);
	return findings_add(c->findings, &restore_lost, "", e, "journal rows %lld to %lld are lost",
			    (long long)backup->journal_seq + 1, (long long)p->seq);
}

static enum status compare(const struct comparing *c, const struct backup_manifest *backup,
			   struct error *e)
{
	const struct restore_evidence *evidence = c->evidence;
	enum status s = STATUS_OK;

	if (evidence->checkpoint)
		s = compare_checkpoint(c, backup, e);
	for (size_t i = 0; i < evidence->certificate_count && s == STATUS_OK; i++)
		s = compare_certificate(c, evidence->certificates[i], e);
	if (s == STATUS_OK && evidence->crl)
		s = compare_crl(c, e);
	return s;
}

/* The mark goes when all of it is durable: killed in between, the same once more finds nothing new. */
static enum status unmark(const struct authority *a, struct error *e)
{
	char *file = path_join(authority_folder(a), AUTHORITY_RESTORED);
	enum status s = file ? file_remove(file, e) : error_memory(e);

	free(file);
	return s;
}

enum status restore_confirm(struct authority *a, const struct restore_evidence *evidence,
			    int64_t now, struct findings *findings, struct error *e)
{
	struct comparing c = {.authority = a,
			      .store = authority_store(a),
			      .evidence = evidence,
			      .now = now,
			      .findings = findings};
	struct backup_manifest backup = {0};
	enum status s = restore_pending(authority_folder(a), &backup, e);

	if (s == STATUS_OK)
		s = store_together_begin(c.store, e);
	if (s == STATUS_OK) {
		s = compare(&c, &backup, e);
		if (s == STATUS_OK)
			s = journal_note(c.store, "restore-confirm", "", now, e);
		s = store_together_end(c.store, s, e);
	}
	if (s == STATUS_OK)
		s = unmark(a, e);
	backup_manifest_free(&backup);
	return s;
}
