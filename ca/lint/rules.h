/*
 * The rules: RULE(id, severity, applies to, reference, why, what to do). Included more than once;
 * the function of a rule is lint_<id>. A rule that another makes pointless stays silent: the
 * fixtures expect exactly one finding each.
 */

/* Encoding: ca/lint/encoding.c */
RULE(der_structure, ERROR, LINT_SIGNED, "X.690 8",
     "strict readers refuse it, others may see another certificate in it",
     "have it issued again by software that writes DER")
RULE(der_length, ERROR, LINT_SIGNED, "X.690 10.1",
     "it is BER: strict readers refuse it, and its fingerprint depends on who encodes it",
     "have it issued again by software that writes DER")
RULE(der_boolean, ERROR, LINT_SIGNED, "X.690 11.1", "TRUE has one encoding in DER, FF",
     "have it issued again by software that writes DER")
RULE(der_integer, ERROR, LINT_SIGNED, "X.690 8.3.2",
     "padded integers compare unequal to the same number elsewhere",
     "have it issued again by software that writes DER")
RULE(der_bit_string, ERROR, LINT_SIGNED, "X.690 11.2.1", "unused bits are zero in DER",
     "have it issued again by software that writes DER")
RULE(der_oid, ERROR, LINT_SIGNED, "X.690 8.19.2",
     "padded identifiers compare unequal to the same one elsewhere",
     "have it issued again by software that writes DER")
RULE(der_set_order, ERROR, LINT_SIGNED, "X.690 11.6",
     "names with their parts in another order compare unequal",
     "have it issued again by software that writes DER")
RULE(certificate_unreadable, ERROR, LINT_UNREADABLE, "RFC 5280 4.1",
     "nothing can be said about what cannot be read", "check that this is an X.509 certificate")

/* The frame: ca/lint/frame.c */
RULE(version_not_3, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.1",
     "without version 3 there are no extensions, and nothing says that a CA is one",
     "issue it as version 3")
RULE(serial_negative, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.2",
     "some software reads a negative serial number as another number",
     "issue it with a positive serial number")
RULE(serial_zero, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.2", "a serial number must be positive",
     "issue it with a positive serial number")
RULE(serial_long, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.2",
     "more than 20 octets cannot be put into a CRL that others read",
     "issue it with a serial number of at most 20 octets")
RULE(serial_short, WARNING, LINT_CERTIFICATE, "CA/B BR 7.1",
     "a serial number that can be guessed helps whoever forges a collision",
     "issue it with at least 64 random bits in the serial number")
RULE(unique_id_present, ERROR, LINT_CERTIFICATE, "RFC 5280 4.1.2.8",
     "CAs must not make certificates with unique identifiers", "issue it without")

/* Signature algorithm: ca/lint/algorithm.c */
RULE(signature_algorithm_differs, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.1.1.2",
     "the algorithm outside the signature could be swapped", "issue it with both the same")
RULE(signature_algorithm_weak, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 9155",
     "with MD5 or SHA-1 the signature can be moved to a forged certificate",
     "sign with SHA-256 or better")
RULE(signature_algorithm_unknown, WARNING, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.1.1.2",
     "few verifiers know it", "sign with RSA, ECDSA on a NIST curve, or Ed25519, and SHA-2")
RULE(signature_parameters, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST,
     "RFC 4055 5, RFC 5758 3.2, RFC 8410 3", "strict verifiers refuse other parameters",
     "NULL for RSA; none for ECDSA and EdDSA")

/* Names: ca/lint/name.c */
RULE(issuer_empty, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.1.2.4",
     "without an issuer no chain can be built", "issue it from a CA with a name")
RULE(subject_empty_ca, ERROR, LINT_CA, "RFC 5280 4.1.2.6",
     "nothing can name such a CA as its issuer", "give the CA a subject")
RULE(name_rdn_empty, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 4.1.2.4",
     "a part of the name is empty", "leave the empty part out")
RULE(name_value_empty, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "X.520 6",
     "an attribute must have at least one character", "leave the attribute out or give it a value")
RULE(name_value_type, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 A.1",
     "the attribute must be another string type; readers may not show or compare it",
     "use the type that RFC 5280 names")
