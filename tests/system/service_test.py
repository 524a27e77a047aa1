#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server as a service: the unit is one that systemd understands, and what runs has given up
system calls and files in each of its threads."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from people import BUILD, Backbone

SANITIZED = 'UNDERCROFT_SANITIZED' in os.environ


def status_of(path):
    return dict(re.findall(r'^(\w+):\s*(.*)$', path.read_text(), re.M))


def test_confined():
    backbone = Backbone()
    backbone.start()
    for pid_file in backbone.dir.glob('*.pid'):
        threads = list(pathlib.Path('/proc', pid_file.read_text().strip(), 'task').iterdir())
        assert len(threads) > 3, threads
        for thread in threads:
            status = status_of(thread / 'status')
            assert status['Seccomp'] == '2' and status['NoNewPrivs'] == '1', (thread, status)
    assert 'confined what=files' in backbone.logs() and 'confined what=calls' in backbone.logs()
    backbone.erase()


def test_not_confined():
    backbone = Backbone()
    for conf in backbone.confs():
        conf.write_text(conf.read_text().replace('[backbone]\n', '[backbone]\nconfine = no\n'))
    backbone.start()
    pid = next(backbone.dir.glob('*.pid')).read_text().strip()
    assert status_of(pathlib.Path('/proc', pid, 'status'))['Seccomp'] == '0'
    backbone.erase()


def test_unit():
    """As it is installed, but with the program that was built, since systemd looks whether it is
    there; what it says of units of this machine is not about ours."""
    text = (BUILD / 'undercroftd.service').read_text()
    for program, folder in ('undercroftd', 'server'), ('undercroftctl', 'ctl'):
        text = re.sub(rf'=\S*/{program} ', f'={BUILD}/src/{folder}/{program} ', text)
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder, 'undercroftd.service')
        unit.write_text(text)
        socket = pathlib.Path(folder, 'undercroftd.socket')
        shutil.copy(pathlib.Path(__file__).parents[2] / 'scripts/systemd/undercroftd.socket', socket)
        for one in unit, socket:
            done = subprocess.run(['systemd-analyze', 'verify', '--man=no', one], text=True,
                                  capture_output=True)
            assert done.returncode == 0 and 'undercroftd' not in done.stderr, done.stderr
        unit.write_text(text.replace('Type=notify', 'Type=notified'))
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', unit], text=True,
                              capture_output=True)
        assert 'notified' in done.stderr, 'a mistake is not seen'


def main():
    if SANITIZED:
        print('sanitized: not confined')
    else:
        test_confined()
        test_not_confined()
    if shutil.which('systemd-analyze'):
        test_unit()
    else:
        print('the unit: skipped, there is no systemd-analyze')
    print('service: ok')


sys.exit(main())
