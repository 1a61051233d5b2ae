/*
 * The rules of a path: RULE(id, severity, applies to, reference, why, what to do), as in
 * ca/lint/rules.h. The function of a rule has its id for a name. path_unexplained comes last: it tells what
 * no other has told.
 */

/* The path as a whole: ca/path/end.c */
RULE(path_incomplete, ERROR, PATH_RULE_PATH, "RFC 5280 6.1",
     "without its issuer's certificate nobody can follow the path to a root",
     "give the issuer's certificate with --chain, or the root with --root")
RULE(path_untrusted, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.1 (d)",
     "whoever does not trust this root does not trust what is below it",
     "give the root with --root if you trust it")
RULE(path_too_long, ERROR, PATH_RULE_PATH, "RFC 5280 6.1", "no verifier follows such a path",
     "find out who made these certificates")

/* Each certificate: ca/path/link.c */
RULE(path_signature, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.3 (a)(1)",
     "the certificate was changed, or another key signed it",
     "find the issuer that did sign it, or have it issued again")
RULE(path_expired, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.3 (a)(2)",
     "no verifier accepts it any more", "have it renewed")
RULE(path_not_yet_valid, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.3 (a)(2)",
     "no verifier accepts it yet", "wait, or check the clocks")
RULE(path_malformed, ERROR, PATH_RULE_PATH, "RFC 5280 6.1",
     "a part that the path depends on cannot be read", "have it issued again")
RULE(path_critical_extension, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.4 (o)",
     "software that does not know a critical extension must refuse the certificate",
     "have it issued without the extension")
RULE(path_not_ca, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.4 (k)", "nobody accepts what it signed",
     "have the certificate below it issued by a CA")
RULE(path_key_usage, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.4 (n)", "nobody accepts what it signed",
     "have the CA's certificate issued again with keyCertSign")
RULE(path_length, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.4 (l)",
     "nobody accepts a path with more CAs than a CA above them allows",
     "have the CA below it issued by a CA that grants a longer path")
RULE(path_purpose, ERROR, PATH_RULE_PATH, "RFC 5280 4.2.1.12",
     "it, or what it signed, is not accepted for that use",
     "use a certificate that is meant for it")
RULE(path_host, ERROR, PATH_RULE_PATH, "RFC 9525 6", "clients refuse a server of another name",
     "have it issued with the name in subjectAltName")

/* Names and policies: ca/path/constraint.c */
RULE(path_name_constraints, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.3 (b), (c)",
     "a CA above it may not speak for such a name", "use names that the CAs above permit")
RULE(path_policy, ERROR, PATH_RULE_PATH, "RFC 5280 6.1.5 (g)",
     "no policy that is asked for holds for the whole path",
     "use a certificate that was issued under the policy")

/* Revocation: ca/path/revocation.c */
RULE(path_revoked, ERROR, PATH_RULE_PATH, "RFC 5280 6.3.3", "its issuer has withdrawn it",
     "use another certificate, and ask its issuer why")
RULE(path_crl_missing, ERROR, PATH_RULE_PATH, "RFC 5280 6.3", "nobody knows whether it was revoked",
     "give its issuer's CRL with --crl")
RULE(path_crl_outdated, ERROR, PATH_RULE_PATH, "RFC 5280 6.3.3 (a)",
     "it may have been revoked since", "get the issuer's current CRL")
RULE(path_crl_unusable, ERROR, PATH_RULE_PATH, "RFC 5280 6.3.3",
     "a CRL that does not hold says nothing", "get the CRL from the certificate's issuer again")

/* What OpenSSL leaves out: ca/path/strict.c */
RULE(path_outlives_issuer, ERROR, PATH_RULE_STRICT, "RFC 5280 6.1.3 (a)(2)",
     "once a CA above it has expired, so has the path", "have it issued with a shorter life")
RULE(path_predates_issuer, WARNING, PATH_RULE_STRICT, "RFC 5280 6.1.3 (a)(2)",
     "it is older than the CA above it: as it should be after a renewal, and else nobody's doing",
     "nothing, where the CA above was renewed or cross-signed")
RULE(path_length_unusable, ERROR, PATH_RULE_STRICT, "RFC 5280 6.1.4 (l)",
     "nobody accepts what this CA signs: a CA above it allows no CA here",
     "have it issued by a CA that grants a longer path")
RULE(path_key_reused, ERROR, PATH_RULE_STRICT, "white paper, openssl x509 -signkey",
     "whoever has one key can sign as both; a key of a CA above does not belong in here",
     "have it issued from a request with a key of its own")
RULE(path_root_signature, ERROR, PATH_RULE_STRICT, "RFC 5280 3.2",
     "a root that its own key did not sign was changed or made up",
     "get the root again from who runs it")
RULE(path_anchor_between, NOTICE, PATH_RULE_STRICT, "RFC 5280 6.1.1 (d)",
     "much software trusts only self-signed certificates, and does not stop here",
     "trust the root above it instead")

/* The rest of OpenSSL's verdicts: ca/path/link.c */
RULE(path_unexplained, ERROR, PATH_RULE_PATH, "OpenSSL",
     "OpenSSL refuses the path, so most software does", "see what OpenSSL says")
