"""What must hold in a CA's folder after anything that happened to it.

It looks at files and SQL itself: it does not ask subca whether subca is right. violations.py proves
that each of these can fail.
"""

import base64
import functools
import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile

import estate
from estate import Broken, must, run, subca

RESERVED, ISSUED, FAILED, REVOKED = 1, 2, 3, 4
PEM = re.compile('-----BEGIN ([A-Z0-9 ]+)-----\n(.*?)-----END \\1-----\n', re.S)


def pem_blocks(path):
    """The DER of each block; the file must be blocks and nothing else."""
    with open(path, encoding='ascii') as f:
        text = f.read()
    if PEM.sub('', text) or not text:
        raise Broken(f'{path} is not whole: {text[-60:]!r}')
    return [base64.b64decode(block[1]) for block in PEM.findall(text)]


def der_value(der):
    """The content of the value that der begins with, and what follows it."""
    size, at = der[1], 2
    if size & 0x80:
        at += size & 0x7f
        size = int.from_bytes(der[2:at], 'big')
    return der[at:at + size], der[at + size:]


def serial_of(der):
    """RFC 5280 4.1: after the version, which every certificate of ours has."""
    to_be_signed = der_value(der_value(der)[0])[0]
    serial = der_value(der_value(to_be_signed)[1])[0]
    return serial.lstrip(b'\0')


# --- the store ----------------------------------------------------------------------------------

class Store:
    """A copy of the store with what waits in its log, opened as SQLite opens it after a crash."""

    def __init__(self, ca):
        self.ca = ca

    def __enter__(self):
        self.copy = tempfile.mkdtemp(prefix='subca-store-')
        for name in ('store.db', 'store.db-wal'):
            source = os.path.join(self.ca, name)
            if os.path.exists(source):
                shutil.copy(source, self.copy)
        self.db = sqlite3.connect(os.path.join(self.copy, 'store.db'))
        return self.db

    def __exit__(self, *_):
        self.db.close()
        shutil.rmtree(self.copy)


def journal_of(db, ca):
    last = bytes(32)
    events = []
    for want, (seq, canonical, digest) in enumerate(
            db.execute('SELECT seq, canonical, hash FROM journal ORDER BY seq'), 1):
        last = hashlib.sha256(last + canonical.encode()).digest()
        if seq != want or digest != last:
            raise Broken(f'{ca}: journal row {seq} does not follow')
        events.append(json.loads(canonical))
    return events


STATE_AFTER = {'reserve': RESERVED, 'issue': ISSUED, 'fail': FAILED, 'revoke': REVOKED,
               'hold': REVOKED, 'release': ISSUED}


def rows_of(db, ca):
    """{serial: (state, der)}, each as it may be."""
    rows = {}
    for serial, state, der in db.execute('SELECT serial, state, der FROM cert'):
        if serial in rows:
            raise Broken(f'{ca}: serial {serial.hex()} is used twice')
        if (state in (ISSUED, REVOKED)) != bool(der):
            raise Broken(f'{ca}: serial {serial.hex()} in state {state} has {len(der)} bytes')
        if der and serial_of(der) != serial.lstrip(b'\0'):
            raise Broken(f'{ca}: serial {serial.hex()} holds the certificate of another')
        rows[serial] = (state, der)
    return rows


def check_told(events, rows, ca):
    """What the journal tells is what the rows are: none without an entry, none left behind it."""
    told = {}
    for e in events:
        if e['event'] not in STATE_AFTER:
            continue
        serial = bytes.fromhex(e['serial'])
        if e['event'] == 'reserve' and serial in told:
            raise Broken(f'{ca}: serial {serial.hex()} is reserved twice')
        told[serial] = STATE_AFTER[e['event']]
        if e['event'] == 'issue' and serial in rows and hashlib.sha256(
                rows[serial][1]).hexdigest() != e['certificate_sha256']:
            raise Broken(f'{ca}: serial {serial.hex()} has other bytes than the journal')
    if told != {serial: state for serial, (state, _) in rows.items()}:
        raise Broken(f'{ca}: the journal tells of {len(told)} rows, and not what the {len(rows)} are')


def check_once(db, ca):
    """A request is signed once for a profile, but where a reason says why again."""
    twice = db.execute("SELECT profile, count(*) FROM cert WHERE state IN (2, 4) AND reason = ''"
                       " AND replaces = x'' AND length(request_sha256)"
                       ' GROUP BY request_sha256, profile HAVING count(*) > 1').fetchone()
    if twice:
        raise Broken(f'{ca}: one request was signed {twice[1]} times as {twice[0]}')


