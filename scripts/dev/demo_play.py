# SPDX-License-Identifier: Apache-2.0
"""The demonstration of ./dev demo: what happens, checked as it happens, and what the people see."""
import argparse
import json
import pathlib
import subprocess
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests/system'))
from people import Backbone, Failed, Person, befriend  # noqa: E402

WIDTH = 96
said = []  # every text, for the search afterwards


def title(text):
    print(f'\n\033[1m{text}\033[0m' if sys.stdout.isatty() else f'\n== {text}', flush=True)


def tell(text):
    print(textwrap.fill(text, WIDTH), flush=True)


def must(condition, what):
    if not condition:
        raise Failed(f'this should not be: {what}')


def first(person):
    return person.name.split()[0]


def show(person, room, last=100, name=None):
    """A room as the person's terminal shows it."""
    print(f'  {first(person)} on {person.app.capitalize()}, in {name or room}:')
    for line in person.run('read', room, '--last', last).splitlines():
        print('  | ' + line)
    sys.stdout.flush()


def write(person, room, text):
    said.append(text)
    person.run('send', room, text)


def wait_text(person, room, text):
    """Until it has come to be read there."""
    for _ in range(60):
        if any(r['name'] == room for r in person.json('rooms')):
            if any(t == text for _, t in person.texts(room)):
                return
        person.run('read', '--wait', 1)
    raise Failed(f'{person.name} never read "{text}" in {room}')


def sign_up(backbone):
    title('Three people, three apps')
    people = [Person(backbone, 'rosa', 'dial', '+4915112345678', 'Rosa Lindner'),
              Person(backbone, 'tom', 'lens', 'tom.of.lens', 'Tom Abelson'),
              Person(backbone, 'uwe', 'plaza', 'uwe@allotments.example', 'Uwe Petersen')]
    for p, known_by in zip(people, ('a phone number', 'a handle', 'an e-mail address')):
        p.sign_up()
        tell(f'  {first(p)} signs up on {p.app.capitalize()} with {known_by}, {p.identifier}.')
    people[2].be_findable()
    tell('  Uwe lets people find him by his address; before that nobody does.')
    return people


def first_contact(rosa, tom, uwe):
    title('First contact')
    for a, b in ((rosa, tom), (rosa, uwe), (tom, uwe)):
        befriend(a, b)
        tell(f'  {first(a)} asks {first(b)}, who accepts.')
    for person, other, text in ((rosa, tom, 'Are the beans up?'), (tom, rosa, 'They are. Come and see.'),
                                (rosa, uwe, 'The beans are up, says Tom.')):
        write(person, other.name, text)
        wait_text(other, person.name, text)
    show(tom, rosa.name)
    number = rosa.json('safety', tom.name)[0]['number']
    must(number == tom.json('safety', rosa.name)[0]['number'], 'two safety numbers')
    tell(f'  Both see the same safety number, {number[:23]} ...')


def offline(rosa, tom):
    title('A recipient who is offline')
    texts = [f'Bring the {thing}, please.' for thing in ('spade', 'string', 'thermos')]
    for text in texts:
        write(rosa, tom.name, text)
    tell(f'  Rosa writes {len(texts)} messages while no client of Tom is running. He comes back:')
    wait_text(tom, rosa.name, texts[-1])
    must([t for _, t in tom.texts(rosa.name)][-3:] == texts, 'messages lost or out of order')
    show(tom, rosa.name, 3)


def group(rosa, tom, uwe):
    title('A group across the apps')
    rosa.run('group', 'Allotment 17', tom.name)
    write(rosa, 'Allotment 17', 'Only Tom and I read this.')
    wait_text(tom, 'Allotment 17', said[-1])
    rosa.run('add', 'Allotment 17', uwe.name)
    tell('  Rosa makes a group with Tom, then adds Uwe.')
    for person, text in ((rosa, 'Welcome, Uwe.'), (uwe, 'Good evening from Plaza.'),
                         (tom, 'And from Lens.')):
        if person is not rosa:
            wait_text(person, 'Allotment 17', said[-1])
        write(person, 'Allotment 17', text)
    wait_text(uwe, 'Allotment 17', said[-1])
    must(all(t != 'Only Tom and I read this.' for _, t in uwe.texts('Allotment 17')),
         'a newcomer reads what was written before')
    show(uwe, 'Allotment 17')


