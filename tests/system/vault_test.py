#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is there again after all devices were lost: people, blocks, rooms on other apps, guardians;
with real processes, one of them killed on the way."""
import sys
import time

from people import Backbone, Person, befriend, link


def recovered(old, backbone, *, kills=0):
    """The same account with a new folder, by its words; killed on the way so often, or until the
    account is there."""
    new = Person(backbone, old.profile + '-again', old.app, old.identifier, old.name)
    new.words = old.words
    for i in range(kills):
        trying = new.start('recover', old.app, '--name', old.name)
        trying.type(old.words)
        time.sleep(0.02 + 0.02 * i)
        trying.kill()
        if new.run('account', status=None) and not new.status:
            return new, None
    told = new.json('recover', old.app, '--name', old.name, text=old.words + '\n')
    return new, next(line for line in told if line['type'] == 'recovered')


def names(person, **fields):
    return {c['name'] for c in person.json('contacts')
            if all(c[k] == v for k, v in fields.items())}


def places(person, room):
    return [m['devices'] for m in person.json('members', room) if m.get('name') == 'Rosa']


def rooms(backbone):
    rosa = Person(backbone, 'rosa', 'dial', '+4915112345', 'Rosa')
    tom = Person(backbone, 'tom', 'lens', 'tom', 'Tom')
    uwe = Person(backbone, 'uwe', 'plaza', 'uwe@example.org', 'Uwe')
    mia = Person(backbone, 'mia', 'lens', 'mia', 'Mia')
    for person in rosa, tom, uwe, mia:
        person.sign_up()
    uwe.run('settings', '--age', 'adult', '--find', 'yes')
    befriend(rosa, tom)
    befriend(tom, uwe)
    befriend(mia, rosa)
    tom.run('group', 'Allotment', 'Rosa', 'Uwe')
    rosa.until(lambda: 'Allotment' in rosa.run('rooms'))
    uwe.until(lambda: 'Allotment' in uwe.run('rooms'))
    rosa.run('send', 'Allotment', 'before')
    number = tom.json('safety', 'Rosa')[0]['number']
    rosa.run('block', 'Mia')
    # Nothing was stored yet; then it is, and said.
    assert rosa.json('vault')[0]['stored_ms'] == '0'
    assert rosa.json('vault', '--store')[0]['stored_ms'] != '0'
    assert 'last stored' in rosa.run('account')

    # Two more devices stand beside it in the rooms, and are lost with it.
    for profile in 'tablet', 'laptop':
        other = Person(backbone, profile, 'dial', name='Rosa')
        link(rosa, other)
        other.until(lambda other=other: {'Allotment', 'Tom'} <= {
            r['name'] for r in other.json('rooms') if r['state'] == 'open'})
    for room in 'Allotment', 'Rosa':
        tom.until(lambda room=room: places(tom, room) == [3])
    rosa.run('vault', '--store')

    again, told = recovered(rosa, backbone, kills=5)
    if told:
        assert (told['contacts'], told['blocked'], told['rooms']) == ('1', '1', '2'), told
    assert again.json('account')[0]['identifier'] == rosa.identifier
    assert names(again) == {'Tom', 'Mia'}
    assert again.json('safety', 'Tom')[0]['number'] == number
    # Direct and group go on both ways; what was said before is not there.
    again.run('send', 'Tom', 'it is me again')
    tom.read_on('it is me again')
    tom.run('send', 'Rosa', 'so it is')
    again.read_on('so it is')
    again.run('send', 'Allotment', 'back at the allotment')
    uwe.read_on('back at the allotment')
    uwe.run('send', 'Allotment', 'welcome back')
    again.read_on('welcome back')
    assert 'before' not in [text for _, text in again.texts('Allotment')]
    # Nobody is there twice, and of the lost devices none.
    for room in 'Allotment', 'Rosa':
        tom.until(lambda room=room: (again.run('sync'), places(tom, room) == [1])[1])
    # Who is blocked is so still, and is told nothing.
    mia.run('ask', 'dial', rosa.identifier, 'please?')
    again.run('sync')
    again.run('sync')
    assert not [r for r in again.json('requests') if r.get('name') == 'Mia'], again.run('requests')
    assert 'please?' not in again.run('requests')
    # Contacts can bring her into groups as before.
    tom.until(lambda: tom.run('group', 'Pond', 'Rosa', status=None) and not tom.status)
    again.until(lambda: 'Pond' in again.run('rooms'))


def guardians(backbone):
    kim = Person(backbone, 'kim', 'dial', '+4915112347', 'Kim')
    gert = Person(backbone, 'gert', 'lens', 'gert', 'Gert')
    for person in kim, gert:
        person.sign_up()
    befriend(kim, gert)
    kim.run('settings', '--age', 'child')
    kim.run('guardian', 'offer', 'Gert')
    gert.until(lambda: any(line['type'] == 'ward' for line in gert.json('guardian', 'wards')))
    gert.run('guardian', 'accept', 'Kim')
    kim.until(lambda: kim.json('guardian')[0]['state'] == 'named')
    for person in kim, gert:
        person.run('vault', '--store')
    kim, _ = recovered(kim, backbone)
    assert kim.json('guardian')[0]['state'] == 'named'
    # What the child asks waits for the word of a guardian who has lost everything, too.
    gert, _ = recovered(gert, backbone)
    kim.run('ask', 'plaza', 'uwe@example.org', 'May I?')
    assert [r['state'] for r in kim.json('requests')] == ['waiting']
    gert.until(lambda: any(line['type'] == 'ward_ask' and line['text'] == 'May I?'
                           for line in gert.json('guardian', 'wards')))
    gert.run('guardian', 'agree', '1')
    kim.until(lambda: [r['state'] for r in kim.json('requests')] != ['waiting'])


def main():
    backbone = Backbone()
    backbone.start()
    rooms(backbone)
    guardians(backbone)
    backbone.erase()
    print('vault: ok')


sys.exit(main())
