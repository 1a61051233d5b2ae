#include "trust/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/file.h"
#include "ca/pem.h"
#include "trust/bundle.h"
#include "trust/crew.h"
#include "trust/rehearse_client.h"
#include "trust/run.h"

static const struct {
	const char *id, *words;
	enum client_expected expected;
} cases[CASES] = {
	[CASE_CHAIN] = {"chain", "accept the whole chain", EXPECT_ACCEPTED},
	[CASE_SHORT_CHAIN] = {"short-chain", "accept it without the uploaded chain",
			      EXPECT_ACCEPTED},
	[CASE_TLS12] = {"tls1.2", "accept it in TLS 1.2", EXPECT_ACCEPTED},
	[CASE_UNTRUSTED] = {"untrusted", "refuse it without trust", EXPECT_REFUSED},
	[CASE_EXPIRED] = {"expired", "refuse an expired site", EXPECT_REFUSED},
	[CASE_OTHER_HOST] = {"other-host", "refuse another host's certificate", EXPECT_REFUSED},
	[CASE_PATH_LENGTH] = {"path-length", "refuse a CA too many", EXPECT_REFUSED},
	[CASE_NO_AKI] = {"no-aki", "refuse a site without AKI", EXPECT_REFUSED},
};

const char *rehearse_case_id(enum rehearse_case c)
{
	return cases[c].id;
}

const char *rehearse_case_words(enum rehearse_case c)
{
	return cases[c].words;
}

void rehearsal_free(struct rehearsal *r)
{
	free(r->rows);
	*r = (struct rehearsal){0};
}

/* --- the endpoint's sites --------------------------------------------------------------------- */

/* below[last] … below[0], the planned one, and with whole what stands above it. */
static void set_chain(struct endpoint_site *site, const struct shadow *s, size_t below, bool whole)
{
	site->issuer = below ? &s->below[below - 1] : &s->chain[0];
	while (below)
		site->chain[site->chain_count++] = s->below[--below].certificate;
	for (size_t i = 0; i < (whole ? s->count : 1); i++)
		site->chain[site->chain_count++] = s->chain[i].certificate;
}

static void plan_sites(const struct shadow *s, struct endpoint_site sites[CASES])
{
	for (size_t c = 0; c < CASES; c++)
		set_chain(&sites[c], s, c == CASE_PATH_LENGTH ? s->too_many : s->weekly,
			  c != CASE_SHORT_CHAIN);
	sites[CASE_TLS12].newest = TLS1_2_VERSION;
	sites[CASE_EXPIRED].fault = SITE_EXPIRED;
	sites[CASE_OTHER_HOST].fault = SITE_OTHER_HOST;
	sites[CASE_NO_AKI].fault = SITE_WITHOUT_AKI;
}

/* Owned. */
struct stage {
	struct endpoint *endpoint;
	char *folder, *bundle, *root; /* paths */
	struct client_stage shared;   /* what the clients see of it */
};

static enum status open_endpoint(const struct rehearse_order *order, struct stage *stage,
				 struct error *e)
{
	struct endpoint_site sites[CASES] = {0};
	const struct endpoint_order how = {
		.sites = sites,
		.count = CASES,
		.site_key = order->shadow->site_key,
		.crl = span_of(&order->shadow->crl),
		.now = order->now,
		.port = order->port,
	};

	plan_sites(order->shadow, sites);
	return endpoint_start(&how, &stage->endpoint, e);
}

/* --- the files of trust ----------------------------------------------------------------------- */

/*
 * A public root that is called as the shadow's is left out: the real root may be among them already,
 * and a client would take the one for the other.
 */
static enum status add_public(const struct rehearse_order *order, X509 *root, struct text *out,
			      struct error *e)
{
	struct bundle b = {0};
	struct findings ignored = {0};
	enum status s = bundle_read(&b, order->public_roots, "public roots", false, &ignored, e);

	for (size_t i = 0; i < b.count && s == STATUS_OK; i++)
		if (X509_NAME_cmp(X509_get_subject_name(b.items[i].certificate),
				  X509_get_subject_name(root)) != 0)
			s = pem_add_certificate(out, span_of(&b.items[i].der), e);
	findings_free(&ignored);
	bundle_free(&b);
	return s;
}

static enum status write_trust(const struct rehearse_order *order, struct stage *stage,
			       struct error *e)
{
	X509 *root = order->shadow->chain[order->shadow->count - 1].certificate;
	unsigned char *der = NULL;
	int len = i2d_X509(root, &der);
	struct text pem = {0};
	enum status s = len > 0 ? pem_add_certificate(&pem, (struct span){der, (size_t)len}, e)
				: error_memory(e);

