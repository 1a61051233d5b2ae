#include "cmd/sign_many.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "ca/name.h"
#include "cmd/layout.h"
#include "hsm/keyfile.h"

#define ROWS_SHOWN 20
#define REFUSALS_SHOWN 50
#define FINDINGS_SHOWN 20
#define PROGRESS_MILLISECONDS 200
#define BAR 24

/* --- what was reviewed ------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hash_start));
}

enum status reviewed_add(struct reviewed *r, const unsigned char *sha256, struct error *e)
{
	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : 256;
		struct hash_start *items = reallocarray(r->items, room, sizeof *items);

		if (!items)
			return error_memory(e);
		r->items = items;
		r->room = room;
	}
	memcpy(r->items[r->count++].octets, sha256, sizeof(struct hash_start));
	return STATUS_OK;
}

bool reviewed_has(struct reviewed *r, const unsigned char *sha256)
{
	if (!r->sorted && r->count)
		qsort(r->items, r->count, sizeof *r->items, compare);
	r->sorted = true;
	return r->count && bsearch(sha256, r->items, r->count, sizeof *r->items, compare);
}

/* --- the progress ----------------------------------------------------------------------------- */

void many_clear_progress(const struct many *m)
{
	if (m->progress)
		fputs("\r\033[K", stderr);
}