RULE(name_legacy_string, WARNING, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 4.1.2.4",
     "TeletexString, BMPString and UniversalString are compared wrongly by much software",
     "use PrintableString or UTF8String")
RULE(name_printable, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "X.680 41.4",
     "PrintableString has no such character; strict readers refuse it", "use UTF8String")
RULE(name_ia5, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "X.680 41.2",
     "IA5String holds ASCII only", "use ASCII")
RULE(name_utf8, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 3629 3",
     "malformed text is shown and compared in different ways", "encode the text as UTF-8")
RULE(name_control, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 4.1.2.4",
     "a NUL or control character makes a name look like another one", "remove the character")
RULE(name_blank, WARNING, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 7.1",
     "spaces at an end do not count in comparisons, and mislead people",
     "remove the spaces at the ends")
RULE(name_length, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 A.1",
     "longer values are cut off or refused", "shorten the value")
RULE(name_country, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 A.1",
     "countryName is a code of two letters (ISO 3166)", "use the two letters of the country")

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
RULE(validity_endless, NOTICE, LINT_CERTIFICATE, "RFC 5280 4.1.2.5",
     "99991231235959Z says that there is no expiry", "make sure that this is meant")

/* Public key: ca/lint/key.c */
RULE(key_algorithm, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "RFC 5480, RFC 8410, CA/B BR 6.1.5",
     "verifiers do not take keys of this kind", "use RSA, P-256, P-384, P-521, Ed25519 or Ed448")
RULE(key_parameters, ERROR, LINT_CERTIFICATE | LINT_REQUEST,
     "RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 3", "strict verifiers refuse other parameters",
     "NULL for RSA, a named curve for EC, none for EdDSA")
RULE(key_curve, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "CA/B BR 6.1.5",
     "verifiers know few curves", "use P-256, P-384 or P-521")
RULE(key_malformed, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "RFC 5280 4.1.2.7",
     "the key cannot be used", "make the request again")
RULE(key_point, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "RFC 5480 2.2",
     "a point off the curve is no key, and gives away secrets of who uses it", "make a new key")
RULE(key_point_compressed, WARNING, LINT_CERTIFICATE | LINT_REQUEST, "RFC 5480 2.2",
     "many verifiers do not read compressed points", "make the request with an uncompressed point")
RULE(key_rsa_small, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "CA/B BR 6.1.5",
     "fewer than 2048 bits are within reach of attackers", "make a new key of at least 2048 bits")
RULE(key_rsa_bits, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "CA/B BR 6.1.5",
     "sizes that are no multiple of 8 come from broken generators and break verifiers",
     "make a new key")
RULE(key_rsa_modulus, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "RFC 8017 3.1",
     "an even or negative modulus is no RSA key", "make a new key")
RULE(key_rsa_exponent, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "CA/B BR 6.1.6",
     "the public exponent is an odd number of at least 3", "make a new key with e = 65537")
RULE(key_rsa_exponent_small, WARNING, LINT_CERTIFICATE | LINT_REQUEST, "CA/B BR 6.1.6",
     "exponents below 65537 forgive no mistake in padding", "make a new key with e = 65537")

/* Extensions at large: ca/lint/extensions.c */
RULE(extension_duplicate, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2",
     "software disagrees about which of the two counts", "issue it with each extension once")
RULE(extension_malformed, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1",
     "the extension cannot be read, so what it says is lost", "issue it with a proper value")
RULE(extension_not_der, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2",
     "strict readers refuse it", "have it issued again by software that writes DER")
RULE(extension_unknown_critical, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2",
     "software that does not know it must refuse the certificate",
     "leave it out or make it non-critical")
RULE(extension_critical_false, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "X.690 11.5",
     "a default is left out in DER; strict readers refuse it", "leave critical out")
RULE(ski_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.2", "it must not be critical",
     "make it non-critical")
RULE(aki_critical, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.1",
     "it must not be critical", "make it non-critical")
RULE(aia_critical, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.2.1",
     "it must not be critical", "make it non-critical")
RULE(sia_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.2.2", "it must not be critical",
     "make it non-critical")
RULE(freshest_crl_critical, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.15",
     "it must not be critical", "make it non-critical")
