"""System calls: killed at, failing, moving one byte at a time; and kills at any moment."""

import os
import random
import re
import signal
import statistics
import subprocess
import time

import estate
import judge
import scenarios
from estate import Broken, Missed, Scenario
from judge import FAILED, RESERVED
from kind import Kind, Preload, Traced, calls_of, judge_all, outcome, said_why, strace


class Kill(Traced):
    """SIGKILL as a system call begins."""

    name = 'kill'

    def points(self, scenario, pristine, work):
        return [c for c in calls_of(scenario, pristine, work) if c[0] not in ('exit', 'exit_group')]

    def hit(self, scenario, folder, point, pristine):
        name, n = point
        _, text = strace(scenario, folder, '-e', f'trace={name}', '-e',
                         f'inject={name}:signal=KILL:when={n}')
        if 'killed by SIGKILL' not in text:
            raise Missed
        judge_all(scenario, folder, -signal.SIGKILL, pristine, killed=True)


class Moment(Kind):
    """SIGKILL at any moment of a long batch, which then goes on."""

    name = 'moment'
    few = 6
    TIMES = 1000

    def scenarios(self):
        return [Scenario('batch', estate.batch(), scenarios.after_batch, misses=0, base='many')]

    def points(self, scenario, pristine, work):
        """Moments across the whole length of the run and a little beyond, each in a part of its own."""
        lengths = []
        for n in range(5):
            folder = os.path.join(work, f'length-{n}')
            estate.shutil.copytree(pristine, folder)
            begin = time.monotonic()
            scenario.untouched(estate.run(scenario.command, folder))
            lengths.append(time.monotonic() - begin)
            estate.shutil.rmtree(folder)
        length = 1.1 * statistics.median(lengths)
        return [(n + random.random()) * length / self.TIMES for n in range(self.TIMES)]

    def hit(self, scenario, folder, point, pristine):
        process = subprocess.Popen(scenario.command, cwd=folder, env=estate.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(point)
        process.kill()
        code = process.wait(estate.SECONDS)
        where = self.where(folder, code)
        judge_all(scenario, folder, code, pristine, killed=True)
        return where

    @staticmethod
    def where(folder, code):
        """How far it came."""
        if code >= 0:
            return 'at its end'
        rows = judge.check_store(os.path.join(folder, 'ca'))
        states = [state for state, _ in rows.values()]
        if RESERVED in states:
            return 'with serials reserved'
        out = os.path.join(folder, 'out')
        files = len([n for n in os.listdir(out) if n[0] != '.']) if os.path.isdir(out) else 0
        signed = len(states) - states.count(FAILED) - 2
        if not signed:
            return 'before the first serial'
        return 'with files missing' if files < 2 * signed else 'between two groups or at the end'


class Error(Traced):
    """Each call fails in the ways that it can; retried or told, and nothing is lost."""

    name = 'error'
    # "+": from there on, as on a disk that stays full. Not brk: the kernel never answers it with an
    # error, and glibc takes that for an address. Not futex: it does not fail, and a wake that is
    # left out is a hang.
    WAYS = {
        'openat': ('EMFILE', 'EMFILE+', 'ENFILE', 'EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EINTR'),
        'write': ('ENOSPC', 'ENOSPC+', 'EIO', 'EDQUOT', 'EINTR'),
        'pwrite64': ('ENOSPC', 'ENOSPC+', 'EIO', 'EDQUOT', 'EINTR'),
        'read': ('EIO', 'EINTR'), 'pread64': ('EIO', 'EINTR'),
        'fsync': ('EIO', 'EIO+', 'ENOSPC', 'EDQUOT', 'EINTR'),
        'fdatasync': ('EIO', 'EIO+', 'ENOSPC', 'EDQUOT', 'EINTR'),
        'sync_file_range': ('EIO',), 'syncfs': ('EIO', 'ENOSPC', 'EDQUOT', 'EINTR'),
        'ftruncate': ('EIO', 'ENOSPC', 'EINTR'), 'fallocate': ('ENOSPC', 'EDQUOT', 'EINTR'),
        'renameat2': ('EIO', 'ENOSPC', 'EDQUOT'), 'rename': ('EIO', 'ENOSPC', 'EDQUOT'),
        'linkat': ('EIO', 'ENOSPC', 'EDQUOT'), 'link': ('EIO', 'ENOSPC', 'EDQUOT'),
        'unlink': ('EIO',), 'unlinkat': ('EIO',), 'rmdir': ('EIO',),
        'mkdir': ('EIO', 'ENOSPC', 'EDQUOT'), 'mkdirat': ('EIO', 'ENOSPC', 'EDQUOT'),
        'mmap': ('ENOMEM',), 'mprotect': ('ENOMEM',), 'mremap': ('ENOMEM',), 'munmap': ('ENOMEM',),
        'getrandom': ('EIO', 'EINTR', 'ENOSYS+'), 'fcntl': ('EIO', 'ENOLCK', 'EINTR'),
        'flock': ('EIO', 'ENOLCK', 'EINTR'), 'close': ('EIO', 'EINTR'),
        'newfstatat': ('EIO',), 'faccessat2': ('EIO',), 'lseek': ('EIO',), 'getdents64': ('EIO',),
        'readlink': ('EIO',), 'getcwd': ('ENOENT',), 'fchmod': ('EIO',), 'fchown': ('EPERM',),
        'clone3': ('EAGAIN', 'EAGAIN+'), 'sched_getaffinity': ('EPERM',),
    }

    def points(self, scenario, pristine, work):
        return [(name, n, way) for name, n in calls_of(scenario, pristine, work)
                for way in self.WAYS.get(name, ())]

    def hit(self, scenario, folder, point, pristine):
        name, n, way = point
        error, when = way.rstrip('+'), f'{n}{"+" * way.endswith("+")}'
        done, text = strace(scenario, folder, '-y', '-e', f'trace={name}', '-e',
                            f'inject={name}:error={error}:when={when}')
        if '(INJECTED)' not in text:
            raise Missed
        if done.returncode in scenario.codes and error != 'EINTR':
            self.lied(text)
        # What could not be told on a broken stderr is told by the exit code.
        if not (name == 'write' and not done.stderr and done.returncode in estate.EXIT_CODES):
            said_why(done)
        # Removing a temporary file may be what failed.
        judge_all(scenario, folder, done.returncode, pristine, killed=name.startswith('unlink'))
        return outcome(done.returncode)


    @staticmethod
    def lied(text):
        """
        Success is told only of what is on the disk. SQLite's own files are another matter: what it
        cannot sync at a checkpoint stays in its log, and it syncs its folder for good measure.
        """
        for path in NOT_SYNCED.findall(text):
            if 'store.db' not in path and os.path.basename(path) not in ('ca', 'new'):
                raise Broken(f'success, and {path} did not reach the disk')


NOT_SYNCED = re.compile(r'(?:fsync|fdatasync|syncfs)\(\d+<([^>]*)>\) += -1 .*\(INJECTED\)')


class Short(Preload):
    """Every read and write moves one byte at a time."""

    name = 'short'
    module = 'short'

    def points(self, scenario, pristine, work):
        return ['all']

    def hit(self, scenario, folder, point, pristine):
        done = self.run(scenario, folder)
        if done.returncode not in scenario.codes:
            raise Broken(f'exit {done.returncode}: {done.stderr.strip()[-200:]}')
        judge_all(scenario, folder, done.returncode, pristine)


class Random(Preload):
    """From some point on there is no randomness: nothing is signed without it."""

    name = 'random'
    module = 'norandom'

    def points(self, scenario, pristine, work):
        return list(range(1, 1 + tally(self, scenario, pristine, work)[0]))

    def hit(self, scenario, folder, point, pristine):
        done = self.run(scenario, folder, FAULT_AT=str(point))
        said_why(done)
        judge_all(scenario, folder, done.returncode, pristine)
        return outcome(done.returncode)


def tally(kind, scenario, pristine, work):
    """What a preloaded library of ours counted in an untouched run, and what more it tells, by line."""
    folder = os.path.join(work, 'trace')
    estate.shutil.copytree(pristine, folder)
    file = os.path.join(folder, 'tally')
    scenario.untouched(kind.run(scenario, folder, FAULT_TALLY=file))
    with open(file, encoding='ascii') as f:
        count, *more = f.read().splitlines()
    estate.shutil.rmtree(folder)
    if int(count) == 0:
        raise SystemExit(f'fault: {kind.name} counts nothing in {scenario.name}')
    return int(count), more
