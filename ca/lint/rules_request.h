/*
 * The rules for requests, as in ca/lint/rules.h, which includes this: RFC 2986 and the attributes of
 * RFC 2985, as far as csr/request.h, which judges their form and signature first, leaves them. Its
 * name, its key and the extensions that it asks for are judged by the rules there.
 */

/* ca/lint/request.c */
RULE(request_attributes_missing, WARNING, LINT_REQUEST, "RFC 2986 4.1",
     "attributes may be empty but not absent; strict readers refuse it",
     "make the request with other software")
RULE(request_attribute_empty, ERROR, LINT_REQUEST, "RFC 2986 4.1",
     "an attribute has at least one value", "leave the attribute out")
RULE(request_attribute_duplicate, ERROR, LINT_REQUEST, "RFC 2986 4.1, X.501 8.2",
     "software disagrees about which of the two counts", "put each attribute in once")
RULE(request_attribute_values, ERROR, LINT_REQUEST, "RFC 2985 5.4.1",
     "the attribute has a single value; software disagrees about which counts",
     "give the attribute one value")
RULE(request_challenge_password, WARNING, LINT_REQUEST, "RFC 2985 5.4.1",
     "everybody who sees the request can read the password, and sign does not ask for it",
     "make the request without a challenge password")