RULE(crl_distribution_critical, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.13",
     "software without CRLs must refuse the certificate", "make it non-critical")
RULE(issuer_alt_name_critical, WARNING, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.7",
     "hardly any software knows it, and what does not must refuse", "make it non-critical")
RULE(policy_mappings_not_critical, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.5",
     "software that skips it accepts policies that were mapped away", "make it critical")
RULE(policy_constraints_not_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.11",
     "software that skips it accepts what it forbids", "make it critical")
RULE(inhibit_any_policy_not_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.14",
     "software that skips it accepts what it forbids", "make it critical")
RULE(name_constraints_not_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "software that skips it accepts names that it forbids", "make it critical")
RULE(extensions_empty, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.1, 5.1",
     "Extensions holds at least one; strict readers refuse an empty one", "leave it out")
RULE(directory_attributes_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.8",
     "it must not be critical", "make it non-critical")
RULE(directory_attributes_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.8",
     "it must hold at least one attribute", "leave it out")
RULE(private_key_usage_period, NOTICE, LINT_CERTIFICATE, "RFC 5280 1, RFC 3280 4.2.1.4",
     "RFC 5280 has dropped it; hardly any software looks at it", "leave it out")
RULE(netscape_extension, NOTICE, LINT_CERTIFICATE, "practice",
     "Netscape's extensions mean nothing to today's software", "leave it out")

/* Constraints and usage: ca/lint/usage.c */
RULE(basic_constraints_critical, ERROR, LINT_CA, "RFC 5280 4.2.1.9",
     "software that skips it would not know that this is a CA; Python 3.13 refuses it",
     "make basicConstraints critical")
RULE(basic_constraints_default, ERROR, LINT_CERTIFICATE, "X.690 11.5",
     "cA FALSE is a default, left out in DER; strict readers refuse it", "leave cA out")
RULE(path_length_without_sign, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.9",
     "a path length means nothing unless the certificate may sign others",
     "leave the path length out, or make it a CA")
RULE(path_length_negative, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.9",
     "no path can have that length", "give a path length of 0 or more, or none")
RULE(key_usage_missing, ERROR, LINT_CA, "RFC 5280 4.2.1.3", "a CA must say what its key is for",
     "add keyUsage with keyCertSign and cRLSign")
RULE(key_usage_ca_sign, ERROR, LINT_CA, "RFC 5280 4.2.1.3",
     "without keyCertSign nobody accepts what this CA signs", "add keyCertSign to keyUsage")
RULE(key_usage_leaf_sign, ERROR, LINT_LEAF, "RFC 5280 4.2.1.3", "only a CA may sign certificates",
     "remove keyCertSign from keyUsage")
RULE(key_usage_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.3", "at least one bit must be set",
     "say what the key is for, or leave keyUsage out")
RULE(key_usage_padded, ERROR, LINT_CERTIFICATE, "X.690 11.2.2",
     "trailing zero bits are left out in DER; strict readers refuse them",
     "have it issued again by software that writes DER")
RULE(key_usage_not_critical, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.3",
     "software that skips it uses the key for anything", "make keyUsage critical")
RULE(key_usage_agreement_only, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.3",
     "encipherOnly and decipherOnly mean nothing without keyAgreement",
     "remove them or add keyAgreement")
RULE(key_usage_key_type, ERROR, LINT_CERTIFICATE, "RFC 3279 2.3.1, RFC 8813 3, RFC 8410 5",
     "the key cannot do what keyUsage grants", "remove what the key cannot do")
RULE(purpose_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.12",
     "it allows nothing, or everything, depending on the software",
     "name a purpose, or leave extendedKeyUsage out")
RULE(purpose_duplicate, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.12", "a purpose is there twice",
     "name each purpose once")
RULE(purpose_any_critical, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.12",
     "with anyExtendedKeyUsage it should not be critical", "make extendedKeyUsage non-critical")
RULE(purpose_in_ca, NOTICE, LINT_CA, "RFC 5280 4.2.1.12",
     "much software limits everything below this CA to these purposes",
     "leave extendedKeyUsage out, unless the limit is meant")
RULE(purpose_key_usage, WARNING, LINT_LEAF, "RFC 5280 4.2.1.12",
     "the key usage allows nothing that a TLS handshake does", "add digitalSignature to keyUsage")

