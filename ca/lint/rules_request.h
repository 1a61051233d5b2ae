/*
 * The rules for requests, as in ca/lint/rules.h, which includes this: RFC 2986 and the attributes of
 * RFC 2985. Its name, its key and the extensions that it asks for are judged by the rules there.
 */

/* ca/lint/request.c */
RULE(request_unreadable, ERROR, LINT_UNREADABLE, "RFC 2986 4",
     "nothing can be said about what cannot be read", "check that this is a PKCS#10 request")
RULE(request_version, ERROR, LINT_REQUEST, "RFC 2986 4.1", "there is no version but v1 (0)",
     "make the request again")
RULE(request_signature, ERROR, LINT_REQUEST, "RFC 2986 3",
     "whoever made it does not have the private key, or it was changed on its way",
     "have it made again where the private key is")
RULE(request_attributes_missing, WARNING, LINT_REQUEST, "RFC 2986 4.1",
     "attributes may be empty but not absent; strict readers refuse it",
     "make the request with other software")
RULE(request_attribute_empty, ERROR, LINT_REQUEST, "RFC 2986 4.1",
     "an attribute has at least one value", "leave the attribute out")
RULE(request_attribute_duplicate, ERROR, LINT_REQUEST, "RFC 2986 4.1, X.501 8.2",
     "software disagrees about which of the two counts", "put each attribute in once")
RULE(request_attribute_values, ERROR, LINT_REQUEST, "RFC 2985 5.4",
     "the attribute has a single value; software disagrees about which counts",
     "give the attribute one value")
RULE(request_extensions_malformed, ERROR, LINT_REQUEST, "RFC 2985 5.4.2",
     "what it asks for cannot be read", "make the request again")
RULE(request_challenge_password, WARNING, LINT_REQUEST, "RFC 2985 5.4.1",
     "everybody who sees the request can read the password, and sign does not ask for it",
     "make the request without a challenge password")
/* The last: it speaks where nothing before it has. */
RULE(request_refused, ERROR, LINT_REQUEST, "RFC 2986", "subca sign does not take it",
     "make the request again")
