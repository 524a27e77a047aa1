# SPDX-License-Identifier: Apache-2.0
"""A backbone and people with terminal clients, as real processes, for the system tests and the
demonstration."""
import atexit
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from ports import free_ports  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('UNDERCROFT_BUILD_DIR', ROOT / 'build')).resolve()
# Sanitizers and a busy machine make everything slow; nothing here measures speed.
PATIENCE_S = 120


# However a test ends, its backbones end with it.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


class Failed(Exception):
    """A client ended with another status than expected."""


class Backbone:
    """An installation of its own, in a folder of its own, on ports of its own.  web: the folder
    with the built web apps, each in one of its own name."""

    def __init__(self, split=False, port=None, run_dir=None, web=None):
        self.split = split
        self.signed_up = 0
        self.made = run_dir is None
        self.dir = pathlib.Path(run_dir or tempfile.mkdtemp(prefix='undercroft-'))
        self.env = dict(os.environ, UNDERCROFT_RUN_DIR=str(self.dir),
                        UNDERCROFT_PORT=str(port or free_ports(web=web is not None)),
                        UNDERCROFT_BUILD_DIR=str(BUILD))
        self.env.pop('UNDERCROFT_PROFILE', None)
        self.env.pop('UNDERCROFT_PASSPHRASE', None)
        self.step('prepare', *(['--split'] if split else []),
                  *(['--web', str(web)] if web else []))
        atexit.register(self.end)

    def step(self, *arguments):
        done = subprocess.run([ROOT / 'scripts/dev/local', *arguments], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            raise Failed(f'local {arguments}: {done.stdout}')

    def start(self):
        self.step('start')

    def stop(self):
        self.step('stop')

    def kill(self):
        """kill -9."""
        self.step('kill')

    def end(self):
        """At the end of the program: nothing of ours runs on."""
        if any(self.dir.glob('*.pid')):
            self.kill()

    def erase(self):
        if any(self.dir.glob('*.pid')):
            self.stop()
        found = [line for line in self.logs().splitlines()
                 if 'Sanitizer' in line or 'runtime error' in line or 'Assertion' in line]
        if found:
            raise Failed(f'{self.dir}: {found}')
        if self.made:
            shutil.rmtree(self.dir)

    def new(self, app, name):
        """Somebody new on an app, signed up."""
        self.signed_up += 1
        profile = f'{name.lower()}{self.signed_up}'
        identifier = {'dial': f'+49151100{self.signed_up:05}', 'lens': profile,
                      'plaza': f'{profile}@example.org'}[app]
        p = Person(self, profile, app, identifier, name)
        p.sign_up()
        return p

    def confs(self):
        return sorted(self.dir.glob('*.conf'))

    def ctl(self, *arguments):
        return subprocess.run([BUILD / 'src/ctl/undercroftctl', *arguments], env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def logs(self):
        return ''.join(p.read_text(errors='replace') for p in sorted(self.dir.glob('*.log')))


class Person:
    """A profile of the terminal client."""

    def __init__(self, backbone, profile, app=None, identifier=None, name=None):
        self.backbone, self.profile = backbone, profile
        self.app, self.identifier = app, identifier
        self.name = name or profile.capitalize()
        self.words = None
        self.is_findable = app != 'plaza'

    def command(self, arguments):
        return [self.backbone.dir / 'undercroft', '-p', self.profile, *map(str, arguments)]

    def run(self, *arguments, status=0, text=None, env=None):
        """Runs a command to its end; its standard output.  status None: whatever."""
        done = subprocess.run(self.command(arguments), env={**self.backbone.env, **(env or {})},
                              input=text if text is not None else '', text=True,
                              capture_output=True, timeout=PATIENCE_S)
        self.error, self.status = done.stderr, done.returncode
        if status is not None and done.returncode != status:
            raise Failed(f'{self.profile} {arguments}: status {done.returncode}, not {status}\n'
                         f'{done.stdout}{done.stderr}')
        return done.stdout

    def json(self, *arguments, **more):
        return [json.loads(line) for line in self.run('--json', *arguments, **more).splitlines()]

    def refused(self, *arguments, status=1, **more):
        """The stable code of what a command that must fail was refused for."""
        lines = self.json(*arguments, status=status, **more)
        errors = [line['error'] for line in lines if line['type'] == 'error']
        if not errors:
            raise Failed(f'{self.profile} {arguments}: no error told: {lines} {self.error}')
        return errors[-1]

    def start(self, *arguments):
        return Running(self, arguments)

    def until(self, what):
        """what(), asked again after each sync until it holds."""
        end = time.monotonic() + PATIENCE_S
        while not what():
            if time.monotonic() > end:
                raise Failed(f'{self.profile} waited in vain')
            self.run('sync')

    def read_on(self, text):
        """Reads what is unread until that text has come."""
        self.until(lambda: any(m.get('text') == text for m in self.json('read', '--wait', 5)))

    def sign_up(self, *more):
        lines = self.json('sign-up', self.app, self.identifier, '--name', self.name, *more)
        self.words = next(line['words'] for line in lines if line['type'] == 'recovery_key')
        return lines

    def be_findable(self):
        """By an e-mail address nobody is found before they have said so."""
        if not self.is_findable:
            self.run('settings', '--age', 'adult', '--find', 'yes')
            self.is_findable = True

    def texts(self, room, count=100000):
        """What is read there, by whom: (sender or None for oneself, text)."""
        return [(None if m['own'] else m['sender'], m['text'])
                for m in self.json('read', room, '--last', count)
                if m['type'] == 'message' and m['kind'] == 'text']


class Running:
    """A client that runs on, with what it says as JSON lines."""

    def __init__(self, person, arguments):
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen(person.command(['--json', *arguments]),
                                        env=person.backbone.env, text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    pass  # cut off by a kill
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, what, seconds=PATIENCE_S):
        """The first line for which what(line) holds."""
        with self.changed:
            if not self.changed.wait_for(lambda: any(map(what, self.lines)), seconds):
                raise Failed(f'it did not happen; there were {self.lines[-5:]}')
            return next(line for line in self.lines if what(line))

    def type(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def interrupt(self):
        """Ctrl-C, as it were; the exit status."""
        self.process.terminate()
        return self.end()

    def kill(self):
        self.process.kill()
        return self.end()

    def end(self, seconds=PATIENCE_S):
        status = self.process.wait(seconds)
        self.reader.join(seconds)
        self.error = self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass
        return status


def link(old, new):
    """The new profile becomes a device of the old one's account."""
    waiting = new.start('become-device', old.app)
    code = waiting.wait_for(lambda line: line['type'] == 'device_code')['code']
    old.run('link-device', code, '--yes')
    if waiting.end():
        raise Failed(f'not linked: {waiting.lines} {waiting.error}')


def befriend(asker, asked):
    """The asker becomes a contact of the asked one, with an open conversation; each knows the
    other under the other's name."""
    asked.be_findable()
    waiting = asker.start('ask', asked.app, asked.identifier, f'{asker.name} here', '--wait')
    asked.run('accept', asker.name, '--wait')
    if waiting.end():
        raise Failed(f'{asker.profile} asked {asked.profile}: {waiting.lines} {waiting.error}')
    asker.run('sync')
    asked.run('sync')
