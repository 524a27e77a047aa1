# SPDX-License-Identifier: Apache-2.0
"""Two accounts that are shown to be one person, to whom their owner says so."""
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, befriend  # noqa: E402

backbone = started = None
FIRST_SWEEP_S = 15  # five, and time for a busy machine


def new(app, name):
    return backbone.new(app, name)


class SamePerson(unittest.TestCase):
    """Rosa on Dial and on Lens, and Tom on Plaza, who knows the one, or both."""

    def people(self):
        rosa, other, tom = new('dial', 'Rosa'), new('lens', 'Rosalind'), new('plaza', 'Tom')
        befriend(rosa, tom)
        return rosa, other, tom

    def text(self, who, *arguments, **more):
        return who.json('same-person', *arguments, **more)[-1]['text']

    def link(self, rosa, other, *more):
        offer = self.text(rosa, 'offer')
        asked = other.run('same-person', 'accept', offer, status=2)
        self.assertIn('Rosa on dial and you are one person', asked)
        answer = self.text(other, 'accept', offer, '--yes', *more)
        whole = self.text(rosa, 'take', answer)
        other.run('same-person', 'take', '-', text=whole + '\n')
        return offer, answer, whole

    def linked(self, who, name):
        """What is shown as the same person as that contact: (app, name, identifier, known)."""
        lines = who.json('contacts')
        of = next(c['id'] for c in lines if c['type'] == 'contact' and c['name'] == name)
        return [(c['app'], c['name'], c['identifier'], c['is_contact']) for c in lines
                if c['type'] == 'same_person' and c['contact'] == of]

    def known_to(self, app, who):
        """What its operator can see of an account, but for how many records all rooms have."""
        done = backbone.ctl('operator-view', backbone.dir / 'undercroft.conf', app, who.identifier)
        return done.stdout.decode().splitlines()[:-1]

    def test_shown_and_withdrawn(self):
        rosa, other, tom = self.people()
        for p in (rosa, other, tom):
            p.run('sync')
        # The first sweep takes limits that are full again; the next one is an hour away.
        time.sleep(max(0, started + FIRST_SWEEP_S - time.monotonic()))
        before = [self.known_to(p.app, p) for p in (rosa, other)]
        self.assertEqual(len(before[0]), 7, before)
        offer, answer, _ = self.link(rosa, other)
        self.assertEqual([(k['app'], k['state'], k['shown']) for k in rosa.json('same-person')],
                         [('lens', 'linked', 0)])
        self.assertEqual(self.linked(tom, 'Rosa'), [])
        rosa.run('same-person', 'show', 'Tom')
        tom.until(lambda: self.linked(tom, 'Rosa'))
        row, = [w for w in rosa.json('reach') if w['what'] == 'Other accounts']
        self.assertEqual((row['who'], row['may'], row['end']),
                         ('Rosalind', '1 contact knows that it is yours, too',
                          'same-person withdraw lens'))
        self.assertEqual(self.linked(tom, 'Rosa'), [('lens', 'Rosalind', '', False)])
        self.assertIn('  also Rosalind on lens\n', tom.run('contacts'))
        # Nothing at a server, and nobody else may say so, or say it late.
        self.assertEqual([self.known_to(p.app, p) for p in (rosa, other)], before)
        self.assertEqual(tom.refused('same-person', 'take', answer), 'UC_E_NOT_FOUND')
        self.assertEqual(rosa.refused('same-person', 'take', answer), 'UC_E_NOT_FOUND')
        self.assertEqual(other.refused('same-person', 'accept', offer, '--yes'), 'UC_E_EXISTS')
        # Who meets the other account, too, knows it for the same person.
        befriend(tom, other)
        self.assertEqual(self.linked(tom, 'Rosa'), [('lens', 'Rosalind', '', True)])
        self.assertIn('  the same person as your contact Rosa on dial\n', tom.run('contacts'))
        # Withdrawn by the account that has shown it to nobody: the text tells the other one.
        over = self.text(other, 'withdraw')
        rosa.run('same-person', 'take', over)
        tom.until(lambda: not self.linked(tom, 'Rosa'))
        self.assertNotIn('same person', tom.run('contacts'))
        self.assertEqual([k['state'] for k in rosa.json('same-person')], ['withdrawn'])
        rosa.run('same-person', 'show', 'Tom', 'lens', status=1)
        # Linked anew, it is shown only when that is said, and as what its owner tells.
        self.link(rosa, other, '--with-identifier')
        other.run('same-person', 'show', 'Tom')
        tom.until(lambda: self.linked(tom, 'Rosa'))
        self.assertEqual(self.linked(tom, 'Rosa'),
                         [('lens', 'Rosalind', other.identifier, True)])
        self.assertNotIn(other.identifier, backbone.logs())

    def test_a_block_covers_both(self):
        rosa, other, tom = self.people()
        self.link(rosa, other)
        rosa.run('same-person', 'show', 'Tom')
        tom.until(lambda: self.linked(tom, 'Rosa'))
        tom.run('block', 'Rosa')
        other.run('ask', 'plaza', tom.identifier, 'it is somebody else')
        tom.run('sync')
        self.assertEqual(tom.json('requests', '--all')[1:], [])
        tom.run('unblock', 'Rosa')
        befriend(other, tom)
        self.assertEqual({c['name']: c['blocked'] for c in tom.json('contacts')
                          if c['type'] == 'contact'}, {'Rosa': False, 'Rosalind': False})
        # And a conversation with the one ends with a block of the other.
        tom.run('block', 'Rosa')
        self.assertTrue(all(c['blocked'] for c in tom.json('contacts')
                            if c['type'] == 'contact'))
        tom.until(lambda: not tom.json('rooms'))
        other.run('send', 'Tom', 'do you hear me?', status=None)
        tom.run('sync')
        self.assertEqual(tom.json('rooms'), [])

    def test_usage(self):
        rosa = new('dial', 'Rosa')
        self.assertEqual(rosa.json('same-person'), [])
        rosa.run('same-person', 'nonsense', status=2)
        rosa.run('same-person', 'show', 'Tom', status=1)
        rosa.run('same-person', 'withdraw', status=1)
        self.assertEqual(rosa.refused('same-person', 'take', 'no text!'), 'UC_E_MALFORMED')
        self.assertEqual(rosa.refused('same-person', 'accept', self.text(rosa, 'offer'), '--yes'),
                         'UC_E_NOT_ALLOWED')


class Zz_Logs(unittest.TestCase):
    """Last, of all that was said before."""

    def test_they_hold_nobody(self):
        self.assertNotRegex(backbone.logs(), r'\+49151|@example|Rosalind|somebody else')


def setUpModule():
    global backbone, started
    backbone = Backbone()
    backbone.start()
    started = time.monotonic()


def tearDownModule():
    if 'UNDERCROFT_KEEP' not in os.environ:
        backbone.erase()
    else:
        print(backbone.dir)


if __name__ == '__main__':
    unittest.main(verbosity=2)
