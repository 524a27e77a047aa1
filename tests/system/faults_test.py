# SPDX-License-Identifier: Apache-2.0
"""A disk that fails or forgets under the running backbone (tests/faults/files.c): it ends with the
reason rather than say what is not so, and starts again with all that was accepted."""
import contextlib
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from forgetful import Disk, LEFT  # noqa: E402
from people import BUILD, Backbone, Person, befriend  # noqa: E402

LAYER = str(BUILD / 'tests/faults/undercroft-faults.so')
LONG = 'UNDERCROFT_TEST_LONG' in os.environ
MESSAGES = 40
PATIENCE_S = 60


@contextlib.contextmanager
def upon(backbone, **faults):
    """What is started meanwhile of the backbone runs upon the layer."""
    env = backbone.env
    backbone.env = dict(env, LD_PRELOAD=LAYER, **faults)
    try:
        yield
    finally:
        backbone.env = env


class Faults(unittest.TestCase):
    def setUp(self):
        self.backbone = b = Backbone()
        b.start()
        self.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
        self.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
        for p in (self.rosa, self.uwe):
            p.sign_up()
        befriend(self.rosa, self.uwe)
        b.stop()

    def tearDown(self):
        self.backbone.erase()

    def process(self):
        return int(next(self.backbone.dir.glob('*.pid')).read_text())

    def wait_for_the_end(self):
        """Of the process, which nobody asked to end."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                state = pathlib.Path(f'/proc/{self.process()}/stat').read_text()
                if state.rsplit(')', 1)[1].split()[0] == 'Z':
                    return
            except FileNotFoundError:
                return
            time.sleep(0.05)
        self.fail('the backbone goes on though its disk has failed')

    def start_failing(self, faults):
        with upon(self.backbone, UNDERCROFT_FAULTS=faults):
            self.backbone.start()

    def play(self, faults, reason):
        """Rosa writes until the disk fails; what was accepted is there afterwards, once."""
        b = self.backbone
        self.start_failing(faults)
        accepted = []
        writing = self.rosa.start('follow', self.uwe.name)
        writing.wait_for(lambda m: m['type'] == 'following')
        for i in range(MESSAGES):
            writing.type(f'{faults} {i}')
            time.sleep(0.02)
        self.wait_for_the_end()
        accepted = [m['text'] for m in writing.lines
                    if m.get('state') == 'accepted' and m.get('own')]
        writing.interrupt()
        self.assertLess(len(accepted), MESSAGES)
        if reason:
            self.assertIn(reason, b.logs())
        b.kill()
        b.start()
        self.rosa.run('send', self.uwe.name, f'after {faults}')
        self.uwe.read_on(f'after {faults}')
        read = [text for _, text in self.uwe.texts(self.rosa.name) if text.startswith(faults)]
        self.assertEqual(len(set(read)), len(read))
        self.assertEqual([text for text in accepted if text not in read], [])
        b.stop()
        self.assertEqual(b.ctl('check', b.dir / 'undercroft.conf').returncode, 0)

    def test_the_disk_is_full(self):
        self.play('*/dial/rooms/*.log write 8 full', 'UC_E_FULL')

    def test_writing_fails(self):
        self.play('*/dial/rooms/*.log write 8 error', 'UC_E_STORE')

    def test_syncing_fails(self):
        self.play('*/dial/rooms/*.log sync 8 error', 'UC_E_STORE')

    def test_a_write_is_torn(self):
        self.play('*/dial/rooms/*.log write 8 half', 'UC_E_STORE')

    def test_killed_in_the_middle_of_a_write(self):
        self.play('*/dial/rooms/*.log write 8 kill', None)


class Crowded(Faults):
    """There is no room to rewrite a store, or to copy it: nothing is begun, and all goes on."""

    test_the_disk_is_full = test_writing_fails = test_syncing_fails = None
    test_a_write_is_torn = test_killed_in_the_middle_of_a_write = None

    def say(self, left):
        self.left.write_bytes(struct.pack('=Q', left))

    def talk(self, text):
        self.rosa.run('send', self.uwe.name, text)
        self.uwe.read_on(text)

    def test_housekeeping_and_backup(self):
        b = self.backbone
        conf, full = b.dir / 'undercroft.conf', 'store.housekeeping app=dial error=UC_E_FULL'
        self.left = b.dir / 'left'
        self.say(70 << 20)
        with upon(b, UNDERCROFT_DISK_FREE=str(self.left)):
            b.start()
        self.talk('before')
        self.say(1 << 20)
        self.assertEqual(b.ctl('compact', conf, 'dial').returncode, 0)
        until = time.monotonic() + PATIENCE_S
        while full not in b.logs():
            self.assertLess(time.monotonic(), until, b.logs()[-2000:])
            time.sleep(0.1)
        self.talk('beside')
        done = b.ctl('backup', conf, b.dir / 'none')
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'the disk is full', done.stderr)
        self.assertEqual(list((b.dir / 'data/copies').glob('*')), [])
        self.talk('and on')
        self.say(0)
        done = b.ctl('backup', conf, b.dir / 'backup')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(b.ctl('compact', conf, 'dial').returncode, 0)
        self.talk('after')
        b.stop()
        self.assertNotIn('app.failed', b.logs())
        self.assertEqual(b.logs().count(full), 1)
        self.assertEqual(b.ctl('check', conf).returncode, 0)


class Mending(Faults):
    """What was synced is damaged: no start; mended, people go on."""

    test_the_disk_is_full = test_writing_fails = test_syncing_fails = None
    test_a_write_is_torn = test_killed_in_the_middle_of_a_write = None

    def damaged(self, damage):
        b, texts = self.backbone, [f'before {i}' for i in range(6)]
        b.start()
        for text in texts:
            self.rosa.run('send', self.uwe.name, text)
        self.uwe.read_on(texts[-1])
        b.kill()
        log = max((b.dir / 'data/dial/rooms').glob('*.log'))
        log.write_bytes(damage(log.read_bytes()))
        server = [BUILD / 'src/server/undercroftd', b.dir / 'undercroft.conf']
        for _ in range(2):
            ended = subprocess.run(server, env=b.env, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(ended.returncode, 0)
            self.assertRegex(ended.stderr, 'store.failed path=.*/dial/rooms error=UC_E_CORRUPT')
        done = b.ctl('mend', b.dir / 'undercroft.conf', 'dial', 'rooms')
        self.assertEqual(done.returncode, 0, done.stderr)
        b.start()
        rosa, uwe = (a.start('follow', o.name) for a, o in ((self.rosa, self.uwe),
                                                            (self.uwe, self.rosa)))
        for p in (rosa, uwe):
            p.wait_for(lambda m: m['type'] == 'following')
        rosa.type('and on')
        uwe.wait_for(lambda m: m.get('text') == 'and on')
        uwe.type('and back')
        rosa.wait_for(lambda m: m.get('text') == 'and back')
        rosa.interrupt()
        uwe.interrupt()
        # What they had read is theirs.
        self.assertLessEqual(set(texts), {t for _, t in self.uwe.texts(self.rosa.name)})
        b.stop()
        checked = b.ctl('check', b.dir / 'undercroft.conf')
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_in_the_middle(self):
        self.damaged(lambda x: x[:len(x) // 2] + bytes([x[len(x) // 2] ^ 1]) + x[len(x) // 2 + 1:])

    def test_the_last_record(self):
        self.damaged(lambda x: x[:-9] + bytes([x[-9] ^ 1]) + x[-8:])


class Forgetting(unittest.TestCase):
    """Power failures, again and again, from before the first start on."""

    def setUp(self):
        seed = int(os.environ.get('UNDERCROFT_SEED', random.randrange(1 << 32)))
        print(f'UNDERCROFT_SEED={seed}', flush=True)
        self.dice = random.Random(seed)
        self.backbone = b = Backbone()
        folders = [b.dir / 'data', b.dir / 'keys']
        for folder in folders:
            folder.mkdir(0o700)
        self.disk = Disk(b.dir / 'journal', folders)

    def tearDown(self):
        self.backbone.erase()

    def start(self):
        with upon(self.backbone, UNDERCROFT_JOURNAL=self.disk.env()):
            self.backbone.start()

    def fail_power(self, way=None):
        self.backbone.kill()
        return self.disk.forget(self.dice, way)

    def test_what_was_accepted_is_there(self):
        """People sign up, become contacts and talk; each message arrives, once, in order."""
        b, n = self.backbone, 0
        self.start()
        self.fail_power('nothing')
        self.start()
        rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        for p in (rosa, uwe):
            p.sign_up()
            self.fail_power('nothing')
            self.start()
        befriend(rosa, uwe)
        writing, reading = rosa.start('follow', 'Uwe'), uwe.start('follow', 'Rosa')
        for _ in range(300 if LONG else 6):
            for _ in range(10):
                writing.type(f'number {n}')
                n += 1
            time.sleep(self.dice.uniform(0, 0.3))
            self.fail_power()
            self.start()
        writing.type('the last')
        reading.wait_for(lambda m: m.get('text') == 'the last')
        self.assertEqual((writing.interrupt(), reading.interrupt()), (0, 0))
        texts = [f'number {i}' for i in range(n)] + ['the last']
        self.assertEqual([t for _, t in uwe.texts('Rosa')], texts)
        self.assertEqual([t for _, t in rosa.texts('Uwe')], texts)
        self.assertGreater(self.disk.lost, 0)
        self.assertNotIn('store.older', b.logs())
        b.stop()
        checked = b.ctl('check', b.dir / 'undercroft.conf')
        self.assertEqual(checked.returncode, 0, checked.stdout.decode())


class Layer(unittest.TestCase):
    """The layer and its journal, with a program that syncs and one that does not."""

    PROGRAM = """
