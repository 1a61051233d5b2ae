#!/usr/bin/env python3
"""Holds subca verify against the verifiers that Debian ships, chain by chain.

usage: verifiers.py CASES VERDICTS... | --show CASES

CASES    a folder as "test_path --write" fills it: CASE/leaf.pem, key.pem, chain.pem, root.pem
VERDICTS what each says of each case, and why it differs from subca where it does; what is wrong
         with it is printed after its name
--show   prints the verdicts as they are, with each verifier's words, and compares nothing

Several of these tools end with 0 whatever they found, so that it is their words that count.
"""
import concurrent.futures
import os
import ssl
import subprocess
import sys

SUBCA = os.environ.get("SUBCA", "build/subca")
HERE = os.path.dirname(os.path.abspath(__file__))
# What each verifier is asked of a certificate for a use: subca, openssl, certtool, NSS. None: it has
# no word for it.
USES = {
    "server": ("server", "sslserver", "1.3.6.1.5.5.7.3.1", "1"),
    "client": ("client", "sslclient", "1.3.6.1.5.5.7.3.2", "0"),
    "ocsp": ("any", "ocsphelper", "1.3.6.1.5.5.7.3.9", "10"),
    "ca": ("ca", None, None, "3"),
}


def run(*argv, stdin=None):
    proc = subprocess.run(argv, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return proc.returncode, proc.stdout.decode("utf-8", "replace")


def prepare(folder):
    """The chain as other tools want it: with the leaf in one file, and each CA in its own."""
    end = "-----END CERTIFICATE-----\n"
    with open(folder + "/leaf.pem", encoding="ascii") as text:
        leaf = text.read()
    with open(folder + "/chain.pem", encoding="ascii") as text:
        chain = text.read()
    for number, block in enumerate(chain.split(end)[:-1]):
        with open("%s/ca%d.pem" % (folder, number), "w", encoding="ascii") as out:
            out.write(block + end)
    with open(folder + "/whole.pem", "w", encoding="ascii") as out:
        out.write(leaf + chain)


def cas(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))
            if name.startswith("ca") and name.endswith(".pem")]


def chain_option(folder, option):
    path = os.path.join(folder, "chain.pem")
    return [option, path] if os.path.getsize(path) else []


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def use(folder):
    """What the file "use" of a case says; else it is for a server, but where its name says a CA."""
    if os.path.exists(folder + "/use"):
        with open(folder + "/use", encoding="ascii") as text:
            return text.read()
    name = os.path.basename(folder)
    return "ca" if name == "good-ca" or name.startswith("ca-below-end") else "server"


def use_for(folder, place):
    return USES[use(folder)][place]


def by_subca(folder):
    code, text = run(SUBCA, "verify", "--for", use_for(folder, 0), "--root", folder + "/root.pem",
                     *chain_option(folder, "--chain"), folder + "/leaf.pem")
    verdict = [line for line in text.splitlines() if "leaf.pem: " in line]
    good = bool(verdict) and verdict[0].endswith(": good")
    assert (code == 0) == good or "bundle_" in text, text
    return good, verdict[0].split(": ", 1)[1] if verdict else last_line(text)


def by_openssl(folder):
    purpose = ["-purpose", use_for(folder, 1)] if use_for(folder, 1) else []
    code, text = run("openssl", "verify", "-x509_strict", *purpose, "-CAfile",
                     folder + "/root.pem", *chain_option(folder, "-untrusted"),
                     folder + "/leaf.pem")
    good = text.strip().endswith("leaf.pem: OK")
    assert (code == 0) == good, text
    return good, "; ".join(line for line in text.splitlines() if line.startswith("error "))


def by_certtool(folder):
    purpose = ["--verify-purpose", use_for(folder, 2)] if use_for(folder, 2) else []
    code, text = run("certtool", "--verify", "--verify-profile", "medium", "--load-ca-certificate",
                     folder + "/root.pem", *purpose, "--infile", folder + "/whole.pem")
    said = [line for line in text.splitlines() if "Chain verification output:" in line]
    good = bool(said) and "Verified. The certificate is trusted." in said[-1]
    assert code == 0 or not good, text
    return good, said[-1].split(":", 1)[1].strip() if said else last_line(text)


def by_botan(folder):
    _, text = run("botan", "cert_verify", folder + "/leaf.pem", *cas(folder), folder + "/root.pem")
    return "Certificate passes validation checks" in text, last_line(text)


def by_nss(folder):
    above = [word for path in cas(folder) for word in ("-a", path)]
    code, text = run("vfychain", "-pp", "-u", use_for(folder, 3), "-a", folder + "/leaf.pem", *above, "-t", "-a",
                     folder + "/root.pem")
    good = "Chain is good!" in text
    assert (code == 0) == good, text
    said = [line.strip() for line in text.splitlines() if "ERROR" in line]
    return good, said[0] if said else last_line(text)


