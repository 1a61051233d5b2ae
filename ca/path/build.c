/* The path as OpenSSL builds it, and everything that OpenSSL has against it. */
#include "ca/path/internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"
#include "ca/inspect.h"
#include "ca/name.h"

struct collector {
	struct path_subject *subject;
	int inside; /* what the path of a CRL's signer failed for */
	bool failed;
};

void path_subject_free(struct path_subject *s)
{
	path_free(&s->path);
	free(s->verdicts);
	s->verdicts = NULL;
	s->verdict_count = 0;
}

static struct collector *collector_of(X509_STORE_CTX *context)
{
	X509_STORE_CTX *above;

	while ((above = X509_STORE_CTX_get0_parent_ctx(context)))
		context = above;
	return X509_STORE_CTX_get_app_data(context);
}

/* RFC 5280 4.1.2.5: through notAfter, inclusive. OpenSSL 3.0 calls that second expired. */
static bool is_last_second(X509_STORE_CTX *context, int code, int64_t now)
{
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(context);
	X509 *x = X509_STORE_CTX_get_current_cert(context);
	int64_t until;

	if (code == X509_V_ERR_CERT_HAS_EXPIRED && x)
		return inspect_time(X509_get0_notAfter(x), &until) && until == now;
	if (code == X509_V_ERR_CRL_HAS_EXPIRED && crl)
		return inspect_time(X509_CRL_get0_nextUpdate(crl), &until) && until == now;
	return false;
}

static void describe_crl(X509_CRL *crl, char *out, size_t size)
{
	struct text name = {0};
	char shown[DATETIME_SIZE] = "an unknown time";
	int64_t at;

	out[0] = '\0';
	if (!crl)
		return;
	name_show(X509_CRL_get_issuer(crl), &name);
	if (inspect_time(X509_CRL_get0_lastUpdate(crl), &at))
		datetime_format(at, shown);
	snprintf(out, size, "CRL of %.80s from %s", text_get(&name), shown);
	text_free(&name);
}

static void collect(struct collector *c, int code, int depth, X509_CRL *crl)
{
	struct path_subject *s = c->subject;
	struct path_verdict *verdicts;

	if (s->verdict_count == PATH_VERDICTS_MAX)
		return;
	verdicts = reallocarray(s->verdicts, s->verdict_count + 1, sizeof *verdicts);
	if (!verdicts) {
		c->failed = true;
		return;
	}
	s->verdicts = verdicts;
	verdicts[s->verdict_count] = (struct path_verdict){.code = code,
							   .link = depth > 0 ? (size_t)depth : 0};
	describe_crl(crl, verdicts[s->verdict_count].detail, sizeof verdicts->detail);
	s->verdict_count++;
}

/* Goes on after each refusal, so that all of them are known. */
static int refuse(int good, X509_STORE_CTX *context)
{
	struct collector *c = collector_of(context);
	int code = X509_STORE_CTX_get_error(context);

	if (good || is_last_second(context, code, c->subject->options->time))
		return 1;
	if (X509_STORE_CTX_get0_parent_ctx(context)) {
		c->inside = code;
		return 0;
	}
	collect(c, code, X509_STORE_CTX_get_error_depth(context),
		X509_STORE_CTX_get0_current_crl(context));
	return 1;
}

static enum status set_policies(X509_VERIFY_PARAM *to, const char *const *policies, struct error *e)
{
	STACK_OF(ASN1_OBJECT) *list = sk_ASN1_OBJECT_new_null();
	enum status s = list ? STATUS_OK : error_memory(e);

	for (size_t i = 0; s == STATUS_OK && policies[i]; i++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(policies[i], 1);

		if (!oid)
			s = error_set(e, STATUS_USAGE, NULL, "write it as 1.3.6.1.4.1.…",
				      "'%.80s' is no policy", policies[i]);
		else if (sk_ASN1_OBJECT_push(list, oid) == 0) {
			ASN1_OBJECT_free(oid);
			s = error_memory(e);
		}
	}
	if (s == STATUS_OK && X509_VERIFY_PARAM_set1_policies(to, list) != 1)
		s = error_memory(e);
	sk_ASN1_OBJECT_pop_free(list, ASN1_OBJECT_free);
	ERR_clear_error();
	return s;
}

static enum status set_host(X509_VERIFY_PARAM *to, const char *host, struct error *e)
{
	int done = X509_VERIFY_PARAM_set1_ip_asc(to, host);

