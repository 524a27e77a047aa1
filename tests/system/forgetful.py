# SPDX-License-Identifier: Apache-2.0
"""A disk that forgets: what a power failure leaves of folders, from the journal that tests/faults
keeps of all that was done to them.

What was synced stays: a file's content with fsync or fdatasync of it, its name with fsync of its
folder.  Of the rest dice say what is left: nothing, all, all up to some moment, or any of the blocks
written since, so that later ones may be there and earlier ones be zeros."""
import os
import pathlib
import shutil
import struct

HEAD = struct.Struct('<IHHQqII')  # tests/faults/journal.c
BLOCK = 512
LEFT = ('nothing', 'all', 'up to a moment', 'any')


class File:
    def __init__(self, content=b''):
        self.kept = bytearray(content)  # what is durable
        self.content = bytearray(content)
        self.since = []                 # (where, bytes) or (length, None) since then

    def write(self, at, data):
        at = len(self.content) if at < 0 else at
        self.since.append((at, data))
        put(self.content, at, data)

    def cut(self, length):
        self.since.append((length, None))
        cut(self.content, length)

    def sync(self):
        if self.since:
            self.kept, self.since = bytearray(self.content), []

    def left(self, dice, way):
        out = bytearray(self.kept)
        if way == 'all':
            return bytearray(self.content)
        if way == 'nothing' or not self.since:
            return out
        pieces = [p for op in self.since for p in split(*op)]
        if way == 'up to a moment':
            pieces = pieces[:dice.randrange(len(pieces) + 1)]
        for at, data in pieces:
            if way == 'any' and dice.random() < 0.5:
                continue
            if data is None:
                cut(out, at)
            else:
                put(out, at, data)
        # The length may be written though what it holds is not.
        if way == 'any' and len(out) < len(self.content) and dice.random() < 0.5:
            cut(out, len(self.content))
        return out


def put(out, at, data):
    if len(out) < at:
        out.extend(bytes(at - len(out)))
    out[at:at + len(data)] = data


def cut(out, length):
    del out[length:]
    out.extend(bytes(length - len(out)))


def split(at, data):
    """A write in the blocks of a disk."""
    if data is None:
        return [(at, None)]
    out, start = [], 0
    while start < len(data):
        end = min(len(data), start + BLOCK - (at + start) % BLOCK)
        out.append((at + start, data[start:end]))
        start = end
    return out


class Disk:
    """The folders as they are now are what is durable; then programs run with `env`, are killed, and
    `forget` says what a power failure then leaves."""

    def __init__(self, journal, folders):
        self.journal = pathlib.Path(journal)
        self.folders = [str(f) for f in folders]
        self.syncs = self.lost = 0
        self.begin()

    def env(self):
        return f'{self.journal} {" ".join(self.folders)}'

    def begin(self):
        """From what is there now."""
        self.names, self.kept, self.since, self.open = {}, {}, [], {}
        for folder in self.folders:
            for path in [folder, *(str(p) for p in sorted(pathlib.Path(folder).rglob('*')))]:
                if os.path.isdir(path):
                    self.names[path] = None
                elif os.path.isfile(path):
                    self.names[path] = self.same(path) or File(pathlib.Path(path).read_bytes())
        self.kept = dict(self.names)
        self.journal.write_bytes(b'')

    def same(self, path):
        """Names of one file that has several."""
        st = os.stat(path)
        if st.st_nlink < 2:
            return None
        return next((f for other, f in self.names.items() if f and os.path.exists(other) and
                     os.path.samestat(os.stat(other), st)), None)

    def read(self):
        data, at = self.journal.read_bytes(), 0
        while at + HEAD.size <= len(data):
            size, n, m, number, value, process, what = HEAD.unpack_from(data, at)
            at += HEAD.size
            if at + size > len(data):
                return  # it was being written
            path = os.path.normpath(data[at:at + n].decode())
            to = os.path.normpath(data[at + n:at + n + m].decode())
            yield chr(what), (process, number), value, path, to, data[at + n + m:at + size]
            at += size

    def apply(self, names, what, path, to, file):
        """One change of names, to those that are durable or to those that programs see."""
        if what in 'om':
            names[path] = file
        elif what in 'ud':
            names.pop(path, None)
        elif what == 'l':
            names[to] = file
        elif what == 'r':
            below = [p for p in names if p == path or p.startswith(path + '/')]
            if below:
                for p in [p for p in names if p.startswith(to + '/')]:
                    del names[p]
            for p in below:
                names[to + p[len(path):]] = names.pop(p)

    def change(self, what, path, to=None, file=None):
        self.apply(self.names, what, path, to, file)
        self.since.append((what, path, to, file))

    def play(self):
        for what, number, value, path, to, data in self.read():
            file = self.open.get(number)
            if what == 'o':
                if path not in self.names:
                    if not value & os.O_CREAT:
                        continue
                    self.change('o', path, file=File())
                self.open[number] = file = self.names[path]
                if file and value & os.O_TRUNC:
                    file.cut(0)
            elif what == 'w' and file:
                file.write(value, data)
            elif what == 't' and file:
                file.cut(value)
            elif what == 'g' and file:
                file.cut(max(value, len(file.content)))
            elif what == 's':
                self.syncs += 1
                self.sync(file, path)
            elif what == 'l':
                self.change('l', path, to, self.names.get(path))
            elif what in 'rudm':
                self.change(what, path, to)

    def sync(self, file, path):
        if file:
            file.sync()
            return
        # A folder: the names in it.
        later = []
        for change in self.since:
            at = change[2] if change[0] in 'rl' else change[1]
            if os.path.dirname(at) == path:
                self.apply(self.kept, *change)
            else:
                later.append(change)
        self.since = later

    def forget(self, dice, way=None):
        """The programs were killed: puts in place what a power failure would have left; how."""
        self.play()
        way = way or dice.choice(LEFT)
        n = {'nothing': 0, 'all': len(self.since)}.get(way, dice.randrange(len(self.since) + 1))
        for change in self.since[:n]:
            self.apply(self.kept, *change)
        names = {p: f for p, f in sorted(self.kept.items()) if p in self.folders or
                 self.is_reached(p)}
        self.lost += sum(f is not None and len(f.since) > 0 for f in names.values())
        self.put(names, dice, way)
        self.begin()
        return way

    def is_reached(self, path):
        parent = os.path.dirname(path)
        return parent in self.kept and (parent in self.folders or self.is_reached(parent))

    def put(self, names, dice, way):
        modes = {p: os.stat(p).st_mode & 0o777 for p in names if os.path.exists(p)}
        for folder in self.folders:
            for p in pathlib.Path(folder).iterdir():
                shutil.rmtree(p) if p.is_dir() else p.unlink()
        for path, file in names.items():
            if file is None:
                os.makedirs(path, 0o700, exist_ok=True)
            else:
                pathlib.Path(path).write_bytes(file.left(dice, way))
            os.chmod(path, modes.get(path, 0o700 if file is None else 0o600))
