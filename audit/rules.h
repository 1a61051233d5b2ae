/*
 * What an audit finds: RULE(id, severity, reference, why, what to do). Included more than once. The
 * order is that of the report: what somebody did on purpose comes first.
 */
RULE(rogue, ERROR, "RFC 3647 5.4",
     "somebody used the CA's key past the store: nobody judged it, and no CRL can know of it",
     "treat the CA's key as stolen until it is explained; revoke the certificate")
RULE(serial_other_bytes, ERROR, "RFC 5280 4.1.2.2",
     "one serial number stands for two certificates: revoking one revokes or hides the other",
     "find out who signed the other one; treat the CA's key as stolen until it is explained")
RULE(journal_broken, ERROR, "subca-journal(1)",
     "the record of what was done was changed afterwards",
     "restore the store from a backup, and find out who changed it")
RULE(checkpoint_broken, ERROR, "subca-journal(1)",
     "the record is not the one that was vouched for: it was rewritten, or its end was cut off",
     "restore the store from a backup, and find out who changed it")
RULE(journal_differs, ERROR, "subca-journal(1)",
     "the store and its journal tell different stories: one of them was changed by hand",
     "restore the store from a backup, and find out who changed it")
RULE(store_unreadable, ERROR, "subca(1)", "nothing that needs the store could be judged",
     "restore the store from a backup, or use the subca that wrote it")
RULE(store_row, ERROR, "subca(1)",
     "what the store says of a certificate is not what stands in it: the row was changed by hand",
     "restore the store from a backup, and find out who changed it")
RULE(store_signature, ERROR, "RFC 5280 6.1.3",
     "the store holds as issued what this CA did not sign: it was put there by hand",
     "find out who wrote to the store; do not hand the certificate out")
RULE(signature, ERROR, "RFC 5280 6.1.3",
     "it names an issuer that did not sign it: a forgery, or damage",
     "take it out of use and find out where it came from")
RULE(shared_prime, ERROR, "Heninger et al. 2012, \"Mining Your Ps and Qs\"",
     "two moduli share a prime: anybody who has both certificates computes both private keys",
     "revoke all of them, and examine the random source that made the keys")
RULE(revoked_not_listed, ERROR, "RFC 5280 3.3",
     "the certificate is revoked here, and everybody else still accepts it", "publish a new CRL")
RULE(listed_not_revoked, ERROR, "RFC 5280 5",
     "a CRL lists what the record does not know as revoked: one of them is wrong",
     "find out who made the CRL; revoke it here too, or publish a new CRL")
RULE(crl_signature, ERROR, "RFC 5280 6.3.3", "nobody can use a CRL that its issuer did not sign",
     "take it out of use and publish a new CRL")
RULE(crl_stale, ERROR, "RFC 5280 5.1.2.5",
     "its nextUpdate is past: clients that check refuse everything, the others check nothing",
     "publish a new CRL, and have it made before nextUpdate")
RULE(crl_gap, WARNING, "RFC 5280 5.2.3",
     "a number is missing between CRLs, or stands on two: one was withheld or made elsewhere",
     "find the missing one, or who else signs CRLs")
RULE(index_stale, WARNING, "openssl-ca(1)",
     "what reads the exported index, an OCSP responder for one, gives old answers",
     "export the index again")
RULE(reserved, WARNING, "subca-sign(1)",
     "a run was cut off after its serial was spent: a signature may exist that nobody recorded",
     "look whether a certificate with that serial is about")
RULE(two_portals, ERROR, "Zscaler: ZIA and ZPA cannot share a certificate",
     "one key serves two portals: who has it in one can act in the other",
     "have the portal make a new key and sign that; revoke the older one")
RULE(key_several, WARNING, "NIST SP 800-57 5.2",
     "one key under several names: if it is lost in one place it is lost in all",
     "have each holder make a key of its own")
RULE(serial_reused, ERROR, "RFC 5280 4.1.2.2",
     "two certificates of one issuer share a serial number: a CRL cannot tell them apart",
     "issue one of them again")
RULE(subject_conflict, WARNING, "RFC 5280 4.1.2.6",
     "two CAs with one name and different keys at one time: chains are built to the wrong one",
     "give each CA a name of its own; let the older one end when it was only renewed")
RULE(ski_conflict, ERROR, "RFC 5280 4.2.1.2",
     "one key identifier stands for two keys: chains are built to the wrong one",
     "issue one of them again with the identifier of its own key")
RULE(outlives_issuer, ERROR, "RFC 5280 6.1",
     "after its issuer ended it cannot be verified, though it says that it is valid",
     "renew the issuer under the same key, or issue it again with a shorter life")
RULE(path_length, ERROR, "RFC 5280 4.2.1.9",
     "a CA above grants no CA at this depth: verifiers refuse all that it signs",
     "issue it from a CA that may have CAs below it")
RULE(drift, WARNING, "subca-profile(1)",
     "its profile would not issue it today: what was decided since does not hold for it",
     "let it end, or issue it again under today's profile")
RULE(expiring, NOTICE, "RFC 5280 4.1.2.5", "it ends soon",
     "renew it before the date, so that both are valid for a while")
RULE(issuer_unknown, NOTICE, "RFC 5280 6.1",
     "its signature could not be verified: its issuer is not here",
     "give the issuer's certificate along")
RULE(file_missing, NOTICE, "subca-show(1)", "the store has it, and none of the files examined does",
     "nothing, if it lies elsewhere")
