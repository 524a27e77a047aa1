# SPDX-License-Identifier: Apache-2.0
"""Minors are brought only into the rooms they were asked for, with real processes across two apps: their
device answers or is silent, a guardian still agrees to each group, and grown-ups are added as before."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person, befriend  # noqa: E402


def people_in(person, room):
    return {m['name'] for m in person.json('members', room) if m['type'] == 'member'}


def groups(person):
    return {r['name'] for r in person.json('rooms') if r['type'] == 'room' and not r['direct']}


class Asked(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone()
        self.backbone.start()
        self.kim = Person(self.backbone, 'kim', 'dial', '+4915112345', 'Kim')
        self.tom = Person(self.backbone, 'tom', 'lens', 'tom', 'Tom')
        self.ida = Person(self.backbone, 'ida', 'plaza', 'ida@example.org', 'Ida')
        for p in (self.kim, self.tom, self.ida):
            p.sign_up()

    def tearDown(self):
        self.backbone.erase()

    def asked(self, person, *arguments):
        return any(line['type'] == 'asked' for line in person.json(*arguments))

    def test_at_16(self):
        kim, tom, ida = self.kim, self.tom, self.ida
        befriend(tom, ida)
        befriend(kim, tom)  # while nothing was known of her age
        kim.run('settings', '--age', '16-17')
        kim.run('sync')
        # What she gave out before is void; his client finds that out, and asks.
        self.assertTrue(self.asked(tom, 'group', 'Walks', 'Kim', 'Ida'))
        ida.run('sync')
        tom.until(lambda: people_in(tom, 'Walks') == {'Tom', 'Ida'})
        self.assertTrue(any('Kim was asked' in m.get('text', '') for m in tom.json('read', 'Walks')))
        self.assertEqual(tom.refused('add', 'Walks', 'Kim'), 'UC_E_EXISTS')
        kim.run('sync')
        tom.until(lambda: len(tom.json('members', 'Walks')) == 3)
        kim.until(lambda: 'Walks' in groups(kim))
        tom.until(lambda: people_in(tom, 'Walks') == {'Tom', 'Ida', 'Kim'})
        tom.run('send', 'Walks', 'hello Kim')
        kim.read_on('hello Kim')
        # Grown-ups come at once.
        self.assertFalse(self.asked(tom, 'group', 'Hikes', 'Ida'))
        ida.run('sync')
        tom.until(lambda: people_in(tom, 'Hikes') == {'Tom', 'Ida'})
        self.assertFalse(self.asked(kim, 'group', 'Hers', 'Tom'))
        # Who lets nobody add her is silent.
        kim.run('settings', '--age', '16-17', '--add', 'nobody')
        self.assertTrue(self.asked(tom, 'add', 'Hikes', 'Kim'))
        kim.run('sync')
        tom.run('sync')
        self.assertEqual(people_in(tom, 'Hikes'), {'Tom', 'Ida'})
        self.assertNotIn('Hikes', groups(kim))

    def test_a_ward(self):
        kim, tom, ida = self.kim, self.tom, self.ida
        befriend(kim, ida)
        befriend(kim, tom)
        kim.run('settings', '--age', '13-15')
        kim.run('guardian', 'offer', 'Ida')

        def wards(**fields):
            return [line for line in ida.json('guardian', 'wards')
                    if all(line.get(k) == v for k, v in fields.items())]
        ida.until(lambda: wards(type='ward', state='offered'))
        ida.run('guardian', 'accept', 'Kim')
        kim.until(lambda: kim.json('guardian')[0]['state'] == 'named')
        # While nobody may add her, nobody does.
        self.assertTrue(self.asked(tom, 'group', 'Before', 'Kim'))
        kim.run('sync')
        tom.run('sync')
        self.assertEqual(people_in(tom, 'Before'), {'Tom'})
        kim.run('settings', '--age', '13-15', '--add', 'contacts')
        self.assertTrue(self.asked(tom, 'group', 'Walks', 'Kim'))
        kim.run('sync')
        tom.until(lambda: len(tom.json('members', 'Walks')) == 2)
        # She says nothing there and sees nothing of it before the guardian has agreed.
        kim.until(lambda: wards(type='ward_ask', kind='group', name='Walks'))
        self.assertNotIn('Kim', people_in(tom, 'Walks'))
        self.assertNotIn('Walks', groups(kim))
        ida.run('guardian', 'agree', '1')
        kim.until(lambda: 'Walks' in groups(kim))
        tom.until(lambda: 'Kim' in people_in(tom, 'Walks'))


if __name__ == '__main__':
    unittest.main(verbosity=2)
