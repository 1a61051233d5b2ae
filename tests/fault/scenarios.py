"""The commands that are broken, and what is special about what each of them leaves."""

import json
import os

import estate
import judge
from estate import Broken, Scenario, must, run, subca
from judge import ISSUED, REVOKED, Store


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
        must(OF['init'].command, folder)
    elif os.path.exists(os.path.join(new, 'init.conf')):
        if code == 0:
            raise Broken('success, but half made')
        refused = run(subca('-C', 'new', *estate.NEXT[3:]), folder)
        if refused.returncode == 0:
            raise Broken('a half-made CA signs')
        must(subca('init', 'new', '--resume', '--quiet', '--no-passphrase'), folder)
    judge.check_store(new)
    issuing = judge.check_store(os.path.join(folder, 'ca') if os.path.exists(
        os.path.join(new, 'chain.pem')) else new)
    own = judge.pem_blocks(os.path.join(new, 'ca.pem'))[0]
    if own not in [der for _, der in issuing.values()]:
        raise Broken('the store does not know the new CA')
    if any(n.startswith('.') for _, _, names in os.walk(new) for n in names):
        raise Broken('a temporary file is left in the finished CA')


def after_revoke(folder, code):
    states = [state for state, _ in judge.check_store(os.path.join(folder, 'ca')).values()]
    if code == 0 and REVOKED not in states:
        raise Broken('success, but nothing is revoked')


def after_crl(folder, code):
    ca = os.path.join(folder, 'ca')
    there = [os.path.exists(os.path.join(ca, n)) for n in ('ca.crl', 'ca.crl.pem')]
    if code == 0 and there != [True, True]:
        raise Broken('success, but no CRL')
    judge.check_next_crl(folder)


def check_batch(folder):
    """Each request of the folder is signed, once, and has its two files."""
    wanted = len(os.listdir(os.path.join(folder, 'incoming')))
    with Store(os.path.join(folder, 'ca')) as db:
        signed = db.execute('SELECT count(*), count(DISTINCT request_sha256) FROM cert'
                            " WHERE profile = 'server' AND state = ?", (ISSUED,)).fetchone()
    if signed != (wanted, wanted):
        raise Broken(f'{signed[0]} certificates for {signed[1]} of {wanted} requests')
    there = [n for n in os.listdir(os.path.join(folder, 'out')) if not n.startswith('.')]
    chains = [n for n in there if n.endswith('-chain.pem')]
    if len(there) - len(chains) != wanted or len(chains) != wanted:
        raise Broken(f'the folder has {sorted(there)}')
    for name in chains:
        judge.pem_blocks(os.path.join(folder, 'out', name))


def after_batch(folder, code):
    """The same command goes on where it was, and signs nothing a second time."""
    ca = os.path.join(folder, 'ca')
    before = judge.check_store(ca)
    judge.check_files(folder, before)
    if code == 0:
        check_batch(folder)
    done = run(OF['batch'].command, folder)
    if done.returncode != 0:
        raise Broken(f'the batch does not go on: exit {done.returncode}: {done.stderr.strip()}')
    check_batch(folder)
    if not judge.certificates(before) <= judge.certificates(judge.check_store(ca)):
        raise Broken('going on lost a certificate')


def after_import(folder, code):
    """All of the other CA, or nothing; then it can be had once more."""
    new = os.path.join(folder, 'new')
    if not os.path.exists(new):
        if code == 0:
            raise Broken('success, but no CA')
        must(OF['import'].command, folder)
    with Store(new) as db:
        judge.journal_of(db, new)
        count = db.execute('SELECT count(*) FROM cert').fetchone()[0]
    if count != 2:
        raise Broken(f'{count} of 2 certificates were taken over')
    must(subca('-C', 'new', *estate.SIGN[:1], *estate.SIGN[3:], '-o', 'foreign.pem', '--chain',
               'foreign-chain.pem', 'next.csr'), folder)
    os.unlink(os.path.join(folder, 'foreign.pem'))
    os.unlink(os.path.join(folder, 'foreign-chain.pem'))


def after_audit(folder, code):
    """A report that is whole or none; success means that there is one."""
    report = os.path.join(folder, 'report.json')
    if os.path.exists(report):
        with open(report, encoding='utf-8') as f:
            try:
                json.load(f)
            except ValueError as problem:
                raise Broken(f'report.json is not whole: {problem}') from problem
    elif code in OF['audit'].codes:
        raise Broken('success, but no report')


ALL = [
    Scenario('sign', estate.sign('zia', '-o', 'out.pem', '--chain', 'out-chain.pem', 'request.csr'),
             after_sign),
    Scenario('init', ('init', 'new', '--subject', 'CN=New', '--key', 'ec:P-256', '--quiet',
                      '--no-passphrase', '--yes'), after_init),
    Scenario('init --parent', ('init', 'new', '--parent', 'ca', '--subject', 'C=DE,O=Example,CN=New',
                               '--key', 'ec:P-256', '--quiet', '--no-passphrase', '--yes', '--days',
                               '300'), after_init),
    Scenario('revoke', ('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded',
                        'first.pem'), after_revoke),
    Scenario('batch', estate.batch(), after_batch, misses=0.5),  # its threads race
    Scenario('import', ('import', 'openssl', 'old', 'new', '--yes', '--quiet', '--no-passphrase'),
             after_import),
    Scenario('crl', ('crl', '-C', 'ca', '--quiet'), after_crl),
    Scenario('audit', ('audit', '-C', 'ca', '--quiet', '--report', 'report.json', 'first.pem'),
             after_audit, misses=0.5, codes=(0, 11)),  # its threads race
]

OF = {s.name: s for s in ALL}
# What writes the store; an audit only reads it.
WRITERS = [s for s in ALL if s.name != 'audit']
