/* subca inspect: what files hold, in words. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/exit.h"
#include "cmd/inspect_json.h"
#include "cmd/layout.h"

#define FILES_MAX 256

struct inspecting {
	struct invocation *in;
	const char *const *files;
	size_t count;
	struct inspection found;
	struct error errors[FILES_MAX]; /* by file; STATUS_OK where it was read */
	struct error worst;
	size_t worst_file; /* r->count where it is about findings */
	int64_t now;
};

/* --- words ------------------------------------------------------------------------------------ */

static size_t count_kind(const struct inspecting *r, size_t file, enum inspect_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < r->found.count; i++)
		count += r->found.items[i].file == file && r->found.items[i].kind == kind;
	return count;
}

/* Each is signed by the next, and the last by itself or by none of them. */
static bool is_chain(const struct inspection *in, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		size_t signer = in->items[i].signer;

		if (in->items[i].kind != INSPECT_CERTIFICATE ||
		    (i + 1 < first + count && signer != i + 1))
			return false;
	}
	return true;
}

static void summarise(const struct inspecting *r, size_t file, struct text *out)
{
	const char *separator = "";
	size_t first = 0, all = 0;

	while (first < r->found.count && r->found.items[first].file != file)
		first++;
	for (int kind = INSPECT_REQUEST; kind <= INSPECT_CRL; kind++) {
		size_t count = count_kind(r, file, (enum inspect_kind)kind);

		if (count)
			text_printf(out, "%s%zu %s%s", separator, count,
				    inspect_kind_name((enum inspect_kind)kind),
				    count == 1 ? "" : "s");
		separator = count ? ", " : separator;
		all += count;
	}
	if (all && r->found.items[first].in_p7b)
		text_add(out, " in a p7b");
	if (all > 1)
		text_add(out, is_chain(&r->found, first, all) ? ": a chain, each signed by the next"
							      : ": a bundle");
}

static void print_types(const char *label, const json_t *parts)
{
	struct text line = {0};
	json_int_t before = -1;
	json_t *part;
	size_t i;

	json_array_foreach((json_t *)parts, i, part)
	{
		json_int_t rdn = json_integer_value(json_object_get(part, "rdn"));

		text_printf(&line, "%s%s %s",
			    i == 0	    ? ""
			    : rdn == before ? " + "
					    : ", ",
			    json_string_value(json_object_get(part, "type")),
			    json_string_value(json_object_get(part, "string")));
		before = rdn;
	}
	if (i)
		layout_field(label, text_get(&line));
	text_free(&line);
}

static void print_extensions(const char *label, const json_t *list)
{
	json_t *one;
	size_t i;

	printf("%s:%s\n", label, json_array_size(list) ? "" : "     none");
	json_array_foreach((json_t *)list, i, one)
	{
		struct text line = {0};

		text_add_escaped(&line, span_text(json_string_value(json_object_get(one, "name"))));
		text_printf(&line, "%s: ",
			    json_is_true(json_object_get(one, "critical")) ? " (critical)" : "");
		text_add_escaped(&line,
				 span_text(json_string_value(json_object_get(one, "value"))));
		fputs("  ", stdout);
		layout_wrap(stdout, 2, 4, text_get(&line));
		text_free(&line);
	}
}

static void print_version(const char *label, const json_t *value)
{
	char version[32];

	snprintf(version, sizeof version, "v%lld", (long long)json_integer_value(value) + 1);
	layout_field(label, version);
}

static void print_signer(const char *label, const json_t *signer)
{
	struct text line = {0};

	if (json_is_true(json_object_get(signer, "self")))
		text_add(&line, "itself");
	else if (json_is_object(signer))
		text_printf(&line, "%s (%s, number %lld)",
			    json_string_value(json_object_get(signer, "subject")),
			    json_string_value(json_object_get(signer, "file")),
			    (long long)json_integer_value(json_object_get(signer, "number")));
	else
		text_add(&line, "none of the certificates given");
	layout_field(label, text_get(&line));
	text_free(&line);
}

