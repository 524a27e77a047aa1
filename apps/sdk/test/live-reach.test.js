// SPDX-License-Identifier: Apache-2.0
// Who may reach an account, as it says, as a service vouches and as the app enforces.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Person } from './people.js';
import { backbone, limit, put, signedUp } from './live.js';

test('a service vouches for an age', limit, async () => {
	const signs = await backbone.ageService('school.example');
	const kit = await signedUp('lens', 'kit', 'Kit');
	await kit.event('connection', (e) => e.connection === 'online');
	const request = await kit.ask('requestAge', 'school.example');
	assert.equal(await kit.ask('requestAge', 'school.example'), request);
	await assert.rejects(kit.ask('requestAge', 'No Name'), { code: 'UC_E_ARGUMENT' });
	await assert.rejects(kit.ask('presentAge', request), { code: 'UC_E_MALFORMED' });
	await kit.ask('presentAge', signs('16-17', request));
	assert.deepEqual(await kit.ask('ageKnown'), { by: 'service', age: '16-17' });
	await kit.close();
});

test('who may reach an account is set and read back', limit, async () => {
	const hal = await signedUp('plaza', 'hal@example.net', 'Hal');
	// By an e-mail address nobody is found who has not said so.
	const begins = await hal.ask('settings');
	assert.equal(begins.said, false);
	assert.equal(begins.age, 'unknown');
	const adult = await hal.ask('defaultSettings', 'adult');
	assert.deepEqual([adult.ask, adult.add, adult.findByName], ['anybody', 'contacts', false]);
	const closed = { age: 'adult', ask: 'handed', add: 'nobody', findByName: false };
	await put(hal, closed);
	const more = { findByNumber: false, hasCode: false, said: true, appShowedOthers: false };
	const now = { ...closed, ...more };
	assert.deepEqual(await hal.ask('settings'), now);
	for (const wrong of [{ age: '12' }, { ask: 'everybody' }, { add: 1 }, { age: 'toString' }])
		await assert.rejects(hal.ask('setSettings', { ...closed, ...wrong }), {
			code: 'UC_E_ARGUMENT',
		});
	await assert.rejects(hal.ask('defaultSettings', 'old'), { code: 'UC_E_ARGUMENT' });
	// Durable here, and enforced there.
	await hal.close();
	const again = await new Person(hal.app, hal.url, hal.disk).open();
	assert.deepEqual(await again.ask('settings'), now);
	const ida = await signedUp('lens', 'ida', 'Ida');
	const found = () => ida.ask('ask', again.app, 'hal@example.net', 'Hello');
	await Promise.allSettled([found()]);
	assert.deepEqual(await again.ask('requests'), []);
	await again.event('connection', (e) => e.connection === 'online');
	await put(again, { ...closed, ask: 'anybody', findByName: true });
	await found();
	await again.event('request');
	// A minor does not grow older, and opens nothing.
	const young = await again.ask('defaultSettings', '13-15');
	assert.deepEqual([young.add, young.findByName], ['nobody', false]);
	await again.ask('setSettings', young);
	for (const wider of [{ age: 'adult' }, { add: 'contacts' }, { findByName: true }])
		await assert.rejects(again.ask('setSettings', { ...young, ...wider }), {
			code: 'UC_E_NOT_ALLOWED',
		});
	assert.equal((await again.ask('settings')).age, '13-15');
	await Promise.all([again, ida].map((p) => p.close()));
});

test('who wants it is found by who has the number', limit, async () => {
	const lia = await signedUp('dial', '+4930555', 'Lia');
	const max = await signedUp('dial', '+4930666', 'Max');
	const uma = await signedUp('dial', '+4930777', 'Uma');
	await assert.rejects(max.ask('setFindable', true), { code: /^UC_E_(NOT_ALLOWED|NET)$/ });
	await put(max, await max.ask('defaultSettings', 'adult'));
	await max.ask('setFindable', true);
	assert.equal((await max.ask('settings')).findByNumber, true);
	await backbone.operator('build-filter', 'dial');
	const numbers = ['+49 30 666', '+4930777'];
	const state = async () =>
		Object.fromEntries((await lia.ask('numbers')).map((n) => [n.number, n.state]));
	// The filter is made beside everything else.
	for (let i = 0; i < 100 && (await state())['+4930666'] !== 'found'; i++) {
		if (i) await new Promise((resolve) => setTimeout(resolve, 50));
		await lia.ask('findNumbers', numbers);
	}
	assert.deepEqual(await state(), { '+4930666': 'found', '+4930777': 'not found' });
	assert.equal((await lia.event('numberFound')).number, '+4930666');
	await lia.ask('ask', lia.app, '+4930666', '');
	await max.event('request');
	for (const wrong of [[], ['112'], [7], '+4930666', ['+4930666\0']])
		await assert.rejects(lia.ask('findNumbers', wrong), { code: /^UC_E_(ARGUMENT|NAME)$/ });
	await lia.ask('forgetNumbers');
	assert.deepEqual(await lia.ask('numbers'), []);
	await max.ask('setFindable', false);
	await Promise.all([lia, max, uma].map((p) => p.close()));
});
