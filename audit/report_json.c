#include <stdlib.h>
#include <string.h>

#include "audit/report.h"
#include "base/datetime.h"

const char *report_result(const struct audit *a)
{
	return a->found[SEVERITY_ERROR]	    ? "errors"
	       : a->found[SEVERITY_WARNING] ? "warnings"
					    : "clean";
}

const char *report_title(const struct audit *a)
{
	const struct audit_label *l = audit_label_find(a, a->authority_record);

	if (l)
		return l->subject;
	return a->order->directory_given ? a->order->directory : "certificates";
}

const char *report_state(const struct audit *a, const struct audit_record *r)
{
	if (r->flags & RECORD_REVOKED)
		return "revoked";
	if (!(r->flags & RECORD_VERIFIED))
		return "not verified";
	if (r->not_after < a->order->now)
		return "expired";
	return r->not_before > a->order->now ? "not yet valid" : "valid";
}

/* JSON is UTF-8; paths need not be. */
static json_t *text(const char *s)
{
	struct text escaped = {0};
	json_t *out = NULL;

	if (!s)
		return json_null();
	text_add_escaped(&escaped, span_text(s));
	if (!escaped.failed)
		out = json_string(text_get(&escaped));
	text_free(&escaped);
	return out;
}

static json_t *time_json(int64_t t)
{
	char words[DATETIME_SIZE];

	if (t < DATETIME_MIN || t > DATETIME_MAX)
		return json_null();
	datetime_format(t, words);
	return json_string(words);
}

static json_t *hex(const unsigned char *data, size_t len)
{
	char words[2 * SHA256_SIZE + 1];

	hex_encode((struct span){data, len}, words);
	return json_string(words);
}

static json_t *count(size_t n)
{
	return json_integer((json_int_t)n);
}

/* --- certificates ----------------------------------------------------------------------------- */

static json_t *certificate_brief(const struct audit *a, uint32_t record)
{
	const struct audit_label *l = audit_label_find(a, record);

	if (!l)
		return json_null();
	return json_pack("{s:o, s:s, s:o, s:o}", "subject", text(l->subject), "serial", l->serial,
			 "sha256", hex(l->sha256, SHA256_SIZE), "source",
			 text(a->estate.sources[a->estate.records[record].source].path));
}

static json_t *certificate_json(const struct audit *a, const struct audit_label *l)
{
	const struct audit_record *r = &a->estate.records[l->record];
	const struct audit_label *issuer = audit_label_find(a, r->issuer_record);
	json_t *o = certificate_brief(a, l->record);
	json_t *more = json_pack("{s:o, s:s, s:o, s:o, s:s, s:b, s:o, s:b, s:b, s:o}", "issuer",
				 text(l->issuer), "key", l->key, "not_before",
				 time_json(r->not_before), "not_after", time_json(r->not_after),
				 "state", report_state(a, r), "ca", (r->flags & RECORD_CA) != 0,
				 "path_length",
				 r->path_length < 0 ? json_null() : json_integer(r->path_length),
				 "in_store", (r->flags & RECORD_IN_STORE) != 0, "in_file",
				 (r->flags & RECORD_IN_FILE) != 0, "issuer_sha256",
				 issuer ? hex(issuer->sha256, SHA256_SIZE) : json_null());

	if (!more || json_object_update(o, more) != 0) {
		json_decref(o);
		o = NULL;
	}
	json_decref(more);
	return o;
}

