#include "ca/profile.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/suggest.h"
#include "cmd/command.h"
#include "cmd/layout.h"

/* The folders a profile is looked for in, owned. */
struct folders {
	char *ca, *shipped;
	struct profile_path path;
};

static enum status folders_find(struct folders *f, const char *directory, struct error *e)
{
	if (profile_shipped_folder(&f->shipped, e) != STATUS_OK)
		return e->status;
	f->ca = path_join(directory, "profiles");
	if (!f->ca)
		return error_memory(e);
	f->path = (struct profile_path){.ca = f->ca, .shipped = f->shipped};
	return STATUS_OK;
}

static void folders_free(struct folders *f)
{
	free(f->ca);
	free(f->shipped);
}

static const struct {
	unsigned bit;
	const char *name; /* as RFC 5280 4.2.1.3 spells it */
} key_usages[] = {
	{KU_DIGITAL_SIGNATURE, "digitalSignature"},
	{KU_NON_REPUDIATION, "nonRepudiation"},
	{KU_KEY_ENCIPHERMENT, "keyEncipherment"},
	{KU_DATA_ENCIPHERMENT, "dataEncipherment"},
	{KU_KEY_AGREEMENT, "keyAgreement"},
	{KU_KEY_CERT_SIGN, "keyCertSign"},
	{KU_CRL_SIGN, "cRLSign"},
	{KU_ENCIPHER_ONLY, "encipherOnly"},
	{KU_DECIPHER_ONLY, "decipherOnly"},
};

static const char *separator(const struct text *t)
{
	return t->len ? ", " : "";
}

static void add_key_usage(const struct profile *p, struct text *t)
{
	for (size_t i = 0; i < sizeof key_usages / sizeof key_usages[0]; i++)
		if (p->key_usage & key_usages[i].bit)
			text_printf(t, "%s%s", separator(t), key_usages[i].name);
}

static void add_keys(const struct profile *p, struct text *t)
{
	if (p->rsa_max)
		text_printf(t, "RSA %d to %d bits", p->rsa_min, p->rsa_max);
	if (p->ec_p256)
		text_printf(t, "%sEC P-256", separator(t));
	if (p->ec_p384)
		text_printf(t, "%sEC P-384", separator(t));
	if (p->ed25519)
		text_printf(t, "%sEd25519", separator(t));
}

static void add_subject(const struct profile *p, struct text *t)
{
	for (size_t i = 0; i < p->subject_count; i++)
		text_printf(t, "%s%s %s", separator(t), OBJ_nid2sn(p->subject[i].nid),
			    subject_rule_name(p->subject[i].rule));
	text_printf(t, "%sany other %s", separator(t), subject_rule_name(p->subject_others));
}

static void add_purposes(const struct profile *p, struct text *t)
{
	for (size_t i = 0; i < p->purpose_count; i++)
		text_printf(t, "%s%s", separator(t), OBJ_nid2sn(p->purposes[i]));
}

static void add_extensions(const struct profile *p, struct text *t)
{
	static const char *const names[] = {NULL, "subjectAltName where asked for",
					    "subjectAltName always"};

	if (p->subject_key_identifier)
		text_printf(t, "%ssubjectKeyIdentifier", separator(t));
	if (p->authority_key_identifier)
		text_printf(t, "%sauthorityKeyIdentifier", separator(t));
	if (p->crl_distribution_points)
		text_printf(t, "%scRLDistributionPoints", separator(t));
	if (p->freshest_crl)
		text_printf(t, "%sfreshestCRL", separator(t));
	if (p->authority_information_access)
		text_printf(t, "%sauthorityInfoAccess", separator(t));
	if (p->ocsp_no_check)
		text_printf(t, "%sid-pkix-ocsp-nocheck", separator(t));
	if (names[p->subject_alt_name])
		text_printf(t, "%s%s", separator(t), names[p->subject_alt_name]);
	for (size_t i = 0; i < p->policy_count; i++)
		text_printf(t, "%spolicy %s", separator(t), p->policies[i]);
}

