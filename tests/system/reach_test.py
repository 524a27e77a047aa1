# SPDX-License-Identifier: Apache-2.0
"""Who can reach an account: what it has set, handed out and been asked; and what `reach` lists and
ends of that."""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, befriend  # noqa: E402

backbone = None


def new(app, name):
    return backbone.new(app, name)


class Settings(unittest.TestCase):
    def test_set_and_shown(self):
        rosa = new('lens', 'Rosa')
        self.assertIn('Nothing was said yet', rosa.run('settings'))
        self.assertEqual(rosa.run('settings', '--age', 'adult').splitlines(),
                         ['age adult', 'ask anybody', 'add contacts', 'find yes',
                          'contact-code none', 'introduce self', 'not-introduced show'])
        self.assertIn('ask handed', rosa.run('settings', '--ask', 'handed', '--find', 'no'))
        self.assertEqual(rosa.run('settings').splitlines(),
                         ['age adult', 'ask handed', 'add contacts', 'find no',
                          'contact-code none', 'introduce self', 'not-introduced show'])
        # Of her devices alone, and set alone.
        self.assertIn('not-introduced remove', rosa.run('settings', '--not-introduced', 'remove'))
        self.assertEqual(rosa.json('settings')[0]['not_introduced'], 'remove')
        self.assertIn('not-introduced show', rosa.run('settings', '--not-introduced', 'show'))

    def test_they_hold_for_others(self):
        tom, uwe = new('dial', 'Tom'), new('plaza', 'Uwe')
        uwe.run('settings', '--age', 'adult')
        befriend(uwe, tom)
        tom.run('settings', '--age', '13-15')
        other = new('plaza', 'Una')
        self.assertEqual(other.refused('ask', 'dial', tom.identifier), 'UC_E_NOT_FOUND')
        self.assertEqual(tom.refused('settings', '--age', 'adult'), 'UC_E_NOT_ALLOWED')
        self.assertEqual(tom.refused('settings', '--find', 'yes'), 'UC_E_NOT_ALLOWED')
        # Who is a contact already, stays one.
        uwe.run('send', tom.name, 'are you there?')
        tom.read_on('are you there?')


