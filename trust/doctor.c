#include "trust/doctor.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/der.h"
#include "base/file.h"
#include "trust/bundle.h"
#include "trust/certs_d.h"
#include "trust/crew.h"
#include "trust/doctor_judge.h"
#include "trust/run.h"
#include "trust/seal.h"

enum { SITE_INSPECTED, SITE_STRANGER, SITES };

/* One examination; owned but for the first two. */
struct examining {
	const struct doctor_order *order;
	struct doctor_report *report;
	struct anchor_search search;
	struct shadow shadow;
	struct shadow_ca proxy, stranger; /* the CAs that sign the sites */
	struct client_stage stage;
	char **shown; /* what a mirror stands before */
	size_t shown_count;
};

const char *doctor_verdict_name(enum doctor_verdict v)
{
	static const char *const names[] = {"not installed", "good", "warning",
					    "breaks",	     "open", "unclear"};

	return names[v];
}

void doctor_report_free(struct doctor_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct doctor_row *row = &r->rows[i];

		settings_found_free(&row->settings);
		free(row->stores);
		words_free(&row->why);
		words_free(&row->mend);
	}
	for (size_t i = 0; i < r->store_count; i++)
		anchor_store_free(&r->stores[i]);
	free(r->rows);
	free(r->stores);
	words_free(&r->before);
	*r = (struct doctor_report){0};
}

/* --- the tools -------------------------------------------------------------------------------- */

static const struct tool_client *client_of(const struct tool *tool)
{
	for (const struct tool_client *c = tool->clients; c && c->label; c++)
		if (!c->rehearsal_only)
			return c;
	return NULL;
}

static enum status list_tools(struct examining *x, struct error *e)
{
	const struct doctor_order *order = x->order;
	struct doctor_report *r = x->report;
	const struct tool *tool;
	size_t most = 0;

	while (tool_at(most))
		most++;
	r->rows = calloc(most, sizeof *r->rows);
	if (!r->rows)
		return error_memory(e);
	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++)
		if (tool->settings && (!order->only || tool_is_listed(order->only, tool->id)) &&
		    !tool_is_listed(order->skip, tool->id))
			r->rows[r->count++] = (struct doctor_row){
				.tool = tool,
				.client = client_of(tool),
				.inspected = {.expected = EXPECT_ACCEPTED},
				.stranger = {.expected = EXPECT_REFUSED},
			};
	return STATUS_OK;
}

static bool is_here(const struct doctor_row *row, const char *path)
{
	static const char *const docker[] = {"dockerd", "docker"};
	char *program = NULL;

	if (row->client)
		program = run_find(row->client->program, path);
	for (size_t i = 0; !row->client && !program && i < sizeof docker / sizeof docker[0]; i++)
		program = run_find(docker[i], path);
	free(program);
	return program != NULL;
}

static enum status find_settings(void *context, size_t at, struct error *e)
{
	struct examining *x = context;
	struct doctor_row *row = &x->report->rows[at];

	row->found = (struct client_found){.state = CLIENT_MISSING, .version = "?"};
	if (!is_here(row, x->stage.path))
		return STATUS_OK;
	row->found.state = CLIENT_RAN;
	return settings_find(row->tool, x->stage.path, &row->settings, e);
}

/* --- what they read --------------------------------------------------------------------------- */

/* The store at path, which is read when it is asked for first. */
static enum status store_at(struct examining *x, const char *path, size_t *at, struct error *e)
{
	struct doctor_report *r = x->report;
	struct anchor_store *stores;

	for (*at = 0; *at < r->store_count; ++*at)
		if (strcmp(r->stores[*at].path, path) == 0)
			return STATUS_OK;
	stores = reallocarray(r->stores, r->store_count + 1, sizeof *stores);
	if (!stores)
		return error_memory(e);
	r->stores = stores;
	if (anchor_store_read(&x->search, path, &stores[r->store_count], e) != STATUS_OK)
		return error_status(e);
	r->store_count++;
	return STATUS_OK;
}

