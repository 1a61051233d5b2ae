#include "ca/create.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/clock.h"
#include "ca/create_order.h"
#include "ca/create_remains.h"
#include "ca/issue.h"
#include "ca/name.h"
#include "ca/pem.h"
#include "ca/sign.h"
#include "ca/store_serial.h"

/* One run, fresh or resumed. */
struct creation {
	const char *folder;
	const struct create_order *order;
	const struct create_secrets *secrets;
	struct findings *findings;
	struct authority *parent;      /* NULL for a root */
	struct authority *predecessor; /* NULL: it takes nobody's place */
	struct bytes replaces;
	struct store *store; /* this CA's own */
	struct signer *signer;
	struct csr_request *request;
	struct profile *profile;
	bool resumed;
	bool made_key;
	bool spent; /* a serial is in use: from here on nothing is thrown away */
};

static enum status publish(const char *folder, const char *name, const char *text, mode_t mode,
			   struct error *e)
{
	char *file = path_join(folder, name);
	enum status s;

	if (!file)
		return error_memory(e);
	s = file_publish(file, span_text(text), mode, FILE_KEEP, e);
	free(file);
	return s;
}

static bool has(const char *folder, const char *name)
{
	char *file = path_join(folder, name);
	bool there = file && file_exists(file);

	free(file);
	return there;
}

static enum status make_subfolder(const char *folder, const char *name, struct error *e)
{
	char *path = path_join(folder, name);
	enum status s = path ? folder_make(path, 0700, e) : error_memory(e);

	free(path);
	return s == STATUS_EXISTS ? STATUS_OK : s;
}

static enum status expect_empty(const char *folder, struct error *e)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	enum status s = STATUS_OK;

	if (!dir)
		return error_errno(e, STATUS_SYSTEM, folder, NULL, "cannot be listed");
	if (has(folder, AUTHORITY_UNFINISHED))
		s = error_set(e, STATUS_EXISTS, folder,
			      "'subca init DIR --resume' finishes it, '--discard' removes it",
			      "is half made: an 'init' was interrupted here");
	while (s == STATUS_OK && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, "lost+found") != 0 && !remains_of_nothing(entry->d_name))
			s = error_set(e, STATUS_EXISTS, folder, "name a new or an empty folder",
				      "is not empty");
	}
	closedir(dir);
	return s;
}

static char *key_name(const struct creation *c)
{
	return c->order->key_name ? strdup(c->order->key_name)
				  : path_join(c->folder, AUTHORITY_KEY);
}

static enum status make_key(struct creation *c, struct error *e)
{
	const struct secret *secret = c->secrets->key;
	char *name = key_name(c);
	bool there = c->order->use_existing;
	enum status s = name ? STATUS_OK : error_memory(e);

	/* Nothing can be there in a fresh run: the folder was empty, or the name is new. */
	if (s == STATUS_OK && c->resumed && !there)
		s = signer_exists(name, secret, &there, e);
	if (s == STATUS_OK && !there) {
		s = signer_create(name, c->order->key_type, secret, e);
		c->made_key = s == STATUS_OK;
	}
	if (s == STATUS_OK)
		s = signer_open(name, secret, NULL, &c->signer, e);
	if (s == STATUS_OK)
		s = signer_prove(c->signer, signer_public_key(c->signer), e);
	free(name);
	return s;
}

/* A key on a token that was made for nothing goes again; a key file goes with the folder. */
static void take_key_back(const struct creation *c, struct error *e)
{
	struct error ignored;

	if (c->made_key && c->order->key_name &&
	    signer_delete(c->order->key_name, c->secrets->key, &ignored) != STATUS_OK)
		signer_stays(c->order->key_name, e);
}

static enum status make_request(struct creation *c, struct error *e)
{
	X509_NAME *subject = NULL;
	struct bytes der = {0};
	enum status s = name_parse(c->order->subject, &subject, e);

	if (s == STATUS_OK)
		s = request_sign(subject, c->signer, &der, e);
	if (s == STATUS_OK)
		s = csr_request_read(span_of(&der), "the CA's own request", &c->request, e);
	bytes_free(&der);
	X509_NAME_free(subject);
	return s;
}