static void add_constraints(const struct profile *p, struct text *t)
{
	if (p->kind == PROFILE_LEAF)
		text_add(t, "CA:FALSE");
	else if (p->path_length == PROFILE_PATH_LENGTH_NONE)
		text_add(t, "CA:TRUE, no limit on the path length");
	else
		text_printf(t, "CA:TRUE, path length %d", p->path_length);
	if (p->basic_constraints_critical)
		text_add(t, ", critical");
}

static void add_days(const struct profile *p, struct text *t)
{
	text_printf(t, "%d days, at most %d; begins %d s early", p->days, p->max_days, p->backdate);
}

/* What a profile asks, in the words that text and JSON share. */
static const struct profile_field {
	const char *name, *key;
	void (*add)(const struct profile *p, struct text *t);
} fields[] = {
	{"validity", "validity", add_days},
	{"keys", "keys", add_keys},
	{"constraints", "basic_constraints", add_constraints},
	{"key usage", "key_usage", add_key_usage},
	{"purposes", "purposes", add_purposes},
	{"subject", "subject", add_subject},
	{"extensions", "extensions", add_extensions},
};
#define FIELDS (sizeof fields / sizeof fields[0])

static enum status show_json(struct output *o, const struct profile *p, struct error *e)
{
	json_t *words = json_object();
	enum status s = STATUS_OK;

	for (size_t i = 0; i < FIELDS && s == STATUS_OK; i++) {
		struct text t = {0};

		fields[i].add(p, &t);
		if (t.failed ||
		    json_object_set_new(words, fields[i].key, output_json_text(text_get(&t))) != 0)
			s = error_memory(e);
		text_free(&t);
	}
	if (s != STATUS_OK) {
		json_decref(words);
		return s;
	}
	return output_json(o, "profile",
			   json_pack("{s:s, s:o, s:o, s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:o}",
				     "name", p->name, "file", output_json_text(p->file),
				     "description",
				     output_json_text(p->description ? p->description : ""), "kind",
				     profile_kind_name(p->kind), "portal", p->portal, "days",
				     p->days, "max_days", p->max_days, "backdate_seconds",
				     p->backdate, "path_length", p->path_length,
				     "key_usage_critical", p->key_usage_critical, "words", words),
			   e);
}

static enum status show(struct output *o, const struct profile *p, struct error *e)
{
	if (o->json)
		return show_json(o, p, e);
	layout_field("profile", p->name);
	layout_field("file", p->file);
	layout_field("what for", p->description ? p->description : "");
	layout_field("kind", profile_kind_name(p->kind));
	if (p->portal[0])
		layout_field("portal", p->portal);
	layout_field("digest", p->digest[0] ? p->digest : "chosen by the CA's key");
	for (size_t i = 0; i < FIELDS; i++) {
		struct text t = {0};

		fields[i].add(p, &t);
		layout_field(fields[i].name, t.len ? text_get(&t) : "none");
		text_free(&t);
	}
	return output_check(e);
}

static const struct column list_columns[] = {{"PROFILE", 16, CUT_END},
					     {"KIND", 12, CUT_END},
					     {"DAYS", 5, CUT_END},
					     {"WHAT FOR", 0, CUT_END}};
#define LIST_COLUMNS (sizeof list_columns / sizeof list_columns[0])

struct listing {
	struct output *output;
	const struct profile_path *path;
	size_t broken;
};

static enum status list_json(struct output *o, const char *name, const char *file,
			     const struct profile *p, const char *problem, struct error *e)
{
	json_t *item = json_pack("{s:o, s:o}", "name", output_json_text(name), "file",
				 output_json_text(file));
	int failed = 0;

	if (p)
		failed = json_object_set_new(item, "kind",
					     json_string(profile_kind_name(p->kind))) |
			 json_object_set_new(item, "days", json_integer(p->days)) |
			 json_object_set_new(item, "description",
					     output_json_text(p->description ? p->description
									     : ""));
	else
		failed = json_object_set_new(item, "problem", output_json_text(problem));
	if (failed) {
		json_decref(item);
		item = NULL;
	}
	return output_json_item(o, item, e);
}

/* A profile that is broken is listed as such: the others stay usable. */
static enum status list_one(void *context, const char *name, const char *file, struct error *e)
{
	struct listing *l = context;
	struct profile *p = NULL;
	struct error problem = {0};
	enum status s = STATUS_OK;
	char days[16] = "";

