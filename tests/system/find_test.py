#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finding people by number, with real processes: of three on Dial the two who both want it find each
other, from numbers and from a file of cards; the third is not found, and what was looked for is in no
file of the server."""
import sys

from people import Backbone, Person, befriend

# Nobody's, to be searched for in what the server keeps and logs.
STRANGERS = '+4915100000091', '+33611122291'
CARDS = '''BEGIN:VCARD\r
VERSION:3.0\r
FN:Bela, of +4999999999\r
TEL;TYPE=CELL:0151 100 000 12\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:4.0\r
FN:Clara\r
item1.TEL;VALUE=uri;TYPE="voice,home":tel:+49-151-100-000-13\r
TEL:112\r
END:VCARD\r
'''


def states(person, *arguments):
    return {line['number']: line['state'] for line in person.json('find', *arguments)}


def new_filter(backbone, person):
    """Makes one, and waits until it has been given out: there is a part of a second in between."""
    done = backbone.ctl('build-filter', backbone.confs()[0], 'dial')
    assert done.returncode == 0, done
    person.run('sync')


def test_found(backbone, rosa, bela, clara):
    assert 'no' in rosa.run('findable')
    assert rosa.refused('findable', 'yes') == 'UC_E_NOT_ALLOWED' and 'age adult' in rosa.error
    for person in rosa, bela, clara:
        person.run('settings', '--age', 'adult')
    rosa.run('findable', 'yes')
    assert 'yes' in bela.run('findable', 'yes')
    assert clara.json('findable')[0]['findable'] == 'no'
    # Clara is asked for, and so are people who are nowhere.
    numbers = bela.identifier, clara.identifier, *STRANGERS
    new_filter(backbone, rosa)
    rosa.until(lambda: states(rosa, *numbers)[bela.identifier] == 'found')
    found = states(rosa)
    assert found == {n: 'found' if n == bela.identifier else 'not_found' for n in numbers}, found
    # The other way round, from a file; a number without its country is told of.
    cards = backbone.dir / 'contacts.vcf'
    cards.write_text(CARDS)
    assert states(bela, '--file', cards, '--country', '+49') == {
        bela.identifier: 'found', clara.identifier: 'not_found'}
    assert '1 left out' in bela.error, bela.error
    cards.unlink()
    assert states(bela, rosa.identifier)[rosa.identifier] == 'found'
    out = bela.run('find', rosa.identifier)
    assert '1 of 1 can be found' in out, out


def test_asked(rosa, bela):
    befriend(rosa, bela)


def test_later(backbone, rosa, bela, clara):
    """Who comes and goes is seen in the next filter; who lost the device says it again."""
    clara.run('findable', 'yes')
    bela.run('findable', 'no')
    new_filter(backbone, rosa)
    rosa.run('find', '--forget')
    assert rosa.json('find') == []
    numbers = bela.identifier, clara.identifier
    rosa.until(lambda: states(rosa, *numbers) == {
        bela.identifier: 'not_found', clara.identifier: 'found'})
    assert clara.refused('findable', 'yes', '--number', '+4915100000099') == 'UC_E_NOT_ALLOWED'


def test_refused(backbone, rosa, tom):
    assert tom.refused('find', rosa.identifier) == 'UC_E_UNSUPPORTED'
    assert tom.refused('findable', 'yes') == 'UC_E_UNSUPPORTED'
    rosa.run('find', '--file', backbone.dir / 'nothing', status=1)
    rosa.run('findable', 'perhaps', status=2)


def test_server_knows_nothing(backbone):
    for path in backbone.dir.rglob('*'):
        if not path.is_file() or 'profiles' in path.parts or 'home' in path.parts:
            continue
        held = path.read_bytes()
        for number in STRANGERS:
            for form in number, number[1:], number[4:]:
                assert form.encode() not in held, (path, form)


def main():
    backbone = Backbone()
    backbone.start()
    rosa, bela, clara = (Person(backbone, name, 'dial', f'+491511000001{i}')
                         for i, name in enumerate(('rosa', 'bela', 'clara'), 1))
    tom = Person(backbone, 'tom', 'lens', 'tom')
    for person in rosa, bela, clara, tom:
        person.sign_up()
    test_found(backbone, rosa, bela, clara)
    test_asked(rosa, bela)
    test_later(backbone, rosa, bela, clara)
    test_refused(backbone, rosa, tom)
    backbone.stop()
    test_server_knows_nothing(backbone)
    backbone.erase()
    print('find: ok')


sys.exit(main())
