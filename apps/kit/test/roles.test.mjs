// SPDX-License-Identifier: Apache-2.0
// Who may give which role, and when a group would be left without an owner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { isLastOwner, mayRemove, rolesFor, MEMBER, MODERATOR, OWNER } =
	await load('../src/roles.ts');

const member = (role, more = {}) => ({ role, isSelf: false, introduced: true, ...more });
const self = (role) => member(role, { isSelf: true });

test('owners give each role but the one that is there, to who is known', () => {
	const [us, tom, uwe, ada] = [self(OWNER), member(MEMBER), member(MODERATOR), member(OWNER)];
	const all = [us, tom, uwe, ada];
	assert.deepEqual(rolesFor(all, tom), [MODERATOR, OWNER]);
	assert.deepEqual(rolesFor(all, uwe), [OWNER, MEMBER]);
	assert.deepEqual(rolesFor(all, ada), [MODERATOR, MEMBER]);
	assert.deepEqual(rolesFor(all, us), [MODERATOR, MEMBER]);
	const unknown = member(MEMBER, { introduced: false });
	assert.deepEqual(rolesFor([us, unknown], unknown), []);
});

test('nobody else gives roles, and the last owner keeps the own one', () => {
	const tom = member(MEMBER);
	for (const role of [MEMBER, MODERATOR, 0]) {
		const us = self(role);
		assert.deepEqual(rolesFor([us, tom, member(OWNER)], tom), []);
		assert.deepEqual(rolesFor([us, tom, member(OWNER)], us), []);
	}
	assert.deepEqual(rolesFor([tom, member(OWNER)], tom), [], 'who has left gives none');
	const us = self(OWNER);
	assert.deepEqual(rolesFor([us, tom], us), []);
});

test('the last owner is known, and is nobody who is alone', () => {
	assert.ok(isLastOwner([self(OWNER), member(MEMBER)]));
	assert.ok(isLastOwner([member(MODERATOR), self(OWNER)]));
	assert.ok(!isLastOwner([self(OWNER), member(OWNER)]));
	assert.ok(!isLastOwner([self(OWNER)]));
	assert.ok(!isLastOwner([self(MODERATOR), member(OWNER)]));
	assert.ok(!isLastOwner([self(MEMBER), member(MEMBER)]), 'it has none already');
	assert.ok(!isLastOwner([]));
});

test('moderators remove members, owners anyone, nobody themselves', () => {
	for (const [own, other, may] of [
		[OWNER, OWNER, true],
		[OWNER, MEMBER, true],
		[MODERATOR, MEMBER, true],
		[MODERATOR, MODERATOR, false],
		[MODERATOR, OWNER, false],
		[MEMBER, MEMBER, false],
	])
		assert.equal(mayRemove(self(own), member(other)), may);
	const us = self(OWNER);
	assert.equal(mayRemove(us, us), false);
	assert.equal(mayRemove(undefined, member(MEMBER)), false);
});
