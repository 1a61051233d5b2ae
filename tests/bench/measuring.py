"""What the benchmarks share: one way to run, to measure and to name the machine."""
import os
import platform
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('SUBCA_BUILD', os.path.join(TOP, 'build')))
SUBCA = os.environ.get('SUBCA', os.path.join(BUILD, 'subca'))
CORES = len(os.sched_getaffinity(0))


def words(*command, env=None):
    """What a command prints, or the end of the run in its own words."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env,
                          check=False)
    if done.returncode != 0:
        sys.exit(f'bench: {" ".join(command[:8])}: exit {done.returncode}: '
                 f'{done.stdout[-300:]}{done.stderr[-300:]}')
    return done.stdout


def measure(*command, env=None):
    """Wall milliseconds, processor milliseconds and MiB, as the kernel accounts for them."""
    said = words(os.path.join(BUILD, 'tests/bench/measure'), *command, env=env)
    nanoseconds, kib, microseconds = map(int, said.split())
    return nanoseconds / 1e6, microseconds / 1e3, kib / 1024


def take_turns(commands, runs):
    """{name: figures} of {name: i -> command}; what else the machine does meets all alike. A first
    run of each warms the caches and is not counted."""
    taken = {name: [] for name in commands}
    for i in range(runs + 1):
        for name, command in commands.items():
            result = measure(*command(i))
            if i > 0:
                taken[name].append(result)
    return {name: {'ms': statistics.median(r[0] for r in results),
                   'processor_ms': statistics.median(r[1] for r in results),
                   'peak_mib': max(r[2] for r in results)} for name, results in taken.items()}


def processor():
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.machine()


def machine():
    return {'cpu': processor(), 'cores': CORES, 'kernel': platform.release(),
            'file_system': words('stat', '-f', '-c', '%T', BUILD).strip(),
            'openssl': words('openssl', 'version').strip(), 'subca': words(SUBCA, '--version').strip()}
