/*
 * NIST's Public Key Interoperability Test Suite (PKITS 1.0.1, data of 2011), which Debian has in
 * python3-cryptography-vectors: every test of its sections 4.1 to 4.16, with the verdict that the
 * document states and, where it is invalid, the rule of ours that has to say so. All certificates
 * and CRLs of the suite are given at once, as a directory would, so that nothing but the right path
 * leads to the right verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ca/path.h"

#define FOLDER "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data"
#define ANCHOR "TrustAnchorRootCertificate.crt"
/* 2015-01-01T00:00:00Z; what is valid in the suite is so from 2010 to 2030. */
#define TIME INT64_C(1420070400)
/* NIST-test-policy-N. */
#define P(n) "2.16.840.1.101.3.2.1.48." #n

struct pkits {
	const char *section;	 /* with a further number: another setting of the same test */
	const char *file;	 /* certs/FILEEE.crt */
	const char *rule;	 /* the rule that refuses it; NULL: valid */
	const char *policies[4]; /* initial-policy-set; empty: any-policy */
	bool explicit_policy, inhibit_mapping, inhibit_any_policy;
};

#define T(number, stem, refused) .section = (number), .file = (stem), .rule = (refused)

/* Short of the settings that it names, a test has none. */
static const struct pkits tests[] = {
	/* 4.1 Signature Verification */
	{T("4.1.1", "ValidCertificatePathTest1", NULL)},
	{T("4.1.2", "InvalidCASignatureTest2", "path_signature")},
	{T("4.1.3", "InvalidEESignatureTest3", "path_signature")},
	{T("4.1.4", "ValidDSASignaturesTest4", NULL)},
	{T("4.1.5", "ValidDSAParameterInheritanceTest5", NULL)},
	{T("4.1.6", "InvalidDSASignatureTest6", "path_signature")},

	/* 4.2 Validity Periods */
	{T("4.2.1", "InvalidCAnotBeforeDateTest1", "path_not_yet_valid")},
	{T("4.2.2", "InvalidEEnotBeforeDateTest2", "path_not_yet_valid")},
	{T("4.2.3", "Validpre2000UTCnotBeforeDateTest3", NULL)},
	{T("4.2.4", "ValidGeneralizedTimenotBeforeDateTest4", NULL)},
	{T("4.2.5", "InvalidCAnotAfterDateTest5", "path_expired")},
	{T("4.2.6", "InvalidEEnotAfterDateTest6", "path_expired")},
	{T("4.2.7", "Invalidpre2000UTCEEnotAfterDateTest7", "path_expired")},
	{T("4.2.8", "ValidGeneralizedTimenotAfterDateTest8", NULL)},

	/* 4.3 Verifying Name Chaining */
	{T("4.3.1", "InvalidNameChainingTest1", "path_incomplete")},
	{T("4.3.2", "InvalidNameChainingOrderTest2", "path_incomplete")},
	{T("4.3.3", "ValidNameChainingWhitespaceTest3", NULL)},
	{T("4.3.4", "ValidNameChainingWhitespaceTest4", NULL)},
	{T("4.3.5", "ValidNameChainingCapitalizationTest5", NULL)},
	{T("4.3.6", "ValidNameUIDsTest6", NULL)},
	{T("4.3.7", "ValidRFC3280MandatoryAttributeTypesTest7", NULL)},
	{T("4.3.8", "ValidRFC3280OptionalAttributeTypesTest8", NULL)},
	{T("4.3.9", "ValidUTF8StringEncodedNamesTest9", NULL)},
	{T("4.3.10", "ValidRolloverfromPrintableStringtoUTF8StringTest10", NULL)},
	{T("4.3.11", "ValidUTF8StringCaseInsensitiveMatchTest11", NULL)},

	/* 4.4 Basic Certificate Revocation Tests */
	{T("4.4.1", "InvalidMissingCRLTest1", "path_crl_missing")},
	{T("4.4.2", "InvalidRevokedCATest2", "path_revoked")},
	{T("4.4.3", "InvalidRevokedEETest3", "path_revoked")},
	{T("4.4.4", "InvalidBadCRLSignatureTest4", "path_crl_unusable")},
	{T("4.4.5", "InvalidBadCRLIssuerNameTest5", "path_crl_missing")},
	{T("4.4.6", "InvalidWrongCRLTest6", "path_crl_missing")},
	{T("4.4.7", "ValidTwoCRLsTest7", NULL)},
	{T("4.4.8", "InvalidUnknownCRLEntryExtensionTest8", "path_crl_unusable")},
	{T("4.4.9", "InvalidUnknownCRLExtensionTest9", "path_crl_unusable")},
	{T("4.4.10", "InvalidUnknownCRLExtensionTest10", "path_crl_unusable")},
	{T("4.4.11", "InvalidOldCRLnextUpdateTest11", "path_crl_outdated")},
	{T("4.4.12", "Invalidpre2000CRLnextUpdateTest12", "path_crl_outdated")},
	{T("4.4.13", "ValidGeneralizedTimeCRLnextUpdateTest13", NULL)},
	{T("4.4.14", "ValidNegativeSerialNumberTest14", NULL)},
	{T("4.4.15", "InvalidNegativeSerialNumberTest15", "path_revoked")},
	{T("4.4.16", "ValidLongSerialNumberTest16", NULL)},
	{T("4.4.17", "ValidLongSerialNumberTest17", NULL)},
	{T("4.4.18", "InvalidLongSerialNumberTest18", "path_revoked")},
	{T("4.4.19", "ValidSeparateCertificateandCRLKeysTest19", NULL)},
	{T("4.4.20", "InvalidSeparateCertificateandCRLKeysTest20", "path_revoked")},
	{T("4.4.21", "InvalidSeparateCertificateandCRLKeysTest21", "path_crl_unusable")},

	/* 4.5 Verifying Paths with Self-Issued Certificates */
	{T("4.5.1", "ValidBasicSelfIssuedOldWithNewTest1", NULL)},
	{T("4.5.2", "InvalidBasicSelfIssuedOldWithNewTest2", "path_revoked")},
	{T("4.5.3", "ValidBasicSelfIssuedNewWithOldTest3", NULL)},
	{T("4.5.4", "ValidBasicSelfIssuedNewWithOldTest4", NULL)},
	{T("4.5.5", "InvalidBasicSelfIssuedNewWithOldTest5", "path_revoked")},
	{T("4.5.6", "ValidBasicSelfIssuedCRLSigningKeyTest6", NULL)},
	{T("4.5.7", "InvalidBasicSelfIssuedCRLSigningKeyTest7", "path_revoked")},
	{T("4.5.8", "InvalidBasicSelfIssuedCRLSigningKeyTest8", "path_key_usage")},

	/* 4.6 Verifying Basic Constraints */
	{T("4.6.1", "InvalidMissingbasicConstraintsTest1", "path_not_ca")},
	{T("4.6.2", "InvalidcAFalseTest2", "path_not_ca")},
	{T("4.6.3", "InvalidcAFalseTest3", "path_not_ca")},
	{T("4.6.4", "ValidbasicConstraintsNotCriticalTest4", NULL)},
	{T("4.6.5", "InvalidpathLenConstraintTest5", "path_length")},
	{T("4.6.6", "InvalidpathLenConstraintTest6", "path_length")},
	{T("4.6.7", "ValidpathLenConstraintTest7", NULL)},
	{T("4.6.8", "ValidpathLenConstraintTest8", NULL)},
	{T("4.6.9", "InvalidpathLenConstraintTest9", "path_length")},
	{T("4.6.10", "InvalidpathLenConstraintTest10", "path_length")},
	{T("4.6.11", "InvalidpathLenConstraintTest11", "path_length")},
	{T("4.6.12", "InvalidpathLenConstraintTest12", "path_length")},
	{T("4.6.13", "ValidpathLenConstraintTest13", NULL)},
	{T("4.6.14", "ValidpathLenConstraintTest14", NULL)},
	{T("4.6.15", "ValidSelfIssuedpathLenConstraintTest15", NULL)},
	{T("4.6.16", "InvalidSelfIssuedpathLenConstraintTest16", "path_length")},
	{T("4.6.17", "ValidSelfIssuedpathLenConstraintTest17", NULL)},

	/* 4.7 Key Usage */
	{T("4.7.1", "InvalidkeyUsageCriticalkeyCertSignFalseTest1", "path_key_usage")},
	{T("4.7.2", "InvalidkeyUsageNotCriticalkeyCertSignFalseTest2", "path_key_usage")},
	{T("4.7.3", "ValidkeyUsageNotCriticalTest3", NULL)},
	{T("4.7.4", "InvalidkeyUsageCriticalcRLSignFalseTest4", "path_crl_unusable")},
	{T("4.7.5", "InvalidkeyUsageNotCriticalcRLSignFalseTest5", "path_crl_unusable")},

	/* 4.8 Certificate Policies */
	{T("4.8.1.1", "ValidCertificatePathTest1", NULL), .explicit_policy = true},
	{T("4.8.1.2", "ValidCertificatePathTest1", NULL), .policies = {P(1)},
	 .explicit_policy = true},
	{T("4.8.1.3", "ValidCertificatePathTest1", "path_policy"), .policies = {P(2)},
	 .explicit_policy = true},
	{T("4.8.1.4", "ValidCertificatePathTest1", NULL), .policies = {P(1), P(2)},
	 .explicit_policy = true},
	{T("4.8.2.1", "AllCertificatesNoPoliciesTest2", NULL)},
	{T("4.8.2.2", "AllCertificatesNoPoliciesTest2", "path_policy"), .explicit_policy = true},
	{T("4.8.3.1", "DifferentPoliciesTest3", NULL)},
	{T("4.8.3.2", "DifferentPoliciesTest3", "path_policy"), .explicit_policy = true},
	{T("4.8.3.3", "DifferentPoliciesTest3", "path_policy"), .policies = {P(1), P(2)},
	 .explicit_policy = true},
	{T("4.8.4", "DifferentPoliciesTest4", "path_policy")},
	{T("4.8.5", "DifferentPoliciesTest5", "path_policy")},
	{T("4.8.6.1", "OverlappingPoliciesTest6", NULL)},
	{T("4.8.6.2", "OverlappingPoliciesTest6", NULL), .policies = {P(1)}},
	{T("4.8.6.3", "OverlappingPoliciesTest6", "path_policy"), .policies = {P(2)}},
	{T("4.8.7", "DifferentPoliciesTest7", "path_policy")},
	{T("4.8.8", "DifferentPoliciesTest8", "path_policy")},
	{T("4.8.9", "DifferentPoliciesTest9", "path_policy")},
	{T("4.8.10.1", "AllCertificatesSamePoliciesTest10", NULL), .policies = {P(1)}},
	{T("4.8.10.2", "AllCertificatesSamePoliciesTest10", NULL), .policies = {P(2)}},
	{T("4.8.10.3", "AllCertificatesSamePoliciesTest10", NULL)},
	{T("4.8.11.1", "AllCertificatesanyPolicyTest11", NULL)},
	{T("4.8.11.2", "AllCertificatesanyPolicyTest11", NULL), .policies = {P(1)}},
	{T("4.8.12", "DifferentPoliciesTest12", "path_policy")},
	{T("4.8.13.1", "AllCertificatesSamePoliciesTest13", NULL), .policies = {P(1)}},
	{T("4.8.13.2", "AllCertificatesSamePoliciesTest13", NULL), .policies = {P(2)}},
	{T("4.8.13.3", "AllCertificatesSamePoliciesTest13", NULL), .policies = {P(3)}},
	{T("4.8.14.1", "AnyPolicyTest14", NULL), .policies = {P(1)}},
	{T("4.8.14.2", "AnyPolicyTest14", "path_policy"), .policies = {P(2)}},
	{T("4.8.15", "UserNoticeQualifierTest15", NULL)},
	{T("4.8.16", "UserNoticeQualifierTest16", NULL)},
	{T("4.8.17", "UserNoticeQualifierTest17", NULL)},
	{T("4.8.18.1", "UserNoticeQualifierTest18", NULL), .policies = {P(1)}},
	{T("4.8.18.2", "UserNoticeQualifierTest18", NULL), .policies = {P(2)}},
	{T("4.8.19", "UserNoticeQualifierTest19", NULL)},
	{T("4.8.20", "CPSPointerQualifierTest20", NULL), .explicit_policy = true},

	/* 4.9 Require Explicit Policy */
	{T("4.9.1", "ValidrequireExplicitPolicyTest1", NULL)},
	{T("4.9.2", "ValidrequireExplicitPolicyTest2", NULL)},
	{T("4.9.3", "InvalidrequireExplicitPolicyTest3", "path_policy")},
	{T("4.9.4", "ValidrequireExplicitPolicyTest4", NULL)},
	{T("4.9.5", "InvalidrequireExplicitPolicyTest5", "path_policy")},
	{T("4.9.6", "ValidSelfIssuedrequireExplicitPolicyTest6", NULL)},
	{T("4.9.7", "InvalidSelfIssuedrequireExplicitPolicyTest7", "path_policy")},
	{T("4.9.8", "InvalidSelfIssuedrequireExplicitPolicyTest8", "path_policy")},

	/* 4.10 Policy Mappings */
	{T("4.10.1.1", "ValidPolicyMappingTest1", NULL), .policies = {P(1)}},
	{T("4.10.1.2", "ValidPolicyMappingTest1", "path_policy"), .policies = {P(2)}},
	{T("4.10.1.3", "ValidPolicyMappingTest1", "path_policy"), .inhibit_mapping = true},
	{T("4.10.2.1", "InvalidPolicyMappingTest2", "path_policy")},
	{T("4.10.2.2", "InvalidPolicyMappingTest2", "path_policy"), .inhibit_mapping = true},
	{T("4.10.3.1", "ValidPolicyMappingTest3", "path_policy"), .policies = {P(1)}},
	{T("4.10.3.2", "ValidPolicyMappingTest3", NULL), .policies = {P(2)}},
	{T("4.10.4", "InvalidPolicyMappingTest4", "path_policy")},
	{T("4.10.5.1", "ValidPolicyMappingTest5", NULL), .policies = {P(1)}},
	{T("4.10.5.2", "ValidPolicyMappingTest5", "path_policy"), .policies = {P(6)}},
	{T("4.10.6.1", "ValidPolicyMappingTest6", NULL), .policies = {P(1)}},
	{T("4.10.6.2", "ValidPolicyMappingTest6", "path_policy"), .policies = {P(6)}},
	{T("4.10.7", "InvalidMappingFromanyPolicyTest7", "path_malformed")},
	{T("4.10.8", "InvalidMappingToanyPolicyTest8", "path_malformed")},
	{T("4.10.9", "ValidPolicyMappingTest9", NULL)},
	{T("4.10.10", "InvalidPolicyMappingTest10", "path_policy")},
	{T("4.10.11", "ValidPolicyMappingTest11", NULL)},
	{T("4.10.12.1", "ValidPolicyMappingTest12", NULL), .policies = {P(1)}},
	{T("4.10.12.2", "ValidPolicyMappingTest12", NULL), .policies = {P(2)}},
	{T("4.10.13.1", "ValidPolicyMappingTest13", NULL)},
	{T("4.10.14", "ValidPolicyMappingTest14", NULL)},

	/* 4.11 Inhibit Policy Mapping */
	{T("4.11.1", "InvalidinhibitPolicyMappingTest1", "path_policy")},
	{T("4.11.2", "ValidinhibitPolicyMappingTest2", NULL)},
	{T("4.11.3", "InvalidinhibitPolicyMappingTest3", "path_policy")},
	{T("4.11.4", "ValidinhibitPolicyMappingTest4", NULL)},
	{T("4.11.5", "InvalidinhibitPolicyMappingTest5", "path_policy")},
	{T("4.11.6", "InvalidinhibitPolicyMappingTest6", "path_policy")},
	{T("4.11.7", "ValidSelfIssuedinhibitPolicyMappingTest7", NULL)},
	{T("4.11.8", "InvalidSelfIssuedinhibitPolicyMappingTest8", "path_policy")},
	{T("4.11.9", "InvalidSelfIssuedinhibitPolicyMappingTest9", "path_policy")},
	{T("4.11.10", "InvalidSelfIssuedinhibitPolicyMappingTest10", "path_policy")},
	{T("4.11.11", "InvalidSelfIssuedinhibitPolicyMappingTest11", "path_policy")},

	/* 4.12 Inhibit Any Policy */
	{T("4.12.1", "InvalidinhibitAnyPolicyTest1", "path_policy")},
	{T("4.12.2", "ValidinhibitAnyPolicyTest2", NULL)},
	{T("4.12.3.1", "inhibitAnyPolicyTest3", NULL)},
	{T("4.12.3.2", "inhibitAnyPolicyTest3", "path_policy"), .inhibit_any_policy = true},
	{T("4.12.4", "InvalidinhibitAnyPolicyTest4", "path_policy")},
	{T("4.12.5", "InvalidinhibitAnyPolicyTest5", "path_policy")},
	{T("4.12.6", "InvalidinhibitAnyPolicyTest6", "path_policy")},
	{T("4.12.7", "ValidSelfIssuedinhibitAnyPolicyTest7", NULL)},
	{T("4.12.8", "InvalidSelfIssuedinhibitAnyPolicyTest8", "path_policy")},
	{T("4.12.9", "ValidSelfIssuedinhibitAnyPolicyTest9", NULL)},
	{T("4.12.10", "InvalidSelfIssuedinhibitAnyPolicyTest10", "path_policy")},

	/* 4.13 Name Constraints */
	{T("4.13.1", "ValidDNnameConstraintsTest1", NULL)},
	{T("4.13.2", "InvalidDNnameConstraintsTest2", "path_name_constraints")},
	{T("4.13.3", "InvalidDNnameConstraintsTest3", "path_name_constraints")},
	{T("4.13.4", "ValidDNnameConstraintsTest4", NULL)},
	{T("4.13.5", "ValidDNnameConstraintsTest5", NULL)},
	{T("4.13.6", "ValidDNnameConstraintsTest6", NULL)},
	{T("4.13.7", "InvalidDNnameConstraintsTest7", "path_name_constraints")},
	{T("4.13.8", "InvalidDNnameConstraintsTest8", "path_name_constraints")},
	{T("4.13.9", "InvalidDNnameConstraintsTest9", "path_name_constraints")},
	{T("4.13.10", "InvalidDNnameConstraintsTest10", "path_name_constraints")},
	{T("4.13.11", "ValidDNnameConstraintsTest11", NULL)},
	{T("4.13.12", "InvalidDNnameConstraintsTest12", "path_name_constraints")},
	{T("4.13.13", "InvalidDNnameConstraintsTest13", "path_name_constraints")},
	{T("4.13.14", "ValidDNnameConstraintsTest14", NULL)},
	{T("4.13.15", "InvalidDNnameConstraintsTest15", "path_name_constraints")},
	{T("4.13.16", "InvalidDNnameConstraintsTest16", "path_name_constraints")},
	{T("4.13.17", "InvalidDNnameConstraintsTest17", "path_name_constraints")},
	{T("4.13.18", "ValidDNnameConstraintsTest18", NULL)},
	{T("4.13.19", "ValidDNnameConstraintsTest19", NULL)},
	{T("4.13.20", "InvalidDNnameConstraintsTest20", "path_name_constraints")},
	{T("4.13.21", "ValidRFC822nameConstraintsTest21", NULL)},
	{T("4.13.22", "InvalidRFC822nameConstraintsTest22", "path_name_constraints")},
	{T("4.13.23", "ValidRFC822nameConstraintsTest23", NULL)},
	{T("4.13.24", "InvalidRFC822nameConstraintsTest24", "path_name_constraints")},
	{T("4.13.25", "ValidRFC822nameConstraintsTest25", NULL)},
	{T("4.13.26", "InvalidRFC822nameConstraintsTest26", "path_name_constraints")},
	{T("4.13.27", "ValidDNandRFC822nameConstraintsTest27", NULL)},
	{T("4.13.28", "InvalidDNandRFC822nameConstraintsTest28", "path_name_constraints")},
	{T("4.13.29", "InvalidDNandRFC822nameConstraintsTest29", "path_name_constraints")},
	{T("4.13.30", "ValidDNSnameConstraintsTest30", NULL)},
	{T("4.13.31", "InvalidDNSnameConstraintsTest31", "path_name_constraints")},
	{T("4.13.32", "ValidDNSnameConstraintsTest32", NULL)},
	{T("4.13.33", "InvalidDNSnameConstraintsTest33", "path_name_constraints")},
	{T("4.13.34", "ValidURInameConstraintsTest34", NULL)},
	{T("4.13.35", "InvalidURInameConstraintsTest35", "path_name_constraints")},
	{T("4.13.36", "ValidURInameConstraintsTest36", NULL)},
	{T("4.13.37", "InvalidURInameConstraintsTest37", "path_name_constraints")},
	{T("4.13.38", "InvalidDNSnameConstraintsTest38", "path_name_constraints")},

	/* 4.14 Distribution Points */
	{T("4.14.1", "ValiddistributionPointTest1", NULL)},
	{T("4.14.2", "InvaliddistributionPointTest2", "path_revoked")},
	{T("4.14.3", "InvaliddistributionPointTest3", "path_crl_unusable")},
	{T("4.14.4", "ValiddistributionPointTest4", NULL)},
	{T("4.14.5", "ValiddistributionPointTest5", NULL)},
	{T("4.14.6", "InvaliddistributionPointTest6", "path_revoked")},
	{T("4.14.7", "ValiddistributionPointTest7", NULL)},
	{T("4.14.8", "InvaliddistributionPointTest8", "path_crl_unusable")},
	{T("4.14.9", "InvaliddistributionPointTest9", "path_crl_unusable")},
	{T("4.14.10", "ValidNoissuingDistributionPointTest10", NULL)},
	{T("4.14.11", "InvalidonlyContainsUserCertsTest11", "path_crl_unusable")},
	{T("4.14.12", "InvalidonlyContainsCACertsTest12", "path_crl_unusable")},
	{T("4.14.13", "ValidonlyContainsCACertsTest13", NULL)},
	{T("4.14.14", "InvalidonlyContainsAttributeCertsTest14", "path_crl_unusable")},
	{T("4.14.15", "InvalidonlySomeReasonsTest15", "path_revoked")},
	{T("4.14.16", "InvalidonlySomeReasonsTest16", "path_revoked")},
	{T("4.14.17", "InvalidonlySomeReasonsTest17", "path_crl_missing")},
	{T("4.14.18", "ValidonlySomeReasonsTest18", NULL)},
	{T("4.14.19", "ValidonlySomeReasonsTest19", NULL)},
	{T("4.14.20", "InvalidonlySomeReasonsTest20", "path_revoked")},
	{T("4.14.21", "InvalidonlySomeReasonsTest21", "path_revoked")},
	{T("4.14.22", "ValidIDPwithindirectCRLTest22", NULL)},
	{T("4.14.23", "InvalidIDPwithindirectCRLTest23", "path_revoked")},
	{T("4.14.24", "ValidIDPwithindirectCRLTest24", NULL)},
	{T("4.14.25", "ValidIDPwithindirectCRLTest25", NULL)},
	{T("4.14.26", "InvalidIDPwithindirectCRLTest26", "path_crl_unusable")},
	{T("4.14.27", "InvalidcRLIssuerTest27", "path_crl_missing")},
	{T("4.14.28", "ValidcRLIssuerTest28", NULL)},
	{T("4.14.29", "ValidcRLIssuerTest29", NULL)},
	{T("4.14.30", "ValidcRLIssuerTest30", NULL)},
	{T("4.14.31", "InvalidcRLIssuerTest31", "path_revoked")},
	{T("4.14.32", "InvalidcRLIssuerTest32", "path_revoked")},
	{T("4.14.33", "ValidcRLIssuerTest33", NULL)},
	{T("4.14.34", "InvalidcRLIssuerTest34", "path_revoked")},
	{T("4.14.35", "InvalidcRLIssuerTest35", "path_crl_unusable")},

	/* 4.15 Delta-CRLs */
	{T("4.15.1", "InvaliddeltaCRLIndicatorNoBaseTest1", "path_crl_missing")},
	{T("4.15.2", "ValiddeltaCRLTest2", NULL)},
	{T("4.15.3", "InvaliddeltaCRLTest3", "path_revoked")},
	{T("4.15.4", "InvaliddeltaCRLTest4", "path_revoked")},
	{T("4.15.5", "ValiddeltaCRLTest5", NULL)},
	{T("4.15.6", "InvaliddeltaCRLTest6", "path_revoked")},
	{T("4.15.7", "ValiddeltaCRLTest7", NULL)},
	{T("4.15.8", "ValiddeltaCRLTest8", NULL)},
	{T("4.15.9", "InvaliddeltaCRLTest9", "path_revoked")},
	{T("4.15.10", "InvaliddeltaCRLTest10", "path_crl_outdated")},

	/* 4.16 Private Certificate Extensions */
	{T("4.16.1", "ValidUnknownNotCriticalCertificateExtensionTest1", NULL)},
	{T("4.16.2", "InvalidUnknownCriticalCertificateExtensionTest2", "path_critical_extension")},
};

