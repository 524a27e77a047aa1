# SPDX-License-Identifier: Apache-2.0
"""People of the canary scan: all they have and say is theirs alone, and each of it is really used:
numbers, handles and addresses, names before and after a change, personas, contact codes, links, texts, files,
pictures, devices, words of recovery, requests, reports."""
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Failed, Person  # noqa: E402

KINDS = {'dial': 1, 'lens': 2, 'plaza': 3}  # enum name_kind, which is hashed before the name
IDENTIFIERS = {'dial': lambda n: f'+49151{10417533 + 7919 * n}',
               'lens': lambda n: f'kiebitz.{n:03}.heron',
               'plaza': lambda n: f'wagtail-{n:03}@allotments.example'}
TO = ('app', 'hub', 'both')
# Of each person, what they write.
WORDS = {
    'name': 'Quendel {app} Petrichor {n:03}',
    'later name': 'Sandelholz {app} Zephyr {n:03}',
    'persona': 'Hawkmoth {n:03} of dusk',
    'about': 'Before it was damson {n:03}',
    'later about': 'Now it is medlar {n:03}',
    'device': 'Feldtelefon {n:03} of birch',
    'card': 'May I come in? Sorrel {n:03}',
    'linked card': 'By your link, tansy {n:03}',
    'text': 'Marmelade number {n:03} is under the stairs',
    'circle': 'Hollyhock circle {n:03}',
    'circle text': 'Only the circle hears of pear {n:03}',
    'masked circle': 'Masked ball {n:03}',
    'masked text': 'Who am I? asks lovage {n:03}',
    'file name': 'Quitte {n:03} of bramble.jpg',
    'reported text': 'You will rue the nettle {n:03}',
    'note': 'Again and again, of thistle {n:03}',
    'note on card': 'Nobody I know, of burdock {n:03}',
}
FILLER = bytes(range(256)) * 9


