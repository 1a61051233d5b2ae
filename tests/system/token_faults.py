#!/usr/bin/env python3
"""Lets each call that a command makes into a PKCS#11 module fail, and looks at what is left.

usage: token_faults.py COMMAND      (sign, crl, init, keygen, ...: the names of CASES)

Run by token-matrix.bats in a folder with the CA "ca" behind the mock, a.csr, and a token "Root CA".
First the command runs without a fault: MOCK_LOG tells which functions it calls, and how often. Then
each of them fails: with each of the answers below from its first call on; alone at each single
call; and with the token gone from each call on (then every function fails). After each run it must hold that

  * the exit code is the table's, and the one line on stderr names function and CKR_..., and goes on
    with what to do;
  * no row of the store is left reserved, a serial that was spent is burnt, and none comes twice;
  * there is a result where the exit code is 0, and none else;
  * whoever logged in logged out, and C_Finalize came last.

"hang" has each function of a signing not come back, and "interrupted" sends a signal then.
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

SUBCA, MOCK, MODULE = (os.environ[n] for n in ("SUBCA", "MOCK", "MOCK_MODULE"))
TOKEN = "pkcs11:token=Root%20CA"

ANSWERS = {
    0x2: "CKR_HOST_MEMORY", 0x5: "CKR_GENERAL_ERROR", 0x6: "CKR_FUNCTION_FAILED",
    0x7: "CKR_ARGUMENTS_BAD", 0x30: "CKR_DEVICE_ERROR", 0x31: "CKR_DEVICE_MEMORY",
    0x32: "CKR_DEVICE_REMOVED", 0x50: "CKR_FUNCTION_CANCELED",
    0x54: "CKR_FUNCTION_NOT_SUPPORTED", 0xa4: "CKR_PIN_LOCKED", 0xb0: "CKR_SESSION_CLOSED",
    0xb3: "CKR_SESSION_HANDLE_INVALID", 0xe0: "CKR_TOKEN_NOT_PRESENT",
    0x101: "CKR_USER_NOT_LOGGED_IN", 0x190: "CKR_CRYPTOKI_NOT_INITIALIZED",
    0x3ffe: "CKR 0x3ffe", 0x80000042: "CKR_VENDOR 0x80000042",
}
REMOVED = 0x32
# What goes wrong there changes nothing: the work is done, or a session ends with the process.
HARMLESS = {"C_Logout", "C_CloseSession", "C_CloseAllSessions", "C_Finalize"}
# The token left between being listed and being looked at: ours is not there, or another one is not.
ABSENT = {0x32, 0xe0}
KEY, SYSTEM, NOT_FOUND = 5, 10, 3


class Wrong(Exception):
    pass


def expect(holds, why):
    if not holds:
        raise Wrong(why)


def uri(label, module=MOCK):
    return "%s;object=%s?module-path=%s" % (TOKEN, label, module)


def run(words, fault="", env=None):
    """Exit code, stderr, and the calls in their order."""
    if os.path.exists("log"):
        os.remove("log")
    environment = dict(os.environ, MOCK_LOG="log", MOCK_FAULT=fault, **(env or {}))
    done = subprocess.run([SUBCA] + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    calls = []
    if os.path.exists("log"):
        with open("log", encoding="ascii") as log:
            calls = log.read().split()
    return done.returncode, done.stdout.decode(), done.stderr.decode(), calls


def plainly(words, env=None):
    """Without any fault: must work."""
    code, out, err, _ = run(words, "", env)
    expect(code == 0, "without a fault: %s: exit code %d: %s" % (" ".join(words), code, err))
    return out


def rows(folder):
    """(serial, state) of each certificate, in the order of their making."""
    store = sqlite3.connect("file:%s/store.db?mode=ro" % folder, uri=True)
    try:
        return store.execute("select hex(serial), state from cert order by id").fetchall()
    finally:
        store.close()


def keys():
    """The labels of the private keys on the token."""
    out = plainly(["token", "show", "--json", TOKEN + "?module-path=" + MODULE])
    return sorted(k["label"] for k in json.loads(out)["keys"])


def check_log(calls, failed, gone=False):
    begun = [i for i, c in enumerate(calls) if c == "C_Login"]
    # A login that failed needs no log-out.
    if begun and failed != "C_Login" and not (gone and calls[begun[-1]:].count("C_FindObjectsInit") == 0):
        expect("C_Logout" in calls[begun[-1]:], "logged in and not out: %s" % " ".join(calls))
    last = {"C_Finalize"} | ({"C_Initialize"} if gone or failed == "C_Initialize" else set())
    if calls and failed != "C_Finalize":
        expect(calls[-1] in last, "the last call is %s" % calls[-1])


def check_words(err, function, answer, code):
    lines = [l for l in err.splitlines() if l.startswith("subca: ")]
    expect(len(lines) == 1, "no single line of error: %r" % err)
    line = lines[0]
    if code == NOT_FOUND:
        expect(re.search("is not there|is blank", line), line)
        return
    function = function or r"C_\w+"
    function = {"C_Login_again": "C_Login for this signature"}.get(function, function)
    # libp11 does not tell which of several calls it was; then all of them are named.
    expect(re.search(r"\([\w, ]*\b%s\b[\w, ]*: %s\)" % (function, ANSWERS[answer]), line),
           "does not name %s and %s: %s" % (function, ANSWERS[answer], line))
    expect(re.search(r"\); \S", line), "does not say what to do: " + line)


def code_for(function, answer):
    # The token is gone from some call on: the work may be done, or the token not found.
    if function is None:
        return {0, KEY, NOT_FOUND}
    if function in HARMLESS:
        return {0}
    if function == "C_GetTokenInfo" and answer in ABSENT:
        return {0, NOT_FOUND}
    # It may have been another token that could not be looked at.
    if function == "C_GetTokenInfo":
        return {0, SYSTEM if answer == 0x2 else KEY}
    return {SYSTEM if answer == 0x2 else KEY}


class Case:
    """A command, what must hold after it failed, and after it worked."""
    answers = (REMOVED, 0x2, 0x80000042)
    points = 3
    env = {}

    def words(self):
        raise NotImplementedError

    def before(self):
        pass

    def after(self, code, err):
        pass

    def codes(self, function, answer, call):
        return code_for(function, answer)

    def one(self, fault, function, answer, call):
        self.before()
        try:
            code, _, err, calls = run(self.words(), fault, self.env)
            wanted = self.codes(function, answer, call)
            expect(code in wanted, "exit code %d: %s" % (code, err))
            if code not in (0, 1):
                check_words(err, function, answer, code)
            check_log(calls, function, function is None)
            self.after(code, err)
        except Wrong as problem:
            raise Wrong("%s %s: %s" % (type(self).__name__.lower(), fault, problem)) from problem

    def orders(self, counts):
        """(fault, function, answer, number of the call)"""
        for function, count in counts.items():
            for answer in self.answers:
                yield "%s=%#x" % (function, answer), function, answer, 1
            # A hundred attributes may be read: some of them do.
            step = max(1, count // self.points)
            for call in range(1, count + 1, step):
                yield "%s@%d=0x30" % (function, call), function, 0x30, call
            for call in range(2, count + 1, step):
                yield "%s#%d=gone" % (function, call), None, REMOVED, call

    def count(self):
        self.before()
        code, _, err, calls = run(self.words(), "", self.env)
        expect(code == 0, "without a fault: exit code %d: %s" % (code, err))
        check_log(calls, None)
        self.after(0, err)
        return {f: calls.count(f) for f in dict.fromkeys(calls)}

    def all(self):
        counts = self.count()
        tried = 0
        for fault, function, answer, call in self.orders(counts):
            self.one(fault, function, answer, call)
            tried += 1
        self.before()
        plainly(self.words(), self.env)
        print("%s: %d faults in %d functions: %s" % (
            type(self).__name__.lower(), tried, len(counts), " ".join(sorted(counts))))
        return counts


class Sign(Case):
    answers = tuple(ANSWERS)
    points = 30

    def words(self):
        return ["sign", "-C", "ca", "--profile", "subordinate-ca", "--yes", "--quiet",
                "--reissue", "test", "a.csr", "-o", "out.pem", "--chain", "out-chain.pem"]

    def before(self):
        for name in ("out.pem", "out-chain.pem"):
            if os.path.exists(name):
                os.remove(name)
        self.had = rows("ca")

    def after(self, code, err):
        have = rows("ca")
        new = have[len(self.had):]
        expect(have[:len(self.had)] == self.had, "older rows changed")
        expect(len(new) <= 1, "%d serials spent" % len(new))
        expect(all(state == (2 if code == 0 else 3) for _, state in new),
               "exit code %d and state %s" % (code, new))
        expect(code != 0 or len(new) == 1, "exit code 0 and no row")
        # Counted up from 0x1000: neither left out nor used again.
        for at, (serial, _) in enumerate(have):
            expect(int(serial, 16) == 0x1000 + at, "serial %s is number %d" % (serial, at))
        expect(os.path.exists("out.pem") == (code == 0), "out.pem and exit code %d" % code)

    def all(self):
        counts = super().all()
        plainly(["journal", "verify", "-C", "ca"])
        subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", "ca/ca.pem", "out.pem"],
                       stdout=subprocess.DEVNULL, check=True)
        expect(any(state == 3 for _, state in rows("ca")), "no run burnt a serial")
        return counts


class Again(Sign):
    """The key wants the PIN for each signature."""
    answers = (REMOVED, 0x2, 0x50, 0xa4, 0x80000042)
    env = {"MOCK_ALWAYS_AUTHENTICATE": "1"}

    def orders(self, counts):
        # All else is as above.
        return super().orders({"C_Login_again": counts["C_Login_again"]})


class Crl(Case):
    def words(self):
        return ["crl", "-C", "ca", "--quiet", "-o", "out.crl"]

    def before(self):
        if os.path.exists("out.crl"):
            os.remove("out.crl")

    def after(self, code, err):
        expect(os.path.exists("out.crl") == (code == 0), "out.crl and exit code %d" % code)
        if code:
            return
        said = subprocess.run(["openssl", "crl", "-in", "out.crl", "-noout", "-crlnumber"],
                              stdout=subprocess.PIPE, check=True).stdout.decode()
        number = int(said.split("=")[1], 16)
        expect(number > getattr(self, "number", 0), "CRL number %d again" % number)
        self.number = number


class Checkpoint(Case):
    def words(self):
        return ["journal", "checkpoint", "-C", "ca", "--quiet", "-o", "out.cp"]

    def before(self):
        if os.path.exists("out.cp"):
            os.remove("out.cp")

    def after(self, code, err):
        expect(os.path.exists("out.cp") == (code == 0), "out.cp and exit code %d" % code)


class Show(Case):
    def words(self):
        return ["token", "show", "-C", "ca"]

    def codes(self, function, answer, call):
        # The last one asks what the library calls itself, which is left out then.
        if function == "C_GetInfo" and call > 2:
            return code_for(function, answer) | {0}
        # A trial signature that gets no session of its own is made in the one that there is.
        if function == "C_OpenSession" and call > 1:
            return {0}
        return code_for(function, answer)


class Doctor(Show):
    def words(self):
        return ["token", "doctor", "-C", "ca"]

    def codes(self, function, answer, call):
        # A key that does not sign is what the doctor is there to find.
        if function is None:
            return {0, 1, KEY, NOT_FOUND}
        if function in ("C_SignInit", "C_Sign"):
            return {1}
        return super().codes(function, answer, call)


class List(Case):
    def words(self):
        return ["token", "list", "--module", MOCK]

    def codes(self, function, answer, call):
        # The name of the library is left out, and a token that left is not in the list.
        if function == "C_GetInfo" or (function == "C_GetTokenInfo" and answer in ABSENT):
            return {0}
        return code_for(function, answer)


class Keygen(Case):
    """Leaves no key, or says that it stays."""
    answers = (REMOVED,)
    label = "made"

    def words(self):
        return ["token", "keygen", "--quiet", "--key-type", "ec:P-256", uri(self.label)]

    def before(self):
        if self.label in keys():
            plainly(["token", "delete-key", "--yes", "--quiet", uri(self.label, MODULE)])

    def after(self, code, err):
        there = self.label in keys()
        expect(code != 0 or there, "no key")
        expect(code == 0 or not there or "stays on the token until" in err,
               "a key is left, and not a word of it: " + err)


class Delete(Case):
    answers = (REMOVED,)
    label = "doomed"

    def words(self):
        return ["token", "delete-key", "--yes", "--quiet", uri(self.label)]

    def before(self):
        plainly(["token", "keygen", "--quiet", "--key-type", "ec:P-256", uri(self.label, MODULE)])

    def after(self, code, err):
        there = self.label in keys()
        expect(code != 0 or not there, "exit code 0, and the key is there")
        expect(code == 0 or there, "the private half goes last, so that the next one goes on")
        if there:
            plainly(["token", "delete-key", "--yes", "--quiet", uri(self.label, MODULE)])


class Init(Case):
    """Leaves nothing, or what --resume finishes; and no key, or the word that it stays."""
    answers = (REMOVED,)
    points = 2

    def words(self):
        return ["init", "made", "--quiet", "--subject", "CN=Made", "--key", uri("init"),
                "--key-type", "ec:P-256"]

    def before(self):
        shutil.rmtree("made", ignore_errors=True)
        if "init" in keys():
            plainly(["token", "delete-key", "--yes", "--quiet", uri("init", MODULE)])

    def all(self):
        counts = super().all()
        expect(getattr(self, "resumed", False) or type(self) is not Init, "nothing was resumed")
        return counts

    def codes(self, function, answer, call):
        # The last of its looks at the token is for the record alone: what fails there is a note.
        return code_for(function, answer) | {0}

    def after(self, code, err):
        there = "init" in keys()
        if code == 0:
            expect(there and os.path.exists("made/ca.pem"), "exit code 0 and no CA")
        elif os.path.exists("made"):
            expect("--resume" in err, "half made, and not a word of it: " + err)
            plainly(["init", "made", "--quiet", "--resume"])
            self.resumed = True
        else:
            expect(not there or "stays on the token until" in err,
                   "a key is left, and not a word of it: " + err)


class Import(Init):
    """Leaves the CA with its key file, and no key on the token or the word that it stays."""
    points = 1

    def words(self):
        return ["token", "import-key", "--quiet", "-C", "made", uri("init")]

    def before(self):
        super().before()
        shutil.copytree("soft", "made")

    def after(self, code, err):
        there = "init" in keys()
        with open("made/ca.conf", encoding="utf-8") as conf:
            moved = 'key = "pkcs11:' in conf.read()
        expect(moved == (code == 0), "exit code %d and ca.conf" % code)
        expect(code != 0 or there, "exit code 0 and no key")
        expect(code == 0 or not there or "stays on the token" in err,
               "a key is left, and not a word of it: " + err)


class Setup(Case):
    """A set-up that fails after C_InitToken is gone on with by the next one."""
    env = {"SUBCA_SO_PIN": "12345678", "SOFTHSM2_CONF": os.path.abspath("blank.conf")}

    def words(self):
        return ["token", "init", "--quiet", "Blank", "--module", MOCK]

    def before(self):
        shutil.rmtree("blank", ignore_errors=True)
        os.mkdir("blank")
        with open("blank.conf", "w", encoding="ascii") as conf:
            conf.write("directories.tokendir = %s\n" % os.path.abspath("blank"))

    def codes(self, function, answer, call):
        # libp11 goes on where it can, and finds no blank token where it cannot.
        if function in ("C_GetSlotInfo", "C_GetTokenInfo"):
            return {0, NOT_FOUND, KEY, SYSTEM}
        return code_for(function, answer)

    def after(self, code, err):
        if code:
            plainly(self.words(), self.env)


class Hang(Sign):
    """Each in a folder and with a token of its own, many at once: most of the time they wait."""
    signal = None

    def words(self):
        return super().words()[:-5] + ["../a.csr", "-o", "out.pem", "--chain", "out-chain.pem"]

    def one_of(self, function, call):
        folder = "%s-%s-%d" % (type(self).__name__.lower(), function, call)
        os.mkdir(folder)
        for name in ("ca", "tokens"):
            shutil.copytree(name, folder + "/" + name)
        with open(folder + "/conf", "w", encoding="ascii") as conf:
            conf.write("directories.tokendir = %s\n" % os.path.abspath(folder + "/tokens"))
        had = len(rows(folder + "/ca"))
        env = dict(os.environ, MOCK_LOG="log", MOCK_FAULT="%s#%d=hang" % (function, call),
                   SOFTHSM2_CONF="conf", SUBCA_TOKEN_SECONDS="60" if self.signal else "1")
        start = time.monotonic()
        process = subprocess.Popen([SUBCA] + self.words(), cwd=folder, env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            if self.signal:
                self.wait_for(process, folder, function, call)
                process.send_signal(self.signal)
            err = process.communicate(timeout=60)[1].decode()
        finally:
            process.kill()
        try:
            self.check(folder, function, call, process.returncode, err, had)
            expect(time.monotonic() - start < 40, "took %d s" % (time.monotonic() - start))
        except Wrong as problem:
            raise Wrong("%s: %s" % (folder, problem)) from problem

    @staticmethod
    def wait_for(process, folder, function, call):
        for _ in range(600):
            expect(process.poll() is None, "ended before %s was called" % function)
            try:
                with open(folder + "/log", encoding="ascii") as log:
                    if log.read().split().count(function) >= call:
                        return
            except FileNotFoundError:
                pass
            time.sleep(0.05)
        raise Wrong("%s was not called" % function)

    def check(self, folder, function, call, code, err, had):
        have = rows(folder + "/ca")
        states = [state for _, state in have[had:]]
        done = os.path.exists(folder + "/out.pem")
        expect(1 not in states, "a row is reserved")
        expect(done == (states == [2]), "out.pem and states %s" % states)
        if function in HARMLESS and call == 1 and function != "C_Finalize":
            expect(states == [2], "the work was done, and %s" % states)
        if self.signal:
            expect(code == -self.signal, "exit code %d: %s" % (code, err))
        elif done:
            expect(code == 0, "done, and exit code %d: %s" % (code, err))
        else:
            expect(code == KEY, "exit code %d: %s" % (code, err))
            # p11-kit holds its lock in a C_Finalize that hangs: the next call does so too.
            expect("%s has not come back for 1 seconds" % function in err
                   or (function == "C_Finalize" and " has not come back for 1 seconds" in err), err)

    def all(self):
        counts = self.count_in_place()
        todo = [(f, n) for f, count in counts.items() for n in sorted({1, count})]
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for done in [pool.submit(self.one_of, f, n) for f, n in todo]:
                done.result()
        print("%s: %d calls" % (type(self).__name__.lower(), len(todo)))
        return counts

    @staticmethod
    def count_in_place():
        return Sign().count()


class Interrupted(Hang):
    signal = signal.SIGTERM


CASES = {c.__name__.lower(): c for c in (
    Sign, Again, Crl, Checkpoint, Show, Doctor, List, Keygen, Delete, Init, Import, Setup, Hang,
    Interrupted)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        sys.exit(__doc__)
    try:
        counts = CASES[sys.argv[1]]().all()
    except Wrong as problem:
        sys.exit("token_faults: %s" % problem)
    # What was tried, for the test that nothing is left out.
    with open("tried", "a", encoding="ascii") as tried:
        tried.write("".join(f + "\n" for f in counts))


if __name__ == "__main__":
    main()
