"""subca with a fault built into it: the kind that is there to find it has to.

A mutant is a copy of a source or two with one thing changed, linked in the place of the library's.
Where the text to change is not there any more, the mutant is to be mended with the code.
"""

import os
import random
import shutil
import subprocess

import calls
import clock
import disks
import estate
import memory
import scenarios
import tokens
from estate import Broken, Missed, Scenario
from kind import Kind

class Mutant:
    """changes: what becomes what in the file. words: what the kind has to say of it over a command."""

    def __init__(self, name, file, changes, kind, over, words, variant=''):
        self.name = name
        self.file = file
        self.changes = changes
        self.kind = kind
        self.over = over
        self.words = words
        self.variant = variant  # of the build that it is made from


OF = scenarios.OF
ALL = (
    Mutant('files before the record', 'ca/issue_batch.c', {
        '\t\tbatch_group_record(&r->side, &g->of);\n': '',
        '\t\tbatch_group_publish(&r->side, &g->of);\n':
        '\t\tbatch_group_publish(&r->side, &g->of);\n\t\tbatch_group_record(&r->side, &g->of);\n'},
        calls.Kill, OF['batch'], 'a certificate that the store does not know'),
    Mutant('signs again', 'ca/issue.c', {
        '\tif (row->state == CERT_FAILED)\n\t\treturn STATUS_OK;': '\tif (row)\n\t\treturn STATUS_OK;'},
        calls.Short, OF['batch'], 'the batch does not go on'),
    Mutant('a CRL number twice', 'ca/store_sqlite_crl.c', {
        'coalesce(max(number), 0) FROM crl"': 'coalesce(max(number), 0) FROM crl WHERE state = 2"'},
        calls.Kill, OF['crl'], 'is in use'),
    Mutant('no sync of the store', 'ca/store_sqlite.c', {
        'synchronous = FULL;': 'synchronous = OFF;',
        'sql_integer(s, "PRAGMA synchronous", &level, e)': 'sql_integer(s, "SELECT 2", &level, e)'},
        disks.Power, OF['sign'], ''),
    Mutant('files that are not synced', 'base/file_stage.c', {
        '(fds[i] < 0 || fsync(fds[i]) != 0)': '(fds[i] < 0 || (fsync(fds[i]) != 0 && !e))'},
        calls.Error, OF['sign'], 'did not reach the disk'),
    Mutant('one write is enough', 'base/file_stage.c', {
        '\t\tcontent.len -= (size_t)put;': '\t\tcontent.len = 0;'},
        calls.Short, OF['sign'], 'is not whole'),
    Mutant('memory that is taken for granted', 'base/bytes.c', {
        '\tif (!data)\n\t\treturn error_memory(e);\n\tif (from.len)': '\tif (from.len)'},
        memory.Memory, OF['sign'], 'exit -11'),
    Mutant('a clock that is believed', 'ca/clock.c', {
        'return now + CLOCK_SLACK < last;': 'return now < 0 && last;'},
           clock.Clock, Scenario(clock.Back.NAME, clock.Back, misses=0, base='requests'), 'exit 0'),
    Mutant('a token that is believed', 'hsm/signer.c', {
        '\tif (EVP_DigestVerifyInit(context, NULL, digest, NULL, key) != 1 ||':
        '\tif (!context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) != 1 &&'},
        tokens.Token, tokens.OF['sign'], 'out.pem: verification failed'),
    Mutant('a way out that frees nothing', 'hsm/signer.c', {
        '\tEVP_MD_CTX_free(context);\n\treturn status;': '\treturn status;'},
        memory.Leak, OF['sign'], 'leaked in', variant='asan'),
)


def build(mutant):
    """A subca made of what the build has, but for this file."""
    file = mutant.file
    folder = os.path.join(estate.BUILD, 'fault', mutant.name.replace(' ', '-'))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(estate.TOP, file), encoding='utf-8') as f:
        text = f.read()
    for old, new in mutant.changes.items():
        if text.count(old) != 1:
            raise Broken(f'{file} has not got {old!r} once: mend the mutant')
        text = text.replace(old, new)
    source, program = os.path.join(folder, os.path.basename(file)), os.path.join(folder, 'subca')
    with open(source, 'w', encoding='utf-8') as f:
        f.write(text)
    with open(os.path.join(estate.BUILD, mutant.variant, 'flags'), encoding='utf-8') as f:
        compiler = f.read().strip()
    link = estate.must(['make', '-s', 'print-link', f'VARIANT={mutant.variant}'], estate.TOP)
    done = subprocess.run(['sh', '-c', f"{compiler} -w -pie -fPIE -o '{program}' '{source}' {link}"],
                          cwd=estate.TOP, capture_output=True, text=True, timeout=estate.SECONDS)
    if done.returncode != 0:
        raise Broken(f'{file}: {done.stderr.strip()[-400:]}')
    return program


class Mutants(Kind):
    name = 'mutants'
    slow = True
    jobs = 1
    MOST = 120  # points until it has to be found

    def missing(self):
        if not os.path.exists(os.path.join(estate.BUILD, 'flags')) or not shutil.which('make'):
            return 'there is no build to change'
        return None

    def scenarios(self):
        return [Scenario('all kinds', (), misses=0)]

    def points(self, scenario, pristine, work):
        return [mutant.name for mutant in ALL]

    def hit(self, scenario, folder, point, pristine):
        mutant = next(m for m in ALL if m.name == point)
        kind = mutant.kind()
        if kind.missing():
            return f'skipped: {kind.missing()}'
        work = folder + '.work'
        os.mkdir(work)
        try:
            start = estate.Pristine(work).folder(mutant.over.base)
            points = kind.points(mutant.over, start, work)
            estate.HERE.program = build(mutant)
            return self.find(mutant, kind, points, start, work)
        finally:
            vars(estate.HERE).pop('program', None)
            shutil.rmtree(work, ignore_errors=True)

    def find(self, mutant, kind, points, start, work):
        random.shuffle(points)
        for n, point in enumerate(sorted(points, key=self.likely)[:self.MOST]):
            folder = os.path.join(work, f'{n}')
            shutil.copytree(start, folder)
            try:
                kind.hit(mutant.over, folder, point, start)
            except Missed:
                pass
            except Broken as found:
                if mutant.words not in str(found):
                    raise Broken(f'{mutant.name}: found as something else: {found}') from found
                return 'found'
            shutil.rmtree(folder)
        raise Broken('not found: the kind is blind')

    @staticmethod
    def likely(point):
        """Those first that such a fault shows at."""
        text = str(point)
        return not any(word in text for word in ('wrong', 'fsync', 'fdatasync', 'subca', disks.END))
