#include <string.h>

#include "cmd/layout.h"
#include "cmd/token.h"

static const struct column columns[] = {{"LABEL", 24, CUT_END},
					{"SERIAL", 17, CUT_START},
					{"MODEL", 17, CUT_END},
					{"STATE", 0, CUT_END}};
#define COLUMNS (sizeof columns / sizeof columns[0])

static const char *state(const struct token_summary *t)
{
	if (t->blank)
		return "blank";
	if (t->pin_locked)
		return "PIN locked";
	if (t->pin_last_try)
		return "one PIN try left";
	if (t->pin_low)
		return "wrong PIN tried";
	if (t->login_required && !t->pin_set)
		return "no PIN set";
	return t->pin_pad ? "ready, PIN pad" : "ready";
}

void token_print_titles(void)
{
	layout_row(columns, COLUMNS, NULL);
}

void token_print_row(const struct token_summary *t)
{
	const char *cells[COLUMNS] = {t->label, t->serial, t->model, state(t)};

	layout_row(columns, COLUMNS, cells);
}

json_t *token_summary_json(const struct token_summary *t)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:I}", "label",
			 output_json_text(t->label), "serial", output_json_text(t->serial),
			 "manufacturer", output_json_text(t->manufacturer), "model",
			 output_json_text(t->model), "library", output_json_text(t->library),
			 "firmware", t->firmware, "state", state(t), "pin_min",
			 (json_int_t)t->pin_min, "pin_max", (json_int_t)t->pin_max);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void add_word(struct text *words, const char *word)
{
	text_printf(words, "%s%s", words->len ? ", " : "", word);
}

/* "sign, sensitive, …" in lower case, as pkcs11-tool says it. */
static void print_attributes(const struct token_key_report *k)
{
	struct text yes = {0};

	for (size_t i = 0; i < TOKEN_ATTRIBUTES; i++) {
		char word[32];
		size_t n = 0;

		for (const char *c = token_attribute_names[i]; *c && n + 1 < sizeof word; c++)
			word[n++] = *c == '_' ? ' ' : (char)(*c + ('a' - 'A'));
		word[n] = '\0';
		if (k->attributes[i] == TOKEN_YES)
			add_word(&yes, word);
	}
	layout_field("  may and is", yes.len ? text_get(&yes) : "nothing");
	text_free(&yes);
}

static void print_key(const struct token_key_report *k, bool tried)
{
	printf("\n");
	layout_field("Key", k->label[0] ? k->label : "(no label)");
	layout_field("  type", k->type);
	layout_field("  CKA_ID", k->id[0] ? k->id : "none");
	print_attributes(k);
	layout_field("  public half", k->has_public ? "on the token" : "not on the token");
	layout_field("  attestation",
		     k->attested ? "the token shows its maker's" : "the token shows none");
	if (tried)
		layout_field("  signature", k->signed_trial ? "made, and verified in software"
							    : "none that verifies");
	if (k->is_expected)
		layout_field("  belongs to", "the CA's certificate");
}

void token_print_report(const struct output *o, const struct token_report *r, bool findings)
{
	struct text can = {0};

	layout_field("Token", r->token.label);
	layout_field("serial", r->token.serial);
	layout_field("made by", r->token.manufacturer);
	layout_field("model", r->token.model);
	layout_field("firmware", r->token.firmware);
	layout_field("module", r->token.library);
	layout_field("state", state(&r->token));
	for (size_t i = 0; i < TOKEN_MECHANISMS; i++)
		if (r->mechanisms[i].available)
			add_word(&can, r->mechanisms[i].name);
	layout_field("can", can.len ? text_get(&can) : "nothing that a CA needs");
	text_free(&can);
	for (size_t i = 0; i < r->key_count; i++)
		print_key(&r->keys[i], findings);
	if (!r->key_count)
		printf("\nNo private key that the URI describes.\n");
	if (!findings)
		return;
	printf("\n");
	if (r->findings.count)
		output_findings(o, stdout, &r->findings);
	else
		printf("Nothing is wrong with it.\n");
}

static json_t *key_json(const struct token_key_report *k)
{
	json_t *attributes = json_object();
	json_t *key = json_pack("{s:o, s:s, s:s, s:b, s:b, s:b, s:b}", "label",
				output_json_text(k->label), "id", k->id, "type", k->type,
				"has_public", k->has_public, "signed_trial", k->signed_trial,
				"is_ca_key", k->is_expected, "attested", k->attested);

	for (size_t i = 0; i < TOKEN_ATTRIBUTES && attributes; i++) {
		enum token_answer a = k->attributes[i];

		json_object_set_new(attributes, token_attribute_names[i],
				    a == TOKEN_UNSAID ? json_null() : json_boolean(a == TOKEN_YES));
	}
	if (key && attributes)
		json_object_set_new(key, "attributes", attributes);
	else
		json_decref(attributes);
	return key;
}

json_t *token_report_json(const struct token_report *r, bool findings)
{
	json_t *mechanisms = json_array(), *keys = json_array();

	for (size_t i = 0; i < TOKEN_MECHANISMS; i++)
		if (r->mechanisms[i].available)
			json_array_append_new(mechanisms,
					      json_pack("{s:s, s:I, s:I}", "name",
							r->mechanisms[i].name, "min",
							(json_int_t)r->mechanisms[i].min, "max",
							(json_int_t)r->mechanisms[i].max));
	for (size_t i = 0; i < r->key_count; i++)
		json_array_append_new(keys, key_json(&r->keys[i]));
	return json_pack("{s:o, s:o, s:o, s:o*}", "token", token_summary_json(&r->token),
			 "mechanisms", mechanisms, "keys", keys, "findings",
			 findings ? output_findings_json(&r->findings) : NULL);
}
