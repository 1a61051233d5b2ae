"""What every way to break a command has: points(), where, and hit(), which breaks and judges."""

import os
import re
import shutil
import signal
import subprocess

import estate
import judge
import scenarios
from estate import Broken

STARTED = 'prctl(PR_SET_DUMPABLE'  # the first thing main() does: what comes before is the loader's
CALL = re.compile(r'^\d+ +(\w+)\(')


class Kind:
    """
    points(scenario, pristine, work) are what hit(scenario, folder, point, pristine) takes, a fresh
    copy of the pristine folder each time. hit() may return a word for what became of it: they are
    counted, and show that not all points are alike.
    """

    jobs = 64
    few = 8  # points in a short run
    slow = False  # not in a short run

    def missing(self):
        return None

    def scenarios(self):
        return scenarios.ALL

    def step(self, scenario):
        """Where a full run tries only every N-th point, so that it ends the same day."""
        return 1


def outcome(code):
    return f'exit {code}' if code >= 0 else signal.Signals(-code).name


def judge_all(scenario, folder, code, pristine, killed=False):
    scenario.after(folder, code)
    judge.check(folder, pristine, killed)


def said_why(done):
    """A failure is a documented exit code and a message, never a signal."""
    if done.returncode not in estate.EXIT_CODES:
        raise Broken(f'exit {done.returncode}: {done.stderr.strip()[-200:]}')
    if done.returncode not in (0, 11) and not re.search('^subca: ', done.stderr, re.M):
        raise Broken(f'exit {done.returncode} without a message: {done.stderr.strip()[-200:]}')
    if done.returncode == 70:
        raise Broken(f'calls itself a bug: {done.stderr.strip()[-200:]}')


def strace(scenario, folder, *inject):
    log = os.path.join(folder, '.strace')
    argv = ['strace', '-f', '-o', log, *inject, *scenario.command]
    done = subprocess.run(argv, cwd=folder, env=estate.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace', timeout=estate.SECONDS)
    with open(log, encoding='utf-8', errors='replace') as f:
        text = f.read()
    os.unlink(log)
    return done, text


def calls_of(scenario, pristine, work):
    """(name, n): each system call of a run, after the loader's, and which of its name it is."""
    folder = os.path.join(work, 'trace')
    shutil.copytree(pristine, folder)
    done, text = strace(scenario, folder)
    shutil.rmtree(folder)
    scenario.untouched(done)
    seen, calls, started = {}, [], False
    for line in text.splitlines():
        call = CALL.match(line)
        if not call:
            continue
        name = call.group(1)
        seen[name] = seen.get(name, 0) + 1
        started = started or STARTED in line
        if started:
            calls.append((name, seen[name]))
    return calls


class Traced(Kind):
    """Breaks with strace."""

    def missing(self):
        return None if shutil.which('strace') else 'strace is not installed'


class Preload(Kind):
    """A library of ours between the program and libc."""

    module = None

    def missing(self):
        name = estate.library(f'fault/{self.module}')
        return None if os.path.exists(name) else f'{name} is not built'

    def run(self, scenario, folder, **more):
        return estate.run(scenario.command, folder, LD_PRELOAD=estate.library(f'fault/{self.module}'),
                          **more)
