#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three devices of one account, with the terminal client: linked, all in all rooms, of one mind about
who is blocked; and one of them ended."""
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from people import Backbone, Person, befriend


def begin_link(old, new):
    """The new profile becomes a device of the old one's account; it has not got its rooms yet."""
    waiting = new.start('become-device', old.app)
    code = waiting.wait_for(lambda line: line['type'] == 'device_code')['code']
    old.run('link-device', code, '--yes')
    return waiting


def app_signal(backbone, app, number):
    os.kill(int((backbone.dir / f'{app}.pid').read_text()), number)


def reach(person, what=None):
    return [w for w in person.json('reach') if what in (None, w['what'])]


def changes(person):
    return [x for x in person.json('devices') if x['type'] == 'device_change']


def each(people, what):
    """what(person) of all at the same time: most of it is waiting for a timer."""
    with ThreadPoolExecutor() as threads:
        list(threads.map(what, people))


def all_read(people, room, text, sender):
    each(people, lambda own: own.until(has_read(own, room, text, sender)))


def rooms(person):
    return sorted(r['name'] for r in person.json('rooms') if r['state'] == 'open')


def rooms_in(person):
    """Those where this device is, and not only the vault says that it should be."""
    return {r['name'] for r in person.json('rooms') if r['state'] == 'open' and r['epoch']}


def has_read(person, room, text, sender):
    return lambda: (sender, text) in person.texts(room)


