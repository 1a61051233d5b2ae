/* subca verify: does a path lead from each certificate to a root that is trusted? */
#include "cmd/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/file.h"
#include "ca/authority.h"
#include "ca/lint.h"
#include "cmd/command.h"

#define FILES_MAX 1024

static const char *const uses[] = {"any", "ca", "server", "client", "email", NULL};

static const struct option_spec options[] = {
	{.name = "root",
	 .argument = "FILE",
	 .repeatable = true,
	 .complete = COMPLETE_FILE,
	 .help = "certificates to trust, one or a bundle; without it the root of the CA in DIR"},
	{.name = "chain",
	 .argument = "FILE",
	 .repeatable = true,
	 .complete = COMPLETE_FILE,
	 .help = "certificates that may stand between; judged as a chain, too"},
	{.name = "crl",
	 .argument = "FILE",
	 .repeatable = true,
	 .complete = COMPLETE_FILE,
	 .help = "CRLs: what one of them revokes is refused"},
	{.name = "require-crl", .help = "refuse a certificate that no CRL covers"},
	{.name = "time",
	 .argument = "TIME",
	 .help = "judge as of then, 2031-11-22 or 2031-11-22T23:59:59Z, and not of now"},
	{.name = "for",
	 .argument = "USE",
	 .complete = COMPLETE_WORDS,
	 .words = uses,
	 .help = "any (the default), ca, server, client or email"},
	{.name = "host",
	 .argument = "NAME",
	 .help = "the DNS name or IP address that the certificate must be for"},
	{.name = "rfc5280", .help = "ask for RFC 5280's path validation alone, no lint"},
	{.name = "policy",
	 .argument = "OID",
	 .repeatable = true,
	 .help = "an acceptable policy (RFC 5280 6.1.1); without it, any"},
	{.name = "explicit-policy", .help = "ask that a policy holds for the whole path"},
	{.name = "inhibit-mapping", .help = "let no CA map policies"},
	{.name = "inhibit-any-policy", .help = "let anyPolicy stand for none"},
	{0},
};

struct verifying {
	struct invocation *in;
	struct verify_files files;
	struct path_pool *pool;
	struct path_options wanted;
	size_t leaves, refused, unreadable, file_errors;
	enum status unreadable_status;
	json_t *results, *judged_files;
};

/* --- reading ---------------------------------------------------------------------------------- */

/* Adds a file's objects to v->files; *first is the place of the first of them. */
static enum status read_file(struct verifying *v, const char *name, size_t *first, struct error *e)
{
	struct bytes content = {0};
	const char **names = reallocarray(v->files.names, v->files.count + 1, sizeof *names);
	enum status s;

	if (!names)
		return error_memory(e);
	v->files.names = names;
	v->files.names[v->files.count] = strcmp(name, "-") == 0 ? "standard input" : name;
	*first = v->files.found.count;
	s = file_read(name, INSPECT_INPUT_MAX, &content, e);
	if (s == STATUS_OK)
		s = inspect_read(&v->files.found, span_of(&content), v->files.count, e);
	if (s != STATUS_OK)
		error_at(e, v->files.names[v->files.count]);
	bytes_free(&content);
	v->files.count++;
	return s;
}

static enum status expect_kind(const struct verifying *v, size_t first, enum inspect_kind kind,
			       struct error *e)
{
	for (size_t i = first; i < v->files.found.count; i++) {
		const struct inspect_object *o = &v->files.found.items[i];

		if (o->kind == kind)
			return STATUS_OK;
	}
	return error_set(e, STATUS_INPUT, v->files.names[v->files.count - 1],
			 kind == INSPECT_CRL ? "give a CRL" : "give a certificate", "holds no %s",
			 inspect_kind_name(kind));
}

enum role { AS_ROOT, AS_CHAIN, AS_CRL };

