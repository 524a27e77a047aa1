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


class Folder:
    def __init__(self):
        self.kept, self.names = {}, {}  # durable, and as programs see it


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
        self.since, self.open, self.linked = [], {}, {}
        self.roots = {f: self.look(pathlib.Path(f)) for f in self.folders}
        self.journal.write_bytes(b'')

    def look(self, path):
        if not path.is_dir():
            st = path.stat()
            known = self.linked.setdefault((st.st_dev, st.st_ino), File(path.read_bytes()))
            return known
        folder = Folder()
        folder.names = {p.name: self.look(p) for p in path.iterdir() if p.is_dir() or p.is_file()}
        folder.kept = dict(folder.names)
        return folder

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

    def find(self, path):
        """What programs see there, or None."""
        if path in self.roots:
            return self.roots[path]
        above = self.find(os.path.dirname(path)) if len(path) > 1 else None
        return above.names.get(os.path.basename(path)) if isinstance(above, Folder) else None

    def change(self, path, node, source=None):
        """A name is given to node, or taken away (None); from a source, whose name it was."""
        folder, name = self.find(os.path.dirname(path)), os.path.basename(path)
        if not isinstance(folder, Folder):
            return
        change = [(folder, name, node)]
        if source:
            change.append((self.find(os.path.dirname(source)), os.path.basename(source), None))
        for f, n, what in change:
            give(f.names, n, what)
        self.since.append(change)

    def play(self):
        for what, number, value, path, to, data in self.read():
            node = self.open.get(number)
            if what == 'o':
                node = self.find(path)
                if node is None and value & os.O_CREAT:
                    node = File()
                    self.change(path, node)
                self.open[number] = node
                if isinstance(node, File) and value & os.O_TRUNC:
                    node.cut(0)
            elif what == 's':
                self.syncs += 1
                self.sync(node)
            elif what == 'w' and node:
                node.write(value, data)
            elif what == 't' and node:
                node.cut(value)
            elif what == 'g' and node:
                node.cut(max(value, len(node.content)))
            elif what == 'm':
                self.change(path, Folder())
            elif what in 'ud':
                self.change(path, None)
            elif what == 'l' and self.find(path):
                self.change(to, self.find(path))
            elif what == 'r' and self.find(path):
                self.change(to, self.find(path), path)

    def sync(self, node):
        if isinstance(node, File):
            node.sync()
        if not isinstance(node, Folder):
            return
        # The names in it; with one that came from another folder it is gone there.
        later = []
        for change in self.since:
            if change[0][0] is not node:
                later.append(change)
                continue
            keep(change)
            for folder, name, _ in change[1:]:
                later = [c for c in later if c[0][0] is not folder or c[0][1] != name]
        self.since = later

    def forget(self, dice, way=None):
        """The programs were killed: puts in place what a power failure would have left; how."""
        self.play()
        way = way or dice.choice(LEFT)
        n = {'nothing': 0, 'all': len(self.since)}.get(way, dice.randrange(len(self.since) + 1))
        for change in self.since[:n]:
            keep(change)
        for path, root in self.roots.items():
            modes = {str(p): p.stat().st_mode & 0o777 for p in pathlib.Path(path).rglob('*')}
            for p in pathlib.Path(path).iterdir():
                shutil.rmtree(p) if p.is_dir() else p.unlink()
            self.put(root, pathlib.Path(path), modes, dice, way)
        self.begin()
        return way

    def put(self, folder, path, modes, dice, way):
        for name, node in sorted(folder.kept.items()):
            at = path / name
            if isinstance(node, Folder):
                at.mkdir(0o700)
                self.put(node, at, modes, dice, way)
                continue
            self.lost += len(node.since) > 0
            at.write_bytes(node.left(dice, way))
            at.chmod(modes.get(str(at), 0o600))


def give(names, name, node):
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def keep(change):
    for folder, name, node in change:
        give(folder.kept, name, node)
