#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who asks and is blocked for it, and is no contact: nothing more of them is shown, by that account or by
another of the same number, on all devices, after a recovery and kill -9 of the apps; they are told nothing;
and once unblocked they are heard, and are no contact."""
import sys

from people import Backbone, Person, befriend, link
from again_test import again, asks, hides, sees


def strangers(person):
    lines = person.json('contacts')
    assert all(line['blocked'] for line in lines if line['stranger']), lines
    return [line['name'] for line in lines if line['stranger']]


def main():
    backbone = Backbone()
    backbone.start()
    tom = Person(backbone, 'tom', 'dial', '+4915112301')
    rosa = Person(backbone, 'rosa', 'dial', '+4915112302')
    zoe = Person(backbone, 'zoe', 'dial', '+4915112303')
    uwe = Person(backbone, 'uwe', 'lens', 'uwe')
    for person in tom, rosa, zoe, uwe:
        person.sign_up()
    tablet = Person(backbone, 'tablet', 'dial', name='Tom')
    link(tom, tablet)

    # One is blocked, of another app, one declined first, and one declined alone.
    rosa.run('ask', 'dial', tom.identifier, 'may I?')
    uwe.run('ask', 'dial', tom.identifier, 'me too?')
    sees(tom, 'may I?')
    sees(tom, 'me too?')
    before = rosa.json('requests', '--all')
    tom.run('decline', 'Rosa', '--block')
    number = next(str(r['number']) for r in tom.json('requests') if r.get('text') == 'me too?')
    tom.run('decline', number)
    tom.run('decline', number, '--block')
    assert not tom.json('requests'), tom.run('requests')
    assert sorted(strangers(tom)) == ['Rosa', 'Uwe'], tom.run('contacts')
    assert 'Rosa on dial, no contact, blocked' in tom.run('contacts'), tom.run('contacts')
    tom.refused('direct', 'Rosa')
    tablet.until(lambda: sorted(strangers(tablet)) == ['Rosa', 'Uwe'])
    # To who asks nothing is different.
    assert rosa.json('requests', '--all') == before

    again_sent = rosa.json('ask', 'dial', tom.identifier, 'please?')
    rosie = again(rosa, 'rosie')
    fresh_sent = rosie.json('ask', 'dial', tom.identifier, 'it is me')
    assert [line['type'] for line in again_sent] == [line['type'] for line in fresh_sent]
    uwe.run('ask', 'dial', tom.identifier, 'and now?')
    zoe.run('ask', 'dial', tom.identifier, 'hello from Zoe')
    for device in tom, tablet:
        hides(device, 'hello from Zoe', 'please?')
        assert not asks(device, 'it is me') and not asks(device, 'and now?')
    tom.run('vault', '--store')

    # All devices are lost, and the apps were killed.
    backbone.kill()
    backbone.start()
    new = Person(backbone, 'tom-again', 'dial', tom.identifier, 'Tom')
    new.json('recover', 'dial', '--name', 'Tom', text=tom.words + '\n')
    tom = new
    assert sorted(strangers(tom)) == ['Rosa', 'Uwe'], tom.run('contacts')
    rosie.run('ask', 'dial', tom.identifier, 'still me')
    mia = Person(backbone, 'mia', 'dial', '+4915112304')
    mia.sign_up()
    mia.run('ask', 'dial', tom.identifier, 'hello from Mia')
    hides(tom, 'hello from Mia', 'still me')

    # Who is met in a group, and has asked nobody, is blocked there.
    tom.run('accept', 'Mia')
    mia.until(lambda: tom.run('sync') is not None and mia.json('contacts'))
    tom.run('sync')
    assert 'Mia' in [c['name'] for c in tom.json('contacts')]
    befriend(mia, zoe)
    mia.run('group', 'Walks', tom.name, zoe.name)
    for person in tom, zoe:
        person.until(lambda: any(r['name'] == 'Walks' for r in person.json('rooms')))
    zoe.run('send', 'Walks', 'hello all')
    tom.read_on('hello all')
    assert tom.refused('block', mia.name, '--in', 'Walks') == 'UC_E_NOT_ALLOWED'
    tom.run('block', zoe.name, '--in', 'Walks')
    assert 'Zoe on dial, blocked\n' in tom.run('members', 'Walks'), tom.run('members', 'Walks')
    assert sorted(strangers(tom)) == ['Rosa', 'Uwe', 'Zoe'], tom.run('contacts')
    zoe.run('send', 'Walks', 'I know where you are')
    mia.read_on('I know where you are')
    mia.run('send', 'Walks', 'not nice')
    tom.read_on('not nice')
    assert 'I know where you are' not in [t for _, t in tom.texts('Walks')]
    tom.run('unblock', zoe.name)

    # Unblocked, they are nobody's contact, and heard.
    tom.run('unblock', 'Rosa')
    assert tom.json('contacts') and strangers(tom) == ['Uwe'], tom.run('contacts')
    tom.run('unblock', 'Rosa', status=1)
    rosie.run('ask', 'dial', tom.identifier, 'are you there?')
    sees(tom, 'are you there?')
    tom.run('accept', 'Rosie')
    backbone.erase()
    print('barred: ok')


sys.exit(main())
