/*
 * The reader of certificates and chains, lint, and the path check over any bytes: the first
 * certificate is the one asked about, the last one is trusted, what is between may stand between,
 * and CRLs count. The corpus comes from tests/fuzz/seed-path.
 */
#include <stdlib.h>

#include <openssl/err.h>

#include "ca/inspect.h"
#include "ca/lint.h"
#include "ca/path.h"
#include "tests/fuzz/fuzz.h"

static void lint(struct span der, struct span issuer)
{
	struct findings f = {0};
	struct error e = {0};

	promise_told(lint_certificate(der, issuer, &f, &e), &e);
	promise_findings(&f);
	findings_free(&f);
}

/* Everything that was read, but the first certificate, *leaf. */
static struct path_pool *make_pool(const struct inspection *in, size_t *leaf)
{
	struct path_pool *pool = NULL;
	size_t last = INSPECT_NONE;
	struct error e = {0};

	promise(path_pool_new(&pool, &e) == STATUS_OK);
	*leaf = INSPECT_NONE;
	for (size_t i = 0; i < in->count; i++)
		if (in->items[i].kind == INSPECT_CERTIFICATE)
			last = i;
	for (size_t i = 0; i < in->count; i++) {
		struct span der = span_of(&in->items[i].der);

		if (in->items[i].kind == INSPECT_CRL)
			promise_told(path_pool_add_crl(pool, der, &e), &e);
		else if (in->items[i].kind == INSPECT_CERTIFICATE && *leaf == INSPECT_NONE)
			*leaf = i;
		if (i == last)
			promise_told(path_pool_add_root(pool, der, i, &e), &e);
		else if (in->items[i].kind == INSPECT_CERTIFICATE && i != *leaf)
			promise_told(path_pool_add_certificate(pool, der, i, &e), &e);
	}
	return pool;
}

static void follow(const struct inspection *in, enum path_level level)
{
	struct path_options o = {.time = FUZZ_NOW, .level = level, .purpose = PATH_SERVER};
	size_t leaf, link = 0;
	struct path_pool *pool = make_pool(in, &leaf);
	struct path path = {0};
	struct error e = {0};
	enum status s;

	if (leaf != INSPECT_NONE) {
		s = path_check(pool, span_of(&in->items[leaf].der), &o, &path, &e);
		promise_told(s, &e);
		promise((s == STATUS_OK) == (path.count > 0));
		promise(!path_is_good(&path) || path.links[path.count - 1].anchor);
		promise(path_is_good(&path) || !path.complete || path_first_error(&path, &link));
		promise(!path.count || path.complete || path_first_error(&path, &link));
		for (size_t i = 0; i < path.count; i++)
			promise_findings(&path.links[i].findings);
		path_free(&path);
	}
	path_pool_free(pool);
}

static void judge_as_file(const struct inspection *in, bool is_bundle, bool unordered)
{
	X509 **certificates = calloc(in->count + 1, sizeof(X509 *));
	struct path_file file = {.is_bundle = is_bundle,
				 .unordered = unordered,
				 .certificates = certificates,
				 .time = FUZZ_NOW};
	struct findings f = {0};
	struct error e = {0};

	promise(certificates);
	for (size_t i = 0; i < in->count; i++)
		if (in->items[i].kind == INSPECT_CERTIFICATE)
			certificates[file.count++] = in->items[i].certificate;
	promise(path_file_recognise(certificates, file.count) <= PATH_FILE_COLLECTION);
	promise_told(path_file_check(&file, &f, &e), &e);
	promise_findings(&f);
	findings_free(&f);
	free(certificates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inspection in = {0};
	struct span input = {data, size};
	struct error e = {0};
	enum status s = inspect_read(&in, input, 0, &e);

	promise_told(s, &e);
	promise((s == STATUS_OK) == (in.count > 0));
	lint(input, (struct span){0});
	for (size_t i = 0; i < in.count && in.count <= 8; i++)
		if (in.items[i].kind == INSPECT_CERTIFICATE)
			lint(span_of(&in.items[i].der), span_of(&in.items[in.count - 1].der));
	if (in.count && in.count <= 8) {
		follow(&in, PATH_STRICT);
		follow(&in, PATH_RFC5280);
		judge_as_file(&in, false, false);
		judge_as_file(&in, false, true);
		judge_as_file(&in, true, false);
	}
	inspection_free(&in);
	ERR_clear_error();
	return 0;
}
