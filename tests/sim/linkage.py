#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries to tell from what two apps have on disk who is whom, and who shares a room.

usage: linkage.py LINKAGE-WORLD PEOPLE [LEAK]

LINKAGE-WORLD makes the world; of a build with -Dplanted=true it can leak (base/planted.h), and then
this must see it.  Else it must name at most five people of all, and no more pairs who share a room
than are named by chance.  With UNDERCROFT_TEST_LONG it is a thousand people, however many were
asked for.

It has both stores of both apps as files: sorted files, blobs and write-ahead logs, with what is
overwritten or deleted and still there, and the order in which all was written; the keys that
lie in both apps' folders of keys; and all network addresses that anybody came from, as who tries
all that there are has them.  It knows the program and what each record is.  Its ways of guessing are many (each number in
each record, each order, sizes, equal bytes, hashes, MACs); which one is best it may learn from one half
of the people, whose truth it is given, and then guesses about the other half; and the other way
round.
"""
import bisect
import collections
import hashlib
import hmac
import ipaddress
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

APPS = ('dial.localhost', 'plaza.localhost')
STORES = ('accounts', 'rooms')
ACCOUNT = 1
WINDOW = 12
# What else goes into the MAC of an opener (provider/openings.c).
OPENER = b'Undercroft opener'
Version = collections.namedtuple('Version', 'seq key value blob')

# --- the files of RocksDB ---


def varint(b, at):
    shift = value = 0
    while True:
        c = b[at]
        at += 1
        value |= (c & 127) << shift
        if c < 128:
            return value, at
        shift += 7


def piece(b, at):
    n, at = varint(b, at)
    return b[at:at + n], at + n


def wal_batches(b):
    """The write batches of a write-ahead log, put together from its fragments."""
    at, whole = 0, b''
    while at + 7 <= len(b):
        if at % 32768 > 32768 - 7:
            at += 32768 - at % 32768
            continue
        n, kind = struct.unpack_from('<HB', b, at + 4)
        if kind == 0:
            break
        part = b[at + 7:at + 7 + n]
        at += 7 + n
        whole = whole + part if kind in (3, 4) else part
        if kind in (1, 4):
            yield whole


def wal_versions(b):
    for batch in wal_batches(b):
        seq, count = struct.unpack_from('<QI', batch)
        at = 12
        for _ in range(count):
            kind = batch[at]
            key, at = piece(batch, at + 1)
            value = None
            if kind in (1, 15):
                value, at = piece(batch, at)
            elif kind not in (0, 7):
                raise ValueError(f'an operation of kind {kind}')
            yield Version(seq, key, value if kind == 1 else None, None)
            seq += 1


def block_entries(b, has_length=True):
    end = len(b) - 4 - 4 * (struct.unpack_from('<I', b, len(b) - 4)[0] & 0x7fffffff)
    at, key = 0, b''
    while at < end:
        shared, at = varint(b, at)
        own, at = varint(b, at)
        n = 0
        if has_length:
            n, at = varint(b, at)
        key = key[:shared] + b[at:at + own]
        at += own
        if has_length:
            yield key, b[at:at + n]
            at += n
        else:
            offset, at = varint(b, at)
            size, at = varint(b, at)
            yield key, (offset, size)


def sst_index(b):
    """Where the index of a sorted file lies."""
    footer = len(b) - 53
    if struct.unpack_from('<I', b, len(b) - 12)[0] < 6:
        _, at = varint(b, footer + 1)
        _, at = varint(b, at)
        offset, at = varint(b, at)
        return offset, varint(b, at)[0]
    size = struct.unpack_from('<I', b, footer + 13)[0]
    start = footer - 5 - size
    for name, value in block_entries(b[start:start + size]):
        if name == b'rocksdb.index':
            offset, at = varint(value, 0)
            return offset, varint(value, at)[0]
    raise ValueError('a sorted file without an index')


def sst_versions(b, blobs):
    offset, size = sst_index(b)
    for _, (at, n) in block_entries(b[offset:offset + size], has_length=False):
        for key, value in block_entries(b[at:at + n]):
            packed = struct.unpack('<Q', key[-8:])[0]
            seq, kind, place = packed >> 8, packed & 255, None
            if kind == 17:
                number, p = varint(value, 1)
                start, p = varint(value, p)
                length, p = varint(value, p)
                place = (number, start)
                value = blobs[number][start:start + length]
            yield Version(seq, key[:-8], value if kind in (1, 17) else None, place)


def store_read(folder):
    blobs = {int(p.stem): p.read_bytes() for p in folder.glob('*.blob')}
    out = []
    for p in sorted(folder.glob('*.sst')):
        out += sst_versions(p.read_bytes(), blobs)
    for p in sorted(folder.glob('*.log')):
        out += wal_versions(p.read_bytes())
    return out


def key_parts(key):
    """Tag and elements of a key (store/key.h), behind what sort it is (store/inner.h)."""
    if key[:1] not in (b'r', b'h', b'e'):
        return 0, []
    if key[:1] == b'e':
        key = key[2:-8]
    parts, at = [], 2
    while at < len(key):
        if key[at] == 2:
            parts.append(key[at + 1:at + 9])
            at += 9
            continue
        part, at = bytearray(), at + 1
        while at + 1 < len(key) and key[at:at + 2] != b'\0\1':
            part.append(key[at])
            at += 2 if key[at] == 0 else 1
        parts.append(bytes(part))
        at += 2
    return key[1], parts


# --- what it knows of accounts ---


class App:
    def __init__(self, folder, domain):
        self.domain = domain
        lines = (folder / f'{domain}.keys').read_text().split()
        self.moderators, *self.keys = map(bytes.fromhex, lines)
        self.versions = {s: store_read(folder / f'{domain}.{s}') for s in STORES}
        self.accounts, self.rooms = {}, collections.defaultdict(list)
        aliases = {}
        for v in self.versions['accounts']:
            if v.key[:2] == bytes([0x72, ACCOUNT]) and v.value:
                account = key_parts(v.key)[1][0]
                self.accounts.setdefault(account, [])
                for alias in (account, v.value[2:34], v.value[38:70]):
                    aliases[alias] = account
        for v in self.versions['accounts']:
            tag, parts = key_parts(v.key)
            owner = next((aliases[p] for p in parts if p in aliases), None)
            if owner is None and v.value:
                owner = next((a for a in self.accounts if len(v.value) < 64 and a in v.value), None)
            if owner is not None:
                self.accounts[owner].append((tag, parts, v))
        for v in self.versions['rooms']:
            tag, parts = key_parts(v.key) if v.key[:1] in b'reh' else (0, [])
            if parts and parts[0].startswith(b'mimi://'):
                self.rooms[parts[0].decode()].append((tag, parts, v))
        self.identifiers = aliases
        known = self.addresses(folder)
        self.came_from = {a: set(found(those, known)) for a, those in self.accounts.items()}
        self.seen_from = {r: set(found(those, known)) for r, those in self.rooms.items()}

    def addresses(self, folder):
        """What may stand for a network address: as 16 bytes or hashed, or hashed as 4 or as text."""
        out = {}
        for line in (folder / 'addresses').read_text().split():
            whole = bytes.fromhex(line)
            out[whole[-WINDOW:]] = line
            for b in (whole, whole[-4:], str(ipaddress.ip_address(whole[-4:])).encode()):
                out.update((form[:WINDOW], line) for form in forms(self, b) if form != b)
        return out


def found(records, known, after=0):
    """What is known by some of their bytes; of a key, by what stands after so many parts."""
    for _, parts, v in records:
        for b in [*parts[after:], v.value or b'']:
            for at in range(len(b) - WINDOW + 1):
                if b[at:at + WINDOW] in known:
                    yield known[b[at:at + WINDOW]]


def numbers(b):
    """Each number that a record may hold, by where it stands."""
    if b is None:
        return
    for width in (4, 8):
        for at in range(0, min(len(b), 200 if len(b) < 600 else 48) - width + 1):
            yield (width, at), int.from_bytes(b[at:at + width], 'big')


def features(app):
    """name -> account -> number: of fields, of order, of sizes and counts, of places in files."""
    out = collections.defaultdict(dict)
    for account, records in app.accounts.items():
        of_tag = collections.defaultdict(list)
        for tag, parts, v in records:
            of_tag[tag].append((v.seq, parts[1:], v))
        for tag, those in of_tag.items():
            those.sort(key=lambda r: (r[0], r[1]))
            out[tag, 'count'][account] = len(those)
            out[tag, 'bytes'][account] = sum(len(r[2].value or b'') for r in those)
            written = [r[0] for r in those if r[0]]
            for name, which in (('first', 0), ('last', -1)):
                if written:
                    out[tag, name, 'order'][account] = written[which]
                if those[which][2].blob:
                    out[tag, name, 'place'][account] = those[which][2].blob[1]
                for where, n in numbers(those[which][2].value):
                    out[tag, name, where][account] = n
                for i, p in enumerate(those[which][1]):
                    if len(p) == 8:
                        out[tag, name, 'key', i][account] = int.from_bytes(p, 'big')
    return {k: v for k, v in out.items() if len(v) > 2 and tells(k, v.values())}


def tells(name, values):
    """Neither always the same, nor drawn from all that there are."""
    spread = max(values) - min(values)
    bits = 31 if name[2:] and name[2][0] == 4 else 56
    return 0 < spread < 1 << bits


# --- across apps ---


def shuffled(pairs, dice):
    pairs = list(pairs)
    dice.shuffle(pairs)
    return sorted(pairs, key=lambda p: p[1])


def by_rank(a, b, dice):
    x, y = shuffled(a.items(), dice), shuffled(b.items(), dice)
    return {p[0]: y[i * len(y) // len(x)][0] for i, p in enumerate(x)}


def by_nearness(a, b, dice):
    y = shuffled(b.items(), dice)
    values, near = [v for _, v in y], []
    for account, v in shuffled(a.items(), dice):
        at = bisect.bisect(values, v)
        for i in range(max(0, at - 3), min(len(y), at + 3)):
            near.append((abs(values[i] - v), dice.random(), account, y[i][0]))
    out, taken = {}, set()
    for _, _, account, other in sorted(near):
        if account not in out and other not in taken:
            out[account] = other
            taken.add(other)
    return out


def windows(app, among=None):
    """Pieces of what is stored of an account, and whose: None where they are of several.  All that
    are among others, or so many that what is longer than a key holds one."""
    out = {}
    for account, records in app.accounts.items():
        for _, parts, v in records:
            for b in [*parts, v.value or b'']:
                step = 1 if among else 4 if len(b) < 600 else 16
                for at in range(0, len(b) - WINDOW + 1, step):
                    w = b[at:at + WINDOW]
                    if (among is None or w in among) and out.setdefault(w, account) != account:
                        out[w] = None
    return out


def forms(app, name):
    """What may stand for an identifier in what the app stores: plain, hashed, under its keys."""
    yield name
    for h in (hashlib.sha256, hashlib.sha512, hashlib.blake2b):
        yield h(name).digest()
    for k in app.keys:
        for of in (name, OPENER + app.moderators + name):
            yield hmac.digest(k, of, 'sha256')


def by_name(apps, i):
    """Accounts of the other app, in any form, in what app i stores of its own."""
    app, other = apps[i], apps[1 - i]
    known = {form[:WINDOW]: account for name, account in other.identifiers.items()
             for form in forms(app, name)}
    out = {}
    for account, records in app.accounts.items():
        for one in found(records, known):
            out[account] = one
    return {b: a for a, b in out.items()} if i else out


def by_address(apps):
    """Who came from the same network address, in whatever form either app stores it."""
    those = {address: b for b, addresses in apps[1].came_from.items() for address in addresses}
    return {a: those[address] for a, addresses in apps[0].came_from.items()
            for address in addresses if address in those}


def by_equal_bytes(apps):
    known, votes = windows(apps[0]), collections.Counter()
    for w, account in windows(apps[1], known).items():
        if account and known[w]:
            votes[known[w], account] += 1
    out = {}
    for (a, b), _ in votes.most_common():
        out.setdefault(a, b)
    return out


def profile(fs, accounts, dice):
    """Ranks in all counts and sizes, summed with odd weights: one number for the whole."""
    out = {a: 0 for a in accounts}
    for i, name in enumerate(sorted(n for n in fs if n[1] in ('count', 'bytes'))):
        for rank, (a, _) in enumerate(shuffled(fs[name].items(), dice)):
            out[a] += rank * (i + 1)
    return out


def ways_across(apps, dice):
    fs = [features(a) for a in apps]
    shift = len(apps[1].domain) - len(apps[0].domain)
    yield 'equal bytes', by_equal_bytes(apps)
    for i in (0, 1):
        yield f"the other's names in {APPS[i]}", by_name(apps, i)
    yield 'addresses', by_address(apps)
    yield 'profile', by_rank(*(profile(f, a.accounts, dice) for f, a in zip(fs, apps)), dice)
    for name, a in fs[0].items():
        others = {name}
        if isinstance(name[-1], tuple):
            width, at = name[-1]
            others |= {(*name[:-1], (width, at + k * shift)) for k in (1, 2)}
        for other in others:
            if other in fs[1]:
                yield (name, other, 'rank'), by_rank(a, fs[1][other], dice)
                yield (name, other, 'near'), by_nearness(a, fs[1][other], dice)


def halves(names, dice):
    names = sorted(names)
    dice.shuffle(names)
    return set(names[::2]), set(names[1::2])


def play_across(apps, truth, dice):
    """Of how many people it names the right account; by the way that did best on the others."""
    ways = list(ways_across(apps, dice))
    right, told = 0, []
    parts = halves(truth, dice)
    for learn, play in (parts, parts[::-1]):
        hits = [sum(guess.get(a) == truth[a] for a in learn) for _, guess in ways]
        best = max(range(len(ways)), key=hits.__getitem__)
        right += sum(ways[best][1].get(a) == truth[a] for a in play)
        told.append(f'{ways[best][0]} ({hits[best]} of {len(learn)})')
    return right, told, len(ways)


# --- within an app ---


def near_pairs(values, dice):
    x = shuffled(values.items(), dice)
    gaps = [(abs(x[i + d][1] - x[i][1]), dice.random(), x[i][0], x[i + d][0])
            for d in (1, 2) for i in range(len(x) - d)]
    return [(a, b) for _, _, a, b in sorted(gaps)]


def pairs_of_links(links, dice):
    """links: (account, room) -> weight."""
    of_room, score = collections.defaultdict(list), collections.Counter()
    for (account, room), w in links.items():
        of_room[room].append((account, w))
    for those in of_room.values():
        if len(those) < 60:
            for i, (a, v) in enumerate(those):
                for b, w in those[i + 1:]:
                    score[min(a, b), max(a, b)] += v * w
    return [p for p, _ in sorted(score.items(), key=lambda s: (-s[1], dice.random()))]


def links_by_name(app):
    """Bytes of an account, plain, hashed or under a key of the app, in what is stored of a room."""
    known = {}
    for name, account in app.identifiers.items():
        for form in forms(app, name):
            known[form[:WINDOW]] = account
    links = collections.Counter()
    for room, records in app.rooms.items():
        for account in found(records, known, after=1):
            links[account, room] = 1
    return links


def links_by_address(app):
    """Network addresses that stand at an account and at a room."""
    of_address = collections.defaultdict(list)
    for account, addresses in app.came_from.items():
        for address in addresses:
            of_address[address].append(account)
    return collections.Counter({(account, room): 1 for room, addresses in app.seen_from.items()
                                for address in addresses for account in of_address[address]})


def moments(records, now):
    """Seconds that some number of the records may mean."""
    out = set()
    for _, parts, v in records:
        b = v.value or b''
        for at in range(min(len(b), 2000) - 7):
            n = int.from_bytes(b[at:at + 8], 'big')
            for unit in (1, 1000, 1000000):
                if now - 100 * 86400 < n / unit < now + 100 * 86400:
                    out.add(n // unit)
    return out


def links_by_time(app, now):
    of_account = collections.defaultdict(set)
    for account, records in app.accounts.items():
        for s in moments(records, now):
            of_account[s].add(account)
    links = collections.Counter()
    for room, records in app.rooms.items():
        for s in moments(records, now):
            for account in of_account.get(s, ()):
                links[account, room] += 1 / len(of_account[s])
    return links


def links_by_order(app):
    """Writes at the same part of both stores' orders."""
    ends, links = {}, collections.Counter()
    for kind in STORES:
        seqs = [v.seq for v in app.versions[kind] if v.seq]
        ends[kind] = (min(seqs, default=0), max(seqs, default=1) - min(seqs, default=0) or 1)

    def at(kind, v):
        return (v.seq - ends[kind][0]) / ends[kind][1]
    of_rooms = sorted((at('rooms', v), room) for room, those in app.rooms.items()
                      for _, _, v in those if v.seq)
    places = [p for p, _ in of_rooms]
    for account, those in app.accounts.items():
        for _, _, v in those:
            i = bisect.bisect(places, at('accounts', v)) if v.seq and places else 0
            for _, room in of_rooms[max(0, i - 1):i + 1]:
                links[account, room] += 1
    return links


