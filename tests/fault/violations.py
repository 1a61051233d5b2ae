"""Each thing that must hold is broken by hand: the judge has to see it, or it is blind."""

import base64
import contextlib
import os
import sqlite3
import stat

import estate
import judge
import scenarios
from estate import Broken, Scenario, must, run, subca
from kind import Kind

LOCKS = ('cert_begin', 'cert_keep', 'cert_fixed', 'cert_move', 'journal_keep', 'journal_fixed')


@contextlib.contextmanager
def store(folder):
    """The store without what guards it."""
    db = sqlite3.connect(os.path.join(folder, 'ca', 'store.db'))
    db.execute('PRAGMA ignore_check_constraints = ON')
    for name in LOCKS:
        db.execute(f'DROP TRIGGER {name}')
    db.execute('DROP INDEX cert_serial')
    yield db
    db.commit()
    db.close()


def columns(db, *leave):
    return ', '.join(name for _, name, *_ in db.execute('PRAGMA table_info(cert)')
                     if name not in ('id', *leave))


def write(path, content):
    with open(path, 'wb') as f:
        f.write(content)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def a_stranger(folder):
    must(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k', '-out',
          'stray.pem', '-subj', '/CN=stray'], folder)


def a_half_written_file(folder):
    path = os.path.join(folder, 'first.pem')
    write(path, read(path)[:300])


def a_changed_byte(folder):
    path = os.path.join(folder, 'first.pem')
    der = bytearray(judge.pem_blocks(path)[0])
    der[-1] ^= 1
    text = base64.encodebytes(bytes(der)).decode()
    write(path, f'-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n'.encode())


def an_empty_file(folder):
    write(os.path.join(folder, 'first.pem'), b'')


def a_temporary_file(folder):
    write(os.path.join(folder, 'ca', '.ca.crl.x7Yz'), b'')


def another_key(folder):
    must(['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out',
          'ca/private/ca.key'], folder)


def a_serial_twice(folder):
    with store(folder) as db:
        names = columns(db)
        db.execute(f'INSERT INTO cert ({names}) SELECT {names} FROM cert WHERE id = 2')


def a_row_that_no_entry_tells_of(folder):
    with store(folder) as db:
        names = columns(db, 'serial', 'state', 'finished_at', 'der', 'request_sha256')
        db.execute(f'INSERT INTO cert (serial, state, finished_at, der, request_sha256, {names})'
                   f" SELECT x'01', 1, 0, x'', x'', {names} FROM cert WHERE id = 2")


def a_lost_certificate(folder):
    with store(folder) as db:
        db.execute('DELETE FROM cert WHERE id = 2')


def other_bytes_in_a_row(folder):
    with store(folder) as db:
        der = bytearray(db.execute('SELECT der FROM cert WHERE id = 2').fetchone()[0])
        der[-1] ^= 1
        db.execute('UPDATE cert SET der = ? WHERE id = 2', (bytes(der),))


def a_certificate_without_its_bytes(folder):
    with store(folder) as db:
        db.execute("UPDATE cert SET der = x'' WHERE id = 2")


def a_certificate_that_is_unfinished_again(folder):
    with store(folder) as db:
        db.execute("UPDATE cert SET state = 1, der = x'', finished_at = 0 WHERE id = 2")


def journal(folder, change):
    with store(folder) as db:
        change(db)


def an_entry_edited(folder):
    journal(folder, lambda db: db.execute(
        "UPDATE journal SET canonical = replace(canonical, 'CN=first', 'CN=worst')"))


def an_entry_removed(folder):
    journal(folder, lambda db: db.execute('DELETE FROM journal WHERE seq = 3'))


def the_last_entry_removed(folder):
    journal(folder, lambda db: db.execute(
        'DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)'))


def entries_exchanged(folder):
    def change(db):
        db.execute('UPDATE journal SET seq = -seq WHERE seq IN (2, 3)')
        db.execute('UPDATE journal SET seq = 3 WHERE seq = -2')
        db.execute('UPDATE journal SET seq = 2 WHERE seq = -3')
    journal(folder, change)


def a_damaged_page(folder):
    path = os.path.join(folder, 'ca', 'store.db')
    content = bytearray(read(path))
    content[4096 * 3:4096 * 4] = bytes(4096)
    write(path, bytes(content))


def a_request_signed_twice(folder):
    """By somebody who gives no reason; the journal tells of it as of any other."""
    must(subca(*estate.SIGN, '--reissue', 'again', '-o', 'x.pem', '--chain', 'y.pem', 'first.csr'),
         folder)
    with store(folder) as db:
        db.execute("UPDATE cert SET reason = ''")


def an_older_store_beside_a_newer_crl(folder):
    """Numbers that were spent come again."""
    before = read(os.path.join(folder, 'ca', 'store.db'))
    for _ in range(2):
        must(subca('crl', '-C', 'ca', '--quiet'), folder)
    write(os.path.join(folder, 'ca', 'store.db'), before)


def an_unfinished_row_that_is_not_shown(folder):
    run(['strace', '-o', 'log', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:signal=KILL:when=3',
         *scenarios.OF['sign'].command], folder)
    another_subca(folder, '[ "$3" != list ] || { echo "{\\"certificates\\": []}"; exit; }')