/* Where our verdict is not the suite's, and why. */
static const struct {
	const char *section, *rule, *reason;
} left_out[] = {
	{"4.1.5", "path_incomplete",
	 "OpenSSL 3 does not read a DSA key whose parameters are its issuer's, and lint refuses DSA"},
	{"4.14.30", "path_crl_unusable",
	 "the CRL that covers the CRL issuer's certificate is signed with that certificate's key: "
	 "OpenSSL does not take a CRL's word for its own signer"},
};

static struct path_pool *pool;

static const char *left_out_rule(const char *section)
{
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (strcmp(left_out[i].section, section) == 0)
			return left_out[i].rule;
	return NULL;
}

static struct bytes read_file(const char *folder, const char *name)
{
	struct bytes content = {0};
	struct error e;
	char path[400];

	snprintf(path, sizeof path, FOLDER "/%s/%s", folder, name);
	if (file_read(path, 65536, &content, &e) != STATUS_OK)
		fail_msg("%s: %s", path, e.what);
	return content;
}

static void add(const char *folder, const char *name)
{
	struct bytes der = read_file(folder, name);
	struct error e;
	enum status s;

	if (strcmp(folder, "crls") == 0)
		s = path_pool_add_crl(pool, span_of(&der), &e);
	else if (strcmp(name, ANCHOR) == 0)
		s = path_pool_add_root(pool, span_of(&der), 0, &e);
	else
		s = path_pool_add_certificate(pool, span_of(&der), 0, &e);
	if (s != STATUS_OK)
		fail_msg("%s: %s", name, e.what);
	bytes_free(&der);
}

