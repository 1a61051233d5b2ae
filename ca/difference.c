#include "ca/difference.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "ca/name.h"

/* The profile's setting that decides over an extension. */
static const char *rule_for(int nid)
{
	static const struct {
		int nid;
		const char *rule;
	} rules[] = {
		{NID_basic_constraints, "profile: basic_constraints"},
		{NID_key_usage, "profile: key_usage"},
		{NID_ext_key_usage, "profile: extended_key_usage"},
		{NID_subject_key_identifier, "profile: subject_key_identifier"},
		{NID_authority_key_identifier, "profile: authority_key_identifier"},
		{NID_subject_alt_name, "profile: subject_alt_name"},
		{NID_certificate_policies, "profile: certificate_policies"},
		{NID_crl_distribution_points, "profile and ca.conf: urls.crl"},
		{NID_freshest_crl, "profile and ca.conf: urls.delta_crl"},
		{NID_info_access, "profile and ca.conf: urls"},
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].nid == nid)
			return rules[i].rule;
	return "no rule names it";
}

void extension_show(const X509_EXTENSION *extension, struct text *out)
{
	BIO *memory = BIO_new(BIO_s_mem());
	struct span words = {0};
	char *data = NULL;
	bool blank = false;

	text_add(out, X509_EXTENSION_get_critical(extension) ? "critical; " : "");
	if (memory && X509V3_EXT_print(memory, (X509_EXTENSION *)extension, X509V3_EXT_DUMP_UNKNOWN,
				       0) == 1) {
		words.len = (size_t)BIO_get_mem_data(memory, &data);
		words.data = (const unsigned char *)data;
	}
	/* OpenSSL breaks lines and indents; here it is one line with single spaces. */
	for (size_t i = 0; i < words.len; i++) {
		if (words.data[i] == '\n' || words.data[i] == ' ') {
			blank = i > 0;
			continue;
		}
		if (blank)
			text_add(out, " ");
		blank = false;
		text_add_escaped(out, (struct span){words.data + i, 1});
	}
	BIO_free(memory);
}

static enum status add(struct differences *d, enum difference_verdict verdict, const char *field,
		       const char *rule, struct text *asked, struct text *granted, struct error *e)
{
	struct difference *items = reallocarray(d->items, d->count + 1, sizeof *items);
	struct difference new = {.verdict = verdict, .rule = rule};

	if (items)
		d->items = items;
	snprintf(new.field, sizeof new.field, "%s", field);
	new.asked = strdup(text_get(asked));
	new.granted = strdup(text_get(granted));
	if (!items || !new.asked || !new.granted || asked->failed || granted->failed) {
		free(new.asked);
		free(new.granted);
		return error_memory(e);
	}
	d->items[d->count++] = new;
	return STATUS_OK;
}

static const X509_EXTENSION *find(const STACK_OF(X509_EXTENSION) *list, const ASN1_OBJECT *type)
{
	int at = list ? X509v3_get_ext_by_OBJ(list, type, -1) : -1;

	return at < 0 ? NULL : X509v3_get_ext(list, at);
}

static bool same_extension(const X509_EXTENSION *a, const X509_EXTENSION *b)
{
	return X509_EXTENSION_get_critical(a) == X509_EXTENSION_get_critical(b) &&
	       ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data((X509_EXTENSION *)a),
				     X509_EXTENSION_get_data((X509_EXTENSION *)b)) == 0;
}

static enum status add_extension(struct differences *d, const X509_EXTENSION *asked,
				 const X509_EXTENSION *granted, struct error *e)
{
	const X509_EXTENSION *one = asked ? asked : granted;
	const ASN1_OBJECT *type = X509_EXTENSION_get_object((X509_EXTENSION *)one);
	int nid = OBJ_obj2nid(type);
	enum difference_verdict verdict = DIFFERENCE_OVERRIDDEN;
	struct text before = {0}, after = {0};
	char field[80];
	enum status s;

	if (nid == NID_undef)
		OBJ_obj2txt(field, sizeof field, type, 1);
	else
		snprintf(field, sizeof field, "%s", OBJ_nid2sn(nid));
	if (!asked)
		verdict = DIFFERENCE_ADDED;
	else if (!granted)
		verdict = DIFFERENCE_DROPPED;
	else if (same_extension(asked, granted))
		verdict = DIFFERENCE_KEPT;
	if (asked)
		extension_show(asked, &before);
	if (granted)
		extension_show(granted, &after);
	s = add(d, verdict, field, rule_for(nid), &before, &after, e);
	text_free(&before);
	text_free(&after);
	return s;
}

static enum status add_subject_and_key(struct differences *d, const struct csr_request *request,
				       struct error *e)
{
	struct text subject = {0}, key = {0};
	EVP_PKEY *pkey = csr_request_key(request);
	enum status s;

	name_show(csr_request_name(request), &subject);
	text_printf(&key, "%s %d bits", EVP_PKEY_get0_type_name(pkey), EVP_PKEY_get_bits(pkey));
	s = add(d, DIFFERENCE_KEPT, "subject", "copied byte for byte", &subject, &subject, e);
	if (s == STATUS_OK)
		s = add(d, DIFFERENCE_KEPT, "public key", "copied byte for byte", &key, &key, e);
	text_free(&subject);
	text_free(&key);
	return s;
}

enum status differences_find(const struct csr_request *request, const struct cert_plan *plan,
			     struct differences *out, struct error *e)
{
	const STACK_OF(X509_EXTENSION) *asked = csr_request_extensions(request);
	const STACK_OF(X509_EXTENSION) *granted = plan_extensions(plan);
	enum status s = add_subject_and_key(out, request, e);

	for (int i = 0; s == STATUS_OK && i < (asked ? sk_X509_EXTENSION_num(asked) : 0); i++) {
		X509_EXTENSION *one = sk_X509_EXTENSION_value(asked, i);

		s = add_extension(out, one, find(granted, X509_EXTENSION_get_object(one)), e);
	}
	for (int i = 0; s == STATUS_OK && i < sk_X509_EXTENSION_num(granted); i++) {
		X509_EXTENSION *one = sk_X509_EXTENSION_value(granted, i);

		if (!find(asked, X509_EXTENSION_get_object(one)))
			s = add_extension(out, NULL, one, e);
	}
	return s;
}

void differences_free(struct differences *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->items[i].asked);
		free(d->items[i].granted);
	}
	free(d->items);
	*d = (struct differences){0};
}

const char *difference_verdict_name(enum difference_verdict v)
{
	static const char *const names[] = {"kept", "dropped", "overridden", "added"};

	return names[v];
}