class Handed(unittest.TestCase):
    """What people hand each other: contact codes and links."""

    def test_contact_codes(self):
        tom, rosa = new('lens', 'Tom'), new('dial', 'Rosa')
        self.assertEqual(tom.refused('settings', '--contact-code', 'new'), 'UC_E_NOT_ALLOWED')
        said = tom.json('settings', '--age', 'adult', '--contact-code', 'new')[-1]
        code = said['contact_code']
        self.assertRegex(code, '^[0-9A-Z]{4}-[0-9A-Z]{4}$')
        self.assertEqual(tom.json('settings')[0]['contact_code'], code)
        wrong = code[:-1] + ('0' if code[-1] != '0' else '1')
        for given in ([], ['--code', wrong]):
            self.assertEqual(rosa.refused('ask', 'lens', tom.identifier, *given), 'UC_E_NOT_FOUND')
        self.assertEqual(rosa.refused('ask', 'lens', tom.identifier, '--code', 'ABC'), 'UC_E_CODE')
        rosa.run('ask', 'lens', tom.identifier, 'It is Rosa', '--code',
                 code.lower().replace('-', ' '))
        tom.until(lambda: tom.json('requests'))
        tom.run('settings', '--find', 'yes')  # leaves the code
        una = new('plaza', 'Una')
        self.assertEqual(una.refused('ask', 'lens', tom.identifier), 'UC_E_NOT_FOUND')
        tom.run('settings', '--contact-code', 'none')
        una.run('ask', 'lens', tom.identifier)

    def test_invitation_links(self):
        uwe, rosa, una = new('plaza', 'Uwe'), new('dial', 'Rosa'), new('lens', 'Una')
        uwe.run('settings', '--age', 'adult', '--ask', 'handed', '--find', 'no')
        self.assertEqual(rosa.refused('ask', 'plaza', uwe.identifier), 'UC_E_NOT_FOUND')
        link = uwe.json('invite', '--days', '2')[0]['link']
        self.assertRegex(link, r'^https://plaza\.localhost:\d+/#/link/[\w-]+$')
        for name in (uwe.identifier, uwe.name):
            self.assertNotIn(name, link)
        self.assertEqual(uwe.refused('ask', link), 'UC_E_ARGUMENT')
        waiting = rosa.start('ask', link, 'Rosa, from the fair', '--wait')
        uwe.until(lambda: uwe.json('requests'))
        self.assertEqual([(r['name'], r['by_invitation'], r['text']) for r in uwe.json('requests')],
                         [('Rosa', True, 'Rosa, from the fair')])
        uwe.run('accept', 'Rosa', '--wait')
        self.assertEqual(waiting.end(), 0, waiting.error)
        rosa.run('sync')
        self.assertEqual([(c['name'], c['identity_changed']) for c in rosa.json('contacts')],
                         [('Uwe', False)])
        # By another name from now on, which those who knew the one before are told.
        self.assertEqual(rosa.refused('profile', ''), 'UC_E_NAME')
        rosa.run('profile', 'Rosa Luz')
        uwe.until(lambda: [c['name'] for c in uwe.json('contacts')] == ['Rosa Luz'])
        self.assertEqual([i['asked'] for i in uwe.json('invitations')], ['1'])
        # All of that in one list, each with what ends it.
        uwe.run('group', 'Fair', 'Rosa Luz')
        rosa.until(lambda: any(r['name'] == 'Fair' for r in rosa.json('rooms')))
        rosa.run('sync')
        ways = {(w['what'], w['who']): w for w in uwe.json('reach')}
        self.assertEqual({what for what, _ in ways}, {'Devices', 'Contacts', 'Groups', 'Strangers'})
        self.assertIn('nobody finds you', ways['Strangers', 'By name']['may'])
        self.assertIn('1 came by it', ways['Strangers', 'By link 1']['may'])
        self.assertIn('can bring you into', ways['Contacts', 'Rosa Luz']['may'])
        self.assertIn('1 contact and 0 others see you under your name', ways['Groups', 'Fair']['may'])
        uwe.run(*ways['Groups', 'Fair']['end'].split())
        self.assertNotIn('Fair', [w['who'] for w in uwe.json('reach')])
        self.assertIn(f"undercroft -p {uwe.profile} invitation-end 1", uwe.run('reach'))
        # Taken back; one for a single person; what is none.
        uwe.run('invitation-end', '1')
        self.assertEqual(uwe.json('invitations'), [])
        una.run('ask', link)
        uwe.run('sync')
        self.assertEqual(uwe.json('requests'), [])
        once = uwe.json('invite', '--once')[0]['link']
        una.run('ask', once, 'me first')
        uwe.until(lambda: uwe.json('requests'))
        self.assertEqual([i['used'] for i in uwe.json('invitations')], ['yes'])
        new('lens', 'Ulf').run('ask', once, 'me too')
        uwe.run('sync')
        self.assertEqual([r['name'] for r in uwe.json('requests')], ['Una'])
        una.run('ask', once[:-4], status=2)  # not whole: it is no link


