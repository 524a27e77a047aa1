#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Personas over three apps with the terminal client: Rosa makes a group as Moth and brings in Tom, who
brings in Ida; she says who she is only when she likes to.  Whoever is not told learns no name, key or
identifier of an account."""
import sys

from people import Backbone, Person, befriend

ROOM = 'Night owls'


def members(person, **fields):
    return [m['name'] for m in person.json('members', ROOM)
            if all(m[k] == v for k, v in fields.items())]


def exported(person, folder):
    file = folder / f'{person.profile}.jsonl'
    person.run('export', str(file))
    text = file.read_text()
    assert ROOM in text, text
    return text


def main():
    backbone = Backbone()
    backbone.start()
    rosa = Person(backbone, 'rosa', 'dial', '+4915112345', 'zQ Rosa')
    tom = Person(backbone, 'tom', 'lens', 'tom', 'zQ Tom')
    ida = Person(backbone, 'ida', 'plaza', 'zqida@example.org', 'zQ Ida')
    for person in rosa, tom, ida:
        person.sign_up()
    befriend(rosa, tom)
    befriend(tom, ida)
    assert ida.json('settings', '--introduce', 'ask')[0]['introduce'] == 'ask'
    ida.run('settings', '--introduce', 'ask', '--find', 'no', status=2)
    assert rosa.refused('group', ROOM, tom.name, '--as', ' ') == 'UC_E_NAME'
    rosa.run('group', ROOM, tom.name, '--as', 'Moth')
    assert [(r['says'], r['persona']) for r in rosa.json('rooms') if r['name'] == ROOM] == [
        ('persona', 'Moth')]
    tom.until(lambda: any(r['name'] == ROOM for r in tom.json('rooms')))
    tom.until(lambda: members(tom, persona=True) == ['Moth'])
    assert 'Moth, by that name here only, on dial, owner\n' in tom.run('members', ROOM)
    tom.run('add', ROOM, ida.name)
    ida.until(lambda: any(r['name'] == ROOM for r in ida.json('rooms')))
    # She reads, and says nothing; nor does her client, whoever asks.
    rosa.run('send', ROOM, 'hoo')
    ida.read_on('hoo')
    assert ida.texts(ROOM)[-1] == ('Moth, by that name here only; of dial.localhost', 'hoo')
    assert ida.refused('send', ROOM, 'hoo') == 'UC_E_NOT_INTRODUCED'
    assert 'you are not introduced' in ida.run('rooms')
    for who, seen in (ida, 'somebody, not introduced'), (rosa, 'a persona of yours'):
        may = [w['may'] for w in who.json('reach') if w['what'] == 'Groups' and w['who'] == ROOM]
        assert len(may) == 1 and may[0].endswith(' see ' + seen), may
    rosa.run('sync')
    assert members(rosa, introduced=False) == [''], members(rosa)
    ida.run('introduce', ROOM, '--as', 'Owl')
    rosa.until(lambda: 'Owl' in members(rosa, persona=True))
    assert ida.refused('introduce', ROOM) == 'UC_E_EXISTS'
    assert tom.refused('introduce', ROOM, '--as', 'Bat') == 'UC_E_EXISTS'
    ida.run('send', ROOM, 'shriek')
    rosa.read_on('shriek')
    assert sorted(members(ida)) == ['Moth', 'Owl', tom.name]
    # Another name is the same persona; hidden, it is so in this room.
    rosa.run('introduce', ROOM, '--as', 'Hawk moth')
    ida.until(lambda: 'Hawk moth' in members(ida, persona=True))
    assert ida.refused('block', tom.name, '--in', ROOM) == 'UC_E_NOT_ALLOWED'
    ida.run('block', 'Hawk moth', '--in', ROOM)
    assert members(ida, blocked=True) == ['Hawk moth']
    rosa.run('send', ROOM, 'do you hear me?')
    tom.read_on('do you hear me?')
    tom.run('send', ROOM, 'she does not')
    ida.read_on('she does not')
    assert 'do you hear me?' not in [t for _, t in ida.texts(ROOM)]
    # Who is behind them, they tell nobody but who had them already.
    for reader, of in (ida, rosa), (rosa, ida):
        text = exported(reader, backbone.dir)
        for canary in of.name, of.identifier:
            assert canary not in text, (reader.profile, canary)
        assert [c['name'] for c in reader.json('contacts')] == [tom.name]
    assert rosa.name not in tom.run('members', ROOM)
    backbone.erase()
    print('personas: ok')


sys.exit(main())
