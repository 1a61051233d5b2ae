#include "tests/unit/lint_cases.h"

#define ROOT FIXTURE_ROOT
#define CA FIXTURE_INTERMEDIATE
#define LEAF FIXTURE_LEAF

/* sha256WithRSAEncryption */
#define RSA_SHA256 "300d06092a864886f70d01010b0500"

const struct lint_case lint_cases[] = {
	/* encoding */
	{"der_structure", CA, {{0}}, {{"patch", "3059301306>3059321306"}}},
	{"der_length",
	 CA,
	 {{"serial", "22334455"}},
	 {{"serial", "22334455"}, {"patch", "020422334455>028103334455"}}},
	{"der_boolean", CA, {{0}}, {{"patch", "0603551d0f0101ff>0603551d0f010101"}}},
	{"der_integer",
	 CA,
	 {{"serial", "0080"}},
	 {{"serial", "0080"}, {"patch", "02020080>0202007f"}}},
	{"der_bit_string", CA, {{0}}, {{"patch", "034200047cf27b18>034201047cf27b18"}}},
	{"der_oid",
	 CA,
	 {{"+1.2.3.4", "DER:0500"}},
	 {{"+1.2.3.4", "DER:0500"}, {"patch", "06032a0304>06032a8004"}}},
	{"der_set_order",
	 CA,
	 {{"subject", "CN:u:b|+O:u:Example"}},
	 {{"subject", "CN:u:b|+O:u:E"}, {"patch", "06035504030c0162>060355040b0c0162"}}},
	{"certificate_unreadable", CA, {{0}}, {{"patch", "3059301306>3059a01306"}}},
	/* frame */
	{"version_not_3", CA, {{"version", "02"}}, {{"version", "01"}}},
	{"serial_negative", CA, {{"serial", "7f"}}, {{"serial", "80"}}},
	{"serial_zero", CA, {{"serial", "01"}}, {{"serial", "00"}}},
	{"serial_long",
	 CA,
	 {{"serial", "7fffffffffffffffffffffffffffffffffffffff"}},
	 {{"serial", "00ffffffffffffffffffffffffffffffffffffffff"}}},
	{"signature_algorithm_differs", CA, {{0}}, {{"outer", RSA_SHA256}}},
	{"unique_id_present", CA, {{0}}, {{"issuerUniqueID", "01"}}},
	/* validity */
	{"validity_type",
	 CA,
	 {{"notBefore", "u:260101000000Z"}},
	 {{"notBefore", "i:260101000000Z"}}},
	{"validity_form",
	 CA,
	 {{"notBefore", "u:260101000000Z"}},
	 {{"notBefore", "u:260101000000+0000"}}},
	{"validity_encoding",
	 ROOT,
	 {{"notAfter", "g:20500101000000Z"}},
	 {{"notAfter", "g:20491231235959Z"}}},
	{"validity_order",
	 CA,
	 {{"notBefore", "u:300101000000Z"}, {"notAfter", "u:300101000000Z"}},
	 {{"notBefore", "u:300101000001Z"}, {"notAfter", "u:300101000000Z"}}},
	/* extensions */
	{"extension_duplicate", CA, {{0}}, {{"++keyUsage", "critical,keyCertSign,cRLSign"}}},
	{"extension_malformed", CA, {{0}}, {{"+keyUsage", "critical,DER:0500"}}},
	{"extension_unknown_critical",
	 CA,
	 {{"+1.2.3.4", "DER:0500"}},
	 {{"+1.2.3.4", "critical,DER:0500"}}},
	{"extension_critical_false",
	 CA,
	 {{"+subjectKeyIdentifier", "0202"}},
	 {{"+subjectKeyIdentifier", "false,0202"}}},
	/* usage */
	{"basic_constraints_critical",
	 CA,
	 {{"+basicConstraints", "critical,CA:TRUE"}},
	 {{"+basicConstraints", "CA:TRUE"}}},
	{"path_length_without_sign",
	 LEAF,
	 {{"+basicConstraints", "critical,DER:3000"}},
	 {{"+basicConstraints", "critical,DER:3003020100"}}},
	{"key_usage_missing", CA, {{0}}, {{"-keyUsage", ""}}},
	{"key_usage_ca_sign",
	 CA,
	 {{"+keyUsage", "critical,keyCertSign"}},
	 {{"+basicConstraints", "critical,CA:TRUE"}, {"+keyUsage", "critical,cRLSign"}}},
	{"key_usage_leaf_sign",
	 LEAF,
	 {{"+keyUsage", "critical,digitalSignature"}},
	 {{"+keyUsage", "critical,digitalSignature,keyCertSign"}}},
	/* identifiers */
	{"ski_missing", CA, {{0}}, {{"-subjectKeyIdentifier", ""}}},
	{"aki_missing", CA, {{0}}, {{"-authorityKeyIdentifier", ""}}},
	{"aki_not_issuer_ski",
	 CA,
	 {{"issuer's +subjectKeyIdentifier", "0a"}, {"+authorityKeyIdentifier", "DER:300380010a"}},
	 {{"issuer's +subjectKeyIdentifier", "0b"}, {"+authorityKeyIdentifier", "DER:300380010a"}}},
};

const size_t lint_case_count = sizeof lint_cases / sizeof *lint_cases;
