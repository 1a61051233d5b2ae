"""A small estate for the fault tests: what is tried, and what must hold whatever happened to it.

A Scenario names a command, the folder it starts from and what is special about its result. check()
is the judge of all of them, and looks at files and SQL itself: it does not ask subca whether subca
is right.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('SUBCA_BUILD', os.path.join(TOP, 'build'))
SUBCA = os.environ.get('SUBCA', os.path.join(BUILD, 'subca'))
SECONDS = 60

RESERVED, ISSUED, FAILED, REVOKED = 1, 2, 3, 4
EXIT_CODES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 70)


class Broken(Exception):
    """What must hold does not."""


class Missed(Exception):
    """The run did not come by that point: allocators and locks differ a little each time."""


def environment(**more):
    env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC',
           'SUBCA_TEMPLATES': os.path.join(TOP, 'templates')}
    env.update(more)
    return env


def run(argv, folder, **more):
    return subprocess.run(argv, cwd=folder, env=environment(**more), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace', timeout=SECONDS)


def must(argv, folder):
    done = run(argv, folder)
    if done.returncode != 0:
        raise Broken(f'{" ".join(argv)}: exit {done.returncode}: {done.stderr.strip()}')
    return done.stdout


def subca(*words):
    return [SUBCA, *words]


SIGN = ('sign', '-C', 'ca', '--yes', '--quiet', '--profile', 'zia', '--days', '300')


class Scenario:
    """One command over one kind of folder. makes: files that, where they are, must be whole."""

    def __init__(self, name, command, after=None, misses=0.1):
        self.name = name
        self.misses = misses  # how many of its points a run may not come by
        self.command = subca(*command)
        self.after = after or (lambda folder, code: None)


# --- looking ------------------------------------------------------------------------------------

PEM = re.compile('-----BEGIN ([A-Z0-9 ]+)-----\n(.*?)-----END \\1-----\n', re.S)


def pem_blocks(path):
    """The DER of each block; the file must be blocks and nothing else."""
    with open(path, encoding='ascii') as f:
        text = f.read()
    if PEM.sub('', text) or not text:
        raise Broken(f'{path} is not whole: {text[-60:]!r}')
    return [base64.b64decode(block[1]) for block in PEM.findall(text)]


def store_of(ca):
    """A copy of the store with what waits in its log, opened as SQLite opens it after a crash."""
    copy = ca + '.copy'
    shutil.rmtree(copy, ignore_errors=True)
    os.mkdir(copy)
    for name in ('store.db', 'store.db-wal'):
        if os.path.exists(os.path.join(ca, name)):
            shutil.copy(os.path.join(ca, name), copy)
    return sqlite3.connect(os.path.join(copy, 'store.db'))


def check_journal(db, ca):
    last = bytes(32)
    events = []
    for want, (seq, canonical, digest) in enumerate(
            db.execute('SELECT seq, canonical, hash FROM journal ORDER BY seq'), 1):
        last = hashlib.sha256(last + canonical.encode()).digest()
        if seq != want or digest != last:
            raise Broken(f'{ca}: journal row {seq} does not follow')
        events.append(json.loads(canonical))
    return events


def check_store(ca):
    """Rows by serial, as {serial: (state, der)}."""
    db = store_of(ca)
    try:
        verdict = db.execute('PRAGMA integrity_check').fetchone()[0]
        if verdict != 'ok':
            raise Broken(f'{ca}: {verdict}')
        rows = {}
        for serial, state, der in db.execute('SELECT serial, state, der FROM cert'):
            if serial in rows:
                raise Broken(f'{ca}: serial {serial.hex()} is used twice')
            if (state in (ISSUED, REVOKED)) != bool(der):
                raise Broken(f'{ca}: serial {serial.hex()} in state {state} has {len(der)} bytes')
            rows[serial] = (state, der)
        events = check_journal(db, ca)
    finally:
        db.close()
        shutil.rmtree(ca + '.copy')
    begun = [e['serial'] for e in events if e['event'] == 'reserve']
    if len(begun) != len(set(begun)) or len(begun) != len(rows):
        raise Broken(f'{ca}: {len(begun)} reservations in the journal, {len(rows)} rows')
    return rows


def check_files(folder, rows):
    """No certificate exists that the store does not know, and none is half written."""
    known = {der for state, der in rows.values() if state in (ISSUED, REVOKED)}
    many = os.path.join(folder, 'out')
    names = [os.path.join('out', n) for n in os.listdir(many)] if os.path.isdir(many) else []
    for name in sorted(os.listdir(folder) + names):
        if os.path.basename(name).startswith('.') or not name.endswith('.pem'):
            continue
        if pem_blocks(os.path.join(folder, name))[0] not in known:
            raise Broken(f'{name} is a certificate that the store does not know')


def crl_number(path):
    done = run(['openssl', 'crl', '-in', path, '-noout', '-crlnumber'], '.')
    if done.returncode != 0:
        raise Broken(f'{path} is no CRL: {done.stderr.strip()}')
    return int(done.stdout.strip().split('=')[1], 16)


def check(folder, killed):
    """What must hold in a folder after anything. killed: hidden temporary files may be left."""
    ca = os.path.join(folder, 'ca')
    rows = check_store(ca)
    check_files(folder, rows)
    left = [os.path.join(where, name) for where, _, names in os.walk(folder)
            for name in names if name.startswith('.')]
    if left and not killed:
        raise Broken(f'temporary files are left: {left}')
    with open(os.path.join(ca, 'private', 'ca.key'), 'rb') as f:
        if hashlib.sha256(f.read()).hexdigest() != KEY_OF[0]:
            raise Broken('the key of the CA changed')
    listed = json.loads(must(subca('-C', 'ca', 'list', '--json', '--state', 'reserved'), folder))
    unfinished = sum(state == RESERVED for state, _ in rows.values())
    if len(listed['certificates']) != unfinished:
        raise Broken(f'{unfinished} rows are unfinished, {len(listed["certificates"])} are shown')
    must(subca('-C', 'ca', 'journal', 'verify', '--quiet'), folder)
    must(subca(*SIGN, '-o', 'next.pem', '--chain', 'next-chain.pem', 'next.csr'), folder)
    after = check_store(ca)
    check_files(folder, after)
    if len(after) != len(rows) + 1 or not set(rows) < set(after):
        raise Broken('the next certificate is not one more')


# --- scenarios ----------------------------------------------------------------------------------

KEY_OF = [None]


def after_sign(folder, code):
    there = [os.path.exists(os.path.join(folder, n)) for n in ('out.pem', 'out-chain.pem')]
    if code == 0 and there != [True, True]:
        raise Broken('success, but not both files')
    if there == [False, True]:
        raise Broken('a chain without its certificate')


def after_init(folder, code):
    """No folder or as good as none, a CA, or half a CA that can be finished: nothing else."""
    new = os.path.join(folder, 'new')
    if not os.path.exists(new) or not os.listdir(new):
        if code == 0:
            raise Broken('success, but no CA')
        return
    if not any(not name.startswith('.') for name in os.listdir(new)):
        must(SCENARIO_OF['init'].command, folder)
    elif os.path.exists(os.path.join(new, 'init.conf')):
        if code == 0:
            raise Broken('success, but half made')
        refused = run(subca('-C', 'new', *SIGN[3:], '-o', 'x.pem', 'next.csr'), folder)
        if refused.returncode == 0:
            raise Broken('a half-made CA signs')
        must(subca('init', 'new', '--resume', '--quiet', '--no-passphrase'), folder)
    check_store(new)
    issuing = check_store(os.path.join(folder, 'ca') if os.path.exists(
        os.path.join(new, 'chain.pem')) else new)
    own = pem_blocks(os.path.join(new, 'ca.pem'))[0]
    if own not in [der for _, der in issuing.values()]:
        raise Broken('the store does not know the new CA')
    if any(n.startswith('.') for _, _, names in os.walk(new) for n in names):
        raise Broken('a temporary file is left in the finished CA')


def after_revoke(folder, code):
    states = [state for state, _ in check_store(os.path.join(folder, 'ca')).values()]
    if code == 0 and REVOKED not in states:
        raise Broken('success, but nothing is revoked')


def after_crl(folder, code):
    ca = os.path.join(folder, 'ca')
    seen = [crl_number(os.path.join(ca, n)) for n in ('ca.crl', 'ca.crl.pem')
            if os.path.exists(os.path.join(ca, n))]
    if code == 0 and len(seen) != 2:
        raise Broken('success, but no CRL')
    done = run(subca('-C', 'ca', 'crl', '--quiet'), folder)
    if done.returncode != 0:
        raise Broken(f'the next CRL: exit {done.returncode}: {done.stderr.strip()}')
    number = crl_number(os.path.join(ca, 'ca.crl'))
    if any(number <= n for n in seen):
        raise Broken(f'the next CRL has number {number} after {seen}')


BATCH = ('sign', '-C', 'ca', '--yes', '--quiet', '--profile', 'server', '--days', '90', '--batch',
         'incoming', '-o', 'out')
REQUESTS = 5


def check_batch(folder):
    db = store_of(os.path.join(folder, 'ca'))
    try:
        signed = db.execute("SELECT count(*), count(DISTINCT request_sha256) FROM cert"
                            " WHERE profile = 'server' AND state = 2").fetchone()
    finally:
        db.close()
        shutil.rmtree(os.path.join(folder, 'ca.copy'))
    if signed != (REQUESTS, REQUESTS):
        raise Broken(f'{signed[0]} certificates for {signed[1]} of {REQUESTS} requests')
    there = [n for n in os.listdir(os.path.join(folder, 'out')) if not n.startswith('.')]
    if len([n for n in there if not n.endswith('-chain.pem')]) != REQUESTS:
        raise Broken(f'the folder has {sorted(there)}')


def after_batch(folder, code):
    """The same command goes on where it was, and signs nothing a second time."""
    if code == 0:
        check_batch(folder)
    done = run(subca(*BATCH), folder)
    if done.returncode != 0:
        raise Broken(f'the batch does not go on: exit {done.returncode}: {done.stderr.strip()}')
    check_batch(folder)


def after_import(folder, code):
    """All of the other CA, or nothing; then it can be had once more."""
    new = os.path.join(folder, 'new')
    if not os.path.exists(new):
        if code == 0:
            raise Broken('success, but no CA')
        must(SCENARIO_OF['import'].command, folder)
    db = store_of(new)
    try:
        check_journal(db, new)
        count = db.execute('SELECT count(*) FROM cert').fetchone()[0]
    finally:
        db.close()
        shutil.rmtree(new + '.copy')
    if count != 2:
        raise Broken(f'{count} of 2 certificates were taken over')
    must(subca('-C', 'new', *SIGN[:1], *SIGN[3:], '-o', 'foreign.pem', '--chain',
               'foreign-chain.pem', 'next.csr'), folder)
    os.unlink(os.path.join(folder, 'foreign.pem'))
    os.unlink(os.path.join(folder, 'foreign-chain.pem'))


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


def make(folder):
    """The folder that every scenario starts from."""
    os.makedirs(folder)
    must(subca('init', 'ca', '--subject', 'C=DE,O=Example,CN=Root', '--no-passphrase', '--quiet',
               '--yes', '--key', 'ec:P-256'), folder)
    for name in ('first', 'request', 'next'):
        must(['openssl', 'req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k.key', '-out',
              f'{name}.csr', '-subj', f'/C=DE/O=Example/CN={name}'], folder)
    must(subca(*SIGN, '-o', 'first.pem', '--chain', 'first-chain.pem', 'first.csr'), folder)
    os.mkdir(os.path.join(folder, 'incoming'))
    for n in range(REQUESTS):
        must(['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
              '-nodes', '-keyout', 'k.key', '-out', f'incoming/{n}.csr', '-subj', f'/CN=host{n}',
              '-addext', f'subjectAltName=DNS:host{n}.example'], folder)
    os.unlink(os.path.join(folder, 'k.key'))
    make_other(folder)
    with open(os.path.join(folder, 'ca', 'private', 'ca.key'), 'rb') as f:
        KEY_OF[0] = hashlib.sha256(f.read()).hexdigest()


SCENARIOS = [
    Scenario('sign', (*SIGN, '-o', 'out.pem', '--chain', 'out-chain.pem', 'request.csr'),
             after_sign),
    Scenario('init', ('init', 'new', '--subject', 'CN=New', '--key', 'ec:P-256', '--quiet',
                      '--no-passphrase', '--yes'), after_init),
    Scenario('init --parent', ('init', 'new', '--parent', 'ca', '--subject', 'C=DE,O=Example,CN=New',
                               '--key', 'ec:P-256', '--quiet', '--no-passphrase', '--yes', '--days',
                               '300'), after_init),
    Scenario('revoke', ('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded',
                        'first.pem'), after_revoke),
    Scenario('batch', BATCH, after_batch, misses=0.5),  # its threads race
    Scenario('import', ('import', 'openssl', 'old', 'new', '--yes', '--quiet', '--no-passphrase'),
             after_import),
    Scenario('crl', ('crl', '-C', 'ca', '--quiet'), after_crl),
]

SCENARIO_OF = {s.name: s for s in SCENARIOS}
