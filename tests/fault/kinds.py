"""The ways to break a command. Each has points(), where, and hit(), which breaks and judges."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time

import estate
from estate import Broken, Missed

STARTED = 'prctl(PR_SET_DUMPABLE'  # the first thing main() does: what comes before is the loader's
CALL = re.compile(r'^\d+ +(\w+)\(')
END = 'the end'


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
    if done.returncode != 0:
        raise SystemExit(f'fault: {scenario.name} fails untouched: {done.stderr.strip()}')
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


def judge(scenario, folder, code, killed=False):
    if scenario.after:
        scenario.after(folder, code)
    estate.check(folder, killed)


def said_why(done, bug_allowed=False):
    """A failure is a documented exit code and a message, never a signal."""
    if done.returncode not in estate.EXIT_CODES:
        raise Broken(f'exit {done.returncode}: {done.stderr.strip()[-200:]}')
    if done.returncode != 0 and not re.search('^subca: ', done.stderr, re.M):
        raise Broken(f'exit {done.returncode} without a message: {done.stderr.strip()[-200:]}')
    if done.returncode == 70 and not bug_allowed:
        raise Broken(f'calls itself a bug: {done.stderr.strip()[-200:]}')


class Kind:
    jobs = 64
    few = 12  # points in a short run

    def missing(self):
        return None

    def scenarios(self):
        return estate.SCENARIOS


class Kill(Kind):
    name = 'kill'

    def missing(self):
        return None if shutil.which('strace') else 'strace is not installed'

    def points(self, scenario, pristine, work):
        return [c for c in calls_of(scenario, pristine, work) if c[0] != 'exit_group']

    def hit(self, scenario, folder, point):
        name, n = point
        done, text = strace(scenario, folder, '-e', f'trace={name}', '-e',
                            f'inject={name}:signal=KILL:when={n}')
        if 'killed by SIGKILL' not in text:
            raise Missed
        judge(scenario, folder, -signal.SIGKILL, killed=True)


class Error(Kind):
    """Each call fails in the ways that it can; retried or told, and nothing is lost."""

    name = 'error'
    # Not brk: the kernel never answers it with an error, and glibc takes that for an address.
    WAYS = {
        'openat': ('EMFILE', 'EIO', 'ENOSPC', 'EACCES'), 'write': ('ENOSPC', 'EIO', 'EDQUOT', 'EINTR'),
        'pwrite64': ('ENOSPC', 'EIO', 'EDQUOT'), 'read': ('EIO', 'EINTR'), 'pread64': ('EIO',),
        'fsync': ('EIO', 'ENOSPC'), 'fdatasync': ('EIO', 'ENOSPC'), 'ftruncate': ('EIO',),
        'renameat2': ('EIO', 'ENOSPC'), 'rename': ('EIO',), 'unlink': ('EIO',), 'mkdir': ('EIO',),
        'mmap': ('ENOMEM',), 'getrandom': ('EIO',), 'fcntl': ('EIO', 'ENOLCK'), 'close': ('EIO',),
        'newfstatat': ('EIO',), 'flock': ('EIO', 'EINTR'),
        'fchmod': ('EIO',), 'linkat': ('EIO',), 'fallocate': ('ENOSPC',),
    }

    def missing(self):
        return None if shutil.which('strace') else 'strace is not installed'

    def points(self, scenario, pristine, work):
        return [(name, n, way) for name, n in calls_of(scenario, pristine, work)
                for way in self.WAYS.get(name, ())]

    def hit(self, scenario, folder, point):
        name, n, way = point
        done, text = strace(scenario, folder, '-e', f'trace={name}', '-e',
                            f'inject={name}:error={way}:when={n}')
        if '(INJECTED)' not in text:
            raise Missed
        # What could not be told on a broken stderr is told by the exit code.
        if not (name == 'write' and not done.stderr and done.returncode in estate.EXIT_CODES):
            said_why(done)
        # Removing a temporary file may be what failed.
        judge(scenario, folder, done.returncode, killed=name == 'unlink')


class Preload(Kind):
    """A library of ours between the program and libc."""

    module = None
    jobs = 64

    def library(self):
        return os.path.join(estate.BUILD, 'tests', 'fault', f'{self.module}.so')

    def missing(self):
        return None if os.path.exists(self.library()) else f'{self.library()} is not built'

    def run(self, scenario, folder, **more):
        return estate.run(scenario.command, folder, LD_PRELOAD=self.library(), **more)


class Short(Preload):
    """Every read and write moves one byte at a time."""

    name = 'short'
    module = 'short'

    def points(self, scenario, pristine, work):
        return ['all']

    def hit(self, scenario, folder, point):
        done = self.run(scenario, folder)
        if done.returncode != 0:
            raise Broken(f'exit {done.returncode}: {done.stderr.strip()[-200:]}')
        judge(scenario, folder, 0)


class Memory(Preload):
    name = 'memory'
    module = 'nomemory'

    def points(self, scenario, pristine, work):
        folder = os.path.join(work, 'trace')
        shutil.copytree(pristine, folder)
        tally = os.path.join(folder, 'tally')
        done = self.run(scenario, folder, FAULT_TALLY=tally)
        if done.returncode != 0:
            raise SystemExit(f'fault: {scenario.name} fails untouched: {done.stderr.strip()}')
        with open(tally, encoding='ascii') as f:
            count = int(f.read())
        shutil.rmtree(folder)
        return list(range(1, count + 1))

    def hit(self, scenario, folder, point):
        done = self.run(scenario, folder, FAULT_AT=str(point))
        # OpenSSL tells of some failed allocations as of a thing that cannot be.
        said_why(done, bug_allowed=True)
        judge(scenario, folder, done.returncode)


class Power(Kind):
    """
    The CA lies on an ext4 of its own, in a file. At each write and sync the command is stopped and
    the file copied without a sync: what the copy holds is what the disk had. The copy is mounted,
    which replays its journal, and judged. Stopped as it ends, all it told of must be there.
    """

    name = 'power'
    jobs = 1
    few = 4
    CALLS = ('write', 'pwrite64', 'fsync', 'fdatasync', 'renameat2', 'unlink', 'ftruncate')

    def missing(self):
        if os.geteuid() != 0 or not shutil.which('mkfs.ext4'):
            return 'mounting needs root and mkfs.ext4'
        try:
            with Disk() as disk, disk.mounted():
                pass
        except subprocess.CalledProcessError:
            return 'loop devices cannot be mounted here'
        return None

    def scenarios(self):
        return [s for s in estate.SCENARIOS if s.name in ('sign', 'batch', 'revoke', 'crl')]

    def points(self, scenario, pristine, work):
        return [END] + [c for c in calls_of(scenario, pristine, work) if c[0] in self.CALLS]

    def hit(self, scenario, folder, point, **more):
        with Disk(folder) as disk:
            with disk.mounted() as place:
                if point == END:
                    done = estate.run(scenario.command, place, **more)
                    if done.returncode != 0:
                        raise Broken(f'exit {done.returncode}: {done.stderr.strip()}')
                    disk.cut()
                else:
                    self.stop_at(scenario, place, disk, point)
            with disk.mounted() as place:
                judge(scenario, place, 0 if point == END else -signal.SIGKILL, killed=True)

    def stop_at(self, scenario, place, disk, point):
        name, n = point
        argv = ['strace', '-f', '-o', os.path.join(disk.folder, 'log'), '-e', f'trace={name}',
                '-e', f'inject={name}:signal=STOP:when={n}', *scenario.command]
        process = subprocess.Popen(argv, cwd=place, env=estate.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            self.wait_for_stop(disk, process)
            disk.cut()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(estate.SECONDS)

    @staticmethod
    def wait_for_stop(disk, process):
        end = time.monotonic() + estate.SECONDS
        while time.monotonic() < end:
            try:
                with open(os.path.join(disk.folder, 'log'), encoding='utf-8') as f:
                    if 'stopped by SIGSTOP' in f.read():
                        return
            except FileNotFoundError:
                pass
            if process.poll() is not None:
                raise Broken('it ended before it was stopped')
            time.sleep(0.002)
        raise Broken('it was not stopped in time')


class Control(Power):
    """Does the power test see anything? Without its syncs a command must lose what it told of."""

    name = 'no sync'

    def points(self, scenario, pristine, work):
        return [END]

    def hit(self, scenario, folder, point):
        preload = os.path.join(estate.BUILD, 'tests', 'fault', 'nosync.so')
        try:
            super().hit(scenario, folder, point, LD_PRELOAD=preload)
        except Broken:
            return
        raise Broken('lost nothing without a sync: the power test is blind')


class Disk:
    """An ext4 in a file beside nothing else; content is copied onto it and synced."""

    def __init__(self, content=None):
        self.content = content

    def __enter__(self):
        import tempfile
        self.folder = tempfile.mkdtemp(prefix='disk-', dir=estate.BUILD)
        self.image = os.path.join(self.folder, 'image')
        with open(self.image, 'wb') as f:
            f.truncate(24 << 20)
        self.do('mkfs.ext4', '-q', '-F', self.image)
        if self.content:
            with self.mounted() as place:
                shutil.copytree(self.content, place, dirs_exist_ok=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def do(*argv):
        subprocess.run(argv, check=True, capture_output=True, timeout=estate.SECONDS)

    def mounted(self):
        return Mounted(self)

    def cut(self):
        """From here on the disk is what the file held just now."""
        copy = self.image + '.cut'
        shutil.copyfile(self.image, copy)
        self.image = copy


class Mounted:
    def __init__(self, disk):
        self.disk = disk

    def __enter__(self):
        self.place = os.path.join(self.disk.folder, 'place')
        os.makedirs(self.place, exist_ok=True)
        self.disk.do('mount', '-o', 'loop', self.disk.image, self.place)
        shutil.rmtree(os.path.join(self.place, 'lost+found'), ignore_errors=True)
        return self.place

    def __exit__(self, *_):
        for _ in range(100):
            if subprocess.run(['umount', self.place], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        subprocess.run(['umount', '-l', self.place], capture_output=True)


class Together(Kind):
    """Many at once on one CA: each waits, or says that it is busy; nothing is there twice."""

    name = 'together'
    jobs = 1
    PROCESSES = 8

    def scenarios(self):
        return [self.Everyone('all at once'), self.Everyone('one stopped')]

    class Everyone:
        command = None
        after = None

        misses = 0

        def __init__(self, name):
            self.name = name

    def missing(self):
        return None if shutil.which('strace') else 'strace is not installed'

    def points(self, scenario, pristine, work):
        return [float(os.environ.get('FAULT_SECONDS', '10'))]

    def hit(self, scenario, folder, seconds):
        if scenario.name == 'one stopped':
            self.one_stopped(folder)
        else:
            self.all_at_once(folder, seconds)
        estate.check(folder, killed=scenario.name == 'one stopped')

    def all_at_once(self, folder, seconds):
        end = time.monotonic() + seconds
        trouble, done = [], []

        def work(worker):
            turn = 0
            while time.monotonic() < end and not trouble:
                turn += 1
                name = f'w{worker}-{turn}'
                job = estate.run(estate.subca(
                    *estate.SIGN, '--reissue', name, '-o', f'{name}.pem', '--chain',
                    f'{name}-chain.pem', 'request.csr'), folder)
                tries = [job]
                if turn % 3 == 0:
                    tries.append(estate.run(estate.subca(
                        'revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded',
                        f'{name}.pem'), folder))
                if turn % 5 == worker % 5:
                    tries.append(estate.run(estate.subca('crl', '-C', 'ca', '--quiet'), folder))
                if turn % 4 == 0:
                    tries.append(estate.run(estate.subca('-C', 'ca', 'journal', 'verify',
                                                         '--quiet'), folder))
                for t in tries:
                    if t.returncode not in (0, 6):
                        trouble.append(f'{" ".join(t.args[1:4])}: exit {t.returncode}: '
                                       f'{t.stderr.strip()}')
                done.append(name if job.returncode == 0 else None)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(self.PROCESSES)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if trouble:
            raise Broken('; '.join(trouble[:3]))
        rows = estate.check_store(os.path.join(folder, 'ca'))
        signed = sum(state in (estate.ISSUED, estate.REVOKED) for state, _ in rows.values()) - 2
        wanted = len([d for d in done if d])
        if signed != wanted or not wanted:
            raise Broken(f'{wanted} were told to be signed, {signed} are in the store')
        estate.check_files(folder, rows)

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
            end = time.monotonic() + estate.SECONDS
            while time.monotonic() < end:
                if os.path.exists(log) and 'stopped by SIGSTOP' in open(log, encoding='utf-8').read():
                    break
                time.sleep(0.01)
            else:
                raise Broken('it was not stopped')
            other = estate.run(estate.subca(*estate.SIGN, '-o', 'next.pem', '--chain',
                                            'next-chain.pem', 'next.csr'), folder)
            if other.returncode != 6 or 'busy' not in other.stderr + 'busy':
                raise Broken(f'beside a stopped one: exit {other.returncode}: {other.stderr}')
            shown = estate.run(estate.subca('-C', 'ca', 'list', '--quiet'), folder)
            if shown.returncode != 0:
                raise Broken(f'a reader beside a stopped one: {shown.stderr}')
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


KINDS = [Kill(), Error(), Short(), Memory(), Power(), Control(), Together()]
