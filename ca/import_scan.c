/* Which files there are, and what is in them. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "ca/import_internal.h"
#include "ca/inspect.h"

#define KEYS_MAX 256 /* easy-rsa keeps those of all clients */
#define INDEX_NAME "index.txt"

struct scan {
	struct import *in;
	struct findings *findings;
	int64_t files;
};

void import_free(struct import *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->certificate_count; i++) {
		bytes_free(&in->certificates[i].der);
		free(in->certificates[i].file);
	}
	for (size_t i = 0; i < in->key_count; i++) {
		OPENSSL_cleanse(in->keys[i].content.data, in->keys[i].content.len);
		bytes_free(&in->keys[i].content);
		free(in->keys[i].file);
		foreign_key_free(in->keys[i].opened);
	}
	for (size_t i = 0; i < in->crl_count; i++) {
		X509_CRL_free(in->crls[i].crl);
		free(in->crls[i].file);
	}
	X509_free(in->authority);
	free(in->certificates);
	free(in->keys);
	free(in->crls);
	free(in->revoked);
	free(in->serial.file);
	free(in->crl_number.file);
	free(in->index);
	free(in->folder);
	free(in->subject);
	free(in->noted);
	free(in);
}

static enum status copy(char **to, const char *from, struct error *e)
{
	*to = strdup(from);
	return *to ? STATUS_OK : error_memory(e);
}

/* --- keys and CRLs ---------------------------------------------------------------------------- */

/* Names under which tools and their users keep a CA's key. */
static bool is_expected_key(const char *file)
{
	static const char *const names[] = {"ca.key",	 "cakey.pem", "ca.key.pem", "ca-key.pem",
					    "cakey.key", "root.key",  "rootca.key", "ca.pem",
					    "ca.p12",	 "ca.pfx"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(path_name(file), names[i]) == 0)
			return true;
	return false;
}

/* Takes over content where it keeps it, and empties it. */
static enum status add_key(struct scan *s, const char *file, struct bytes *content, bool locked,
			   struct error *e)
{
	struct found_key key = {.locked = locked, .expected = is_expected_key(file)};
	struct found_key *grown;
	struct stat info;

	if (s->in->order->without_key || s->in->key_count == KEYS_MAX)
		return STATUS_OK;
	grown = reallocarray(s->in->keys, s->in->key_count + 1, sizeof key);
	if (!grown)
		return error_memory(e);
	s->in->keys = grown;
	if (copy(&key.file, file, e) != STATUS_OK)
		return error_status(e);
	key.exposed = stat(file, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO));
	if (bytes_copy(&key.content, span_of(content), e) != STATUS_OK) {
		free(key.file);
		return error_status(e);
	}
	s->in->keys[s->in->key_count++] = key;
	return STATUS_OK;
}

static enum status add_crl(struct scan *s, const char *file, X509_CRL *crl, struct error *e)
{
	struct found_crl found = {.number = import_crl_number(crl)};
	struct found_crl *grown;

	found.delta = X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0;
	if (!inspect_time(X509_CRL_get0_lastUpdate(crl), &found.this_update))
		return import_note(s->in, s->findings, RULE_UNREADABLE, file, e,
				   "is a CRL without a time of its making");
	grown = reallocarray(s->in->crls, s->in->crl_count + 1, sizeof found);
	if (!grown)
		return error_memory(e);
	s->in->crls = grown;
	if (copy(&found.file, file, e) != STATUS_OK)
		return error_status(e);
	X509_CRL_up_ref(crl);
	found.crl = crl;
	s->in->crls[s->in->crl_count++] = found;
	return STATUS_OK;
}

/* A CRL larger than what inspect_read() takes. */
static enum status add_large_crl(struct scan *s, const char *file, struct span content,
				 struct error *e)
{
	const unsigned char *at = content.data;
	BIO *from = BIO_new_mem_buf(content.data, (int)content.len);
	X509_CRL *crl = from ? PEM_read_bio_X509_CRL(from, NULL, NULL, NULL) : NULL;
	enum status status = STATUS_OK;

	if (!crl)
		crl = d2i_X509_CRL(NULL, &at, (long)content.len);
	ERR_clear_error();
	if (crl)
		status = add_crl(s, file, crl, e);
	X509_CRL_free(crl);
	BIO_free(from);
	return status;
}