class Bird(Person):
    """One of them."""

    def __init__(self, backbone, app, n):
        self.n = n
        self.words_of = {what: text.format(app=app, n=n) for what, text in WORDS.items()}
        super().__init__(backbone, f'{app}{n}', app, IDENTIFIERS[app](n), self.words_of['name'])
        self.marks = {'picture': f'[sloe {n:03} in bloom]', 'later picture': f'[sloe {n:03} in frost]',
                      'file': f'[inside of quince {n:03}]'}
        self.folder = backbone.dir / 'people' / self.profile
        self.folder.mkdir(parents=True)
        self.files = {}
        for what, name, head in (('picture', 'before.jpg', b'\xff\xd8\xff\xe0'),
                                 ('later picture', 'after.png', b'\x89PNG\r\n\x1a\n'),
                                 ('file', self.words_of['file name'], b'')):
            self.files[what] = self.folder / name
            self.files[what].write_bytes(head + self.marks[what].encode() + FILLER)
        # Of what is reported: the apps that keep it for their moderators, and those it went through.
        self.shown_to = {}

    def begin(self):
        self.sign_up()
        self.run('devices', 'name', 1, self.words_of['device'])
        self.run('profile', '--about', self.words_of['about'], '--picture', self.files['picture'])
        self.code = self.json('settings', '--age', 'adult', '--find', 'yes',
                              '--contact-code', 'new')[-1]['contact_code']
        self.link = self.json('invite', '--once')[0]['link']

    def live(self, other, third):
        """other is asked by name and code, third by link; neither knows this one yet."""
        self.ask(other)
        self.talk(other)
        self.send_file(other)
        self.show(other, 'about', 'picture')
        self.run('profile', self.words_of['later name'], '--about', self.words_of['later about'],
                 '--picture', self.files['later picture'])
        self.name = self.words_of['later name']
        self.show(other, 'later about', 'later picture')
        self.be_reported(other)
        self.ask_by_link(third)

    def ask(self, other):
        card = self.words_of['card']
        waiting = self.start('ask', other.app, other.identifier, card, '--code', other.code, '--wait')
        other.until(lambda: any(r['text'] == card for r in other.json('requests')))
        other.run('accept', self.name, '--wait')
        if waiting.end():
            raise Failed(f'{self.profile}: {waiting.lines} {waiting.error}')
        self.run('sync')
        other.run('sync')

    def talk(self, other):
        w = self.words_of
        self.run('send', other.name, w['text'])
        self.run('group', w['circle'], other.name)
        self.run('send', w['circle'], w['circle text'])
        self.run('group', w['masked circle'], other.name, '--as', w['persona'])
        self.run('send', w['masked circle'], w['masked text'])
        other.run('sync')
        for room, text in ((self.name, 'text'), (w['circle'], 'circle text'),
                           (w['masked circle'], 'masked text')):
            self.come(other, room, lambda m, text=w[text]: m.get('text') == text)
        if w['persona'] not in other.run('members', w['masked circle']):
            raise Failed(f'{self.profile} is no persona')

    def come(self, reader, room, holds):
        """The number of the message for which it holds, once the reader has it."""
        found = []

        def is_there():
            found[:] = [m['number'] for m in reader.json('read', room, '--numbers', '--last', 100)
                        if m['type'] == 'message' and holds(m)]
            return found
        reader.until(is_there)
        return found[0]

    def send_file(self, other):
        circle, saved = self.words_of['circle'], other.folder / f'of {self.profile}'
        self.run('send', circle, '--file', self.files['file'])
        number = self.come(other, circle, lambda m: m['kind'] == 'file')
        other.run('save', circle, number, saved)
        self.is_same(saved, 'file')

    def is_same(self, saved, what):
        if saved.read_bytes() != self.files[what].read_bytes():
            raise Failed(f'another {what} than that of {self.profile}')

    def show(self, other, about, picture):
        """They see this one so."""
        saved = other.folder / f'{picture} of {self.profile}'
        other.until(lambda: any(c['name'] == self.name and c['about'] == self.words_of[about] and
                                c['picture'] for c in other.json('contacts')))
        other.run('contact', self.name, '--save-picture', saved)
        self.is_same(saved, picture)

    def is_shown(self, by, to, *what):
        kept = {'app': (by.app,), 'hub': (self.app,), 'both': (by.app, self.app)}[to]
        for one in what:
            self.shown_to[one] = (kept, (*kept, by.app))

    def be_reported(self, other):
        w, to = self.words_of, TO[self.n % 3]
        self.run('send', w['circle'], w['reported text'])
        number = self.come(other, w['circle'], lambda m: m.get('text') == w['reported text'])
        other.run('report', w['circle'], number, '--why', 'spam', '--note', w['note'], '--to', to)
        self.is_shown(other, to, 'reported text', 'note')

    def ask_by_link(self, other):
        w, to = self.words_of, TO[(self.n // 3 + self.n) % 3]
        self.run('ask', other.link, w['linked card'])
        other.link_was_used_on = self.app
        other.until(lambda: any(r['text'] == w['linked card'] for r in other.json('requests')))
        other.run('report', '--request', self.name, '--why', 'spam', '--note', w['note on card'],
                  '--to', to)
        self.is_shown(other, to, 'linked card', 'later name', 'note on card')

    # --- what is searched for ---

    def names(self):
        """(what it is, bytes) of what the app knows this one by."""
        yield 'identifier', self.identifier.encode()
        if self.app == 'dial':
            yield 'digits', self.identifier[1:].encode()

    def parts_of_names(self):
        if self.app == 'dial':
            yield 'number at home', b'0' + self.identifier[3:].encode()
            yield 'its end', self.identifier[-8:].encode()

    def texts(self):
        """(what it is, bytes) of all else."""
        for what, text in (*self.words_of.items(), *self.marks.items()):
            yield what, text.encode()
        yield 'words of recovery', self.words.encode()
        yield 'the last of them', ' '.join(self.words.split()[-4:]).encode()
        yield 'code', self.code.encode()
        yield 'code as it is read', self.code.replace('-', '').encode()
        yield 'link', self.link.encode()
        for what, part in self.link_parts().items():
            if what != 'address':
                yield f'{what} of the link', part

    def link_parts(self):
        """As mimi/contact_link.h has it.  The app has made the address."""
        place = self.link.split('/#/link/')[1]
        raw = base64.urlsafe_b64decode(place + '=' * (-len(place) % 4))
        return {'place': place.encode(), 'bytes': raw, 'request key': raw[1:33],
                'check': raw[33:49], 'address': raw[49:-4]}
