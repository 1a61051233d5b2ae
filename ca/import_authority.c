/* Which certificate is the CA's, what stands above it, and what it issued. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "ca/import_internal.h"
#include "ca/inspect.h"
#include "ca/name.h"

/* One that may sign others. A CA's certificates with one key and name are one candidate. */
struct candidate {
	size_t at; /* in in->certificates */
	X509 *certificate;
	int64_t not_after;
	size_t same; /* the candidate that it is one with; its own place where it is the newest */
	size_t children,
		other_children; /* certificates and CRLs it signed; those that are no CAs */
};

struct candidates {
	struct candidate *items;
	size_t count;
};

static void candidates_free(struct candidates *c)
{
	for (size_t i = 0; i < c->count; i++)
		X509_free(c->items[i].certificate);
	free(c->items);
}

static bool same_authority(X509 *a, X509 *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
	       X509_get0_pubkey(a) && X509_get0_pubkey(b) &&
	       EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

static enum status collect(const struct import *in, struct candidates *c, struct error *e)
{
	c->items = calloc(in->certificate_count + 1, sizeof *c->items);
	if (!c->items)
		return error_memory(e);
	for (size_t i = 0; i < in->certificate_count; i++) {
		struct candidate *item = &c->items[c->count];

		if (!in->certificates[i].authority)
			continue;
		*item = (struct candidate){.at = i, .same = c->count};
		item->certificate = import_parse(&in->certificates[i]);
		if (!item->certificate)
			return error_memory(e);
		inspect_time(X509_get0_notAfter(item->certificate), &item->not_after);
		c->count++;
	}
	/* The newest of those that are one stands for all. */
	for (size_t i = 0; i < c->count; i++)
		for (size_t j = 0; j < c->count; j++)
			if (same_authority(c->items[i].certificate, c->items[j].certificate) &&
			    (c->items[j].not_after > c->items[c->items[i].same].not_after))
				c->items[i].same = j;
	return STATUS_OK;
}

static bool verifies(X509 *x, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool good = key &&
		    X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) == 0 &&
		    X509_verify(x, key) == 1;

	ERR_clear_error();
	return good;
}

static bool crl_verifies(X509_CRL *crl, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool good = key &&
		    X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) == 0 &&
		    X509_CRL_verify(crl, key) == 1;

	ERR_clear_error();
	return good;
}

/* By name, which is enough to choose: that each signature verifies is looked at afterwards. */
static enum status count_children(const struct import *in, struct candidates *c, struct error *e)
{
	for (size_t i = 0; i < in->certificate_count; i++) {
		X509 *x = import_parse(&in->certificates[i]);

		if (!x)
			return error_memory(e);
		for (size_t j = 0; j < c->count; j++) {
			struct candidate *issuer = &c->items[c->items[j].same];
			X509 *above = c->items[j].certificate;

			if (X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(above)) ||
			    same_authority(x, above) || !verifies(x, above))
				continue;
			issuer->children++;
			issuer->other_children += !in->certificates[i].authority;
			break;
		}
		X509_free(x);
	}
	for (size_t i = 0; i < in->crl_count; i++)
		for (size_t j = 0; j < c->count; j++)
			if (crl_verifies(in->crls[i].crl, c->items[j].certificate)) {
				c->items[c->items[j].same].children++;
				c->items[c->items[j].same].other_children++;
				break;
			}
	return STATUS_OK;
}

/* --- choosing --------------------------------------------------------------------------------- */

#define NOBODY SIZE_MAX

/* The only candidate that fits; NOBODY where none does, or more than one. */
typedef bool fits(const struct import *in, const struct candidate *c);

static size_t only(const struct import *in, const struct candidates *c, fits *fit)
{
	size_t found = NOBODY;

	for (size_t i = 0; i < c->count; i++) {
		if (!fit(in, &c->items[i]) || c->items[i].same == found)
			continue;
		if (found != NOBODY)
			return NOBODY;
		found = c->items[i].same;
	}
	return found;
}

/* Where the tools, and the guides that everybody follows, put it. */
static bool has_its_place(const struct import *in, const struct candidate *c)
{
	static const char *const names[] = {"cacert.pem",      "ca.crt",     "ca.pem",
					    "ca-cert.pem",     "cacert.crt", "certs/ca.cert.pem",
					    "certs/cacert.pem"};
	const char *file = in->certificates[c->at].file;
	size_t len = in->folder ? strlen(in->folder) : 0;

	if (!in->folder || strncmp(file, in->folder, len) != 0)
		return false;
	for (file += len; *file == '/'; file++)
		continue;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(file, names[i]) == 0)
			return true;
	return false;
}

