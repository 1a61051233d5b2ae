#include "ca/preflight/internal.h"

#include <stdio.h>

#include <openssl/err.h>

#define CHAIN "chain"
#define CHAIN_CERTIFICATES 16
#define CHAIN_OCTETS (64 * 1024)

static bool is_self_issued(X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
}

static bool names_issuer(X509 *child, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(child), X509_get_subject_name(issuer)) == 0;
}

void preflight_portal_chain_unreadable(const struct preflight_subject *s,
				       struct lint_report *report)
{
	if (s->chain.bytes.len && (s->chain.form != UPLOAD_PEM || s->chain.count == 0))
		lint_say(report, CHAIN, "is not certificates in PEM");
}

void preflight_portal_chain_size(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->chain.bytes.len > CHAIN_OCTETS)
		lint_say(report, CHAIN, "has %zu bytes, more than %d", s->chain.bytes.len,
			 CHAIN_OCTETS);
	if (s->chain.count > CHAIN_CERTIFICATES)
		lint_say(report, CHAIN, "has more than %d certificates", CHAIN_CERTIFICATES);
}

void preflight_portal_chain_private_key(const struct preflight_subject *s,
					struct lint_report *report)
{
	if (s->chain.private_key)
		lint_say(report, CHAIN, "holds a private key");
}

/* A chain file may begin with the certificate itself, as fullchain.pem does. */
void preflight_portal_chain_order(const struct preflight_subject *s, struct lint_report *report)
{
	X509 *below = s->certificate;

	for (size_t i = 0; below && i < s->above_count; i++) {
		if (X509_cmp(s->above[i], s->certificate) == 0)
			continue;
		if (!names_issuer(below, s->above[i])) {
			lint_say(report, CHAIN,
				 "has at place %zu what did not issue the one before", i + 1);
			return;
		}
		below = s->above[i];
	}
}

static bool is_signed_by(X509 *child, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool good;

	ERR_set_mark();
	good = key && X509_verify(child, key) == 1;
	ERR_pop_to_mark();
	return good;
}

void preflight_portal_chain_signature(const struct preflight_subject *s, struct lint_report *report)
{
	X509 *below = s->certificate;

	for (size_t i = 0; below && i < s->above_count; i++) {
		if (X509_cmp(s->above[i], s->certificate) == 0 || !names_issuer(below, s->above[i]))
			continue;
		if (!is_signed_by(below, s->above[i]))
			lint_say(report, CHAIN,
				 "has at place %zu the name but not the key of the "
				 "issuer",
				 i + 1);
		below = s->above[i];
	}
}

void preflight_portal_chain_root_missing(const struct preflight_subject *s,
					 struct lint_report *report)
{
	if (s->certificate && !s->root && !is_self_issued(s->certificate))
		lint_say(report, CHAIN, "does not end in a root");
}
