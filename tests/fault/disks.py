"""Disks: the power goes, or they are full, of bytes or of files, or read-only."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

import estate
import judge
import scenarios
from estate import Broken
from kind import Kind, Traced, calls_of, judge_all, outcome, said_why

END = 'the end'


def do(*argv):
    subprocess.run(argv, check=True, capture_output=True, timeout=estate.SECONDS)


class Mounted:
    """Something mounted at a place of its own, as long as it is used."""

    def __init__(self, place, *how):
        self.place = place
        self.how = how

    def __enter__(self):
        os.makedirs(self.place, exist_ok=True)
        do('mount', *self.how, self.place)
        return self.place

    def __exit__(self, *_):
        for _ in range(100):
            if subprocess.run(['umount', self.place], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        subprocess.run(['umount', '-l', self.place], capture_output=True)


def may_mount(how):
    """Why nothing can be mounted here, or None."""
    if os.geteuid() != 0:
        return 'mounting needs root'
    folder = tempfile.mkdtemp(prefix='mount-', dir=estate.BUILD)
    try:
        with how(folder):
            return None
    except (subprocess.CalledProcessError, OSError):
        return 'nothing can be mounted here'
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- the power ----------------------------------------------------------------------------------

class Disk:
    """An ext4 in a file; content is copied onto it and synced."""

    def __init__(self, content=None):
        self.content = content

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='disk-', dir=estate.BUILD)
        self.image = os.path.join(self.folder, 'image')
        with open(self.image, 'wb') as f:
            f.truncate(24 << 20)
        do('mkfs.ext4', '-q', '-F', self.image)
        if self.content:
            with self.mounted() as place:
                shutil.rmtree(os.path.join(place, 'lost+found'), ignore_errors=True)
                shutil.copytree(self.content, place, dirs_exist_ok=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def mounted(self):
        return Mounted(os.path.join(self.folder, 'place'), '-o', 'loop', self.image)

    def cut(self):
        """From here on the disk is what the file held just now."""
        copy = self.image + '.cut'
        shutil.copyfile(self.image, copy)
        self.image = copy


class Power(Traced):
    """
    The CA lies on an ext4 of its own, in a file. At each write and sync the command is stopped and
    the file copied without a sync: what the copy holds is what the disk had. The copy is mounted,
    which replays its journal, and judged. Stopped as it ends, all it told of must be there.
    """

    name = 'power'
    jobs = 1
    few = 3
    CALLS = ('write', 'pwrite64', 'fsync', 'fdatasync', 'syncfs', 'renameat2', 'unlink', 'ftruncate')

    def missing(self):
        if not shutil.which('mkfs.ext4'):
            return 'mkfs.ext4 is not installed'
        why = super().missing()
        if why:
            return why
        why = may_mount(lambda folder: Mounted(folder, '-t', 'tmpfs', 'tmpfs'))
        if why:
            return why
        try:
            with Disk() as disk, disk.mounted():
                return None
        except subprocess.CalledProcessError:
            return 'loop devices cannot be mounted here'

    def scenarios(self):
        return [s for s in scenarios.ALL if s.name in ('sign', 'batch', 'revoke', 'crl')]

    def points(self, scenario, pristine, work):
        return [END] + [c for c in calls_of(scenario, pristine, work) if c[0] in self.CALLS]

    def hit(self, scenario, folder, point, pristine, **more):
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
                judge_all(scenario, place, 0 if point == END else -signal.SIGKILL, pristine,
                          killed=True)

    def stop_at(self, scenario, place, disk, point):
        name, n = point
        log = os.path.join(disk.folder, 'log')
        argv = ['strace', '-f', '-o', log, '-e', f'trace={name}', '-e',
                f'inject={name}:signal=STOP:when={n}', *scenario.command]
        process = subprocess.Popen(argv, cwd=place, env=estate.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for_stop(log, process)
            disk.cut()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(estate.SECONDS)


def wait_for_stop(log, process):
    end = time.monotonic() + estate.SECONDS
    while time.monotonic() < end:
        try:
            with open(log, encoding='utf-8', errors='replace') as f:
                if 'stopped by SIGSTOP' in f.read():
                    return
        except FileNotFoundError:
            pass
        if process.poll() is not None:
            raise estate.Missed
        time.sleep(0.002)
    raise Broken('it was not stopped in time')


class NoSync(Power):
    """Does the power test see anything? Without its syncs a command must lose what it told of."""

    name = 'no-sync'

    def points(self, scenario, pristine, work):
        return [END]

    def hit(self, scenario, folder, point, pristine, **more):
        try:
            super().hit(scenario, folder, point, pristine, LD_PRELOAD=estate.library('fault/nosync'))
        except Broken:
            return 'seen'
        raise Broken('lost nothing without a sync: the power test is blind')


# --- full, and read-only ------------------------------------------------------------------------

PAGE = 4096


class Full(Kind):
    """
    A tmpfs that has room for so many pages or files, swept from none to more than the command needs;
    and one that is read-only. Then there is room again.
    """

    name = 'full'
    jobs = 2
    few = 6
    MOST = 400  # of either; no command of ours comes near

    def missing(self):
        return may_mount(lambda folder: Mounted(folder, '-t', 'tmpfs', 'tmpfs'))

    def points(self, scenario, pristine, work):
        pages, files = self.needs(scenario, pristine, work)
        return [('read-only', 0)] + [('pages', n) for n in range(pages + 2)] + [
            ('files', n) for n in range(files + 2)]

    def needs(self, scenario, pristine, work):
        """How much room an untouched run takes, at the most and not in the end."""
        low = {'pages': -1, 'files': -1}
        for what in low:
            high = self.MOST
            while high - low[what] > 1:
                middle = (low[what] + high) // 2
                code = self.attempt(scenario, os.path.join(work, 'needs'), pristine, (what, middle))
                if code in scenario.codes:
                    high = middle
                else:
                    low[what] = middle
            low[what] = high
        return low['pages'], low['files']

    def attempt(self, scenario, place, pristine, point):
        with self.disk(place, pristine):
            with self.narrow(place, point):
                return estate.run(scenario.command, place).returncode

    @staticmethod
    def disk(place, content):
        class Filled(Mounted):
            def __enter__(self):
                super().__enter__()
                shutil.copytree(content, self.place, dirs_exist_ok=True)
                return self.place

        return Filled(place, '-t', 'tmpfs', '-o', 'size=256m,nr_inodes=100000', 'tmpfs')

    @staticmethod
    def narrow(place, point):
        """For a while there is only so much room."""
        what, count = point

        class Narrow:
            def __enter__(self):
                now = os.statvfs(place)
                used = {'pages': now.f_blocks - now.f_bfree, 'files': now.f_files - now.f_ffree}
                how = {'pages': f'size={(used["pages"] + count) * PAGE}',
                       'files': f'nr_inodes={used["files"] + count}', 'read-only': 'ro'}
                do('mount', '-o', f'remount,{how[what]}', place)

            def __exit__(self, *_):
                do('mount', '-o', 'remount,rw,size=256m,nr_inodes=100000', place)

        return Narrow()

    def hit(self, scenario, folder, point, pristine):
        place = folder + '.full'
        try:
            with self.disk(place, folder):
                with self.narrow(place, point):
                    done = estate.run(scenario.command, place)
                said_why(done)
                if point[0] == 'read-only':
                    self.unchanged(scenario, done, place, pristine)
                judge_all(scenario, place, done.returncode, pristine)
                return outcome(done.returncode)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    @staticmethod
    def unchanged(scenario, done, place, pristine):
        if done.returncode in scenario.codes:
            raise Broken('success, on a read-only disk')
        ca = os.path.join(place, 'ca')
        if judge.check_store(ca) != judge.start(pristine)[0]:
            raise Broken('the store changed on a read-only disk')
