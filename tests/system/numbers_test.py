# SPDX-License-Identifier: Apache-2.0
"""Finding by number at the app, with real processes: what an account has asked about stays counted
when the backbone is killed, the filter stays, and who does not want to be found any more is in no
file; and a key in two halves, at two backbones."""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import PATIENCE_S, Backbone, Person  # noqa: E402

BUDGET = 1000
DISCOVERABLE = 17  # src/provider/schema.h


def key_of(table, account):
    """As src/store/key.h has it."""
    return bytes([table, 1]) + account.replace(b'\0', b'\0\xff') + b'\0\1'


class Numbers(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone()
        self.backbone.start()
        self.conf = self.backbone.dir / 'undercroft.conf'
        self.rosa = Person(self.backbone, 'rosa', 'dial', '+4915112345678')
        self.rosa.sign_up()

    def tearDown(self):
        self.backbone.erase()

    def ctl(self, *arguments):
        done = self.backbone.ctl(arguments[0], self.conf, *arguments[1:])
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def status(self):
        lines = map(json.loads, self.ctl('status', '--json').splitlines())
        return next(s for s in lines if s.get('app') == 'dial')

    def until_findable(self, n):
        end = time.monotonic() + PATIENCE_S
        while self.status()['findable'] != n:
            self.assertLess(time.monotonic(), end, self.status())
            time.sleep(0.05)

    def state(self, number):
        return {s['number']: s['state'] for s in self.rosa.json('find')}[number]

    def test_the_budget_outlives_a_kill(self):
        self.rosa.run('find', *(f'+49301{n:07}' for n in range(BUDGET)))
        # Once there is a first filter to look into.
        self.rosa.until(lambda: self.state(f'+49301{BUDGET - 1:07}') == 'not_found')
        self.backbone.kill()
        self.backbone.start()
        self.rosa.run('find', '+4930199999999', status=None)
        self.assertEqual(self.state('+4930199999999'), 'waiting')
        limits = self.ctl('operator-view', 'dial', self.rosa.identifier).decode()
        self.assertIn(f'numbers asked about {BUDGET}', limits)

    def test_a_value_that_is_given_up_is_in_no_file(self):
        self.rosa.run('settings', '--age', 'adult')
        self.rosa.run('findable', 'yes')
        value = self.value()
        self.ctl('build-filter', 'dial')
        self.until_findable(1)
        self.assertTrue(self.status()['discovery'])
        self.assertEqual(self.status()['filter_day'], int(time.time() // 86400))
        # The filter of today is there after a kill, and none is made.
        self.backbone.kill()
        self.backbone.start()
        self.until_findable(1)
        self.rosa.run('findable', 'no')
        self.ctl('compact', 'dial')
        end = time.monotonic() + PATIENCE_S
        while self.kept(value):
            self.assertLess(time.monotonic(), end, self.kept(value))
            time.sleep(0.2)
        self.ctl('build-filter', 'dial')
        self.until_findable(0)
        # Another key, once a day.
        self.ctl('rotate-keys', 'dial', 'discovery')
        done = self.backbone.ctl('rotate-keys', self.conf, 'dial', 'discovery')
        self.assertIn(b'UC_E_BUSY', done.stderr)
        self.assertIn(b'UC_E_UNSUPPORTED', self.backbone.ctl('build-filter', self.conf,
                                                             'lens').stderr)

    def value(self):
        """What stands for Rosa's number, from a dump: behind version and key of the function."""
        devices = self.ctl('devices', 'dial', self.rosa.identifier, '--json')
        account = bytes.fromhex(json.loads(devices.splitlines()[0])['account'])
        dump = self.ctl('dump', 'dial', 'accounts')
        key = key_of(DISCOVERABLE, account)
        self.assertEqual(dump.count(key), 1)
        at = dump.index(b'\0\1', dump.index(key) + len(key)) + 2 + 32
        value = dump[at:at + 32]
        self.assertTrue(self.kept(value))
        return value

    def kept(self, value):
        """Files of the server that hold it."""
        return [p for p in (self.backbone.dir / 'data').rglob('*')
                if p.is_file() and value in p.read_bytes()]


class Custodians(unittest.TestCase):
    """Dial's key in two halves, the other one at Lens, which is another backbone."""

    def test_both_are_asked(self):
        b = Backbone(split=True)
        confs = {p.stem: p for p in b.confs()}
        for app, after, line in (('dial', '[app dial]', 'discovery_custodian = lens.localhost'),
                                 ('lens', '[peer dial.localhost]', 'custody = yes')):
            text = confs[app].read_text()
            self.assertIn(after, text)
            confs[app].write_text(text.replace(after, f'{after}\n{line}'))
        b.start()
        try:
            rosa = Person(b, 'rosa', 'dial', '+4915112345678')
            bela = Person(b, 'bela', 'dial', '+4915112345679')
            for p in rosa, bela:
                p.sign_up()
            rosa.run('settings', '--age', 'adult')
            rosa.until(lambda: not self.tried(rosa, 'findable', 'yes'))
            self.assertEqual(b.ctl('build-filter', confs['dial'], 'dial').returncode, 0)
            bela.until(lambda: not self.tried(bela, 'find', rosa.identifier) and
                       bela.json('find')[0]['state'] == 'found')
        finally:
            b.erase()

    def tried(self, person, *arguments):
        person.run(*arguments, status=None)
        return person.status


if __name__ == '__main__':
    unittest.main(verbosity=2)
