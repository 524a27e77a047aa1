#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A soak: messages at a steady pace through a real backbone, two apps, TLS on, everything on disk
before it is accepted; kill -9 at random, again and again.  Nothing that was accepted is lost, nothing
comes twice, memory stays what it was.

usage: soak.py BUILD_DIR [OPTION VALUE...], as ./dev soak --help tells"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'system')]
from backbone import Undercroft  # noqa: E402
from ports import free_ports  # noqa: E402

LONG_S = 300           # from here on memory is judged: before, caches are still filling
MORE, MORE_MB = 1.3, 32


def parse():
    p = argparse.ArgumentParser()
    p.add_argument('build', type=pathlib.Path)
    p.add_argument('--minutes', type=float, default=30)
    p.add_argument('--pace', type=int, default=2000)
    p.add_argument('--kill', type=int, default=60)
    p.add_argument('--pairs', type=int, default=100)
    p.add_argument('--bytes', type=int, default=512)
    return p.parse_args()


def judge(values, seconds):
    wrong = []
    if values['soak.lost'] or values['soak.twice']:
        wrong.append(f"{values['soak.lost']:.0f} lost, {values['soak.twice']:.0f} twice")
    if values['soak.delivered'] != values['soak.sent']:
        wrong.append(f"{values['soak.sent'] - values['soak.delivered']:.0f} never arrived")
    if not values['soak.delivered']:
        wrong.append('nothing arrived')
    if not values['soak.kills']:
        wrong.append('the server was never killed')
    first, last = values['soak.memory.first'], values['soak.memory.last']
    if seconds >= LONG_S and last > first * MORE + MORE_MB:
        wrong.append(f'memory has grown from {first:.0f} MB to {last:.0f} MB')
    return wrong


def main():
    args = parse()
    build, seconds = args.build.resolve(), max(int(args.minutes * 60), 5)
    folder = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-soak-'))
    try:
        port = free_ports(2)
        backbone = Undercroft(build, folder, port, 'soak')
        backbone.prepare()
        log = folder / 'server.log'
        done = subprocess.run(
            [build / 'tests/bench/bench-soak', '--port', str(port), '--ca',
             folder / 'tls/ca.pem', '--log', log, '--seconds', str(seconds), '--pace',
             str(args.pace), '--kill', str(args.kill), '--pairs', str(args.pairs), '--bytes',
             str(args.bytes), '--', *backbone.command()],
            stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(log.read_text()[-4000:] if log.exists() else '', file=sys.stderr)
            sys.exit('the soak broke off')
        values = {}
        for line in done.stdout.splitlines():
            figure = json.loads(line)
            values[figure['name']] = figure['value']
            print(f"{figure['name']:<24} {figure['value']:>14.1f} {figure['unit']}")
        wrong = judge(values, seconds)
        sys.exit('soak: ' + '; '.join(wrong) if wrong else 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