	if (l->output->quiet && !l->output->json) {
		puts(name);
		return output_check(e);
	}
	if (profile_load(l->path, name, &p, &problem) != STATUS_OK)
		l->broken++;
	else
		snprintf(days, sizeof days, "%d", p->days);
	if (l->output->json)
		s = list_json(l->output, name, file, p, problem.what, e);
	else
		layout_row(
			list_columns, LIST_COLUMNS,
			(const char *const[]){name, p ? profile_kind_name(p->kind) : "broken", days,
					      p && p->description ? p->description : problem.what});
	profile_free(p);
	return s == STATUS_OK ? output_check(e) : s;
}

static enum status profile_list(struct output *o, const struct profile_path *path, struct error *e)
{
	struct listing l = {.output = o, .path = path};

	if (o->json && output_json_list(o, "profile", "profiles", e) != STATUS_OK)
		return e->status;
	if (!o->json && !o->quiet)
		layout_row(list_columns, LIST_COLUMNS, NULL);
	if (profile_each(path, list_one, &l, e) != STATUS_OK)
		return e->status;
	if (l.broken)
		return error_set(e, STATUS_INPUT, NULL,
				 "'subca profile show NAME' says what is wrong",
				 "%zu of the profiles cannot be used", l.broken);
	if (o->json)
		output_json_list_end(o);
	return output_check(e);
}

static enum status profile_show(struct output *o, const struct profile_path *path, const char *name,
				bool check, struct error *e)
{
	struct profile *p = NULL;
	enum status s = check ? profile_load_file(path, name, &p, e)
			      : profile_load(path, name, &p, e);

	if (s == STATUS_OK)
		s = show(o, p, e);
	if (s == STATUS_OK && check)
		output_note(o, "%s is a valid profile", name);
	profile_free(p);
	return s;
}

static const char *const verbs[] = {"list", "show", "check", NULL};

static enum status unknown_verb(const char *verb, struct error *e)
{
	const char *near = suggest(verb, verbs, 3);
	char todo[sizeof e->todo];

	snprintf(todo, sizeof todo, "%s%s%swrite profile list, show NAME or check FILE",
		 near ? "did you mean " : "", near ? near : "", near ? "? " : "");
	return error_set(e, STATUS_USAGE, NULL, todo, "profile does not know '%.80s'", verb);
}

static enum status need_operand(size_t want, const struct options *o, struct error *e)
{
	static const char usage[] = "usage: subca profile list | show NAME | check FILE";

	if (o->operand_count > want)
		return error_set(e, STATUS_USAGE, NULL, usage, "profile %s does not take '%.80s'",
				 o->operands[0], o->operands[want]);
	if (o->operand_count < want)
		return error_set(e, STATUS_USAGE, NULL, usage, "profile %s needs one operand more",
				 o->operands[0]);
	return STATUS_OK;
}

static enum status cmd_profile(struct invocation *in, struct error *e)
{
	const char *verb = in->options.operands[0];
	bool list = strcmp(verb, "list") == 0, check = strcmp(verb, "check") == 0;
	struct folders f = {0};
	enum status s;

	if (!list && !check && strcmp(verb, "show") != 0)
		return unknown_verb(verb, e);
	s = need_operand(list ? 1 : 2, &in->options, e);
	if (s == STATUS_OK)
		s = folders_find(&f, in->directory, e);
	if (s == STATUS_OK)
		s = list ? profile_list(&in->output, &f.path, e)
			 : profile_show(&in->output, &f.path, in->options.operands[1], check, e);
	folders_free(&f);
	return s;
}

const struct command command_profile = {
	.name = "profile",
	.usage = "list | show NAME | check FILE",
	.summary = "list, show and check profiles",
	.about =
		"A profile says what certificates of one kind must be. list: those that the CA in DIR "
		"can use, its own (DIR/profiles) before the shipped ones of the same name; with "
		"--quiet, the names alone. show: one profile, with all it inherits. check: whether "
		"FILE is a valid profile, and what it says.",
	.least = 1,
	.most = 2,
	.operands = {{"list|show|check", COMPLETE_WORDS, verbs},
		     {"NAME|FILE", COMPLETE_PROFILE, NULL}},
	.run = cmd_profile,
};