/* json_array_append_new() fails for NULL; one failure makes the whole fail. */
static json_t *add(json_t *array, json_t *item)
{
	if (array && json_array_append_new(array, item) == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *certificates(const struct audit *a)
{
	json_t *out = json_array();

	for (size_t i = 0; out && i < a->label_count; i++)
		out = add(out, certificate_json(a, &a->labels[i]));
	return out;
}

/* --- findings --------------------------------------------------------------------------------- */

static json_t *accepted_json(const struct audit *a, const struct audit_finding *f)
{
	const struct acceptance *x;

	if (!f->accepted)
		return json_null();
	x = &a->policy.items[f->accepted - 1];
	return json_pack("{s:o, s:o, s:o}", "until", time_json(x->until), "by", text(x->by), "why",
			 text(x->why));
}

static json_t *findings(const struct audit *a)
{
	const struct audit_findings *all = &a->estate.findings;
	json_t *out = json_array();

	for (size_t i = 0; out && i < all->count; i++) {
		const struct audit_finding *f = &all->items[i];

		out = add(out,
			  json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "rule",
				    f->rule->id, "severity", severity_name(f->severity),
				    "reference", f->rule->reference, "why", f->rule->why, "todo",
				    f->rule->todo, "message", text(f->message), "where",
				    text(f->where), "certificate", certificate_brief(a, f->record),
				    "other", certificate_brief(a, f->other), "accepted",
				    accepted_json(a, f)));
	}
	return out;
}

static json_t *more_findings(const struct audit *a)
{
	const struct audit_findings *f = &a->estate.findings;
	json_t *out = json_array();

	for (size_t i = 0; out && i < f->rule_count; i++)
		if (f->rules[i].count > f->rules[i].kept)
			out = add(out,
				  json_pack("{s:s, s:o}", "rule", f->rules[i].rule->id, "count",
					    count(f->rules[i].count - f->rules[i].kept)));
	return out;
}

/* --- what was examined ------------------------------------------------------------------------ */

static json_t *crls(const struct audit *a)
{
	json_t *out = json_array();

	for (size_t i = 0; out && i < a->crls.count; i++) {
		const struct audit_crl *c = &a->crls.items[i];

		out = add(out, json_pack("{s:o, s:o, s:o, s:o, s:b, s:b}", "source",
					 text(a->estate.sources[c->source].path), "number",
					 c->number < 0 ? json_null() : json_integer(c->number),
					 "this_update", time_json(c->this_update), "next_update",
					 c->next_update ? time_json(c->next_update) : json_null(),
					 "delta", c->delta, "verified", c->signer != NULL));
	}
	return out;
}

static json_t *sources(const struct audit *a)
{
	json_t *out = json_array();

	for (size_t i = 0; out && i < a->estate.source_count; i++) {
		const struct audit_source *s = &a->estate.sources[i];

		if (s->certificates || s->crls)
			out = add(out,
				  json_pack("{s:o, s:s, s:o, s:o}", "path", text(s->path), "kind",
					    s->is_store ? "store" : "file", "certificates",
					    count(s->certificates), "crls", count(s->crls)));
	}
	return out;
}

static json_t *unread(const struct audit *a)
{
	json_t *out = json_array();

	for (size_t i = 0; out && i < a->estate.unread_count; i++)
		out = add(out, json_pack("{s:o, s:o}", "path", text(a->estate.unread[i].path),
					 "why", text(a->estate.unread[i].why)));
	return out;
}

static json_t *journal(const struct audit *a)
{
	const struct checkpoint *head = &a->ledger.head;
	char paper[CHECKPOINT_PAPER_SIZE];

	if (!head->hash_len)
		return json_null();
	checkpoint_paper(head, paper);
	return json_pack("{s:I, s:o, s:s, s:o}", "row", (json_int_t)head->seq, "hash",
			 hex(head->hash, SHA256_SIZE), "paper", paper, "checkpoints_that_hold",
			 count(a->ledger.checkpoints));
}

static json_t *summary(const struct audit *a)
{
	size_t cas = 0;

	for (uint32_t i = 0; i < a->estate.count; i++)
		cas += (a->estate.records[i].flags & RECORD_CA) != 0;
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "result",
			 report_result(a), "errors", count(a->found[SEVERITY_ERROR]), "warnings",
			 count(a->found[SEVERITY_WARNING]), "notices",
			 count(a->found[SEVERITY_NOTICE]), "accepted", count(a->accepted),
			 "certificates", count(a->estate.count), "cas", count(cas), "not_examined",
			 count(a->estate.unread_count), "left_out_by_since",
			 count(a->before_since));
}