static enum status make_store(struct creation *c, struct error *e)
{
	char *file = path_join(c->folder, AUTHORITY_STORE);
	enum status s = file ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK && !file_exists(file))
		s = store_create(file, c->order->now, e);
	if (s == STATUS_OK)
		s = store_open(file, STORE_WRITE, &c->store, e);
	free(file);
	return s;
}

static enum status make_conf(struct creation *c, struct error *e)
{
	struct text text = {0};
	enum status s = authority_conf_text(c->order->key_name, c->order->first_serial,
					    &c->order->urls, &text, e);

	if (s == STATUS_OK && !has(c->folder, AUTHORITY_CONF))
		s = publish(c->folder, AUTHORITY_CONF, text_get(&text), 0644, e);
	text_free(&text);
	return s;
}

static enum status take_issued(void *context, const struct store_row *row, struct error *e)
{
	struct bytes *der = context;

	if (row->state != CERT_ISSUED || der->data)
		return STATUS_OK;
	return bytes_copy(der, row->der, e);
}

/* What an interrupted run issued already for this key. */
static enum status find_issued(struct creation *c, struct store *issuing, struct bytes *der,
			       struct error *e)
{
	unsigned char spki[SHA256_SIZE];
	const struct store_filter same_key = {.spki_sha256 = {spki, sizeof spki}};

	if (sha256(csr_request_spki(c->request), spki, e) != STATUS_OK)
		return error_status(e);
	return store_each(issuing, &same_key, take_issued, der, e);
}

static enum status issue(struct creation *c, struct store *issuing, struct signer *signer,
			 struct bytes *der, struct error *e)
{
	struct bytes first = {0};
	struct issue_draft *draft = NULL;
	struct issue_order order = {
		.profile = c->profile,
		.request = c->request,
		.issuer = c->parent ? authority_certificate(c->parent) : NULL,
		.urls = c->parent ? authority_urls(c->parent) : &c->order->urls,
		.now = c->order->now,
		.days = c->order->days,
		.not_after = c->order->not_after,
		.fit = c->order->fit,
		/* The interrupted run may have reserved a serial for this very request. */
		.reissue = c->resumed ? "an interrupted init was resumed" : NULL,
		.replaces = span_of(&c->replaces),
	};
	enum status s = STATUS_OK;

	if (!c->parent && c->order->first_serial)
		s = serial_parse(c->order->first_serial, &first, e);
	order.first_serial = c->parent ? authority_first_serial(c->parent) : span_of(&first);
	if (s == STATUS_OK)
		s = issue_draft(issuing, &order, &draft, c->findings, e);
	if (s == STATUS_OK) {
		c->spent = true;
		s = issue_commit(issuing, &order, draft, signer, der, e);
	}
	issue_draft_free(draft);
	bytes_free(&first);
	return s;
}

static enum status obtain_certificate(struct creation *c, struct bytes *der, struct error *e)
{
	struct store *issuing = c->parent ? authority_store(c->parent) : c->store;
	struct signer *above = NULL;
	enum status s = find_issued(c, issuing, der, e);

	if (s != STATUS_OK)
		return s;
	if (der->data) {
		c->spent = true;
		return STATUS_OK;
	}
	if (c->parent) {
		/* On one token with the parent's, our login would make any PIN of the parent's do. */
		signer_free(c->signer);
		c->signer = NULL;
		s = authority_signer(c->parent, c->secrets->parent, &above, e);
	}
	if (s == STATUS_OK)
		s = issue(c, issuing, c->parent ? above : c->signer, der, e);
	signer_free(above);
	return s;
}

static enum status write_chain(struct creation *c, struct span own, struct error *e)
{
	struct span above[CHAIN_MAX];
	struct text pem = {0};
	size_t count;
	enum status s = pem_add_certificate(&pem, own, e);

	if (!c->parent || has(c->folder, AUTHORITY_CHAIN)) {
		text_free(&pem);
		return s;
	}
	count = authority_chain(c->parent, above);
	for (size_t i = 0; i < count && s == STATUS_OK; i++)
		s = pem_add_certificate(&pem, above[i], e);
	if (s == STATUS_OK)
		s = publish(c->folder, AUTHORITY_CHAIN, text_get(&pem), 0644, e);
	text_free(&pem);
	return s;
}

