#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An account of several devices is deleted by one of them: nowhere does a place of the person stay, whichever
device it was of; one that was killed, or had no connection, goes on; and the others say what has happened."""
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from people import Backbone, Person, befriend, link

SOON_S = 60


def each(people, what):
    with ThreadPoolExecutor() as threads:
        list(threads.map(what, people))


def rooms_in(person):
    """Those where this device is, and not only the vault says that it should be."""
    return {r['name'] for r in person.json('rooms') if r['state'] == 'open' and r['epoch']}


def device_count(backbone, app, identifier):
    """As the app has it; 0: no such account."""
    done = backbone.ctl('devices', backbone.dir / f'{app}.conf', app, identifier, '--json')
    return done.stdout.count(b'"type":"device"') if not done.returncode else 0


def devices_in(person, room, name):
    """How many leaves of that one there are, as this member sees it."""
    return sum(m['devices'] for m in person.json('members', room) if m['name'] == name)


class Family:
    """Somebody with three devices, known to Tom and Ida at two other apps, in rooms at three hubs."""

    def __init__(self, backbone, number, tom, ida):
        self.first = Person(backbone, f'first{number}', 'dial', f'+4915112345{number}', f'Rosa {number}')
        self.name = self.first.name
        self.others = [Person(backbone, f'{which}{number}', 'dial', name=self.name)
                       for which in ('tablet', 'desk')]
        self.number, self.tom, self.ida = number, tom, ida
        self.first.sign_up()
        befriend(self.first, tom)
        befriend(ida, self.first)
        self.here, self.there = f'Garden {number}', f'Choir {number}'
        self.first.run('group', self.here, 'Tom', 'Ida')
        tom.until(lambda: self.here in rooms_in(tom))
        tom.run('group', self.there, self.name, 'Ida')
        self.first.until(lambda: self.there in rooms_in(self.first))
        for other in self.others:
            link(self.first, other)
        each(self.others, lambda own: own.until(
            lambda: {self.here, self.there, 'Tom', 'Ida'} <= rooms_in(own)))
        self.seen(3)

    def seen(self, count, seconds=None, rooms=()):
        """So many places of theirs see the others in each room, and in good time."""
        end = time.monotonic() + (seconds or 600)
        for who, room in ((self.tom, self.here), (self.tom, self.there), (self.tom, self.name),
                          (self.ida, self.here), (self.ida, self.there), (self.ida, self.name),
                          *rooms):
            who.until(lambda: devices_in(who, room, self.name) == count)
        assert time.monotonic() < end, 'too late'


def says_deleted(own):
    """A device of a deleted account says so, and gives way."""
    assert own.refused('sync', status=1) == 'UC_E_NOT_FOUND', own.error
    assert 'the account was deleted' in own.error, own.error
    assert own.json('export', own.backbone.dir / f'{own.profile}.jsonl')[-1]['received_first'] == 'no'
    own.run('delete-account', '--yes')
    assert not (own.backbone.dir / 'people' / own.profile).exists()


def whole(backbone, family):
    """One of the others looks on, and another has made a room that the deleting one has not come into."""
    tablet, desk = family.others
    watching = tablet.start('follow')
    watching.wait_for(lambda line: line['type'] == 'following')
    late = f'Late {family.number}'
    desk.run('group', late, 'Tom')
    family.tom.until(lambda: late in rooms_in(family.tom))
    begun = time.monotonic()
    family.first.run('delete-account', '--yes')
    print(f'deletion: {time.monotonic() - begun:.1f} s')
    assert not (backbone.dir / 'people' / family.first.profile).exists()
    family.seen(0, SOON_S, [(family.tom, late)])
    # It may first hear that it was ended.
    watching.wait_for(lambda line: line['type'] == 'account_gone' and line['error'] == 'UC_E_NOT_FOUND')
    watching.interrupt()
    says_deleted(tablet)
    says_deleted(desk)
    # And they are not back.
    family.seen(0, SOON_S, [(family.tom, late)])


def killed(backbone, family):
    """While a hub does not answer, and others are ended already."""
    pid = int((backbone.dir / 'lens.pid').read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        running = family.first.start('delete-account', '--yes')
        end = time.monotonic() + SOON_S
        while device_count(backbone, 'dial', family.first.identifier) != 1:
            assert time.monotonic() < end
            time.sleep(0.1)
        running.kill()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert device_count(backbone, 'dial', family.first.identifier) == 1
    tablet, desk = family.others
    assert tablet.refused('sync') == 'UC_E_REVOKED'
    family.first.run('delete-account', '--yes')
    assert not (backbone.dir / 'people' / family.first.profile).exists()
    family.seen(0, SOON_S)
    assert device_count(backbone, 'dial', family.first.identifier) == 0
    says_deleted(tablet)
    says_deleted(desk)


def offline(backbone, family):
    """It is kept, and whatever reaches the app first does it."""
    pid = int((backbone.dir / 'dial.pid').read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        family.first.run('delete-account', '--yes', status=None)
        assert family.first.status, family.first.error
        assert 'still to be deleted' in family.first.error, family.first.error
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (backbone.dir / 'people' / family.first.profile / 'store.db').exists()
    end = time.monotonic() + SOON_S
    while device_count(backbone, 'dial', family.first.identifier):
        assert time.monotonic() < end
        family.first.run('sync', status=None)
    family.seen(0, SOON_S)
    for own in (family.first, *family.others):
        says_deleted(own)


def main():
    backbone = Backbone(split=True)
    backbone.start()
    tom = Person(backbone, 'tom', 'lens', 'tom', 'Tom')
    ida = Person(backbone, 'ida', 'plaza', 'ida@example.org', 'Ida')
    each((tom, ida), Person.sign_up)
    befriend(ida, tom)
    for number, what in enumerate((whole, killed, offline), 678):
        what(backbone, Family(backbone, number, tom, ida))
    # The others go on.
    ida.run('send', 'Tom', 'still here')
    tom.read_on('still here')
    backbone.erase()
    print('deletion: ok')


sys.exit(main())
