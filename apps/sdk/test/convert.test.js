// SPDX-License-Identifier: Apache-2.0
// What hubs and people on other apps may say, as a page gets it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as convert from '../src/convert.ts';

test('a time of a hub is one that a Date can hold, whatever it says', () => {
	const worst = Number(2n ** 64n - 1n);
	for (const said of [0, 1_700_000_000_000, 8.64e15 + 1, worst])
		for (const got of [
			convert.message({ time_ms: said }).timeMs,
			convert.room({ last_ms: said }).lastMs,
			convert.request({ time_ms: said }).timeMs,
			convert.device({ added_ms: said }).addedMs,
		]) {
			assert.ok(Number.isFinite(new Date(got).getTime()), String(said));
			if (said < 8.64e15) assert.equal(got, said);
		}
});

test('what is not there is null, and no word of the core is left', () => {
	const struct = {
		id: 'i',
		incoming: true,
		by_invitation: false,
		state: 'UC_REQUEST_OPEN',
		app: 'a',
		name: 'n',
		text: 't',
		time_ms: 5,
		blocked: false,
		has_contact: false,
		contact: '00',
		has_room: true,
		room: 'r',
	};
	const plain = { id: 'i', incoming: true, app: 'a', name: 'n', text: 't', blocked: false };
	assert.deepEqual(convert.request(struct), {
		...plain,
		byInvitation: false,
		state: 'open',
		timeMs: 5,
		contact: null,
		room: 'r',
	});
	// There is no code in them, so that whether one is set stays.
	assert.equal(convert.settings({ has_code: true, find_by_name: false }).hasCode, true);
	assert.equal(convert.account({ names: undefined, picture: 0 }).names, null);
	assert.equal(convert.last('UC_NAME_ADDRESS'), 'address');
	assert.equal(convert.last(undefined), undefined);
});
