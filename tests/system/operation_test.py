# SPDX-License-Identifier: Apache-2.0
"""What an operator does with a running backbone: metrics are scraped while people talk."""
import http.client
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import openmetrics  # noqa: E402
from people import Backbone, BUILD, Person, ROOT, befriend, free_ports  # noqa: E402

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
        self.assertEqual(self.get(host=f'127.0.0.1:{self.metrics_port}')[0].status, 200)
        self.assertEqual(self.get(host=f'[::1]:{self.metrics_port}')[0].status, 200)
        self.assertEqual(self.get('/')[0].status, 404)
        self.assertEqual(self.get(method='POST')[0].status, 405)

    def test_metrics_are_of_this_machine_alone(self):
        conf = self.backbone.dir / 'undercroft.conf'
        bad = self.backbone.dir / 'bad.txt'
        bad.write_text(conf.read_text().replace(f'metrics = 127.0.0.1:{self.metrics_port}',
                                                'metrics = 0.0.0.0:9441'))
        done = subprocess.run([BUILD / 'src/server/undercroftd', '--check-config', bad], text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('[backbone] metrics: is not an address of this machine alone', done.stderr)


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
