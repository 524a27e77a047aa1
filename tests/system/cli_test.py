# SPDX-License-Identifier: Apache-2.0
"""The programs as people and operators use them: real processes, real files, a real backbone."""
import os
import pathlib
import re
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, BUILD, Person, ROOT, befriend  # noqa: E402

backbone = None


def new(app, name):
    return backbone.new(app, name)


class FirstConversation(unittest.TestCase):
    """What `./dev up` prints, typed as it stands."""

    def test_three_commands(self):
        steps = '. scripts/dev/lib.sh; . scripts/dev/local.sh; next_steps'
        printed = subprocess.run(['bash', '-c', steps], cwd=ROOT, env=backbone.env, text=True,
                                 stdout=subprocess.PIPE).stdout
        commands = re.findall(r'^  (\S+/undercroft -p .*)$', printed, re.M)
        self.assertEqual(len(commands), 3, printed)
        script = '\n'.join(commands) + '\nwait\n'
        out = subprocess.run(['bash', '-c', script], env=backbone.env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=120).stdout
        for line in ('Tom | you: Are the beans up?', 'Rosa | Rosa: Are the beans up?',
                     'Rosa | you: They are. Come and see.', 'Tom | Tom: They are. Come and see.'):
            self.assertIn(line, out)
        rosa, tom = Person(backbone, 'rosa'), Person(backbone, 'tom')
        both = ['Are the beans up?', 'They are. Come and see.']
        self.assertEqual([t for _, t in rosa.texts('Tom')], both)
        self.assertEqual([t for _, t in tom.texts('Rosa')], both)
        self.assertEqual(rosa.run('safety', 'Tom').splitlines()[0],
                         tom.run('safety', 'Rosa').splitlines()[0])


class People(unittest.TestCase):
    def test_three_apps_two_by_two(self):
        rosa, tom, uwe = new('dial', 'Rosa'), new('lens', 'Tom'), new('plaza', 'Uwe')
        for a, b in ((rosa, tom), (tom, uwe), (uwe, rosa)):
            befriend(a, b)
            a.run('send', b.name, f'from {a.name}')
            b.read_on(f'from {a.name}')
            b.run('send', a.name, f'back to {a.name}')
            a.read_on(f'back to {a.name}')
            self.assertEqual(a.json('safety', b.name)[0]['number'],
                             b.json('safety', a.name)[0]['number'])
            self.assertRegex(a.json('safety', b.name)[0]['number'], r'^(\d{5} ){11}\d{5}$')
        self.assertEqual({c['name'] for c in rosa.json('contacts')}, {'Tom', 'Uwe'})
        self.assertNotEqual(rosa.json('safety', 'Tom')[0]['number'],
                            rosa.json('safety', 'Uwe')[0]['number'])
        rosa.run('safety', 'Tom', '--verified')
        self.assertEqual([c['name'] for c in rosa.json('contacts') if c['verified']], ['Tom'])
        self.assertFalse(any(c['identity_changed'] for c in rosa.json('contacts')))

    def test_two_people_on_one_app(self):
        a, b = new('lens', 'Ada'), new('lens', 'Ben')
        befriend(a, b)
        a.run('send', 'Ben', 'next door')
        b.read_on('next door')