/* --- files ------------------------------------------------------------------------------------ */

static enum status take_objects(struct scan *s, const char *file, const struct inspection *found,
				struct error *e)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < found->count && status == STATUS_OK; i++) {
		const struct inspect_object *o = &found->items[i];

		if (o->kind == INSPECT_CERTIFICATE)
			status = import_add_certificate(s->in, file, o->certificate, s->findings,
							e);
		else if (o->kind == INSPECT_CRL)
			status = add_crl(s, file, o->crl, e);
	}
	return status;
}

/* Whether a file that cannot be read would be missed. */
static bool matters(struct span content, const char *file)
{
	static const char *const suffixes[] = {".crt", ".cer", ".crl", ".p7b", ".p7c", ".der"};
	size_t len = strlen(file);

	if (memmem(content.data, content.len, "-----BEGIN CERTIFICATE", 22) ||
	    memmem(content.data, content.len, "-----BEGIN X509 CRL", 19) ||
	    memmem(content.data, content.len, "-----BEGIN PKCS7", 16))
		return !memmem(content.data, content.len, "-----BEGIN CERTIFICATE REQUEST", 30);
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (len > 4 && strcasecmp(file + len - 4, suffixes[i]) == 0)
			return true;
	return false;
}

static enum status take_content(struct scan *s, const char *file, struct bytes *content,
				struct error *e)
{
	struct inspection found = {0};
	struct error why;
	bool locked, key = foreign_key_seen(span_of(content), &locked);
	enum status status = key ? add_key(s, file, content, locked, e) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	if (content->len > INSPECT_INPUT_MAX)
		return add_large_crl(s, file, span_of(content), e);
	if (inspect_read(&found, span_of(content), 0, &why) == STATUS_OK)
		status = take_objects(s, file, &found, e);
	else if (!key && matters(span_of(content), file))
		status = import_note(s->in, s->findings, RULE_UNREADABLE, file, e, "%s%s%s%s",
				     why.what, why.detail[0] ? " (" : "", why.detail,
				     why.detail[0] ? ")" : "");
	inspection_free(&found);
	return status;
}

static enum status take_number(struct scan *s, const char *file, struct span content,
			       struct found_number *number, struct error *e)
{
	struct error why;

	if (number->file)
		return STATUS_OK;
	if (index_number_read(content, number->octets, &number->len, &why) != STATUS_OK)
		return import_note(s->in, s->findings, RULE_NUMBER_FILE, file, e, "%s", why.what);
	return copy(&number->file, file, e);
}

static enum status take_index(struct scan *s, const char *file, struct error *e)
{
	if (s->in->index)
		return error_set(e, STATUS_INPUT, file, "import each CA by itself",
				 "is the second index.txt; the first is %.200s", s->in->index);
	return copy(&s->in->index, file, e);
}

static enum status take_file(struct scan *s, const char *file, struct error *e)
{
	const struct import_order *order = s->in->order;
	const char *name = path_name(file);
	struct bytes content = {0};
	struct stat info;
	enum status status;

	if (strcmp(name, INDEX_NAME) == 0)
		return take_index(s, file, e);
	if (stat(file, &info) == 0 && (!S_ISREG(info.st_mode) || info.st_size > IMPORT_FILE_MAX))
		return STATUS_OK;
	status = file_read(file, IMPORT_FILE_MAX, &content, e);
	if (status == STATUS_OK && strcmp(name, "serial") == 0)
		status = take_number(s, file, span_of(&content), &s->in->serial, e);
	else if (status == STATUS_OK && strcmp(name, "crlnumber") == 0)
		status = take_number(s, file, span_of(&content), &s->in->crl_number, e);
	else if (status == STATUS_OK && content.len)
		status = take_content(s, file, &content, e);
	if (content.data)
		OPENSSL_cleanse(content.data, content.len);
	bytes_free(&content);
	if (order->progress && ++s->files % 1000 == 0)
		order->progress(order->context, "files", s->files, 0);
	return status;
}

/* --- folders ---------------------------------------------------------------------------------- */

static bool has_index(const char *folder)
{
	char *index = path_join(folder, INDEX_NAME);
	bool there = index && file_exists(index);

	free(index);
	return there;
}

static enum status take_folder(struct scan *s, const char *folder, int depth, struct error *e);