static enum status read_stores(struct examining *x, struct doctor_row *row, struct error *e)
{
	size_t count = row->settings.count;
	enum status s = STATUS_OK;

	row->stores = calloc(count ? count : 1, sizeof *row->stores);
	if (!row->stores)
		return error_memory(e);
	for (size_t i = 0; i < count; i++)
		row->stores[i] = DOCTOR_NO_STORE;
	for (size_t i = 0; i < count && s == STATUS_OK; i++) {
		const struct setting_found *item = &row->settings.items[i];

		if (item->value && item->counts && item->setting->slot != SLOT_OFF)
			s = store_at(x, item->value, &row->stores[i], e);
	}
	return s;
}

/* The machine's store is read by more programs than say so. */
static enum status read_system(struct examining *x, struct error *e)
{
	const char *const paths[] = {
		bundle_system_file(),
		setting_system_folder(),
		"/usr/local/share/ca-certificates",
		"/etc/pki/ca-trust/source/anchors",
		"/etc/pki/ca-trust/extracted/pem",
		"/etc/pki/ca-trust/extracted/openssl",
	};
	enum status s = STATUS_OK;
	size_t at;

	for (size_t i = 0; i < sizeof paths / sizeof paths[0] && s == STATUS_OK; i++)
		if (paths[i] && file_exists(paths[i]))
			s = store_at(x, paths[i], &at, e);
	return s;
}

/* --- the view --------------------------------------------------------------------------------- */

/* STATUS_EXISTS where a mirror stands there already: many names lead to one file. */
static enum status note_shown(struct examining *x, const char *path, struct error *e)
{
	char real[PATH_MAX];
	char **shown;

	if (!realpath(path, real))
		return STATUS_EXISTS;
	for (size_t i = 0; i < x->shown_count; i++)
		if (strcmp(x->shown[i], real) == 0)
			return STATUS_EXISTS;
	shown = reallocarray(x->shown, x->shown_count + 1, sizeof *shown);
	if (!shown)
		return error_memory(e);
	x->shown = shown;
	shown[x->shown_count] = strdup(real);
	if (!shown[x->shown_count])
		return error_memory(e);
	x->shown_count++;
	return STATUS_OK;
}

static enum status show_mirror(struct examining *x, const struct anchor_store *store,
			       struct error *e)
{
	X509 *root = x->shadow.chain[x->shadow.count - 1].certificate;
	char name[40], *mirror = NULL;
	enum status s = note_shown(x, store->path, e);

	if (s != STATUS_OK)
		return s == STATUS_EXISTS ? STATUS_OK : s;
	snprintf(name, sizeof name, "mirror-%zu", x->shown_count);
	s = anchor_store_mirror(&x->search, store, root, name, &mirror, e);
	if (s == STATUS_OK && mirror)
		s = seal_show(mirror, store->path, e);
	free(mirror);
	return s;
}

static enum status show_one_of_folder(void *context, const char *path, struct error *e)
{
	const struct anchor_store file = {.path = (char *)path, .kind = ANCHORS_FILE};
	struct anchor_store store = {0};
	struct examining *x = context;
	enum status s = anchor_store_read(&x->search, path, &store, e);

	if (s == STATUS_OK && store.kind == ANCHORS_FILE && store.has_root)
		s = show_mirror(x, &file, e);
	anchor_store_free(&store);
	return s;
}

static enum status show_all(struct examining *x, struct error *e)
{
	enum status s = STATUS_OK;

	for (size_t i = 0; i < x->report->store_count && s == STATUS_OK; i++) {
		const struct anchor_store *store = &x->report->stores[i];

		if (!store->has_root)
			continue;
		s = store->kind == ANCHORS_FOLDER
			    ? anchor_folder_each(store->path, show_one_of_folder, x, e)
			    : show_mirror(x, store, e);
	}
	return s;
}

