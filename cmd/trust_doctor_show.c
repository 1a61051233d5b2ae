#include <string.h>

#include "cmd/layout.h"
#include "cmd/trust_doctor.h"

#define SENTENCE_MAX 240

/* --- the document ----------------------------------------------------------------------------- */

static json_t *words_json(const struct words *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->count; i++)
		(void)!json_array_append_new(list, output_json_text(w->list[i]));
	return list;
}

static json_t *setting_json(const struct setting_found *item, const struct anchor_store *store)
{
	static const char *const sources[] = {"", "variable", "line", "answer", "place"};
	static const char *const slots[] = {"file", "folder", "added", "off"};
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "setting", item->setting->name,
			      "source", sources[item->setting->source], "slot",
			      slots[item->setting->slot], "counts", item->counts, "file",
			      output_json_text(item->file ? item->file : ""), "value",
			      output_json_text(item->value ? item->value : ""));

	if (!o || !store)
		return o;
	json_object_set_new(o, "kind", json_string(anchor_kind_name(store->kind)));
	json_object_set_new(o, "state", json_string(anchor_state_name(store->state)));
	json_object_set_new(o, "problem", output_json_text(store->problem));
	json_object_set_new(o, "certificates", json_integer((json_int_t)store->count));
	json_object_set_new(o, "has_root", json_boolean(store->has_root));
	json_object_set_new(o, "holds_below", output_json_text(store->below ? store->below : ""));
	return o;
}

static json_t *settings_json(const struct doctor_report *r, const struct doctor_row *row)
{
	json_t *list = json_array();

	for (size_t i = 0; i < row->settings.count; i++) {
		const struct setting_found *item = &row->settings.items[i];

		(void)!json_array_append_new(list, setting_json(item, doctor_store(r, row, item)));
	}
	return list;
}

static json_t *runs_json(const struct doctor_row *row)
{
	static const char *const cases[] = {"inspected", "stranger"};
	const struct client_run *const runs[] = {&row->inspected, &row->stranger};
	json_t *list = json_array();

	for (size_t i = 0; i < 2; i++)
		if (runs[i]->outcome != OUTCOME_NONE)
			(void)!json_array_append_new(
				list, json_pack("{s:s, s:s, s:s, s:o}", "case", cases[i],
						"expected", client_expected_name(runs[i]->expected),
						"outcome", client_outcome_name(runs[i]->outcome),
						"reason", output_json_text(runs[i]->reason)));
	return list;
}

static const char *label(const struct doctor_row *row)
{
	return row->client ? row->client->label : row->tool->id;
}

static enum status show_json(struct output *o, const struct doctor_report *r, const char *root,
			     const char *hash, struct error *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->count; i++) {
		const struct doctor_row *row = &r->rows[i];

		(void)!json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "tool",
				  row->tool->id, "client", label(row), "state",
				  client_state_name(row->found.state), "version",
				  row->found.version, "verdict", doctor_verdict_name(row->verdict),
				  "effect",
				  row->tool->effect == TOOL_REPLACES ? "replaces" : "adds",
				  "settings", settings_json(r, row), "runs", runs_json(row), "why",
				  words_json(&row->why), "mend", words_json(&row->mend)));
	}
	return output_json(o, "trust",
			   json_pack("{s:o, s:s, s:b, s:b, s:o, s:o}", "root",
				     output_json_text(root), "sha256", hash, "tried", r->tried,
				     "ready",
				     r->counts[DOCTOR_BREAKS] + r->counts[DOCTOR_OPEN] +
						     r->counts[DOCTOR_UNCLEAR] ==
					     0,
				     "before", words_json(&r->before), "tools", list),
			   e);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct column columns[] = {
	{"TOOL", 23, CUT_END},
	{"VERSION", 9, CUT_END},
	{"TRUST COMES FROM", 29, CUT_START},
	{"", 0, CUT_END},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static void print_row(const struct output *o, const struct doctor_row *row)
{
	static const char *const words[] = {
		"", "good", "warning", "BREAKS", "VERIFIES NOTHING", "UNCLEAR"};
	static const enum colour colours[] = {COLOUR_NONE, COLOUR_GREEN, COLOUR_YELLOW,
					      COLOUR_RED,  COLOUR_RED,	 COLOUR_RED};
	const struct setting_found *chief = doctor_chief(row);
	struct text where = {0};

	if (chief)
		doctor_where(chief, &where);
	fputs(colour_code(o->colour, colours[row->verdict]), stdout);
	layout_row(columns, COLUMNS,
		   (const char *const[]){label(row), row->client ? row->found.version : "-",
					 text_get(&where), words[row->verdict]});
	fputs(colour_code(o->colour, COLOUR_NONE), stdout);
	text_free(&where);
}

/* A client may say a lot: all of it is in the document. */
static void print_sentence(const char *sentence)
{
	struct text line = {0};
	size_t len = strlen(sentence);

	text_add(&line, "  - ");
	text_add_escaped(&line, (struct span){(const unsigned char *)sentence,
					      len < SENTENCE_MAX ? len : SENTENCE_MAX});
	text_add(&line, len < SENTENCE_MAX ? "" : " …");
	layout_wrap(stdout, 0, 4, text_get(&line));
	text_free(&line);
}

/* A line for a shell is not wrapped: it is to be copied. */
static void print_lines(const struct words *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct text shown = {0};

		text_add_escaped(&shown, span_text(lines->list[i]));
		printf("    %s\n", text_get(&shown));
		text_free(&shown);
	}
}

