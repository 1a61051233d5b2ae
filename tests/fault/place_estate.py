"""Every command of subca, over one small estate, for tests/fault/places.

A Command says what may come of it: `makes` are the files and folders that may be new or other
afterwards (all that stand for a success must then be there), `stable` that its output is the same
each time, so that a run that says that it succeeded must have said the same. Where `makes` names a
CA's folder, its store is judged instead of its bytes.
"""

import os
import shutil
import time

import estate
from estate import must, subca

TOKEN = 'pkcs11:token=Root%20CA'


class Command:
    def __init__(self, name, words, makes=(), codes=(0,), stable=None, token=False, env=None,
                 judges=False):
        self.name = name
        self.argv = subca(*words.split())
        self.makes = tuple(makes)
        self.codes = codes
        self.stable = not makes if stable is None else stable
        self.token = token
        self.env = env or {}
        self.judges = judges  # what it could not look at is a finding, and its exit code another


def environment(folder, command):
    """SoftHSM keeps its tokens in the folder, so that a copy of it has tokens of its own."""
    env = {'SOFTHSM2_CONF': os.path.join(folder, 'softhsm2.conf'), 'SUBCA_PIN': '1234',
           'SUBCA_PASSPHRASE': 'correct', 'SUBCA_BACKUP_PASSWORD': 'a backup of ours',
           'SUBCA_SO_PIN': '12345678', 'HOME': folder}
    with open(env['SOFTHSM2_CONF'], 'w', encoding='utf-8') as f:
        f.write(f'directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n'
                'log.level = ERROR\n')
    env.update(command.env)
    return env


# --- the estate ---------------------------------------------------------------------------------

