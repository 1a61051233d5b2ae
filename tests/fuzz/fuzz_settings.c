/*
 * The other files of settings over any bytes: ca.conf in a CA's folder, init.conf of an init that
 * was interrupted, and an auditor's policy. The first octet says which. The corpus comes from
 * tests/fuzz/seed-text.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/policy.h"
#include "base/datetime.h"
#include "ca/authority.h"
#include "ca/create.h"
#include "tests/fuzz/fuzz.h"

/* In a CA of nobody: its certificate is there, its store is not. */
static void read_conf(struct span content)
{
	static bool made;
	struct authority *a = NULL;
	struct error e = {0};
	enum status s;

	if (!made) {
		promise(setenv("SUBCA_TEMPLATES", "templates", 1) == 0);
		fuzz_file(AUTHORITY_CERTIFICATE, span_text(fuzz_authority_pem));
		promise(store_create(fuzz_path(AUTHORITY_STORE), FUZZ_NOW, &e) == STATUS_OK);
		made = true;
	}
	fuzz_file(AUTHORITY_CONF, content);
	s = authority_open(fuzz_folder(), STORE_READ, &a, &e);
	promise_told(s, &e);
	promise((s == STATUS_OK) == (a != NULL));
	promise(s == STATUS_OK || (s == STATUS_INPUT && e.where[0]) || s == STATUS_USAGE);
	if (a) {
		const struct ca_urls *urls = authority_urls(a);
		const char *const all[] = {urls->crl, urls->ocsp, urls->ca_issuers};

		promise(authority_key(a) && authority_key(a)[0]);
		promise(authority_first_serial(a).len <= SERIAL_MAX);
		for (size_t i = 0; i < 3; i++)
			promise(!all[i] || ca_url_is_plain(all[i]));
		promise(authority_owns(a, fuzz_path(AUTHORITY_CONF)));
	}
	authority_free(a);
}

static void read_order(struct span content)
{
	struct create_order o = {0};
	struct error e = {0};
	enum status s;

	fuzz_file(AUTHORITY_UNFINISHED, content);
	s = create_order_read(fuzz_folder(), &o, &e);
	promise_told(s, &e);
	if (s == STATUS_OK) {
		promise(o.subject && o.key_type && o.profile && o.days >= 0);
		promise(o.now >= DATETIME_MIN && o.now <= DATETIME_MAX);
	}
	create_order_free(&o);
	promise(remove(fuzz_path(AUTHORITY_UNFINISHED)) == 0);
}

static void read_policy(struct span content)
{
	struct audit_policy p;
	struct error e = {0};
	enum status s = policy_read(fuzz_file("policy.conf", content), &p, &e);

	promise_told(s, &e);
	promise(s == STATUS_OK || (s == STATUS_INPUT && e.where[0]));
	for (size_t i = 0; s == STATUS_OK && i < p.count; i++) {
		const struct acceptance *a = &p.items[i];
		size_t by = policy_accepts(&p, a->id, a->serial, a->where, a->until - 1);

		promise(a->id && (a->serial || a->where) && a->by && a->why);
		promise(by && by <= i + 1);
		promise(policy_accepts(&p, a->id, "no such", "no such", DATETIME_MAX) == 0);
	}
	if (s == STATUS_OK)
		policy_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data + 1, size ? size - 1 : 0};

	switch (size ? data[0] : 0) {
	case 'c':
		read_conf(rest);
		break;
	case 'i':
		read_order(rest);
		break;
	case 'p':
		read_policy(rest);
		break;
	default:
		break;
	}
	return 0;
}
