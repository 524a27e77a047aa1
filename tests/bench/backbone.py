#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The backbone's part of ./dev bench: every row of the table in docs/performance.md, each on a
server started afresh in a temporary folder, so many rounds, medians.

usage: backbone.py BUILD_DIR [OPTION VALUE...], as ./dev bench --help tells"""
import argparse
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

# Of each row: the work of bench-backbone, sizes of its own.
ROWS = {
    'pairs': ('pairs', {}),
    'pairs500': ('pairs', {'pairs': 500, 'messages': 60}),
    'room': ('room', {}),
    'steady': ('steady', {'messages': 100}),
    'offline': ('offline', {}),
    'idle': ('idle', {}),
    'signin': ('signin', {}),
    'cross_app': ('cross_app', {}),
    'write_amplification': ('write_amplification', {'messages': 500}),
    'accounts': ('pairs', {}),
}
# What a figure may be at most; of rates, at least.
BOUNDS = {
    'backbone.pairs100': 20, 'backbone.pairs500': 20, 'backbone.room1000': 4,
    'backbone.steady2000.p50': 1.5, 'backbone.steady2000.p99': 5, 'backbone.offline.ingest': 16,
    'backbone.offline.ingest.rate': 50000, 'backbone.offline.lost': 0,
    'backbone.offline.twice': 0, 'backbone.offline.drain': 10,
    'backbone.offline.drain.rate': 100000, 'backbone.idle': 18 * 1024, 'backbone.signin': 1.2,
    'backbone.signin.resumed': 0.5, 'backbone.cross_app': 2.2, 'backbone.write_amplification': 4,
    'backbone.accounts': 1.2,
}
# The table of docs/performance.md: what is done.
TABLE = {
    'backbone.pairs100': '1 KiB messages between 100 pairs, all online',
    'backbone.pairs500': 'the same between 500 pairs',
    'backbone.room1000': 'one sender, a room of 1,000 devices, for each copy',
    'backbone.steady2000.p50': '2,000 messages/s, beyond the disk\'s own time',
    'backbone.steady2000.p99': 'the same',
    'backbone.offline.ingest': '100,000 messages to 1,000 who are away',
    'backbone.offline.ingest.rate': 'the same',
    'backbone.offline.lost': 'of these, after `kill -9` when the last was accepted',
    'backbone.offline.drain': 'they come back and take them',
    'backbone.offline.drain.rate': 'the same',
    'backbone.idle': 'memory of an idle connection, TLS, 20 seats open',
    'backbone.signin': 'sign-in of a device with 200 seats',
    'backbone.signin.resumed': 'the same with a TLS ticket',
    'backbone.cross_app': 'across two apps on one backbone, to within one',
    'backbone.write_amplification': 'bytes written for each byte of content',
    'backbone.accounts': 'a message with so many accounts stored, to a thousandth',
}
SIZES = ['pairs', 'messages', 'bytes', 'room', 'connections', 'seats', 'devices', 'senders',
         'stored', 'pace', 'rest']
# Who measures is one person with a thousand accounts, and does in seconds what others do in a day.
PLENTY = '1000000 1000000000'


def run(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)


def certificates(folder, apps=('east', 'west')):
    """An authority of this folder alone, and what it says of east and west."""
    tls = folder / 'tls'
    tls.mkdir()
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    quiet = {'stderr': subprocess.DEVNULL, 'cwd': tls}
    run('openssl', 'req', '-x509', *key, '-days', '30', '-subj', '/CN=bench', '-keyout',
        'ca.key', '-out', 'ca.pem', '-addext', 'basicConstraints=critical,CA:TRUE',
        '-addext', 'keyUsage=critical,keyCertSign', **quiet)
    for app in apps:
        run('openssl', 'req', *key, '-subj', f'/CN={app}.localhost', '-keyout', f'{app}.key',
            '-out', f'{app}.csr', **quiet)
        (tls / 'names').write_text(f'subjectAltName=DNS:{app}.localhost,DNS:localhost\n'
                                   'extendedKeyUsage=serverAuth,clientAuth\n'
                                   'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
        run('openssl', 'x509', '-req', '-in', f'{app}.csr', '-CA', 'ca.pem', '-CAkey',
            'ca.key', '-CAcreateserial', '-days', '30', '-out', f'{app}.pem', '-extfile',
            'names', **quiet)


class Undercroft:
    """Two apps known by handles, so that nobody needs a code; TLS, everything on disk."""
    name = 'undercroft'
    speech = 'undercroft'
    environment = {}
    certified = ('east', 'west')

    def __init__(self, build, folder, port, row):
        del row
        self.build, self.folder, self.port = build, folder, port

    def limits(self):
        """Every key that --print-config knows, wide open."""
        server = self.build / 'src/server/undercroftd'
        text = subprocess.run([server, '--print-config'], check=True, stdout=subprocess.PIPE,
                              text=True).stdout
        keys, inside = [], False
        for line in text.splitlines():
            if line.startswith('['):
                inside = line == '[limits]'
            elif inside and '=' in line and not line.startswith('#'):
                keys.append(line.split('=')[0].strip())
        return [f'{key} = {PLENTY}' for key in keys]

    def prepare(self):
        certificates(self.folder, self.certified)
        lines = ['[backbone]', 'data = data', '', '[limits]', *self.limits()]
        for i, app in enumerate(('east', 'west')):
            lines += ['', f'[app {app}]', f'domain = {app}.localhost',
                      f'listen = 127.0.0.1:{self.port + i}', f'certificate = tls/{app}.pem',
                      f'private_key = tls/{app}.key', 'names = handle', f'keys = keys/{app}', 'grown_ups = yes',
                      'new_accounts_ask = yes', 'requests_day = 1000000']
        self.config = self.folder / 'undercroft.conf'
        self.config.write_text('\n'.join(lines) + '\n')
        run(self.build / 'src/server/undercroftd', '--init', self.config)

    def store_accounts(self, count):
        folder = self.folder / 'data/east'
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        run(self.build / 'tests/bench/bench-accounts', folder / 'accounts', 'east.localhost',
            str(count))

    def options(self):
        return ['--ca', self.folder / 'tls/ca.pem']

    def command(self):
        return [self.build / 'src/server/undercroftd', self.config]


class Peer:
    """A server of others: Debian's package, on loopback, in a folder of its own; with TLS where the
    row is about connections."""
    program = None

    def __init__(self, build, folder, port, row):
        del build
        self.folder, self.port = folder, port
        self.environment = {}
        self.tls = folder / 'tls' if row in WITH_TLS else None
        if self.tls:
            certificates(folder)

    @classmethod
    def is_there(cls):
        # Daemons live where people who are not root do not look.
        path = os.environ.get('PATH', '') + ':/usr/sbin:/usr/local/sbin'
        cls.path = shutil.which(cls.program, path=path)
        return cls.path is not None

    def options(self):
        return ['--ca', self.tls / 'ca.pem'] if self.tls else []


class Mosquitto(Peer):
    """QoS 1 and sessions that stay; the database is saved every second, since otherwise, on a kill,
    everything is gone.  Queues without limit, as ours are of the size of this test."""
    name = 'mosquitto'
    speech = 'mqtt'
    program = 'mosquitto'

    def prepare(self):
        self.config = self.folder / 'mosquitto.conf'
        user = 'user root\n' if os.getuid() == 0 else ''
        tls = (f'certfile {self.tls}/east.pem\nkeyfile {self.tls}/east.key\n'
               if self.tls else '')
        self.config.write_text(
            f'listener {self.port} 127.0.0.1\n{tls}max_connections -1\nallow_anonymous true\n'
            f'persistence true\npersistence_location {self.folder}/disk/\n'
            'autosave_interval 1\nmax_inflight_messages 1000\nmax_queued_messages 0\n'
            f'set_tcp_nodelay true\nlog_type error\n{user}')

    def command(self):
        return [self.path, '-c', self.config]


class Ejabberd(Peer):
    """Started without its script: no epmd, no cluster, no other user."""
    name = 'ejabberd'
    speech = 'xmpp'
    program = 'ejabberdctl'

    def prepare(self):
        config = self.folder / 'ejabberd.yml'
        tls, certificate = 'starttls: false', ''
        if self.tls:
            both = self.tls / 'both.pem'
            both.write_text((self.tls / 'east.pem').read_text() +
                            (self.tls / 'east.key').read_text())
            tls, certificate = 'tls: true', f'certfiles: ["{both}"]'
        config.write_text(f'''
loglevel: warning
hosts: [localhost]
{certificate}
listen:
  - {{port: {self.port}, ip: "127.0.0.1", module: ejabberd_c2s, access: all, {tls},
      max_stanza_size: 262144, backlog: 1024}}
auth_method: internal
auth_password_format: plain
disable_sasl_mechanisms: [X-OAUTH2]
registration_timeout: infinity
shaper_rules: {{max_user_sessions: 10, offline_messages: 1000000}}
modules:
  mod_muc:
    access: all
    access_create: all
    max_users: 20000
    max_user_conferences: 1000
    history_size: 0
    min_message_interval: 0
    default_room_options: {{max_users: 20000, mam: false, logging: false, presence_broadcast: []}}
  mod_offline: {{access_max_user_messages: offline_messages}}
  mod_register: {{access: all, ip_access: all, welcome_message: {{}}, password_strength: 0}}
  mod_roster: {{}}
  mod_stream_mgmt: {{ack_timeout: infinity, max_ack_queue: 50000, resend_on_timeout: if_offline}}
''')
        self.environment = {
            'EJABBERD_CONFIG_PATH': str(config), 'HOME': str(self.folder),
            'EJABBERD_LOG_PATH': str(self.folder / 'ejabberd.log'),
            'ERL_LIBS': os.path.dirname(self.library()), 'ERL_CRASH_DUMP_BYTES': '0',
            'ERL_MAX_PORTS': '40000'}

    @staticmethod
    def library():
        return sorted(glob.glob('/usr/lib/*/ejabberd-[0-9]*/ebin'))[-1][:-len('/ebin')]

    def command(self):
        return ['erl', '-noinput', '+K', 'true', '+P', '250000', '+sbwt', 'none', '+sbwtdcpu',
                'none', '+sbwtdio', 'none', '-mnesia', 'dir', f'"{self.folder}/disk"',
                '-s', 'ejabberd']


class JetStream(Peer):
    """Streams and consumers in files, as the package syncs them: every two minutes."""
    name = 'jetstream'
    speech = 'jetstream'
    program = 'nats-server'

    def prepare(self):
        self.config = self.folder / 'nats.conf'
        tls = (f'tls {{ cert_file: "{self.tls}/east.pem", key_file: "{self.tls}/east.key" }}\n'
               if self.tls else '')
        self.config.write_text(
            f'{tls}listen: "127.0.0.1:{self.port}"\nmax_connections: 64000\nwrite_deadline: "60s"\n'
            f'jetstream {{ store_dir: "{self.folder}/disk", max_mem: 1G, max_file: 40G }}\n')

    def command(self):
        return [self.path, '-c', self.config]


PEERS = {p.name: p for p in (Mosquitto, Ejabberd, JetStream)}
# What others are not asked: it means nothing there.
WITH_TLS = {'idle', 'signin'}
OURS_ALONE = {'cross_app', 'write_amplification', 'accounts'}
# A peer that takes so long over a row gets less of it; figures are for each message all the same.
SMALLER = {('ejabberd', 'offline'): {'stored': 10}, ('jetstream', 'pairs'): {'messages': 100},
           ('jetstream', 'pairs500'): {'messages': 10}}


class Failed(Exception):
    """Said already."""


def measure(args, row, kind, accounts=0):
    """One row of one server, once: {name: (value, unit)}."""
    with tempfile.TemporaryDirectory(prefix='undercroft-bench.') as name:
        folder = pathlib.Path(name)
        server = kind(args.build, folder, args.port, row)
        server.prepare()
        if accounts:
            server.store_accounts(accounts)
        (folder / 'disk').mkdir()
        work, own = ROWS[row]
        sizes = dict(own, **SMALLER.get((kind.name, row), {}))
        sizes.update({s: getattr(args, s) for s in SIZES if getattr(args, s) is not None})
        options = [x for s, n in sizes.items() for x in (f'--{s}', str(n))]
        log = folder / 'server.log'
        done = subprocess.run(
            [args.build / 'tests/bench/bench-backbone', '--row', work, '--speech', server.speech,
             '--port', str(args.port), '--data', folder / 'disk', '--log', log,
             *server.options(), *options, *(['--threads'] if args.threads else []),
             '--', *server.command()], stdout=subprocess.PIPE, text=True, check=False,
            env=dict(os.environ, **server.environment))
        if done.returncode:
            lines = log.read_text(errors='replace').splitlines() if log.exists() else []
            print(*lines[-20:], sep='\n', file=sys.stderr)
            raise Failed(f'the measurement of {row} with {server.name} failed')
        figures = [json.loads(line) for line in done.stdout.splitlines()]
        # What was said twice in one round is its middle.
        values = {}
        for f in figures:
            values.setdefault(f['name'], ([], f['unit']))[0].append(f['value'])
        return {n: (statistics.median(v), unit) for n, (v, unit) in values.items()}


def medians(rounds):
    names = {name: unit for r in rounds for name, (_, unit) in r.items()}
    return {name: (statistics.median([r[name][0] for r in rounds if name in r]), unit)
            for name, unit in names.items()}


def number(value):
    if value is None:
        return ''
    return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}'


def row_of_table(figure):
    """A line of docs/performance.md."""
    value, unit = figure['value'], figure['unit']
    peers = figure.get('peers', {})
    cells = [number(peers.get(p)) for p in PEERS]
    return ' | '.join([f'| `{figure["name"][len("backbone."):]}`', TABLE[figure['name']], unit,
                       number(figure.get('bound')), number(value), *cells]) + ' |'


def tell(args, ours, peers):
    """Figures of one row: ours and its bound, beside them each peer's that has the same name, and
    how the best of those compares with ours."""
    for name, (value, unit) in ours.items():
        there = {whom: figures[name][0] for whom, figures in peers.items() if name in figures}
        best = (max if unit == 'msg/s' else min)(there, key=there.get) if there else None
        figure = {'name': name, 'value': value, 'unit': unit}
        if name in BOUNDS:
            figure['bound'] = BOUNDS[name]
        if there:
            figure.update(whom=best, peer=there[best], peers=there)
        if args.json:
            print(json.dumps(figure), flush=True)
        elif args.markdown:
            if name in TABLE:
                print(row_of_table(figure), flush=True)
        else:
            cells = [f'{number(there.get(whom)):>11}' for whom in args.peers]
            ratio = f'{there[best] / value:>9.2f} x' if there and value else ''
            print(f'{name:<39} {unit:<8} {number(value):>11} {number(BOUNDS.get(name)):>9}',
                  *cells, ratio, flush=True)


def parse():
    p = argparse.ArgumentParser()
    p.add_argument('build', type=pathlib.Path)
    p.add_argument('--json', action='store_true')
    p.add_argument('--markdown', action='store_true')
    p.add_argument('--threads', action='store_true')
    p.add_argument('--only', choices=ROWS, action='append')
    p.add_argument('--peers', default='all', help='all, none, or names with commas between')
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--port', type=int, default=int(os.environ.get('UNDERCROFT_BENCH_PORT', 18441)))
    p.add_argument('--accounts', type=int, default=1000000)
    for size in SIZES:
        p.add_argument(f'--{size}', type=int)
    return p.parse_args()


def choose(names):
    """The peers to be measured too; of those that are not here a line says so."""
    chosen = []
    for name, kind in PEERS.items():
        if names != 'all' and name not in names.split(','):
            continue
        if kind.is_there():
            chosen.append(kind)
        else:
            print(f'{name}: left out, it is not installed', file=sys.stderr)
    return chosen


def measure_accounts(args, kind):
    """What a message costs where few are stored, and where many are."""
    values, few = {}, max(args.accounts // 1000, 1)
    for count in (few, args.accounts):
        for name, (value, unit) in measure(args, 'pairs', kind, count).items():
            if re.fullmatch(r'backbone\.pairs\d+', name):
                values[f'backbone.accounts.{count}'] = (value, unit)
    many = values[f'backbone.accounts.{args.accounts}'][0]
    values['backbone.accounts'] = (many / values[f'backbone.accounts.{few}'][0], 'x')
    return values


def measure_row(args, row, kinds):
    rounds = {k: [] for k in [Undercroft, *kinds]}
    for _ in range(args.rounds):
        for kind, done in rounds.items():
            if kind is not Undercroft and row in OURS_ALONE:
                continue
            try:
                done.append(measure_accounts(args, kind) if row == 'accounts' else
                            measure(args, row, kind))
            except Failed as why:
                if kind is Undercroft:
                    sys.exit(str(why))
                print(why, file=sys.stderr)
    tell(args, medians(rounds[Undercroft]), {k.name: medians(rounds[k]) for k in kinds})


def main():
    args = parse()
    # Who is ended leaves no folder and no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    args.build = args.build.resolve()
    kinds = choose(args.peers)
    args.peers = [k.name for k in kinds]
    if not args.json and not args.markdown:
        print(f'{"backbone":<39} {"unit":<8} {"undercroft":>11} {"bound":>9}',
              *[f'{p:>11}' for p in args.peers], f'{"best/ours":>11}' if kinds else '')
    for row in args.only or ROWS:
        measure_row(args, row, kinds)


if __name__ == '__main__':
    main()