static void add_all(const char *folder)
{
	DIR *dir;
	struct dirent *entry;
	char path[400];

	snprintf(path, sizeof path, FOLDER "/%s", folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add(folder, entry->d_name);
	closedir(dir);
}

static int set_up(void **state)
{
	struct error e;

	(void)state;
	if (!file_exists(FOLDER))
		return 0;
	assert_int_equal(path_pool_new(&pool, &e), STATUS_OK);
	add_all("certs");
	add_all("crls");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	path_pool_free(pool);
	return 0;
}

static bool says(const struct path *p, const char *rule)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct finding *f = findings_find(&p->links[i].findings, rule);

		if (f && f->severity == SEVERITY_ERROR)
			return true;
	}
	return false;
}

/* 0 where the verdict is as expected. */
static int judge(const struct pkits *t, const char *rule)
{
	struct path_options o = {.time = TIME,
				 .level = PATH_RFC5280,
				 .crl_required = true,
				 .policies = t->policies[0] ? t->policies : NULL,
				 .explicit_policy = t->explicit_policy,
				 .inhibit_policy_mapping = t->inhibit_mapping,
				 .inhibit_any_policy = t->inhibit_any_policy};
	struct path path = {0};
	const struct finding *first;
	struct bytes der;
	struct error e;
	char name[200];
	size_t link;
	bool right;

	snprintf(name, sizeof name, "%sEE.crt", t->file);
	der = read_file("certs", name);
	if (path_check(pool, span_of(&der), &o, &path, &e) != STATUS_OK)
		fail_msg("%s %s: %s", t->section, t->file, e.what);
	right = rule ? says(&path, rule) : path_is_good(&path);
	if (!right) {
		first = path_first_error(&path, &link);
		print_error("%s %s: %s, and not %s\n", t->section, t->file,
			    first ? first->rule->id : "good", rule ? rule : "good");
	}
	path_free(&path);
	bytes_free(&der);
	return !right;
}