def ways_within(app, now, dice):
    yield 'names', pairs_of_links(links_by_name(app), dice)
    yield 'addresses', pairs_of_links(links_by_address(app), dice)
    yield 'moments', pairs_of_links(links_by_time(app, now), dice)
    yield 'order of both', pairs_of_links(links_by_order(app), dice)
    for name, values in features(app).items():
        yield name, near_pairs(values, dice)


def play_within(app, rooms_of, now, dice):
    """Of as many pairs as there are people, how many share a room; and how many would by chance."""
    accounts = sorted(app.accounts)
    shares = {(a, b) for i, a in enumerate(accounts) for b in accounts[i + 1:]
              if rooms_of[a] & rooms_of[b]}
    ways, right, told = list(ways_within(app, now, dice)), 0, []
    n = len(accounts) // 2
    chance = 2 * n * len(shares) / math.comb(len(accounts), 2)

    def score(pairs, half):
        mine = [p for p in pairs if (p[0][0] ^ p[1][0]) & 1 == half][:n]
        return sum((min(p), max(p)) in shares for p in mine)
    for learn in (0, 1):
        hits = [score(pairs, learn) for _, pairs in ways]
        best = max(range(len(ways)), key=hits.__getitem__)
        right += score(ways[best][1], 1 - learn)
        told.append(f'{ways[best][0]} ({hits[best]} of {n})')
    return right, 2 * n, chance, told


