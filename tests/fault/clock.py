"""The clock: at the borders of formats and of time itself, in any zone, set back and set forward."""

import calendar
import datetime
import glob
import json
import os
import re

import estate
import judge
from estate import Broken, Scenario, must, run, subca
from judge import Store
from kind import Kind

DAY = 86400
BACKDATE = 300  # of every profile
SLACK = 300  # that a corrected clock may step back


def seconds(text):
    return calendar.timegm(datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%SZ').timetuple())


def rfc3339(t):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=t)).strftime('%Y-%m-%dT%H:%M:%SZ')


def library():
    found = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
    return found[0] if found else None


def at(t, zone='UTC'):
    """The clock of what is run meanwhile: it stands still at t."""
    return estate.surroundings(LD_PRELOAD=library(), FAKETIME=str(t), FAKETIME_FMT='%s', TZ=zone)


def encoded(t):
    """RFC 5280 4.1.2.5, as 'openssl asn1parse' shows it."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=t)
    if when.year < 2050:
        return 'UTCTIME', when.strftime('%y%m%d%H%M%SZ')
    return 'GENERALIZEDTIME', when.strftime('%Y%m%d%H%M%SZ')


TIME = re.compile(r'prim: (UTCTIME|GENERALIZEDTIME) +:(\w+)')


def times_of(path, form='PEM'):
    text = must(['openssl', 'asn1parse', '-in', path, '-inform', form], os.path.dirname(path))
    return TIME.findall(text)


def expect_times(path, *wanted, form='PEM'):
    found = times_of(path, form)
    if found != [encoded(t) for t in wanted]:
        raise Broken(f'{os.path.basename(path)} says {found}, not {[encoded(t) for t in wanted]}')


def refused(folder, words, codes, text):
    """It is refused in these words, and writes nothing but that the clock was let through."""
    before = state_of(folder)
    done = run(subca(*words), folder)
    if done.returncode not in codes or text not in done.stderr:
        raise Broken(f'{" ".join(words)}: exit {done.returncode}: {done.stderr.strip()}')
    if state_of(folder) != before:
        raise Broken(f'{" ".join(words)} was refused, and wrote all the same')


def state_of(folder):
    ca = os.path.join(folder, 'ca')
    files = {name for _, _, names in os.walk(folder) for name in names if 'store.db' not in name}
    with Store(ca) as db:
        events = [e['event'] for e in judge.journal_of(db, ca)]
        return (files, [e for e in events if e != 'clock-ok'],
                db.execute('SELECT id, state, revoked_at FROM cert').fetchall(),
                db.execute('SELECT count(*), max(number) FROM crl').fetchone())


class Clock(Kind):
    name = 'clock'
    few = 4

    def missing(self):
        return None if library() else 'faketime is not installed'

    def scenarios(self):
        return [Scenario(s.NAME, s, misses=0, base='requests') for s in (Borders, Back, Forward)]

    def points(self, scenario, pristine, work):
        return scenario.words.points()

    def hit(self, scenario, folder, point, pristine):
        return scenario.words().hit(folder, *point)


def make_ca(folder, t, zone='UTC', days='7300'):
    """A root that is made at t."""
    with at(t, zone):
        must(subca('init', 'ca', '--subject', 'C=DE,O=Example,CN=Root', '--quiet', '--yes', '--days',
                   days, *estate.Base.key), folder)
        must(subca(*estate.SIGN, '-o', 'first.pem', '--chain', 'first-chain.pem', 'first.csr'), folder)


class Borders:
    """Each command at the second, to the second, in every zone."""

    NAME = 'borders'
    TIMES = (
        '1999-12-31T23:59:59Z', '2000-01-01T00:00:00Z', '2000-02-29T12:00:00Z',
        # Seconds that some clocks count as :60.
        '2016-12-31T23:59:59Z', '2017-01-01T00:00:00Z',
        # Summer time begins and ends.
        '2027-03-28T00:59:59Z', '2027-03-28T01:00:00Z', '2027-10-31T00:59:59Z',
        '2027-10-31T01:00:00Z',
        '2028-02-28T23:59:59Z', '2028-02-29T00:00:00Z', '2028-02-29T23:59:59Z',
        '2028-03-01T00:00:00Z',
        # 2^31 seconds.
        '2038-01-19T03:14:06Z', '2038-01-19T03:14:07Z', '2038-01-19T03:14:08Z',
        '2038-01-19T03:19:08Z',
        # UTCTime ends; with the backdate, too.
        '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z', '2050-01-01T00:04:59Z',
        '2050-01-01T00:05:00Z',
        # No leap day in 2100; 2^32 seconds.
        '2100-02-28T23:59:59Z', '2100-03-01T00:00:00Z', '2106-02-07T06:28:15Z',
        '2106-02-07T06:28:16Z', '2400-02-29T12:00:00Z', '9950-06-30T23:59:59Z',
    )
    ZONES = ('UTC', 'EST5EDT,M3.2.0,M11.1.0', 'CET-1CEST,M3.5.0,M10.5.0/3',
             'NZST-12NZDT,M9.5.0,M4.1.0/3', '<+14>-14', '<-12>12', '<+1345>-13:45', '<-0330>3:30', '',
             'Nowhere/Nothing', ':/dev/null', 'right/UTC')

    @classmethod
    def points(cls):
        """In an order in which a few of them are not all in one zone."""
        both = [(t, z) for t in cls.TIMES for z in cls.ZONES]
        return [both[i * 7 % len(both)] for i in range(len(both))]

    def hit(self, folder, when, zone):
        t = seconds(when)
        ca = os.path.join(folder, 'ca')
        make_ca(folder, t - 10 * DAY, zone)
        begin = t - 10 * DAY - BACKDATE
        expect_times(os.path.join(ca, 'ca.pem'), begin, begin + 7300 * DAY - 1)
        with at(t, zone):
            self.sign(folder, t)
        with at(t + 60, zone):
            must(subca('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded', 'days.pem'),
                 folder)
        with at(t + 61, zone):
            self.crl(folder, t)
        with at(t + 62, zone):
            self.look(folder, t)
        with at(t + 63, zone):
            must(subca('renew', '-C', 'ca', '--yes', '--quiet', '--root', '--days', '7300'), folder)
            begin = t + 63 - BACKDATE
            expect_times(os.path.join(ca, 'ca.pem'), begin, begin + 7300 * DAY - 1)
            judge.check(folder)

    @staticmethod
    def sign(folder, t):
        must(subca(*estate.sign('zia', '-o', 'days.pem', '--chain', 'days-chain.pem', 'request.csr',
                                days='365')), folder)
        expect_times(os.path.join(folder, 'days.pem'), t - BACKDATE, t - BACKDATE + 365 * DAY - 1)
        # RFC 3339 in UTC, whatever the zone is.
        must(subca('sign', '-C', 'ca', '--yes', '--quiet', '--profile', 'zia', '--not-after',
                   rfc3339(t + 500 * DAY), '--reissue', 'to the second', '-o', 'until.pem', '--chain',
                   'until-chain.pem', 'request.csr'), folder)
        expect_times(os.path.join(folder, 'until.pem'), t - BACKDATE, t + 500 * DAY)
        must(['openssl', 'verify', '-x509_strict', '-attime', str(t), '-CAfile', 'ca/ca.pem',
              'days.pem'], folder)
        must(subca(*estate.batch()), folder)
        expect_times(os.path.join(folder, 'out', '000.pem'), t - BACKDATE, t - BACKDATE + 90 * DAY - 1)

    @staticmethod
    def crl(folder, t):
        must(subca('crl', '-C', 'ca', '--quiet', '--days', '90'), folder)
        expect_times(os.path.join(folder, 'ca', 'ca.crl'), t + 61, t + 61 + 90 * DAY, t + 60, form='DER')

    @staticmethod
    def look(folder, t):
        listed = json.loads(must(subca('-C', 'ca', 'list', '--json'), folder))['certificates']
        found = {(c['not_before'], c['not_after']) for c in listed if c['state'] == 'revoked'}
        if found != {(rfc3339(t - BACKDATE), rfc3339(t - BACKDATE + 365 * DAY - 1))}:
            raise Broken(f'list shows {found}')
        if {c.get('revoked_at') for c in listed if c['state'] == 'revoked'} != {rfc3339(t + 60)}:
            raise Broken('list shows another time of revocation')
        done = run(subca('-C', 'ca', 'audit', '--json'), folder)
        if done.returncode not in (0, 11):
            raise Broken(f'audit: exit {done.returncode}: {done.stdout[-600:]}{done.stderr}')
        soon = json.loads(run(subca('-C', 'ca', 'expiring', '--within', '91d', '--json'), folder).stdout)
        if not soon['ends']:
            raise Broken('nothing ends within 91 days')
        must(subca('-C', 'ca', 'journal', 'verify', '--quiet'), folder)


COMMANDS = {
    'sign': (*estate.SIGN, '-o', 'x.pem', '--chain', 'x-chain.pem', 'request.csr'),
    'batch': estate.batch(),
    'revoke': ('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded', 'first.pem'),
    'crl': ('crl', '-C', 'ca', '--quiet'),
    'renew': ('renew', '-C', 'ca', '--yes', '--quiet', '--root'),
}
READERS = (('list', '--quiet'), ('journal', 'verify', '--quiet'), ('export', 'json', '--quiet'),
           ('show', 'first.pem'))


class Back:
    """A clock that went back: refused, or let through with an entry in the journal."""

    NAME = 'back'
    NOW = seconds('2031-05-06T07:08:09Z')
    STEPS = (1, SLACK, SLACK + 1, 3600, DAY, 9 * DAY, 11 * DAY, NOW - DAY, NOW)

    @classmethod
    def points(cls):
        both = [(name, step) for step in cls.STEPS for name in COMMANDS]
        return [both[i * 7 % len(both)] for i in range(len(both))]

    def hit(self, folder, name, step):
        words, accepted = COMMANDS[name], (*COMMANDS[name], '--clock-ok')
        make_ca(folder, self.NOW - 10 * DAY)
        with at(self.NOW):
            must(subca(*estate.SIGN, '-o', 'last.pem', '--chain', 'last-chain.pem', 'first.csr',
                       '--reissue', 'the last'), folder)
        with at(self.NOW - step):
            self.readers(folder)
            if step <= SLACK:
                must(subca(*words), folder)
            else:
                refused(folder, words, (1,) if step < self.NOW else (1, 10), 'clock')
                # Before the CA's own beginning nothing is signed with it; a revocation and a new
                # root may be what mends a CA that was made under a clock that was ahead.
                if step < 10 * DAY or (name in ('revoke', 'renew') and step < self.NOW):
                    must(subca(*accepted), folder)
                    self.told(folder)
                else:
                    refused(folder, accepted, (1, 10), 'subca: ')
        with at(self.NOW + 1):
            if name == 'renew' and step > 20 * DAY:
                # A root of long ago: another one, under the right clock, takes its place.
                must(subca(*words), folder)
            judge.check(folder)
        return 'let through' if step <= SLACK else 'refused'

    @staticmethod
    def readers(folder):
        for words in READERS:
            must(subca('-C', 'ca', *words), folder)

    @staticmethod
    def told(folder):
        with Store(os.path.join(folder, 'ca')) as db:
            events = judge.journal_of(db, 'ca')
        if [e['event'] for e in events].count('clock-ok') != 1:
            raise Broken('the journal does not tell that the clock was let through')


class Forward:
    """
    A clock that is ahead, beyond the end of the CA: nothing is signed with it, and nothing is
    spoilt. A revocation and a renewal may come late.
    """

    NAME = 'forward'
    STEPS = (3651 * DAY, 20000 * DAY, seconds('9999-12-31T23:59:59Z') - Back.NOW)

    @classmethod
    def points(cls):
        return [(name, step) for step in cls.STEPS for name in ('sign', 'batch', 'crl')]

    def hit(self, folder, name, step):
        make_ca(folder, Back.NOW - 10 * DAY, days='3650')
        with at(Back.NOW + step):
            Back.readers(folder)
            refused(folder, COMMANDS[name], (1,), 'subca: ')
        with at(Back.NOW + 1):
            judge.check(folder)


class Requests(estate.Base):
    """What a CA that is not made yet is going to sign."""

    requests = 2

    def make(self, folder):
        os.makedirs(folder)
        for name in ('first', 'request', 'next'):
            estate.request(folder, f'{name}.csr', f'/C=DE/O=Example/CN={name}')
        estate.incoming(folder, self.requests)


estate.BASES['requests'] = Requests()
