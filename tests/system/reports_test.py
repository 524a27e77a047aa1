#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports of abuse, from the terminal client to the account behind a pseudonym: at the own app, at
another that is the room's hub, and passed on to the app of whoever is reported."""
import json
import os
import signal
import time
import unittest

from people import Backbone, Person, befriend

TEXT = 'you will be sorry, every day'


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = Backbone()
        cls.conf = cls.backbone.dir / 'undercroft.conf'
        cls.backbone.start()
        cls.rosa = Person(cls.backbone, 'rosa', 'dial', '+4915112345678', 'Rosa')
        cls.uwe = Person(cls.backbone, 'uwe', 'dial', '+4915112345679', 'Uwe')
        cls.tom = Person(cls.backbone, 'tom', 'lens', 'tom', 'Tom')
        cls.ida = Person(cls.backbone, 'ida', 'lens', 'ida', 'Ida')
        cls.eva = Person(cls.backbone, 'eva', 'dial', '+4915112345670', 'Eva')
        for p in (cls.rosa, cls.uwe, cls.tom, cls.ida, cls.eva):
            p.sign_up()
        befriend(cls.rosa, cls.tom)
        befriend(cls.rosa, cls.uwe)
        cls.rosa.run('group', 'Walks', 'Tom', 'Uwe')
        for p in (cls.tom, cls.uwe):
            p.until(lambda p=p: any(r.get('name') == 'Walks' for r in p.json('rooms')))

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()

    def reports(self, app, *arguments, status=0):
        done = self.backbone.ctl('reports', self.conf, app, *arguments, '--json')
        self.assertEqual(done.returncode, status, done)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def listed(self, app):
        return [r for r in self.reports(app) if r['type'] == 'report']

    def say(self, by, readers, *texts):
        for text in texts:
            by.run('send', 'Walks', text)
        for p in readers:
            p.until(lambda p=p: p.texts('Walks') and p.texts('Walks')[-1][1] == texts[-1])

    def number(self, reader, text):
        return next(m['number'] for m in reader.json('read', 'Walks', '--numbers')
                    if m.get('text') == text)

    def account(self, app, person):
        done = self.backbone.ctl('devices', self.conf, app, person.identifier, '--json')
        return json.loads(done.stdout.splitlines()[0])['account']

    def opened(self, app, number, key_of=None):
        file = self.backbone.dir / f'{app}-{key_of or app}-{number}'
        done = self.backbone.ctl('reports', self.conf, app, 'export', str(number), str(file))
        self.assertEqual(done.returncode, 0, done)
        key = next(self.backbone.dir.glob(f'**/{key_of or app}/moderators.key'))
        done = self.backbone.ctl('reports', 'open', str(file), '--key', str(key), '--json')
        file.unlink()
        return done, [o['account'] for o in map(json.loads, done.stdout.splitlines())
                      if o['type'] == 'account']

    def test_1_at_the_own_app_which_is_the_hub(self):
        self.say(self.rosa, [self.tom, self.uwe], 'a walk?', TEXT, 'and what I say to all')
        n = self.number(self.uwe, TEXT)
        said = self.uwe.json('report', 'Walks', n, '--why', 'harassment', '--note', 'again')
        self.assertEqual(said[-1]['result'], 'verified app')
        (report,) = self.listed('dial')
        self.assertEqual((report['verdict'], report['reason'], report['messages'],
                          report['reporters'], report['action'], report['from']),
                         ('verified', 'harassment', 1, 1, 'undecided', ''))
        shown = self.reports('dial', 'show', str(report['number']))
        self.assertEqual([m['text'] for m in shown if m['type'] == 'message'], [TEXT])
        # Exactly Rosa, and by Dial's key alone.
        done, accounts = self.opened('dial', report['number'])
        self.assertEqual(set(accounts), {self.account('dial', self.rosa)}, done)
        (accounts_of_rosa,) = set(accounts)
        done, accounts = self.opened('dial', report['number'], key_of='lens')
        self.assertEqual((done.returncode, accounts), (1, []))
        # Nobody can report what is their own, or is not there, twice, or of several.
        self.assertEqual(self.rosa.refused('report', 'Walks', self.number(self.rosa, TEXT)),
                         'UC_E_NOT_FOUND')
        self.assertEqual(self.uwe.refused('report', 'Walks', 1000), 'UC_E_NOT_FOUND')
        self.assertEqual(self.uwe.refused('report', 'Walks', n, n), 'UC_E_ARGUMENT')
        self.uwe.run('report', 'Walks', n, '--why', 'nothing', status=2)
        # What was decided stands beside it, also after a restart; the account can be suspended.
        done = self.backbone.ctl('reports', self.conf, 'dial', 'decide', str(report['number']),
                                 '--action', 'warn', '--note', 'the first time')
        self.assertEqual(done.returncode, 0, done)
        # Upheld, it takes from her budget, once; more makes it less; it stays after a restart.
        uphold = ('reports', self.conf, 'dial', 'decide', str(report['number']), '--action',
                  'uphold', '--account', accounts_of_rosa, '--days', '20', '--note', 'it is')
        self.assertEqual(self.backbone.ctl(*uphold).returncode, 0)
        self.assertEqual(self.backbone.ctl(*uphold).returncode, 1)
        self.rosa.run('ask', 'lens', self.ida.identifier, 'one is left')
        for days in ((), ('60', 'minors')):
            done = self.backbone.ctl('curb', self.conf, 'dial', self.rosa.identifier, *days)
            self.assertEqual(done.returncode, 0, done)
        for wrong in (('0',), ('1000',), ('5', 'grown-ups')):
            done = self.backbone.ctl('curb', self.conf, 'dial', self.rosa.identifier, *wrong)
            self.assertEqual(done.returncode, 1, done)
        self.backbone.stop()
        self.backbone.start()
        shown = self.reports('dial', 'show', str(report['number']))
        self.assertEqual((shown[0]['action'], shown[0]['decision']), ('uphold', 'it is'))
        # The third time she asks nobody: her client waits, for weeks.
        waiting = self.rosa.start('ask', 'dial', self.eva.identifier, 'again', '--wait')
        time.sleep(1)
        waiting.kill()
        self.rosa.run('send', 'Walks', 'this goes out at once')
        self.eva.run('sync')
        self.assertEqual(self.eva.json('requests'), [])
        done = self.backbone.ctl('uncurb', self.conf, 'dial', self.rosa.identifier)
        self.assertEqual(done.returncode, 0, done)
        self.rosa.run('ask', 'dial', self.eva.identifier, 'once more')
        self.eva.until(lambda: self.eva.json('requests'))
        self.reports('dial', 'show', '77', status=1)
        for way in ('suspend', 'unsuspend'):
            done = self.backbone.ctl(way, self.conf, 'dial', self.account('dial', self.rosa))
            self.assertEqual(done.returncode, 0, done)

    def test_2_at_another_app(self):
        self.say(self.rosa, [self.tom], 'for Tom', TEXT + ', Tom')
        n = self.number(self.tom, TEXT + ', Tom')
        before = len(self.listed('dial'))
        said = self.tom.json('report', 'Walks', n, '--why', 'threat')
        self.assertEqual(said[-1]['result'], 'confirmed app')
        self.assertEqual(len(self.listed('dial')), before)
        self.assertEqual([r['verdict'] for r in self.listed('lens')], ['confirmed'])
        said = self.tom.json('report', 'Walks', n, '--to', 'both', '--why', 'threat')
        self.assertEqual(said[-1]['result'], 'confirmed app hub')
        report = self.listed('dial')[-1]
        self.assertEqual((report['verdict'], report['reporters']), ('verified', 1))
        self.assertTrue(report['from'].startswith('lens'))
        done, accounts = self.opened('dial', report['number'])
        self.assertEqual(set(accounts), {self.account('dial', self.rosa)}, done)
        # Lens has the evidence; it has no account of Dial's to open.
        done, accounts = self.opened('lens', self.listed('lens')[0]['number'])
        self.assertEqual((done.returncode, accounts), (1, []))
        self.assertIn(b'of another app', done.stderr)

    def test_3_passed_on(self):
        self.say(self.tom, [self.uwe], 'from afar', 'so there')
        numbers = [self.number(self.uwe, text) for text in ('from afar', 'so there')]
        said = self.uwe.json('report', 'Walks', *numbers, '--why', 'spam', '--to', 'both')
        self.assertEqual(said[-1]['result'], 'verified app hub')
        number = self.listed('dial')[-1]['number']
        done, accounts = self.opened('dial', number)
        self.assertEqual((done.returncode, accounts), (1, []))
        before = len(self.listed('lens'))
        done = self.backbone.ctl('reports', self.conf, 'dial', 'pass', str(number))
        self.assertEqual(done.returncode, 0, done)
        self.tom.until(lambda: len(self.listed('lens')) > before)
        report = self.listed('lens')[-1]
        self.assertEqual((report['verdict'], report['messages']), ('confirmed', 2))
        done, accounts = self.opened('lens', report['number'])
        self.assertEqual(set(accounts), {self.account('lens', self.tom)}, done)
        self.tom.until(lambda: self.reports('dial', 'show', str(number))[0]['passed'])

    def test_4_an_edit_is_reported_as_it_was_taken(self):
        self.say(self.rosa, [self.uwe], 'nice words')
        self.rosa.run('edit', 'Walks', 'last', 'other words')
        self.uwe.until(lambda: self.uwe.texts('Walks')[-1][1] == 'other words')
        n = self.number(self.uwe, 'other words')
        self.assertEqual(self.uwe.json('report', 'Walks', n)[-1]['result'], 'verified app')
        number = self.listed('dial')[-1]['number']
        self.assertEqual([m['text'] for m in self.reports('dial', 'show', str(number))
                          if m['type'] == 'message'], ['other words'])

    def test_5_what_is_shown_is_no_line_of_the_tool(self):
        lie = 'no\naccount at its latest opening: ' + '00' * 16
        self.say(self.rosa, [self.uwe], 'before', lie)
        self.uwe.run('report', 'Walks', self.number(self.uwe, lie), '--note', 'a\nroom\x1b[2J\u202e')
        number = str(self.listed('dial')[-1]['number'])
        file, key = self.backbone.dir / 'lie', next(self.backbone.dir.glob('**/dial/moderators.key'))
        self.backbone.ctl('reports', self.conf, 'dial', 'export', number, str(file))
        done = self.backbone.ctl('reports', 'open', str(file), '--key', str(key))
        lines = done.stdout.decode().splitlines()
        accounts = [line for line in lines if line.startswith('account')]
        self.assertEqual({line.split(': ')[1] for line in accounts},
                         {self.account('dial', self.rosa)}, done)
        self.assertEqual(sum(line.startswith('room') for line in lines), 1)
        self.assertFalse(set('\x1b\u202e') & set(done.stdout.decode()))
        # Another app's key is said to be that, and so is what is no key.
        key = next(self.backbone.dir.glob('**/lens/moderators.key'))
        done = self.backbone.ctl('reports', 'open', str(file), '--key', str(key))
        self.assertEqual((done.returncode, b'another key' in done.stderr), (1, True), done)
        done = self.backbone.ctl('reports', 'open', str(file), '--key', str(file))
        self.assertEqual((done.returncode, b'moderators.key' in done.stderr), (1, True), done)
        file.unlink()

    def test_5b_a_file_that_was_edited(self):
        """Nothing on the moderators' machine verifies words; so it is said whose word it is."""
        words = 'the words that were said'
        self.say(self.rosa, [self.uwe], 'before', words)
        self.uwe.run('report', 'Walks', self.number(self.uwe, words))
        number = str(self.listed('dial')[-1]['number'])
        file, key = self.backbone.dir / 'edited', next(self.backbone.dir.glob('**/dial/moderators.key'))
        self.backbone.ctl('reports', self.conf, 'dial', 'export', number, str(file))
        check = self.reports('dial', 'show', number)[0]['check']
        self.assertEqual(len(check), 32)

        def opened(*options):
            return self.backbone.ctl('reports', 'open', str(file), '--key', str(key), *options)
        report = json.loads(opened('--json').stdout.splitlines()[0])
        self.assertEqual((report['check'], report['verdict'], report['checked_here']),
                         (check, 'verified', False))
        text = opened().stdout.decode()
        self.assertIn('by the word of this file', text)
        self.assertIn(check, text)
        file.write_bytes(file.read_bytes().replace(words.encode(), words.upper().encode()))
        done = opened('--json')
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertIn(words.upper(), [m.get('text') for m in lines], done)
        self.assertNotEqual(lines[0]['check'], check)
        self.assertIn('verdict     verified\n',
                      self.backbone.ctl('reports', self.conf, 'dial', 'show', number).stdout.decode())
        # Decided on, it is the same; and of another pseudonym the opening opens nothing.
        self.backbone.ctl('reports', self.conf, 'dial', 'decide', number, '--action', 'none')
        self.assertEqual(self.reports('dial', 'show', number)[0]['check'], check)
        accused = report['participant'].encode()
        other = accused[:-1] + (b'a' if accused[-1:] != b'a' else b'b')
        file.write_bytes(file.read_bytes().replace(accused, other))
        done = opened('--json')
        self.assertEqual((done.returncode, b'"account"' in done.stdout), (1, False), done)
        file.unlink()

    def test_6_another_key_of_the_moderators(self):
        mine = self.backbone.dir / 'mine.key'
        made = self.backbone.ctl('reports', 'key', str(mine))
        self.assertEqual((made.returncode, mine.stat().st_mode & 0o777), (0, 0o600), made)
        again = self.backbone.ctl('reports', 'key', str(mine))
        self.assertEqual((again.returncode, again.stdout), (1, b''))
        public = made.stdout.decode().strip()
        for wrong in (public[:-2], public[:-1] + 'x', '00' * 32):
            done = self.backbone.ctl('rotate-keys', self.conf, 'dial', 'moderators', wrong)
            self.assertEqual(done.returncode, 1, done)
        done = self.backbone.ctl('rotate-keys', self.conf, 'dial', 'moderators', public)
        self.assertEqual(done.returncode, 0, done)
        # It holds at once, also for what was not yet written when it stopped.
        self.say(self.rosa, [self.uwe], 'under the new key')
        self.backbone.stop()
        self.backbone.start()
        self.uwe.run('report', 'Walks', self.number(self.uwe, 'under the new key'))
        number = str(self.listed('dial')[-1]['number'])
        file, key = self.backbone.dir / 'r', next(self.backbone.dir.glob('**/dial/moderators.key'))
        self.backbone.ctl('reports', self.conf, 'dial', 'export', number, str(file))
        account = self.account('dial', self.rosa)
        for keys, opened in (((mine,), {'latest': account}), ((key,), {'first': account}),
                             ((key, mine), {'first': account, 'latest': account})):
            options = [word for k in keys for word in ('--key', str(k))]
            done = self.backbone.ctl('reports', 'open', str(file), *options, '--json')
            lines = map(json.loads, done.stdout.splitlines())
            found = {o['opening']: o['account'] for o in lines if o['type'] == 'account'}
            self.assertEqual((done.returncode, found), (0, opened), done)
            self.assertEqual(b'another key' in done.stderr, len(keys) == 1, done)
        file.unlink()

    def test_7_an_age_that_was_checked(self):
        def age(band):
            return self.backbone.ctl('age', self.conf, 'dial', self.eva.identifier, band).returncode

        self.eva.run('settings', '--age', 'adult')
        self.assertEqual((age('13-15'), age('14')), (0, 1))
        self.assertEqual(self.ida.refused('ask', 'dial', self.eva.identifier), 'UC_E_NOT_FOUND')
        view = self.backbone.ctl('operator-view', self.conf, 'dial', self.eva.identifier)
        self.assertIn(b'13 to 15', view.stdout)
        self.assertEqual(age('none'), 0)
        self.ida.run('ask', 'dial', self.eva.identifier, 'there you are')

    def test_8_a_request(self):
        self.assertEqual(self.eva.refused('ask', 'lens', 'ida', 'see https://x.example'), 'UC_E_TEXT')
        self.eva.run('ask', 'lens', 'ida', TEXT)
        self.ida.until(lambda: any(r['text'] == TEXT for r in self.ida.json('requests')))
        report = ('report', '--request', 'Eva', '--why', 'harassment', '--note', 'a stranger')
        before = {app: len(self.listed(app)) for app in ('dial', 'lens')}
        self.assertEqual(self.ida.json(*report)[-1]['result'], 'confirmed app')
        self.assertEqual(len(self.listed('dial')), before['dial'])
        number = self.listed('lens')[-1]['number']
        shown = self.reports('lens', 'show', str(number))
        self.assertEqual((shown[0]['verdict'], shown[0]['request'], shown[0]['note']),
                         ('confirmed', True, 'a stranger'))
        self.assertEqual([(c['name'], c['text']) for c in shown if c['type'] == 'card'],
                         [('Eva', TEXT)])
        self.assertNotIn('message', [line['type'] for line in shown])
        # Lens cannot tell whose it is; Dial can, once it has it, with the moderators' key alone.
        done, accounts = self.opened('lens', number)
        self.assertEqual((done.returncode, accounts), (1, []))
        done = self.backbone.ctl('reports', self.conf, 'lens', 'pass', str(number))
        self.assertEqual(done.returncode, 0, done)
        self.ida.until(lambda: self.reports('lens', 'show', str(number))[0]['passed'])
        # Declined, and told to both this time.
        self.ida.run('decline', 'Eva')
        self.assertEqual(self.ida.json(*report, '--to', 'both')[-1]['result'], 'confirmed app hub')
        at_dial = self.listed('dial')[before['dial']:]
        self.assertEqual([(r['verdict'], r['request'], r['messages'], r['reporters'])
                          for r in at_dial], [('verified', True, 0, 0)] * 2)
        self.assertTrue(all(r['from'].startswith('lens') for r in at_dial))
        eva = self.account('dial', self.eva)
        # The key was changed on the way: what is reported now is sealed to the one of now.
        mine = self.backbone.dir / 'mine.key'
        for r in at_dial:
            file = self.backbone.dir / 'r'
            self.backbone.ctl('reports', self.conf, 'dial', 'export', str(r['number']), str(file))
            done = self.backbone.ctl('reports', 'open', str(file), '--key', str(mine), '--json')
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual({o['account'] for o in lines if o['type'] == 'account'}, {eva}, done)
            text = self.backbone.ctl('reports', 'open', str(file), '--key', str(mine)).stdout
            self.assertIn(TEXT.encode(), text)
            file.unlink()
        uphold = ('reports', self.conf, 'dial', 'decide', str(at_dial[0]['number']), '--action',
                  'uphold', '--account', eva)
        self.assertEqual([self.backbone.ctl(*uphold).returncode for _ in range(2)], [0, 1])
        view = self.backbone.ctl('operator-view', self.conf, 'dial', self.eva.identifier)
        self.assertIn(b'upheld', view.stdout)
        # Nothing to report; and neither one's own, nor both ways at once.
        self.ida.run('report', '--request', '77', status=1)
        self.ida.run('report', '--request', self.eva.identifier, status=1)
        self.ida.run('report', 'Walks', '1', '--request', 'Eva', status=2)
        self.ida.run('report', 'Walks', status=2)

    def test_9_what_nobody_can_tell_any_more(self):
        """Of before two rotations the hub has no key: too late, for its own people and others', not forged."""
        words, later = 'of before both', 'of after'
        self.say(self.rosa, [self.uwe, self.tom], words)
        before = {app: len(self.listed(app)) for app in ('dial', 'lens')}
        for _ in range(2):
            done = self.backbone.ctl('rotate-keys', self.conf, 'dial')
            self.assertEqual(done.returncode, 0, done)
        for p in (self.uwe, self.tom):
            self.assertEqual(p.refused('report', 'Walks', self.number(p, words), '--to', 'both'),
                             'UC_E_STALE')
        self.tom.run('report', 'Walks', self.number(self.tom, words), status=1)
        self.assertIn('nobody can verify this any more', self.tom.error)
        self.assertEqual({app: len(self.listed(app)) for app in before}, before)
        self.say(self.rosa, [self.uwe, self.tom], later)
        self.assertEqual(self.tom.json('report', 'Walks', self.number(self.tom, later))[-1]['result'],
                         'confirmed app')