void many_show_progress(struct many *m)
{
	struct timespec now;
	int64_t passed;
	size_t of = m->files > m->counts.all ? m->files : m->counts.all;
	int filled = of ? (int)(BAR * m->counts.all / of) : 0;

	if (!m->progress || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	passed = (int64_t)(now.tv_sec - m->shown.tv_sec) * 1000 +
		 (now.tv_nsec - m->shown.tv_nsec) / 1000000;
	if (passed < PROGRESS_MILLISECONDS)
		return;
	m->shown = now;
	fprintf(stderr, "\r\033[K%s [%.*s%*s] %zu of %zu", m->judging ? "Reading" : "Signing",
		filled, "########################", BAR - filled, "", m->counts.all, of);
	if (m->counts.by[BATCH_REFUSED])
		fprintf(stderr, ", %zu refused", m->counts.by[BATCH_REFUSED]);
}

/* --- one result ------------------------------------------------------------------------------- */

static const struct column columns[] = {
	{"REQUEST", 24, CUT_START},
	{"SUBJECT", 33, CUT_END},
	{"KEY", 9, CUT_END},
	{"VALID UNTIL", 0, CUT_END},
};

static void name_key(const struct batch_result *r, char *out, size_t size)
{
	out[0] = '\0';
	if (r->key)
		key_type_name(r->key, out, size);
}

static void print_row(struct many *m, const struct batch_result *r)
{
	char until[DATETIME_SIZE] = "issued before";
	char key[64];
	const char *cells[] = {r->request->origin, r->subject, key, until};

	name_key(r, key, sizeof key);

	if (m->counts.all == 1)
		layout_row_to(m->to, columns, 4, NULL);
	if (r->not_after) {
		datetime_format(r->not_after, until);
		until[strlen("2031-11-22")] = '\0';
	}
	layout_row_to(m->to, columns, 4, cells);
}

static void print_refusal(struct many *m, const struct batch_result *r)
{
	struct output plain = m->in->output;
	struct error e = *r->error;
	char part[sizeof e.where];

	if (strncmp(e.where, r->request->origin, strlen(r->request->origin)) != 0 &&
	    *e.where != '/') {
		snprintf(part, sizeof part, "%s", e.where);
		snprintf(e.where, sizeof e.where, "%.160s%s%.80s", r->request->origin,
			 *part ? ": " : "", part);
	}
	plain.json = false;
	output_error(&plain, &e);
}

/* What a person decides by: all that is above notice. */
static void print_findings(struct many *m, const struct batch_result *r)
{
	for (size_t i = 0; i < r->findings->count; i++) {
		const struct finding *f = &r->findings->items[i];

		if (f->severity < SEVERITY_WARNING)
			continue;
		if (m->findings++ < FINDINGS_SHOWN) {
			struct text line = {0};

			text_printf(&line, "%s: %s: ", severity_name(f->severity),
				    r->request->origin);
			text_add_escaped(&line, span_text(f->where));
			text_add(&line, " ");
			text_add_escaped(&line, span_text(f->message));
			text_printf(&line, " [%s]", f->rule->id);
			layout_wrap(m->to, 0, 2, text_get(&line));
			text_free(&line);
		}
	}
}

void many_tell_review(struct many *m, const struct batch_result *r)
{
	size_t refused = m->counts.by[BATCH_REFUSED];

	if (m->in->output.json || (m->in->output.quiet && !m->asked))
		return;
	many_clear_progress(m);
	if (r->outcome == BATCH_REFUSED && refused <= REFUSALS_SHOWN)
		print_refusal(m, r);
	if (r->outcome != BATCH_REFUSED && m->counts.all - refused <= ROWS_SHOWN)
		print_row(m, r);
	if (r->outcome != BATCH_REFUSED)
		print_findings(m, r);
}

/* A refusal that the review told already is not told twice. */
void many_tell_run(struct many *m, const struct batch_result *r)
{
	bool told = m->asked &&
		    (!r->request_sha256 || reviewed_has(&m->refused, r->request_sha256));

	if (r->error->status == STATUS_OK || told)
		return;
	many_clear_progress(m);
	print_refusal(m, r);
}

json_t *many_result_json(const struct batch_result *r)
{
	char serial[2 * SERIAL_MAX + 1], until[DATETIME_SIZE];
	bool written = r->outcome != BATCH_FIT && r->outcome != BATCH_REFUSED;
	char key[64];
	json_t *o;
	int failed;

	name_key(r, key, sizeof key);
	o = json_pack("{s:o, s:s, s:o, s:s, s:o}", "request", output_json_text(r->request->origin),
		      "outcome", batch_outcome_name(r->outcome), "subject",
		      output_json_text(r->subject), "key", key, "findings",
		      output_findings_json(r->findings));
	failed = !o;

	if (r->serial.len && !failed) {
		hex_encode(r->serial, serial);
		failed |= json_object_set_new(o, "serial", json_string(serial));
	}
	if (r->not_after && !failed) {
		datetime_format(r->not_after, until);
		failed |= json_object_set_new(o, "not_after", json_string(until));
	}
	if (written && !failed) {
		failed |= json_object_set_new(o, "certificate",
					      output_json_text(r->request->certificate));
		failed |= json_object_set_new(o, "chain", output_json_text(r->request->chain));
	}
	if (r->error->status != STATUS_OK && !failed)
		failed |= json_object_set_new(o, "error", output_error_json(r->error));
	if (failed) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* --- before the question, and at the end ------------------------------------------------------ */

size_t many_to_sign(const struct many *m)
{
	return m->counts.all - m->counts.by[BATCH_REFUSED];
}

static void print_field(const struct many *m, const char *name, const char *value)
{
	struct text shown = {0};

	text_add_escaped(&shown, span_text(value));
	fprintf(m->to, "  %-14s", name);
	layout_wrap(m->to, 16, 16, text_get(&shown));
	text_free(&shown);
}

void many_print_heading(const struct many *m)
{
	const X509 *issuer = m->common.order.issuer;
	struct text line = {0};
	char key[64] = "";

	if (m->in->output.json || (m->in->output.quiet && !m->asked))
		return;
	key_type_name(X509_get0_pubkey(issuer), key, sizeof key);
	name_show(X509_get_subject_name(issuer), &line);
	fprintf(m->to, "\nWhat will be signed\n");
	print_field(m, "Signed by", text_get(&line));
	print_field(m, "with", key);
	text_free(&line);
	text_printf(&line, "%s: %s", m->common.profile->name, m->common.profile->description);
	print_field(m, "Profile", text_get(&line));
	print_field(m, "Into", m->into);
	text_free(&line);
	fputc('\n', m->to);
}

void many_print_rest(const struct many *m)
{
	const struct counts *c = &m->counts;

	if (m->in->output.json || (m->in->output.quiet && !m->asked))
		return;
	if (many_to_sign(m) > ROWS_SHOWN)
		fprintf(m->to, "and %zu more\n", many_to_sign(m) - ROWS_SHOWN);
	if (m->findings > FINDINGS_SHOWN)
		fprintf(m->to, "and %zu more findings\n", m->findings - FINDINGS_SHOWN);
	if (c->by[BATCH_REFUSED] > REFUSALS_SHOWN)
		fprintf(m->to, "and %zu more refusals\n", c->by[BATCH_REFUSED] - REFUSALS_SHOWN);
	fprintf(m->to, "\n%zu requests: %zu to sign, %zu issued before, %zu refused\n", c->all,
		c->by[BATCH_FIT], c->by[BATCH_WRITTEN] + c->by[BATCH_PRESENT],
		c->by[BATCH_REFUSED]);
}

void many_print_done(const struct many *m)
{
	const struct counts *c = &m->counts;

	if (m->in->output.json || m->in->output.quiet)
		return;
	printf("Issued %zu of %zu requests into %s\n", c->by[BATCH_ISSUED], c->all, m->into);
	if (c->by[BATCH_WRITTEN])
		printf("  %zu were issued before and are written again\n", c->by[BATCH_WRITTEN]);
	if (c->by[BATCH_PRESENT])
		printf("  %zu were issued before and are there\n", c->by[BATCH_PRESENT]);
	if (c->by[BATCH_REFUSED])
		printf("  %zu were refused\n", c->by[BATCH_REFUSED]);
}
