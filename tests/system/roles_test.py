#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Owners and moderators of a group over three apps with the terminal client: appointed, refused, handed
on; two at once; killed in between; by another device and by a persona."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from people import Backbone, Person, befriend, link  # noqa: E402

MEMBER, MODERATOR, OWNER = 2, 3, 4
ROOM = 'Allotment'


def roles(person, room=ROOM):
    person.run('sync')
    return {m['name']: m['role'] for m in person.json('members', room)}


class Roles(unittest.TestCase):
    def setUp(self):
        self.backbone = Backbone()
        self.backbone.start()

    def tearDown(self):
        self.backbone.erase()

    def person(self, app, name):
        identifier = {'dial': f'+4915112{len(name):03}{sum(map(ord, name)):05}',
                      'lens': name.lower(), 'plaza': f'{name.lower()}@example.org'}[app]
        p = Person(self.backbone, name.lower(), app, identifier, name)
        p.sign_up()
        return p

    def group(self, *names_of_others):
        apps = {'Tom': 'lens', 'Ida': 'plaza', 'Uwe': 'lens'}
        rosa = self.person('dial', 'Rosa')
        others = [self.person(apps[n], n) for n in names_of_others]
        for p in others:
            befriend(rosa, p)
        rosa.run('group', ROOM, *names_of_others)
        for p in others:
            p.until(lambda p=p: any(r['name'] == ROOM for r in p.json('rooms')))
        self.all_meet((rosa, *others), ROOM, {'Rosa', *names_of_others})
        return (rosa, *others)

    def all_meet(self, people, room, names):
        """Each of them answers when the others' devices ask who they are."""
        people[0].until(lambda: [set(roles(p, room)) for p in people] == [names] * len(people))

    def all_see(self, people, **expected):
        for p in people:
            p.until(lambda p=p: roles(p) == expected)

    def test_appointed_and_handed_on(self):
        rosa, tom, ida, uwe = people = self.group('Tom', 'Ida', 'Uwe')
        self.all_see(people, Rosa=OWNER, Tom=MEMBER, Ida=MEMBER, Uwe=MEMBER)
        self.assertIn('Rosa on dial (you), owner\n', rosa.run('members', ROOM))
        # Who is a member decides nothing, and is told why.
        self.assertEqual(tom.refused('remove', ROOM, 'Uwe'), 'UC_E_POLICY')
        self.assertEqual(tom.refused('role', ROOM, 'Tom', 'owner'), 'UC_E_POLICY')
        self.assertIn('only an owner of the group gives roles', tom.error)
        # A moderator removes members, and no owner; and appoints nobody.
        tom_hears = tom.start('follow')
        tom_hears.wait_for(lambda e: e['type'] == 'following')
        rosa.run('role', ROOM, 'Tom', 'moderator')
        tom_hears.wait_for(lambda e: e['type'] == 'room_changed' and e.get('text') == 'role')
        tom_hears.wait_for(lambda e: 'moderator' in e.get('text', ''))
        tom_hears.interrupt()
        self.all_see(people, Rosa=OWNER, Tom=MODERATOR, Ida=MEMBER, Uwe=MEMBER)
        self.assertIn('Tom on lens (you), moderator\n', tom.run('members', ROOM))
        self.assertIn('You are a moderator of this group now', tom.run('read', ROOM))
        self.assertNotIn('moderator of this group', uwe.run('read', ROOM))
        self.assertEqual(tom.refused('remove', ROOM, 'Rosa'), 'UC_E_POLICY')
        self.assertEqual(tom.refused('role', ROOM, 'Ida', 'moderator'), 'UC_E_POLICY')
        tom.run('remove', ROOM, 'Uwe')
        self.all_see(people[:3], Rosa=OWNER, Tom=MODERATOR, Ida=MEMBER)
        # The only owner neither steps back nor leaves without being asked; what others are is theirs to say.
        self.assertEqual(rosa.refused('role', ROOM, 'Rosa', 'member'), 'UC_E_LAST_OWNER')
        self.assertEqual(rosa.refused('leave', ROOM), 'UC_E_LAST_OWNER')
        self.assertIn('--without-owner', rosa.error)
        rosa.run('role', ROOM, 'Ida', 'owner')
        rosa.run('role', ROOM, 'Rosa', 'member')
        self.all_see(people[:3], Rosa=MEMBER, Tom=MODERATOR, Ida=OWNER)
        self.assertEqual(rosa.refused('role', ROOM, 'Rosa', 'owner'), 'UC_E_POLICY')
        self.assertEqual(ida.refused('role', ROOM, 'Ida', 'moderator'), 'UC_E_LAST_OWNER')
        rosa.run('leave', ROOM)
        # Whoever is first of those who stay takes her out.
        ida.until(lambda: set(roles(tom)) == set(roles(ida)) == {'Tom', 'Ida'})
        # Nobody is kept: the group goes on without.
        ida.run('leave', ROOM, '--without-owner')
        tom.until(lambda: roles(tom) == {'Tom': MODERATOR})

    def test_wrong_input(self):
        rosa, tom = self.group('Tom')
        rosa.run('role', ROOM, 'Tom', 'king', status=2)
        self.assertIn('member, moderator or owner', rosa.error)
        rosa.run('role', ROOM, 'Tom', status=2)
        rosa.run('role', ROOM, 'Nobody', 'owner', status=1)
        rosa.run('role', 'No such room', 'Tom', 'owner', status=1)
        self.assertEqual(rosa.refused('role', 'Tom', 'Tom', 'owner'), 'UC_E_POLICY')
        self.assertIn('a conversation of two people has no roles', rosa.error)
        self.assertNotIn('owner', rosa.run('members', 'Tom'))
        # What is so already is done.
        rosa.run('role', ROOM, 'Rosa', 'owner')
        rosa.run('role', ROOM, 'Tom', 'member')
        self.all_see((rosa, tom), Rosa=OWNER, Tom=MEMBER)

    def test_two_owners_at_once(self):
        rosa, tom, ida = people = self.group('Tom', 'Ida')
        rosa.run('role', ROOM, 'Tom', 'owner')
        self.all_see(people, Rosa=OWNER, Tom=OWNER, Ida=MEMBER)
        both = [rosa.start('role', ROOM, 'Ida', 'moderator'), tom.start('role', ROOM, 'Ida', 'owner')]
        self.assertEqual([p.end() for p in both], [0, 0])
        rosa.until(lambda: roles(rosa) == roles(tom) == roles(ida))
        self.assertIn(roles(rosa)['Ida'], (MODERATOR, OWNER))
        rosa.run('role', ROOM, 'Ida', 'member')
        self.all_see(people, Rosa=OWNER, Tom=OWNER, Ida=MEMBER)
        # Both step back at once: one of them does.
        both = [p.start('role', ROOM, p.name, 'member') for p in (rosa, tom)]
        self.assertEqual(sorted(p.end() for p in both), [0, 1],
                         [(p.lines, p.error) for p in both])
        rosa.until(lambda: roles(rosa) == roles(tom) == roles(ida))
        self.assertEqual(sorted(roles(rosa).values()), [MEMBER, MEMBER, OWNER])

    def test_killed_in_between(self):
        rosa, tom, ida = people = self.group('Tom', 'Ida')
        wanted = {'Tom': MEMBER}
        for i in range(12):
            role, number = (('moderator', MODERATOR), ('member', MEMBER))[i % 2]
            running = rosa.start('role', ROOM, 'Tom', role)
            time.sleep(0.02 * (i + 1))
            if i % 4 == 3:
                self.backbone.kill()
            running.kill()
            if i % 4 == 3:
                self.backbone.start()
            before, wanted['Tom'] = wanted['Tom'], number
            ida.until(lambda: roles(rosa) == roles(ida) == roles(tom))
            self.assertIn(roles(rosa)['Tom'], (before, number))
            # What was begun goes on or was never begun; and again, it is so.
            rosa.run('role', ROOM, 'Tom', role)
            self.all_see(people, Rosa=OWNER, Tom=number, Ida=MEMBER)

    def test_by_another_device_and_of_a_persona(self):
        rosa, tom, ida = self.group('Tom', 'Ida')
        befriend(tom, ida)
        second = Person(self.backbone, 'rosa-second', 'dial', rosa.identifier, 'Rosa')
        link(rosa, second)
        second.until(lambda: any(r['name'] == ROOM for r in second.json('rooms')))
        self.all_meet((tom, ida, second), ROOM, {'Rosa', 'Tom', 'Ida'})
        second.run('role', ROOM, 'Ida', 'moderator')
        self.all_see((rosa, tom, ida, second), Rosa=OWNER, Tom=MEMBER, Ida=MODERATOR)
        # A persona is appointed, and acts, as anybody.
        ida.run('settings', '--introduce', 'ask')
        tom.run('group', 'Owls', 'Ida', 'Rosa')
        ida.until(lambda: any(r['name'] == 'Owls' for r in ida.json('rooms')))
        self.assertEqual(ida.refused('role', 'Owls', 'Tom', 'member'), 'UC_E_NOT_INTRODUCED')
        ida.run('introduce', 'Owls', '--as', 'Moth')
        rosa.until(lambda: any(r['name'] == 'Owls' for r in rosa.json('rooms')))
        self.all_meet((tom, ida, rosa), 'Owls', {'Tom', 'Moth', 'Rosa'})
        tom.run('role', 'Owls', 'Moth', 'moderator')
        ida.until(lambda: roles(ida, 'Owls').get('Moth') == MODERATOR)
        ida.run('remove', 'Owls', 'Rosa')
        tom.until(lambda: roles(tom, 'Owls') == {'Tom': OWNER, 'Moth': MODERATOR})


unittest.main()