/* Key identifiers: ca/lint/identifier.c */
RULE(ski_missing, ERROR, LINT_CA, "RFC 5280 4.2.1.2",
     "software cannot tell two keys of one CA apart; Python 3.13 refuses it",
     "add subjectKeyIdentifier")
RULE(ski_missing_leaf, NOTICE, LINT_LEAF, "RFC 5280 4.2.1.2", "a leaf should have one too",
     "add subjectKeyIdentifier")
RULE(ski_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.2",
     "an empty identifier identifies nothing", "use the SHA-1 of the key")
RULE(aki_missing, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 4.2.1.1",
     "Python 3.13 and later refuse it: Missing Authority Key Identifier",
     "add authorityKeyIdentifier with the issuer's subjectKeyIdentifier")
RULE(aki_no_key_id, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.1",
     "software that follows key identifiers does not find the issuer",
     "put the issuer's subjectKeyIdentifier into it")
RULE(aki_not_issuer_ski, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.1",
     "software that follows key identifiers does not find the issuer",
     "copy the issuer's subjectKeyIdentifier verbatim")
RULE(aki_serial_pair, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 A.2",
     "issuer and serial number are both there or both absent", "leave both out")
RULE(aki_issuer_serial, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 4.2.1.1",
     "verifiers that compare it do not accept the issuer", "leave issuer and serial number out")
RULE(ski_method, NOTICE, LINT_CERTIFICATE, "RFC 5280 4.2.1.2, RFC 7093 2",
     "it does not follow from the key by a known method, so that nobody can check it",
     "nothing, if it was chosen so on purpose; AKIs must copy it")

/* Alternative names: ca/lint/alt_name.c */
RULE(subject_alt_name_empty, ERROR, LINT_CERTIFICATE | LINT_REQUEST, "RFC 5280 4.2.1.6",
     "it must hold at least one name", "leave it out")
RULE(issuer_alt_name_empty, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.7",
     "it must hold at least one name", "leave it out")
RULE(subject_alt_name_critical, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.6",
     "with a subject it should not be critical", "make it non-critical")
RULE(subject_alt_name_not_critical, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.6",
     "where the subject is empty it is the only name", "make it critical")
RULE(subject_missing, ERROR, LINT_LEAF, "RFC 5280 4.1.2.6", "the certificate names nobody",
     "add a subject or a critical subjectAltName")
RULE(server_without_alt_name, WARNING, LINT_LEAF, "RFC 9525 2",
     "clients no longer look for a server's name in the subject",
     "add a subjectAltName with the server's name")
RULE(dns_syntax, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST,
     "RFC 5280 4.2.1.6, RFC 1034 3.5", "no client matches it, or the wrong one does",
     "write a host name of letters, digits and hyphens")
RULE(ip_syntax, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 4.2.1.6",
     "an address has 4 or 16 octets", "write one IPv4 or IPv6 address")
RULE(email_syntax, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST,
     "RFC 5280 4.2.1.6, RFC 2821 4.1.2", "no mail program matches it",
     "write local-part@domain, without a display name")
RULE(uri_syntax, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST, "RFC 5280 4.2.1.6, RFC 3986 3",
     "no software can follow or match it", "write an absolute URI")
RULE(alt_name_directory_empty, ERROR, LINT_CERTIFICATE | LINT_CRL | LINT_REQUEST,
     "RFC 5280 4.2.1.6", "an empty distinguished name names nobody", "leave it out or fill it in")
RULE(subject_email_in_name, WARNING, LINT_CERTIFICATE | LINT_REQUEST, "RFC 5280 4.1.2.6",
     "an address in the subject alone is not looked at by mail programs any more",
     "put it into subjectAltName as well, or there alone")

/* Name constraints: ca/lint/name_constraints.c */
RULE(name_constraints_leaf, ERROR, LINT_LEAF, "RFC 5280 4.2.1.10", "only CAs may carry them",
     "leave them out")
