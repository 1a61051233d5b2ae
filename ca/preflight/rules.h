/*
 * The rules of the pre-flight: RULE(id, severity, portals, reference, why, what to do), as in
 * ca/lint/rules.h. The function of a rule is preflight_<id>.
 */

/* The file: ca/preflight/file.c */
RULE(portal_file_extension, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM, "ZIA",
     "the portal takes only files that end in .pem: invalid file name",
     "rename the file to NAME.pem")
RULE(portal_file_name_long, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM, "ZIA",
     "the portal takes names of at most 64 characters", "give the file a shorter name")
RULE(portal_file_size, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA",
     "the portal takes at most 64 KiB", "upload one certificate without the text around it")
RULE(portal_file_format, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal takes PEM only: unsupported format", "convert it to PEM")
RULE(portal_file_unreadable, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal cannot parse it", "get the certificate again from who issued it")
RULE(portal_file_private_key, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "a private key leaves your hands with the upload",
     "take the key out of the file, and consider it exposed if it was uploaded")
RULE(portal_file_text, WARNING, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA",
     "text around the block, as OpenSSL writes it with -text, may not be taken",
     "keep only the lines from BEGIN to END")
RULE(portal_file_line_ends, WARNING, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA",
     "carriage returns or a byte order mark come from an editor, and may not be taken",
     "save the file with Unix line ends and without a byte order mark")
RULE(portal_file_count, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM, "ZIA",
     "this upload takes one certificate; the chain is uploaded after it",
     "put the other certificates into the chain file")

/* The chain: ca/preflight/chain.c */
RULE(portal_chain_unreadable, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal cannot parse the chain", "write the chain as PEM: issuer first, root last")
RULE(portal_chain_size, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA",
     "the portal takes at most 64 KiB and 16 certificates", "leave out what is not in the chain")
RULE(portal_chain_private_key, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "a private key leaves your hands with the upload", "take the key out of the file")
RULE(portal_chain_order, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal wants each certificate before its issuer, the root last",
     "put the certificates into that order")
RULE(portal_chain_signature, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "RFC 5280 6.1.3",
     "no client accepts the chain", "use the issuer that signed it")
RULE(portal_chain_root_missing, ERROR, PORTAL_ZPA, "ZPA",
     "the whole chain up to the root is required", "add the root, last, and upload it first")

/* The certificate: ca/preflight/certificate.c */
RULE(portal_signed_with_root_key, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA,
     "white paper, openssl x509 -signkey",
     "it was issued to itself and carries the CA's own key; the portal's key is lost: certificate and key do not match",
     "issue it from the portal's request with subca sign")
RULE(portal_key_differs, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal holds another key: certificate and key do not match",
     "sign the request that the portal shows now")
RULE(portal_subject_differs, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "a name other than the requested one makes the upload invalid",
     "sign the request without changing its subject")
RULE(portal_other_portal, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "white paper",
     "one certificate never serves ZIA and ZPA", "sign a request of this portal")
RULE(portal_not_zpa, WARNING, PORTAL_ZPA, "ZPA",
     "ZPA's own requests are for O=Zscaler, OU=Private Access: the subject is another portal's",
     "make sure that the request came from ZPA")
RULE(portal_common_name_long, WARNING, PORTAL_ZIA | PORTAL_ZIA_HSM, "ZIA",
     "the portal appends a suffix to the common name for its weekly CA; 64 characters are the limit",
     "ask for a common name of at most 59 characters")
RULE(portal_not_ca, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal signs with it, so it must be a CA", "sign it with the profile of the portal")
RULE(portal_path_length_zero, ERROR, PORTAL_ZIA, "ZIA",
     "the service edge signs from a CA below this one, which path length 0 forbids",
     "sign it with path length 1")
RULE(portal_path_length_open, NOTICE, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "it grants more CAs below it than the portal makes",
     "sign it with the path length of the portal's profile")
RULE(portal_key_usage, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "the portal signs certificates and revocation lists with it",
     "sign it with keyCertSign and cRLSign")
RULE(portal_purpose, WARNING, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA, ZPA",
     "purposes in a CA limit everything below it", "sign it without extendedKeyUsage")
RULE(portal_expired, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA",
     "the portal says: expired", "sign a new request")
RULE(portal_not_yet_valid, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "ZIA",
     "the portal says: not yet valid", "wait, or check the clocks")
RULE(portal_outlives_root, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "white paper",
     "it must have fewer days left than its root, or it is not accepted", "sign it with fewer days")

/* What the CA knows: ca/preflight/authority.c */
RULE(portal_key_certified, ERROR, PORTAL_ZIA | PORTAL_ZIA_HSM | PORTAL_ZPA, "white paper",
     "one key never serves ZIA and ZPA, and the CA certified this one for the other portal",
     "make a new request in this portal and sign that")
RULE(portal_root_differs, ERROR, PORTAL_ZPA, "ZPA",
     "all enrollment certificates of a tenant must share one root", "sign it under the same root")