class Accounts(unittest.TestCase):
    def test_codes(self):
        p = Person(backbone, 'codes', 'dial', '+49151222000001', 'Cora')
        p.run('code', p.app, p.identifier)
        self.assertEqual(p.refused('sign-up', p.app, p.identifier, '--code', '000000000'),
                         'UC_E_CODE')
        p.sign_up()
        self.assertEqual(p.json('account')[0]['identifier'], p.identifier)
        self.assertNotEqual(p.run('sign-up', p.app, p.identifier, status=1), None)

    def test_names(self):
        taken = new('lens', 'Tara')
        p = Person(backbone, 'names', 'lens')
        self.assertEqual(p.refused('sign-up', 'lens', taken.identifier), 'UC_E_TAKEN')
        self.assertEqual(p.refused('sign-up', 'lens', taken.identifier.upper()), 'UC_E_TAKEN')
        self.assertEqual(p.refused('sign-up', 'lens', 'no spaces'), 'UC_E_NAME')
        p.run('sign-up', 'lens', 'free.handle')
        self.assertEqual(Person(backbone, 'number').refused('sign-up', 'dial', '12'), 'UC_E_NAME')
        Person(backbone, 'nowhere').run('sign-up', 'nosuchapp', 'x', status=1)

    def test_recovery(self):
        rosa, tom = new('dial', 'Rosa'), new('lens', 'Tom')
        befriend(rosa, tom)
        number = tom.json('safety', 'Rosa')[0]['number']
        rosa.run('vault', '--store')
        again = Person(backbone, rosa.profile + '-again', 'dial', rosa.identifier, 'Rosa')
        self.assertNotEqual(again.run('recover', 'dial', text='abandon ' * 24 + '\n', status=1), 0)
        self.assertIn('word 1 is', again.error)
        words = rosa.words.split()
        again.run('recover', 'dial', text=' '.join(words[:22] + ['x'] + words[23:]), status=1)
        self.assertIn('word 23 is', again.error)
        again.run('recover', 'dial', '--name', 'Rosa', text=rosa.words + '\n')
        self.assertEqual(len(again.json('devices')), 1)
        self.assertNotEqual(rosa.run('sync', status=None), None)
        self.assertNotEqual(rosa.status, 0)
        self.assertIn('no longer listed', rosa.error)
        # The same identity, and the one she knew: the number they compared still holds.
        self.assertEqual(again.json('safety', 'Tom')[0]['number'], number)
        tom.run('send', 'Rosa', 'good to have you back')
        again.read_on('good to have you back')

    def test_number_passes_on(self):
        old = new('dial', 'Old')
        heir = Person(backbone, 'heir', 'dial', old.identifier, 'Heir')
        asker = new('lens', 'Ask')
        befriend(asker, old)
        heir.sign_up()
        befriend(asker, heir)
        contacts = {c['name']: c['id'] for c in asker.json('contacts')}
        self.assertEqual(set(contacts), {'Old', 'Heir'})
        self.assertNotEqual(asker.json('safety', 'Old')[0]['number'],
                            asker.json('safety', 'Heir')[0]['number'])
        old.run('sync')

    def test_another_name(self):
        rosa, tom, other = new('lens', 'Rosa'), new('dial', 'Tom'), new('lens', 'Other')
        befriend(rosa, tom)
        self.assertEqual(rosa.refused('change-identifier', other.identifier), 'UC_E_TAKEN')
        self.assertEqual(rosa.refused('change-identifier', 'no spaces'), 'UC_E_NAME')
        rosa.run('change-identifier', 'rosa.the.second')
        self.assertEqual(rosa.json('account')[0]['identifier'], 'rosa.the.second')
        self.assertEqual(other.refused('ask', 'lens', rosa.identifier), 'UC_E_NOT_FOUND')
        self.assertEqual(other.refused('change-identifier', rosa.identifier), 'UC_E_TAKEN')
        other.run('ask', 'lens', 'rosa.the.second')
        # Contacts and rooms stay.
        tom.run('send', 'Rosa', 'still you')
        rosa.read_on('still you')
        # A number by its code, which the local installation writes into its file.
        tom.run('change-identifier', '+49151222000099')
        self.assertEqual(other.refused('ask', 'dial', tom.identifier), 'UC_E_NOT_FOUND')
        other.run('ask', 'dial', '+49151222000099')
        self.assertEqual(tom.refused('change-identifier', '+49151222000098', '--code', '00000000'),
                         'UC_E_CODE')

    def test_deletion(self):
        p, friend = new('lens', 'Gone'), new('dial', 'Friend')
        befriend(p, friend)
        p.run('delete-account', status=2)
        p.run('delete-account', '--yes')
        self.assertNotEqual(p.run('sync', status=None), None)
        self.assertNotEqual(p.status, 0)
        self.assertEqual(friend.refused('ask', 'lens', p.identifier), 'UC_E_NOT_FOUND')

    def test_passphrase(self):
        p = Person(backbone, 'pass', 'lens', 'passphrased', 'Pia')
        right, wrong = ({'UNDERCROFT_PASSPHRASE': w} for w in ('correct horse', 'battery'))
        p.run('sign-up', 'lens', 'passphrased', '--passphrase', env=right)
        self.assertFalse((backbone.dir / 'people/pass/key').exists())
        p.run('account', env=right)
        p.run('account', env=wrong, status=1)
        self.assertIn('does not open the store', p.error)

    def test_older_copy_is_noticed(self):
        p = new('lens', 'Olga')
        store = backbone.dir / 'people' / p.profile / 'store.db'
        before = store.read_bytes()
        p.run('ask', 'lens', new('lens', 'Paul').identifier)
        store.write_bytes(before)
        p.run('account', status=1)
        self.assertIn('UC_E_RESTORED', p.error)
        (store.parent / 'generation').unlink()
        p.run('sync')

    def test_another_app_after_a_sign_up_that_failed(self):
        p = Person(backbone, 'undecided', 'plaza', '', 'Una')
        p.run('sign-up', 'plaza', 'una@example.org', '--code', '000000000', status=1)
        p.run('sign-up', 'lens', 'una.undecided')
        self.assertEqual(p.json('account')[0]['app'], 'lens')
        p.run('sign-up', 'plaza', 'una@example.org', status=1)
        self.assertEqual(p.json('account')[0]['app'], 'lens')

    def test_files_are_ones_own(self):
        p = new('lens', 'Mode')
        folder = backbone.dir / 'people' / p.profile
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
        for f in folder.iterdir():
            self.assertEqual(stat.S_IMODE(f.stat().st_mode), 0o600, f)
        self.assertNotIn(p.identifier.encode(), (folder / 'store.db').read_bytes())


