#include "ca/issue_batch_item.h"

#include <stdlib.h>
#include <string.h>

#include "ca/pem.h"

void batch_request_free(struct batch_request *r)
{
	free(r->origin);
	free(r->file);
	bytes_free(&r->der);
	free(r->certificate);
	free(r->chain);
	*r = (struct batch_request){0};
}

const char *batch_outcome_name(enum batch_outcome o)
{
	static const char *const names[] = {"fit", "issued", "written", "present", "refused"};

	return names[o];
}

bool batch_item_failed(const struct batch_item *item)
{
	return item->error.status != STATUS_OK;
}

struct span batch_item_serial(const struct batch_item *item)
{
	if (item->earlier.again_serial_len)
		return (struct span){item->earlier.again_serial, item->earlier.again_serial_len};
	return item->draft && item->draft->plan ? issue_draft_serial(item->draft)
						: (struct span){0};
}

/* --- reading and judging ---------------------------------------------------------------------- */

static enum status read_request(struct batch_item *item, struct error *e)
{
	struct batch_request *r = &item->request;
	enum status s = STATUS_OK;

	if (r->file)
		s = file_read(r->file, CSR_INPUT_MAX, &r->der, e);
	if (s == STATUS_OK)
		s = csr_request_judge(span_of(&r->der), r->origin, &item->csr, &item->findings, e);
	bytes_free(&r->der);
	return s;
}

static enum status prepare(const struct issue_batch *b, struct batch_item *item, struct error *e)
{
	enum status s = read_request(item, e);

	if (s != STATUS_OK)
		return s;
	item->order.request = item->csr;
	item->key = csr_request_key(item->csr);
	if (EVP_PKEY_up_ref(item->key) != 1) {
		item->key = NULL;
		return error_memory(e);
	}
	item->occupied = file_exists(item->request.certificate) || file_exists(item->request.chain);
	s = draft_judge(&item->order, &item->draft, &item->findings, e);
	/* With a counted serial that comes later, in the store's thread. */
	if (s == STATUS_OK && b->order->first_serial.len == 0) {
		s = draft_draw_serial(item->draft, e);
		if (s == STATUS_OK)
			s = draft_plan(&item->order, item->draft, &item->findings, e);
	}
	item->earlier = (struct earlier){
		.order = &item->order,
		.draft = item->draft,
		.findings = &item->findings,
		.again = &item->certificate,
	};
	return s;
}

void batch_item_prepare(const struct issue_batch *b, struct batch_item *item)
{
	struct error e = {0};

	if (item->request.refusal.status != STATUS_OK)
		item->error = item->request.refusal;
	else if (prepare(b, item, &e) != STATUS_OK)
		item->error = e;
}

/* --- signing ---------------------------------------------------------------------------------- */

void batch_item_sign(const struct issue_batch *b, struct batch_item *item)
{
	struct error e = {0};

	if (!item->reserved)
		return;
	if (draft_sign(&item->order, item->draft, b->signer, &item->certificate, &e) != STATUS_OK)
		item->error = e;
}

/* The subject and the serial are told later: the draft stays, without what it was made from. */
void batch_item_lighten(struct batch_item *item)
{
	csr_request_free(item->csr);
	item->csr = NULL;
	item->order.request = NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool holds(const char *path, const struct text *content)
{
	struct bytes found = {0};
	struct error ignored;
	bool same = file_read(path, content->len + 1, &found, &ignored) == STATUS_OK &&
		    span_equal(span_of(&found), span_text(text_get(content)));

	bytes_free(&found);
	return same;
}

/* *there: the file is at its place already, with these very bytes. */
static enum status stage(const struct issue_batch *b, const struct batch_item *item,
			 const char *path, const struct text *content, struct file_staged *out,
			 bool *there, struct error *e)
{
	*there = item->occupied && holds(path, content);
	if (*there || !b->signer)
		return STATUS_OK;
	if (item->occupied && b->existing == FILE_KEEP && file_expect_absent(path, e) != STATUS_OK)
		return error_status(e);
	return file_stage(path, span_text(text_get(content)), 0644, out, e);
}

static enum status write_both(const struct issue_batch *b, const struct text *above,
			      struct batch_item *item, struct error *e)
{
	bool again = item->earlier.again_serial_len, certificate = false, chain = false;
	struct text pem = {0};
	enum status s = pem_add_certificate(&pem, span_of(&item->certificate), e);

	if (s == STATUS_OK)
		s = stage(b, item, item->request.certificate, &pem, &item->files[0], &certificate,
			  e);
	text_add(&pem, text_get(above));
	if (s == STATUS_OK)
		s = text_check(&pem, e);
	if (s == STATUS_OK)
		s = stage(b, item, item->request.chain, &pem, &item->files[1], &chain, e);
	item->outcome = !again		       ? BATCH_ISSUED
			: certificate && chain ? BATCH_PRESENT
					       : BATCH_WRITTEN;
	text_free(&pem);
	return s;
}

/* The certificate is in the store all the same: it is told where. */
static void tell_shown(struct batch_item *item)
{
	char serial[2 * SERIAL_MAX + 1];

	hex_encode(batch_item_serial(item), serial);
	snprintf(
		item->error.todo, sizeof item->error.todo,
		"the certificate is issued and in the store: 'subca show %s --pem -o FILE' writes it",
		serial);
}

void batch_item_write(const struct issue_batch *b, const struct text *above,
		      struct batch_item *item)
{
	struct error e = {0};

	if (batch_item_failed(item) || item->certificate.len == 0)
		return;
	if (write_both(b, above, item, &e) == STATUS_OK)
		return;
	item->error = e;
	tell_shown(item);
}

void batch_item_publish(const struct issue_batch *b, struct batch_item *item)
{
	struct error e = {0};

	for (size_t i = 0; i < 2 && !batch_item_failed(item); i++) {
		if (item->files[i].temporary &&
		    file_stage_place(&item->files[i], b->existing, &e) != STATUS_OK) {
			item->error = e;
			tell_shown(item);
		}
	}
}

void batch_item_free(struct batch_item *item)
{
	file_stage_free(&item->files[0]);
	file_stage_free(&item->files[1]);
	bytes_free(&item->certificate);
	findings_free(&item->findings);
	EVP_PKEY_free(item->key);
	issue_draft_free(item->draft);
	csr_request_free(item->csr);
	batch_request_free(&item->request);
	*item = (struct batch_item){0};
}
