/*
 * Lint judges DER, not structs: the plan's TBS with a filler signature before signing, the real
 * certificate after it, anyone's certificate in an audit. The same rules, the same code.
 */
#ifndef SUBCA_CA_LINT_H
#define SUBCA_CA_LINT_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "ca/plain.h"

/* The rules' table, for "subca lint --rules": each id once, in a stable order. */
const struct rule *lint_rules(size_t *count);

/* What a rule applies to, as bits. */
enum lint_applies {
	LINT_ROOT = 1,
	LINT_INTERMEDIATE = 2,
	LINT_LEAF = 4,
	LINT_UNREADABLE = 8, /* SIGNED, but not what it is to be inside */
	LINT_CRL = 16,
	LINT_CRL_ENTRY = 32, /* each entry of a CRL */
	LINT_REQUEST = 64,
	LINT_CA = LINT_ROOT | LINT_INTERMEDIATE,
	LINT_CERTIFICATE = LINT_CA | LINT_LEAF,
	LINT_SIGNED = LINT_CERTIFICATE | LINT_UNREADABLE | LINT_CRL, /* what an issuer signed */
	LINT_ANY = LINT_SIGNED | LINT_REQUEST,
};
/* The bits of the rule at a place in lint_rules(). */
unsigned lint_rule_applies(size_t at);

/*
 * Every rule that applies to a certificate. issuer: DER of the certificate that signed it, empty
 * when unknown (rules that need it are skipped; a self-signed one is its own issuer). STATUS_INPUT
 * only where der is not even a SIGNED SEQUENCE; whatever is wrong beyond that is a finding.
 */
MUST_CHECK enum status lint_certificate(struct span der, struct span issuer,
					struct findings *findings, struct error *e);

/*
 * An issuer's certificate (DER, which must stay as long), read once for all that it signed; any
 * number of threads may use it at a time. Freed with lint_issuer_free().
 */
struct lint_issuer;
MUST_CHECK enum status lint_issuer_read(struct span der, struct lint_issuer **out, struct error *e);
void lint_issuer_free(struct lint_issuer *issuer);
/* lint_certificate() below one; NULL: its issuer is unknown, or it is its own. */
MUST_CHECK enum status lint_certificate_below(struct span der, const struct lint_issuer *issuer,
					      struct findings *findings, struct error *e);

/*
 * The same of a certificate taken apart already, by what m remembers of others of its kind: of thousands
 * that one profile made it asks each rule only for what they differ in. m belongs to one thread, and
 * issuer to all.
 */
struct lint_memory;
MUST_CHECK enum status lint_memory_new(struct lint_memory **out, struct error *e);
void lint_memory_free(struct lint_memory *m);
MUST_CHECK enum status lint_certificate_remembered(struct lint_memory *m,
						   const struct plain_certificate *p,
						   const struct lint_issuer *issuer,
						   struct findings *findings, struct error *e);

/*
 * Every rule that applies to a CRL and its entries. issuer: DER of the certificate whose key signed
 * it, empty when unknown. A rule speaks of at most LINT_ENTRIES_TOLD entries and then says how many
 * more there are, so that findings stay few. der is read in place: memory does not grow with the
 * entries, but for 32 octets for each where they are not in ascending order. STATUS_INPUT as above.
 */
#define LINT_ENTRIES_TOLD 5
MUST_CHECK enum status lint_crl(struct span der, struct span issuer, struct findings *findings,
				struct error *e);

/*
 * What signing would refuse of a request (csr_request_judge()), every rule that applies to one, and
 * what the judges of its key and its name say (csr_key_check(), csr_name_check()) as far as no rule
 * here has said it. STATUS_INPUT where there is nothing to judge.
 */
MUST_CHECK enum status lint_request(struct span der, struct findings *findings, struct error *e);

/* What lint can judge. */
enum lint_form { LINT_FORM_CERTIFICATE, LINT_FORM_CRL, LINT_FORM_REQUEST };
/* By its shape, without a look at what is inside; what is none of the three is a certificate. */
enum lint_form lint_recognise(struct span der);
/* One of the three above; issuer is not looked at for a request. */
MUST_CHECK enum status lint_one(enum lint_form form, struct span der, struct span issuer,
				struct findings *findings, struct error *e);

/*
 * Proof that these TBS bytes were linted and no finding was an error: the only thing that
 * ca/sign.h signs.
 */
struct lint_passed;

/*
 * Lints tbs (DER TBSCertificate) with a filler signature under algorithm, as
 * lint_certificate_below() does. STATUS_REFUSED, with the
 * first error in the message and all of them in findings, when a rule of severity error speaks.
 */
MUST_CHECK enum status lint_tbs(struct span tbs, const X509_ALGOR *algorithm,
				const struct lint_issuer *issuer, struct findings *findings,
				struct lint_passed **out, struct error *e);
/*
 * The same for a TBSCertList, for ca_sign_apart(). issuer: the certificate of the signing key. tbs is
 * not copied: it must stay as it is, as long as *out.
 */
MUST_CHECK enum status lint_crl_tbs(struct span tbs, const X509_ALGOR *algorithm,
				    struct span issuer, struct findings *findings,
				    struct lint_passed **out, struct error *e);
void lint_passed_free(struct lint_passed *p);
struct span lint_passed_tbs(const struct lint_passed *p);
const X509_ALGOR *lint_passed_algorithm(const struct lint_passed *p);

#endif