static bool has_its_key(const struct import *in, const struct candidate *c)
{
	for (size_t i = 0; i < in->key_count; i++) {
		EVP_PKEY *key = in->keys[i].opened ? foreign_key_public(in->keys[i].opened) : NULL;

		if (key && EVP_PKEY_eq(key, X509_get0_pubkey(c->certificate)) == 1)
			return true;
	}
	return false;
}

static bool has_children(const struct import *in, const struct candidate *c)
{
	(void)in;
	return c->children > 0;
}

static bool has_other_children(const struct import *in, const struct candidate *c)
{
	(void)in;
	return c->other_children > 0;
}

static bool is_there(const struct import *in, const struct candidate *c)
{
	(void)in;
	(void)c;
	return true;
}

static size_t choose(const struct import *in, const struct candidates *c)
{
	static fits *const rules[] = {has_its_place, has_its_key, has_children, has_other_children,
				      is_there};
	size_t found = NOBODY;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0] && found == NOBODY; i++)
		found = only(in, c, rules[i]);
	return found;
}

static enum status unclear(const struct import *in, const struct candidates *c, struct error *e)
{
	struct text names = {0};
	size_t told = 0;

	if (c->count == 0)
		return error_set(e, STATUS_INPUT, in->folder ? in->folder : in->order->paths[0],
				 "name its certificate with --certificate FILE",
				 "there is no certificate of a CA among what was found");
	for (size_t i = 0; i < c->count && told < 4; i++) {
		if (c->items[i].same != i)
			continue;
		text_add(&names, told++ ? "; " : "");
		name_show(X509_get_subject_name(c->items[i].certificate), &names);
		text_printf(&names, " in %s", path_name(in->certificates[c->items[i].at].file));
	}
	error_set(e, STATUS_INPUT, in->folder ? in->folder : in->order->paths[0],
		  "say which with --certificate FILE, and --skip-foreign to leave the others out",
		  "there is more than one CA: %.400s", text_get(&names));
	text_free(&names);
	return STATUS_INPUT;
}

/* --certificate FILE: the first certificate in it. */
static enum status find_named(const struct import *in, size_t *at, struct error *e)
{
	const char *file = in->order->certificate;
	struct inspection found = {0};
	struct bytes content = {0};
	enum status s = file_read(file, INSPECT_INPUT_MAX, &content, e);

	if (s == STATUS_OK)
		s = inspect_read(&found, span_of(&content), 0, e);
	*at = NOBODY;
	for (size_t i = 0; i < found.count && s == STATUS_OK && *at == NOBODY; i++)
		for (size_t j = 0; found.items[i].certificate && j < in->certificate_count; j++)
			if (span_equal(span_of(&found.items[i].der),
				       span_of(&in->certificates[j].der)))
				*at = j;
	if (s == STATUS_OK && *at == NOBODY)
		s = error_set(e, STATUS_INPUT, file, "name the CA's certificate",
			      "holds no certificate");
	if (s != STATUS_OK)
		error_at(e, file);
	inspection_free(&found);
	bytes_free(&content);
	return s;
}

static enum status settle(struct import *in, size_t at, struct error *e)
{
	struct found_certificate *own = &in->certificates[at];
	struct text subject = {0};
	enum status s;

	in->authority = import_parse(own);
	if (!in->authority)
		return error_memory(e);
	X509_check_purpose(in->authority, -1, 0);
	in->authority_at = at;
	if (!own->authority)
		return error_set(e, STATUS_INPUT, own->file, "name the CA's certificate",
				 "is not a certificate of a CA");
	name_show(X509_get_subject_name(in->authority), &subject);
	s = text_check(&subject, e);
	if (s == STATUS_OK) {
		in->subject = subject.data ? subject.data : strdup("");
		subject = (struct text){0};
		in->summary.subject = in->subject ? in->subject : "";
		in->summary.certificate = own->file;
		inspect_time(X509_get0_notAfter(in->authority), &in->summary.not_after);
	}
	text_free(&subject);
	return s;
}

enum status import_find_authority(struct import *in, struct findings *f, struct error *e)
{
	struct candidates c = {.count = 0};
	size_t at = NOBODY, found;
	enum status s = STATUS_OK;

	if (in->order->certificate) {
		s = find_named(in, &at, e);
	} else {
		s = collect(in, &c, e);
		if (s == STATUS_OK)
			s = count_children(in, &c, e);
		found = s == STATUS_OK ? choose(in, &c) : NOBODY;
		if (found != NOBODY)
			at = c.items[found].at;
		else if (s == STATUS_OK)
			s = unclear(in, &c, e);
		candidates_free(&c);
	}
	if (s == STATUS_OK)
		s = settle(in, at, e);
	if (s == STATUS_OK && !(X509_get_extension_flags(in->authority) & EXFLAG_BCONS))
		s = import_note(in, f, RULE_CA_PURPOSE, in->certificates[at].file, e,
				"the CA's certificate has no basicConstraints");
	return s;
}