def truth_read(path):
    people, rooms_of = collections.defaultdict(dict), collections.defaultdict(set)
    for line in path.read_text().splitlines():
        kind, *rest = line.split()
        if kind == 'account':
            people[rest[0]][rest[1]] = bytes.fromhex(rest[2])
        else:
            rooms_of[bytes.fromhex(rest[0])].add(rest[1])
    return {p[APPS[0]]: p[APPS[1]] for p in people.values()}, rooms_of


def play(folder):
    """How many people it names, and of each app the pairs: named, right, right by chance."""
    dice = random.Random(1)
    truth, rooms_of = truth_read(folder / 'truth')
    apps = [App(folder, d) for d in APPS]
    right, told, ways = play_across(apps, truth, dice)
    print(f'{right} of {len(truth)} people named, {ways} ways; best: {told}')
    pairs = []
    for app in apps:
        # Some day of the accounts' records: when it all is, about.
        day = max(int.from_bytes(v.value[34:38], 'big') for v in app.versions['accounts']
                  if v.key[:2] == bytes([0x72, ACCOUNT]) and v.value)
        now = day * 86400 if day < 1 << 20 else day
        hits, named, chance, told = play_within(app, rooms_of, now, dice)
        print(f'{app.domain}: {hits} of {named} pairs share a room, {chance:.1f} by chance; '
              f'best: {told}')
        pairs.append((named, hits, chance))
    return right, len(truth), pairs


def verdict(leak, right, people, pairs):
    if leak in ('sign_up_second', 'address_keyed'):
        return right >= 0.99 * people
    if leak:
        return all(hits >= 0.9 * named for named, hits, _ in pairs)
    # By chance alone it is more once in some ten thousand worlds.
    return right <= 5 and all(hits <= chance + 4 * math.sqrt(chance) + 1
                              for _, hits, chance in pairs)


def main():
    world, people, *leak = sys.argv[1:]
    if os.environ.get('UNDERCROFT_TEST_LONG'):
        people = '1000'
    # In memory, where it can be: what is synced is synced at once.
    place = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        subprocess.run([world, folder, people, *leak], check=True)
        right = verdict(leak[0] if leak else None, *play(pathlib.Path(folder)))
    print('linkage:', 'ok' if right else 'the leak is not seen' if leak else 'there is a leak')
    return 0 if right else 1


if __name__ == '__main__':
    sys.exit(main())
