#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The backbone's part of ./dev bench: every row of the table in docs/performance.md, each on a
server started afresh in a temporary folder, so many rounds, medians.

usage: backbone.py BUILD_DIR [OPTION VALUE...], as ./dev bench --help tells"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

# Of each row: what it is called, sizes of its own.
ROWS = {
    'pairs': {},
    'room': {},
    'steady': {'messages': 100},
    'offline': {},
    'idle': {},
    'signin': {},
    'cross_app': {},
    'write_amplification': {'messages': 500},
}
SIZES = ['pairs', 'messages', 'bytes', 'room', 'connections', 'seats', 'devices', 'senders',
         'stored', 'pace', 'rest']
# Who measures is one person with a thousand accounts, and does in seconds what others do in a day.
PLENTY = '1000000 1000000000'


def run(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)


class Undercroft:
    """Two apps known by handles, so that nobody needs a code; TLS, everything on disk."""
    name = 'undercroft'

    def __init__(self, build, folder, port):
        self.build, self.folder, self.port = build, folder, port

    def is_there(self):
        return True

    def certificates(self):
        tls = self.folder / 'tls'
        tls.mkdir()
        key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
        quiet = {'stderr': subprocess.DEVNULL, 'cwd': tls}
        run('openssl', 'req', '-x509', *key, '-days', '30', '-subj', '/CN=bench', '-keyout',
            'ca.key', '-out', 'ca.pem', '-addext', 'basicConstraints=critical,CA:TRUE', **quiet)
        for app in ('east', 'west'):
            run('openssl', 'req', *key, '-subj', f'/CN={app}.localhost', '-keyout', f'{app}.key',
                '-out', f'{app}.csr', **quiet)
            (tls / 'names').write_text(f'subjectAltName=DNS:{app}.localhost\n'
                                       'extendedKeyUsage=serverAuth,clientAuth\n')
            run('openssl', 'x509', '-req', '-in', f'{app}.csr', '-CA', 'ca.pem', '-CAkey',
                'ca.key', '-CAcreateserial', '-days', '30', '-out', f'{app}.pem', '-extfile',
                'names', **quiet)

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
        self.certificates()
        lines = ['[backbone]', 'data = data', '', '[limits]', *self.limits()]
        for i, app in enumerate(('east', 'west')):
            lines += ['', f'[app {app}]', f'domain = {app}.localhost',
                      f'listen = 127.0.0.1:{self.port + i}', f'certificate = tls/{app}.pem',
                      f'private_key = tls/{app}.key', 'names = handle', f'keys = keys/{app}']
        self.config = self.folder / 'undercroft.conf'
        self.config.write_text('\n'.join(lines) + '\n')
        run(self.build / 'src/server/undercroftd', '--init', self.config)

    def options(self):
        return ['--ca', self.folder / 'tls/ca.pem']

    def command(self):
        return [self.build / 'src/server/undercroftd', self.config]


SPEECHES = [Undercroft]


def measure(args, row, kind):
    """One row of one server, once: {name: (value, unit)}."""
    with tempfile.TemporaryDirectory(prefix='undercroft-bench.') as name:
        folder = pathlib.Path(name)
        server = kind(args.build, folder, args.port)
        server.prepare()
        (folder / 'disk').mkdir()
        sizes = dict(ROWS[row])
        sizes.update({s: getattr(args, s) for s in SIZES if getattr(args, s) is not None})
        options = [x for s, n in sizes.items() for x in (f'--{s}', str(n))]
        log = folder / 'server.log'
        done = subprocess.run(
            [args.build / 'tests/bench/bench-backbone', '--row', row, '--speech', server.name,
             '--port', str(args.port), '--data', folder / 'disk', '--log', log,
             *server.options(), *options, *(['--threads'] if args.threads else []),
             '--', *server.command()], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            if log.exists():
                lines = log.read_text(errors='replace').splitlines()
                print(*lines[-20:], sep='\n', file=sys.stderr)
            sys.exit(f'the measurement of {row} with {server.name} failed')
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


def tell(args, ours, peers):
    """Figures of one row: ours, beside them each peer's that has the same name."""
    for name, (value, unit) in ours.items():
        there = {whom: figures[name][0] for whom, figures in peers.items() if name in figures}
        if args.json:
            figure = {'name': name, 'value': value, 'unit': unit}
            if there:
                figure['whom'] = min(there, key=there.get)
                figure['peer'] = there[figure['whom']]
                figure['peers'] = there
            print(json.dumps(figure), flush=True)
        else:
            cells = [f'{number(there.get(whom)):>14}' for whom in args.peers]
            print(f'{name:<40} {unit:<9} {number(value):>12}', *cells, flush=True)


def parse():
    p = argparse.ArgumentParser()
    p.add_argument('build', type=pathlib.Path)
    p.add_argument('--json', action='store_true')
    p.add_argument('--threads', action='store_true')
    p.add_argument('--only', choices=ROWS, action='append')
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--port', type=int, default=int(os.environ.get('UNDERCROFT_BENCH_PORT', 18441)))
    for size in SIZES:
        p.add_argument(f'--{size}', type=int)
    return p.parse_args()


def main():
    args = parse()
    args.build = args.build.resolve()
    kinds = SPEECHES[1:]
    args.peers = [k.name for k in kinds]
    if not args.json:
        print(f'{"backbone":<40} {"unit":<9} {"undercroft":>12}',
              *[f'{p:>14}' for p in args.peers])
    for row in args.only or ROWS:
        rounds = {k: [] for k in SPEECHES}
        for _ in range(args.rounds):
            for kind in SPEECHES:
                rounds[kind].append(measure(args, row, kind))
        tell(args, medians(rounds[Undercroft]), {k.name: medians(rounds[k]) for k in kinds})


main()