/* --- placing ---------------------------------------------------------------------------------- */

/* The issuer of in->chain's last certificate, among all; NOBODY. */
static size_t find_issuer(const struct import *in, X509 *below)
{
	for (size_t i = 0; i < in->certificate_count; i++) {
		X509 *x = in->certificates[i].authority ? import_parse(&in->certificates[i]) : NULL;
		bool good = x && verifies(below, x);

		X509_free(x);
		if (good)
			return i;
	}
	return NOBODY;
}

static enum status climb(struct import *in, struct findings *f, struct error *e)
{
	size_t at = in->authority_at;

	while (in->chain_count < CHAIN_MAX) {
		X509 *x = import_parse(&in->certificates[at]);
		bool root = x && verifies(x, x);

		if (!x)
			return error_memory(e);
		in->certificates[at].place = in->chain_count ? PLACE_ABOVE : PLACE_OWN;
		in->chain[in->chain_count++] = at;
		at = root ? NOBODY : find_issuer(in, x);
		X509_free(x);
		if (root)
			return STATUS_OK;
		if (at == NOBODY || in->certificates[at].place == PLACE_ABOVE)
			break;
	}
	return import_note(in, f, RULE_CHAIN, in->certificates[in->chain[in->chain_count - 1]].file,
			   e, "the certificate of its issuer is not there");
}

static enum status place_one(struct import *in, struct found_certificate *c, struct findings *f,
			     struct error *e)
{
	X509 *x = import_parse(c);
	struct text subject = {0};
	enum status s = x ? STATUS_OK : error_memory(e);

	if (x && same_authority(x, in->authority))
		c->place = PLACE_OWN;
	else if (x && verifies(x, in->authority))
		c->place = PLACE_ISSUED;
	else if (x)
		c->place = PLACE_FOREIGN;
	in->summary.certificates += c->place == PLACE_ISSUED;
	in->summary.foreign += c->place == PLACE_FOREIGN;
	if (c->place == PLACE_FOREIGN && !in->order->skip_foreign) {
		name_show(X509_get_subject_name(x), &subject);
		s = import_note(in, f, RULE_FOREIGN, c->file, e, "%s was not issued by %.200s",
				text_get(&subject), in->subject);
	}
	text_free(&subject);
	X509_free(x);
	return s;
}

static enum status check_serials(struct import *in, struct findings *f, struct error *e)
{
	for (size_t i = 1; i < in->certificate_count; i++) {
		const struct found_certificate *a = &in->certificates[i - 1], *b = a + 1;
		char hex[2 * SERIAL_MAX + 1];

		if (import_compare(a->serial, a->serial_len, b->serial, b->serial_len) != 0 ||
		    !import_is_numbered(in, a) || !import_is_numbered(in, b))
			continue;
		hex_encode((struct span){a->serial, a->serial_len}, hex);
		if (import_note(in, f, RULE_SERIAL_REUSED, b->file, e,
				"has serial number %s, which %s has as well", hex,
				a->file) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

static enum status place_crl(struct import *in, struct found_crl *crl, struct findings *f,
			     struct error *e)
{
	bool known = false;

	crl->own = crl_verifies(crl->crl, in->authority);
	in->summary.crls += crl->own;
	/* The CRL of one above is where people keep it, too. */
	for (size_t i = 1; i < in->chain_count && !crl->own && !known; i++) {
		X509 *above = import_parse(&in->certificates[in->chain[i]]);

		known = above && crl_verifies(crl->crl, above);
		X509_free(above);
	}
	if (crl->own || known || in->order->skip_foreign)
		return STATUS_OK;
	return import_note(in, f, RULE_CRL_FOREIGN, crl->file, e, "is not a CRL of %.200s",
			   in->subject);
}

enum status import_place_all(struct import *in, struct findings *f, struct error *e)
{
	enum status s = climb(in, f, e);

	for (size_t i = 0; i < in->certificate_count && s == STATUS_OK; i++)
		if (in->certificates[i].place == PLACE_UNKNOWN)
			s = place_one(in, &in->certificates[i], f, e);
	if (s == STATUS_OK)
		s = check_serials(in, f, e);
	for (size_t i = 0; i < in->crl_count && s == STATUS_OK; i++)
		s = place_crl(in, &in->crls[i], f, e);
	return s;
}
