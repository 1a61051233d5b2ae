"""Many at once on one CA: each waits, or says that it is busy; nothing is there twice."""

import concurrent.futures
import os
import signal
import subprocess
import threading
import time

import estate
import judge
from disks import wait_for_stop
from estate import Broken, Scenario
from judge import ISSUED, REVOKED
from kind import Traced

BUSY = 6


class Together(Traced):
    name = 'together'
    jobs = 1
    PROCESSES = 8
    seconds = 60

    def scenarios(self):
        return [Scenario(name, (), misses=0) for name in ('all at once', 'one stopped')]

    def points(self, scenario, pristine, work):
        return [f'{self.seconds} s' if scenario.name == 'all at once' else 'holds the lock']

    def hit(self, scenario, folder, point, pristine):
        if scenario.name == 'one stopped':
            self.one_stopped(folder)
            judge.check(folder, pristine, killed=True)
            return None
        told = self.all_at_once(folder)
        judge.check(folder, pristine)
        return told

    # --- all at once ----------------------------------------------------------------------------

    def all_at_once(self, folder):
        end = time.monotonic() + self.seconds
        workers = [Worker(n, folder) for n in range(self.PROCESSES)]
        threads = [threading.Thread(target=w.work, args=(end, workers)) for w in workers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        trouble = [t for w in workers for t in w.trouble]
        if trouble:
            raise Broken('; '.join(trouble[:3]))
        rows = judge.check_store(os.path.join(folder, 'ca'))
        signed = sum(state in (ISSUED, REVOKED) for state, _ in rows.values()) - 2
        told = {name: sum(w.done[name] for w in workers) for name in Worker.ALL}
        if signed != told['sign']:
            raise Broken(f'{told["sign"]} were told to be signed, {signed} are in the store')
        revoked = sum(state == REVOKED for state, _ in rows.values())
        if revoked != told['revoke']:
            raise Broken(f'{told["revoke"]} were told to be revoked, {revoked} are in the store')
        if not all(told.values()):
            raise Broken(f'not everything was tried: {told}')
        judge.check_files(folder, rows)
        return ', '.join(f'{count} {name}' for name, count in told.items())

    # --- one stopped ----------------------------------------------------------------------------

    def one_stopped(self, folder):
        """SIGSTOP between BEGIN IMMEDIATE and COMMIT: the others are busy, and go on afterwards."""
        log = os.path.join(folder, '.strace')
        argv = ['strace', '-f', '-o', log, '-e', 'trace=fdatasync', '-e',
                'inject=fdatasync:signal=STOP:when=2', *estate.subca(
                    *estate.SIGN, '-o', 'out.pem', '--chain', 'out-chain.pem', 'request.csr')]
        stopped = subprocess.Popen(argv, cwd=folder, env=estate.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for_stop(log, stopped)
            self.beside_a_stopped_one(folder)
        finally:
            os.killpg(stopped.pid, signal.SIGCONT)
            try:
                code = stopped.wait(estate.SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(stopped.pid, signal.SIGKILL)
                code = stopped.wait()
            if os.path.exists(log):
                os.unlink(log)
        if code != 0:
            raise Broken(f'the stopped one ended with {code} when it went on')

    @staticmethod
    def beside_a_stopped_one(folder):
        writers = (estate.NEXT, ('crl', '-C', 'ca', '--quiet'),
                   ('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded', 'first.pem'))
        with concurrent.futures.ThreadPoolExecutor(len(writers)) as pool:
            ended = list(pool.map(lambda words: estate.run(estate.subca(*words), folder), writers))
        for words, done in zip(writers, ended):
            if done.returncode != BUSY or 'subca: ' not in done.stderr:
                raise Broken(f'{words[0]} beside a stopped one: exit {done.returncode}: {done.stderr}')
        for words in (('list', '--quiet'), ('journal', 'verify', '--quiet'), ('audit', '--quiet')):
            done = estate.run(estate.subca('-C', 'ca', *words), folder)
            if done.returncode not in (0, 11):
                raise Broken(f'{words[0]} beside a stopped one: exit {done.returncode}: {done.stderr}')


class Worker:
    """Signs, and now and then revokes what it signed, makes a CRL, audits and reads the journal."""

    ALL = ('sign', 'revoke', 'crl', 'audit', 'journal')

    def __init__(self, number, folder):
        self.number = number
        self.folder = folder
        self.trouble = []
        self.done = dict.fromkeys(self.ALL, 0)

    def work(self, end, workers):
        turn = 0
        while time.monotonic() < end and not any(w.trouble for w in workers):
            turn += 1
            try:
                self.turn(turn)
            except subprocess.TimeoutExpired as late:
                self.trouble.append(str(late))

    def turn(self, turn):
        name = f'w{self.number}-{turn}'
        signed = self.job(*estate.SIGN, '--reissue', name, '-o', f'{name}.pem', '--chain',
                          f'{name}-chain.pem', 'request.csr')
        if signed and turn % 3 == 0:
            self.job('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded', f'{name}.pem')
        if turn % 5 == self.number % 5:
            self.job('crl', '-C', 'ca', '--quiet')
        if turn % 4 == 0:
            self.job('journal', 'verify', '-C', 'ca', '--quiet')
        if turn % 7 == self.number % 7:
            # What is revoked and in no CRL yet is a finding.
            self.job('audit', '-C', 'ca', '--quiet', fine=(0, 1, 11))

    def job(self, *words, fine=(0,)):
        done = estate.run(estate.subca(*words), self.folder)
        if done.returncode in fine:
            self.done[words[0]] += 1
            return True
        if done.returncode != BUSY:
            self.trouble.append(f'{" ".join(words[:4])}: exit {done.returncode}: {done.stderr.strip()}')
        return False
