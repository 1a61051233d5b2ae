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

/* Extensions: ca/lint/crl_extensions.c */
RULE(crl_number_missing, ERROR, LINT_CRL, "RFC 5280 5.2.3",
     "nobody can tell which of two CRLs is the newer, nor whether one is lacking",
     "issue it with cRLNumber")
RULE(crl_number_critical, ERROR, LINT_CRL, "RFC 5280 5.2.3", "it must not be critical",
     "make it non-critical")
RULE(crl_number_long, ERROR, LINT_CRL, "RFC 5280 5.2.3, 5.2.4",
     "readers need not take more than 20 octets", "count on from a lower number")
RULE(crl_number_negative, ERROR, LINT_CRL, "RFC 5280 5.2.3",
     "the numbers go up from 0; a negative one is read as another", "count from 0 or 1")
RULE(crl_aki_missing, ERROR, LINT_CRL, "RFC 5280 5.2.1",
     "software cannot tell which of the issuer's keys signed it",
     "issue it with authorityKeyIdentifier")
RULE(crl_delta_not_critical, ERROR, LINT_CRL, "RFC 5280 5.2.4",
     "software that skips it takes a delta for the whole list: what was revoked before is valid again",
     "make deltaCRLIndicator critical")
RULE(crl_delta_base, ERROR, LINT_CRL, "RFC 5280 5.2.4",
     "a delta adds to a CRL with a lower number than its own",
     "give the number of the complete CRL that it starts from")
RULE(crl_delta_freshest, ERROR, LINT_CRL, "RFC 5280 5.2.6", "a delta has no delta of its own",
     "leave freshestCRL out of delta CRLs")
RULE(crl_point_not_critical, ERROR, LINT_CRL, "RFC 5280 5.2.5",
     "software that skips it takes a part of the list for the whole",
     "make issuingDistributionPoint critical")
RULE(crl_point_says_nothing, ERROR, LINT_CRL, "RFC 5280 5.2.5",
     "an empty issuingDistributionPoint says nothing, and some software refuses it", "leave it out")
RULE(crl_point_contradicts, ERROR, LINT_CRL, "RFC 5280 5.2.5",
     "at most one of the three kinds of certificates can be all that it contains",
     "set one of onlyContainsUserCerts, onlyContainsCACerts and onlyContainsAttributeCerts")
RULE(crl_point_attribute, ERROR, LINT_CRL, "RFC 5280 5.2.5",
     "it covers no public key certificate, and CAs must not issue it", "issue it for certificates")
RULE(crl_point_default, ERROR, LINT_CRL, "X.690 11.5",
     "FALSE is a default, left out in DER; strict readers refuse it", "leave the field out")
RULE(crl_point_relative, WARNING, LINT_CRL, "RFC 5280 4.2.1.13, 5.2.5",
     "hardly any software reads a name relative to the issuer", "give the CRL's URL")
RULE(crl_point_reasons, NOTICE, LINT_CRL, "RFC 5280 5.2.5",
     "a list for some reasons only leaves the others to another list, which most software never fetches",
     "issue one list for all reasons")
RULE(crl_freshest_fields, ERROR, LINT_CRL, "RFC 5280 5.2.6",
     "in a CRL a point has a place alone, no reasons and no issuer", "leave the others out")
RULE(crl_aia_method, ERROR, LINT_CRL, "RFC 5280 5.2.7",
     "in a CRL authorityInfoAccess only says where the issuer's certificate is",
     "leave out what is not caIssuers")
RULE(crl_foreign_extension, WARNING, LINT_CRL, "RFC 5280 5.2",
     "this extension belongs into certificates or entries; nobody reads it here", "leave it out")

/* Against who signed it: ca/lint/crl.c */
RULE(crl_issuer_not_ca, ERROR, LINT_CRL, "RFC 5280 6.3.3",
     "who is no CA can only sign an indirect CRL", "sign it with the CA's key")
RULE(crl_issuer_key_usage, ERROR, LINT_CRL, "RFC 5280 4.2.1.3, 6.3.3",
     "no verifier accepts what it signed", "sign it with a key whose keyUsage has cRLSign")
RULE(crl_after_issuer, WARNING, LINT_CRL, "RFC 5280 6.3.3",
     "once the issuer has expired, its CRL is not accepted any more",
     "let nextUpdate come with the issuer's expiry or earlier")
RULE(crl_before_issuer, ERROR, LINT_CRL, "RFC 5280 6.3.3",
     "nobody accepts a CRL from before its issuer was valid", "check the clock")

/* Each entry: ca/lint/crl_entry.c */
RULE(crl_entry_serial, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.1.2.6, 4.1.2.2",
     "no certificate has such a serial number: nothing is revoked by it",
     "give the certificate's own serial number, positive and of at most 20 octets")
RULE(crl_entry_time, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.1.2.6, 5.1.2.4",
     "software disagrees about such a time",
     "write it as UTCTime through 2049 and as GeneralizedTime from 2050, to the second, with Z")
RULE(crl_entry_future, WARNING, LINT_CRL_ENTRY, "RFC 5280 5.1.2.6",
     "readers disagree about whether it is revoked yet",
     "let the revocation date be thisUpdate or earlier")
RULE(crl_entry_extension_duplicate, ERROR, LINT_CRL_ENTRY, "RFC 5280 4.2, 5.3",
     "software disagrees about which of the two counts", "issue it with each extension once")
RULE(crl_entry_extension_malformed, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3",
     "the extension cannot be read, so what it says is lost", "issue it with a proper value")
RULE(crl_entry_extension_empty, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.1, 4.1",
     "Extensions holds at least one; strict readers refuse an empty one", "leave it out")
RULE(crl_entry_unknown_critical, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3",
     "software that does not know it must not use the CRL at all",
     "leave it out or make it non-critical")
RULE(crl_entry_critical_false, ERROR, LINT_CRL_ENTRY, "X.690 11.5",
     "a default is left out in DER; strict readers refuse it", "leave critical out")
RULE(crl_reason_critical, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.1", "it must not be critical",
     "make it non-critical")
RULE(crl_reason_unspecified, WARNING, LINT_CRL_ENTRY, "RFC 5280 5.3.1",
     "it says nothing, in ten octets for each entry", "leave reasonCode out where there is none")
RULE(crl_reason_unknown, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.1",
     "there is no such reason; some software refuses the whole CRL", "use a reason of RFC 5280")
RULE(crl_reason_remove, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.1",
     "removeFromCRL has a meaning in delta CRLs only", "leave the entry out of a complete CRL")
RULE(crl_invalidity_critical, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.2", "it must not be critical",
     "make it non-critical")
RULE(crl_invalidity_form, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.2, 4.1.2.5.2",
     "software disagrees about times without seconds, with zones or with fractions",
     "write it as YYYYMMDDHHMMSSZ")
RULE(crl_certificate_issuer_not_critical, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.3",
     "software that skips it revokes another issuer's certificate",
     "make certificateIssuer critical")
RULE(crl_certificate_issuer_direct, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.2.5, 5.3.3",
     "only an indirect CRL has entries of other issuers",
     "set indirectCRL in issuingDistributionPoint, or leave it out")
RULE(crl_certificate_issuer_name, ERROR, LINT_CRL_ENTRY, "RFC 5280 5.3.3",
     "it must hold the issuer's distinguished name", "copy the issuer field of the certificate")