def by_strongswan(folder):
    above = [word for path in cas(folder) for word in ("--cacert", path)]
    code, text = run("pki", "--verify", "--in", folder + "/leaf.pem", *above, "--cacert",
                     folder + "/root.pem")
    good = "certificate trusted, lifetimes valid" in text
    assert (code == 0) == good, text
    return good, last_line(text)


def by_java(folders):
    _, text = run("java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", HERE + "/Verify.java", *folders)
    verdicts = {}
    for line in text.splitlines():
        words = line.split(" ", 2)
        if len(words) > 1 and words[1] in ("good", "bad"):
            verdicts[words[0]] = (words[1] == "good", words[2] if len(words) > 2 else "")
    assert len(verdicts) == len(folders), text
    return verdicts


def handshake(server, client):
    """Both ends in memory; raises what either end raises."""
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass


def verify_strictly(context, folder):
    """As Python 3.13 and later do by default."""
    context.load_verify_locations(folder + "/root.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT | 0x80000  # VERIFY_X509_PARTIAL_CHAIN


def by_python(folder):
    """A TLS handshake in which the client verifies, or for a client's certificate the server."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.create_default_context()
    try:
        server.set_ciphers("ALL:@SECLEVEL=0")
        server.load_cert_chain(folder + "/whole.pem", folder + "/key.pem")
        if use(folder) == "client":
            server.verify_mode = ssl.CERT_REQUIRED
            client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
            client.load_cert_chain(folder + "/whole.pem", folder + "/key.pem")
            verify_strictly(server, folder)
        else:
            verify_strictly(client, folder)
    except ssl.SSLError as problem:
        return False, str(problem)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        handshake(server.wrap_bio(to_server, to_client, server_side=True),
                  client.wrap_bio(to_client, to_server, server_hostname="host.example.org"))
    except ssl.SSLCertVerificationError as problem:
        return False, problem.verify_message
    except ssl.SSLError as problem:
        return False, "no handshake: %s" % problem.reason
    return True, ""


TOOLS = ["subca", "openssl", "certtool", "botan", "nss", "strongswan", "java", "python"]


def judge(folder):
    prepare(folder)
    return {"subca": by_subca(folder), "openssl": by_openssl(folder),
            "certtool": by_certtool(folder), "botan": by_botan(folder), "nss": by_nss(folder),
            "strongswan": by_strongswan(folder), "python": by_python(folder)}


def judge_all(cases):
    names = sorted(os.listdir(cases))
    folders = [os.path.join(cases, name) for name in names]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        java = pool.submit(by_java, folders)
        found = dict(zip(names, pool.map(judge, folders)))
    for name, verdict in java.result().items():
        found[name]["java"] = verdict
    return found


def read_table(path):
    """{case: {tool: good}}, {(case, tool): reason}"""
    table, reasons, case = {}, {}, None
    with open(path, encoding="utf-8") as text:
        for line in text:
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith(" "):
                tools, reason = line.strip().split(": ", 1)
                for tool in tools.split():
                    assert tool in TOOLS and (case, tool) not in reasons, line
                    reasons[case, tool] = reason
                continue
            case, *marks = line.split()
            assert case not in table and len(marks) == len(TOOLS), line
            assert all(mark in "+-" for mark in marks), line
            table[case] = {tool: mark == "+" for tool, mark in zip(TOOLS, marks)}
    return table, reasons


def compare(found, table, reasons):
    wrong = ["%s is in the table, and no case" % c for c in table if c not in found]
    for case, verdicts in found.items():
        if case not in table:
            wrong.append("%s has no line in the table" % case)
            continue
        for tool in TOOLS:
            good, words = verdicts[tool]
            if good != table[case][tool]:
                wrong.append("%s: %s says %s, and not as the table: %s" %
                             (case, tool, "good" if good else "bad", words))
            differs = table[case][tool] != table[case]["subca"]
            if differs != ((case, tool) in reasons):
                wrong.append("%s: %s %s" % (case, tool, "differs, and no reason is given"
                                            if differs else "agrees, and has a reason not to"))
    return wrong


def main():
    words = sys.argv[1:]
    if words and words[0] == "--show":
        for case, verdicts in judge_all(words[1]).items():
            print("%-28s %s" % (case, " ".join("+" if verdicts[t][0] else "-" for t in TOOLS)))
            for tool in TOOLS:
                if verdicts[tool][0] != verdicts["subca"][0]:
                    print("    %s: %s" % (tool, verdicts[tool][1]))
        return 0
    found, failed = judge_all(words[0]), False
    for path in words[1:]:
        wrong = compare(found, *read_table(path))
        failed = failed or bool(wrong)
        for line in wrong:
            print("%s: %s" % (path, line))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
