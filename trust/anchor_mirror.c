/* Copies of trust stores in which another root stands in the root's place. */
#include "trust/anchor_reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/der.h"
#include "base/file.h"
#include "ca/pem.h"
#include "trust/bundle.h"
#include "trust/pem_block.h"

/* The text with each block that is the root replaced; *any: there was one. */
static enum status swap_text(struct span text, const X509 *root, struct span other,
			     struct text *out, bool *any, struct error *e)
{
	struct pem_block block;
	size_t at = 0, done = 0;
	enum status s = STATUS_OK;

	while (s == STATUS_OK && pem_block_next(text, &at, &block)) {
		size_t begin = (size_t)(block.text.data - text.data);

		if (block.certificate && anchor_same(block.certificate, root)) {
			text_append(out, (const char *)text.data + done, begin - done);
			s = pem_add_certificate(out, other, e);
			/* The line end is there already. */
			done = at + (at < text.len && text.data[at] == '\n');
			*any = true;
		}
		X509_free(block.certificate);
	}
	text_append(out, (const char *)text.data + done, text.len - done);
	return s == STATUS_OK ? text_check(out, e) : s;
}

static enum status mirror_file(const struct anchor_search *search, struct span input,
			       struct span other, const char *to, bool *any, struct error *e)
{
	const unsigned char *at = input.data;
	bool der = input.len && *input.data == 0x30;
	X509 *x = der ? d2i_X509(NULL, &at, (long)input.len) : NULL;
	struct text text = {0};
	enum status s = STATUS_OK;

	*any = x && anchor_same(x, search->root);
	X509_free(x);
	if (der)
		return *any ? file_publish(to, other, 0644, FILE_KEEP, e) : STATUS_OK;
	s = swap_text(input, search->root, other, &text, any, e);
	if (s == STATUS_OK && *any)
		s = file_publish(to, span_text(text_get(&text)), 0644, FILE_KEEP, e);
	text_free(&text);
	return s;
}

/* --- the kinds that have programs ------------------------------------------------------------- */

static enum status copy_file(const char *from, const char *to, struct error *e)
{
	struct bytes content = {0};
	enum status s = file_read(from, BUNDLE_INPUT_MAX, &content, e);

	if (s == STATUS_OK)
		s = file_publish(to, span_of(&content), 0600, FILE_KEEP, e);
	bytes_free(&content);
	return s;
}

static enum status copy_into(void *context, const char *path, struct error *e)
{
	char *to = path_join(context, path_name(path));
	enum status s = to ? copy_file(path, to, e) : error_memory(e);

	free(to);
	return s;
}

static enum status swap(const struct anchor_search *search, const struct anchor_store *s,
			struct span other, const char *to, struct error *e)
{
	struct text pem = {0};
	char *file = NULL;
	enum status status;

	if (asprintf(&file, "%s.root", to) < 0)
		return error_memory(e);
	status = pem_add_certificate(&pem, other, e);
	if (status == STATUS_OK)
		status = file_publish(file, span_text(text_get(&pem)), 0644, FILE_KEEP, e);
	if (status == STATUS_OK)
		status = s->kind == ANCHORS_JAVA ? anchor_swap_java(search, s, to, file, e)
						 : anchor_swap_nss(search, s, to, file, e);
	text_free(&pem);
	free(file);
	return status;
}

static enum status mirror(const struct anchor_search *search, const struct anchor_store *s,
			  struct span other, char *to, bool *any, struct error *e)
{
	struct bytes input = {0};
	enum status status;

	*any = s->kind != ANCHORS_FILE;
	if (s->kind == ANCHORS_FILE) {
		status = file_read(s->path, BUNDLE_INPUT_MAX, &input, e);
		if (status == STATUS_OK)
			status = mirror_file(search, span_of(&input), other, to, any, e);
		bytes_free(&input);
		return status;
	}
	if (s->kind == ANCHORS_JAVA) {
		status = copy_file(s->path, to, e);
	} else {
		status = folder_make(to, 0700, e);
		if (status == STATUS_OK)
			status = anchor_folder_each(s->path, copy_into, to, e);
	}
	return status == STATUS_OK ? swap(search, s, other, to, e) : status;
}

enum status anchor_store_mirror(const struct anchor_search *search, const struct anchor_store *s,
				X509 *other, const char *name, char **out, struct error *e)
{
	char *to = path_join(search->folder, name);
	struct bytes der = {0};
	bool any = false;
	enum status status = to ? der_encode(other, (i2d_of_void *)i2d_X509, &der, e)
				: error_memory(e);

	*out = NULL;
	if (status == STATUS_OK)
		status = mirror(search, s, span_of(&der), to, &any, e);
	bytes_free(&der);
	if (status == STATUS_OK && any)
		*out = to;
	else
		free(to);
	return status;
}
