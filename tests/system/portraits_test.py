#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A picture and words about oneself, over three apps with the terminal client: they come to contacts and
their devices, not to who is in a group with one, not to who is blocked, in no file of the apps, and once
however often programs are killed."""
import base64
import json
import os
import random
import sys
import time

from people import Backbone, Person, befriend

CANARY = 'zQ keeps bees'
MARK = b'zQ picture mark'
JPEG = b'\xff\xd8\xff\xe0' + MARK + bytes(range(256)) * 20
PNG = b'\x89PNG\r\n\x1a\n' + MARK + bytes(range(256)) * 60
ROUNDS = int(os.environ.get('UNDERCROFT_KILL_ROUNDS', 10)) // 5


def link(old, new):
    waiting = new.start('become-device', old.app)
    code = waiting.wait_for(lambda line: line['type'] == 'device_code')['code']
    old.run('link-device', code, '--yes')
    assert not waiting.end(), (waiting.lines, waiting.error)


def seen(person, of):
    """(words, picture) that one has of a contact."""
    [c] = [c for c in person.json('contacts') if c['type'] == 'contact' and c['name'] == of]
    if not c['picture']:
        return c['about'], None
    file = person.backbone.dir / f'{person.profile}.{random.getrandbits(64):x}'
    [_, saved] = person.json('contact', of, '--save-picture', file)
    kind = 'jpeg' if file.read_bytes().startswith(b'\xff') else 'png'
    assert (saved['type'], saved['kind']) == ('picture_saved', kind), saved
    return c['about'], file.read_bytes()


def sees(person, of, *what):
    return lambda: seen(person, of) == what


def exported(person):
    file = person.backbone.dir / f'{person.profile}.{random.getrandbits(64):x}.jsonl'
    person.run('export', file)
    return [json.loads(line) for line in file.read_text().splitlines()]


def shows(lines, text):
    return any(text in value for line in lines for value in line.values()
               if isinstance(value, str))


def refuses(rosa, files):
    """What cannot be shown is refused, and what was there stays."""
    def write(name, content):
        (files / name).write_bytes(content)
        return files / name
    before = rosa.json('profile')
    for name, content, error in (
            ('large.jpg', JPEG + bytes(16385 - len(JPEG)), 'UC_E_TOO_LARGE'),
            ('huge.png', PNG * 100, 'UC_E_TOO_LARGE'),
            ('a.gif', b'GIF89a' + bytes(100), 'UC_E_UNSUPPORTED'),
            ('a.svg', b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'UC_E_UNSUPPORTED'),
            ('cut.png', PNG[:7], 'UC_E_UNSUPPORTED'),
            ('empty.jpg', b'', 'UC_E_UNSUPPORTED')):
        assert rosa.refused('profile', '--picture', write(name, content)) == error, name
    rosa.run('profile', '--picture', files / 'missing.jpg', status=1)
    rosa.run('profile', '--picture', files, status=1)
    assert rosa.refused('profile', '--about', 'a' * 141) == 'UC_E_TOO_LARGE'
    assert rosa.refused('profile', '--about', 'two\nlines') == 'UC_E_TEXT'
    assert rosa.json('profile') == before


def contacts_and_no_others(backbone, rosa, tom, ida, uwe, files):
    rosa.run('profile', '--about', f'  {CANARY}  ', '--picture', files / 'rosa.jpg')
    assert rosa.json('account')[0]['about'] == CANARY
    befriend(rosa, tom)
    befriend(tom, ida)
    befriend(uwe, rosa)
    tom.until(sees(tom, 'Rosa', CANARY, JPEG))
    uwe.until(sees(uwe, 'Rosa', CANARY, JPEG))
    assert f'Rosa on dial\n  {CANARY}\n' in tom.run('contact', 'Rosa')
    tom.run('contact', 'Rosa', '--save-picture', files / 'rosa.jpg', status=1)
    assert (files / 'rosa.jpg').read_bytes() == JPEG
    assert tom.refused('contact', 'Ida', '--save-picture', files / 'none') == 'UC_E_NOT_FOUND'
    assert not (files / 'none').exists()
    # In a group, and as a persona, she shows it to nobody.
    rosa.run('group', 'Allotment', 'Tom')
    tom.until(lambda: 'Allotment' in [r['name'] for r in tom.json('rooms')])
    tom.run('add', 'Allotment', 'Ida')
    ida.until(lambda: 'Allotment' in [r['name'] for r in ida.json('rooms')])
    ida.until(lambda: (rosa.run('sync'), 'Rosa' in [m['name'] for m in ida.json(
        'members', 'Allotment')])[1])
    rosa.run('group', 'Night owls', 'Tom', '--as', 'Moth')
    tom.until(lambda: 'Night owls' in [r['name'] for r in tom.json('rooms')])
    rosa.run('profile', '--picture', files / 'rosa.png')
    tom.until(sees(tom, 'Rosa', CANARY, PNG))
    uwe.until(sees(uwe, 'Rosa', CANARY, PNG))
    ida.run('sync')
    lines = exported(ida)
    assert shows(lines, 'Allotment') and not shows(lines, CANARY), lines
    assert not [line for line in lines if line['type'] == 'picture']
    # Who asks is no contact yet.
    lea = Person(backbone, 'lea', 'lens', 'lea', 'Lea')
    lea.sign_up()
    rosa.run('ask', 'lens', 'lea', 'Hello')
    lea.until(lambda: lea.json('requests'))
    assert not shows(exported(lea), CANARY)
    # Who is blocked hears no more, and is forgotten.
    uwe.run('profile', '--about', 'Uwe here')
    rosa.until(sees(rosa, 'Uwe', 'Uwe here', None))
    rosa.run('block', 'Uwe')
    assert seen(rosa, 'Uwe') == ('', None)
    rosa.run('profile', '--about', 'Uwe is not told', '--picture', 'none')
    uwe.run('profile', '--about', 'nor is she')
    tom.until(sees(tom, 'Rosa', 'Uwe is not told', None))
    for person in rosa, uwe, rosa, uwe:
        person.run('sync')
    assert seen(uwe, 'Rosa') == (CANARY, PNG)
    assert seen(rosa, 'Uwe') == ('', None)
    # It is in one's own data, and what a contact shows, too.
    rosa.run('profile', '--about', CANARY, '--picture', files / 'rosa.jpg')
    tom.until(sees(tom, 'Rosa', CANARY, JPEG))
    for lines in exported(rosa), exported(tom):
        assert shows(lines, CANARY)
        [picture] = [line for line in lines if line['type'] == 'picture']
        assert base64.urlsafe_b64decode(picture['base64url'] + '==') == JPEG, picture


def devices_are_of_one_mind(backbone, rosa, tom):
    tablet = Person(backbone, 'tablet', 'dial', name='Rosa')
    link(rosa, tablet)
    own = (lambda: tablet.json('account')[0])
    tablet.until(lambda: (rosa.run('sync'), own()['about'] == CANARY)[1])
    assert own()['picture'] == 'yes'
    tablet.run('profile', '--about', 'by the tablet')
    rosa.until(lambda: rosa.json('account')[0]['about'] == 'by the tablet')
    tom.until(sees(tom, 'Rosa', 'by the tablet', JPEG))
    laptop = Person(backbone, 'laptop', 'lens', name='Tom')
    link(tom, laptop)
    laptop.until(lambda: (rosa.run('sync'), tablet.run('sync'), tom.run('sync'),
                          'Rosa' in [c['name'] for c in laptop.json('contacts')] and
                          seen(laptop, 'Rosa') == ('by the tablet', JPEG))[-1])
    return tablet


def killed(backbone, rosa, tom, files):
    """Each program at some moment, the backbone now and then."""
    for i in range(max(2, ROUNDS)):
        picture = 'rosa.jpg' if i % 2 else 'rosa.png'
        one = rosa.start('profile', '--about', f'round {i}', '--picture', files / picture)
        other = tom.start('sync')
        time.sleep(random.random() * 0.4)
        one.kill()
        if i % 5 == 1:
            backbone.kill()
            backbone.start()
        other.kill()
    # Whatever was kept is what is told.
    about = rosa.json('account')[0]['about']
    tom.until(lambda: (rosa.run('sync'), seen(tom, 'Rosa')[0] == about)[1])
    rosa.run('profile', '--about', 'after all', '--picture', files / 'rosa.png')
    tom.until(sees(tom, 'Rosa', 'after all', PNG))


def recovered(backbone, rosa, tablet, tom):
    """All his devices are lost: whom he knew tell him anew."""
    tom.run('vault', '--store')
    again = Person(backbone, 'tom2', 'lens', name='Tom')
    again.run('recover', 'lens', '--name', 'Tom', text=tom.words)
    again.until(lambda: (rosa.run('sync'), tablet.run('sync'),
                         seen(again, 'Rosa') == ('after all', PNG))[-1])


def on_disk(backbone):
    """In no file of the apps, and of the clients in none that is not sealed."""
    for path in backbone.dir.rglob('*'):
        if path.is_file() and not path.is_symlink() and '.jsonl' not in path.name:
            known = path.parent == backbone.dir and path.name.split('.')[0] in (
                'rosa', 'tom', 'uwe', 'laptop', 'tom2')
            inside = path.parent.name == 'files' or known
            content = b'' if inside else path.read_bytes()
            assert CANARY.encode() not in content and MARK not in content, path


def main():
    backbone = Backbone()
    backbone.start()
    files = backbone.dir / 'files'
    files.mkdir()
    (files / 'rosa.jpg').write_bytes(JPEG)
    (files / 'rosa.png').write_bytes(PNG)
    rosa = Person(backbone, 'rosa', 'dial', '+4915112345678', 'Rosa')
    tom = Person(backbone, 'tom', 'lens', 'tom', 'Tom')
    ida = Person(backbone, 'ida', 'plaza', 'ida@example.org', 'Ida')
    uwe = Person(backbone, 'uwe', 'plaza', 'uwe@example.org', 'Uwe')
    for person in rosa, tom, ida, uwe:
        person.sign_up()
    refuses(rosa, files)
    contacts_and_no_others(backbone, rosa, tom, ida, uwe, files)
    tablet = devices_are_of_one_mind(backbone, rosa, tom)
    killed(backbone, rosa, tom, files)
    recovered(backbone, rosa, tablet, tom)
    backbone.stop()
    on_disk(backbone)
    backbone.erase()
    print('portraits: ok')


if __name__ == '__main__':
    sys.exit(main())