static void print_why(const struct doctor_row *row)
{
	if (row->verdict <= DOCTOR_GOOD)
		return;
	printf("\n%s\n", label(row));
	for (size_t i = 0; i < row->why.count; i++)
		print_sentence(row->why.list[i]);
}

static bool same_lines(const struct words *a, const struct words *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = strcmp(a->list[i], b->list[i]) == 0;
	return same;
}

/* Tools that the same lines mend, together; nothing where one before has told it. */
static void print_mend(const struct doctor_report *r, size_t at)
{
	const struct words *mend = &r->rows[at].mend;
	struct text tools = {0};

	if (!mend->count)
		return;
	for (size_t i = 0; i < at; i++)
		if (same_lines(&r->rows[i].mend, mend))
			return;
	for (size_t i = at; i < r->count; i++)
		if (same_lines(&r->rows[i].mend, mend))
			text_printf(&tools, "%s%s", tools.len ? ", " : "", label(&r->rows[i]));
	text_add(&tools, ":");
	fputs("  ", stdout);
	layout_wrap(stdout, 2, 2, text_get(&tools));
	print_lines(mend);
	text_free(&tools);
}

static void print_mends(const struct doctor_report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->count; i++)
		any = any || r->rows[i].mend.count;
	if (any)
		puts("\nLines that mend");
	if (r->before.count) {
		puts("  files that the others name, first:");
		print_lines(&r->before);
	}
	for (size_t i = 0; i < r->count; i++)
		print_mend(r, i);
}

static void print_absent(const struct doctor_report *r)
{
	struct text line = {0};

	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].verdict == DOCTOR_ABSENT)
			text_printf(&line, "%s%s",
				    line.len ? ", " : "Not on this machine: ", label(&r->rows[i]));
	if (line.len) {
		putchar('\n');
		layout_wrap(stdout, 0, 2, text_get(&line));
	}
	text_free(&line);
}

static enum status show_text(const struct output *o, const struct doctor_report *r,
			     const char *root, const char *hash, struct error *e)
{
	if (!o->quiet) {
		layout_field("Root", root);
		layout_field("SHA-256", hash);
		layout_field("Tried", r->tried ? "each tool with its settings as they are, on "
						 "loopback; nothing was changed"
					       : "nothing: files and settings were looked at");
		putchar('\n');
		layout_row(columns, COLUMNS, NULL);
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].verdict != DOCTOR_ABSENT &&
		    (!o->quiet || r->rows[i].verdict != DOCTOR_GOOD))
			print_row(o, &r->rows[i]);
	for (size_t i = 0; i < r->count; i++)
		print_why(&r->rows[i]);
	print_mends(r);
	if (!o->quiet)
		print_absent(r);
	return output_check(e);
}

enum status trust_doctor_show(struct output *o, const struct doctor_report *r, const char *root,
			      struct span sha256, struct error *e)
{
	char hash[2 * SHA256_SIZE + 1];

	hex_encode(sha256, hash);
	return o->json ? show_json(o, r, root, hash, e) : show_text(o, r, root, hash, e);
}
