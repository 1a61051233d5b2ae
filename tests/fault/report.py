"""What a run found: rows as they come, and the table in Markdown and JSON when it ends."""

import collections
import datetime
import json
import os
import platform
import subprocess
import time

import estate


def words(*argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=estate.SECONDS)
    except OSError:
        return '?'
    return done.stdout.strip().split('\n')[0] or '?'


def processor():
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.machine()


def machine():
    return {
        'cpu': processor(), 'cores': os.cpu_count(), 'kernel': platform.release(),
        'file_system': words('stat', '-f', '-c', '%T', estate.BUILD),
        'openssl': words('openssl', 'version'),
        'subca': words(estate.SUBCA, '--version'),
    }


class Report:
    def __init__(self):
        self.begin = datetime.datetime.now(datetime.timezone.utc)
        self.rows = []
        self.skipped = {}
        self.clock = time.monotonic()

    @staticmethod
    def heading():
        print(f'{"what breaks":<12} {"in":<16} {"points":>7} {"held":>7} {"seconds":>8}', flush=True)

    def skip(self, kind, why):
        self.skipped[kind] = why
        print(f'{kind:<12} skipped: {why}', flush=True)

    def add(self, kind, scenario, of, tried, broken, outcomes):
        now = time.monotonic()
        row = {'kind': kind, 'in': scenario, 'of': of, 'points': tried, 'held': tried - len(broken),
               'seconds': round(now - self.clock, 1),
               'outcomes': dict(collections.Counter(o for o in outcomes if o).most_common()),
               'broken': [{'point': str(point), 'what': what} for point, what in broken]}
        self.clock = now
        self.rows.append(row)
        print(f'{kind:<12} {scenario:<16} {row["points"]:>7} {row["held"]:>7} {row["seconds"]:>8}',
              flush=True)
        for point, what in broken[:10]:
            print(f'    {point}: {what}', flush=True)

    def failed(self):
        return sum(len(r['broken']) + (r['points'] == 0) for r in self.rows)

    def markdown(self):
        lines = ['| what breaks | in | points | held | what became of it |', '| --- | --- | ---: | ---: | --- |']
        for r in self.rows:
            of = f' of {r["of"]}' if r['of'] > r['points'] else ''
            told = ', '.join(k if v == 1 and r['points'] == 1 else f'{v} {k}'
                             for k, v in r['outcomes'].items())
            lines.append(f'| {r["kind"]} | {r["in"]} | {r["points"]}{of} | {r["held"]} | {told} |')
        lines += [f'| {kind} | | skipped | | {why} |' for kind, why in self.skipped.items()]
        tried, held = (sum(r[what] for r in self.rows) for what in ('points', 'held'))
        lines.append(f'| **all** | | **{tried}** | **{held}** | |')
        return '\n'.join(lines)

    def write(self):
        """$SUBCA_BUILD/fault/fault.{json,md}; the Markdown is told as well."""
        m = machine()
        folder = os.path.join(estate.BUILD, 'fault')
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, 'fault.json'), 'w', encoding='utf-8') as f:
            json.dump({'date': self.begin.isoformat(timespec='seconds'), 'machine': m,
                       'rows': self.rows, 'skipped': self.skipped}, f, indent=1)
        head = (f'{self.begin.date()}, {m["cores"]} × {m["cpu"]}, kernel {m["kernel"]},'
                f' {m["file_system"]}, {m["openssl"]}, {m["subca"]}')
        with open(os.path.join(folder, 'fault.md'), 'w', encoding='utf-8') as f:
            f.write(f'{head}\n\n{self.markdown()}\n')
        print(f'\n{head}\n\n{self.markdown()}')
