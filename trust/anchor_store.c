#include "trust/anchor_reading.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>

#include "base/file.h"
#include "ca/name.h"
#include "trust/bundle.h"
#include "trust/pem_block.h"

#define FOLDER_MOST 4096
/* Certificates of one subject that OpenSSL looks at in a folder. */
#define LINKS_MOST 10

const char *anchor_kind_name(enum anchor_kind k)
{
	static const char *const names[] = {"file", "folder", "java", "nss"};

	return names[k];
}

const char *anchor_state_name(enum anchor_state s)
{
	static const char *const names[] = {"read", "missing", "unreadable"};

	return names[s];
}

void anchor_store_free(struct anchor_store *s)
{
	free(s->path);
	free(s->alias);
	free(s->below);
	*s = (struct anchor_store){0};
}

enum status anchor_problem(struct anchor_store *s, const char *format, ...)
{
	va_list words;

	s->state = ANCHORS_UNREADABLE;
	va_start(words, format);
	vsnprintf(s->problem, sizeof s->problem, format, words);
	va_end(words);
	return STATUS_OK;
}

/* --- one certificate -------------------------------------------------------------------------- */

bool anchor_same(const X509 *x, const X509 *root)
{
	return X509_cmp(x, root) == 0;
}

/* A CA that the root signed, or one of the weekly kind below that. */
static bool is_below(X509 *x, X509 *root)
{
	bool below = bundle_is_weekly(x);

	if (!below && X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(root)) == 0)
		below = X509_verify(x, X509_get0_pubkey(root)) == 1;
	ERR_clear_error();
	return below;
}

/* STATUS_EXISTS where it is known. */
static enum status remember(struct anchor_reading *r, X509 *x, struct error *e)
{
	unsigned char(*seen)[SHA256_SIZE];
	unsigned char hash[SHA256_SIZE];
	unsigned int len = sizeof hash;

	if (X509_digest(x, EVP_sha256(), hash, &len) != 1)
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no digest can be made");
	for (size_t i = 0; i < r->seen_count; i++)
		if (memcmp(r->seen[i], hash, sizeof hash) == 0)
			return STATUS_EXISTS;
	seen = reallocarray(r->seen, r->seen_count + 1, sizeof *seen);
	if (!seen)
		return error_memory(e);
	r->seen = seen;
	memcpy(seen[r->seen_count++], hash, sizeof hash);
	return STATUS_OK;
}

enum status anchor_note(struct anchor_reading *r, X509 *x, bool trusted, struct error *e)
{
	enum status s = remember(r, x, e);
	struct text subject = {0};

	if (s != STATUS_OK)
		return s == STATUS_EXISTS ? STATUS_OK : s;
	r->store->count++;
	if (!trusted)
		return STATUS_OK;
	if (anchor_same(x, r->search->root)) {
		r->store->has_root = true;
		return STATUS_OK;
	}
	if (r->store->below || !is_below(x, r->search->root))
		return STATUS_OK;
	name_show(X509_get_subject_name(x), &subject);
	r->store->below = strdup(text_get(&subject));
	text_free(&subject);
	return r->store->below ? STATUS_OK : error_memory(e);
}

enum status anchor_note_text(struct anchor_reading *r, struct span text, bool trusted,
			     struct error *e)
{
	struct pem_block block;
	enum status s = STATUS_OK;
	size_t at = 0;

	while (s == STATUS_OK && pem_block_next(text, &at, &block)) {
		if (block.certificate)
			s = anchor_note(r, block.certificate, trusted, e);
		else
			r->store->bad++;
		X509_free(block.certificate);
	}
	return s;
}

/* --- files and folders ------------------------------------------------------------------------ */

static bool begins(struct span s, const char *bytes, size_t len)
{
	return s.len >= len && memcmp(s.data, bytes, len) == 0;
}

static X509 *parse_der(struct span input)
{
	const unsigned char *at = input.data;
	X509 *x = begins(input, "\x30", 1) ? d2i_X509(NULL, &at, (long)input.len) : NULL;

	ERR_clear_error();
	if (x && at != input.data + input.len) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

static enum status note_file(struct anchor_reading *r, struct span input, struct error *e)
{
	X509 *x = parse_der(input);
	enum status s;

	if (!x)
		return anchor_note_text(r, input, true, e);
	s = anchor_note(r, x, true, e);
	X509_free(x);
	return s;
}

enum status anchor_folder_each(const char *folder, anchor_use *use, void *context, struct error *e)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	enum status s = STATUS_OK;
	size_t most = FOLDER_MOST;

	if (!list)
		return error_errno(e, STATUS_SYSTEM, folder, NULL, "cannot be read");
	while (s == STATUS_OK && most-- && (entry = readdir(list)) != NULL) {
		char *path = path_join(folder, entry->d_name);
		struct stat info;

		if (!path)
			s = error_memory(e);
		else if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
			s = use(context, path, e);
		free(path);
	}
	closedir(list);
	return s;
}

