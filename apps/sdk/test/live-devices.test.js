// SPDX-License-Identifier: Apache-2.0
// An account's devices: taken up again elsewhere, let in and ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Person } from './people.js';
import { backbone, limit, signedUp } from './live.js';

test('an account is taken up again elsewhere, and deleted', limit, async () => {
	const old = await new Person(backbone.domain('lens'), backbone.url('lens')).open();
	await old.event('connection', (e) => e.connection === 'greeted');
	const words = await old.ask('signUp', { identifier: 'dee', profileName: 'Dee' });
	const device = await new Person(old.app, old.url).open();
	await device.ask('recover', { words, profileName: 'Dee again' });
	await old.event('accountGone');
	assert.equal((await old.ask('account')).state, 'gone');
	assert.equal((await device.ask('account')).profileName, 'Dee again');
	assert.equal((await device.ask('devices')).length, 1);
	await device.ask('deleteAccount');
	assert.equal((await device.ask('account')).state, 'deleted');
	await Promise.all([old, device].map((p) => p.close()));
});

/** A browser that shows its code; the first of what it is asked for is answered once it is in. */
async function newDevice(app) {
	const p = await new Person(backbone.domain(app), backbone.url(app)).open();
	await p.event('connection', (e) => e.connection === 'greeted');
	const code = await p.ask('deviceCode');
	const joined = p.ask('becomeDevice');
	joined.catch(() => undefined);
	return { p, code, joined };
}

/** The start of its key, once the app has what the new device asks. */
async function keyOf(p, code) {
	for (let i = 0; ; i++) {
		try {
			return await p.ask('lookAtDevice', code);
		} catch (e) {
			if (e.code !== 'UC_E_NOT_FOUND' || i === 100) throw e;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}
}

test('a browser is a further device, and is told what others do to the list', limit, async () => {
	const hal = await signedUp('dial', '+498912345', 'Hal');
	const { p: tab, code, joined: before } = await newDevice('dial');
	assert.equal(await tab.ask('deviceCode'), code);
	await assert.rejects(before, { code: 'UC_E_STALE' });
	// Closed while it waits, it goes on with the same code.
	const waiting = assert.rejects(tab.ask('becomeDevice'), { code: 'UC_E_PENDING' });
	await tab.close();
	await waiting;
	const tablet = await new Person(tab.app, tab.url, tab.disk).open();
	assert.equal((await tablet.ask('account')).state, 'joining');
	assert.equal(await tablet.ask('deviceCode'), code);
	const joined = tablet.ask('becomeDevice');
	await assert.rejects(hal.ask('lookAtDevice', 'no code'), { code: 'UC_E_CODE' });
	const key = await keyOf(hal, code);
	assert.equal((await hal.ask('devices')).length, 1);
	await hal.ask('addDevice', code);
	await joined;
	assert.equal((await tablet.ask('account')).state, 'account');
	assert.equal((await tablet.ask('account')).profileName, 'Hal');
	await assert.rejects(tablet.ask('deviceCode'), { code: 'UC_E_EXISTS' });
	const added = (await hal.ask('devices')).find((d) => !d.isThis);
	assert.ok(added.deviceKey.startsWith(key));
	await hal.ask('nameDevice', added.deviceKey, 'Tablet');
	assert.equal((await hal.ask('devices')).find((d) => !d.isThis).name, 'Tablet');
	// What it has done itself is no alarm.
	assert.deepEqual(await hal.ask('deviceChanges'), []);

	const { p: third, code: other, joined: in3 } = await newDevice('dial');
	await keyOf(tablet, other);
	await tablet.ask('addDevice', other);
	await in3;
	await hal.event('device', (e) => e.what === 'added');
	const [change, ...more] = await hal.ask('deviceChanges');
	assert.deepEqual(more, []);
	assert.equal(change.kind, 'added');
	assert.equal(change.by, added.deviceKey);
	await assert.rejects(hal.ask('deviceChangesSeen', change.number + 1), { code: 'UC_E_NOT_FOUND' });
	await hal.ask('deviceChangesSeen', change.number);
	assert.deepEqual(await hal.ask('deviceChanges'), []);
	await assert.rejects(
		hal.ask('endDevice', (await hal.ask('devices')).find((d) => d.isThis).deviceKey),
		{ code: 'UC_E_ARGUMENT' },
	);
	await hal.ask('endDevice', change.deviceKey);
	await third.event('accountGone');
	await tablet.event('device', (e) => e.what === 'ended');
	await hal.until(async () => (await hal.ask('devices')).length === 2);
	await Promise.all([hal, tablet, third].map((p) => p.close()));
});