class Groups(unittest.TestCase):
    def test_life_of_a_group(self):
        rosa, tom, uwe = new('dial', 'Rosa'), new('lens', 'Tom'), new('plaza', 'Uwe')
        befriend(rosa, tom)
        befriend(rosa, uwe)
        rosa.run('group', '', 'Tom', status=2)
        rosa.run('group', 'Allotment', 'Tom')
        rosa.run('rename', 'Allotment', '', status=2)
        rosa.run('send', 'Allotment', 'before Uwe')
        tom.run('read', '--wait', 30)
        rosa.run('add', 'Allotment', 'Uwe')
        rosa.run('send', 'Allotment', 'with Uwe')
        self.assertIn(('Rosa', 'with Uwe'), self.eventually(uwe, 'Allotment', 'with Uwe'))
        self.assertNotIn(('Rosa', 'before Uwe'), uwe.texts('Allotment'))
        uwe.run('send', 'Allotment', 'hello from Plaza')
        self.assertIn(('Uwe', 'hello from Plaza'), self.eventually(tom, 'Allotment', 'hello'))
        self.assertEqual({m['name'] for m in tom.json('members', 'Allotment')},
                         {'Rosa', 'Tom', 'Uwe'})
        rosa.run('rename', 'Allotment', 'Allotment 17')
        self.assertIn(('Tom', 'new name'), self.say_and_see(tom, rosa, 'Allotment 17', 'new name'))
        rosa.run('remove', 'Allotment 17', 'Uwe')
        rosa.run('send', 'Allotment 17', 'without Uwe')
        self.assertIn(('Rosa', 'without Uwe'), self.eventually(tom, 'Allotment 17', 'without'))
        uwe.until(lambda: [r['state'] for r in uwe.json('rooms', '--all')
                           if r['name'] == 'Allotment 17'] == ['left'])
        left = uwe.json('rooms', '--all')
        number = next(r['number'] for r in left if r['name'] == 'Allotment 17')
        self.assertNotIn('without Uwe', [t for _, t in uwe.texts(number)])
        self.assertIn(('Rosa', 'with Uwe'), uwe.texts(number))
        uwe.run('send', number, 'let me in', status=1)
        tom.run('leave', 'Allotment 17')
        rosa.until(lambda: [m['name'] for m in rosa.json('members', 'Allotment 17')] == ['Rosa'])

    def test_who_is_not_introduced_is_shown_and_removed(self):
        rosa, tom = new('dial', 'Rosa'), new('lens', 'Tom')
        befriend(rosa, tom)
        # His device has not been there since: nobody knows who it is.
        rosa.run('group', 'Pond', 'Tom')
        said = rosa.run('members', 'Pond')
        digits = re.search(r'^someone, not introduced, on lens \(([0-9a-f]{16})\)$', said, re.M)
        self.assertIsNotNone(digits, said)
        rosa.run('remove', 'Pond', status=2)
        rosa.run('remove', 'Pond', digits[1], '--not-introduced', status=2)
        rosa.run('remove', 'Pond', '--not-introduced')
        self.assertEqual([m['name'] for m in rosa.json('members', 'Pond')], ['Rosa'])
        # By those digits, too; and who has introduced themselves stays.
        rosa.run('add', 'Pond', 'Tom')
        said = rosa.run('members', 'Pond')
        rosa.run('remove', 'Pond', re.search(r'not introduced, on lens \((\w+)\)', said)[1])
        self.assertEqual([m['name'] for m in rosa.json('members', 'Pond')], ['Rosa'])
        rosa.run('group', 'Lake', 'Tom')
        tom.run('sync')
        rosa.run('sync')
        said = rosa.run('remove', 'Lake', '--not-introduced')
        self.assertIn('Everybody there is introduced', said)
        self.assertEqual({m['name'] for m in rosa.json('members', 'Lake')}, {'Rosa', 'Tom'})

    def eventually(self, who, room, text):
        for _ in range(20):
            texts = who.texts(room) if any(r['name'] == room for r in who.json('rooms')) else []
            if any(text in t for _, t in texts):
                return texts
            who.run('read', '--wait', 2)
        return texts

    def say_and_see(self, speaker, reader, room, text):
        for _ in range(20):
            if any(r['name'] == room for r in speaker.json('rooms')):
                break
            speaker.run('read', '--wait', 1)
        speaker.run('send', room, text)
        return self.eventually(reader, room, text)