json_t *report_json(const struct audit *a)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "at",
			 time_json(a->order->now), "subca", SUBCA_VERSION, "title",
			 text(report_title(a)), "authority",
			 certificate_brief(a, a->authority_record), "summary", summary(a),
			 "findings", findings(a), "more_findings", more_findings(a),
			 "certificates_complete", a->lists_all, "certificates", certificates(a),
			 "crls", crls(a), "journal", journal(a), "sources", sources(a),
			 "not_examined", unread(a));
}

/* --- SARIF 2.1.0 ------------------------------------------------------------------------------ */

static const char *sarif_level(enum severity s)
{
	return s == SEVERITY_ERROR ? "error" : s == SEVERITY_WARNING ? "warning" : "note";
}

static json_t *sarif_rules(const struct audit *a)
{
	const struct audit_findings *f = &a->estate.findings;
	json_t *out = json_array();

	for (size_t i = 0; out && i < f->rule_count; i++) {
		const struct rule *r = f->rules[i].rule;

		out = add(out,
			  json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id", r->id,
				    "shortDescription", "text", r->why, "help", "text", r->todo,
				    "defaultConfiguration", "level", sarif_level(r->severity)));
	}
	return out;
}

/* A relative reference (RFC 3986 4.2), with what may not stand in one escaped. */
static json_t *sarif_uri(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	struct text uri = {0};
	json_t *out;

	if (*path == '/')
		text_add(&uri, "file://");
	for (const char *c = path; *c; c++) {
		if (strchr(plain, *c))
			text_append(&uri, c, 1);
		else
			text_printf(&uri, "%%%02X", (unsigned)(unsigned char)*c);
	}
	out = uri.failed ? NULL : json_string(text_get(&uri));
	text_free(&uri);
	return out;
}

static json_t *sarif_location(const struct audit *a, const struct audit_finding *f)
{
	const char *path = f->record != RECORD_NONE
				   ? a->estate.sources[a->estate.records[f->record].source].path
				   : f->where;

	return json_pack("[{s:{s:{s:o}}}]", "physicalLocation", "artifactLocation", "uri",
			 sarif_uri(path ? path : "."));
}

static json_t *sarif_message(const struct audit *a, const struct audit_finding *f)
{
	const struct audit_label *l = audit_label_find(a, f->record);
	struct text words = {0};
	json_t *out;

	if (l)
		text_printf(&words, "%s, serial %s: ", l->subject, l->serial);
	text_add(&words, f->message);
	out = words.failed ? NULL : text(text_get(&words));
	text_free(&words);
	return out;
}

static json_t *sarif_suppressions(const struct audit *a, const struct audit_finding *f)
{
	json_t *why;

	if (!f->accepted)
		return json_array();
	why = text(a->policy.items[f->accepted - 1].why);
	return json_pack("[{s:s, s:o}]", "kind", "external", "justification", why);
}

static json_t *sarif_results(const struct audit *a)
{
	const struct audit_findings *all = &a->estate.findings;
	json_t *out = json_array();

	for (size_t i = 0; out && i < all->count; i++) {
		const struct audit_finding *f = &all->items[i];

		out = add(out, json_pack("{s:s, s:s, s:{s:o}, s:o, s:o}", "ruleId", f->rule->id,
					 "level", sarif_level(f->severity), "message", "text",
					 sarif_message(a, f), "locations", sarif_location(a, f),
					 "suppressions", sarif_suppressions(a, f)));
	}
	return out;
}

json_t *report_sarif(const struct audit *a)
{
	return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}", "$schema",
			 "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
			 "runs", "tool", "driver", "name", "subca audit", "version", SUBCA_VERSION,
			 "rules", sarif_rules(a), "results", sarif_results(a));
}