static void print_maker(const char *label, const json_t *maker)
{
	struct text line = {0};

	if (json_is_object(maker))
		text_printf(&line, "%s, %s: %s", json_string_value(json_object_get(maker, "name")),
			    json_string_value(json_object_get(maker, "sure")),
			    json_string_value(json_object_get(maker, "why")));
	else
		text_add(&line, "its shape shows nobody");
	layout_field(label, text_get(&line));
	text_free(&line);
}

static void print_plain(const char *label, const json_t *value)
{
	char number[32];

	if (json_is_integer(value)) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		layout_field(label, number);
	} else if (json_is_boolean(value)) {
		layout_field(label, json_is_true(value) ? "yes" : "no");
	} else if (json_string_length(value)) {
		layout_field(label, json_string_value(value));
	}
}

static void print_password(const char *label, const json_t *value)
{
	if (json_is_true(value))
		layout_field(label, "there; a secret, so it is not shown");
}

static void print_form(const char *label, const json_t *value)
{
	if (json_is_true(value))
		layout_field(label, "the extensions are asked for in Microsoft's attribute");
}

/* In the order in which they are printed. */
static const struct {
	const char *key, *label;
	void (*print)(const char *label, const json_t *value);
} fields[] = {
	{"subject", "subject", print_plain},
	{"subject_parts", "  types", print_types},
	{"issuer", "issuer", print_plain},
	{"issuer_parts", "  types", print_types},
	{"serial", "serial", print_plain},
	{"version", "version", print_version},
	{"crl_number", "CRL number", print_plain},
	{"not_before", "notBefore", print_plain},
	{"not_after", "notAfter", print_plain},
	{"this_update", "thisUpdate", print_plain},
	{"next_update", "nextUpdate", print_plain},
	{"days_left", "days left", print_plain},
	{"revoked", "revoked", print_plain},
	{"key", "key", print_plain},
	{"signature", "signature", print_plain},
	{"possession_proved", "holds its key", print_plain},
	{"ca", "is a CA", print_plain},
	{"subject_key_id", "SKI", print_plain},
	{"authority_key_id", "AKI", print_plain},
	{"sha256", "SHA-256", print_plain},
	{"extensions", "extensions", print_extensions},
	{"microsoft_extensions", "form", print_form},
	{"template_name", "template", print_plain},
	{"windows_version", "Windows", print_plain},
	{"challenge_password", "password", print_password},
	{"other_attributes", "attributes", print_plain},
	{"maker", "made by", print_maker},
	{"signed_by", "signed by", print_signer},
};

static enum status print_object(const struct inspecting *r, size_t at, struct error *e)
{
	const struct inspect_object *o = &r->found.items[at];
	json_t *object = inspect_object_json(&r->found, at, r->files, r->now);
	json_t *value;

	if (!object)
		return error_memory(e);
	printf("\n%s %zu\n", inspect_kind_name(o->kind), inspect_number(&r->found, at));
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		value = json_object_get(object, fields[i].key);
		if (value)
			fields[i].print(fields[i].label, value);
	}
	json_decref(object);
	if (o->findings.count)
		puts("findings:");
	output_findings(&r->in->output, stdout, &o->findings);
	return output_check(e);
}

static enum status print_file(const struct inspecting *r, size_t file, struct error *e)
{
	struct text summary = {0}, name = {0};
	enum status s = STATUS_OK;

	if (r->found.items[0].file != file)
		putchar('\n');
	summarise(r, file, &summary);
	text_add_escaped(&name, span_text(r->files[file]));
	printf("%s: %s\n", text_get(&name), text_get(&summary));
	text_free(&summary);
	text_free(&name);
	for (size_t i = 0; s == STATUS_OK && i < r->found.count; i++)
		if (r->found.items[i].file == file)
			s = print_object(r, i, e);
	return s;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *file_json(const struct inspecting *r, size_t file)
{
	const struct error *error = &r->errors[file];
	json_t *objects = json_array(), *failure = json_null();
	struct text summary = {0};
	json_t *whole;

	for (size_t i = 0; objects && i < r->found.count; i++)
		if (r->found.items[i].file == file &&
		    json_array_append_new(objects, inspect_object_json(&r->found, i, r->files,
								       r->now)) != 0) {
			json_decref(objects);
			objects = NULL;
		}
	if (error->status != STATUS_OK)
		failure = output_error_json(error);
	summarise(r, file, &summary);
	whole = json_pack("{s:o, s:o, s:o, s:o}", "file", output_json_text(r->files[file]),
			  "summary", output_json_text(text_get(&summary)), "objects", objects,
			  "error", failure);
	text_free(&summary);
	return whole;
}

static enum status show_json(const struct inspecting *r, struct error *e)
{
	json_t *files = json_array();

