"""Certificates and CRLs that an audit must find something about, by name: usage in audit.bats.

audit_estate.py FOLDER CA builds FOLDER from CA, an unencrypted EC root of subca, and whatever its
store holds. Everything that it makes is free of lint's findings but what a fault is about.
"""
import datetime
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)


def key():
    return ec.generate_private_key(ec.SECP256R1())


def name(words):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def ski_of(public):
    return x509.SubjectKeyIdentifier.from_public_key(public)


def certificate(subject, public, issuer, signer, *, days=800, path_length=0, serial=None, ski=None,
                usage_critical=True, authority_ski=None, begin=None):
    """A CA certificate. issuer: a certificate, or None for self-signed."""
    begin = begin or NOW - DAY
    builder = (x509.CertificateBuilder()
               .subject_name(name(subject))
               .issuer_name(issuer.subject if issuer else name(subject))
               .public_key(public)
               .serial_number(serial or x509.random_serial_number())
               .not_valid_before(begin)
               .not_valid_after(begin + days * DAY)
               .add_extension(x509.BasicConstraints(True, path_length), True)
               .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False,
                                            False), usage_critical)
               .add_extension(ski or ski_of(public), False))
    if issuer:
        above = authority_ski or issuer.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier).value
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), False)
    return builder.sign(signer, hashes.SHA256())


def crl(issuer, signer, number, serials, *, next_update=None, last=None, aki=True):
    builder = (x509.CertificateRevocationListBuilder()
               .issuer_name(issuer.subject)
               .last_update(last or NOW - 2 * DAY)
               .next_update(next_update or NOW + 30 * DAY)
               .add_extension(x509.CRLNumber(number), False))
    if aki:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value), False)
    for serial in serials:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial)
            .revocation_date(NOW - 3 * DAY).build())
    return builder.sign(signer, hashes.SHA256())


def shared_moduli():
    """Two RSA keys that share a prime."""
    one = rsa.generate_private_key(65537, 2048).private_numbers()
    while True:
        other = rsa.generate_private_key(65537, 2048).private_numbers()
        n = one.p * other.p
        if n.bit_length() == 2048:
            break
    return [rsa.RSAPublicNumbers(65537, m).public_key()
            for m in (one.public_numbers.n, n)]


def main():
    folder, ca = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)

    def put(file, thing, form=serialization.Encoding.PEM):
        with open(os.path.join(folder, file), "wb") as out:
            out.write(thing.public_bytes(form))

    with open(ca + "/ca.pem", "rb") as f:
        ours = x509.load_pem_x509_certificate(f.read())
    with open(ca + "/private/ca.key", "rb") as f:
        our_key = serialization.load_pem_private_key(f.read(), None)
    with open("issued.pem", "rb") as f:
        issued = x509.load_pem_x509_certificate(f.read())

    put("rogue.pem", certificate("Rogue", key().public_key(), ours, our_key,
                                 begin=NOW))
    put("other-bytes.pem", certificate("Other bytes", key().public_key(), ours, our_key,
                                       serial=issued.serial_number, begin=NOW))
    # The CRLs of our CA: "Revoked" is not in them, "Issued" is though it is not revoked; of the
    # numbers 2 is missing.
    put("crl-1.pem", crl(ours, our_key, 1, [], last=ours.not_valid_before))
    put("crl-3.pem", crl(ours, our_key, 3, [issued.serial_number],
                         last=ours.not_valid_before + SECOND))

    root_key = key()
    root = certificate("Other Root", root_key.public_key(), None, root_key, days=4500,
                       path_length=1, begin=NOW - 900 * DAY)
    put("root.der", root, serialization.Encoding.DER)
    # The older one has ended, and so has the newer one, which breaks a rule of lint besides.
    put("root-crl.pem", crl(root, root_key, 7, [], next_update=NOW - DAY))
    put("root-crl-8.pem", crl(root, root_key, 8, [], next_update=NOW - DAY, aki=False))

    both = key().public_key()
    put("same-key-1.pem", certificate("Same key 1", both, root, root_key))
    put("same-key-2.pem", certificate("Same key 2", both, root, root_key))
    number = x509.random_serial_number()
    put("same-serial-1.pem", certificate("Same serial 1", key().public_key(), root, root_key,
                                         serial=number))
    put("same-serial-2.pem", certificate("Same serial 2", key().public_key(), root, root_key,
                                         serial=number))
    put("same-subject-1.pem", certificate("Same subject", key().public_key(), root, root_key))
    put("same-subject-2.pem", certificate("Same subject", key().public_key(), root, root_key))
    first = key().public_key()
    put("same-ski-1.pem", certificate("Same identifier 1", first, root, root_key))
    put("same-ski-2.pem", certificate("Same identifier 2", key().public_key(), root, root_key,
                                      ski=ski_of(first)))
    put("outlives.pem", certificate("Outlives", key().public_key(), root, root_key, days=4200))
    upper_key = key()
    upper = certificate("Upper", upper_key.public_key(), root, root_key)
    put("upper.pem", upper)
    put("too-deep.pem", certificate("Too deep", key().public_key(), upper, upper_key, days=700))
    for at, public in enumerate(shared_moduli()):
        put("shared-prime-%d.pem" % at, certificate("Shared prime %d" % at, public, root, root_key))
    put("weak.pem", certificate("Weak key", rsa.generate_private_key(65537, 1024).public_key(), root,
                                root_key))
    put("lint.pem", certificate("Lint", key().public_key(), root, root_key, usage_critical=False))
    put("forged.pem", certificate("Forged", key().public_key(), root, key()))
    absent_key = key()
    absent = certificate("Absent", absent_key.public_key(), None, absent_key)
    put("orphan.pem", certificate("Orphan", key().public_key(), absent, absent_key))
    put("ending.pem", certificate("Ending", key().public_key(), root, root_key,
                                  begin=NOW - 790 * DAY, days=800))
    put("forged-crl.pem", crl(root, key(), 8, []))


main()