def a_next_one_that_is_not_made(folder):
    another_subca(folder, '[ "$1" != sign ] || exit 0')


def a_next_one_that_fails(folder):
    another_subca(folder, '[ "$1" != sign ] || exit 1')


def a_crl_that_is_not_made(folder):
    must(subca('crl', '-C', 'ca', '--quiet'), folder)
    another_subca(folder, '[ "$3" != crl ] || exit 0')


def another_subca(folder, script):
    """From here on subca does as the script says, where it says anything."""
    path = os.path.join(folder, 'subca.sh')
    with open(path, 'w', encoding='ascii') as f:
        f.write(f'#!/bin/sh\n{script}\nexec {estate.SUBCA} "$@"\n')
    os.chmod(path, stat.S_IRWXU)
    estate.HERE.program = path


def a_success_without_a_file(folder):
    scenarios.after_sign(folder, 0)


def a_chain_without_its_certificate(folder):
    write(os.path.join(folder, 'out-chain.pem'), read(os.path.join(folder, 'first-chain.pem')))
    scenarios.after_sign(folder, 1)


def a_batch_that_lacks_a_file(folder):
    must(scenarios.OF['batch'].command, folder)
    os.unlink(os.path.join(folder, 'out', '003.pem'))
    scenarios.after_batch(folder, 0)


def a_batch_that_signs_again(folder):
    """What is there is signed anew by the run that goes on."""
    must(scenarios.OF['batch'].command, folder)
    estate.shutil.rmtree(os.path.join(folder, 'out'))
    another_subca(folder, '[ "$1" != sign ] || set -- "$@" --reissue again --force')
    scenarios.after_batch(folder, -9)


def a_success_that_revokes_nothing(folder):
    scenarios.after_revoke(folder, 0)


def a_success_that_makes_no_crl(folder):
    scenarios.after_crl(folder, 0)


def a_success_that_makes_no_ca(folder):
    scenarios.after_init(folder, 0)


def a_ca_that_is_left_half_made(folder):
    os.mkdir(os.path.join(folder, 'new'))
    write(os.path.join(folder, 'new', 'init.conf'), b'version = 1;\n')
    scenarios.after_init(folder, -9)


def half_a_report(folder):
    write(os.path.join(folder, 'report.json'), b'{"schema": "subca.au')
    scenarios.after_audit(folder, 1)


# What is broken, and what the judge says of it.
BY_HAND = (
    (a_stranger, 'does not know'), (a_half_written_file, 'is not whole'),
    (a_changed_byte, 'does not know'), (an_empty_file, 'is not whole'),
    (a_temporary_file, 'temporary files'), (another_key, 'key of the CA changed'),
    (a_serial_twice, 'used twice'), (a_row_that_no_entry_tells_of, 'the journal tells of'),
    (a_lost_certificate, 'the journal tells of'), (other_bytes_in_a_row, 'other bytes'),
    (a_certificate_without_its_bytes, 'CHECK constraint'),
    (a_certificate_that_is_unfinished_again, 'other bytes'),
    (an_entry_edited, 'does not follow'), (an_entry_removed, 'does not follow'),
    (the_last_entry_removed, 'the journal tells of'), (entries_exchanged, 'does not follow'),
    (a_damaged_page, 'ca: '), (a_request_signed_twice, 'was signed 2 times'),
    (an_older_store_beside_a_newer_crl, 'crl --quiet: exit 1'),
    (an_unfinished_row_that_is_not_shown, '1 rows are unfinished, 0 are shown'),
    (a_next_one_that_is_not_made, 'is not one more'), (a_next_one_that_fails, 'next.csr: exit 1'),
    (a_crl_that_is_not_made, 'has number 1 after'),
    (a_success_without_a_file, 'not both files'), (a_chain_without_its_certificate, 'a chain without'),
    (a_batch_that_lacks_a_file, 'the folder has'), (a_batch_that_signs_again, 'certificates for'),
    (a_success_that_revokes_nothing, 'nothing is revoked'),
    (a_success_that_makes_no_crl, 'no CRL'), (a_success_that_makes_no_ca, 'no CA'),
    (a_ca_that_is_left_half_made, 'init new --resume'), (half_a_report, 'report.json'),
)


class ByHand(Kind):
    """Counts as held where the judge sees it, and says what it is."""

    name = 'by-hand'
    few = len(BY_HAND)

    def missing(self):
        return None if estate.shutil.which('strace') else 'strace is not installed'

    def scenarios(self):
        return [Scenario('the judge', (), misses=0)]

    def points(self, scenario, pristine, work):
        return [breaker.__name__ for breaker, _ in BY_HAND]

    def hit(self, scenario, folder, point, pristine):
        breaker, words = next(b for b in BY_HAND if b[0].__name__ == point)
        try:
            breaker(folder)
            judge.check(folder, pristine)
        except Broken as seen:
            if words not in str(seen):
                raise Broken(f'seen as something else: {seen}') from seen
            return 'seen'
        finally:
            vars(estate.HERE).pop('program', None)
        raise Broken('not seen: the judge is blind')
