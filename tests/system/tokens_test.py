# SPDX-License-Identifier: Apache-2.0
"""First contact between apps of two backbones, with real processes: whoever asks draws a token; the
same token brings one letter, though it is sent twice, from a copied profile, and both backbones are
killed in between."""
import pathlib
import re
import shutil
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import PATIENCE_S, Backbone, Person, befriend  # noqa: E402


class Tokens(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone(split=True)
        self.confs = {p.stem: p for p in self.backbone.confs()}
        # One letter an hour, so that the second waits at the client, with its token.
        self.limit('[limits lens]\nconsent = 1 1\n')
        self.backbone.start()
        b = self.backbone
        self.rosa = Person(b, 'rosa', 'lens', 'rosa')
        self.tom = Person(b, 'tom', 'dial', '+4915112345678')
        self.bela = Person(b, 'bela', 'dial', '+4915112345679')
        for p in (self.rosa, self.tom, self.bela):
            p.sign_up()

    def tearDown(self):
        self.backbone.erase()

    def limit(self, lines):
        text = self.confs['lens'].read_text().split('[limits lens]')[0]
        self.confs['lens'].write_text(text + lines)

    def waiting(self):
        """How many letters lie for Tom's device."""
        done = self.backbone.ctl('operator-view', self.confs['dial'], 'dial', self.tom.identifier)
        line = next(s for s in done.stdout.decode().splitlines() if s.startswith('waiting'))
        found = re.search(r'(\d+) items', line)
        return int(found.group(1)) if found else 0

    def until(self, what):
        end = time.monotonic() + PATIENCE_S
        while not what():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def restart(self):
        self.backbone.kill()
        self.backbone.start()

    def test_a_token_brings_one_letter(self):
        befriend(self.rosa, self.bela)
        # The token is drawn, the letter refused: it stands in the profile, to be sent later.
        asking = self.rosa.start('ask', 'dial', self.tom.identifier, 'It is me')
        time.sleep(2)
        asking.kill()
        self.assertEqual(self.waiting(), 0)
        profile = self.backbone.dir / 'people/rosa'
        copy = self.backbone.dir / 'people/rosa-before'
        shutil.copytree(profile, copy)
        self.limit('')
        for _ in range(2):
            self.restart()
            shutil.rmtree(profile)
            shutil.copytree(copy, profile)
            self.rosa.run('sync')
            time.sleep(1)
            self.until(lambda: self.waiting() == 1)
        came = [r['name'] for r in self.tom.json('requests') if r['type'] == 'request']
        self.assertEqual(came, ['Rosa'])


if __name__ == '__main__':
    unittest.main()
