#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who is blocked, deletes the account and signs up again under the same number, on the same app: hidden
from who has blocked them, on all their devices, also after a recovery, after kill -9 of the apps and
under another index key; and from nobody else."""
import sys

from people import Backbone, Person, befriend, link


def again(person, profile):
    """Another account, with other keys and another folder, of the same number."""
    person.run('delete-account', '--yes')
    new = Person(person.backbone, profile, person.app, person.identifier, profile.capitalize())
    new.sign_up()
    return new


def asks(person, text):
    return {r['name'] for r in person.json('requests')
            if r['type'] == 'request' and r.get('text') == text}


def sees(person, text):
    person.until(lambda: asks(person, text))


def hides(person, other, text):
    """When the other's letter of the same words has come, which was sent later."""
    sees(person, other)
    assert not asks(person, text), person.run('requests')


def main():
    backbone = Backbone()
    backbone.start()
    tom = Person(backbone, 'tom', 'dial', '+4915112301')
    ida = Person(backbone, 'ida', 'dial', '+4915112302')
    rosa = Person(backbone, 'rosa', 'dial', '+4915112303')
    uwe = Person(backbone, 'uwe', 'dial', '+4915112304')
    zoe = Person(backbone, 'zoe', 'dial', '+4915112305')
    for person in tom, ida, rosa, uwe, zoe:
        person.sign_up()
    tablet = Person(backbone, 'tablet', 'dial', name='Tom')
    # Rosa has asked Tom, Tom has asked Uwe; Ida knows Rosa, too.
    befriend(rosa, tom)
    befriend(tom, uwe)
    befriend(rosa, ida)
    link(tom, tablet)
    for name in 'Rosa', 'Uwe':
        tom.run('block', name)
    tom.run('vault', '--store')

    rosa = again(rosa, 'rosie')
    uwe = again(uwe, 'uwin')
    sent = [person.json('ask', 'dial', to.identifier, 'may I?')
            for person, to in ((rosa, tom), (uwe, tom), (rosa, ida))]
    # To who asks it is all the same.
    assert [[line['type'] for line in lines] for lines in sent] == \
        [[line['type'] for line in sent[2]]] * 3, sent
    zoe.run('ask', 'dial', tom.identifier, 'hello from Zoe')
    hides(tom, 'hello from Zoe', 'may I?')
    hides(tablet, 'hello from Zoe', 'may I?')
    sees(ida, 'may I?')
    tom.run('decline', 'Zoe')

    # All devices are lost, the apps were killed, and their names lie under another key.
    rotated = backbone.ctl('rotate-keys', backbone.confs()[0], 'dial', 'names')
    assert not rotated.returncode, rotated
    backbone.kill()
    backbone.start()
    new = Person(backbone, 'tom-again', 'dial', tom.identifier, 'Tom')
    new.json('recover', 'dial', '--name', 'Tom', text=tom.words + '\n')
    tom = new
    rosa.run('ask', 'dial', tom.identifier, 'please?')
    ida.run('ask', 'dial', tom.identifier, 'hello from Ida')
    hides(tom, 'hello from Ida', 'please?')

    # Once more, by a link of his: it is the name that is hidden, not the way.
    rosa = again(rosa, 'rosa-three')
    url = next(line['link'] for line in tom.json('invite') if line['type'] == 'invitation')
    rosa.run('ask', url, 'by your link')
    mia = Person(backbone, 'mia', 'dial', '+4915112306')
    mia.sign_up()
    mia.run('ask', url, 'hello from Mia')
    hides(tom, 'hello from Mia', 'by your link')

    # Another name is another person; and who is unblocked is heard again.
    rosa.run('change-identifier', '+4915112307')
    rosa.run('ask', 'dial', tom.identifier, 'with another number')
    sees(tom, 'with another number')
    tom.run('unblock', 'Uwe')
    uwe.run('ask', 'dial', tom.identifier, 'are you there?')
    sees(tom, 'are you there?')
    backbone.erase()
    print('again: ok')


if __name__ == '__main__':
    sys.exit(main())