class Unheard(unittest.TestCase):
    """The room's app takes no more just now, or does not answer: each is told as what it is."""
    def test_what_is_told(self):
        backbone = Backbone(split=True)
        self.addCleanup(backbone.erase)
        conf = backbone.dir / 'dial.conf'
        conf.write_text(conf.read_text() + '\n[limits dial]\npeer_report = 1 1\n')
        backbone.start()
        rosa = Person(backbone, 'rosa', 'dial', '+4915112345678', 'Rosa')
        tom = Person(backbone, 'tom', 'lens', 'tom', 'Tom')
        for p in (rosa, tom):
            p.sign_up()
        befriend(rosa, tom)
        rosa.run('group', 'Walks', 'Tom')
        tom.until(lambda: any(r.get('name') == 'Walks' for r in tom.json('rooms')))
        rosa.run('send', 'Walks', TEXT)
        tom.until(lambda: tom.texts('Walks'))
        number = next(m['number'] for m in tom.json('read', 'Walks', '--numbers')
                      if m.get('text') == TEXT)
        report = ('report', 'Walks', number)
        self.assertEqual(tom.json(*report)[-1]['result'], 'confirmed app')

        def refused(code, words, *arguments):
            self.assertEqual(tom.refused(*arguments), code)
            self.assertIn(words, tom.error)

        kept = 'Nobody could confirm them yet: the room\'s app does not answer, or takes no more just now.'
        later = 'The room\'s app does not have them: report them again later, with --to hub.'
        # It has asked for as many as it may: the hub says so.
        said = tom.run(*report, '--to', 'both')
        self.assertIn(kept, said)
        self.assertIn(later, said)
        said = tom.run(*report)
        self.assertIn(kept, said)
        self.assertNotIn(later, said)
        busy = 'takes no more just now; try again later'
        refused('UC_E_BUSY', busy, *report, '--to', 'hub')
        refused('UC_E_BUSY', busy, 'report', '--request', 'Rosa')
        # And then it is gone.
        os.kill(int((backbone.dir / 'dial.pid').read_text()), signal.SIGKILL)
        self.assertIn(kept, tom.run(*report))
        refused('UC_E_PEER', "the room's app does not answer", *report, '--to', 'hub')
        refused('UC_E_PEER', 'the app of whoever wrote it does not answer', 'report', '--request', 'Rosa')


if __name__ == '__main__':
    unittest.main()