RULE(name_constraints_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "they must name something", "leave them out or name what is permitted or excluded")
RULE(name_constraints_distance, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "minimum is 0 and maximum absent", "leave minimum and maximum out")
RULE(name_constraints_ip, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "an address range has 8 or 32 octets, with a contiguous mask", "write ADDRESS/MASK")
RULE(name_constraints_dot, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "software disagrees about a host constraint that begins with a dot",
     "leave the dot out: a name includes those below it")
RULE(name_constraints_kind, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "CAs must not constrain names of this kind: no software knows how",
     "constrain directory names, host names, addresses, mail addresses or URIs")
RULE(name_constraints_host, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.10",
     "no name matches it, or every software matches others",
     "write a host, a domain, a mail address or, for mail and URIs, a domain with a dot before it")

/* Policies: ca/lint/policy.c */
RULE(policies_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.4",
     "it must hold at least one policy", "leave it out")
RULE(policies_duplicate, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.4",
     "a policy must not be there twice", "name each policy once")
RULE(policy_mappings_leaf, ERROR, LINT_LEAF, "RFC 5280 4.2.1.5", "only CAs may map policies",
     "leave it out")
RULE(policy_mappings_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.5",
     "it must hold at least one mapping", "leave it out")
RULE(policy_mappings_any, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.5",
     "anyPolicy must not be mapped", "map a policy of its own")
RULE(policy_constraints_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.11",
     "it must say something", "leave it out")
RULE(policy_constraints_leaf, ERROR, LINT_LEAF, "RFC 5280 4.2.1.11", "only CAs may carry it",
     "leave it out")
RULE(inhibit_any_policy_leaf, ERROR, LINT_LEAF, "RFC 5280 4.2.1.14", "only CAs may carry it",
     "leave it out")
RULE(policy_any_qualifier, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.4",
     "with anyPolicy a qualifier is a CPS pointer or a user notice", "leave the qualifier out")
RULE(policy_cps_syntax, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.4, RFC 3986 3",
     "nobody finds the certification practice statement", "write http://HOST/PATH")
RULE(policy_text_type, ERROR, LINT_CERTIFICATE, "RFC 6818 3", "explicitText must not be IA5String",
     "use UTF8String")
RULE(policy_text_long, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.4",
     "software that keeps to 200 characters cuts the notice off or refuses it",
     "shorten the notice")
RULE(policy_notice_reference, WARNING, LINT_CERTIFICATE, "RFC 5280 4.2.1.4",
     "no software has the file of notices that it refers to", "leave noticeRef out")
RULE(policy_mapping_not_asserted, WARNING, LINT_CA, "RFC 5280 4.2.1.5",
     "a policy that the certificate does not have is mapped for nobody",
     "put the policy into certificatePolicies")
RULE(policy_skip_negative, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.11, 4.2.1.14",
     "a path cannot go on for fewer than no certificates", "give a number of 0 or more")

/* Locations: ca/lint/location.c */
RULE(crl_distribution_empty, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.13",
     "it must hold at least one point", "leave it out")
RULE(crl_point_empty, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.13",
     "a point without a place and without a CRL issuer leads nowhere", "give the CRL's URL")
RULE(crl_url_scheme, WARNING, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.13",
     "https needs a certificate to be checked first, and hardly any software reads ldap",
     "serve the CRL over http")
RULE(crl_url_syntax, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.13, RFC 3986 3",
     "no software finds the CRL", "write http://HOST/PATH")
RULE(point_relative, WARNING, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.1.13",
     "hardly any software reads a name relative to the issuer", "give the CRL's URL")
RULE(point_some_reasons, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.13",
     "software that follows the points never learns of the other reasons",
     "add a point without reasons")
RULE(point_issuer_name, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.13",
     "the CRL's issuer must be named as it stands in the CRL",
     "give its distinguished name, or leave cRLIssuer out")
RULE(point_own_issuer, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.1.13",
     "where the CA issues the CRL itself cRLIssuer must be absent: software looks for an indirect CRL",
     "leave cRLIssuer out")
RULE(aia_empty, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.2.1",
     "it must hold at least one place", "leave it out")
RULE(aia_url_scheme, WARNING, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.2.1",
     "https needs a certificate to be checked first, and hardly any software reads ldap",
     "serve it over http")
RULE(aia_url_syntax, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.2.1, RFC 3986 3",
     "no software finds what it points to", "write http://HOST/PATH")