	for (size_t i = 0; files && i < r->count; i++)
		if (json_array_append_new(files, file_json(r, i)) != 0) {
			json_decref(files);
			files = NULL;
		}
	return output_json(&r->in->output, "inspect", json_pack("{s:o}", "files", files), e);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The greatest exit code counts; of two alike, the first. */
static void note_failure(struct inspecting *r, const struct error *e, size_t file)
{
	if (r->worst.status != STATUS_OK &&
	    exit_code_of(e->status) <= exit_code_of(r->worst.status))
		return;
	r->worst = *e;
	r->worst_file = file;
}

static void read_file(struct inspecting *r, size_t file)
{
	const char *name = r->files[file];
	struct error *e = &r->errors[file];
	struct bytes content = {0};
	enum status s = file_read(name, INSPECT_INPUT_MAX, &content, e);

	if (s == STATUS_OK)
		s = inspect_read(&r->found, span_of(&content), file, e);
	bytes_free(&content);
	if (s == STATUS_OK) {
		e->status = STATUS_OK;
		return;
	}
	error_at(e, strcmp(name, "-") == 0 ? "standard input" : name);
	note_failure(r, e, file);
}

static void note_findings(struct inspecting *r)
{
	size_t errors = 0;
	struct error e = {0};

	for (size_t i = 0; i < r->found.count; i++)
		errors += findings_count(&r->found.items[i].findings, SEVERITY_ERROR);
	if (errors == 0)
		return;
	(void)!error_set(&e, STATUS_REFUSED, NULL, NULL, "%zu finding%s of severity error", errors,
			 errors == 1 ? "" : "s");
	note_failure(r, &e, r->count);
}

/* The worst failure is told last, by whoever called this command. */
static enum status show(struct inspecting *r, struct error *e)
{
	struct output plain = r->in->output;
	enum status s = STATUS_OK;

	if (plain.json)
		s = show_json(r, e);
	plain.json = false;
	for (size_t i = 0; s == STATUS_OK && i < r->count; i++) {
		if (r->errors[i].status == STATUS_OK && !r->in->output.json)
			s = print_file(r, i, e);
		else if (r->errors[i].status != STATUS_OK && i != r->worst_file)
			output_error(&plain, &r->errors[i]);
	}
	return s;
}

static enum status run(struct invocation *in, struct error *e)
{
	struct inspecting *r = calloc(1, sizeof *r);
	struct weak_keys *weak_keys = NULL;
	enum status s;

	if (!r)
		return error_memory(e);
	r->in = in;
	r->files = in->options.operands;
	r->count = in->options.operand_count;
	for (size_t i = 0; i < r->count; i++)
		read_file(r, i);
	s = datetime_now(&r->now, e);
	if (s == STATUS_OK)
		s = weak_keys_from_environment(&weak_keys, e);
	r->found.weak_keys = weak_keys;
	if (s == STATUS_OK)
		s = inspect_judge(&r->found, r->now, e);
	note_findings(r);
	if (s == STATUS_OK)
		s = show(r, e);
	if (s == STATUS_OK && r->worst.status != STATUS_OK) {
		*e = r->worst;
		s = error_status(e);
	}
	weak_keys_free(weak_keys);
	inspection_free(&r->found);
	free(r);
	return s;
}

const struct command command_inspect = {
	.name = "inspect",
	.usage = "FILE...",
	.summary = "explain requests, certificates, chains, bundles, p7b files and CRLs",
	.about =
		"Says what each FILE holds, PEM or DER, \"-\" for standard input: names with their "
		"string types, keys, signatures, validity, extensions, who signed what among all "
		"the files given, who may have made a request, and what is wrong. A file that "
		"cannot be read does not stop the others; the exit code is the greatest of all.",
	.least = 1,
	.most = FILES_MAX,
	.operands = {{"FILE", COMPLETE_FILE, NULL}},
	.options = {NULL},
	.run = run,
};
