# SPDX-License-Identifier: Apache-2.0
"""An app's keys are changed while people talk: what was made under those before goes on."""
import hmac
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, BUILD, PATIENCE_S, Person, befriend  # noqa: E402


class Rotation(unittest.TestCase):
    def test_addresses_and_look_ups_go_on(self):
        b = Backbone(split=True)
        confs = {p.stem: p for p in b.confs()}
        b.start()
        try:
            rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
            uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
            tom = Person(b, 'tom', 'plaza', 'tom@allotments.example', 'Tom Weiss')
            for p in (rosa, uwe, tom):
                p.sign_up()
            befriend(uwe, rosa)  # Plaza has looked at Dial; each has an address of the other
            for n in range(2):
                before = {k: v.read_bytes() for k, v in self.keys(b).items()}
                for app in ('dial', 'plaza'):
                    done = b.ctl('rotate-keys', confs[app], app)
                    self.assertEqual(done.returncode, 0, done)
                for app in ('dial', 'plaza'):
                    self.assertNotEqual(self.keys(b)[app].read_bytes(), before[app])
                if n:
                    break
                # With an address and a directory of before.
                rosa.run('group', 'The allotment', uwe.name)
                rosa.run('send', 'The allotment', 'rotated')
                uwe.read_on('rotated')
                befriend(tom, rosa)
            b.stop()
            self.age(self.keys(b)['dial'])
            b.start()
            self.until_ended(b)
            uwe.run('send', rosa.name, 'and started anew')
            rosa.read_on('and started anew')
        finally:
            b.erase()

    def before(self, keys):
        """Where that version says whether there are keys of before."""
        self.assertEqual(keys[7], 5)
        at = 8 + 3 * 32
        for _ in range(4):  # private and public keys, a byte of length each
            at += 1 + keys[at]
        return at + 32

    def age(self, file):
        """As if that rotation had been 101 days ago."""
        keys = file.read_bytes()
        at = self.before(keys)
        self.assertEqual(keys[at], 1)
        at += 1
        ms = int.from_bytes(keys[at:at + 8], 'big')
        self.assertLess(abs(ms - time.time() * 1000), 600000)
        ms -= 101 * 86400 * 1000
        file.write_bytes(keys[:at] + ms.to_bytes(8, 'big') + keys[at + 8:])

    def until_ended(self, b):
        """Dial's keys of before are gone from the file; Plaza's are young."""
        for _ in range(200):
            files = {k: v.read_bytes() for k, v in self.keys(b).items()}
            if not files['dial'][self.before(files['dial'])]:
                break
            time.sleep(0.05)
        self.assertEqual(files['dial'][self.before(files['dial'])], 0)
        self.assertEqual(files['plaza'][self.before(files['plaza'])], 1)

    def test_the_index_of_names_is_led_to_another_key(self):
        b = Backbone()
        b.start()
        try:
            conf = b.dir / 'undercroft.conf'
            rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
            uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
            tom = Person(b, 'tom', 'dial', '+4915112345679', 'Tom Weiss')
            for p in (rosa, uwe, tom):
                p.sign_up()
            before = self.keys(b)['dial'].read_bytes()
            done = b.ctl('rotate-keys', conf, 'dial', 'names')
            self.assertEqual(done.returncode, 0, done)
            b.kill()
            b.start()
            befriend(uwe, rosa)
            end = time.monotonic() + PATIENCE_S
            while len(self.keys(b)['dial'].read_bytes()) > len(before):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)
            self.assertIn(b'names led 1000', b.ctl('status', conf).stdout)
            after = self.keys(b)['dial'].read_bytes()
            self.assertEqual(len(after), len(before))  # no key of before
            befriend(uwe, tom)
            devices = b.ctl('devices', conf, 'dial', tom.identifier)
            self.assertEqual(devices.returncode, 0, devices)
            # Keys of before do not open what lies under the new one.
            b.stop()
            self.keys(b)['dial'].write_bytes(before)
            started = subprocess.run([BUILD / 'src/server/undercroftd', conf], env=b.env,
                                     capture_output=True, timeout=PATIENCE_S)
            self.assertNotEqual(started.returncode, 0)
            self.assertIn(b'names are under another key', started.stderr)
            self.keys(b)['dial'].write_bytes(after)
            b.start()
            uwe.run('send', rosa.name, 'and started anew')
            rosa.read_on('and started anew')
        finally:
            b.erase()

    def test_rooms_are_moved_to_other_keys(self):
        b = Backbone(split=True)
        b.start()
        try:
            conf = next(p for p in b.confs() if p.stem == 'dial')
            rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
            uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
            for p in (rosa, uwe):
                p.sign_up()
            befriend(uwe, rosa)
            rosa.run('group', 'The allotment', uwe.name)
            rosa.run('send', 'The allotment', 'before')
            uwe.read_on('before')
            done = b.ctl('rotate-keys', conf, 'dial', 'rooms')
            self.assertEqual(done.returncode, 0, done)
            self.assertIn(b'UC_E_BUSY', b.ctl('rotate-keys', conf, 'dial', 'rooms').stderr)
            rosa.run('send', 'The allotment', 'meanwhile')
            uwe.read_on('meanwhile')
            self.assertIn(b'UC_E_BUSY', b.ctl('rotate-keys', conf, 'dial', 'retire').stderr)
            file = self.keys(b)['dial']
            keys = self.two_hours_later(b, 0)
            end = time.monotonic() + PATIENCE_S
            while b.ctl('rotate-keys', conf, 'dial', 'retire').returncode:
                self.assertLess(time.monotonic(), end, b.ctl('status', conf).stdout)
                for p in (rosa, uwe):
                    p.run('sync')
            self.assertLess(len(file.read_bytes()), len(keys))
            rosa.run('send', 'The allotment', 'after')
            uwe.read_on('after')
            uwe.run('send', 'The allotment', 'and back')
            rosa.read_on('and back')
            rosa.run('group', 'The pond', uwe.name)
            rosa.run('send', 'The pond', 'a room of now')
            uwe.read_on('a room of now')
            # Again; nobody comes, and the operator does not wait for them.
            self.assertEqual(b.ctl('rotate-keys', conf, 'dial', 'rooms').returncode, 0)
            self.assertIn(b'UC_E_BUSY', b.ctl('rotate-keys', conf, 'dial', 'retire-anyway').stderr)
            keys = self.two_hours_later(b, 1)
            self.assertIn(b'UC_E_BUSY', b.ctl('rotate-keys', conf, 'dial', 'retire').stderr)
            done = b.ctl('rotate-keys', conf, 'dial', 'retire-anyway')
            self.assertEqual(done.returncode, 0, done)
            self.assertLess(len(file.read_bytes()), len(keys))
            self.assertIn(b'UC_E_NOT_FOUND', b.ctl('rotate-keys', conf, 'dial', 'retire').stderr)
            rosa.run('group', 'The shed', uwe.name)
            rosa.run('send', 'The shed', 'under the newest')
            uwe.read_on('under the newest')
        finally:
            b.erase()

    def test_keys_of_franks_end_by_themselves(self):
        """The file has the key of 90 days ago, made of that of the day before, and no older one."""
        b = Backbone()
        try:
            b.start()
            b.stop()
            file = self.keys(b)['dial']
            keys, at = file.read_bytes(), 8 + 2 * 32
            today = int(time.time() / 86400)
            day = int.from_bytes(keys[-5:-1], 'big')
            self.assertLessEqual(today - day, 1)
            key = keys[at:at + 32]
            file.write_bytes(keys[:-5] + (today - 97).to_bytes(4, 'big') + keys[-1:])
            b.start()
            end = time.monotonic() + PATIENCE_S
            while int.from_bytes(file.read_bytes()[-5:-1], 'big') < today - 90:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            moved = file.read_bytes()
            for _ in range(int.from_bytes(moved[-5:-1], 'big') - (today - 97)):
                key = hmac.digest(key, b'Undercroft next day', 'sha256')
            self.assertEqual(moved[at:at + 32], key)
            self.assertEqual((moved[:at], moved[at + 32:-5]), (keys[:at], keys[at + 32:-5]))
        finally:
            b.erase()

    def two_hours_later(self, b, retired):
        """The time of the change is the last that the file says, but for the key of finding by number,
        that there is none before it, no seed for other apps, the day of franks, and what was retired."""
        b.stop()
        file = self.keys(b)['dial']
        keys = file.read_bytes()
        self.assertEqual(keys[-1 - 40 * retired], retired)
        at = len(keys) - 35 - 8 - 5 - 40 * retired
        ms = int.from_bytes(keys[at:at + 8], 'big')
        self.assertLess(abs(ms - time.time() * 1000), 600000)
        file.write_bytes(keys[:at] + (ms - 7200 * 1000).to_bytes(8, 'big') + keys[at + 8:])
        b.start()
        return keys

    def keys(self, b):
        return {p.parent.name: p for p in b.dir.rglob('app.keys')}


if __name__ == '__main__':
    unittest.main()
