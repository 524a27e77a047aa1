# SPDX-License-Identifier: Apache-2.0
"""What an operator does with a running backbone: metrics are scraped while people talk."""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import openmetrics  # noqa: E402
from people import Backbone, BUILD, PATIENCE_S, Person, ROOT, befriend  # noqa: E402
from ports import free_ports  # noqa: E402

INVENTORY = json.loads((ROOT / 'docs/inventory.json').read_text())


def configure(backbone, *lines):
    """More keys for [backbone]."""
    for conf in backbone.confs():
        conf.write_text(conf.read_text().replace('[backbone]\n',
                                                 '[backbone]\n' + ''.join(f'{x}\n' for x in lines)))


class Operation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbone = b = Backbone()
        cls.metrics_port = free_ports(1)
        configure(b, f'metrics = 127.0.0.1:{cls.metrics_port}')
        b.start()
        cls.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
        cls.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
        for p in (cls.rosa, cls.uwe):
            p.sign_up()
        befriend(cls.rosa, cls.uwe)

    @classmethod
    def tearDownClass(cls):
        cls.backbone.erase()

    def get(self, path='/metrics', host='localhost', method='GET'):
        c = http.client.HTTPConnection('127.0.0.1', self.metrics_port, timeout=30)
        c.putrequest(method, path, skip_host=True)
        c.putheader('Host', host)
        c.endheaders()
        response = c.getresponse()
        body = response.read().decode()
        c.close()
        return response, body

    def scrape(self):
        response, body = self.get()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.headers['Content-Type'], openmetrics.MEDIA_TYPE)
        return openmetrics.read(body)

    def test_metrics_while_messages_flow(self):
        before = self.scrape()
        waiting = self.uwe.start('follow')
        waiting.wait_for(lambda line: line['type'] == 'following')
        for i in range(5):
            self.rosa.run('send', self.uwe.name, f'bean {i}')
        waiting.wait_for(lambda line: line.get('text') == 'bean 4')
        during = self.scrape()
        waiting.interrupt()

        def grown(name, suffix='_total', **labels):
            return (during[name].total(suffix, **labels) - before[name].total(suffix, **labels))
        self.assertGreaterEqual(grown('undercroft_messages_accepted', app='dial'), 5)
        self.assertGreaterEqual(grown('undercroft_entries_delivered', app='plaza'), 5)
        self.assertGreaterEqual(grown('undercroft_entries_followed', app='plaza'), 5)
        self.assertGreaterEqual(grown('undercroft_requests', app='dial', kind='room_submit',
                                      error='UC_OK'), 5)
        self.assertGreaterEqual(grown('undercroft_requests', app='plaza', kind='notify'), 1)
        self.assertGreaterEqual(grown('undercroft_accepts'), 5)
        self.assertGreaterEqual(grown('undercroft_sign_ins', app='dial'), 5)
        for name in ('undercroft_handshakes', 'undercroft_received_bytes', 'undercroft_sent_bytes',
                     'undercroft_commits', 'undercroft_written_bytes', 'undercroft_syncs'):
            self.assertGreater(grown(name), 0, name)
        self.assertGreater(grown('undercroft_sync_seconds', '_count', app='dial'), 0)
        self.assertGreaterEqual(during['undercroft_sessions'].value(app='plaza'), 1)
        self.assertGreaterEqual(during['undercroft_signed_in'].value(app='plaza'), 1)
        self.assertGreaterEqual(during['undercroft_seats_open'].value(app='plaza'), 1)
        self.assertGreaterEqual(during['undercroft_connections'].value(), 1)
        for name in ('uptime_seconds', 'memory_bytes', 'descriptors', 'descriptors_max',
                     'disk_free_bytes'):
            self.assertGreater(during[f'undercroft_{name}'].value(), 0, name)
        self.assertGreater(during['undercroft_store_bytes'].value(app='lens'), 0)

    def test_metrics_are_those_of_the_inventory(self):
        families = self.scrape()
        self.assertEqual(list(families), [e['name'] for e in INVENTORY['metrics']])
        for e in INVENTORY['metrics']:
            f = families[e['name']]
            self.assertEqual((f.kind, f.help), (e['kind'], e['what']))
            for _, labels in f.samples:
                self.assertEqual([k for k, _ in labels if k != 'le'], sorted(e['labels']))

    def test_labels_name_nobody(self):
        for f in self.scrape().values():
            for _, labels in f.samples:
                for k, v in labels:
                    if k == 'app':
                        self.assertIn(v, ('dial', 'lens', 'plaza'))
                    elif k == 'error':
                        self.assertRegex(v, r'^UC_(OK|E_[A-Z_]+)$')
                    elif k == 'kind':
                        self.assertRegex(v, r'^[a-z_]+$')
                    else:
                        self.assertEqual(k, 'le')

    def test_a_page_led_here_by_a_name_reads_nothing(self):
        self.assertEqual(self.get(host='evil.example')[0].status, 421)
        self.assertEqual(self.get(host=f'evil.example:{self.metrics_port}')[0].status, 421)
        for name in ('127.evil.example', '127.0.0.1.evil.example:80', '[::1].evil.example',
                     'localhost.evil.example', '127.'):
            self.assertEqual(self.get(host=name)[0].status, 421, name)
        self.assertEqual(self.get(host=f'127.0.0.1:{self.metrics_port}')[0].status, 200)
        self.assertEqual(self.get(host=f'[::1]:{self.metrics_port}')[0].status, 200)
        self.assertEqual(self.get('/')[0].status, 404)
        self.assertEqual(self.get(method='POST')[0].status, 405)

    def ctl(self, command, *arguments, status=0):
        done = self.backbone.ctl(command, self.backbone.dir / 'undercroft.conf', *arguments)
        self.assertEqual(done.returncode, status, done)
        return done

    def lines(self, command, *arguments, **more):
        return [json.loads(x) for x in
                self.ctl(command, *arguments, '--json', **more).stdout.splitlines()]

    def test_status(self):
        waiting = self.uwe.start('follow')
        waiting.wait_for(lambda line: line['type'] == 'following')
        backbone, *apps = self.lines('status')
        waiting.interrupt()
        self.assertTrue(backbone['running'])
        self.assertEqual(backbone['process'], int((self.backbone.dir / 'data/lock').read_text()))
        self.assertGreaterEqual(backbone['connections'], 1)
        self.assertEqual([a['app'] for a in apps], ['dial', 'lens', 'plaza'])
        self.assertGreaterEqual(apps[2]['signed_in'], 1)
        self.assertEqual(apps[1]['connected'], 0)
        self.assertIn(b'backbone: running yes', self.ctl('status').stdout)

    def test_apps(self):
        apps = self.lines('apps')
        self.assertEqual([a['domain'] for a in apps],
                         ['dial.localhost', 'lens.localhost', 'plaza.localhost'])
        self.assertEqual([a['names'] for a in apps], ['number', 'handle', 'address'])
        left = self.scrape()['undercroft_certificate_left_seconds']
        for a in apps:
            self.assertGreater(a['certificate_days'], 0)
            self.assertEqual(int(left.value(app=a['app'])) // 86400, a['certificate_days'])

    def test_queues(self):
        rows = self.lines('queues')
        self.assertEqual([r['app'] for r in rows if r['type'] == 'app'], ['dial', 'lens', 'plaza'])
        self.assertTrue(any(r['type'] == 'front' for r in rows))
        self.assertTrue(all(r['waiting'] == 0 for r in rows), rows)

    def test_suspending(self):
        self.assertIn(b'UC_E_NOT_FOUND', self.ctl('suspend', 'dial', '+4915199999999',
                                                  status=1).stderr)
        self.ctl('suspend', 'dial', '+4915112345678')
        self.rosa.run('sync', status=None)
        self.assertNotEqual(self.rosa.status, 0)
        account = json.loads(self.ctl('devices', 'dial', '+4915112345678',
                                      '--json').stdout.splitlines()[0])['account']
        self.ctl('unsuspend', 'dial', account)
        self.rosa.run('sync')

    def test_compact(self):
        self.ctl('compact', 'dial')
        self.assertIn(b'UC_E_NOT_FOUND', self.ctl('compact', 'dail', status=1).stderr)

    def socket(self, request, uid=None):
        """What the control socket answers to raw bytes; uid: whom they are from."""
        program = ('import os, socket, sys\n'
                   'if int(sys.argv[2]): os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n'
                   's = socket.socket(socket.AF_UNIX)\ns.settimeout(30)\n'
                   's.connect(sys.argv[1])\n'
                   'try:\n    s.sendall(sys.stdin.buffer.read()); s.shutdown(1)\n'
                   'except OSError: pass\n'
                   'while b := s.recv(65536): sys.stdout.buffer.write(b)\n')
        done = subprocess.run([sys.executable, '-c', program, self.backbone.dir / 'data/control',
                               str(uid or 0)], input=request, capture_output=True)
        return done.stdout

    def test_control_refuses_what_makes_no_sense(self):
        for request, error in ((b'frob\n', b'UC_E_UNSUPPORTED'), (b'\n', b'UC_E_UNSUPPORTED'),
                               (b'status now\n', b'UC_E_ARGUMENT'),
                               (b'compact\n', b'UC_E_ARGUMENT'),
                               (b'drain soon\n', b'UC_E_ARGUMENT'),
                               (b'copy dial ../x\n', b'UC_E_ARGUMENT'),
                               (b'copy dial \n', b'UC_E_ARGUMENT')):
            self.assertIn(error, self.socket(request), request)
        # No line at all, and one that never ends: no answer, and no harm.
        self.assertEqual(self.socket(b'status'), b'')
        self.assertEqual(self.socket(b'x' * 100000), b'')
        self.assertTrue(self.lines('status')[0]['running'])

    @unittest.skipIf(os.geteuid() != 0, 'only root can be somebody else')
    def test_control_obeys_nobody_else(self):
        control, folders = self.backbone.dir / 'data/control', []
        self.assertEqual(control.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.socket(b'status\n', 65534), b'')
        # Even where the permissions would let them.
        for p in (self.backbone.dir, control.parent, control):
            folders.append((p, p.stat().st_mode))
            p.chmod(0o777)
        try:
            self.assertIn(b'UC_E_NOT_ALLOWED', self.socket(b'status\n', 65534))
        finally:
            for p, mode in folders:
                p.chmod(mode)

    def test_metrics_are_of_this_machine_alone(self):
        conf = self.backbone.dir / 'undercroft.conf'
        bad = self.backbone.dir / 'bad.txt'
        bad.write_text(conf.read_text().replace(f'metrics = 127.0.0.1:{self.metrics_port}',
                                                'metrics = 0.0.0.0:9441'))
        done = subprocess.run([BUILD / 'src/server/undercroftd', '--check-config', bad], text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('[backbone] metrics: is not an address of this machine alone', done.stderr)


class Backups(unittest.TestCase):
    """Each test with an installation of its own, which it takes apart."""

    def setUp(self):
        self.backbone = b = Backbone()
        self.conf = b.dir / 'undercroft.conf'
        b.start()
        self.rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
        self.uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
        for p in (self.rosa, self.uwe):
            p.sign_up()
        befriend(self.rosa, self.uwe)

    def tearDown(self):
        self.backbone.erase()

    def ctl(self, *arguments, status=0):
        done = self.backbone.ctl(arguments[0], self.conf, *arguments[1:])
        self.assertEqual(done.returncode, status, done)
        return done

    def counts(self):
        """Records and entries of each store, as `check` finds them."""
        return {(x['app'], x['store']): (x['records'], x['entries'])
                for x in map(json.loads, self.ctl('check', '--json').stdout.splitlines())
                if x['type'] == 'checked'}

    def lose_data(self):
        self.backbone.stop()
        (self.backbone.dir / 'data').rename(self.backbone.dir / 'lost')
        (self.backbone.dir / 'data').mkdir(0o700)

    def test_backup_while_serving(self):
        b, to = self.backbone, self.backbone.dir / 'backup'
        reading = self.uwe.start('follow')
        reading.wait_for(lambda line: line['type'] == 'following')
        writing = self.rosa.start('follow', self.uwe.name)
        writing.wait_for(lambda line: line['type'] == 'following')
        for i in range(40):
            if i == 20:
                writing.wait_for(lambda m: m.get('text') == 'bean 19' and
                                 m.get('state') == 'accepted')
                (b.dir / 'keys/dial/app.keys.new').write_text('half of')
                self.ctl('backup', to)
            writing.type(f'bean {i}')
        reading.wait_for(lambda m: m.get('text') == 'bean 39')
        reading.interrupt()
        writing.interrupt()
        self.assertEqual(list((b.dir / 'data/copies').iterdir()), [])
        self.assertEqual(list(to.rglob('tickets.keys')) + list(to.rglob('*.new')), [])
        self.lose_data()
        self.ctl('restore', to)
        for (app, store), (_, entries) in self.counts().items():
            # All that was accepted before is there: the log of the room has at least 20 messages.
            if store == 'rooms' and app in ('dial', 'plaza'):
                self.assertGreaterEqual(entries, 20)
        incarnation = {x['store'] + x['app']: x['incarnation'] for x in
                       map(json.loads, self.ctl('state', '--json').stdout.splitlines())
                       if x['type'] == 'store'}
        b.start()
        # Devices that were never there since the backup have nothing to notice.
        tom = Person(b, 'tom', 'dial', '+4915100000001', 'Tom Weiss')
        ida = Person(b, 'ida', 'dial', '+4915100000002', 'Ida Brandt')
        for p in (tom, ida):
            p.sign_up()
        befriend(tom, ida)
        tom.run('send', ida.name, 'still here?')
        ida.read_on('still here?')
        self.assertIn('store.older app=dial accounts=1 rooms=1', b.logs())
        self.assertEqual(len(set(incarnation.values())), 6)

    def test_clients_that_know_more_than_the_copy(self):
        """They go back to where the log parts, say again what it lost, and go on; nothing of before is
        lost to them, and nothing is there twice."""
        b, to = self.backbone, self.backbone.dir / 'backup'
        self.rosa.run('send', self.uwe.name, 'in the copy')
        self.uwe.read_on('in the copy')
        self.ctl('backup', to)
        self.rosa.run('send', self.uwe.name, 'after the copy')
        self.uwe.read_on('after the copy')
        self.lose_data()
        self.ctl('restore', to)
        b.start()
        rosa, uwe = self.rosa.start('follow', self.uwe.name), self.uwe.start('follow',
                                                                             self.rosa.name)
        rosa.type('and on')
        uwe.wait_for(lambda m: m.get('text') == 'and on')
        uwe.type('and back')
        rosa.wait_for(lambda m: m.get('text') == 'and back')
        rosa.interrupt()
        uwe.interrupt()
        texts = [text for _, text in self.uwe.texts(self.rosa.name)]
        for text in ('in the copy', 'after the copy', 'and on', 'and back'):
            self.assertEqual(texts.count(text), 1, texts)

    def test_backup_of_what_is_stopped(self):
        b, to = self.backbone, self.backbone.dir / 'backup'
        self.rosa.run('send', self.uwe.name, 'before')
        self.uwe.read_on('before')
        b.stop()
        before = self.counts()
        self.ctl('backup', to)
        (b.dir / 'data').rename(b.dir / 'lost')
        (b.dir / 'data').mkdir(0o700)
        self.ctl('restore', to)
        self.assertEqual(self.counts(), before)
        b.start()
        self.rosa.run('send', self.uwe.name, 'after')
        self.uwe.read_on('after')
        self.uwe.run('send', self.rosa.name, 'and back')
        self.rosa.read_on('and back')

    def test_what_restore_refuses(self):
        b, to = self.backbone, self.backbone.dir / 'backup'
        self.ctl('backup', to)
        self.assertIn(b'not an empty folder', self.ctl('backup', to, status=1).stderr)
        self.assertIn(b'the backbone runs', self.ctl('restore', to, status=1).stderr)
        b.stop()
        self.assertIn(b'is not empty', self.ctl('restore', to, status=1).stderr)
        (b.dir / 'data').rename(b.dir / 'lost')
        (b.dir / 'data').mkdir(0o700)
        self.assertIn(b'manifest', self.ctl('restore', b.dir / 'lost', status=1).stderr)
        log = next((to / 'dial/accounts').glob('*.log'))
        for path, damage in ((log, lambda x: x[:-1] + bytes([x[-1] ^ 1])), (log, lambda x: x[:-1]),
                             (log, lambda x: None),
                             (to / 'manifest', lambda x: x.replace(b'dial.local', b'dail.local')),
                             (to / 'manifest', lambda x: x[:-70])):
            whole = path.read_bytes()
            damaged = damage(whole)
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            self.assertIn(b'nothing was restored', self.ctl('restore', to, status=1).stderr)
            path.write_bytes(whole)
            self.assertEqual([p.name for p in (b.dir / 'data').iterdir()], ['lock'])
        self.ctl('restore', to)
        self.ctl('check')

    @unittest.skipIf(os.geteuid(), 'root alone restores for others')
    def test_restore_goes_nowhere_that_the_owner_may_not(self):
        b, to, nobody = self.backbone, self.backbone.dir / 'backup', 65534
        b.env['ASAN_OPTIONS'] = b.env.get('ASAN_OPTIONS', '') + ':detect_leaks=0'  # not as another
        self.ctl('backup', to)
        b.stop()
        data, victim = b.dir / 'data', b.dir / 'victim'
        data.rename(b.dir / 'lost')
        for folder in (data, victim):
            folder.mkdir(0o700)
        keys = next(p.parent for p in b.dir.rglob('dial/app.keys') if 'backup' not in p.parts)
        for path in (data, *keys.parent.glob('*'), *keys.parent.glob('*/*')):
            os.chown(path, nobody, nobody)
        for path in (b.dir, keys.parent):
            path.chmod(0o711)
        away = b.dir / 'keys.away'
        for planted in (data / 'dial', data / 'restoring', keys):
            if planted is keys:
                keys.rename(away)
            planted.symlink_to(victim)
            said = self.ctl('restore', to, status=1).stderr
            self.assertNotIn(b'a part is in place', said)
            self.assertEqual(list(victim.iterdir()), [], planted)
            planted.unlink()
        away.rename(keys)
        self.ctl('restore', to)
        self.assertEqual({p.stat().st_uid for p in data.rglob('*')}, {nobody})
        # A folder of keys where only root may make one.
        keys.rename(away)
        data.rename(b.dir / 'data2')
        data.mkdir(0o700)
        os.chown(data, nobody, nobody)
        self.ctl('restore', to)
        self.assertEqual((keys.stat().st_uid, keys.stat().st_mode & 0o777), (nobody, 0o700))
        b.start()
        self.rosa.run('send', self.uwe.name, 'after')
        self.uwe.read_on('after')

    def test_dump_and_load(self):
        b = self.backbone
        self.rosa.run('send', self.uwe.name, 'before')
        self.uwe.read_on('before')
        b.stop()
        before, dumps = self.counts(), {}
        for app, store in before:
            dumps[app, store] = b.dir / f'{app}-{store}.dump'
            dumps[app, store].write_bytes(self.ctl('dump', app, store).stdout)
        dump = dumps['dial', 'rooms']
        self.assertIn(b'not empty', self.ctl('load', 'dial', 'rooms', dump, status=1).stderr)
        (b.dir / 'data').rename(b.dir / 'lost')
        (b.dir / 'data').mkdir(0o700)
        whole = dump.read_bytes()
        dump.write_bytes(whole[:-1])
        self.assertIn(b'UC_E_MALFORMED', self.ctl('load', 'dial', 'rooms', dump, status=1).stderr)
        self.assertFalse((b.dir / 'data/dial/rooms').exists())
        dump.write_bytes(whole)
        for (app, store), path in dumps.items():
            self.ctl('load', app, store, path)
        self.assertEqual(self.counts(), before)
        b.start()
        self.rosa.run('send', self.uwe.name, 'after')
        self.uwe.read_on('after')

    def test_lost_keys_come_back(self):
        b, to = self.backbone, self.backbone.dir / 'backup'
        self.ctl('backup', to)
        self.lose_data()
        keys = next(p for p in b.dir.rglob('app.keys')
                    if 'backup' not in p.parts and p.parent.name == 'dial')
        whole = keys.read_bytes()
        keys.unlink()
        self.ctl('restore', to)
        self.assertEqual(keys.read_bytes(), whole)
        self.assertEqual(keys.stat().st_mode & 0o777, 0o600)
        # Others than those that open what is stored.
        b.stop()
        (b.dir / 'data').rename(b.dir / 'restored')
        (b.dir / 'data').mkdir(0o700)
        keys.write_bytes(next((to / 'lens').rglob('app.keys')).read_bytes())
        self.assertIn(b'other keys are there', self.ctl('restore', to, status=1).stderr)
        self.assertEqual([p.name for p in (b.dir / 'data').iterdir()], ['lock'])
        self.ctl('restore', to, '--keep-keys')
        self.assertNotEqual(keys.read_bytes(), whole)
        keys.write_bytes(whole)
        b.start()
        self.rosa.run('send', self.uwe.name, 'after')
        self.uwe.read_on('after')


class Logs(unittest.TestCase):
    """Of a whole life, as JSON at the level that says most: events, and nobody."""

    def test_json(self):
        b = Backbone()
        configure(b, 'log_format = json', 'log = debug')
        b.start()
        try:
            rosa = Person(b, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner')
            uwe = Person(b, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')
            for p in (rosa, uwe):
                p.sign_up()
            befriend(rosa, uwe)
            rosa.run('send', uwe.name, 'the beans')
            devices = b.ctl('devices', b.dir / 'undercroft.conf', 'dial', rosa.identifier, '--json')
            account = json.loads(devices.stdout.splitlines()[0])['account']
            b.ctl('suspend', b.dir / 'undercroft.conf', 'dial', rosa.identifier)
            b.stop()
            lines = [line for p in b.dir.glob('*.log') for line in p.read_text().splitlines()]
        finally:
            b.erase()
        events = [json.loads(line) for line in lines if line.startswith('{')]
        self.assertGreaterEqual(len(events), 5)
        listed = {(e['event'], e['level']) for e in INVENTORY['logs']}
        for e in events:
            self.assertRegex(e['time'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
            self.assertIn((e['event'], e['level']), listed)
        self.assertIn({'order': 'suspend', 'error': 'UC_OK'},
                      [{k: e.get(k) for k in ('order', 'error')} for e in events])
        text = '\n'.join(lines)
        for secret in (rosa.identifier, '4915112345678', uwe.identifier, 'Rosa', 'Petersen',
                       'beans', account, '127.0.0.1:'):
            found = [x for x in lines if secret in x and x.startswith('{')]
            self.assertEqual(found, [], secret)
        self.assertNotIn(account, text)


class Stopping(unittest.TestCase):
    def test_drain(self):
        b = Backbone()
        b.start()
        conf = b.dir / 'undercroft.conf'
        try:
            self.assertEqual(b.ctl('status', conf).returncode, 0)
            self.assertEqual(b.ctl('drain', conf).returncode, 0)
            end = time.monotonic() + PATIENCE_S
            while b'does not run' not in b.ctl('status', conf).stdout:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)
            done = b.ctl('status', conf, '--json')
            self.assertEqual((done.returncode, json.loads(done.stdout)['running']), (1, False))
            self.assertIn('does not run', b.ctl('queues', conf).stderr.decode())
            self.assertFalse((b.dir / 'data/control').exists())
            b.start()
            self.assertEqual(b.ctl('status', conf).returncode, 0)
            # A socket that a killed process left is no hindrance.
            b.kill()
            self.assertTrue((b.dir / 'data/control').exists())
            b.start()
            self.assertEqual(b.ctl('status', conf).returncode, 0)
        finally:
            b.erase()


class Reader(unittest.TestCase):
    """The reader refuses what the format does not allow."""

    def test_mistakes(self):
        head = '# TYPE a gauge\n# HELP a A.\n'
        good = head + 'a{x="1"} 1\na{x="2"} 2.5\n# EOF\n'
        self.assertEqual(openmetrics.read(good)['a'].total(), 3.5)
        for bad in (good[:-1], good + '\n', good.replace('# EOF\n', ''),
                    good.replace('gauge', 'counter'), good.replace('x="2"', 'x="1"'),
                    good.replace('x="2"', 'x="2",'), good.replace('x="2"', 'x="2'),
                    good.replace(' 2.5', ''), good.replace('# HELP a A.\n', ''),
                    good.replace('a{x="1"}', 'b{x="1"}'), head + 'a 1\n' + head + '# EOF\n',
                    good.replace('# HELP', '# UNIT a seconds\n# HELP')):
            with self.assertRaises(openmetrics.Mistake, msg=bad):
                openmetrics.read(bad)

    def test_histograms(self):
        good = ('# TYPE a histogram\n# HELP a A.\na_bucket{le="1.0"} 1\na_bucket{le="+Inf"} 2\n'
                'a_count 2\na_sum 3.0\n# EOF\n')
        openmetrics.read(good)
        for bad in (good.replace('le="1.0"} 1', 'le="1.0"} 3'), good.replace('a_count 2', 'a_count 1'),
                    good.replace('a_sum 3.0\n', ''), good.replace('{le="1.0"}', '')):
            with self.assertRaises(openmetrics.Mistake, msg=bad):
                openmetrics.read(bad)


if __name__ == '__main__':
    unittest.main()
