/*
 * Whether the subject of a request is a name that people and portals read as it was meant.
 */
#ifndef SUBCA_CSR_NAME_JUDGE_H
#define SUBCA_CSR_NAME_JUDGE_H

#include <openssl/x509.h>

#include "base/finding.h"

/*
 * Adds what is wrong with the name; nothing where nothing is. portal is whose rules count beside
 * RFC 5280's: "zia", "zpa", or "" for none. Only a machine that fails (memory) makes the status
 * differ from STATUS_OK. Rules: csr_name_empty, csr_name_encoding, csr_name_control,
 * csr_name_bidi, csr_name_invisible, csr_name_length, csr_name_spaces, csr_name_scripts,
 * csr_name_confusable, csr_name_slash, csr_name_common_names, csr_name_zia_length.
 */
MUST_CHECK enum status csr_name_check(const X509_NAME *name, const char *portal,
				      struct findings *findings, struct error *e);

/* The rules above, in that order. */
const struct rule *csr_name_rules(size_t *count);

#endif
