# SPDX-License-Identifier: Apache-2.0
"""A disk that fails under the running backbone (tests/faults/files.c): it ends with the reason
rather than say what is not so, and starts again with all that was accepted."""
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import BUILD, Backbone, Person, befriend  # noqa: E402

MESSAGES = 40
PATIENCE_S = 60


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
        env = self.backbone.env
        self.backbone.env = dict(env, UNDERCROFT_FAULTS=faults,
                                 LD_PRELOAD=str(BUILD / 'tests/faults/undercroft-faults.so'))
        self.backbone.start()
        self.backbone.env = env

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


if __name__ == '__main__':
    os.environ.pop('LD_PRELOAD', None)
    unittest.main()
