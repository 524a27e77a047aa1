# SPDX-License-Identifier: Apache-2.0
"""kill -9, at random moments, of the backbone and of the clients, in the middle of a stream of
messages across two apps: what was kept arrives, once, in order.

A terminal cannot print and mark as read at once.  It prints first, so that a kill passes nothing
over; what it was printing just then is printed again by the next run."""
import fcntl
import json
import os
import pathlib
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person, befriend  # noqa: E402

ROUNDS = int(os.environ.get('UNDERCROFT_KILL_ROUNDS', '10'))
MESSAGES = 8  # a round
PAGE = 4096


class Kill(unittest.TestCase):
    def setUp(self):
        seed = int(os.environ.get('UNDERCROFT_SEED', random.randrange(1 << 32)))
        print(f'UNDERCROFT_SEED={seed}, {ROUNDS} rounds')
        self.dice = random.Random(seed)
        self.backbone = Backbone()
        self.backbone.start()
        self.rosa = Person(self.backbone, 'rosa', 'dial', '+4915112345678')
        self.tom = Person(self.backbone, 'tom', 'lens', 'tom')
        self.rosa.sign_up()
        self.tom.sign_up()
        befriend(self.rosa, self.tom)

    def tearDown(self):
        self.backbone.erase()

    def play(self, split_clients):
        said, shown = [], []  # what Rosa's client took and told so; what each run of Tom's showed
        rosa, tom = self.rosa.start('follow', 'Tom'), self.tom.start('follow')

        def heard(running, own):
            return [m['text'] for m in running.lines
                    if m['type'] == 'message' and m['own'] == own and m['kind'] == 'text']

        def is_live(running):
            return any(m['type'] == 'following' for m in running.lines)

        for r in range(ROUNDS):
            for m in range(MESSAGES):
                rosa.type(f'round {r} message {m}')
            time.sleep(self.dice.uniform(0, 0.15))
            self.backbone.kill()
            if split_clients and self.dice.random() < 0.3:
                rosa.kill()
                said += heard(rosa, True)
                rosa = None
            if split_clients and self.dice.random() < 0.3:
                tom.kill()
                shown.append((heard(tom, False), is_live(tom)))
                tom = None
            self.backbone.start()
            rosa = rosa or self.rosa.start('follow', 'Tom')
            tom = tom or self.tom.start('follow')
            if self.dice.random() < 0.5:
                time.sleep(self.dice.uniform(0, 0.5))
        last = 'the last one'
        rosa.type(last)
        tom.wait_for(lambda m: m['type'] == 'message' and m['text'] == last)
        rosa.wait_for(lambda m: m['type'] == 'message_state' and m['text'] == last and
                      m['state'] == 'accepted')
        self.assertEqual((rosa.interrupt(), tom.interrupt()), (0, 0))
        said += heard(rosa, True)
        shown.append((heard(tom, False), is_live(tom)))
        return said, shown

    def check_shown(self, shown, read):
        """Each run goes on where the one before it ended, without a gap; it repeats at most what
        that one was printing when it was killed: one message, or the unread ones it began with."""
        earliest = end = 0
        for texts, live in shown:
            start = read.index(texts[0]) if texts else end
            self.assertTrue(earliest <= start <= end, (earliest, start, end, texts[:1]))
            self.assertEqual(texts, read[start:start + len(texts)])
            if texts:
                end = start + len(texts)
                earliest = end - 1 if live else start
        self.assertEqual(end, len(read))

    def check(self, said, shown):
        kept = [t for _, t in self.rosa.texts('Tom')]
        read = [t for _, t in self.tom.texts('Rosa')]
        self.assertEqual(read, kept)                     # none lost, none twice, in order
        self.assertEqual(len(set(kept)), len(kept))
        self.check_shown(shown, read)
        self.assertEqual([t for t in said if t not in kept], [])
        states = {m['state'] for m in self.rosa.json('read', 'Tom', '--last', 100000) if m['own']}
        self.assertEqual(states, {'accepted'})
        self.assertEqual([r['consistent'] for r in self.tom.json('rooms')], [True])
        self.backbone.stop()
        checked = self.backbone.ctl('check', self.backbone.dir / 'undercroft.conf')
        self.assertEqual(checked.returncode, 0, checked.stdout.decode())
        return kept

    def test_backbone(self):
        said, shown = self.play(False)
        kept = self.check(said, shown)
        self.assertEqual(len(kept), ROUNDS * MESSAGES + 1)
        self.assertEqual([texts for texts, _ in shown], [kept])

    def test_backbone_and_clients(self):
        self.check(*self.play(True))

    def test_what_was_being_printed_is_unread(self):
        """A reader that is killed amid its output: a pipe that takes two of ten messages."""
        texts = [str(i) * 1500 for i in range(10)]
        for text in texts:
            self.rosa.run('send', 'Tom', text)
        self.tom.run('sync')
        out, into = os.pipe()
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, PAGE)
        with subprocess.Popen(self.tom.command(['--json', 'read']), env=self.backbone.env,
                              stdin=subprocess.DEVNULL, stdout=into) as reader:
            os.close(into)
            first = os.read(out, PAGE)
            reader.kill()
        os.close(out)
        self.assertEqual(json.loads(first.splitlines()[0])['text'], texts[0])
        unread = [m['text'] for m in self.tom.json('read') if m['kind'] == 'text']
        self.assertEqual(unread, texts)
        self.assertEqual(self.tom.json('read'), [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
