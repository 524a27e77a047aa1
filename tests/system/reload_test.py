# SPDX-License-Identifier: Apache-2.0
"""A configuration that is read anew while people are connected: by SIGHUP and as an order."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, BUILD, PATIENCE_S, Person, befriend  # noqa: E402

CERTIFICATE = '''
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$1.localhost \\
  -keyout new.key -out new.csr &&
printf 'subjectAltName=DNS:%s.localhost\\nextendedKeyUsage=serverAuth,clientAuth\\n' $1 >new.ext &&
openssl x509 -req -in new.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out new.pem \\
  -extfile new.ext && mv new.key $1.key && mv new.pem $1.pem && rm new.csr new.ext
'''


class Reload(unittest.TestCase):
    def setUp(self):
        self.web = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-web-'))
        for app in ('dial', 'lens', 'plaza'):
            (self.web / app).mkdir()
            (self.web / app / 'index.html').write_text('before')
        self.b = b = Backbone(web=self.web)
        self.port = int(b.env['UNDERCROFT_PORT'])
        self.conf = b.confs()[0]
        self.text = self.conf.read_text()
        b.start()

    def tearDown(self):
        self.b.erase()
        shutil.rmtree(self.web)

    def lines(self, event):
        return [line for line in self.b.logs().splitlines() if f' {event} ' in line]

    def hup(self, event='config.reloaded'):
        """SIGHUP, and the line that says what came of it."""
        before = len(self.lines(event))
        pid = int(next(self.b.dir.glob('*.pid')).read_text())
        os.kill(pid, signal.SIGHUP)
        end = time.monotonic() + PATIENCE_S
        while len(self.lines(event)) == before:
            self.assertLess(time.monotonic(), end, self.b.logs()[-2000:])
            time.sleep(0.05)
        return self.lines(event)[-1]

    def write(self, text):
        self.conf.write_text(text)

    def order(self, status=0):
        done = self.b.ctl('reload', self.conf)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout.decode() + done.stderr.decode()

    def connect(self, app=0):
        names = ('dial', 'lens', 'plaza')
        trust = ssl.create_default_context(cafile=self.b.dir / 'tls/ca.pem')
        raw = socket.create_connection(('127.0.0.1', self.port + app), timeout=30)
        return trust.wrap_socket(raw, server_hostname=f'{names[app]}.localhost')

    def serial(self):
        with self.connect() as s:
            return s.getpeercert()['serialNumber']

    def page(self, s=None):
        c = http.client.HTTPConnection('dial.localhost', self.port)
        c.sock = s or self.connect()
        c.request('GET', '/', headers={'Host': f'dial.localhost:{self.port}'})
        r = c.getresponse()
        found = r.status, r.read().decode()
        if not s:
            c.close()
        return found

    def test_certificates_and_pages(self):
        old, there = self.serial(), self.connect()
        self.assertEqual(self.page(there), (200, 'before'))
        subprocess.run(['sh', '-ec', CERTIFICATE, 'sh', 'dial'], cwd=self.b.dir / 'tls', check=True,
                       capture_output=True)
        (self.web / 'dial' / 'index.html').write_text('after')
        self.assertEqual(self.serial(), old)
        self.hup()
        self.assertNotEqual(self.serial(), old)
        self.assertEqual(self.page(), (200, 'after'))
        # Who was there stays, with the certificate it was shown.
        self.assertEqual(self.page(there), (200, 'after'))
        self.assertEqual(there.getpeercert()['serialNumber'], old)
        there.close()
        # And the app signs its directory by the new key: people meet as before.
        rosa, tom = (Person(self.b, n, a, i, n) for n, a, i in
                     (('rosa', 'dial', '+4915112345678'), ('tom', 'lens', 'tom')))
        for p in (rosa, tom):
            p.sign_up()
        tom.run('ask', 'dial', rosa.identifier)

    def test_what_lies_behind_links(self):
        """As tools that renew certificates leave them, and who switches pages by a link: what a
        server has given up is not what it is to read next."""
        self.b.stop()
        there = self.web / 'elsewhere'
        (there / 'tls').mkdir(parents=True)
        for kind in ('pem', 'key'):
            own = self.b.dir / f'tls/dial.{kind}'
            shutil.move(own, there / f'tls/1.{kind}')
            own.symlink_to(there / f'tls/1.{kind}')
        page = self.b.dir / 'pages'
        for build in ('1', '2'):
            (there / build).mkdir()
            (there / build / 'index.html').write_text(build)
        page.symlink_to(there / '1')
        self.write(re.sub(r'web = .*/dial\n', 'web = pages\n', self.text))
        self.b.start()
        self.assertEqual(self.page(), (200, '1'))
        page.unlink()
        page.symlink_to(there / '2')
        self.hup()
        self.assertEqual(self.page(), (200, '2'))

    def test_all_or_nothing(self):
        old = self.serial()
        subprocess.run(['sh', '-ec', CERTIFICATE, 'sh', 'dial'], cwd=self.b.dir / 'tls', check=True,
                       capture_output=True)
        # The second app's key does not fit: the first keeps its certificate, too.
        good = (self.b.dir / 'tls/lens.key').read_bytes()
        shutil.copy(self.b.dir / 'tls/plaza.key', self.b.dir / 'tls/lens.key')
        self.assertIn('error=UC_E_TLS', self.hup('config.refused'))
        self.assertEqual(self.serial(), old)
        (self.b.dir / 'tls/lens.key').write_bytes(good)
        # Mistakes are named as --check-config names them.
        self.write(self.text.replace('names = handle', 'names = nick'))
        self.hup('config.refused')
        self.assertIn('names: is not number, handle or address', self.lines('config.mistake')[-1])
        said = self.order(status=1)
        self.assertIn('[app lens] names: is not number, handle or address', said)
        self.assertEqual(self.serial(), old)
        self.write(self.text)
        self.hup()
        self.assertNotEqual(self.serial(), old)

    def test_limits_and_what_waits_for_a_restart(self):
        rosa, tom = Person(self.b, 'rosa', 'lens', 'rosa'), Person(self.b, 'tom', 'lens', 'tom')
        for p in (rosa, tom):
            p.sign_up()
        for _ in range(2):
            self.assertEqual(rosa.refused('change-identifier', 'tom'), 'UC_E_TAKEN')
        self.write(self.text.replace(f':{self.port}\n', f':{self.port + 5}\n', 1) +
                   '\n[limits lens]\nname_try = 1 1\n')
        said = self.order()
        self.assertIn('name_try', said)
        line = self.hup()
        self.assertIn('changes=1 restart=1', line)
        self.assertIn('section=limits name=lens key=name_try restart=0',
                      ' '.join(self.lines('config.changed')))
        self.assertIn('section=app name=dial key=listen restart=1',
                      ' '.join(self.lines('config.changed')))
        # The limit holds; where it listens is as before.
        self.assertEqual(rosa.refused('change-identifier', 'tom'), 'UC_E_RATE')
        self.assertEqual(self.page()[0], 200)
        self.write(self.text)
        self.assertIn('changes=1 restart=0', self.hup())

    def test_pages_are_counted_by_network(self):
        """Over an address of this machine that others could reach: loopback is not counted."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(('192.0.2.1', 9))
                own = probe.getsockname()[0]
            except OSError:
                self.skipTest('this machine has no network')
        if own.startswith('127.'):
            self.skipTest('this machine has no network')
        self.b.stop()
        self.text = self.text.replace('listen = 127.0.0.1:', 'listen = 0.0.0.0:')
        self.write(self.text + '\n[limits dial]\nnetwork_http = 6 6\n')
        self.b.start()

        def load():
            trust = ssl.create_default_context(cafile=self.b.dir / 'tls/ca.pem')
            raw = socket.create_connection((own, self.port), timeout=30)
            c = http.client.HTTPConnection('dial.localhost', self.port)
            c.sock = trust.wrap_socket(raw, server_hostname='dial.localhost')
            c.request('GET', '/', headers={'Host': f'dial.localhost:{self.port}'})
            r = c.getresponse()
            r.read()
            c.close()
            return r.status, int(r.getheader('Retry-After', 0))

        # Each thread counts six for itself, whichever of them a connection comes to.
        seen = [load() for _ in range(6 * (os.cpu_count() or 1) + 8)]
        self.assertEqual([s for s, _ in seen[:6]], [200] * 6)
        refused = [after for s, after in seen if s == 429]
        self.assertGreaterEqual(len(refused), 8, seen)
        self.assertTrue(all(0 < after <= 601 for after in refused), refused)
        self.assertEqual(self.page()[0], 200)
        # No longer counted, at once.
        self.write(self.text.replace('[app dial]\n', '[app dial]\nlimit_by_address = no\n'))
        self.hup()
        self.assertEqual(load()[0], 200)

    def test_names_and_suspending(self):
        (self.b.dir / 'reserved').write_text('# ours\nadmin\n')
        self.write(self.text.replace('[app lens]\n', '[app lens]\nreserved = reserved\n'))
        self.assertIn('changes=1 restart=0', self.hup())
        tom = Person(self.b, 'tom', 'lens', 'tom', 'Tom')
        self.assertEqual(Person(self.b, 'a').refused('sign-up', 'lens', 'Admin'), 'UC_E_TAKEN')
        tom.sign_up()
        # A list with a mistake is none.
        (self.b.dir / 'reserved').write_text('root\nno name\n')
        self.hup('config.refused')
        self.assertIn('line=2 error=UC_E_NAME', self.lines('reserved.failed')[-1])
        Person(self.b, 'r').run('sign-up', 'lens', 'root')
        self.assertEqual(Person(self.b, 'a').refused('sign-up', 'lens', 'admin'), 'UC_E_TAKEN')
        done = subprocess.run([BUILD / 'src/server/undercroftd', '--check-config', self.conf],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('reserved: line 2 is no name of this app', done.stderr)
        # The whole app, and back again.
        (self.b.dir / 'reserved').write_text('')
        self.write(self.text.replace('[app lens]\n', '[app lens]\nsuspended = yes\n'))
        self.hup()
        self.assertNotEqual(tom.run('sync', status=None), None)
        self.assertNotEqual(tom.status, 0)
        self.write(self.text)
        self.hup()
        tom.run('sync')

    def daemon(self):
        """One that has not all the apps: the scripts would wait for them."""
        daemon = subprocess.Popen([BUILD / 'src/server/undercroftd', self.conf],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.connect(0).close()
                return daemon
            except OSError:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)

    def refused(self, old, new, *said):
        """With that in the new app's section nothing happens, and it is said why, and where."""
        wrong = self.text.replace(old, new)
        self.assertNotEqual(wrong, self.text)
        self.write(wrong)
        done = self.b.ctl('reload', self.conf)
        self.assertEqual(done.returncode, 1, done.stdout)
        for text in said:
            self.assertIn(text, done.stdout.decode() + done.stderr.decode())
        with self.assertRaises(OSError):
            self.connect(2)

    def command(self, line, name='carry'):
        """Another one: it notes what it carries, and hands it to the one of that line."""
        self.carried, script = self.b.dir / f'{name}.txt', self.b.dir / name
        self.carried.touch()
        script.write_text(f'#!/bin/sh\ntee -a {self.carried} | {line.split(" = ")[1]}\n')
        script.chmod(0o700)
        return script

    def test_codes_go_by_another_command(self):
        delivery = next(x for x in self.text.splitlines() if x.startswith('delivery'))
        dial = self.text.index('[app dial]')
        first = self.text[dial:].replace(delivery, 'delivery = /none', 1)
        self.write(self.text[:dial] + first)
        self.assertIn('delivery', self.order(1))
        rosa = Person(self.b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        rosa.sign_up()  # as before: nothing has changed
        for n in range(3):
            script = self.command(delivery, f'carry{n}')
            self.write(self.text[:dial] +
                       self.text[dial:].replace(delivery, f'delivery = {script}', 1))
            self.assertIn('changes=1 restart=0', self.hup())
            number = f'+491511234560{n}'
            Person(self.b, f'tom{n}', 'dial', number, 'Tom').sign_up()
            self.assertIn(number, self.carried.read_text())
        # Others go on by theirs.
        Person(self.b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe').sign_up()
        self.assertNotIn('uwe@allotments.example', self.carried.read_text())
        self.assertEqual(self.lines('delivery.failed'), [])

    def test_an_app_begins_while_people_talk(self):
        self.b.stop()
        cut = self.text.index('[app plaza]')
        self.write(self.text[:cut])
        daemon = self.daemon()
        rosa = Person(self.b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        tom = Person(self.b, 'tom', 'lens', 'tom', 'Tom')
        for p in (rosa, tom):
            p.sign_up()
        befriend(rosa, tom)
        there = self.connect(0)
        self.assertEqual(self.page(there), (200, 'before'))
        line = 1 + self.text[:cut].count('\n')
        where = f'{self.conf}:{line}: [app plaza] '
        self.refused('keys = keys/plaza', 'keys = keys/nowhere', where + 'keys: ')
        self.refused('tls/plaza.key', 'tls/none.key', where + 'private_key: ')
        plaza = self.text[cut:]
        delivery = next(x for x in plaza.splitlines() if x.startswith('delivery'))
        self.refused(plaza, plaza.replace(delivery, 'delivery = /none'), where + 'delivery: ')
        # A command that no app has had yet.
        self.text = self.text[:cut] + plaza.replace(delivery, f'delivery = {self.command(delivery)}')
        self.refused(f'listen = 127.0.0.1:{self.port + 2}', 'listen = 192.0.2.1:1',
                     'UC_E_NET')
        self.write(self.text)
        said = [json.loads(x) for x in
                self.b.ctl('reload', self.conf, '--json').stdout.decode().splitlines()]
        self.assertIn({'type': 'changed', 'section': 'app', 'name': 'plaza', 'key': '',
                       'restart': False}, said)
        uwe = Person(self.b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        uwe.sign_up()
        self.assertIn('uwe@allotments.example', self.carried.read_text())
        befriend(uwe, rosa)
        befriend(tom, uwe)
        uwe.run('send', rosa.name, 'from a new app')
        rosa.read_on('from a new app')
        rosa.run('send', tom.name, 'as ever')
        tom.read_on('as ever')
        self.assertEqual(self.page(there), (200, 'before'))  # nobody was disturbed
        there.close()
        apps = http.client.HTTPConnection('plaza.localhost', self.port + 2)
        apps.sock = self.connect(2)
        apps.request('GET', '/apps.json', headers={'Host': f'plaza.localhost:{self.port + 2}'})
        self.assertIn(b'lens.localhost', apps.getresponse().read())
        apps.close()
        self.assertIn('app plaza', self.b.ctl('status', self.conf).stdout.decode())
        # Its settings are read anew as others' are, again and again.
        for n in range(3):
            self.write(self.text + f'\n[limits plaza]\nname_try = 1{n} 90\n')
            self.assertIn('plaza', self.order())
        uwe.run('send', tom.name, 'still there')
        tom.read_on('still there')
        self.write(self.text)
        daemon.terminate()
        self.assertEqual(daemon.wait(PATIENCE_S), 0)
        self.b.start()
        tom.run('send', uwe.name, 'and started anew')
        uwe.read_on('and started anew')

    def test_an_app_ends_while_people_talk(self):
        rosa = Person(self.b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        tom = Person(self.b, 'tom', 'lens', 'tom', 'Tom')
        uwe = Person(self.b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe')
        for p in (rosa, tom, uwe):
            p.sign_up()
        befriend(rosa, tom)
        befriend(uwe, rosa)
        here, there = self.connect(0), self.connect(2)
        cut = self.text.index('[app plaza]')
        self.write(self.text[:cut])
        said = [json.loads(x) for x in
                self.b.ctl('reload', self.conf, '--json').stdout.decode().splitlines()]
        self.assertIn({'type': 'changed', 'section': 'app', 'name': 'plaza', 'key': '',
                       'restart': False}, said)
        self.assertEqual(len(self.lines('app.removed')), 1)
        with self.assertRaises(OSError):
            self.connect(2)
        self.assertEqual(there.recv(1), b'')
        there.close()
        self.assertNotIn(b'app plaza', self.b.ctl('status', self.conf).stdout)
        self.assertEqual(self.page(here), (200, 'before'))  # nobody else was disturbed
        here.close()
        rosa.run('send', tom.name, 'as ever')
        tom.read_on('as ever')
        # A thread that is not there any more is not taken for one that hangs; nor is its place.
        for _ in range(2):
            self.assertIn('changes=0', self.hup())
        # And back again: nothing of it was lost.
        self.write(self.text)
        self.assertIn('plaza', self.order())
        uwe.run('sync')
        uwe.run('send', rosa.name, 'there again')
        rosa.read_on('there again')
        self.write(self.text[:cut])
        self.assertIn('plaza', self.order())
        rosa.run('send', tom.name, 'and as ever')
        tom.read_on('and as ever')

    def test_what_an_app_leaves_is_erased(self):
        cut = self.text.index('[app plaza]')
        self.write(self.text[:cut])
        data = self.b.dir / 'data' / 'plaza'
        yes = ('erase-app', self.conf, 'plaza', '--yes')
        done = self.b.ctl(*yes)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(b'still serves', done.stderr)
        self.b.stop()
        daemon = self.daemon()
        with self.assertRaises(OSError):
            self.connect(2)
        self.assertTrue(data.is_dir())
        self.assertEqual(self.b.ctl('erase-app', self.conf, 'plaza').returncode, 2)
        self.assertTrue(data.is_dir())
        for name in ('dial', 'copies', '..', '.', 'a/b', '', 'lock'):
            self.assertEqual(self.b.ctl('erase-app', self.conf, name, '--yes').returncode, 1, name)
        self.assertEqual(self.b.ctl(*yes).returncode, 0)
        self.assertFalse(data.exists())
        self.assertTrue((self.b.dir / 'data/dial/rooms').is_dir())
        # Whoever looks for people there is told at once.
        rosa = Person(self.b, 'rosa', 'lens', 'rosa')
        rosa.sign_up()
        self.assertNotEqual(rosa.refused('ask', 'plaza', 'uwe@example.org'), None)
        daemon.terminate()
        self.assertEqual(daemon.wait(PATIENCE_S), 0)


class Peers(unittest.TestCase):
    """Apps of other backbones that come, move and go while people talk."""

    def setUp(self):
        self.b = b = Backbone(split=True)
        self.conf = b.dir / 'dial.conf'
        self.text = self.conf.read_text()
        begin = self.text.index('[peer lens.localhost]')
        self.section = self.text[begin:self.text.index('[peer', begin + 1)]
        self.without = self.text.replace(self.section, '')
        self.conf.write_text(self.without)
        b.start()
        self.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa')
        self.tom = Person(b, 'tom', 'lens', 'tom', 'Tom')
        for p in (self.rosa, self.tom):
            p.sign_up()

    def tearDown(self):
        self.b.erase()

    def reload(self, text, *changes):
        """Read anew; what has changed: name and key of peers, none of which needs a restart."""
        self.conf.write_text(text)
        done = self.b.ctl('reload', self.conf, '--json')
        self.assertEqual(done.returncode, 0, done.stderr)
        said = [json.loads(x) for x in done.stdout.decode().splitlines()]
        self.assertEqual([(x['name'], x['key'], x['restart']) for x in said
                          if x['type'] == 'changed'], [(*x, False) for x in changes])

    def log(self):
        return (self.b.dir / 'dial.log').read_text()

    def as_lens(self):
        """A connection of its own, by its certificate."""
        trust = ssl.create_default_context(cafile=self.b.dir / 'tls/ca.pem')
        trust.load_cert_chain(self.b.dir / 'tls/lens.pem', self.b.dir / 'tls/lens.key')
        port = int(re.search(r'listen = 127.0.0.1:(\d+)', self.text).group(1))
        c = http.client.HTTPSConnection('dial.localhost', port, context=trust)
        raw = socket.create_connection(('127.0.0.1', port), timeout=30)
        c.sock = trust.wrap_socket(raw, server_hostname='dial.localhost')
        self.addCleanup(c.close)
        return c

    def asks(self, connection):
        connection.request('POST', '/v1/nothing', body=b'x')
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def talk(self, n):
        self.rosa.run('send', self.tom.name, f'there {n}')
        self.tom.read_on(f'there {n}')
        self.tom.run('send', self.rosa.name, f'back {n}')
        self.rosa.read_on(f'back {n}')

    def test_a_peer_comes_moves_and_goes(self):
        lens = ('lens.localhost', '')
        self.rosa.refused('ask', 'lens', 'tom', 'Rosa here')
        self.assertEqual(self.asks(self.as_lens()), 403)
        self.reload(self.text, lens)
        befriend(self.rosa, self.tom)
        self.talk(0)
        # Elsewhere, where nobody is; and back.
        port = int(re.search(r'url = .*:(\d+)', self.section).group(1))
        moved = self.section.replace(f':{port}', ':1')
        self.reload(self.text.replace(self.section, moved), ('lens.localhost', 'url'))
        self.rosa.run('send', self.tom.name, 'while you moved')
        end = time.monotonic() + PATIENCE_S
        while 'peer.unreached app=dial peer=lens.localhost' not in self.log():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        self.reload(self.text, ('lens.localhost', 'url'))
        self.tom.read_on('while you moved')
        self.talk(1)
        # Gone: neither asked nor let in, also on a connection that is there.
        connected = self.as_lens()
        self.assertNotEqual(self.asks(connected), 403)
        self.reload(self.without, lens)
        self.assertEqual(self.asks(connected), 403)
        self.assertEqual(self.asks(self.as_lens()), 403)
        self.rosa.refused('ask', 'lens', 'tim', 'Rosa here')
        # And there again, as often as one likes.
        for _ in range(3):
            self.reload(self.text, lens)
            self.assertNotEqual(self.asks(self.as_lens()), 403)
            self.reload(self.without, lens)
            self.assertEqual(self.asks(self.as_lens()), 403)
        self.reload(self.text, lens)
        self.talk(2)

    def test_what_cannot_be(self):
        for wrong, said in ((self.section.replace('url = https', 'url = http'), b'url'),
                            (self.section + 'ca = tls/none.pem\n', b'ca')):
            self.conf.write_text(self.text.replace(self.section, wrong))
            done = self.b.ctl('reload', self.conf)
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stdout + done.stderr)
            self.assertEqual(self.asks(self.as_lens()), 403)
        # The first of all, and the last.
        alone = self.text[:self.text.index('[peer')]
        others = [(f'{x}.localhost', '') for x in ('lens', 'plaza')]
        self.reload(alone, others[1])
        self.reload(self.text, *others)
        befriend(self.rosa, self.tom)
        self.reload(alone, *others)


if __name__ == '__main__':
    unittest.main(verbosity=2)
