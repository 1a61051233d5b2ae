/*
 * The rules: RULE(id, severity, applies to, reference, why, what to do). Included more than once;
 * the function of a rule is lint_<id>. A rule that another makes pointless stays silent: the
 * fixtures expect exactly one finding each.
 */

/* Encoding: ca/lint/encoding.c */
RULE(der_structure, ERROR, LINT_ANY, "X.690 8",
     "readers that are strict refuse it, others may see another certificate in it",
     "have it issued again by software that writes DER")
RULE(der_length, ERROR, LINT_ANY, "X.690 10.1",
     "it is BER: strict readers refuse it, and its fingerprint depends on who encodes it",
     "have it issued again by software that writes DER")
RULE(der_boolean, ERROR, LINT_ANY, "X.690 11.1", "TRUE has one encoding in DER: FF",
     "have it issued again by software that writes DER")
RULE(der_integer, ERROR, LINT_ANY, "X.690 8.3.2",
     "padded integers compare unequal to the same number elsewhere",
     "have it issued again by software that writes DER")
RULE(der_bit_string, ERROR, LINT_ANY, "X.690 11.2.1", "unused bits are zero in DER",
     "have it issued again by software that writes DER")
RULE(der_oid, ERROR, LINT_ANY, "X.690 8.19.2",
     "padded identifiers compare unequal to the same one elsewhere",
     "have it issued again by software that writes DER")
RULE(der_set_order, ERROR, LINT_ANY, "X.690 11.6",
     "names with their parts in another order compare unequal",
     "have it issued again by software that writes DER")
RULE(certificate_unreadable, ERROR, LINT_UNREADABLE, "RFC 5280 4.1",
     "nothing can be said about what cannot be read", "check that this is an X.509 certificate")

/* The frame: ca/lint/frame.c */
RULE(version_not_3, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.1",
     "without version 3 there are no extensions, and nothing says that a CA is one",
     "issue it as version 3")
RULE(serial_negative, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.2",
     "a serial number must be positive; some software reads it as another number",
     "issue it with a positive serial number")
RULE(serial_zero, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.2", "a serial number must be positive",
     "issue it with a positive serial number")
RULE(serial_long, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.2",
     "more than 20 octets cannot be put into a CRL that others read",
     "issue it with a serial number of at most 20 octets")
RULE(signature_algorithm_differs, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.1.2",
     "the algorithm outside the signature could be swapped", "issue it with both the same")
RULE(unique_id_present, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.8",
     "CAs must not make certificates with unique identifiers", "issue it without")

/* Validity: ca/lint/validity.c */
RULE(validity_type, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.5",
     "a time is UTCTime or GeneralizedTime", "issue it with proper times")
RULE(validity_form, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.5.1",
     "software disagrees about times without seconds, with zones or with fractions",
     "write times as YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")
RULE(validity_encoding, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.5",
     "dates through 2049 must be UTCTime", "write the date as UTCTime")
RULE(validity_order, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.5", "it is never valid",
     "let notAfter come after notBefore")

/* Extensions at large: ca/lint/extensions.c */
RULE(extension_duplicate, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2",
     "software disagrees about which of the two counts", "issue it with each extension once")
RULE(extension_malformed, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1",
     "the extension cannot be read, so what it says is lost", "issue it with a proper value")
RULE(extension_unknown_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2",
     "software that does not know it must refuse the certificate",
     "leave it out or make it non-critical")
RULE(extension_critical_false, ERROR, LINT_CERTIFICATE, "X.690 11.5",
     "a default is left out in DER; strict readers refuse it", "leave critical out")

/* Constraints and usage: ca/lint/usage.c */
RULE(basic_constraints_critical, ERROR, LINT_CA, "RFC 5280 4.2.1.9",
     "software that skips it would not know that this is a CA; Python 3.13 refuses it",
     "make basicConstraints critical")
RULE(path_length_without_sign, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.9",
     "a path length means nothing unless the certificate may sign others",
     "leave the path length out, or grant CA and keyCertSign")
RULE(key_usage_missing, ERROR, LINT_CA, "RFC 5280 4.2.1.3", "a CA must say what its key is for",
     "add keyUsage with keyCertSign and cRLSign")
RULE(key_usage_ca_sign, ERROR, LINT_CA, "RFC 5280 4.2.1.3",
     "without keyCertSign nobody accepts what this CA signs", "add keyCertSign to keyUsage")
RULE(key_usage_leaf_sign, ERROR, LINT_LEAF, "RFC 5280 4.2.1.3", "only a CA may sign certificates",
     "remove keyCertSign from keyUsage")

/* Key identifiers: ca/lint/identifier.c */
RULE(ski_missing, ERROR, LINT_CA, "RFC 5280 4.2.1.2",
     "software cannot tell two keys of one CA apart; Python 3.13 refuses it",
     "add subjectKeyIdentifier")
RULE(aki_missing, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 4.2.1.1",
     "Python 3.13 and later refuse it: Missing Authority Key Identifier",
     "add authorityKeyIdentifier with the issuer's subjectKeyIdentifier")
RULE(aki_not_issuer_ski, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.1",
     "software that follows key identifiers does not find the issuer",
     "copy the issuer's subjectKeyIdentifier verbatim")