/* --- the endpoint ----------------------------------------------------------------------------- */

static enum status name_of(const char *cn, X509_NAME **out, struct error *e)
{
	*out = X509_NAME_new();
	if (*out && X509_NAME_add_entry_by_txt(*out, "CN", MBSTRING_ASC, (const unsigned char *)cn,
					       -1, -1, 0) == 1)
		return STATUS_OK;
	return error_memory(e);
}

/* Below the root stands what ZIA has there, where a path length lets it. */
static enum status make_proxy(struct examining *x, struct error *e)
{
	X509_NAME *name = NULL;
	enum status s = name_of("TLS inspection", &name, e);

	if (s == STATUS_OK)
		s = shadow_make_ca(&x->shadow.chain[0], name, x->order->now, &x->proxy, e);
	X509_NAME_free(name);
	return s;
}

/* A CA by an issuer whom nobody has heard of. */
static enum status make_stranger(struct examining *x, struct error *e)
{
	struct shadow_ca nobody = {X509_new(), EVP_EC_gen("P-256")};
	X509_NAME *name = NULL;
	enum status s = name_of("A stranger", &name, e);

	if (s == STATUS_OK && (!nobody.certificate || !nobody.key ||
			       X509_set_subject_name(nobody.certificate, name) != 1))
		s = error_memory(e);
	if (s == STATUS_OK)
		s = shadow_make_ca(&nobody, name, x->order->now, &x->stranger, e);
	X509_NAME_free(name);
	shadow_ca_free(&nobody);
	return s;
}

static enum status make_chains(struct examining *x, struct error *e)
{
	struct bytes der = {0};
	struct span chain[1];
	struct shadow_order order = {.chain = chain, .count = 1, .now = x->order->now};
	enum status s = der_encode(x->order->root, (i2d_of_void *)i2d_X509, &der, e);

	chain[0] = span_of(&der);
	if (s == STATUS_OK)
		s = shadow_make(&order, &x->shadow, e);
	if (s == STATUS_OK)
		s = make_proxy(x, e);
	if (s == STATUS_OK)
		s = make_stranger(x, e);
	bytes_free(&der);
	return s;
}

static enum status open_endpoint(struct examining *x, struct error *e)
{
	struct shadow *shadow = &x->shadow;
	struct endpoint_site sites[SITES] = {
		[SITE_INSPECTED] = {.issuer = &x->proxy,
				    .chain = {x->proxy.certificate, shadow->chain[0].certificate},
				    .chain_count = 2},
		[SITE_STRANGER] = {.issuer = &x->stranger,
				   .chain = {x->stranger.certificate},
				   .chain_count = 1},
	};
	const struct endpoint_order how = {
		.sites = sites,
		.count = SITES,
		.site_key = shadow->site_key,
		.crl = span_of(&shadow->crl),
		.now = x->order->now,
	};

	/* Below a root that allows no CA the sites stand by themselves. */
	if (X509_get_pathlen(shadow->chain[0].certificate) == 0)
		sites[SITE_INSPECTED] = (struct endpoint_site){
			.issuer = &shadow->chain[0],
			.chain = {shadow->chain[0].certificate},
			.chain_count = 1};
	return endpoint_start(&how, &x->stage.endpoint, e);
}

/* --- tried ------------------------------------------------------------------------------------ */

static enum status try_client(void *context, size_t at, struct error *e)
{
	struct examining *x = context;
	struct doctor_row *row = &x->report->rows[at];
	unsigned mark = (unsigned)(at * SITES);
	struct client *client = NULL;
	enum status s = STATUS_OK;