/* The tests of one section: state is "4.1." and the like. */
static void section(void **state)
{
	const char *prefix = *state;
	int wrong = 0, count = 0;

	if (!pool) {
		print_message("# skipped: python3-cryptography-vectors is not installed\n");
		skip();
	}
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		const struct pkits *t = &tests[i];
		const char *other = left_out_rule(t->section);

		if (strncmp(t->section, prefix, strlen(prefix)) != 0)
			continue;
		wrong += judge(t, other ? other : t->rule);
		count++;
	}
	assert_true(count > 0);
	assert_int_equal(wrong, 0);
}

/* What is left out is a test, has a reason, and would differ. */
static void left_out_is_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
		size_t at = 0;

		while (at < sizeof tests / sizeof *tests &&
		       strcmp(tests[at].section, left_out[i].section) != 0)
			at++;
		assert_true(at < sizeof tests / sizeof *tests);
		assert_true(!tests[at].rule || strcmp(tests[at].rule, left_out[i].rule) != 0);
		print_message("# PKITS %s left out: %s\n", left_out[i].section, left_out[i].reason);
	}
}

/* Every end entity certificate of the suite is in the table. */
static void suite_is_whole(void **state)
{
	DIR *dir;
	struct dirent *entry;

	(void)state;
	if (!pool)
		skip();
	dir = opendir(FOLDER "/certs");
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *end = strstr(entry->d_name, "EE.crt");
		size_t at = 0;

		while (end && at < sizeof tests / sizeof *tests &&
		       (strlen(tests[at].file) != (size_t)(end - entry->d_name) ||
			strncmp(tests[at].file, entry->d_name, strlen(tests[at].file)) != 0))
			at++;
		if (end && at == sizeof tests / sizeof *tests)
			fail_msg("%s is not in the table", entry->d_name);
	}
	closedir(dir);
}