import os, sys
os.chdir(sys.argv[1])
def write(name, text, sync):
    fd = os.open(sys.argv[1] + '/' + name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, text)
    if sync: os.fsync(fd)
    os.close(fd)
def sync(folder):
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)
here = sys.argv[1]
write('kept', b'a' * 1000, True)
write('unnamed', b'b', True)
os.mkdir(here + '/folder')
sync(here)
write('kept', b'c' * 1000, False)
write('late', b'd', True)
os.rename(here + '/old', here + '/new')
os.unlink(here + '/gone')
write('folder/in it', b'e', True)
os.kill(os.getpid(), 9)
"""

    def left(self, way, seed=1):
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work) / 'disk'
            folder.mkdir()
            for name in ('old', 'gone'):
                (folder / name).write_bytes(name.encode())
            disk = Disk(folder.parent / 'journal', [folder])
            done = subprocess.run([sys.executable, '-c', self.PROGRAM, folder],
                                  env=dict(os.environ, LD_PRELOAD=LAYER,
                                           UNDERCROFT_JOURNAL=disk.env()))
            self.assertEqual(done.returncode, -9)
            disk.forget(random.Random(seed), way)
            return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*')
                    if p.is_file()}

    def test_what_is_left(self):
        least = {'kept': b'a' * 1000, 'unnamed': b'b', 'old': b'old', 'gone': b'gone'}
        most = {'kept': b'a' * 1000 + b'c' * 1000, 'unnamed': b'b', 'late': b'd', 'new': b'old',
                'folder/in it': b'e'}
        self.assertEqual(self.left('nothing'), least)
        self.assertEqual(self.left('all'), most)
        seen = set()
        for seed in range(12):
            for way in LEFT[2:]:
                left = self.left(way, seed)
                self.assertEqual(left['unnamed'], b'b')
                self.assertEqual(left['kept'][:1000], b'a' * 1000)
                self.assertLessEqual(set(left['kept'][1000:]), set(b'c\0'))
                self.assertLessEqual(set(left), set(least) | set(most))
                seen.add(left['kept'])
        self.assertGreater(len(seen), 3)

    def strike(self, fault, act):
        """How the program ends, and what it says, when that act is struck."""
        with tempfile.TemporaryDirectory() as work:
            (pathlib.Path(work) / 'x').write_bytes(b'x')
            program = (f'import os\nx, y = "{work}/x", "{work}/y"\nfd = os.open(x, os.O_RDWR)\n'
                       f'try: {act}\nexcept OSError as e: print(e.strerror)\n')
            done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True,
                                  env=dict(os.environ, LD_PRELOAD=LAYER, UNDERCROFT_FAULTS=fault))
            size = len((pathlib.Path(work) / 'x').read_bytes()) if act.startswith('os.p') else None
            return done.returncode, done.stdout.strip(), size

    def test_each_call_is_struck(self):
        acts = {'write': ['os.write(fd, b"four")', 'os.pwrite(fd, b"four", 0)',
                          'os.writev(fd, [b"four"])', 'os.pwritev(fd, [b"four"], 0)'],
                'sync': ['os.fsync(fd)', 'os.fdatasync(fd)'],
                'open': ['os.open(x, os.O_RDONLY)'],
                'rename': ['os.rename(x, y)'], 'link': ['os.link(x, y)'],
                'unlink': ['os.unlink(x)'], 'mkdir': ['os.mkdir(y)'],
                'truncate': ['os.ftruncate(fd, 0)'], 'fallocate': ['os.posix_fallocate(fd, 0, 9)']}
        for call, these in acts.items():
            for act in these:
                nth = 2 if call == 'open' else 1  # the first is the program's own
                for what, says in (('error', 'Input/output error'),
                                   ('full', 'No space left on device')):
                    self.assertEqual(self.strike(f'/tmp/*/[xy] {call} {nth} {what}', act)[:2],
                                     (0, says), act)
                self.assertEqual(self.strike(f'/tmp/*/[xy] {call} {nth} kill', act)[0], -9, act)
                self.assertEqual(self.strike(f'/tmp/*/z {call} {nth} kill', act)[:2], (0, ''), act)
        self.assertEqual(self.strike('/tmp/*/x write 1 half', acts['write'][1])[2], 2)


if __name__ == '__main__':
    os.environ.pop('LD_PRELOAD', None)
    unittest.main()