	if (!row->client || row->found.state == CLIENT_MISSING)
		return STATUS_OK;
	s = client_start(&x->stage, row->client, CLIENT_OWN, at, &row->found, &client, e);
	if (s == STATUS_OK && x->order->sealed && row->found.state == CLIENT_RAN) {
		s = client_try(client, CLIENT_OWN, SITE_INSPECTED, mark, &row->inspected, e);
		if (s == STATUS_OK && row->inspected.outcome != OUTCOME_HUNG)
			s = client_try(client, CLIENT_OWN, SITE_STRANGER, mark + SITE_STRANGER,
				       &row->stranger, e);
	}
	client_end(client);
	return s;
}

/* What else is wrong with a tool that has more than settings. */
static enum status look_closer(struct examining *x, const struct doctor_row *row,
			       struct words *more, struct error *e)
{
	struct findings findings = {0};
	size_t registries = 0, with_root = 0;
	enum status s = STATUS_OK;

	if (strcmp(row->tool->id, "docker") != 0)
		return STATUS_OK;
	s = certs_d_check(x->order->certs_d, &x->search, &registries, &with_root, &findings, e);
	for (size_t i = 0; i < findings.count && s == STATUS_OK; i++)
		if (findings.items[i].severity >= SEVERITY_WARNING)
			s = doctor_say(more, e, "%s %s: %s", findings.items[i].where,
				       findings.items[i].message, findings.items[i].rule->why);
	if (s == STATUS_OK && registries > with_root && with_root)
		s = doctor_say(more, e, "%zu of %zu registries in %s have the root", with_root,
			       registries, x->order->certs_d);
	findings_free(&findings);
	return s;
}

static enum status judge(struct examining *x, struct error *e)
{
	struct doctor_report *r = x->report;
	enum status s = STATUS_OK;

	for (size_t i = 0; i < r->count && s == STATUS_OK; i++) {
		struct words more = {0};
		struct doctor_row *row = &r->rows[i];

		if (row->found.state != CLIENT_MISSING)
			s = look_closer(x, row, &more, e);
		if (s == STATUS_OK)
			s = doctor_judge(r, row, &more, e);
		if (s == STATUS_OK)
			s = doctor_mend(x->order, r, row, e);
		r->counts[row->verdict]++;
		words_free(&more);
	}
	if (s == STATUS_OK && r->counts[DOCTOR_ABSENT] == r->count)
		s = error_set(e, STATUS_NOT_FOUND, NULL, NULL,
			      "none of the tools is on this machine");
	return s;
}

static enum status examine(struct examining *x, struct error *e)
{
	struct doctor_report *r = x->report;
	enum status s = list_tools(x, e);

	if (s == STATUS_OK)
		s = crew_do(r->count, x->order->at_once, find_settings, x, e);
	for (size_t i = 0; i < r->count && s == STATUS_OK; i++)
		s = read_stores(x, &r->rows[i], e);
	r->tried = x->order->sealed;
	if (s == STATUS_OK && r->tried)
		s = read_system(x, e);
	if (s == STATUS_OK && r->tried)
		s = make_chains(x, e);
	if (s == STATUS_OK && r->tried)
		s = show_all(x, e);
	if (s == STATUS_OK && r->tried)
		s = open_endpoint(x, e);
	if (s == STATUS_OK)
		s = crew_do(r->count, x->order->at_once, try_client, x, e);
	return s == STATUS_OK ? judge(x, e) : s;
}

enum status doctor(const struct doctor_order *order, struct doctor_report *out, struct error *e)
{
	struct doctor_report report = {0};
	struct examining x = {
		.order = order,
		.report = &report,
		.search = {order->root, client_path(), order->folder},
		.stage = {.folder = order->folder,
			  .path = client_path(),
			  .seconds = order->seconds},
	};
	enum status s = examine(&x, e);

	endpoint_stop(x.stage.endpoint);
	shadow_ca_free(&x.proxy);
	shadow_ca_free(&x.stranger);
	shadow_free(&x.shadow);
	while (x.shown_count)
		free(x.shown[--x.shown_count]);
	free(x.shown);
	if (s == STATUS_OK)
		*out = report;
	else
		doctor_report_free(&report);
	return s;
}