	OPENSSL_free(der);
	stage->root = path_join(stage->folder, "root.pem");
	stage->bundle = path_join(stage->folder, "ca-bundle.pem");
	if (s == STATUS_OK && (!stage->root || !stage->bundle))
		s = error_memory(e);
	if (s == STATUS_OK)
		s = file_publish(stage->root, span_text(text_get(&pem)), 0644, FILE_KEEP, e);
	if (s == STATUS_OK && order->public_roots.len)
		s = add_public(order, root, &pem, e);
	if (s == STATUS_OK)
		s = file_publish(stage->bundle, span_text(text_get(&pem)), 0644, FILE_KEEP, e);
	text_free(&pem);
	return s;
}

static enum status set_stage(const struct rehearse_order *order, struct stage *stage,
			     struct error *e)
{
	enum status s = scratch_make(&stage->folder, e);

	if (s == STATUS_OK)
		s = write_trust(order, stage, e);
	if (s == STATUS_OK)
		s = open_endpoint(order, stage, e);
	stage->shared = (struct client_stage){
		.endpoint = stage->endpoint,
		.folder = stage->folder,
		.bundle = stage->bundle,
		.root = stage->root,
		.path = client_path(),
		.seconds = order->seconds,
	};
	return s;
}

static void clear_stage(struct stage *stage)
{
	endpoint_stop(stage->endpoint);
	scratch_remove(stage->folder);
	free(stage->bundle);
	free(stage->root);
}

/* --- the clients ------------------------------------------------------------------------------ */

/* What is expected of a client depends on what it looks at, and on what the chain limits. */
static void set_expected(const struct rehearse_order *order, struct rehearse_row *row)
{
	const struct shadow *s = order->shadow;

	for (size_t c = 0; c < CASES; c++)
		row->runs[c].expected = cases[c].expected;
	/* Between the planned one and the root stand others: no client can know them. */
	if (s->count > 2)
		row->runs[CASE_SHORT_CHAIN].expected = EXPECT_NOTHING;
	if (!s->too_many || row->client->any_path_length)
		row->runs[CASE_PATH_LENGTH].expected = EXPECT_NOTHING;
	if (!row->client->strict)
		row->runs[CASE_NO_AKI].expected = EXPECT_NOTHING;
}

static enum status list_clients(const struct rehearse_order *order, struct rehearsal *r,
				struct error *e)
{
	const struct tool *tool;
	size_t most = 0;

	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++)
		for (const struct tool_client *c = tool->clients; c && c->label; c++)
			most++;
	r->rows = calloc(most, sizeof *r->rows);
	if (!r->rows)
		return error_memory(e);
	for (size_t i = 0; (tool = tool_at(i)) != NULL; i++) {
		if ((order->only && !tool_is_listed(order->only, tool->id)) ||
		    tool_is_listed(order->skip, tool->id))
			continue;
		for (const struct tool_client *c = tool->clients; c && c->label; c++) {
			r->rows[r->count] = (struct rehearse_row){.tool = tool, .client = c};
			set_expected(order, &r->rows[r->count++]);
		}
	}
	return STATUS_OK;
}

/* What the threads share. */
struct workshop {
	const struct client_stage *stage;
	struct rehearsal *rehearsal;
};

static enum status run_client(void *context, size_t at, struct error *e)
{
	const struct workshop *w = context;

	return rehearse_client(w->stage, at, &w->rehearsal->rows[at], e);
}

static enum status count(struct rehearsal *r, struct error *e)
{
	for (size_t i = 0; i < r->count; i++) {
		r->ran += r->rows[i].found.state != CLIENT_MISSING;
		r->good += r->rows[i].good;
	}
	return r->ran ? STATUS_OK
		      : error_set(e, STATUS_NOT_FOUND, NULL, "install curl or openssl, say",
				  "none of the clients is on this machine");
}

enum status rehearse(const struct rehearse_order *order, struct rehearsal *out, struct error *e)
{
	struct rehearsal r = {0};
	struct stage stage = {0};
	struct workshop w = {.stage = &stage.shared, .rehearsal = &r};
	enum status s = list_clients(order, &r, e);

	if (s == STATUS_OK)
		s = set_stage(order, &stage, e);
	if (s == STATUS_OK)
		s = crew_do(r.count, order->at_once, run_client, &w, e);
	clear_stage(&stage);
	if (s == STATUS_OK)
		s = count(&r, e);
	if (s != STATUS_OK) {
		rehearsal_free(&r);
		return s;
	}
	*out = r;
	return STATUS_OK;
}