	X509_VERIFY_PARAM_set_hostflags(to, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
						    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (done != 1)
		done = X509_VERIFY_PARAM_set1_host(to, host, 0);
	ERR_clear_error();
	return done == 1 ? STATUS_OK : error_memory(e);
}

static enum status set_options(X509_STORE_CTX *context, const struct path_pool *pool,
			       const struct path_options *o, struct error *e)
{
	/* To OpenSSL an empty set is none at all, and not RFC 5280's any-policy. */
	static const char *const any_policy[] = {"2.5.29.32.0", NULL};
	static const int purposes[] = {
		[PATH_SERVER] = X509_PURPOSE_SSL_SERVER,
		[PATH_CLIENT] = X509_PURPOSE_SSL_CLIENT,
		[PATH_EMAIL] = X509_PURPOSE_SMIME_SIGN,
	};
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK;

	if (sk_X509_CRL_num(pool->crls) > 0 || o->crl_required)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
			 X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS;
	if (o->explicit_policy)
		flags |= X509_V_FLAG_EXPLICIT_POLICY;
	if (o->inhibit_policy_mapping)
		flags |= X509_V_FLAG_INHIBIT_MAP;
	if (o->inhibit_any_policy)
		flags |= X509_V_FLAG_INHIBIT_ANY;
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_depth(param, PATH_MAX_LINKS - 2);
	X509_VERIFY_PARAM_set_time(param, (time_t)o->time);
	if (o->purpose != PATH_ANY && o->purpose != PATH_CA)
		X509_VERIFY_PARAM_set_purpose(param, purposes[o->purpose]);
	X509_STORE_CTX_set0_crls(context, pool->crls);
	if (set_policies(param, o->policies ? o->policies : any_policy, e) != STATUS_OK)
		return error_status(e);
	return o->host ? set_host(param, o->host, e) : STATUS_OK;
}

static enum status divide(const struct path_pool *pool, const bool *left_out, X509_STORE *roots,
			  STACK_OF(X509) *between, struct error *e)
{
	for (size_t i = 0; i < pool->count; i++) {
		X509 *x = pool->members[i].certificate;

		if (left_out && left_out[i])
			continue;
		if (pool->members[i].root ? X509_STORE_add_cert(roots, x) != 1
					  : sk_X509_push(between, x) == 0)
			return error_memory(e);
	}
	return STATUS_OK;
}

static enum status keep_path(X509_STORE_CTX *context, X509 *leaf, struct path_subject *out,
			     struct error *e)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
	int count = sk_X509_num(chain);
	struct path *p = &out->path;

	p->links = calloc(count > 0 ? (size_t)count : 1, sizeof *p->links);
	if (!p->links)
		return error_memory(e);
	for (int i = 0; i < (count > 0 ? count : 1); i++) {
		struct path_link *link = &p->links[p->count++];
		X509 *x = count > 0 ? sk_X509_value(chain, i) : leaf;
		const struct path_member *m = path_pool_find(out->pool, x);

		if (X509_up_ref(x) == 1)
			link->certificate = x;
		if (!link->certificate)
			return error_memory(e);
		link->tag = i == 0 || !m ? PATH_LEAF : m->tag;
		link->anchor = m && m->root;
	}
	p->complete = p->links[p->count - 1].anchor;
	for (size_t i = 0; i + 1 < p->count; i++)
		p->links[i].anchor = false;
	return STATUS_OK;
}

static enum status run(X509_STORE_CTX *context, X509 *leaf, struct path_subject *out,
		       struct error *e)
{
	struct collector c = {.subject = out};
	int good;

	if (X509_STORE_CTX_set_app_data(context, &c) != 1)
		return error_openssl(e, STATUS_SYSTEM, NULL, NULL, "no path can be built");
	X509_STORE_CTX_set_verify_cb(context, refuse);
	good = X509_verify_cert(context);
	/* What it stopped for without asking. */
	if (good != 1 && out->verdict_count == 0)
		collect(&c,
			X509_STORE_CTX_get_error(context) ? X509_STORE_CTX_get_error(context)
							  : X509_V_ERR_UNSPECIFIED,
			X509_STORE_CTX_get_error_depth(context), NULL);
	ERR_clear_error();
	if (c.failed || X509_STORE_CTX_get_error(context) == X509_V_ERR_OUT_OF_MEM)
		return error_memory(e);
	for (size_t i = 0; i < out->verdict_count; i++)
		if (out->verdicts[i].code == X509_V_ERR_CRL_PATH_VALIDATION_ERROR && c.inside)
			snprintf(out->verdicts[i].detail, sizeof out->verdicts[i].detail, "%s",
				 X509_verify_cert_error_string(c.inside));
	return keep_path(context, leaf, out, e);
}

enum status path_build(const struct path_pool *pool, const bool *left_out, X509 *leaf,
		       const struct path_options *o, struct path_subject *out, struct error *e)
{
	X509_STORE *roots = X509_STORE_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum status s = STATUS_OK;

	*out = (struct path_subject){.pool = pool, .options = o};
	if (!roots || !between || !context)
		s = error_memory(e);
	if (s == STATUS_OK)
		s = divide(pool, left_out, roots, between, e);
	if (s == STATUS_OK && X509_STORE_CTX_init(context, roots, leaf, between) != 1)
		s = error_memory(e);
	if (s == STATUS_OK)
		s = set_options(context, pool, o, e);
	if (s == STATUS_OK)
		s = run(context, leaf, out, e);
	X509_STORE_CTX_free(context);
	sk_X509_free(between);
	X509_STORE_free(roots);
	if (s != STATUS_OK)
		path_subject_free(out);
	return s;
}