class Texts(unittest.TestCase):
    HOSTILE = '\x1b[2J\x1b]0;title\x07 \u202eevil\u202c \u200b\r\n\x9b31m end'

    @classmethod
    def setUpClass(cls):
        cls.a, cls.b = new('dial', 'Ada'), new('lens', 'Ben')
        befriend(cls.a, cls.b)

    def test_hostile_text(self):
        self.a.run('send', 'Ben', '-', text=self.HOSTILE)
        self.b.until(lambda: self.b.texts('Ada', 1) == [('Ada', self.HOSTILE)])
        shown = self.b.run('read', 'Ada', '--last', 1)
        self.assertIn('end', shown)
        for c in '\x1b\x07\x9b\r\u202e\u202c\u200b':
            self.assertNotIn(c, shown)
        self.assertEqual(len([line for line in shown.splitlines() if 'evil' in line]), 1)
        raw = self.b.run('--json', 'read', 'Ada', '--last', 1)
        self.assertTrue(raw.isascii())
        p = Person(backbone, 'bad-name', 'lens')
        self.assertEqual(p.refused('sign-up', 'lens', 'bad.name', '--name', 'a\x1b[2Jb'),
                         'UC_E_NAME')

    def test_input(self):
        self.a.run('send', 'Ben', text='from standard input\n')
        self.a.run('send', 'Ben', '--', '--dashes')
        big = 'long ' * 12000
        self.a.run('send', 'Ben', text=big)
        self.assertEqual([t for _, t in self.a.texts('Ben')][-3:],
                         ['from standard input', '--dashes', big])
        self.b.until(lambda: [t for _, t in self.b.texts('Ada')][-3:] ==
                     ['from standard input', '--dashes', big])
        self.a.run('send', 'Ben', '', status=1)
        self.a.run('send', 'Ben', text='x' * 70000, status=2)
        self.a.run('send', 'Nobody', 'x', status=1)

    def test_about_messages(self):
        a, b = self.a, self.b
        a.run('send', 'Ben', 'Are the beens up?')
        a.run('edit', 'Ben', 'last', 'Are the beans up?')
        b.until(lambda: b.texts('Ada', 1) == [('Ada', 'Are the beans up?')])
        b.run('reply', 'Ada', 'last', 'They are.')
        b.run('react', 'Ada', 'last', '\u2764')
        a.until(lambda: [m['text'] for m in a.json('read', 'Ben', '--last', 1)] == ['\u2764'])
        asked, answer, heart = self.a.json('read', 'Ben', '--last', 3)
        self.assertEqual((asked['text'], asked['edited']), ('Are the beans up?', True))
        self.assertEqual((answer['text'], answer['in_reply_to']), ('They are.', asked['id']))
        self.assertEqual((heart['kind'], heart['text'], heart['in_reply_to']),
                         ('reaction', '\u2764', asked['id']))
        self.assertIn(f"{asked['number']:4} ", a.run('read', 'Ben', '--last', 3, '--numbers'))
        a.run('delete', 'Ben', asked['number'])
        b.until(lambda: [m['deleted'] for m in b.json('read', 'Ada', '--last', 3)] ==
                [True, False, False])
        for wrong in ('reply', 'edit', 'delete'):
            a.run(wrong, 'Ben', '999999', *(['x'] if wrong != 'delete' else []), status=1)
        self.assertEqual(a.refused('delete', 'Ben', answer['number']), 'UC_E_NOT_ALLOWED')

    def test_unread_though_one_has_written(self):
        self.a.run('send', 'Ben', 'did you hear?')
        self.b.until(lambda: any(r['unread'] for r in self.b.json('rooms')))
        self.b.run('send', 'Ada', 'one moment')
        self.assertIn('did you hear?', [m['text'] for m in self.b.json('read')])
        self.assertEqual(self.b.json('read'), [])

    def test_live(self):
        ben = self.b.start('follow')
        ada = self.a.start('follow', 'Ben')
        ben.wait_for(lambda m: m['type'] == 'following')
        ada.type('typed live')
        seen = ben.wait_for(lambda m: m['type'] == 'message' and m['text'] == 'typed live')
        self.assertEqual((seen['sender'], seen['room']), ('Ada', 'Ada'))
        ada.wait_for(lambda m: m['type'] == 'message_state' and m['text'] == 'typed live' and
                     m['state'] == 'accepted')
        self.assertEqual(ben.interrupt(), 0)
        self.assertEqual(ada.interrupt(), 0)
        self.assertEqual(self.b.json('read'), [])

    def test_two_at_once(self):
        ben = self.b.start('follow')
        ben.wait_for(lambda m: m['type'] == 'following')
        self.b.run('account', status=1)
        self.assertIn('another process has it open', self.b.error)
        ben.interrupt()

    def test_json_everywhere(self):
        for c in (['account'], ['devices'], ['contacts'], ['requests', '--all'], ['rooms'],
                  ['members', 'Ben'], ['safety', 'Ben'], ['read', 'Ben'], ['send', 'Ben', 'x'],
                  ['sync'], ['read']):
            for line in self.a.json(*c):
                self.assertIn('type', line)

    def test_usage(self):
        for arguments in ([], ['nonsense'], ['send'], ['send', 'Ben', 'a', 'b'],
                          ['read', '--last'], ['read', '--last', 'many'], ['rooms', '--what']):
            self.a.run(*arguments, status=2)
        listed = re.findall(r'^  ([a-z-]+) +[a-z]', self.a.run('--help'), re.M)
        self.assertGreater(len(listed), 20)
        for command in listed:
            shown = self.a.run(command, '--help')
            self.assertIn('usage: undercroft', shown)
            self.assertRegex(shown, r'examples?:\n +(date \| )?undercroft')