static enum status make_certificate(struct creation *c, struct error *e)
{
	struct bytes der = {0};
	struct text pem = {0};
	enum status s = STATUS_OK;

	if (has(c->folder, AUTHORITY_CERTIFICATE))
		return STATUS_OK;
	s = obtain_certificate(c, &der, e);
	if (s == STATUS_OK)
		s = write_chain(c, span_of(&der), e);
	if (s == STATUS_OK)
		s = pem_add_certificate(&pem, span_of(&der), e);
	if (s == STATUS_OK)
		s = publish(c->folder, AUTHORITY_CERTIFICATE, text_get(&pem), 0644, e);
	text_free(&pem);
	bytes_free(&der);
	return s;
}

/* Whoever reads its journal learns where the new key is. A run killed after it says so twice. */
static enum status tell_predecessor(const struct creation *c, struct error *e)
{
	struct text words = {0};
	char *place;
	enum status s;

	if (!c->predecessor)
		return STATUS_OK;
	place = realpath(c->folder, NULL);
	text_printf(&words, "its place is taken by %s in %s", c->order->subject,
		    place ? place : c->folder);
	free(place);
	s = text_check(&words, e);
	if (s == STATUS_OK)
		s = journal_note(authority_store(c->predecessor), "rekey", text_get(&words),
				 c->order->clock, e);
	text_free(&words);
	return s;
}

static enum status finish(struct creation *c, struct error *e)
{
	char *unfinished = path_join(c->folder, AUTHORITY_UNFINISHED);
	enum status s;

	if (!unfinished)
		return error_memory(e);
	s = tell_predecessor(c, e);
	if (s == STATUS_OK)
		s = journal_note(c->store, "init", c->order->subject, c->order->now, e);
	if (s == STATUS_OK)
		s = file_remove(unfinished, e);
	free(unfinished);
	return s;
}

/* Each step finds what an earlier run left, or makes it. */
static enum status run_steps(struct creation *c, struct error *e)
{
	enum status s = make_subfolder(c->folder, AUTHORITY_KEY_FOLDER, e);

	if (s == STATUS_OK)
		s = make_subfolder(c->folder, AUTHORITY_PROFILES, e);
	if (s == STATUS_OK)
		s = make_key(c, e);
	if (s == STATUS_OK)
		s = make_request(c, e);
	if (s == STATUS_OK)
		s = make_store(c, e);
	if (s == STATUS_OK)
		s = make_conf(c, e);
	if (s == STATUS_OK)
		s = make_certificate(c, e);
	if (s == STATUS_OK)
		s = finish(c, e);
	return s;
}

/*
 * A serial number and a CRL belong to the name of the issuer (RFC 5280 4.1.2.2, 5): two stores of one
 * name would give the same ones out.
 */
static enum status open_predecessor(struct creation *c, const X509_NAME *subject, struct error *e)
{
	const struct create_order *o = c->order;
	enum status s;

	if (!o->predecessor)
		return STATUS_OK;
	s = authority_open(o->predecessor, STORE_WRITE, &c->predecessor, e);
	if (s == STATUS_OK)
		s = clock_judge(authority_store(c->predecessor), o->clock, o->clock_ok, e);
	if (s == STATUS_OK && o->replaces)
		s = hex_decode(o->replaces, &c->replaces, e);
	if (s == STATUS_OK &&
	    X509_NAME_cmp(subject, X509_get_subject_name(authority_certificate(c->predecessor))) ==
		    0)
		s = error_set(e, STATUS_REFUSED, "subject",
			      "give it another, \"CN=… 2031\": serial numbers and CRLs belong to a "
			      "name",
			      "is the old CA's, and the new key is another CA");
	return s;
}

/* What can be wrong without anything having been made. */
static enum status prepare(struct creation *c, struct error *e)
{
	struct profile_path path = {0};
	struct bytes first = {0};
	X509_NAME *subject = NULL;
	char *shipped = NULL;
	enum status s = name_parse(c->order->subject, &subject, e);