/* Of each file only what it was given for: a CRL in a p7b does not switch the checks on. */
static enum status add_to_pool(struct verifying *v, size_t first, enum role role, struct error *e)
{
	for (size_t i = first; i < v->files.found.count; i++) {
		const struct inspect_object *o = &v->files.found.items[i];
		struct span der = span_of(&o->der);
		enum status s = STATUS_OK;

		if (role == AS_CRL && o->kind == INSPECT_CRL)
			s = path_pool_add_crl(v->pool, der, e);
		else if (role == AS_ROOT && o->kind == INSPECT_CERTIFICATE)
			s = path_pool_add_root(v->pool, der, i, e);
		else if (role == AS_CHAIN && o->kind == INSPECT_CERTIFICATE)
			s = path_pool_add_certificate(v->pool, der, i, e);
		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

/* --- files as such ---------------------------------------------------------------------------- */

static enum status say_file(struct verifying *v, const char *name, const char *kind,
			    const struct findings *found, struct error *e)
{
	struct text safe = {0};

	v->file_errors += findings_count(found, SEVERITY_ERROR);
	if (v->in->output.json) {
		json_t *item = json_pack("{s:o, s:s, s:o}", "file", output_json_text(name), "kind",
					 kind, "findings", output_findings_json(found));

		return json_array_append_new(v->judged_files, item) == 0 ? STATUS_OK
									 : error_memory(e);
	}
	if (!found->count)
		return STATUS_OK;
	text_add_escaped(&safe, span_text(name));
	printf("%s (%s):\n", text_get(&safe), kind);
	text_free(&safe);
	output_findings_after(&v->in->output, stdout, "     ", found);
	return output_check(e);
}

/* The objects from first on are a chain, of leaf if that is not in it, or a bundle of roots. */
static enum status judge_file(struct verifying *v, size_t first, bool bundle, X509 *leaf,
			      struct error *e)
{
	struct inspection *all = &v->files.found;
	X509 **certificates = calloc(all->count - first + 1, sizeof(X509 *));
	struct path_file file = {.is_bundle = bundle,
				 .certificates = certificates,
				 .leaf = leaf,
				 .time = v->wanted.time};
	struct findings found = {0};
	enum status s = STATUS_OK;

	if (!certificates)
		return error_memory(e);
	for (size_t i = first; i < all->count && s == STATUS_OK; i++) {
		if (all->items[i].kind == INSPECT_CERTIFICATE)
			certificates[file.count++] = all->items[i].certificate;
		file.unordered |= all->items[i].in_p7b;
		s = findings_move(&found, &all->items[i].findings, e);
	}
	if (s == STATUS_OK)
		s = path_file_check(&file, &found, e);
	if (s == STATUS_OK)
		s = say_file(v, v->files.names[v->files.count - 1], bundle ? "roots" : "chain",
			     &found, e);
	findings_free(&found);
	free(certificates);
	return s;
}

/* What lint has against the CRLs of the file from first on. */
static enum status judge_crls(struct verifying *v, size_t first, struct error *e)
{
	struct inspection *all = &v->files.found;
	struct findings found = {0};
	enum status s = STATUS_OK;

	for (size_t i = first; i < all->count && s == STATUS_OK; i++)
		if (all->items[i].kind == INSPECT_CRL)
			s = lint_crl(span_of(&all->items[i].der), (struct span){0}, &found, e);
	if (s == STATUS_OK)
		s = say_file(v, v->files.names[v->files.count - 1], "CRLs", &found, e);
	findings_free(&found);
	return s;
}

static enum status take_files(struct verifying *v, const char *option, enum role role,
			      struct error *e)
{
	enum inspect_kind kind = role == AS_CRL ? INSPECT_CRL : INSPECT_CERTIFICATE;
	const char *name;
	size_t first;

	for (size_t i = 0; (name = options_value_at(&v->in->options, option, i)); i++) {
		if (read_file(v, name, &first, e) != STATUS_OK ||
		    expect_kind(v, first, kind, e) != STATUS_OK ||
		    add_to_pool(v, first, role, e) != STATUS_OK)
			return error_status(e);
		if (kind == INSPECT_CERTIFICATE &&
		    judge_file(v, first, role == AS_ROOT, NULL, e) != STATUS_OK)
			return error_status(e);
		if (kind == INSPECT_CRL && v->wanted.level == PATH_STRICT &&
		    judge_crls(v, first, e) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

/* Without --root: what the CA in DIR stands under. */
static enum status take_authority(struct verifying *v, struct error *e)
{
	struct authority *a = NULL;
	struct span chain[CHAIN_MAX];
	size_t count;
	enum status s = authority_open(v->in->directory, STORE_READ, &a, e);

	if (s == STATUS_NOT_FOUND)
		return error_set(e, STATUS_USAGE, NULL,
				 "give it with --root FILE, or a CA's folder with -C DIR",
				 "there is no root to trust");
	if (s != STATUS_OK)
		return s;
	count = authority_chain(a, chain);
	for (size_t i = 0; i < count && s == STATUS_OK; i++) {
		const char **names = reallocarray(v->files.names, v->files.count + 1,
						  sizeof *names);

		if (!names) {
			s = error_memory(e);
			break;
		}
		v->files.names = names;
		v->files.names[v->files.count] = v->in->directory;
		s = inspect_read(&v->files.found, chain[i], v->files.count, e);
		if (s == STATUS_OK)
			s = add_to_pool(v, v->files.found.count - 1,
					i + 1 == count ? AS_ROOT : AS_CHAIN, e);
	}
	v->files.count++;
	authority_free(a);
	return s;
}

/* --- each certificate ------------------------------------------------------------------------- */

static enum status say_path(struct verifying *v, size_t leaf, const struct path *path,
			    struct error *e)
{
	v->leaves++;
	v->refused += !path_is_good(path);
	if (v->in->output.json)
		return json_array_append_new(v->results, verify_json(&v->files, leaf, path)) == 0
			       ? STATUS_OK
			       : error_memory(e);
	verify_print(&v->in->output, &v->files, leaf, path);
	return output_check(e);
}

static enum status verify_leaf(struct verifying *v, size_t leaf, struct error *e)
{
	struct path path = {0};
	size_t before = path_pool_count(v->pool);
	enum status s = STATUS_OK;

	/* What stands behind it in its file came along to help. */
	if (v->files.found.count > leaf + 1) {
		s = judge_file(v, leaf, false, NULL, e);
		if (s == STATUS_OK)
			s = add_to_pool(v, leaf + 1, AS_CHAIN, e);
	}
	if (s == STATUS_OK)
		s = path_check(v->pool, span_of(&v->files.found.items[leaf].der), &v->wanted, &path,
			       e);
	if (s == STATUS_OK)
		s = say_path(v, leaf, &path, e);
	path_pool_cut(v->pool, before);
	path_free(&path);
	return s;
}

/* A file that cannot be read is told, and the rest goes on. */
static enum status verify_file(struct verifying *v, const char *name, struct error *e)
{
	struct output people = v->in->output;
	struct error problem = {0};
	size_t first;
	enum status s = read_file(v, name, &first, &problem);

	if (s == STATUS_OK)
		s = expect_kind(v, first, INSPECT_CERTIFICATE, &problem);
	if (s != STATUS_OK) {
		if (!v->unreadable++)
			v->unreadable_status = s;
		people.json = false;
		output_error(&people, &problem);
		if (!v->in->output.json)
			return output_check(e);
		return json_array_append_new(v->results,
					     json_pack("{s:o, s:b, s:o}", "file",
						       output_json_text(name), "good", 0, "error",
						       output_error_json(&problem))) == 0
			       ? STATUS_OK
			       : error_memory(e);
	}
	while (v->files.found.items[first].kind != INSPECT_CERTIFICATE)
		first++;
	return verify_leaf(v, first, e);
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum status read_options(struct verifying *v, const char ***policies, struct error *e)
{
	const struct options *o = &v->in->options;
	const char *time = options_value(o, "time");
	int use = PATH_ANY;
	size_t count = 0;

	if (time ? datetime_parse(time, &v->wanted.time, e) != STATUS_OK
		 : datetime_now(&v->wanted.time, e) != STATUS_OK)
		return error_status(e);
	if (options_word(o, "for", &use, e) != STATUS_OK)
		return error_status(e);
	v->wanted.purpose = (enum path_purpose)use;
	v->wanted.level = options_given(o, "rfc5280") ? PATH_RFC5280 : PATH_STRICT;
	v->wanted.host = options_value(o, "host");
	v->wanted.crl_required = options_given(o, "require-crl");
	v->wanted.explicit_policy = options_given(o, "explicit-policy");
	v->wanted.inhibit_policy_mapping = options_given(o, "inhibit-mapping");
	v->wanted.inhibit_any_policy = options_given(o, "inhibit-any-policy");
	while (options_value_at(o, "policy", count))
		count++;
	if (!count)
		return STATUS_OK;
	*policies = calloc(count + 1, sizeof **policies);
	if (!*policies)
		return error_memory(e);
	for (size_t i = 0; i < count; i++)
		(*policies)[i] = options_value_at(o, "policy", i);
	v->wanted.policies = *policies;
	return STATUS_OK;
}

static enum status take_all(struct verifying *v, struct error *e)
{
	enum status s = path_pool_new(&v->pool, e);

	if (s == STATUS_OK)
		s = options_given(&v->in->options, "root") ? take_files(v, "root", AS_ROOT, e)
							   : take_authority(v, e);
	if (s == STATUS_OK)
		s = take_files(v, "chain", AS_CHAIN, e);
	if (s == STATUS_OK)
		s = take_files(v, "crl", AS_CRL, e);
	for (size_t i = 0; s == STATUS_OK && i < v->in->options.operand_count; i++)
		s = verify_file(v, v->in->options.operands[i], e);
	return s;
}

static enum status conclude(struct verifying *v, struct error *e)
{
	char shown[DATETIME_SIZE];

	datetime_format(v->wanted.time, shown);
	if (v->in->output.json) {
		json_t *document = json_pack("{s:s, s:O, s:O}", "time", shown, "files",
					     v->judged_files, "certificates", v->results);

		if (output_json(&v->in->output, "verify", document, e) != STATUS_OK)
			return error_status(e);
	}
	if (v->unreadable)
		return error_set(e, v->unreadable_status, NULL,
				 "mend what is named, or leave it out",
				 "%zu of the inputs could not be verified", v->unreadable);
	if (v->refused)
		return error_set(e, STATUS_REFUSED, NULL, NULL, "%zu of %zu certificate%s refused",
				 v->refused, v->leaves, v->leaves == 1 ? "" : "s");
	if (v->file_errors)
		return error_set(e, STATUS_REFUSED, NULL, "mend the files",
				 "the files given have %zu error%s", v->file_errors,
				 v->file_errors == 1 ? "" : "s");
	return output_check(e);
}

static enum status cmd_verify(struct invocation *in, struct error *e)
{
	struct verifying v = {.in = in, .results = json_array(), .judged_files = json_array()};
	const char **policies = NULL;
	enum status s = v.results && v.judged_files ? STATUS_OK : error_memory(e);

	if (s == STATUS_OK)
		s = read_options(&v, &policies, e);
	if (s == STATUS_OK)
		s = take_all(&v, e);
	if (s == STATUS_OK)
		s = conclude(&v, e);
	json_decref(v.results);
	json_decref(v.judged_files);
	path_pool_free(v.pool);
	inspection_free(&v.files.found);
	free(v.files.names);
	free(policies);
	return s;
}

const struct command command_verify = {
	.name = "verify",
	.usage = "[options] CERTIFICATE...",
	.summary = "find out whether a path leads from certificates to a trusted root",
	.about =
		"Follows each CERTIFICATE (PEM, DER or p7b; further certificates in its file may stand "
		"above it) up to a trusted root, as RFC 5280 says, and judges every link as the "
		"strictest software would: validity inside every issuer's, path length, key "
		"identifiers, key usage, name constraints, policies, algorithms, and CRLs where any "
		"are given. The path is drawn with what is wrong at each link. Neither a CA nor a key "
		"is needed.\n"
		"Chains and bundles are judged as files, too: order, duplicates, gaps, what has expired "
		"or does not belong there.",
	.least = 1,
	.most = FILES_MAX,
	.operands = {{"CERTIFICATE", COMPLETE_FILE, NULL}},
	.options = {options},
	.run = cmd_verify,
};