def request(folder, name, subject, *more, key='ec'):
    way = {'ec': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'), 'rsa': ('rsa:2048',)}[key]
    must(['openssl', 'req', '-new', '-newkey', *way, '-nodes', '-keyout', f'{name}.key', '-out',
          f'{name}.csr', '-subj', subject, *more], folder)
    os.chmod(os.path.join(folder, f'{name}.key'), 0o600)


def sign(folder, ca, profile, name, *more):
    must(subca('sign', '-C', ca, '--yes', '--quiet', '--profile', profile, '-o', f'{name}.pem',
               '--chain', f'{name}-chain.pem', *more, f'{name}.csr'), folder)


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(path, 0o600)


URLS = ('--crl-url', 'http://pki.example/root.crl', '--ocsp-url', 'http://pki.example/ocsp',
        '--ca-issuers-url', 'http://pki.example/root.der')


def make_cas(folder):
    must(subca('init', 'ca', '--subject', 'C=DE,O=Example,CN=Root', '--no-passphrase', '--quiet',
               '--yes', '--key', 'ec:P-256', *URLS), folder)
    must(subca('init', 'issuing', '--parent', 'ca', '--subject', 'C=DE,O=Example,CN=Issuing',
               '--key', 'ec:P-256', '--no-passphrase', '--quiet', '--yes', '--days', '2000',
               '--serial', '0x1000'), folder)
    must(subca('init', 'other', '--subject', 'CN=Other Root', '--no-passphrase', '--quiet', '--yes',
               '--key', 'ec:P-256'), folder)
    write(folder, 'ca/profiles/rich.conf', RICH)


# A profile that says everything that one can say.
RICH = '''extends = "server";
description = "all that a profile can say";
validity = { days = 30; };
certificate_policies = [ "2.23.140.1.2.1", "1.3.6.1.4.1.99999.1" ];
extended_key_usage = [ "serverAuth", "clientAuth" ];
ocsp_no_check = true;
digest = "sha384";
'''


def make_certificates(folder):
    request(folder, 'first', '/C=DE/O=Example/CN=first', key='rsa')
    request(folder, 'request', '/C=DE/O=Example/L=Berlin/CN=request', key='rsa')
    request(folder, 'next', '/C=DE/O=Example/CN=next', key='rsa')
    request(folder, 'held', '/C=DE/O=Example/CN=held', key='rsa')
    request(folder, 'gone', '/C=DE/O=Example/CN=gone', key='rsa')
    request(folder, 'renewed', '/C=DE/O=Example/CN=first', key='rsa')
    request(folder, 'host', '/CN=host.example', '-addext', 'subjectAltName=DNS:host.example,'
            'DNS:www.host.example,IP:192.0.2.1')
    request(folder, 'page', '/CN=page.example', '-addext', 'subjectAltName=DNS:page.example')
    request(folder, 'responder', '/CN=OCSP')
    for name in ('first', 'held', 'gone'):
        sign(folder, 'ca', 'zia', name, '--days', '300')
    sign(folder, 'issuing', 'server', 'page', '--days', '60')
    sign(folder, 'ca', 'ocsp', 'responder', '--days', '60')
    must(subca('revoke', '-C', 'ca', '--yes', '--quiet', '--hold', 'held.pem'), folder)
    must(subca('revoke', '-C', 'ca', '--yes', '--quiet', '--reason', 'superseded', 'gone.pem'),
         folder)
    must(subca('-C', 'ca', 'crl', '--quiet'), folder)
    must(subca('-C', 'issuing', 'crl', '--quiet'), folder)
    for n in range(3):
        request(folder, f'incoming/{n}', f'/CN=h{n}', '-addext', f'subjectAltName=DNS:h{n}.example')
        os.unlink(os.path.join(folder, f'incoming/{n}.key'))


def make_old(folder):
    """What 'openssl ca' and others would have left of the same CA."""
    must(subca('-C', 'ca', 'export', 'index', '--quiet', '-o', 'old'), folder)
    shutil.copy(os.path.join(folder, 'ca', 'ca.pem'), os.path.join(folder, 'old', 'cacert.pem'))
    os.mkdir(os.path.join(folder, 'old', 'private'))
    os.mkdir(os.path.join(folder, 'old', 'newcerts'))
    shutil.copy(os.path.join(folder, 'ca', 'private', 'ca.key'),
                os.path.join(folder, 'old', 'private', 'cakey.pem'))
    for name in ('first', 'held', 'gone', 'responder'):
        shutil.copy(os.path.join(folder, f'{name}.pem'), os.path.join(folder, 'old', 'newcerts'))
    shutil.copy(os.path.join(folder, 'issuing', 'ca.pem'), os.path.join(folder, 'old', 'newcerts'))
    must(['openssl', 'crl2pkcs7', '-nocrl', '-certfile', 'page-chain.pem', '-outform', 'DER', '-out',
          'page.p7b'], folder)
    must(['openssl', 'crl2pkcs7', '-nocrl', '-certfile', 'first-chain.pem', '-out', 'first.p7b'],
         folder)
    must(['openssl', 'x509', '-in', 'first.pem', '-outform', 'DER', '-out', 'first.der'], folder)
    must(['openssl', 'pkcs12', '-export', '-in', 'other/ca.pem', '-inkey', 'other/private/ca.key',
          '-passout', 'pass:correct', '-out', 'other.pfx'], folder)
    must(['openssl', 'ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', 'bare.key'],
         folder)


def make_records(folder):
    must(subca('-C', 'ca', 'journal', 'checkpoint', '-o', 'checkpoint.pem', '--quiet'), folder)
    must(subca('-C', 'ca', 'backup', '--with-keys', '--quiet', 'ca.backup', '--password-file',
               'password'), folder)
    must(subca('restore', '--quiet', 'ca.backup', 'restored', '--password-file', 'password'), folder)
    write(folder, 'accepted.conf', 'accepted = ();\n')


def make_token(folder):
    module = estate.module()
    if not module:
        return
    env = environment(folder, Command('', ''))
    os.mkdir(os.path.join(folder, 'tokens'))
    for argv in (['softhsm2-util', '--init-token', '--free', '--label', 'Root CA', '--pin', '1234',
                  '--so-pin', '12345678'],
                 subca('init', 'tokenca', '--subject', 'CN=Token', '--quiet', '--yes', '--key',
                       f'{TOKEN};object=root?module-path={module}', '--key-type', 'ec:P-256')):
        done = estate.run(argv, folder, **env)
        if done.returncode != 0:
            raise SystemExit(f'fault: {" ".join(argv)}: {done.stderr.strip()}')


def make(folder):
    os.makedirs(os.path.join(folder, 'incoming'))
    write(folder, 'password', 'a backup of ours\n')
    make_cas(folder)
    make_certificates(folder)
    make_old(folder)
    make_records(folder)
    make_token(folder)


# --- the commands -------------------------------------------------------------------------------

LOOK = 'first.pem first-chain.pem first.csr first.der page.p7b ca/ca.crl ca/ca.crl.pem host.csr'
SIGN = 'sign --yes --quiet -C'


def serial(folder, name):
    done = must(['openssl', 'x509', '-in', f'{name}.pem', '-noout', '-serial'], folder)
    return done.strip().split('=')[1].lower()


def commands(folder=None):
    first, page = [serial(folder, n) if folder else '' for n in ('first', 'page')]
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    yield Command('sign zia', f'{SIGN} ca --profile zia --days 300 -o out.pem --chain '
                  'out-chain.pem request.csr', ('ca', 'out.pem', 'out-chain.pem'))
    yield Command('sign review', 'sign -C ca --profile zia --dry-run --json request.csr')
    yield Command('sign server', f'{SIGN} issuing --profile server --days 60 -o out.pem --chain '
                  'out-chain.pem host.csr', ('issuing', 'out.pem', 'out-chain.pem'))
    yield Command('sign rich', f'{SIGN} ca --profile rich -o out.pem --chain '
                  'out-chain.pem host.csr', ('ca', 'out.pem', 'out-chain.pem'))
    yield Command('sign batch', f'{SIGN} issuing --profile server --days 60 --jobs 1 --batch incoming '
                  '-o out', ('issuing', 'out'))
    yield Command('init', 'init new --subject CN=New --key ec:P-256 --quiet --no-passphrase --yes',
                  ('new',))
    yield Command('init locked', 'init new --subject CN=New --key ed25519 --quiet --yes', ('new',))
    yield Command('init --parent', 'init new --parent ca --subject C=DE,O=Example,CN=New --key '
                  'ec:P-384 --quiet --no-passphrase --yes --days 300', ('ca', 'new'))
    yield Command('revoke', 'revoke -C ca --yes --quiet --reason cACompromise --compromise-date '
                  f'{now} first.pem', ('ca',))
    yield Command('hold', 'revoke -C ca --yes --quiet --hold first.pem', ('ca',))
    yield Command('release', 'revoke -C ca --yes --quiet --release held.pem', ('ca',))
    yield Command('crl', 'crl -C ca --quiet -o out.crl', ('ca', 'out.crl'))
    yield Command('crl --delta', 'crl -C ca --quiet --delta', ('ca',))
    yield Command('crl --check', 'crl -C ca --check ca/ca.crl --json')
    yield Command('ocsp', 'ocsp -C ca --quiet --sha256 -o out', ('ca', 'out'))
    yield Command('ocsp delegated', 'ocsp -C ca --quiet --responder responder.pem --responder-key '
                  'responder.key -o out', ('ca', 'out'))
    yield Command('renew', f'renew -C ca {first}', codes=(1,))
    yield Command('renew --csr', f'renew -C ca --quiet --yes {first} --csr renewed.csr --days 200 '
                  '-o out.pem --chain out-chain.pem', ('ca', 'out.pem', 'out-chain.pem'))
    yield Command('renew --root', 'renew -C ca --quiet --yes --root', ('ca',))
    yield Command('renew --child', 'renew -C ca --quiet --yes --child issuing --days 1000',
                  ('ca', 'issuing'))
    yield Command('cross-sign', 'cross-sign -C ca --quiet --yes other -o out.pem', ('ca', 'out.pem'))
    yield Command('list', 'list -C ca')
    yield Command('list --json', 'list -C ca --json')
    yield Command('show', 'show -C ca first.pem --json')
    yield Command('show --chain', f'show -C issuing {page} --chain -o out.pem', ('out.pem',))
    yield Command('journal show', 'journal show -C ca --json')
    yield Command('journal verify', 'journal verify -C ca --checkpoint checkpoint.pem')
    yield Command('journal checkpoint', 'journal checkpoint -C ca --quiet -o out.pem', ('out.pem',))
    yield Command('expiring', 'expiring -C ca --within 400d --json', codes=(1,))
    yield Command('expiring --ics', 'expiring -C ca --within 400d --ics out.ics', ('out.ics',),
                  codes=(1,))
    yield Command('inspect', f'inspect {LOOK}')
    yield Command('inspect --json', f'inspect {LOOK} --json')
    yield Command('lint', f'lint {LOOK}', codes=(0, 1, 11))
    yield Command('lint --issuer', 'lint --issuer ca/ca.pem first.pem --json', codes=(0, 11))
    yield Command('lint -r', 'lint -r old', codes=(0, 1, 11))
    yield Command('lint --rules', 'lint --rules --json')
    yield Command('check', 'check first.pem --csr first.csr --chain first-chain.pem --for zia',
                  codes=(0, 11))
    yield Command('check --fix', 'check first.p7b --for zia --fix -o out.pem',
                  ('out.pem', 'out-chain.pem'),
                  codes=(0, 11))
    yield Command('verify', 'verify --root ca/ca.pem --chain page-chain.pem --crl ca/ca.crl --crl '
                  'issuing/ca.crl --host page.example --for server page.pem', codes=(0, 11))
    yield Command('verify refused', 'verify --root other/ca.pem --json page.pem', codes=(1,))
    yield Command('audit', 'audit -C ca --threads 1 first.pem --report out.json --report out.html '
                  '--report out.sarif --report out.csv --checkpoint checkpoint.pem',
                  ('out.json', 'out.html', 'out.sarif', 'out.csv'), codes=(0, 1, 11),
                  judges=True)
    yield Command('audit --openssl', 'audit --openssl old --threads 1 --accept accepted.conf --json',
                  codes=(0, 1, 11), stable=False, judges=True)
    yield Command('profile list', 'profile list -C ca')
    yield Command('profile show', 'profile show -C ca rich')
    yield Command('profile check', 'profile check -C ca ca/profiles/rich.conf')
    for form in ('pem', 'p7b', 'json', 'csv', 'index'):
        yield Command(f'export {form}', f'export {form} -C ca --quiet -o out', ('out',))
    yield Command('import openssl', 'import openssl old new --yes --quiet --no-passphrase', ('new',))
    yield Command('import look', 'import openssl old new --dry-run --json')
    yield Command('import files', 'import files other.pfx new --yes --quiet --no-passphrase',
                  ('new',), env={'SUBCA_OLD_PASSPHRASE': 'correct'})
    yield Command('backup', 'backup -C ca --with-keys --quiet out.backup --password-file password',
                  ('out.backup',))
    yield Command('restore', 'restore --quiet ca.backup new --password-file password', ('new',))
    yield Command('restore --confirm', 'restore -C restored --quiet --yes --confirm --last-crl '
                  'ca/ca.crl --certificate responder.pem --checkpoint checkpoint.pem', ('restored',))
    for form in ('pem', 'p12', 'jks'):
        yield Command(f'bundle {form}', f'bundle -C ca --quiet --public other/ca.pem -o out.{form}',
                      (f'out.{form}',))
    yield Command('trust guide', 'trust guide --format markdown')
    yield Command('trust guide pip', 'trust guide pip --json')
    yield Command('lab', 'lab new --quiet --yes', ('new',))
    yield from token_commands()


def token_commands():
    module = estate.module()
    if not module:
        return

    def key(name):
        return f'{TOKEN};object={name}?module-path={module}'

    yield Command('token list', f'token list --module {module}', token=True)
    yield Command('token show', 'token show -C tokenca', ('tokens',), token=True, stable=True)
    yield Command('token doctor', 'token doctor -C tokenca --json', ('tokens',), token=True, codes=(0, 1, 11),
                  stable=False)
    yield Command('token keygen', f'token keygen --yes --quiet --key-type ec:P-256 {key("new")}',
                  ('tokens',), token=True)
    yield Command('token init', f'token init --yes --quiet --module {module} Fresh', ('tokens',),
                  token=True)
    yield Command('token import-key', f'token import-key -C other --yes --quiet {key("moved")}',
                  ('other', 'tokens'), token=True)
    yield Command('token delete-key', f'token delete-key --yes --quiet {key("root")}', ('tokens',),
                  token=True)
    yield Command('token sign', f'{SIGN} tokenca --profile zia --days 300 -o out.pem --chain '
                  'out-chain.pem request.csr', ('tokenca', 'tokens', 'out.pem', 'out-chain.pem'),
                  token=True)
    yield Command('token crl', 'crl -C tokenca --quiet', ('tokenca', 'tokens'), token=True)
    yield Command('token init root', f'init new --subject CN=New --quiet --yes --key '
                  f'{key("fresh")} --key-type ec:P-256', ('new', 'tokens'), token=True)
