#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A child and her guardian, on two apps, with the terminal client: who is asked, what waits, what an
answer brings about."""
import sys

from people import Backbone, Person, befriend


def listed(person, what, **fields):
    """What `guardian wards` tells of this kind, with these fields."""
    return [line for line in person.json('guardian', 'wards')
            if line['type'] == what and all(line[k] == v for k, v in fields.items())]


def main():
    backbone = Backbone()
    backbone.start()
    kim = Person(backbone, 'kim', 'dial', '+4915112345', 'Kim')
    rosa = Person(backbone, 'rosa', 'lens', 'rosa', 'Rosa')
    tom = Person(backbone, 'tom', 'plaza', 'tom@example.org', 'Tom')
    for person in kim, rosa, tom:
        person.sign_up()
    tom.be_findable()
    befriend(kim, rosa)
    # Whoever has not said to be below 16 names nobody.
    assert kim.refused('guardian', 'offer', 'Rosa') == 'UC_E_NOT_ALLOWED'
    kim.run('settings', '--age', 'child')
    kim.run('guardian', 'offer', 'Rosa')
    rosa.until(lambda: listed(rosa, 'ward', state='offered', contact='Kim'))
    rosa.run('guardian', 'accept', 'Kim')
    kim.until(lambda: kim.json('guardian')[0]['state'] == 'named')
    # In the list of all who see her; she cannot end it.
    row, = [w for w in kim.json('reach') if w['what'] == 'Guardian']
    assert (row['who'], row['app'], row['end']) == ('Rosa', 'lens', ''), row
    # What she asks and takes back while it waits is not sent, whatever the guardian says.
    kim.run('ask', 'plaza', 'tom@example.org', 'Or not?')
    rosa.until(lambda: listed(rosa, 'ward_ask', kind='own', text='Or not?'))
    row, = [w for w in kim.json('reach') if w['what'] == 'Requests of yours']
    assert row['who'] == 'tom@example.org', row
    assert row['may'].startswith('waits for your guardian; written '), row
    kim.run(*row['end'].split())
    rosa.run('guardian', 'agree', '1')
    kim.run('sync')
    tom.run('sync')
    assert not tom.json('requests')
    assert [r['state'] for r in kim.json('requests', '--all') if r['direction'] == 'out'][-1:] \
        == ['withdrawn'], kim.json('requests', '--all')
    # What she asks waits, and goes out when the guardian agrees.
    kim.run('ask', 'plaza', 'tom@example.org', 'May I?')
    waiting = [r for r in kim.json('requests') if r['state'] == 'waiting']
    assert [r['name'] for r in waiting] == ['tom@example.org'], waiting
    rosa.until(lambda: listed(rosa, 'ward_ask', kind='own', name='tom@example.org',
                              text='May I?'))
    tom.run('sync')
    assert not tom.json('requests')
    assert rosa.refused('guardian', 'agree', '7') == 'UC_E_NOT_FOUND'
    rosa.run('guardian', 'agree', '1')
    assert not listed(rosa, 'ward_ask')
    kim.run('sync')
    tom.run('accept', 'Kim')
    kim.run('sync')
    tom.until(lambda: any(c['name'] == 'Kim' for c in tom.json('contacts')))
    kim.until(lambda: any(c['name'] == 'Tom' for c in kim.json('contacts')))
    # The guardian sees no message of theirs.
    kim.run('send', 'Tom', 'just between us')
    rosa.run('sync')
    assert 'just between us' not in rosa.run('--json', 'guardian', 'wards')
    # Only the guardian ends it.
    kim.refused('settings', '--age', 'adult')
    rosa.run('guardian', 'end', 'Kim')
    kim.until(lambda: kim.json('guardian')[0]['state'] == 'none')
    backbone.erase()
    print('guardian: ok')


sys.exit(main())
