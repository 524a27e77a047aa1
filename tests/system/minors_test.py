# SPDX-License-Identifier: Apache-2.0
"""Many accounts of one grown-up ask one of 16, with real processes: fresh handles reach nobody below 18,
and whatever they are, only so many letters come in a day, also after kill -9."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person  # noqa: E402

A_DAY = 3


class Minors(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone()
        self.conf, = self.backbone.confs()
        self.conf.write_text(self.conf.read_text().replace(
            'new_accounts_ask = yes', f'new_accounts_ask = no\nminor_asked_day = {A_DAY}'))
        self.backbone.start()
        self.n = 0

    def tearDown(self):
        self.backbone.erase()

    def new(self, app, name, age):
        self.n += 1
        identifier = {'dial': f'+4915112345{self.n:03}', 'lens': f'{name.lower()}{self.n}',
                      'plaza': f'{name.lower()}{self.n}@people.example'}[app]
        p = Person(self.backbone, f'{name.lower()}-{self.n}', app, identifier, name)
        p.sign_up()
        p.run('settings', '--age', age)
        return p

    def came(self, kim, who):
        """How many letters there are, once this one, which nothing keeps out, is there."""
        last = self.new(kim.app, f'Last{self.n}', '16-17')
        done = self.backbone.ctl('age', self.conf, last.app, last.identifier, '16-17')
        self.assertEqual(done.returncode, 0, done)
        last.run('ask', kim.link)
        kim.until(lambda: any(r['name'] == last.name for r in kim.json('requests')))
        return len([r for r in kim.json('requests') if r['name'].startswith(who)])

    def ask(self, kim, app, name, age='adult'):
        self.new(app, name, age).run('ask', kim.link, 'you do not know me')

    def test_fresh_handles(self):
        kim, una = self.new('lens', 'Kim', '16-17'), self.new('lens', 'Una', 'adult')
        for p in (kim, una):
            p.link = p.json('invite')[0]['link']
        for _ in range(4):
            self.ask(kim, 'lens', 'Uwe')
        self.ask(kim, 'plaza', 'Uwe')  # from another app as well, while it has no tokens
        self.assertEqual(self.came(kim, 'Uwe'), 0)
        self.ask(una, 'lens', 'Uwe')  # of who is grown up they may ask
        una.until(lambda: una.json('requests'))
        # Who says 15 is let in by the table, and counted as long as the account is fresh.
        for _ in range(A_DAY + 2):
            self.ask(kim, 'lens', 'Teen', '13-15')
        self.assertEqual(self.came(kim, 'Teen'), A_DAY)

    def test_one_below_18_is_asked_so_often_a_day(self):
        kim = self.new('dial', 'Kim', '16-17')
        kim.link = kim.json('invite')[0]['link']
        for i in range(A_DAY + 2):
            self.ask(kim, 'dial', 'Uwe')
            if i == 1:
                self.backbone.kill()
                self.backbone.start()
        self.assertEqual(self.came(kim, 'Uwe'), A_DAY)
        self.backbone.kill()
        self.backbone.start()
        self.ask(kim, 'dial', 'Uwe')
        self.assertEqual(self.came(kim, 'Uwe'), A_DAY)


if __name__ == '__main__':
    unittest.main()