def main():
    backbone = Backbone(split=True)
    backbone.start()
    rosa = Person(backbone, 'rosa', 'dial', '+4915112345678', 'Rosa')
    tom = Person(backbone, 'tom', 'lens', 'tom', 'Tom')
    ida = Person(backbone, 'ida', 'plaza', 'ida@example.org', 'Ida')
    uwe = Person(backbone, 'uwe', 'lens', 'uwe', 'Uwe')
    each((rosa, tom, ida, uwe), Person.sign_up)
    befriend(rosa, tom)
    befriend(ida, rosa)
    rosa.run('group', 'Garden', 'Tom')
    tom.until(lambda: 'Garden' in rooms(tom))
    tom.run('send', 'Rosa', 'from before')
    rosa.until(has_read(rosa, 'Tom', 'from before', 'Tom'))
    tablet = Person(backbone, 'tablet', 'dial', name='Rosa')

    # A code that is none, of nobody, and one whose device was killed meanwhile.
    assert rosa.refused('link-device', 'abc', '--yes') == 'UC_E_CODE'
    waiting = tablet.start('become-device', 'dial')
    code = waiting.wait_for(lambda line: line['type'] == 'device_code')['code']
    assert tom.refused('link-device', code, '--yes') == 'UC_E_PEER'
    waiting.kill()
    rosa.run('link-device', code, '--yes')
    assert len(rosa.json('devices')) == 2
    again = tablet.start('become-device', 'dial')
    assert not again.end(), (again.lines, again.error)
    assert not rosa.json('devices')[0].get('kind')

    # It comes into all rooms, and both read and write.
    tablet.until(lambda: rooms(tablet) == ['Garden', 'Ida', 'Tom'])
    for room in 'Tom', 'Garden':
        tablet.run('send', room, f'tablet in {room}')
        there = room if room == 'Garden' else 'Rosa'
        each([(tom, there, 'Rosa'), (rosa, room, None)],
             lambda x: x[0].until(has_read(x[0], x[1], f'tablet in {room}', x[2])))
        rosa.run('send', room, f'first in {room}')
        tablet.until(has_read(tablet, room, f'first in {room}', None))
        tom.run('send', there, f'tom in {room}')
        all_read((rosa, tablet), room, f'tom in {room}', 'Tom')

    # A room that one of them makes reaches the other.
    tablet.run('group', 'Choir', 'Tom')
    rosa.until(lambda: (tablet.run('sync'), 'Choir' in rooms(rosa))[1])
    rosa.run('send', 'Choir', 'all here')
    tom.until(lambda: 'Choir' in rooms(tom))
    tom.until(has_read(tom, 'Choir', 'all here', 'Rosa'))
    tablet.until(has_read(tablet, 'Choir', 'all here', None))

    # A letter comes to both, and is answered once.
    uwe.run('ask', 'dial', rosa.identifier, 'may I?')

    def letters(person):
        return {r['name']: r['state'] for r in person.json('requests', '--all')}
    each((rosa, tablet), lambda own: own.until(lambda: letters(own).get('Uwe') == 'open'))
    tablet.run('accept', 'Uwe')
    rosa.until(lambda: (tablet.run('sync'), letters(rosa)['Uwe'] == 'accepted')[1])
    uwe.until(lambda: (tablet.run('sync'), rooms(uwe) == ['Rosa'])[1])
    # It comes to the one that accepted, whose word leads the other there.
    tablet.until(lambda: 'Uwe' in rooms(tablet))
    rosa.until(lambda: (tablet.run('sync'), 'Uwe' in rooms(rosa))[1])
    uwe.run('send', 'Rosa', 'thank you')
    all_read((rosa, tablet), 'Uwe', 'thank you', 'Uwe')

    # A third one, let in by the second while one of the hubs is away: it is one all the same, and gets
    # there later.  Meanwhile who is blocked on one is blocked on the other.
    third = Person(backbone, 'third', 'dial', name='Rosa')
    app_signal(backbone, 'lens', signal.SIGSTOP)
    try:
        waiting = begin_link(tablet, third)
        waiting.wait_for(lambda line: line['type'] == 'device_joined')
        rosa.run('block', 'Ida')
        tablet.until(lambda: (rosa.run('sync'), [c['name'] for c in tablet.json('contacts')
                                                 if c['blocked']] == ['Ida'])[1])
        tablet.until(lambda: 'Ida' not in rooms(tablet))
        waiting.wait_for(lambda line: line['type'] == 'still_on_its_way')
        assert waiting.end() == 0, (waiting.lines, waiting.error)
    finally:
        app_signal(backbone, 'lens', signal.SIGCONT)
    third.until(lambda: {'Garden', 'Choir', 'Tom', 'Uwe'} <= rooms_in(third))

    # What another one writes since does not take the block away.
    tablet.run('safety', 'Tom', '--verified')
    rosa.until(lambda: (tablet.run('sync'), [c['name'] for c in rosa.json('contacts')
                                             if c['verified']] == ['Tom'])[1])
    for own in rosa, tablet:
        assert [c['name'] for c in own.json('contacts') if c['blocked']] == ['Ida']

    # The first is told until it has seen it: this, and not what comes later.
    rosa.run('sync')
    alarms = changes(rosa)
    assert [x['kind'] for x in alarms] == ['added'], alarms
    known = {d['device']: d for d in rosa.json('devices') if d['type'] == 'device'}
    by = known[alarms[0]['by']]
    assert alarms[0]['device'] in known and not by['this']
    rosa.run('devices', 'name', by['device'], 'tablet')
    assert changes(rosa)[0]['by_name'] == 'tablet'
    shown = rosa.run('devices')
    assert f"by device {by['device']} ({by['number']}, tablet)" in shown, shown
    assert f"{by['number']}  {by['device']}  tablet" in shown, shown
    rosa.run('rooms')
    assert 'list of your devices' in rosa.error
    rosa.run('devices')
    assert 'list of your devices' not in rosa.error
    assert rosa.refused('devices', 'seen', alarms[0]['number'] + 1) == 'UC_E_NOT_FOUND'
    rosa.run('devices', 'seen', alarms[0]['number'])
    assert not changes(rosa)

    # A letter that waits for its answer.
    vera = Person(backbone, 'vera', 'lens', 'vera', 'Vera')
    vera.sign_up()
    rosa.run('ask', 'lens', 'vera', 'hello')
    vera.until(lambda: letters(vera) == {'Rosa': 'open'})
    # It is in the list of who can reach her, on the device that has written it.
    assert [w['who'] for w in reach(rosa, 'Requests of yours')] == ['vera'], reach(rosa)
    assert not reach(tablet, 'Requests of yours'), reach(tablet)

    # The first ends the third: it is signed out, and goes from every room.
    key = alarms[0]['device']
    assert rosa.refused('devices', 'end', '0123456789abcdef') == 'UC_E_NOT_FOUND'
    number = next(d['number'] for d in rosa.json('devices')
                  if d['type'] == 'device' and d['device'] == key)
    rows = reach(rosa, 'Devices')
    assert sorted(w['end'] for w in rows if w['may'] == 'this one') == ['delete-account'], rows
    assert rows[number - 1]['end'] == f'devices end {number}', rows
    rosa.run(*rows[number - 1]['end'].split())
    assert third.run('sync', status=None) is not None and third.status != 0
    # What it brings about is made, put into the vault and told to the rooms, killed on the way.
    for seconds in 0.03, 0.08, 0.15, 0.3:
        going = rosa.start('sync')
        time.sleep(seconds)
        going.kill()

    def leaves(room):
        return [m['devices'] for m in tom.json('members', room) if m['name'] == 'Rosa']
    for room in 'Garden', 'Choir', 'Rosa':
        tom.until(lambda: (rosa.run('sync'), leaves(room) == [2])[1])
    tom.run('send', 'Garden', 'without it')
    all_read((rosa, tablet), 'Garden', 'without it', 'Tom')
    assert [x['kind'] for x in changes(tablet)] == ['ended']

    # Both that are left bring somebody in: the second has the next key of the place from the vault.
    for own, room in (rosa, 'Garden'), (tablet, 'Choir'), (tablet, 'Garden'), (rosa, 'Choir'):
        if room in rooms(uwe):
            own.run('remove', room, 'Uwe')
            uwe.until(lambda: room not in rooms(uwe))
        own.run('add', room, 'Uwe')
        uwe.until(lambda: (own.run('sync'), room in rooms(uwe))[1])
        own.run('send', room, f'{own.profile} took Uwe into {room}')
        each((uwe, tom), lambda x: x.until(has_read(x, room, f'{own.profile} took Uwe into {room}', 'Rosa')))
    for room in 'Garden', 'Choir', 'Rosa':
        assert leaves(room) == [2]

    # What the letter named to be answered at went with the device, and the answer comes all the same.
    assert letters(vera) == {'Rosa': 'open'}
    vera.run('accept', 'Rosa')
    rosa.until(lambda: letters(rosa).get('vera') == 'accepted')
    vera.until(lambda: (rosa.run('sync'), rooms(vera) == ['Rosa'])[1])
    backbone.erase()
    print('devices: ok')


sys.exit(main())
