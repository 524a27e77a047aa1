#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers to strangers look alike: whoever is asked about, by size and time.

usage: answers.py BUILD_DIR

A real backbone is asked about people of each kind (bench-answers), and then written letters to people of
each kind, one kind after the other in an order of dice: by somebody of the same app, and by another app,
which asks for its people.  Then four classifiers learn from one half of the answers of each two kinds and judge
the other half, and the other way round: a threshold, histograms, the nearest neighbours, a logistic
regression.  With UNDERCROFT_TEST_LONG these are a thousand of each kind, and none may be right in
more than 55 of 100; else 300, and 60.  An answer that is held back (of a look-up, which is counted and
written first, by 5 ms, of a letter, whose answers all come 20 ms after it, by 10) must be told apart.
"""
import bisect
import collections
import contextlib
import http.client
import itertools
import math
import os
import pathlib
import random
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'system')]
from backbone import Undercroft  # noqa: E402
from ports import free_ports  # noqa: E402

# Of fewer, chance alone is more often right.
EACH, BOUND = (1000, 0.55) if os.environ.get('UNDERCROFT_TEST_LONG') else (300, 0.6)
SEEN = 0.75
NEIGHBOURS = 25
LATE_S = 0.01
WARM = 20


def threshold(learn):
    """The best place to part the times, and which side is whose."""
    learn = sorted((x[0], y) for x, y in learn)
    ones = sum(y for _, y in learn)
    best, seen = (0, 0, False), 0
    for i, (t, y) in enumerate(learn):
        seen += y
        right = i + 1 - seen + ones - seen
        for hits, above in ((right, True), (len(learn) - right, False)):
            best = max(best, (hits, t, above))
    return lambda x: (x[0] > best[1]) == best[2]


def histogram(learn):
    times = sorted(x[0] for x, _ in learn)
    edges = [times[len(times) * i // 24] for i in range(1, 24)]
    votes = collections.Counter()
    for x, y in learn:
        votes[bisect.bisect(edges, x[0]), x[1]] += 2 * y - 1
    return lambda x: votes[bisect.bisect(edges, x[0]), x[1]] > 0


def neighbours(learn):
    learn = sorted((x[1], x[0], y) for x, y in learn)

    def judge(x):
        at = bisect.bisect(learn, (x[1], x[0], 0))
        near = learn[max(0, at - NEIGHBOURS):at + NEIGHBOURS]
        near.sort(key=lambda n: (n[0] != x[1], abs(n[1] - x[0])))
        return 2 * sum(n[2] for n in near[:NEIGHBOURS]) > NEIGHBOURS
    return judge


def logistic(learn):
    middle = sorted(x[0] for x, _ in learn)[len(learn) // 2]

    def features(x):
        t = math.log(x[0] / middle)
        return 1, t, t * t, middle / x[0], x[1]
    rows = [features(x) for x, _ in learn]
    n = len(rows)
    mean = [sum(c) / n for c in zip(*rows)]
    spread = [math.sqrt(sum((v - m) ** 2 for v in c) / n) or 1
              for c, m in zip(zip(*rows), mean)]

    def scaled(f):
        return [1.0] + [(v - m) / s for v, m, s in list(zip(f, mean, spread))[1:]]
    rows, weights = [scaled(f) for f in rows], [0.0] * 5

    def chance(f):
        return 1 / (1 + math.exp(-max(-30, min(30, sum(w * v for w, v in zip(weights, f))))))
    for _ in range(40):
        slope = [0.0] * 5
        for f, (_, y) in zip(rows, learn):
            off = y - chance(f)
            for i in range(5):
                slope[i] += off * f[i]
        weights = [w + 2 * d / n for w, d in zip(weights, slope)]
    return lambda x: chance(scaled(features(x))) > 0.5


CLASSIFIERS = (threshold, histogram, neighbours, logistic)


def accuracy(make, a, b):
    """Of two kinds: how many of those are told right that were not learned from."""
    right = 0
    halves = [[(x, y) for y, kind in ((0, a), (1, b)) for x in kind[part::2]] for part in (0, 1)]
    for learn, play in (halves, halves[::-1]):
        judge = make(learn)
        right += sum(judge(x) == bool(y) for x, y in play)
    return right / (len(a) + len(b))


class Answering(Undercroft):
    """With so little room that the intake of somebody can be filled; and another's app, north, may ask."""
    certified = ('east', 'west', 'north')

    def prepare(self):
        super().prepare()
        text = self.config.read_text()
        self.config.write_text(text.replace('names = handle\n',
                                            'names = handle\naccount_bytes = 2097152\n') +
                               '[peer north.localhost]\nurl = https://north.localhost:1\n'
                               'ca = tls/ca.pem\n')