class Requests(unittest.TestCase):
    def test_requests(self):
        a, b = new('lens', 'Ada'), new('plaza', 'Ben')
        # By an e-mail address nobody is found before they say so.
        self.assertEqual(new('lens', 'Una').refused('ask', 'plaza', b.identifier),
                         'UC_E_NOT_FOUND')
        self.assertIn('find no', b.run('settings', '--age', 'adult'))
        b.be_findable()
        a.run('ask', 'plaza', b.identifier, 'It is Ada')
        b.until(lambda: b.json('requests'))
        lines = b.json('requests')
        self.assertEqual([(r['name'], r['text'], r['app']) for r in lines],
                         [('Ada', 'It is Ada', 'lens')])
        b.run('decline', 'Ada')
        self.assertEqual(b.json('requests'), [])
        self.assertEqual([r['state'] for r in b.json('requests', '--all')], ['declined'])
        self.assertEqual([r['state'] for r in a.json('requests', '--all')], ['open'])
        self.assertEqual(a.json('contacts'), [])
        self.assertEqual(a.refused('ask', 'plaza', 'nobody@example.org'), 'UC_E_NOT_FOUND')
        self.assertEqual(a.refused('ask', 'plaza', b.identifier, 'x' * 141), 'UC_E_TOO_LARGE')
        self.assertIn('no open request', a.error + b.run('accept', '7', status=1) + b.error)

    def letters(self, who):
        return [w for w in who.json('reach') if w['what'] == 'Requests of yours']

    def test_a_request_of_ones_own_is_listed_and_taken_back(self):
        a, b = new('lens', 'Ada'), new('plaza', 'Ben')
        b.be_findable()
        a.run('ask', 'plaza', b.identifier, 'It is Ada')
        b.until(lambda: b.json('requests'))
        # What others ask is no way to be reached by.
        self.assertEqual(self.letters(b), [])
        row, = self.letters(a)
        self.assertEqual((row['who'], row['app'], row['end']), (b.identifier, 'plaza', 'withdraw 1'))
        self.assertRegex(row['may'],
                         '^whoever has it can begin a conversation with you till .+; written ')
        self.assertIn(f'undercroft -p {a.profile} withdraw 1', a.run('reach'))
        self.assertIn('until_ms', a.json('requests')[0])
        for who, number in ((a, '2'), (b, '1')):
            who.run('withdraw', number, status=1)
            self.assertIn(f'no waiting request is called {number}', who.error)
        self.assertIn('Taken back', a.run(*row['end'].split()))
        self.assertEqual((self.letters(a), a.json('requests')), ([], []))
        self.assertEqual([r['state'] for r in a.json('requests', '--all')], ['withdrawn'])
        a.run('withdraw', '1', status=1)
        # He is told nothing, and reaches nobody.
        b.run('accept', 'Ada')
        for who in (a, b, a):
            who.run('sync')
        self.assertEqual((a.json('rooms'), a.json('contacts')), ([], []))
        self.assertEqual([r['state'] for r in b.json('requests', '--all')], ['accepted'])
        # Asked anew, by a name this time, it is as it ever was; what was answered is no row.
        befriend(a, b)
        self.assertEqual(self.letters(a), [])

    def test_block(self):
        a, b = new('dial', 'Ada'), new('lens', 'Ben')
        befriend(a, b)
        b.run('block', 'Ada')
        self.assertEqual([c['blocked'] for c in b.json('contacts')], [True])
        a.run('send', 'Ben', 'do you hear me?', status=None)
        self.assertEqual([t for t in b.texts('Ada') if 'hear' in t[1]]
                         if any(r['name'] == 'Ada' for r in b.json('rooms')) else [], [])
        a.run('ask', 'lens', b.identifier, 'please')
        b.run('sync')
        self.assertEqual(b.json('requests'), [])
        b.run('unblock', 'Ada')
        self.assertEqual([c['blocked'] for c in b.json('contacts')], [False])
        # Within hours the conversation is still the same one, at both.
        b.run('send', 'Ada', 'and now?')
        self.assertEqual([len(p.json('rooms', '--all')) for p in (a, b)], [1, 1])
        a.read_on('and now?')
        a.run('send', 'Ben', 'clearly')
        b.read_on('clearly')


class Zz_Logs(unittest.TestCase):
    """Last, of all that was said before."""

    def test_they_hold_nobody(self):
        self.assertNotRegex(backbone.logs(), r'\+49151|@example|from the fair')


def setUpModule():
    global backbone
    backbone = Backbone()
    backbone.start()


def tearDownModule():
    if 'UNDERCROFT_KEEP' not in os.environ:
        backbone.erase()
    else:
        print(backbone.dir)


if __name__ == '__main__':
    unittest.main(verbosity=2)