	if (s == STATUS_OK && c->order->first_serial)
		s = serial_parse(c->order->first_serial, &first, e);
	if (s == STATUS_OK && c->order->parent)
		s = authority_open(c->order->parent, STORE_WRITE, &c->parent, e);
	if (s == STATUS_OK && c->parent)
		s = clock_judge(authority_store(c->parent), c->order->clock, c->order->clock_ok, e);
	if (s == STATUS_OK)
		s = open_predecessor(c, subject, e);
	if (s == STATUS_OK && !c->parent)
		s = profile_shipped_folder(&shipped, e);
	path.shipped = shipped;
	if (s == STATUS_OK)
		s = profile_load(c->parent ? authority_profiles(c->parent) : &path,
				 c->order->profile, &c->profile, e);
	if (s == STATUS_OK && c->profile->kind == PROFILE_LEAF)
		s = error_set(e, STATUS_REFUSED, NULL, "choose root or subordinate-ca",
			      "profile '%s' does not make a CA", c->profile->name);
	X509_NAME_free(subject);
	bytes_free(&first);
	free(shipped);
	return s;
}

static void release(struct creation *c)
{
	profile_free(c->profile);
	csr_request_free(c->request);
	signer_free(c->signer);
	store_close(c->store);
	authority_free(c->predecessor);
	authority_free(c->parent);
	bytes_free(&c->replaces);
}

static enum status begin(const struct creation *c, bool *made_folder, int *lock, struct error *e)
{
	struct text order = {0};
	enum status s = folder_make(c->folder, 0700, e);

	*made_folder = s == STATUS_OK;
	if (s == STATUS_OK || s == STATUS_EXISTS)
		s = remains_lock(c->folder, lock, e);
	if (s == STATUS_OK && !*made_folder)
		s = expect_empty(c->folder, e);
	if (s == STATUS_OK && !*made_folder)
		s = remains_sweep(c->folder, e);
	if (s == STATUS_OK)
		s = create_order_text(c->order, &order, e);
	if (s == STATUS_OK)
		s = publish(c->folder, AUTHORITY_UNFINISHED, text_get(&order), 0600, e);
	/* Without the lock another run may be at work in the folder that was made here. */
	if (s != STATUS_OK && *made_folder && *lock >= 0)
		(void)!rmdir(c->folder);
	text_free(&order);
	return s;
}

enum status create_authority(const char *folder, const struct create_order *order,
			     const struct create_secrets *secrets, struct findings *findings,
			     struct error *e)
{
	struct creation c = {
		.folder = folder, .order = order, .secrets = secrets, .findings = findings};
	bool made_folder = false, begun = false;
	struct error ignored;
	int lock = -1;
	enum status s = prepare(&c, e);

	if (s == STATUS_OK) {
		s = begin(&c, &made_folder, &lock, e);
		begun = s == STATUS_OK;
	}
	if (s == STATUS_OK)
		s = run_steps(&c, e);
	release(&c);
	if (begun && s != STATUS_OK && !c.spent)
		take_key_back(&c, e);
	if (begun && s != STATUS_OK && !c.spent && remains_remove(folder, &ignored) == STATUS_OK) {
		if (made_folder)
			(void)!rmdir(folder);
	} else if (begun && s != STATUS_OK) {
		snprintf(e->todo, sizeof e->todo,
			 "mend that; then 'subca init %.200s --resume' finishes it, '--discard' "
			 "removes it",
			 folder);
	}
	remains_unlock(lock);
	return s;
}

enum status create_resume(const char *folder, const struct create_order *order,
			  const struct create_secrets *secrets, struct findings *findings,
			  struct error *e)
{
	struct creation c = {.folder = folder,
			     .order = order,
			     .secrets = secrets,
			     .findings = findings,
			     .resumed = true};
	int lock = -1;
	enum status s = remains_lock(folder, &lock, e);

	if (s == STATUS_OK)
		s = remains_expect(folder, e);
	if (s == STATUS_OK)
		s = prepare(&c, e);
	if (s == STATUS_OK)
		s = remains_sweep(folder, e);
	if (s == STATUS_OK)
		s = run_steps(&c, e);
	release(&c);
	remains_unlock(lock);
	return s;
}
