/*
 * The audit's own rules, one table. What lint and the request's key judge say about a certificate
 * keeps their rules.
 */
#ifndef SUBCA_AUDIT_RULE_H
#define SUBCA_AUDIT_RULE_H

#include "base/finding.h"

enum audit_rule {
#define RULE(id, severity, reference, why, todo) AUDIT_##id,
#include "audit/rules.h"
#undef RULE
	AUDIT_RULES
};

/* AUDIT_RULES of them, ids "audit_rogue", …, in the order of enum audit_rule. */
extern const struct rule audit_rules[];

/* A rule of any table by its id, also of those that judge no certificate; NULL where there is none. */
const struct rule *audit_rule_find(const char *id);

#endif
