# SPDX-License-Identifier: Apache-2.0
"""The example of the library against a real backbone: it signs up, asks, and says hello."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, BUILD, PATIENCE_S, Person  # noqa: E402


class Hello(unittest.TestCase):
    def test_hello(self):
        backbone = Backbone()
        backbone.start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                self.say_hello(backbone, folder)
        finally:
            backbone.erase()

    def say_hello(self, backbone, folder):
        tom = Person(backbone, 'tom', 'lens', 'tom', 'Tom')
        tom.sign_up()
        port = int(backbone.env['UNDERCROFT_PORT']) + 1
        hello = subprocess.Popen(
            [BUILD / 'examples/hello', 'lens.localhost', str(port), backbone.dir / 'tls/ca.pem',
             'lens.localhost', 'ada', 'tom'], cwd=folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE_S
        while 'ada' not in tom.run('requests') and time.monotonic() < end:
            time.sleep(0.2)
        tom.run('accept', 'ada', '--wait')
        said = hello.communicate(timeout=PATIENCE_S)[0]
        self.assertEqual(hello.returncode, 0, said)
        self.assertRegex(said, re.compile(r'to be written down: (\w+ ){23}\w+$', re.M))
        tom.run('sync')
        self.assertIn(('ada', 'Hello!'), tom.texts('ada'))


if __name__ == '__main__':
    unittest.main()
