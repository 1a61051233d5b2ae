/* A CA with a new key, what is common to both; and that which takes the place of a child. */
#include "cmd/renew_rekey.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/name.h"
#include "cmd/key.h"
#include "cmd/layout.h"
#include "cmd/new_authority.h"
#include "cmd/renewal.h"

void rekey_release(struct rekeying *k)
{
	rekey_children_free(&k->children);
	bytes_free(&k->old_with_new.der);
	bytes_free(&k->new_with_old.der);
	free(k->old_with_new.file);
	free(k->new_with_old.file);
	secret_free(k->old_secret);
	secret_free(k->new_secret);
	authority_free(k->made);
	create_order_free(&k->order);
}

/* --- what is asked for ------------------------------------------------------------------------ */

static enum status copy(char **to, const char *from, struct error *e)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to ? STATUS_OK : error_memory(e);
}

static enum status read_order(struct rekeying *k, struct error *e)
{
	const struct options *o = &k->r->in->options;

	if (new_authority_read(o, &k->order, e) != STATUS_OK ||
	    copy(&k->order.profile, options_value(o, "profile"), e) != STATUS_OK)
		return error_status(e);
	k->order.days = k->r->order.days;
	k->order.not_after = k->r->order.not_after;
	k->order.fit = k->r->order.fit;
	k->order.now = k->r->order.now;
	return rekey_order(k->above, k->old, &k->order, e);
}

/* An earlier run was asked already: what is asked for now must not be something else. */
static enum status expect_subject(const struct rekeying *k, struct error *e)
{
	const char *given = options_value(&k->r->in->options, "subject");
	X509_NAME *asked = NULL, *there = NULL;
	enum status s = given ? name_parse(given, &asked, e) : STATUS_OK;

	if (s == STATUS_OK && k->state == REKEY_HALF)
		s = name_parse(k->order.subject, &there, e);
	if (s == STATUS_OK && given &&
	    X509_NAME_cmp(asked,
			  there ? there : X509_get_subject_name(authority_certificate(k->made))))
		s = error_set(e, STATUS_EXISTS, k->folder, "leave --subject out to go on with it",
			      "was begun with another subject");
	X509_NAME_free(asked);
	X509_NAME_free(there);
	return s;
}

static enum status open_made(struct rekeying *k, struct error *e)
{
	enum status s = authority_open(k->folder, STORE_WRITE, &k->made, e);

	if (s == STATUS_OK)
		s = k->above ? rekey_expect_successor(k->above, k->old, k->made, e)
			     : rekey_expect_root(k->old, k->made, e);
	return s;
}

enum status rekey_prepare(struct rekeying *k, struct error *e)
{
	enum status s = rekey_look(k->folder, k->old, &k->state, &k->order, e);

	if (s == STATUS_OK && k->state == REKEY_NEW)
		s = read_order(k, e);
	else if (s == STATUS_OK && k->state == REKEY_MADE)
		s = open_made(k, e);
	if (s == STATUS_OK && k->state != REKEY_NEW)
		s = expect_subject(k, e);
	k->order.clock = k->r->order.now;
	k->order.clock_ok = options_given(&k->r->in->options, "clock-ok");
	return s;
}

/* --- secrets ---------------------------------------------------------------------------------- */

/* What opening the new key takes, whether it is there already or to be made. */
static enum status new_need(const struct rekeying *k, struct signer_need *need, struct error *e)
{
	if (k->made)
		return authority_key_needs(k->made, need, e);
	if (k->order.key_name)
		return signer_needs(k->order.key_name, need, e);
	need->secret = k->order.encrypt ? SIGNER_SECRET_PASSPHRASE : SIGNER_SECRET_NONE;
	return STATUS_OK;
}

enum status rekey_obtain_new(struct rekeying *k, struct error *e)
{
	const struct key_other other = {
		.what = "passphrase for the new key",
		.option = "new-passphrase-file",
		.passphrase = "SUBCA_NEW_PASSPHRASE",
		.pin = "SUBCA_NEW_PIN",
		.confirm = k->state == REKEY_NEW,
	};
	struct signer_need need = {0};
	enum status s = new_need(k, &need, e);

	return s == STATUS_OK
		       ? key_secret_other(&k->r->in->options, &other, &need, &k->new_secret, e)
		       : s;
}

/* Opened once before anything is made, and closed: on one token a login would do for any PIN. */
enum status rekey_obtain_signing(struct rekeying *k, const struct authority *signing,
				 struct error *e)
{
	struct signer_need need = {0};
	struct signer *signer = NULL;
	enum status s = authority_key_needs(signing, &need, e);

	if (s == STATUS_OK)
		s = key_secret(&k->r->in->options, &need, &k->old_secret, e);
	if (s == STATUS_OK)
		s = authority_signer(signing, k->old_secret, &signer, e);
	signer_free(signer);
	return s;
}

/* --- making it -------------------------------------------------------------------------------- */

enum status rekey_make(struct rekeying *k, struct error *e)
{
	const struct create_secrets secrets = {.key = k->new_secret,
					       .parent = k->above ? k->old_secret : NULL};
	enum status s = new_authority_make(k->r->in, k->folder, &k->order, k->state == REKEY_HALF,
					   &secrets, e);