def check_crl_numbers(events, ca):
    spent = [e['crl_number'] for e in events if e['event'] == 'crl-reserve']
    if any(b <= a for a, b in zip(spent, spent[1:])):
        raise Broken(f'{ca}: CRL numbers {spent} do not increase')
    return max(spent, default=0)


def check_store(ca):
    """{serial: (state, der)} of a store that is in order."""
    with Store(ca) as db:
        try:
            verdict = db.execute('PRAGMA integrity_check').fetchone()[0]
            if verdict != 'ok':
                raise Broken(f'{ca}: {verdict}')
            rows = rows_of(db, ca)
            events = journal_of(db, ca)
            check_once(db, ca)
        except sqlite3.DatabaseError as problem:
            raise Broken(f'{ca}: {problem}') from problem
    check_told(events, rows, ca)
    check_crl_numbers(events, ca)
    return rows


def certificates(rows):
    return {der for state, der in rows.values() if state in (ISSUED, REVOKED)}


# --- files --------------------------------------------------------------------------------------

def check_files(folder, rows):
    """No certificate exists that the store does not know, and none is half written."""
    known = certificates(rows)
    many = os.path.join(folder, 'out')
    names = [os.path.join('out', n) for n in os.listdir(many)] if os.path.isdir(many) else []
    for name in sorted(os.listdir(folder) + names):
        if os.path.basename(name).startswith('.') or not name.endswith('.pem'):
            continue
        if pem_blocks(os.path.join(folder, name))[0] not in known:
            raise Broken(f'{name} is a certificate that the store does not know')


def check_left(folder):
    left = [os.path.join(where, name) for where, _, names in os.walk(folder)
            for name in names if name.startswith('.')]
    if left:
        raise Broken(f'temporary files are left: {left}')


def crl_number(path):
    done = run(['openssl', 'crl', '-in', path, '-noout', '-crlnumber'], '.')
    if done.returncode != 0:
        raise Broken(f'{path} is no CRL: {done.stderr.strip()}')
    return int(done.stdout.strip().split('=')[1], 16)


def check_next_crl(folder):
    """The next CRL has a number that no file and no journal knows."""
    ca = os.path.join(folder, 'ca')
    seen = [crl_number(os.path.join(ca, n)) for n in ('ca.crl', 'ca.crl.pem')
            if os.path.exists(os.path.join(ca, n))]
    with Store(ca) as db:
        seen.append(check_crl_numbers(journal_of(db, ca), ca))
    must(subca('-C', 'ca', 'crl', '--quiet'), folder)
    number = crl_number(os.path.join(ca, 'ca.crl'))
    if number <= max(seen):
        raise Broken(f'the next CRL has number {number} after {seen}')


def key_of(folder):
    """Of the CA; a token keeps its own."""
    path = os.path.join(folder, 'ca', 'private', 'ca.key')
    if not os.path.exists(path):
        return None
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


@functools.lru_cache(maxsize=None)
def start(pristine):
    """What was there before: rows and key."""
    return check_store(os.path.join(pristine, 'ca')), key_of(pristine)


def check_kept(folder, pristine, rows):
    before, key = start(pristine)
    if not certificates(before) <= certificates(rows):
        raise Broken('a certificate that was there before is lost')
    if key_of(folder) != key:
        raise Broken('the key of the CA changed')


# --- all of it ----------------------------------------------------------------------------------

def check(folder, pristine=None, killed=False):
    """
    Holds a folder against what must be, and goes on in it. pristine: what it was copied from, where
    it was. killed: temporary files may be left.
    """
    ca = os.path.join(folder, 'ca')
    rows = check_store(ca)
    check_files(folder, rows)
    if not killed:
        check_left(folder)
    if pristine:
        check_kept(folder, pristine, rows)
    listed = json.loads(must(subca('-C', 'ca', 'list', '--json', '--state', 'reserved'), folder))
    unfinished = sum(state == RESERVED for state, _ in rows.values())
    if len(listed['certificates']) != unfinished:
        raise Broken(f'{unfinished} rows are unfinished, {len(listed["certificates"])} are shown')
    must(subca('-C', 'ca', 'journal', 'verify', '--quiet'), folder)
    must(subca(*estate.NEXT), folder)
    after = check_store(ca)
    check_files(folder, after)
    if len(after) != len(rows) + 1 or not set(rows) < set(after):
        raise Broken('the next certificate is not one more')
    check_next_crl(folder)
