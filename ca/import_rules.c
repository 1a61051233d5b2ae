#include "ca/import_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct rule rules[RULE_COUNT] = {
	[RULE_DUPLICATE] = {"import_index_duplicate", SEVERITY_ERROR, "RFC 5280 4.1.2.2",
			    "two certificates of one serial number cannot be told apart in a CRL",
			    "find out which line is the right one, and delete the other"},
	[RULE_FOREIGN] =
		{"import_foreign", SEVERITY_ERROR, "RFC 5280 6.1.3",
		 "what another CA signed is not this one's to revoke",
		 "take the file away, name the CA with --certificate, or say --skip-foreign"},
	[RULE_CRL_FOREIGN] = {"import_crl_foreign", SEVERITY_ERROR, "RFC 5280 6.3.3",
			      "another CA's CRL says nothing about these certificates",
			      "take the file away, or say --skip-foreign"},
	[RULE_SERIAL_REUSED] =
		{"import_serial_reused", SEVERITY_ERROR, "RFC 5280 4.1.2.2",
		 "two certificates of one serial number cannot be told apart in a CRL",
		 "keep the one that is in use, and take the other file away"},
	[RULE_MISMATCH] = {"import_mismatch", SEVERITY_ERROR, "openssl-ca(1)",
			   "the index and the certificate tell of different certificates",
			   "find out which is right, and mend the line or take the file away"},
	[RULE_CHAIN] = {"import_chain", SEVERITY_ERROR, "RFC 5280 6.1",
			"portals and clients want the chain up to the root",
			"name the missing issuer's certificate as well"},
	[RULE_CA_PURPOSE] = {"import_ca_purpose", SEVERITY_WARNING, "RFC 5280 4.2.1.9",
			     "clients refuse what it signs",
			     "renew the CA's certificate with the right extensions"},
	[RULE_NO_CERTIFICATE] = {"import_no_certificate", SEVERITY_NOTICE, "openssl-ca(1)",
				 "it can be revoked, but not shown or renewed from here",
				 "bring the certificates along if they are somewhere"},
	[RULE_NOT_IN_INDEX] = {"import_not_in_index", SEVERITY_WARNING, "openssl-ca(1)",
			       "somebody signed it past the index, or the index is an older one",
			       "find out why; it is taken over as issued"},
	[RULE_REVOKED_BY_CRL] = {"import_revoked_by_crl", SEVERITY_WARNING, "RFC 5280 5.1.2.6",
				 "what is published as revoked stays revoked",
				 "find out why the index is behind; it is taken over as revoked"},
	[RULE_CRL_LACKS] = {"import_crl_lacks", SEVERITY_WARNING, "RFC 5280 5.1.2.6",
			    "who reads that CRL still takes it for valid",
			    "publish a new CRL after the import"},
	[RULE_CRL_UNKNOWN] = {"import_crl_unknown", SEVERITY_WARNING, "RFC 5280 5.1.2.6",
			      "it is not known what that certificate was",
			      "it is taken over as revoked, until the end of the CA"},
	[RULE_NEXT_SERIAL] = {"import_next_serial", SEVERITY_WARNING, "RFC 5280 4.1.2.2",
			      "the old tool would have used a serial number twice",
			      "the next one here is past all that are known"},
	[RULE_CRL_NUMBER] = {"import_crl_number", SEVERITY_WARNING, "RFC 5280 5.2.3",
			     "the old tool would have used a CRL number twice",
			     "the next one here is past all that are known"},
	[RULE_KEY_EXPOSED] = {"import_key_exposed", SEVERITY_WARNING, "subca",
			      "whoever could read the file may have the key",
			      "ask who could read it; the new file is for its owner only"},
	[RULE_KEY_MISSING] = {"import_key_missing", SEVERITY_NOTICE, "subca",
			      "this CA can be looked at, but it cannot sign",
			      "put the key where ca.conf says, or name a token there"},
	[RULE_SERIAL_ZERO] =
		{"import_serial_zero", SEVERITY_NOTICE, "RFC 5280 4.1.2.2",
		 "a serial number is positive, so that the store has no place for zero",
		 "renew what has it, if it is in use"},
	[RULE_HOLD_INSTRUCTION] =
		{"import_hold_instruction", SEVERITY_NOTICE, "RFC 5280 5.3.1",
		 "hold instructions are out of use; the certificate stays on hold", "nothing"},
	[RULE_UNREADABLE] = {"import_unreadable", SEVERITY_WARNING, "subca",
			     "what is in it is not taken over",
			     "look what it is; restore it from a copy if it matters"},
	[RULE_SUBFOLDER] = {"import_subfolder", SEVERITY_NOTICE, "subca",
			    "a folder with an index of its own is a CA of its own",
			    "import it by itself"},
	[RULE_NUMBER_FILE] = {"import_number_file", SEVERITY_ERROR, "openssl-ca(1)",
			      "the next number is not known, so that one could be used twice",
			      "mend the file: one number in hexadecimal digits"},
	[RULE_CLOCK] = {"import_clock", SEVERITY_ERROR, "RFC 5280 5.1.2.4",
			"the next CRL would be older than what it replaces",
			"set the clock; if it is right and was wrong before, say --clock-ok"},
};

enum status import_note(struct import *in, struct findings *f, enum import_rule rule,
			const char *where, struct error *e, const char *format, ...)
{
	va_list arguments;
	char message[512];

	if (!f || in->noted[rule]++ >= IMPORT_NOTES_MAX)
		return STATUS_OK;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return findings_add(f, &rules[rule], where, e, "%s", message);
}

enum status import_note_rest(struct import *in, struct findings *f, struct error *e)
{
	for (int rule = 0; rule < RULE_COUNT; rule++) {
		if (in->noted[rule] > IMPORT_NOTES_MAX &&
		    findings_add(f, &rules[rule], "", e, "and %zu more of these",
				 in->noted[rule] - IMPORT_NOTES_MAX) != STATUS_OK)
			return error_status(e);
	}
	return STATUS_OK;
}

const char *import_origin(enum import_kind kind)
{
	static const char *const names[] = {"openssl-ca", "easy-rsa", "files"};

	return names[kind];
}