static enum status take_entry(struct scan *s, const char *path, int depth, struct error *e)
{
	struct stat info;

	/* Links are c_rehash's, to what is here anyway. */
	if (lstat(path, &info) != 0)
		return error_errno(e, STATUS_SYSTEM, path, NULL, "cannot be examined");
	if (S_ISREG(info.st_mode))
		return take_file(s, path, e);
	if (!S_ISDIR(info.st_mode) || depth >= IMPORT_DEPTH_MAX)
		return STATUS_OK;
	if (has_index(path)) {
		s->in->subfolder_authorities++;
		return import_note(s->in, s->findings, RULE_SUBFOLDER, path, e,
				   "has an index of its own and is passed over");
	}
	return take_folder(s, path, depth + 1, e);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static enum status take_folder(struct scan *s, const char *folder, int depth, struct error *e)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, visible, alphasort);
	enum status status = STATUS_OK;

	if (count < 0)
		return error_errno(e, STATUS_SYSTEM, folder, "check its permissions",
				   "cannot be listed");
	for (int i = 0; i < count; i++) {
		char *path = status == STATUS_OK ? path_join(folder, entries[i]->d_name) : NULL;

		if (status == STATUS_OK)
			status = path ? take_entry(s, path, depth, e) : error_memory(e);
		free(path);
		free(entries[i]);
	}
	free(entries);
	return status;
}

static enum status take_operand(struct scan *s, const char *path, struct error *e)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return error_errno(e, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_SYSTEM, path,
				   "check the name", "cannot be opened");
	return S_ISDIR(info.st_mode) ? take_folder(s, path, 0, e) : take_file(s, path, e);
}

/* --- kinds ------------------------------------------------------------------------------------ */

/* easy-rsa keeps everything in "pki" below the folder that people think of. */
static enum status find_folder(struct import *in, struct error *e)
{
	const char *path = in->order->paths[0];
	char *pki = path_join(path, "pki");
	bool easy_rsa = pki && has_index(pki);
	enum status s;

	if (!pki)
		return error_memory(e);
	if (in->order->kind == IMPORT_EASY_RSA && easy_rsa)
		s = copy(&in->folder, pki, e);
	else if (has_index(path))
		s = copy(&in->folder, path, e);
	else
		s = error_set(e, STATUS_NOT_FOUND, path,
			      easy_rsa ? "it is one of easy-rsa: 'subca import easy-rsa'"
				       : "name the folder with it, or use 'subca import files'",
			      "is no CA of %s: there is no index.txt in it",
			      in->order->kind == IMPORT_EASY_RSA ? "easy-rsa" : "openssl ca");
	free(pki);
	return s;
}

enum status import_scan(const struct import_order *order, struct import **out,
			struct findings *findings, struct error *e)
{
	struct import *in = calloc(1, sizeof *in);
	struct scan scan = {.in = in, .findings = findings};
	enum status s = STATUS_OK;

	if (!in || !(in->noted = calloc(RULE_COUNT, sizeof *in->noted))) {
		free(in);
		return error_memory(e);
	}
	in->order = order;
	in->summary = (struct import_summary){
		.subject = "", .certificate = "", .index_rows = -1, .crl_number = STORE_NO_CRL};
	if (order->kind != IMPORT_FILES) {
		s = find_folder(in, e);
		if (s == STATUS_OK)
			s = take_folder(&scan, in->folder, 0, e);
	}
	for (size_t i = 0; order->kind == IMPORT_FILES && i < order->path_count && s == STATUS_OK;
	     i++)
		s = take_operand(&scan, order->paths[i], e);
	if (s == STATUS_OK && order->certificate)
		s = take_operand(&scan, order->certificate, e);
	if (s != STATUS_OK) {
		import_free(in);
		return s;
	}
	*out = in;
	return STATUS_OK;
}

/* Where the CA's key may be one that is not locked, nobody is asked for a client's passphrase. */
bool import_needs_secret(const struct import *in)
{
	size_t locked = 0, open = 0;

	for (size_t i = 0; i < in->key_count; i++) {
		const struct found_key *k = &in->keys[i];

		if (k->locked && (k->expected || k->content.data[0] == 0x30))
			return true;
		locked += k->locked;
		open += !k->locked;
	}
	return locked && !open;
}

const struct import_summary *import_summary(const struct import *in)
{
	return &in->summary;
}