int main(void)
{
#define SECTION(title, prefix)                               \
	{                                                    \
		title, section, NULL, NULL, (void *)(prefix) \
	}
	const struct CMUnitTest all[] = {
		SECTION("4.1 Signature Verification", "4.1."),
		SECTION("4.2 Validity Periods", "4.2."),
		SECTION("4.3 Verifying Name Chaining", "4.3."),
		SECTION("4.4 Basic Certificate Revocation Tests", "4.4."),
		SECTION("4.5 Verifying Paths with Self-Issued Certificates", "4.5."),
		SECTION("4.6 Verifying Basic Constraints", "4.6."),
		SECTION("4.7 Key Usage", "4.7."),
		SECTION("4.8 Certificate Policies", "4.8."),
		SECTION("4.9 Require Explicit Policy", "4.9."),
		SECTION("4.10 Policy Mappings", "4.10."),
		SECTION("4.11 Inhibit Policy Mapping", "4.11."),
		SECTION("4.12 Inhibit Any Policy", "4.12."),
		SECTION("4.13 Name Constraints", "4.13."),
		SECTION("4.14 Distribution Points", "4.14."),
		SECTION("4.15 Delta-CRLs", "4.15."),
		SECTION("4.16 Private Certificate Extensions", "4.16."),
		cmocka_unit_test(left_out_is_listed),
		cmocka_unit_test(suite_is_whole),
	};

	return cmocka_run_group_tests(all, set_up, tear_down);
}
