"""Where the fault tests run, and what: environment, commands, folders to start from.

A Base makes the folder that scenarios start from, a Scenario names a command over one and what is
special about its result. The judge of all of them is in judge.py.
"""

import contextlib
import os
import shutil
import subprocess
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('SUBCA_BUILD', os.path.join(TOP, 'build')))
SUBCA = os.path.abspath(os.environ.get('SUBCA', os.path.join(BUILD, 'subca')))
TEMPLATES = os.path.join(TOP, 'templates')
MODULES = os.path.join(BUILD, 'tests')
SECONDS = 60

EXIT_CODES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70)


class Broken(Exception):
    """What must hold does not."""


class Missed(Exception):
    """The run did not come by that point: allocators and locks differ a little each time."""


def freeze(work):
    """Copies what is tried, so that a build beside a long run does not change it under way."""
    global SUBCA, TEMPLATES, MODULES
    place = os.path.join(work, 'frozen')
    os.mkdir(place)
    SUBCA = shutil.copy(SUBCA, place)
    TEMPLATES = shutil.copytree(TEMPLATES, os.path.join(place, 'templates'))
    modules = os.path.join(place, 'tests')
    for folder in ('fault', 'modules'):
        if os.path.isdir(os.path.join(MODULES, folder)):
            shutil.copytree(os.path.join(MODULES, folder), os.path.join(modules, folder),
                            ignore=lambda _, names: [n for n in names if not n.endswith('.so')])
    MODULES = modules


def library(name):
    """One of ours, 'fault/short' or 'modules/mock_pkcs11'."""
    return os.path.join(MODULES, f'{name}.so')


def module():
    """SoftHSM2's, or None."""
    for name in ('/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
                 '/usr/lib64/pkcs11/libsofthsm2.so'):
        if os.path.exists(name):
            return name
    return None


HERE = threading.local()


@contextlib.contextmanager
def surroundings(**more):
    """What this thread runs meanwhile has these in its environment."""
    before = getattr(HERE, 'more', {})
    HERE.more = {**before, **more}
    try:
        yield
    finally:
        HERE.more = before


def environment(**more):
    env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'SUBCA_TEMPLATES': TEMPLATES,
           # Of those folders that have a token of their own.
           'SUBCA_PIN': '1234', 'SOFTHSM2_CONF': 'softhsm2.conf', 'MOCK_MODULE': module() or ''}
    for name in ('ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS'):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(getattr(HERE, 'more', {}))
    env.update(more)
    return env


def run(argv, folder, **more):
    return subprocess.run(argv, cwd=folder, env=environment(**more), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace', timeout=SECONDS)


def must(argv, folder, **more):
    done = run(argv, folder, **more)
    if done.returncode != 0:
        raise Broken(f'{" ".join(argv)}: exit {done.returncode}: {done.stderr.strip()}')
    return done.stdout


def subca(*words):
    return [getattr(HERE, 'program', SUBCA), *words]


def sign(profile, *words, days='300'):
    return ('sign', '-C', 'ca', '--yes', '--quiet', '--profile', profile, '--days', days, *words)


SIGN = sign('zia')
NEXT = sign('zia', '-o', 'next.pem', '--chain', 'next-chain.pem', 'next.csr')


def batch(*words):
    return sign('server', *words, '--batch', 'incoming', '-o', 'out', days='90')


# --- folders ------------------------------------------------------------------------------------

def request(folder, name, subject, *words, key='rsa:2048'):
    how = ['-newkey', key] if key.startswith('rsa') else [
        '-newkey', 'ec', '-pkeyopt', f'ec_paramgen_curve:{key}']
    must(['openssl', 'req', '-new', *how, '-nodes', '-keyout', '.key', '-out', name, '-subj', subject,
          *words], folder)
    os.unlink(os.path.join(folder, '.key'))


def incoming(folder, count):
    os.mkdir(os.path.join(folder, 'incoming'))
    for n in range(count):
        request(folder, f'incoming/{n:03}.csr', f'/CN=host{n}', '-addext',
                f'subjectAltName=DNS:host{n}.example', key='P-256')


def make_other(folder):
    """What 'openssl ca' would have left of the same CA."""
    old = os.path.join(folder, 'old')
    must(subca('-C', 'ca', 'export', 'index', '--quiet', '-o', 'old'), folder)
    os.mkdir(os.path.join(old, 'private'))
    shutil.copy(os.path.join(folder, 'ca', 'ca.pem'), os.path.join(old, 'cacert.pem'))
    shutil.copy(os.path.join(folder, 'ca', 'private', 'ca.key'),
                os.path.join(old, 'private', 'cakey.pem'))
    os.mkdir(os.path.join(old, 'newcerts'))
    shutil.copy(os.path.join(folder, 'first.pem'), os.path.join(old, 'newcerts'))


def make_ca(folder, *words):
    os.makedirs(folder, exist_ok=True)
    must(subca('init', 'ca', '--subject', 'C=DE,O=Example,CN=Root', '--quiet', '--yes', *words), folder)
    for name in ('first', 'request', 'next'):
        request(folder, f'{name}.csr', f'/C=DE/O=Example/CN={name}')
    must(subca(*SIGN, '-o', 'first.pem', '--chain', 'first-chain.pem', 'first.csr'), folder)


class Base:
    """A CA with one certificate, requests to sign, and the same CA as 'openssl ca' would have it."""

    requests = 5
    key = ('--key', 'ec:P-256', '--no-passphrase')

    def make(self, folder):
        make_ca(folder, *self.key)
        incoming(folder, self.requests)
        make_other(folder)


class Many(Base):
    """A folder of requests that takes a while, and none that goes another way."""

    requests = 200

    def make(self, folder):
        make_ca(folder, *self.key)
        incoming(folder, self.requests)


class Token(Base):
    """The key is in a SoftHSM2 token in the folder, behind the module that fails when told to."""

    requests = 6

    @staticmethod
    def uri(label):
        return f'pkcs11:token=Root%20CA;object={label}?module-path={library("modules/mock_pkcs11")}'

    def make(self, folder):
        os.makedirs(os.path.join(folder, 'tokens'))
        with open(os.path.join(folder, 'softhsm2.conf'), 'w', encoding='ascii') as f:
            f.write('directories.tokendir = tokens\nobjectstore.backend = file\nlog.level = ERROR\n')
        must(['softhsm2-util', '--init-token', '--free', '--label', 'Root CA', '--pin', '1234',
              '--so-pin', '12345678'], folder)
        make_ca(folder, '--key', self.uri('root'), '--key-type', 'ec:P-256')
        incoming(folder, self.requests)


BASES = {'plain': Base(), 'many': Many(), 'token': Token()}


class Pristine:
    """The folders that scenarios start from, made once each."""

    def __init__(self, work):
        self.work = work

    def folder(self, base):
        folder = os.path.join(self.work, f'pristine-{base}')
        if not os.path.exists(folder):
            BASES[base].make(folder)
        return folder

    def copy(self, base, to):
        return shutil.copytree(self.folder(base), to)


class Scenario:
    """
    One command over one kind of folder. after(folder, code) judges what is special about it; codes
    are those of an untouched run that went well.
    """

    def __init__(self, name, words, after=None, misses=0.1, base='plain', codes=(0,)):
        self.name = name
        self.words = words
        self.after = after or (lambda folder, code: None)
        self.misses = misses  # how many of its points a run may not come by
        self.base = base
        self.codes = codes

    @property
    def command(self):
        return subca(*self.words)

    def untouched(self, done):
        if done.returncode not in self.codes:
            raise SystemExit(f'fault: {self.name} fails untouched: {done.stderr.strip()}')
