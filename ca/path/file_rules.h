/*
 * The rules of files that hold a chain or trusted roots, as in ca/path/rules.h. The function of a
 * rule is path_file_<id>: ca/path/file.c.
 */

RULE(chain_order, WARNING, PATH_RULE_CHAIN, "RFC 5246 7.4.2, ZIA, ZPA",
     "servers' peers and the portals want each certificate before its issuer",
     "put each before its issuer, the root last")
RULE(chain_duplicate, WARNING, PATH_RULE_CHAIN, "RFC 8446 4.4.2",
     "what reads a chain in order stumbles over it", "remove one")
RULE(chain_gap, WARNING, PATH_RULE_CHAIN, "RFC 5246 7.4.2",
     "whoever has only this file cannot follow the path", "put the missing issuer in between")
RULE(chain_unrelated, WARNING, PATH_RULE_CHAIN, "RFC 5246 7.4.2",
     "it belongs to no path that begins with the first certificate", "take it out")
RULE(chain_not_ca, WARNING, PATH_RULE_CHAIN, "RFC 5280 6.1.4 (k)",
     "only CAs stand above a certificate", "take it out")
RULE(chain_expired, WARNING, PATH_RULE_CHAIN, "RFC 5280 6.1.3 (a)(2)",
     "no verifier accepts a path over it", "put the renewed certificate in its place")
RULE(chain_not_yet_valid, WARNING, PATH_RULE_CHAIN, "RFC 5280 6.1.3 (a)(2)",
     "no verifier accepts a path over it yet", "wait, or check the clocks")
RULE(chain_root_missing, NOTICE, PATH_RULE_CHAIN, "ZPA",
     "ZPA wants the whole chain up to the root; TLS servers send it without",
     "add the root, last, where a portal wants it")
RULE(chain_root_present, NOTICE, PATH_RULE_CHAIN, "RFC 8446 4.4.2",
     "TLS peers have the root or do not trust it: sending it helps nobody; portals want it",
     "leave it out of what a TLS server sends")
RULE(bundle_duplicate, WARNING, PATH_RULE_BUNDLE, "RFC 7468 5.1",
     "some tools refuse to import the second", "remove one")
RULE(bundle_not_ca, ERROR, PATH_RULE_BUNDLE, "RFC 5280 6.1.1 (d)",
     "a trusted certificate that is no CA vouches for nothing but itself", "take it out")
RULE(bundle_not_root, WARNING, PATH_RULE_BUNDLE, "RFC 5280 6.1.1 (d)",
     "much software trusts only self-signed certificates; where it is trusted, it is so on its own",
     "put the root above it in its place")
RULE(bundle_weekly_ca, ERROR, PATH_RULE_BUNDLE, "ZIA",
     "a service edge replaces it every week: as a trust anchor it fails within 14 days",
     "trust the root of its chain instead")
RULE(bundle_expired, WARNING, PATH_RULE_BUNDLE, "RFC 5280 4.1.2.5",
     "what it signed is no longer accepted", "take it out, or put its successor in its place")
RULE(bundle_not_yet_valid, WARNING, PATH_RULE_BUNDLE, "RFC 5280 4.1.2.5",
     "what it signed is not accepted yet", "wait, or check the clocks")
