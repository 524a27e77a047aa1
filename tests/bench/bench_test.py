#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""That ./dev bench still measures: both parts, small, and every line of --json is one object with a
name, a positive value and a unit.  What the figures say is not judged here."""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/system'))
from ports import free_ports  # noqa: E402

PARTS = {
    'mls': ('mls', ['--budget', '1', '--largest', '1000'],
            {'mls.2.decrypt_1kib', 'mls.1000.join', 'mls.process_update.100',
             'mls.create_update.1000', 'mls.add_many.1000', 'mls.join.1000', 'mls.protect.100',
             'mls.unprotect.100', 'mls.heap.1000'}),
    'suites': ('mls', ['--budget', '1', '--suite', '7'],
               {'mls.suite7.primitive.verify', 'mls.suite7.2.join'}),
    'trust': ('trust', ['--budget', '1', '--contacts', '20', '--findable', '5000'],
              {'trust.discovery.client.blind', 'trust.discovery.server',
               'trust.discovery.client.finish.split', 'trust.discovery.bytes.down',
               'trust.discovery.filter.bits', 'trust.discovery.country.asking',
               'trust.token.issue', 'trust.token.redeem.batch'}),
}
SMALL = ['--rounds', '1', '--pairs', '2', '--messages', '5', '--bytes', '100', '--room', '5',
         '--connections', '80', '--seats', '3', '--devices', '4', '--senders', '2', '--stored', '3',
         '--rest', '50', '--accounts', '2000']
PEERS = ('mosquitto', 'ejabberd', 'jetstream')
# What each row of the backbone's table is called in --json.
ROWS = {
    'pairs': {'backbone.pairs2', 'backbone.pairs2.rate', 'backbone.pairs2.p99'},
    'room': {'backbone.room5'},
    'steady': {'backbone.steady2000.p50', 'backbone.steady2000.p99'},
    'offline': {'backbone.offline.ingest', 'backbone.offline.lost', 'backbone.offline.twice',
                'backbone.offline.drain', 'backbone.offline.drain.rate'},
    'idle': {'backbone.idle', 'backbone.idle.no_seats'},
    'signin': {'backbone.signin', 'backbone.signin.resumed'},
    'cross_app': {'backbone.cross_app', 'backbone.cross_app.cpu'},
    'write_amplification': {'backbone.write_amplification'},
    'accounts': {'backbone.accounts', 'backbone.accounts.2', 'backbone.accounts.2000'},
}
# What may not have been, and what is nothing where little is measured.
NOTHING_OF = {'backbone.offline.lost', 'backbone.offline.twice'}
MAY_BE_ZERO = re.compile('offline.(lost|twice)|p50|p99|memory|idle|write_amplification|signin')
PARTS.update({row: ('backbone', ['--only', row, '--peers', 'none', *SMALL], names)
              for row, names in ROWS.items()})
# Where one is installed, its figures stand beside ours; where not, a line says so.
BESIDE = [o for row in ('pairs', 'room', 'steady', 'offline', 'idle', 'signin')
          for o in ('--only', row)]
PARTS.update({peer: ('backbone', [*BESIDE, '--peers', peer, *SMALL],
                     {'backbone.pairs2', 'backbone.room5', 'backbone.steady2000.p99',
                      'backbone.offline.ingest', 'backbone.idle', 'backbone.signin'})
              for peer in PEERS})


def check_peer(peer, figures, told):
    beside = {f['whom'] for f in figures if 'whom' in f}
    if peer == 'none':
        assert not beside, beside
    elif f'{peer}: left out' in told:
        assert not beside, beside
        print(told)
    else:
        assert 'failed' not in told, told
        assert beside == {peer}, beside
        there = {f['name'] for f in figures if f.get('peers', {}).get(peer) is not None}
        wanted = PARTS[peer][2]
        assert wanted <= there, (wanted - there, peer)


def measure(part, options):
    env = dict(os.environ, UNDERCROFT_BENCH_PORT=str(free_ports(2)))
    done = subprocess.run([ROOT / 'scripts/dev/bench', part, '--json', *options], cwd=ROOT,
                          env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=550, check=False)
    sys.stderr.write(done.stderr)
    if done.returncode:
        sys.exit(done.returncode)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    if part == 'backbone' and '--peers' in options:
        check_peer(options[options.index('--peers') + 1], figures, done.stderr)
    for figure in figures:
        assert figure['value'] > 0 or MAY_BE_ZERO.search(figure['name']), figure
        assert figure['unit'] and figure['name'] not in NOTHING_OF or not figure['value'], figure
        assert figure.get('ratio', 1) > 0 and figure.get('floor', 1) > 0, figure
    return {figure['name'] for figure in figures}


def main():
    part, options, wanted = PARTS[sys.argv[1]]
    names = measure(part, options)
    if 'UNDERCROFT_SANITIZED' in os.environ:  # whose heap counts nothing
        wanted = {n for n in wanted if '.heap.' not in n}
    missing = wanted - names
    if missing:
        sys.exit(f'no figure called {sorted(missing)} among {sorted(names)}')
    print(f'{len(names)} figures')


main()
