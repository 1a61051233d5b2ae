#!/usr/bin/env python3
"""Holds every chain and every CRL that the real binary makes against the judges that Debian ships.

usage: judges.py make FOLDER | judge FOLDER REFUSALS

make   signs with a CA of each key type: every shipped profile for every key type that it takes, with
       a site below each CA that comes of it; CRLs of every kind; and spoilt ones of both, which
       each judge has to refuse
judge  asks them all. REFUSALS states where a judge refuses what is good, and why: "JUDGE PATTERN:
       REASON", PATTERN as of a shell. What is wrong is printed: a good one refused without a reason
       or a reason too many, and a spoilt one taken

Several of these tools end with 0 whatever they found, so that it is their words that count.
"""
import concurrent.futures
import fnmatch
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

sys.dont_write_bytecode = True
import verifiers  # noqa: E402
from verifiers import SUBCA, last_line, run  # noqa: E402

AUTHORITIES = ("rsa:4096", "ec:P-256", "ec:P-384", "ed25519")
KEYS = {"rsa:%d" % bits: ("RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits) for bits in (2048, 3072, 4096)}
KEYS.update({"ec:" + c: ("EC", "-pkeyopt", "ec_paramgen_curve:" + c) for c in ("P-256", "P-384")})
KEYS["ed25519"] = ("ED25519",)
SUBJECT = "/C=DE/ST=Bayern/L=Town/O=Example GmbH/OU=IT/CN=%s.example.org"
NAME = "subjectAltName=DNS:host.example.org,DNS:site.example.org"


def must(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        sys.exit("judges: %s: %s%s" % (" ".join(argv), done.stdout, done.stderr))
    return done.stdout


# --- making ---------------------------------------------------------------------------------------

def make_key(work, name, kind):
    # strongSwan takes who has the name of a CA that it trusts for that CA.
    common = "site" if name == "site" else "host"
    must("openssl", "genpkey", "-quiet", "-algorithm", *KEYS[kind], "-out", "%s/%s.key" % (work, name))
    must("openssl", "req", "-new", "-key", "%s/%s.key" % (work, name), "-subj", SUBJECT % common,
         "-addext", NAME, "-out", "%s/%s.csr" % (work, name))


def make_authority(work, kind):
    """With a twin of the same name and another key, whose signatures are worth nothing."""
    for folder in (kind, "twin-" + kind):
        # A day old, so that what they sign is no younger than a cross-certificate.
        must("faketime", "-f", "-1d", SUBCA, "init", "%s/%s" % (work, folder), "--subject", "C=DE,O=Example,CN=Root " + kind,
             "--key", kind, "--no-passphrase", "--quiet", "--crl-url", "http://pki.example.org/r.crl")


def profiles():
    """{profile: (kind, key types)}; a root signs itself, and a cross-certificate has its command."""
    found = {}
    for profile in json.loads(must(SUBCA, "profile", "list", "--json"))["profiles"]:
        words = json.loads(must(SUBCA, "profile", "show", profile["name"], "--json"))["words"]["keys"]
        rsa = re.search(r"RSA (\d+) to (\d+) bits", words)
        keys = [k for k in KEYS if k.startswith("rsa:") and rsa
                and int(rsa[1]) <= int(k[4:]) <= int(rsa[2])]
        keys += [k for k, word in (("ec:P-256", "EC P-256"), ("ec:P-384", "EC P-384"),
                                   ("ed25519", "Ed25519")) if word in words]
        found[profile["name"]] = (profile["kind"], keys)
    return found


def blocks(path):
    with open(path, encoding="ascii") as text:
        return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text.read(), re.S)


def write(path, content):
    with open(path, "w" if isinstance(content, str) else "wb") as out:
        out.write(content)


def case(to, name, use, whole, key):
    """whole: certificates in PEM, the leaf first and its root last."""
    folder = os.path.join(to, name)
    os.mkdir(folder)
    write(folder + "/leaf.pem", whole[0])
    write(folder + "/chain.pem", "".join(whole[1:-1]))
    write(folder + "/root.pem", whole[-1])
    write(folder + "/use", use)
    shutil.copy(key, folder + "/key.pem")
    return folder


def below(work, folder, chain, key):
    """A site's certificate that the CA at the start of chain signs; OpenSSL makes it."""
    write(folder + "/ca.pem", chain[0])
    write(folder + "/ext", "\n".join((
        "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth", NAME, "subjectKeyIdentifier=hash",
        "authorityKeyIdentifier=keyid")) + "\n")
    must("openssl", "x509", "-req", "-in", work + "/site.csr", "-CA", folder + "/ca.pem", "-CAkey", key,
         "-days", "10", "-extfile", folder + "/ext", "-out", folder + "/site.pem")
    return blocks(folder + "/site.pem") + chain


def sign(folder, root, profile, csr):
    must(SUBCA, "sign", "-C", root, "--profile", profile, "--yes", "--quiet", "--force", csr,
         "-o", folder + "/issued.pem", "--chain", folder + "/issued-chain.pem")
    chain = blocks(folder + "/issued-chain.pem")
    assert chain[0] == blocks(folder + "/issued.pem")[0]
    return chain


def make_profile(work, to, authority, profile, kind, keys):
    """In a copy of the CA: a key that ZIA has is refused for ZPA."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        shutil.copytree("%s/%s" % (work, authority), folder + "/root")
        for key in keys:
            chain = sign(folder, folder + "/root", profile, "%s/%s.csr" % (work, key))
            key_file = "%s/%s.key" % (work, key)
            name = "%s-%s-by-%s" % (profile, key, authority)
            if kind == "leaf":
                use = profile if profile in verifiers.USES else "server"
                case(to, name, use, chain, key_file)
            else:
                case(to, name, "server", below(work, folder, chain, key_file), work + "/site.key")


def make_cross(work, to, authority, other):
    """What other signed, for those who have only authority."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        for name in (authority, other):
            shutil.copytree("%s/%s" % (work, name), "%s/%s" % (folder, name))
        must(SUBCA, "cross-sign", "-C", "%s/%s" % (folder, authority), "--yes", "--quiet",
             "-o", folder + "/cross.pem", "%s/%s" % (folder, other))
        leaf = sign(folder, "%s/%s" % (folder, other), "server", work + "/site.csr")[0]
        whole = [leaf] + blocks(folder + "/cross.pem") + blocks("%s/%s/ca.pem" % (folder, authority))
        case(to, "cross-%s-by-%s" % (other, authority), "server", whole, work + "/site.key")


def flip(pem):
    """The last octet but one of the signature, in PEM."""
    label = re.match(r"-----BEGIN (.*?)-----", pem)[1]
    tool = "crl" if "CRL" in label else "x509"
    der = bytearray(subprocess.run(["openssl", tool, "-outform", "DER"], input=pem.encode(),
                                   capture_output=True, check=True).stdout)
    der[-2] ^= 1
    body = subprocess.run(["openssl", "base64"], input=bytes(der), capture_output=True, check=True).stdout
    return "-----BEGIN %s-----\n%s-----END %s-----\n" % (label, body.decode(), label)


def make_spoilt(work, to, authority):
    """Each is good but for one thing, and each judge has to see it."""
    twin = blocks("%s/twin-%s/ca.pem" % (work, authority))
    for name in ("server-ec:P-256", "subordinate-ca-ec:P-256"):
        whole = blocks("%s/%s-by-%s/leaf.pem" % (to, name, authority)) + \
            blocks("%s/%s-by-%s/chain.pem" % (to, name, authority)) + \
            blocks("%s/%s-by-%s/root.pem" % (to, name, authority))
        key = "%s/%s-by-%s/key.pem" % (to, name, authority)
        for at in range(len(whole) - 1):
            spoilt = whole[:at] + [flip(whole[at])] + whole[at + 1:]
            case(to, "spoilt-signature-%d-%s-by-%s" % (at, name, authority), "server", spoilt, key)
        case(to, "spoilt-issuer-%s-by-%s" % (name, authority), "server", whole[:-1] + twin, key)


def make_crls(work, to, authority):
    """CRLs of one CA, each with a certificate that it lets pass and those that it does not."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        root = folder + "/root"
        shutil.copytree("%s/%s" % (work, authority), root)
        for name in ("kept", "superseded", "compromised", "held", "late"):
            sign(folder, root, "server", "%s/%s.csr" % (work, name))
            shutil.move(folder + "/issued.pem", "%s/%s.pem" % (folder, name))

        def revoke(name, *how):
            must(SUBCA, "revoke", "-C", root, "--yes", "--quiet", "%s/%s.pem" % (folder, name), *how)

        def publish(name, revoked, *how):
            must(SUBCA, "crl", "-C", root, "--quiet", *how, "-o", folder + "/made.crl")
            put(name, revoked, "made.crl")

        def put(name, revoked, file):
            target = "%s/%s-by-%s" % (to, name, authority)
            os.mkdir(target)
            shutil.copy("%s/%s" % (folder, file), target + "/list.crl")
            must("openssl", "crl", "-inform", "DER", "-in", target + "/list.crl", "-out", target + "/list.pem")
            shutil.copy(root + "/ca.pem", target + "/root.pem")
            write(target + "/revoked", " ".join(revoked))
            for cert in ("kept", "superseded", "compromised", "held"):
                shutil.copy("%s/%s.pem" % (folder, cert), target)

        publish("crl-empty", [])
        revoke("superseded", "--reason", "superseded")
        revoke("compromised", "--reason", "keyCompromise", "--compromise-date",
               time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        revoke("held", "--hold")
        publish("crl-full", ["superseded", "compromised", "held"])
        spoil_crls(work, folder, authority, put)
        revoke("held", "--release")
        revoke("late", "--reason", "cessationOfOperation")
        publish("crl-delta", ["late"], "--delta")
        publish("crl-released", ["superseded", "compromised"])


def spoil_crls(work, folder, authority, put):
    with open(folder + "/made.crl", "rb") as made:
        der = bytearray(made.read())
    der[-2] ^= 1
    write(folder + "/spoilt.crl", bytes(der))
    put("spoilt-signature-crl", [], "spoilt.crl")
    twin = folder + "/twin"
    shutil.copytree("%s/twin-%s" % (work, authority), twin)
    must(SUBCA, "crl", "-C", twin, "--quiet", "-o", folder + "/twin.crl")
    put("spoilt-issuer-crl", [], "twin.crl")


def make(folder):
    cases, crls = folder + "/cases", folder + "/crls"
    os.makedirs(cases)
    os.makedirs(crls)
    with tempfile.TemporaryDirectory(dir=folder) as work, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        first = [pool.submit(make_authority, work, kind) for kind in AUTHORITIES]
        first += [pool.submit(make_key, work, kind, kind) for kind in KEYS]
        first += [pool.submit(make_key, work, name, "ec:P-256") for name in
                  ("site", "kept", "superseded", "compromised", "held", "late")]
        for done in first:
            done.result()
        then, known = [], profiles()
        for authority in AUTHORITIES:
            for profile, (kind, keys) in known.items():
                if profile == "cross":
                    then += [pool.submit(make_cross, work, cases, authority, other)
                             for other in AUTHORITIES if other != authority]
                elif kind != "root":
                    then.append(pool.submit(make_profile, work, cases, authority, profile, kind, keys))
            then.append(pool.submit(make_crls, work, crls, authority))
        for done in then:
            done.result()
        for authority in AUTHORITIES:
            make_spoilt(work, cases, authority)


# --- judging chains -------------------------------------------------------------------------------

def verify_signature(key, signature, body, digest):
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, body)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, body, ec.ECDSA(digest))
    else:
        key.verify(signature, body, padding.PKCS1v15(), digest)


def by_cryptography(folder):
    """Debian's has no path validation yet: names, identifiers, constraints, and each signature."""
    whole = [x509.load_pem_x509_certificate(pem.encode()) for pem in
             blocks(folder + "/leaf.pem") + blocks(folder + "/chain.pem") + blocks(folder + "/root.pem")]
    try:
        for depth, (child, issuer) in enumerate(zip(whole, whole[1:] + whole[-1:])):
            assert child.issuer == issuer.subject, "the names do not meet"
            verify_signature(issuer.public_key(), child.signature, child.tbs_certificate_bytes,
                             child.signature_hash_algorithm)
            mine = child.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
            theirs = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            assert mine.key_identifier == theirs.digest, "the identifiers do not meet"
            above = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
            limit = above.value.path_length
            assert above.critical and above.value.ca and (limit is None or depth <= limit), "constraints"
    except Exception as problem:  # pylint: disable=broad-except
        return False, str(problem) or type(problem).__name__
    return True, ""


CHAIN_JUDGES = {
    "subca": verifiers.by_subca, "openssl": verifiers.by_openssl, "certtool": verifiers.by_certtool,
    "botan": verifiers.by_botan, "nss": verifiers.by_nss, "strongswan": verifiers.by_strongswan,
    "python": verifiers.by_python, "cryptography": by_cryptography,
}


def judge_chain(folder):
    verifiers.prepare(folder)
    found = {}
    for name, ask in CHAIN_JUDGES.items():
        # No TLS end takes the certificate of an OCSP responder.
        if name != "python" or verifiers.use(folder) != "ocsp":
            found[name] = ask(folder)
    return found


# --- judging CRLs ---------------------------------------------------------------------------------
# Each says whether the CRL is the CA's own, and which certificates it takes for revoked; None where
# it was not asked for them.

def certificates(folder):
    return [name[:-4] for name in sorted(os.listdir(folder))
            if name.endswith(".pem") and name not in ("root.pem", "list.pem")]


def each(folder, ask):
    """[names] for which ask() finds the certificate revoked."""
    return [name for name in certificates(folder) if ask("%s/%s.pem" % (folder, name))]


def is_delta(folder):
    return os.path.basename(folder).startswith("crl-delta")


def crl_by_openssl(folder):
    _, text = run("openssl", "crl", "-inform", "DER", "-in", folder + "/list.crl", "-noout", "-CAfile",
                  folder + "/root.pem")
    signed = "verify OK" in text
    if not signed or is_delta(folder):
        return signed, None

    def revoked(path):
        code, text = run("openssl", "verify", "-x509_strict", "-crl_check", "-CAfile", folder + "/root.pem",
                         "-CRLfile", folder + "/list.pem", path)
        assert (code == 0) == text.strip().endswith(": OK"), text
        assert code == 0 or "certificate revoked" in text, text
        return code != 0
    return signed, each(folder, revoked)


def crl_by_certtool(folder):
    _, text = run("certtool", "--verify-crl", "--load-ca-certificate", folder + "/root.pem",
                  "--infile", folder + "/list.pem")
    signed = "Verified. The certificate is trusted." in last_line(text)
    if not signed or is_delta(folder):
        return signed, None

    def revoked(path):
        _, text = run("certtool", "--verify", "--load-ca-certificate", folder + "/root.pem", "--load-crl",
                      folder + "/list.pem", "--infile", path)
        said = last_line(text)
        assert said.startswith("Chain verification output:"), text
        assert ("chain is revoked" in said) != ("The certificate is trusted." in said), text
        return "chain is revoked" in said
    return signed, each(folder, revoked)


def crl_by_nss(folder):
    with tempfile.TemporaryDirectory() as store:
        run("certutil", "-N", "-d", store, "--empty-password")
        run("certutil", "-A", "-n", "root", "-t", "C,,", "-i", folder + "/root.pem", "-d", store)
        code, text = run("crlutil", "-I", "-t", "1", "-i", folder + "/list.crl", "-d", store)
        assert code == 0 or "unable to import" in text, text
        if code != 0:
            return False, None

        def revoked(path):
            name = os.path.basename(path)
            run("certutil", "-A", "-n", name, "-t", ",,", "-i", path, "-d", store)
            code, text = run("certutil", "-V", "-n", name, "-u", "V", "-d", store)
            assert ("certificate is valid" in text) != ("has been revoked" in text), text
            return "has been revoked" in text
        return True, each(folder, revoked)


def crl_by_strongswan(folder):
    states = {}
    for name in certificates(folder):
        _, text = run("pki", "--verify", "--in", "%s/%s.pem" % (folder, name), "--cacert",
                      folder + "/root.pem", "--crl", folder + "/list.crl")
        states[name] = text
    signed = all("crl correctly signed" in text for text in states.values())
    if not signed or is_delta(folder):
        return signed, None
    for text in states.values():
        assert ("was revoked on" in text or "is on hold" in text) != ("certificate trusted" in text), text
    return signed, [name for name, text in states.items() if "certificate trusted" not in text]


def crl_by_cryptography(folder):
    with open(folder + "/list.crl", "rb") as crl, open(folder + "/root.pem", "rb") as root:
        crl = x509.load_der_x509_crl(crl.read())
        root = x509.load_pem_x509_certificate(root.read())
    try:
        # Its own is_signature_valid() does not know Ed25519.
        verify_signature(root.public_key(), crl.signature, crl.tbs_certlist_bytes,
                         crl.signature_hash_algorithm)
    except InvalidSignature:
        return False, None
    assert crl.issuer == root.subject, "the names do not meet"
    for entry in crl:
        assert list(entry.extensions) is not None
    if is_delta(folder):
        removed = [e for e in crl for x in e.extensions if isinstance(x.value, x509.CRLReason)
                   and x.value.reason == x509.ReasonFlags.remove_from_crl]
        assert len(removed) == 1 and len(crl) == 2, "not what was released and what was revoked"
        return True, None

    def revoked(path):
        with open(path, "rb") as pem:
            serial = x509.load_pem_x509_certificate(pem.read()).serial_number
        return crl.get_revoked_certificate_by_serial_number(serial) is not None
    return True, each(folder, revoked)


def crl_by_subca(folder):
    def ask(path):
        return run(SUBCA, "verify", "--root", folder + "/root.pem", "--crl", folder + "/list.crl",
                   "--require-crl", path)[1]
    if is_delta(folder):
        _, text = run(SUBCA, "lint", "--issuer", folder + "/root.pem", folder + "/list.crl")
        return "0 errors" in text, None
    words = {name: ask("%s/%s.pem" % (folder, name)) for name in certificates(folder)}
    # One of another key is not taken for this CA's, and none is left.
    if any("path_crl_unusable" in text or "path_crl_missing" in text for text in words.values()):
        return False, None
    return True, [name for name, text in words.items() if "path_revoked" in text]


CRL_JUDGES = {
    "subca": crl_by_subca, "openssl": crl_by_openssl, "certtool": crl_by_certtool, "nss": crl_by_nss,
    "strongswan": crl_by_strongswan, "cryptography": crl_by_cryptography,
}


def judge_crl(folder):
    """{judge: (good, why)}: good where it is signed and tells of those, and only those, that it should."""
    with open(folder + "/revoked", encoding="ascii") as text:
        expected = [name for name in text.read().split() if name in certificates(folder)]
    found = {}
    for name, ask in CRL_JUDGES.items():
        signed, revoked = ask(folder)
        good = signed and (revoked is None or sorted(revoked) == sorted(expected))
        found[name] = (good, "takes it for forged" if not signed else "takes for revoked: %s" % revoked)
    return found


# --- both -----------------------------------------------------------------------------------------

def judge_all(folder):
    """{case: {judge: (good, words)}}; one JVM for all."""
    chains = sorted(glob.glob(folder + "/cases/*"))
    crls = sorted(glob.glob(folder + "/crls/*"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        java = pool.submit(verifiers.by_java, chains + crls)
        found = dict(zip(map(os.path.basename, chains), pool.map(judge_chain, chains)))
        found.update(zip(map(os.path.basename, crls), pool.map(judge_crl, crls)))
    for name, verdict in java.result().items():
        found[name]["java"] = verdict
    return found


def read_refusals(path):
    """[(judge, pattern, reason)]"""
    with open(path, encoding="utf-8") as text:
        lines = [line.strip() for line in text if line.strip() and not line.startswith("#")]
    return [line.split(": ", 1)[0].split(" ", 1) + [line.split(": ", 1)[1]] for line in lines]


def compare(found, refusals):
    used, wrong = set(), []
    for name, verdicts in found.items():
        for judge, (good, words) in verdicts.items():
            reasons = [r[2] for r in refusals if r[0] == judge and fnmatch.fnmatchcase(name, r[1])]
            if name.startswith("spoilt-"):
                if good:
                    wrong.append("%s: %s takes it" % (name, judge))
            elif good and reasons:
                wrong.append("%s: %s takes it, and has a reason not to: %s" % (name, judge, reasons[0]))
            elif not good and not reasons:
                wrong.append("%s: %s refuses it, and no reason is given: %s" % (name, judge, words))
            elif not good:
                used.update(reasons)
    wrong += ["no case needs the reason: " + r[2] for r in refusals if r[2] not in used]
    return wrong


def tell(found):
    judges = sorted({judge for verdicts in found.values() for judge in verdicts})
    spoilt = [v for name, v in found.items() if name.startswith("spoilt-")]
    good = [v for name, v in found.items() if not name.startswith("spoilt-")]
    print("%d chains and CRLs, %d spoilt ones" % (len(good), len(spoilt)))
    for judge in judges:
        print("%-12s takes %3d of %3d, refuses %2d of %2d spoilt" % (
            judge, sum(v[judge][0] for v in good if judge in v), sum(judge in v for v in good),
            sum(not v[judge][0] for v in spoilt if judge in v), sum(judge in v for v in spoilt)))


def main():
    if sys.argv[1] == "make":
        return make(sys.argv[2])
    found = judge_all(sys.argv[2])
    tell(found)
    wrong = compare(found, read_refusals(sys.argv[3]))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
