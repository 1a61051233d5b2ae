"""Allocations that fail, one a run: OpenSSL's, SQLite's, libconfig's and ours."""

import os
import signal

import estate
import scenarios
from calls import tally
from estate import Broken
from kind import Preload, judge_all, outcome, said_why


def ended_in_libconfig(done):
    """It goes on with NULL, and its scanner ends the process: as bad as a kill, and no worse."""
    return done.returncode == -signal.SIGSEGV or 'AddressSanitizer: SEGV' in done.stderr or (
        done.returncode == 2 and 'out of dynamic memory in libconfig' in done.stderr)


def said_of_memory(done, scenario):
    """It was not needed, or it is the machine that failed: nobody else is blamed."""
    said_why(done)
    if done.returncode not in (*scenario.codes, MACHINE):
        raise Broken(f'exit {done.returncode} for want of memory: {done.stderr.strip()[-200:]}')


MACHINE = 10


class Memory(Preload):
    """
    The first allocation from each place: two come from the same one where all calls down to main()
    are the same. --every tries all, which are ten times as many.
    """

    name = 'memory'
    module = 'nomemory'
    every = False

    def step(self, scenario):
        return 1 if self.every or scenario.name in ('sign', 'audit') else 5

    def points(self, scenario, pristine, work):
        count, firsts = tally(self, scenario, pristine, work)
        if self.every:
            return [(str(n), '') for n in range(1, count + 1)]
        return [tuple(line.split()) for line in firsts]

    def hit(self, scenario, folder, point, pristine):
        number, _ = point
        note = os.path.join(folder, 'libconfig')
        done = self.run(scenario, folder, FAULT_AT=number, FAULT_LIBCONFIG=note)
        if os.path.exists(note) and ended_in_libconfig(done):
            judge_all(scenario, folder, done.returncode, pristine, killed=True)
            return 'ended in libconfig'
        said_of_memory(done, scenario)
        judge_all(scenario, folder, done.returncode, pristine)
        return outcome(done.returncode)


class Leak(Preload):
    """The same under LeakSanitizer, which looks at the end for what nobody holds any more."""

    name = 'leak'
    module = 'nomemory'
    slow = True
    LEAKED = 99

    def program(self):
        return getattr(estate.HERE, 'program', os.path.join(estate.BUILD, 'asan', 'subca'))

    def missing(self):
        if not os.path.exists(self.program()):
            return f'{self.program()} is not built'
        return super().missing()

    def scenarios(self):
        return [s for s in scenarios.ALL if s.name in ('sign', 'audit')]

    def run(self, scenario, folder, **more):
        return estate.run(
            [self.program(), *scenario.command[1:]], folder,
            LD_PRELOAD=estate.library(f'fault/{self.module}'),
            ASAN_OPTIONS=f'verify_asan_link_order=0:detect_leaks=1:exitcode={self.LEAKED}',
            **more)

    def step(self, scenario):
        return 5

    def points(self, scenario, pristine, work):
        return [tuple(line.split()) for line in tally(self, scenario, pristine, work)[1]]

    def hit(self, scenario, folder, point, pristine):
        number, _ = point
        note = os.path.join(folder, 'libconfig')
        done = self.run(scenario, folder, FAULT_AT=number, FAULT_LIBCONFIG=note)
        if os.path.exists(note) and ended_in_libconfig(done):
            return 'ended in libconfig'
        if done.returncode == self.LEAKED or 'Sanitizer' in done.stderr:
            raise Broken(done.stderr.strip()[-1500:])
        said_of_memory(done, scenario)
        return outcome(done.returncode)
