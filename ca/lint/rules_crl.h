/*
 * The rules for CRLs and their entries, as in ca/lint/rules.h, which includes this. What a CRL shares
 * with a certificate (DER, names, algorithms, key identifiers) is judged by the rules there.
 */

/* The frame: ca/lint/crl.c */
RULE(crl_unreadable, ERROR, LINT_UNREADABLE, "RFC 5280 5.1",
     "nothing can be said about what cannot be read", "check that this is an X.509 CRL")
RULE(crl_version, ERROR, LINT_CRL, "RFC 5280 5.1.2.1",
     "without version 2 there are no extensions: no number, no key identifier",
     "issue it as version 2")
RULE(crl_time_type, ERROR, LINT_CRL, "RFC 5280 5.1.2.4", "a time is UTCTime or GeneralizedTime",
     "issue it with proper times")
RULE(crl_time_form, ERROR, LINT_CRL, "RFC 5280 5.1.2.4, 5.1.2.5",
     "software disagrees about times without seconds, with zones or with fractions",
     "write times as YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")
RULE(crl_time_encoding, ERROR, LINT_CRL, "RFC 5280 5.1.2.4, 5.1.2.5",
     "dates through 2049 must be UTCTime", "write the date as UTCTime")
RULE(crl_next_update_missing, ERROR, LINT_CRL, "RFC 5280 5.1.2.5",
     "nobody knows when to fetch the next one, and an attacker may show this one for ever",
     "issue it with nextUpdate")
RULE(crl_update_order, ERROR, LINT_CRL, "RFC 5280 5.1.2.5", "it is outdated when it is issued",
     "let nextUpdate come after thisUpdate")
RULE(crl_entries_empty, ERROR, LINT_CRL, "RFC 5280 5.1.2.6",
     "where nothing is revoked the list must be absent; strict readers refuse an empty one",
     "leave revokedCertificates out")
RULE(crl_entries_unreadable, ERROR, LINT_CRL, "RFC 5280 5.1.2.6",
     "what is revoked from there on cannot be told", "issue it again")
RULE(crl_entry_duplicate, ERROR, LINT_CRL, "RFC 5280 5.3",
     "readers disagree about which of the two entries counts", "list each certificate once")
RULE(crl_entries_unordered, NOTICE, LINT_CRL, "practice",
     "readers must sort it before they can search, and two issues are hard to compare",
     "list the serial numbers in ascending order")