def kill(backbone, rosa, tom):
    title('kill -9 in the middle')
    texts = [f'Bean number {n} is planted.' for n in range(1, 41)]
    said.extend(texts)
    writing, reading = rosa.start('follow', 'Allotment 17'), tom.start('follow')
    for r in (writing, reading):
        r.wait_for(lambda line: line['type'] == 'following')
    for n, text in enumerate(texts):
        writing.type(text)
        if n in (9, 24):
            time.sleep(0.05)
            backbone.kill()
            backbone.start()
    reading.wait_for(lambda line: line['type'] == 'message' and line['text'] == texts[-1])
    writing.wait_for(lambda line: line['type'] == 'message_state' and line['text'] == texts[-1])
    writing.interrupt()
    reading.interrupt()
    shown = [line['text'] for line in reading.lines if line['type'] == 'message']
    must(shown == texts, f'of {len(texts)} messages {len(shown)} were shown')
    many = 'All three backbones are' if backbone.split else 'The backbone is'
    tell(f'  Rosa types {len(texts)} lines. {many} killed twice meanwhile, and started again. Tom '
         f'sees {len(shown)}: none lost, none twice, in order.')


def removal(rosa, tom, uwe):
    title('A member is removed')
    uwe.run('sync')
    rosa.run('remove', 'Allotment 17', uwe.name)
    write(rosa, 'Allotment 17', 'Uwe has moved to allotment 4.')
    wait_text(tom, 'Allotment 17', said[-1])
    uwe.run('sync')
    room = next(r for r in uwe.json('rooms', '--all') if r['name'] == 'Allotment 17')
    must(room['state'] == 'left', 'the removed member is still in')
    must(all(t != said[-1] for _, t in uwe.texts(room['number'])),
         'the removed member reads what was written later')
    show(tom, 'Allotment 17', 2)
    show(uwe, room['number'], 2, room['name'] + ', which he is no longer in')


def check_stores(backbone):
    title('Every record')
    for conf in backbone.confs():
        done = backbone.ctl('check', conf)
        print(textwrap.indent(done.stdout.decode().rstrip(), '  '))
        must(done.returncode == 0, 'the stores have problems')


def check_inventory(backbone, people):
    """The script gets the folder, and in it what to look for."""
    script = ROOT / 'scripts/check-run'
    (backbone.dir / 'played.json').write_text(json.dumps({
        'texts': said, 'names': [p.name for p in people] + ['Allotment 17'],
        'identifiers': {p.app: [p.identifier] for p in people}}))
    title('What the servers know')
    done = subprocess.run([script, backbone.dir], env=backbone.env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    must(done.returncode == 0, done.stdout)
    tell(done.stdout.strip())


def play(backbone):
    backbone.start()
    tell('Three backbones, one app each, that know each other by certificates.' if backbone.split
         else 'One backbone with three apps, which meet only by MIMI requests.')
    people = sign_up(backbone)
    rosa, tom, uwe = people
    first_contact(rosa, tom, uwe)
    offline(rosa, tom)
    group(rosa, tom, uwe)
    kill(backbone, rosa, tom)
    removal(rosa, tom, uwe)
    check_stores(backbone)
    check_inventory(backbone, people)


def main():
    parser = argparse.ArgumentParser(prog='./dev demo')
    parser.add_argument('--split', action='store_true')
    parser.add_argument('--keep', action='store_true')
    parser.add_argument('--port', type=int)
    options = parser.parse_args()
    backbone = Backbone(options.split, options.port)
    try:
        play(backbone)
    except (Failed, subprocess.TimeoutExpired) as failed:
        print(f'\nThe demonstration failed: {failed}\n\nThe backbone\'s last lines:')
        print('\n'.join(backbone.logs().splitlines()[-20:]))
        print(f'\nEverything is in {backbone.dir}.')
        backbone.stop()
        return 1
    if options.keep:
        backbone.stop()
        print(f'\nEverything is in {backbone.dir}.')
    else:
        backbone.erase()
    return 0


if __name__ == '__main__':
    sys.exit(main())
