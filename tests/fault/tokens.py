"""A token that fails, is removed, hangs or lies, at each call in turn; and one that is full."""

import glob
import itertools
import os
import re
import shutil

import estate
import judge
import scenarios
from estate import BASES, Broken, Scenario, must, run, subca
from kind import Kind, judge_all, outcome, said_why

HEADERS = '/usr/include/p11-kit-1/p11-kit/pkcs11.h', '/usr/include/*/p11-kit-1/p11-kit/pkcs11.h'


def answers():
    """{value: name} of every answer that PKCS#11 knows, but yes."""
    for header in itertools.chain(*map(glob.glob, HEADERS)):
        with open(header, encoding='utf-8', errors='replace') as f:
            found = re.findall(r'#define\s+(CKR_\w+)\s+\((0x[0-9a-fA-F]+|\d+)UL\)', f.read())
        return {int(value, 0): name for name, value in found if name != 'CKR_OK'}
    return {}


def after_init(folder, code):
    """As for a key file; but a token that was gone may have kept the key, and then that is told."""
    new = os.path.join(folder, 'new')
    command = OF['init'].command
    if os.path.exists(os.path.join(new, 'init.conf')):
        if code == 0:
            raise Broken('success, but half made')
        must(subca('init', 'new', '--resume', '--quiet'), folder)
    elif not os.path.exists(new):
        if code == 0:
            raise Broken('success, but no CA')
        again = run(command, folder)
        if again.returncode != 0:
            if again.returncode != 9 or 'label' not in again.stderr:
                raise Broken(f'it cannot be made: exit {again.returncode}: {again.stderr.strip()}')
            must(subca('token', 'delete-key', BASES['token'].uri('new'), '--yes'), folder)
            must(command, folder)
    judge.check_store(new)
    must(subca('-C', 'new', *estate.SIGN[:1], *estate.SIGN[3:], '-o', 'foreign.pem', '--chain',
               'foreign-chain.pem', 'next.csr'), folder)
    for name in ('foreign.pem', 'foreign-chain.pem'):
        os.unlink(os.path.join(folder, name))


def with_token(scenario):
    return Scenario(scenario.name, scenario.words, scenario.after, scenario.misses, base='token')


def init_words():
    return ('init', 'new', '--subject', 'CN=New', '--quiet', '--yes', '--key',
            BASES['token'].uri('new'), '--key-type', 'ec:P-256')


class Init(Scenario):
    """The module's place is known when the harness has frozen what it tries."""

    def __init__(self):
        super().__init__('init', None, after_init, misses=0, base='token')

    @property
    def command(self):
        return subca(*init_words())


ALL = [with_token(scenarios.OF[name]) for name in ('sign', 'batch', 'crl')] + [Init()]
OF = {s.name: s for s in ALL}


def missing():
    if not estate.module() or not shutil.which('softhsm2-util'):
        return 'SoftHSM2 is not installed'
    mock = estate.library('modules/mock_pkcs11')
    return None if os.path.exists(mock) else f'{mock} is not built'


LOGGED_IN = 0x100  # CKR_USER_ALREADY_LOGGED_IN is believed; then the key cannot be seen


class Token(Kind):
    """
    Each function of the module fails at its first, second, middle and last call, once and from
    there on; where it matters most, with every answer that there is. One point is
    (function, call, once or on, what).
    """

    name = 'token'
    few = 10
    # What logs in, looks for the key, makes it and signs.
    MUCH = ('C_Login', 'C_SignInit', 'C_Sign', 'C_OpenSession', 'C_GenerateKeyPair', 'C_FindObjects')
    USUAL = (0x5, 0x2, 0x30, 0x31, 0x32, 0xb3, 0xe0, 0x101, 0x190)
    LIES = {'C_Sign': ('wrong', 'long'), 'C_GenerateKeyPair': ('rsa',)}

    def missing(self):
        return missing() or (None if answers() else "p11-kit's header is not installed")

    def scenarios(self):
        return ALL

    def points(self, scenario, pristine, work):
        folder = os.path.join(work, 'trace')
        shutil.copytree(pristine, folder)
        scenario.untouched(run(scenario.command, folder, MOCK_LOG='log'))
        with open(os.path.join(folder, 'log'), encoding='ascii') as f:
            calls = f.read().split()
        shutil.rmtree(folder)
        points = [(function, n, mark, what) for function in sorted(set(calls))
                  for n in self.positions(calls.count(function)) for mark in '@#'
                  for what in self.ways(function, n, calls.count(function))]
        # So that a few of them are not all of one function.
        return [points[i * 89 % len(points)] for i in range(len(points))] if len(points) % 89 else points

    @staticmethod
    def positions(count):
        return sorted({1, min(2, count), (count + 1) // 2, count})

    def ways(self, function, n, count):
        yield from self.LIES.get(function, ())
        yield 'gone'
        if n == (count + 1) // 2:
            yield 'hang'
        much = function in self.MUCH and n == (count + 1) // 2
        yield from (answers() if much else self.USUAL)

    def hit(self, scenario, folder, point, pristine):
        function, n, mark, what = point
        done = run(scenario.command, folder, MOCK_LOG='log',
                   SUBCA_TOKEN_SECONDS='1' if what == 'hang' else '30',
                   MOCK_FAULT=f'{function}{mark}{n}={what if isinstance(what, str) else hex(what)}')
        said_why(done)
        self.said_what(done, function, what)
        with open(os.path.join(folder, 'log'), encoding='ascii') as f:
            calls = f.read().split()
        os.unlink(os.path.join(folder, 'log'))
        if calls.count(function) < n:
            raise estate.Missed
        if function == 'C_Login' and scenario.name != 'init' and calls.count('C_Login') > 1:
            raise Broken('a PIN was tried again')
        if done.returncode == 0 and os.path.exists(os.path.join(folder, 'out.pem')):
            must(['openssl', 'verify', '-x509_strict', '-CAfile', 'ca/ca.pem', 'out.pem'], folder)
        judge_all(scenario, folder, done.returncode, pristine)
        return outcome(done.returncode)

    @staticmethod
    def said_what(done, function, what):
        """It all went well all the same, or the error has the answer's name, and the right code."""
        if done.returncode == 0 or (what == LOGGED_IN and done.returncode == 3):
            return
        if done.returncode not in (5, 10):
            raise Broken(f'exit {done.returncode}: {done.stderr.strip()}')
        words = {'gone': 'CKR_DEVICE_REMOVED', 'hang': 'has not come back', 'rsa': 'made rsa',
                 'wrong': 'does not verify', 'long': 'at greater length'}.get(what)
        if words is None:
            words = f'({answers()[what]}|CKR 0x{what:x})'
        if function == 'C_FindObjectsFinal':
            # libp11 does not look at how its own search ended: the next call finds out.
            words += '|C_SignInit: CKR_OPERATION_ACTIVE'
        if not re.search(words, done.stderr):
            raise Broken(f'{what} is not told: {done.stderr.strip()}')