@contextlib.contextmanager
def running(build):
    """A backbone: its folder and port, and what bench-answers is called with."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='undercroft-answers-'))
    server = None
    try:
        port = free_ports(2)
        backbone = Answering(build, folder, port, 'answers')
        backbone.prepare()
        server = subprocess.Popen(backbone.command(), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        wait_for(port)
        yield folder, port, [build / 'tests/bench/bench-answers', '--port', str(port), '--ca',
                             folder / 'tls/ca.pem', '--each', str(EACH)]
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def measure(build, options=()):
    with running(build) as (_, _, command):
        done = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=True)
    kinds, found = collections.defaultdict(list), collections.defaultdict(set)
    for line in done.stdout.splitlines():
        kind, us, size, was_found = line.split()
        kinds[kind].append((float(us), int(size)))
        found[kind].add(int(was_found))
    return kinds, found


def as_app(folder, port):
    """A connection of the app north, by its certificate, to east."""
    trust = ssl.create_default_context(cafile=folder / 'tls/ca.pem')
    trust.load_cert_chain(folder / 'tls/north.pem', folder / 'tls/north.key')
    connection = http.client.HTTPSConnection('east.localhost', port, context=trust)
    raw = socket.create_connection(('127.0.0.1', port), timeout=60)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sock = trust.wrap_socket(raw, server_hostname='east.localhost')
    return connection


def send(connection, letter, late):
    """As an app sends it: how long its answer takes, in microseconds, and how long it is."""
    start = time.perf_counter()
    connection.request('POST', '/v1/requestConsent/east.localhost', body=letter)
    answer = connection.getresponse()
    body = answer.read()
    came = time.perf_counter()
    if late:
        while time.perf_counter() - came < LATE_S:
            pass
        came = time.perf_counter()
    if answer.status != 201:
        sys.exit(f'a letter of another app is answered with {answer.status}')
    return (came - start) * 1e6, len(body) + len(str(answer.headers))


def measure_across(build):
    letters, kinds = collections.defaultdict(list), collections.defaultdict(list)
    with running(build) as (folder, port, command):
        shows = subprocess.Popen([*command, '--show-letters', '1'], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        for line in iter(shows.stdout.readline, '\n'):
            if not line:
                sys.exit('bench-answers failed')
            kind, letter = line.split()
            letters[kind].append(bytes.fromhex(letter))
        connection = as_app(folder, port)
        for i in range(EACH + WARM):
            for kind in random.sample(sorted(letters), len(letters)):
                answered = send(connection, letters[kind][i % len(letters[kind])], kind == 'late')
                if i >= WARM:
                    kinds[kind].append(answered)
        connection.close()
        shows.communicate('done\n')
        if shows.returncode:
            sys.exit('letters of another app did not come where they were to')
    return kinds


def wait_for(port):
    for _ in range(200):
        with socket.socket() as s:
            if not s.connect_ex(('127.0.0.1', port)):
                return
        time.sleep(0.05)
    sys.exit('the backbone does not listen')


def judge(what, kinds, usual):
    """What is wrong with the answers of these kinds."""
    late, wrong = kinds.pop('late'), []
    for kind, answers in kinds.items():
        times = sorted(t for t, _ in answers)
        print(f'{what}, {kind:<8} {len(times)} answers, {times[len(times) // 2]:.0f} us in the middle')
    for make in CLASSIFIERS:
        scores = {(a, b): accuracy(make, kinds[a], kinds[b])
                  for a, b in itertools.combinations(sorted(kinds), 2)}
        pair = max(scores, key=scores.get)
        seen = accuracy(make, kinds[usual], late)
        print(f'{what}, {make.__name__}: at most {scores[pair]:.3f} ({pair[0]}, {pair[1]}); '
              f'one that is late {seen:.3f}')
        if scores[pair] > BOUND:
            wrong.append(f'{what}: {pair[0]} and {pair[1]} are told apart')
        if seen < SEEN:
            wrong.append(f'{what}: one that is late is not told apart')
    return wrong


def main():
    build, wrong = pathlib.Path(sys.argv[1]).resolve(), []
    kinds, found = measure(build)
    if [found[k] for k in ('nobody', 'minor', 'closed')] != [{0}] * 3:
        wrong.append('somebody was found who is not to be')
    if [found[k] for k in ('blocks', 'ignores', 'normal')] != [{1}] * 3:
        wrong.append('somebody was not found')
    wrong += judge('look-ups', kinds, 'normal')
    kinds, _ = measure(build, ('--letters', '1'))
    wrong += judge('letters', kinds, 'one')
    wrong += judge('letters of another app', measure_across(build), 'one')
    print('answers:', '; '.join(wrong) or 'ok')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