static enum status note_one_of_folder(void *context, const char *path, struct error *e)
{
	struct anchor_reading *r = context;
	struct bytes input = {0};
	struct error ignored = {0};
	size_t bad = r->store->bad;
	enum status s = STATUS_OK;

	if (file_read(path, BUNDLE_INPUT_MAX, &input, &ignored) == STATUS_OK)
		s = note_file(r, span_of(&input), e);
	bytes_free(&input);
	/* Something else may lie about in a folder. */
	r->store->bad = bad;
	return s;
}

static bool file_holds(const char *path, const X509 *root)
{
	struct bytes input = {0};
	struct pem_block block;
	struct error ignored = {0};
	bool holds = false;
	size_t at = 0;

	if (file_read(path, BUNDLE_INPUT_MAX, &input, &ignored) == STATUS_OK)
		while (!holds && pem_block_next(span_of(&input), &at, &block)) {
			holds = block.certificate && anchor_same(block.certificate, root);
			X509_free(block.certificate);
		}
	bytes_free(&input);
	return holds;
}

static enum status find_link(struct anchor_reading *r, struct error *e)
{
	X509 *root = r->search->root;
	unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(root), NULL, NULL, NULL);

	for (int i = 0; i < LINKS_MOST && !r->store->has_link; i++) {
		char *path;

		if (asprintf(&path, "%s/%08lx.%d", r->store->path, hash, i) < 0)
			return error_memory(e);
		r->store->has_link = file_holds(path, root);
		free(path);
	}
	return STATUS_OK;
}

static enum status read_folder(struct anchor_reading *r, struct error *e)
{
	struct anchor_store *s = r->store;
	struct error why = {0};
	char *database = path_join(s->path, "cert9.db");
	bool nss = database && file_exists(database);
	enum status status = database ? STATUS_OK : error_memory(e);

	free(database);
	if (status != STATUS_OK)
		return status;
	if (nss) {
		s->kind = ANCHORS_NSS;
		return anchor_read_nss(r, e);
	}
	s->kind = ANCHORS_FOLDER;
	if (anchor_folder_each(s->path, note_one_of_folder, r, &why) != STATUS_OK)
		return anchor_problem(s, "%s (%s)", why.what, why.detail);
	return s->has_root ? find_link(r, e) : STATUS_OK;
}

static enum status read_file(struct anchor_reading *r, struct error *e)
{
	struct anchor_store *s = r->store;
	struct bytes input = {0};
	struct error why = {0};
	enum status status = STATUS_OK;
	X509 *x = NULL;
	bool java;

	if (file_read(s->path, BUNDLE_INPUT_MAX, &input, &why) != STATUS_OK)
		return anchor_problem(s, "%s%s%s%s", why.what, *why.detail ? " (" : "", why.detail,
				      *why.detail ? ")" : "");
	x = parse_der(span_of(&input));
	java = !x && (begins(span_of(&input), "\xFE\xED\xFE\xED", 4) ||
		      begins(span_of(&input), "\xCE\xCE\xCE\xCE", 4) ||
		      begins(span_of(&input), "\x30", 1));
	X509_free(x);
	if (java) {
		s->kind = ANCHORS_JAVA;
		status = anchor_read_java(r, e);
	} else {
		status = note_file(r, span_of(&input), e);
	}
	bytes_free(&input);
	return status;
}

enum status anchor_store_read(const struct anchor_search *search, const char *path,
			      struct anchor_store *out, struct error *e)
{
	struct anchor_store s = {.path = strdup(path)};
	struct anchor_reading r = {.search = search, .store = &s};
	struct stat info;
	enum status status;

	if (!s.path)
		status = error_memory(e);
	else if (stat(path, &info) == 0)
		status = S_ISDIR(info.st_mode)	 ? read_folder(&r, e)
			 : S_ISREG(info.st_mode) ? read_file(&r, e)
						 : anchor_problem(&s, "is neither file nor folder");
	else if (errno == ENOENT || errno == ENOTDIR)
		status = (s.state = ANCHORS_MISSING, STATUS_OK);
	else
		status = anchor_problem(&s, "cannot be read (%s)", strerror(errno));
	free(r.seen);
	if (status != STATUS_OK) {
		anchor_store_free(&s);
		return status;
	}
	*out = s;
	return STATUS_OK;
}