	if (s == STATUS_OK)
		s = open_made(k, e);
	else if (s != STATUS_EXISTS && file_exists(k->folder))
		snprintf(e->todo, sizeof e->todo, "mend that; then the same command goes on");
	return s;
}

static enum status last_child(void *context, const struct store_row *row, bool proved,
			      struct error *e)
{
	int64_t *last = context;

	(void)proved;
	(void)e;
	if (row->intent.not_after > *last)
		*last = row->intent.not_after;
	return STATUS_OK;
}

/* --- a child ---------------------------------------------------------------------------------- */

#define OLD_CHILD                                                                                     \
	"What the old key signed stands below its old certificate, until that ends; nothing of it "   \
	"stands below the new one. The old CA keeps its key in its folder: it goes on making CRLs "   \
	"and OCSP responses for what it signed, and need sign nothing else. Sign with the new CA "    \
	"from now on, and hand out its chain.pem. When nothing hangs on the old CA any more, revoke " \
	"its certificate with --reason superseded.\n"

static void print_time(const char *name, int64_t t)
{
	char shown[DATETIME_SIZE];

	datetime_format(t, shown);
	layout_field(name, t ? shown : "none");
}

/* The CRL of one key cannot lie where that of another is looked for. */
void rekey_note_urls(const struct rekeying *k)
{
	const struct ca_urls *before = authority_urls(k->old), *now = authority_urls(k->made);

	if (before->crl && now->crl && strcmp(before->crl, now->crl) == 0)
		output_note(&k->r->in->output,
			    "note: both CAs name %s as the place of their CRL, "
			    "which only one of them can have",
			    now->crl);
	else if (before->crl && !now->crl)
		output_note(&k->r->in->output,
			    "note: the old CA's CRL is at %s; name a place for that "
			    "of the new one in its ca.conf, before it signs",
			    before->crl);
}

static enum status report_child(struct rekeying *k, const struct renew_proof *proof, int64_t last,
				struct error *e)
{
	struct output *o = &k->r->in->output;
	struct span der = authority_certificate_der(k->made);
	char *file = path_join(k->folder, AUTHORITY_CERTIFICATE);
	char end[DATETIME_SIZE];
	json_t *document;
	int64_t old_end;
	enum status s = file ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK)
		s = asn1_time_seconds(X509_get0_notAfter(authority_certificate(k->old)), &old_end,
				      e);
	if (s == STATUS_OK && o->json) {
		document = renewal_json(der, file, proof, &k->r->findings);
		datetime_format(old_end, end);
		if (document &&
		    json_object_update_new(document,
					   json_pack("{s:o, s:o, s:s}", "folder",
						     output_json_text(k->folder), "in_place_of",
						     output_json_text(authority_folder(k->old)),
						     "old_end", end)) != 0) {
			json_decref(document);
			document = NULL;
		}
		s = output_json(o, "renew", document, e);
	} else if (s == STATUS_OK && !o->quiet) {
		renewal_print(o, der, file, proof, &k->r->findings);
		print_time("old CA ends", old_end);
		print_time("last child", last);
		layout_wrap(stdout, 0, 0, OLD_CHILD);
		rekey_note_urls(k);
		s = output_check(e);
	}
	free(file);
	return s;
}

/* What the old key signed must be no worse off than before. */
static enum status finish_child(struct rekeying *k, struct error *e)
{
	struct span chain[CHAIN_MAX];
	size_t count = authority_chain(k->old, chain);
	int64_t last = 0;
	struct renew_proof proof = {.seen = last_child, .context = &last};
	enum status s = renew_prove(k->old, chain[count - 1], (struct span){NULL, 0},
				    k->r->order.now, &proof, e);

	if (s == STATUS_OK)
		s = report_child(k, &proof, last, e);
	if (s == STATUS_OK)
		s = renewal_expect_proved(&proof, e);
	renew_proof_free(&proof);
	return s;
}

enum status renew_rekey_child(struct renewing *r, struct error *e)
{
	struct rekeying k = {.r = r, .folder = options_value(&r->in->options, "rekey")};
	enum status s = authority_open(options_value(&r->in->options, "child"), STORE_READ,
				       &r->child, e);

	k.above = r->authority;
	k.old = r->child;
	if (s == STATUS_OK)
		s = renew_expect_child(r->authority, r->child, e);
	if (s == STATUS_OK)
		s = rekey_prepare(&k, e);
	if (s == STATUS_OK && k.state != REKEY_MADE) {
		s = output_confirm(&r->in->output,
				   "Make a CA with a new key in the place of the CA below?", e);
		if (s == STATUS_OK)
			s = rekey_obtain_signing(&k, r->authority, e);
		if (s == STATUS_OK)
			s = rekey_obtain_new(&k, e);
		if (s == STATUS_OK)
			s = rekey_make(&k, e);
	}
	if (s == STATUS_OK)
		s = finish_child(&k, e);
	rekey_release(&k);
	return s;
}