class Operator(unittest.TestCase):
    def ctl(self, *arguments, status=0):
        done = backbone.ctl(*map(str, arguments))
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done.stdout

    def test_while_it_runs(self):
        p = new('lens', 'Olga')
        q = new('plaza', 'Otto')
        befriend(p, q)
        conf = backbone.dir / 'undercroft.conf'
        state = self.ctl('state', conf).decode()
        self.assertIn('The backbone runs, as process', state)
        self.assertRegex(state, r'ACCOUNT +\d+')
        devices = self.ctl('devices', conf, 'lens', p.identifier).decode()
        self.assertIn('verifies', devices)
        account = re.search(r'account ([0-9a-f]{32})', devices).group(1)
        self.assertEqual(self.ctl('devices', conf, 'lens', account).decode(), devices)
        self.assertEqual(self.ctl('devices', conf, 'lens', 'nobody.here', status=1), b'')
        self.assertEqual(self.ctl('devices', conf, 'noapp', 'x', status=2), b'')
        checked = self.ctl('check', conf).decode()
        self.assertEqual(len(re.findall(r': good$', checked, re.M)), 6, checked)
        self.assertTrue(self.ctl('dump', conf, 'lens', 'rooms').startswith(b'UCDUMP'))
        self.ctl('check', backbone.dir / 'missing.conf', status=1)
        self.ctl('nonsense', status=2)

    def test_configuration_mistakes(self):
        conf = backbone.dir / 'wrong'
        conf.write_text('[backbone]\ndata = data\nthraeds = 2\n[app x]\ndomain = -\n')
        done = subprocess.run([BUILD / 'src/server/undercroftd', '--check-config', conf],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'{conf}:3: [backbone] thraeds', done.stderr)
        self.assertIn(f'{conf}:5: [app x] domain', done.stderr)


class Zz_Interruptions(unittest.TestCase):
    """Last, because they stop the backbone."""

    def test_offline(self):
        a, b = new('dial', 'Ada'), new('lens', 'Ben')
        befriend(a, b)
        backbone.stop()
        try:
            a.run('send', 'Ben', 'written offline', status=3)
            self.assertIn('kept', a.error)
            self.assertEqual(a.texts('Ben')[-1], (None, 'written offline'))
            b.run('sync', status=3)
            self.assertIn('does not run', backbone.ctl('state', backbone.dir / 'undercroft.conf')
                          .stdout.decode())
        finally:
            backbone.start()
        a.run('sync')
        b.read_on('written offline')

    def test_logs_hold_nobody(self):
        logs = backbone.logs()
        self.assertNotRegex(logs, r'\+49151|@example|from Rosa|beans')


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
