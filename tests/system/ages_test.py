# SPDX-License-Identifier: Apache-2.0
"""A school vouches for ages, with real processes: it makes a key, an app's operator believes it, people bring
it requests and hand in what it gives; what it means holds after kill -9, and until nobody believes it."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person  # noqa: E402

NAME = 'school.example'


class Ages(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone()
        self.conf, = self.backbone.confs()
        self.before = self.conf.read_text()
        self.key = self.backbone.dir / 'school.key'
        self.section = self.service('new', self.key, NAME)
        self.believe(self.section)
        self.backbone.start()
        self.kim = Person(self.backbone, 'kim', 'lens', 'kim', 'Kim')
        self.kim.sign_up()

    def tearDown(self):
        self.backbone.erase()

    def service(self, *arguments, status=0):
        done = self.backbone.ctl('age-service', *map(str, arguments))
        self.assertEqual(done.returncode, status, done)
        self.said = done.stderr.decode()
        return done.stdout.decode()

    def believe(self, section):
        self.conf.write_text(f'{self.before}\n{section}')

    def reload(self, status=0):
        done = self.backbone.ctl('reload', self.conf, '--json')
        self.assertEqual(done.returncode, status, done)
        return (done.stdout + done.stderr).decode()

    def request(self, person, name=NAME):
        return person.json('age', 'request', name)[-1]['text']

    def sign(self, band, text, *more):
        return self.service('sign', self.key, band, text, *more).strip()

    def age(self, person):
        a = person.json('age')[-1]
        return a['by'], a['age']

    def test_vouched_for(self):
        kim = self.kim
        self.assertRegex(self.section, r'^\[age school\.example\]\nkey = [0-9a-f]{64}\n$')
        self.assertEqual(self.service('key', self.key), self.section)
        self.assertEqual(self.key.stat().st_mode & 0o777, 0o600)
        kim.run('settings', '--age', 'adult')
        self.assertEqual(self.age(kim), ('nobody', 'unknown'))
        text = self.request(kim)
        self.assertEqual(self.request(kim), text)  # the same each time, and nothing of Kim
        self.assertNotIn('kim', text)
        statement = self.sign('13-15', text)
        self.assertEqual(kim.json('age', 'present', '-', text=statement + '\n')[-1],
                         {'type': 'age', 'age': '13-15', 'by': 'service'})
        # Found by nobody any more, though it was said otherwise; also after a kill.
        rosa = Person(self.backbone, 'rosa', 'lens', 'rosa', 'Rosa')
        rosa.sign_up()
        for _ in range(2):
            self.assertEqual(rosa.refused('ask', 'lens', 'kim'), 'UC_E_NOT_FOUND')
            self.backbone.kill()
            self.backbone.start()
        self.assertEqual(self.age(kim), ('service', '13-15'))
        # Nobody else's, not even with all of the text; no other device's of hers.
        self.assertEqual(rosa.refused('age', 'present', statement), 'UC_E_KEY')
        self.assertEqual(self.age(rosa), ('nobody', 'unknown'))
        view = self.backbone.ctl('operator-view', self.conf, 'lens', 'kim').stdout
        self.assertIn(b'13 to 15', view)
        self.assertNotIn(b'school', view)
        data = b''.join(p.read_bytes() for p in (self.backbone.dir / 'data').rglob('*') if p.is_file())
        self.assertNotIn(NAME.encode(), data)
        self.assertIn(b'13-15', kim.run('age').encode())
        # The operator's word goes first; `none` forgets both.
        self.backbone.ctl('age', self.conf, 'lens', 'kim', '16-17')
        self.assertEqual(self.age(kim), ('app', '16-17'))
        self.backbone.ctl('age', self.conf, 'lens', 'kim', 'none')
        self.assertEqual(self.age(kim), ('nobody', 'unknown'))

    def test_believed_no_more(self):
        kim = self.kim
        kim.run('age', 'present', self.sign('16-17', self.request(kim), '--days', '1'))
        self.assertEqual(self.age(kim), ('service', '16-17'))
        kim.run('settings', '--age', '16-17')
        self.believe('')
        self.assertIn(NAME, self.reload())
        self.assertEqual(self.age(kim), ('nobody', 'unknown'))
        statement = self.sign('16-17', self.request(kim))
        self.assertEqual(kim.refused('age', 'present', statement), 'UC_E_NOT_ALLOWED')
        # Another key under the same name; then both.
        other = self.backbone.dir / 'other.key'
        section = self.service('new', other, NAME)
        self.believe(section)
        self.reload()
        self.assertEqual(kim.refused('age', 'present', statement), 'UC_E_SIGNATURE')
        self.believe(section + self.section.replace(f'[age {NAME}]\nkey ', 'key_before '))
        self.assertIn('key_before', self.reload())
        self.assertEqual(self.age(kim), ('service', '16-17'))
        kim.run('age', 'present', statement)
        # Mistakes are said with file, line and key, and nothing changes.
        line = len(self.before.splitlines()) + 3
        self.believe(f'[age {NAME}]\nkey = 00\n')
        self.assertIn(f':{line}: [age {NAME}] key: is not a key', self.reload(status=1))
        self.assertEqual(self.age(kim), ('service', '16-17'))

    def test_what_is_not_for_it(self):
        kim = self.kim
        text = self.request(kim)
        for wrong in (self.request(kim, 'shop.example'), text[:-4], 'age-request.AAAA', '', 'x' * 2000,
                      self.sign('adult', text)):
            self.service('sign', self.key, 'adult', wrong, status=1)
        self.service('sign', self.key, '14', text, status=2)
        self.service('sign', self.key, 'adult', text, '--days', '400', status=2)
        self.service('new', self.key, NAME, status=1)
        self.assertIn('there already', self.said)
        self.service('new', self.backbone.dir / 'k', 'Not A Name', status=1)
        (self.backbone.dir / 'k').write_text('no key')
        self.service('sign', self.backbone.dir / 'k', 'adult', text, status=1)
        for wrong in ('age-statement.AAAA', text, 'x', 'x' * 2000):
            kim.refused('age', 'present', wrong)
        self.assertEqual(kim.refused('age', 'request', 'Not A Name'), 'UC_E_ARGUMENT')
        self.assertEqual(self.age(kim), ('nobody', 'unknown'))
        self.backbone.stop()
        self.assertEqual(self.request(kim), text)  # needs no app
        kim.run('age', 'present', self.sign('adult', text), status=3)
        self.backbone.start()


if __name__ == '__main__':
    unittest.main()