RULE(aia_method, NOTICE, LINT_CERTIFICATE, "RFC 5280 4.2.2.1",
     "software knows OCSP and caIssuers alone", "leave the other access method out")
RULE(aia_no_url, WARNING, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 4.2.2.1, RFC 6960 3.1",
     "software only follows URLs", "give an http URL")
RULE(sia_empty, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.2.2", "it must hold at least one place",
     "leave it out")
RULE(sia_url_syntax, ERROR, LINT_CERTIFICATE, "RFC 5280 4.2.2.2, RFC 3986 3",
     "no software finds what it points to", "write http://HOST/PATH")
RULE(sia_repository_leaf, WARNING, LINT_LEAF, "RFC 5280 4.2.2.2",
     "only a CA has a place for the certificates that it issues", "leave caRepository out")
RULE(sia_timestamp_ca, WARNING, LINT_CA, "RFC 5280 4.2.2.2",
     "time stamps come from an end entity and not from a CA", "leave timeStamping out")

/* Against the issuer: ca/lint/issuer.c */
RULE(issuer_name_differs, ERROR, LINT_INTERMEDIATE | LINT_LEAF | LINT_CRL, "RFC 5280 6.1.3",
     "no verifier builds this chain", "issue it with the issuer's subject as issuer")
RULE(issuer_name_encoding, WARNING, LINT_INTERMEDIATE | LINT_LEAF | LINT_CRL, "RFC 5280 4.1.2.6",
     "software that compares names byte by byte does not build this chain",
     "copy the issuer's subject byte for byte")
RULE(issuer_not_ca, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 6.1.4",
     "no verifier accepts what it signed", "issue it from a CA")
RULE(issuer_key_usage, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 6.1.4",
     "no verifier accepts what it signed", "issue it from a CA whose keyUsage has keyCertSign")
RULE(issuer_path_length, ERROR, LINT_INTERMEDIATE, "RFC 5280 6.1.4",
     "no verifier accepts a CA below a CA with path length 0",
     "issue it from a CA that grants a longer path")
RULE(path_length_beyond_issuer, WARNING, LINT_INTERMEDIATE, "RFC 5280 6.1.4",
     "the issuer does not grant the path length that this certificate promises",
     "lower the path length below the issuer's")
RULE(validity_before_issuer, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 6.1.3",
     "until the issuer is valid, the chain is not", "let it begin with its issuer or later")
RULE(validity_after_issuer, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 6.1.3",
     "once the issuer has expired, the chain has", "let it end with its issuer or earlier")
RULE(issuer_key_reused, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "white paper, openssl x509 -signkey",
     "it carries its issuer's own key and not the request's: the requester cannot use it",
     "issue it from the request, not with -signkey")
RULE(issuer_algorithm, ERROR, LINT_CERTIFICATE | LINT_CRL, "RFC 5280 6.1.3",
     "the issuer's key cannot have made such a signature",
     "sign with an algorithm of the issuer's key")
RULE(issuer_name_constraints, ERROR, LINT_INTERMEDIATE | LINT_LEAF, "RFC 5280 4.2.1.10",
     "verifiers refuse names outside the issuer's constraints", "use names that the issuer permits")

/* What the CA/Browser Forum asks for, as far as it makes sense privately: ca/lint/cabf.c */
RULE(cabf_server_life, NOTICE, LINT_LEAF, "CA/B BR 6.3.2",
     "public servers get 398 days; Apple's devices refuse more than 825 from a private root too",
     "issue it for a shorter time")
RULE(cabf_common_name, WARNING, LINT_LEAF, "CA/B BR 7.1.4.3",
     "clients look at the alternative names alone, and people at the common name",
     "put the common name into subjectAltName as well")
RULE(cabf_purpose_missing, NOTICE, LINT_LEAF, "CA/B BR 7.1.2.7.6",
     "without extendedKeyUsage it is good for everything", "name its purposes")
RULE(cabf_crl_life, NOTICE, LINT_CRL, "CA/B BR 4.9.7, 7.2",
     "for so long nobody learns of a revocation who keeps the CRL until it ends",
     "let nextUpdate come within a year")

#include "ca/lint/rules_crl.h"
#include "ca/lint/rules_request.h"
