// SPDX-License-Identifier: Apache-2.0
// What the tests on real servers share: a backbone for as long as the file runs, and people on it.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { closeAll, Person } from './people.js';
import { Backbone } from './backbone.js';

export let backbone;
before(async () => {
	backbone = await Backbone.start();
});
after(async () => {
	await closeAll();
	backbone?.stop();
});
export const limit = { timeout: 60_000 };

export async function signedUp(app, identifier, profileName) {
	const p = await new Person(backbone.domain(app), backbone.url(app)).open();
	await p.event('connection', (e) => e.connection === 'greeted');
	let code;
	if (app !== 'lens') {
		await p.ask('requestCode', identifier);
		code = await backbone.code(identifier);
	}
	const words = await p.ask('signUp', { identifier, code, profileName });
	assert.equal(words.split(' ').length, 24);
	assert.equal(await p.ask('recoveryWords'), words);
	await p.ask('recoveryConfirmed');
	await assert.rejects(p.ask('recoveryWords'), { code: 'UC_E_NOT_FOUND' });
	return p;
}

/** Sets them, once the app's have been seen, which is soon after signing in. */
export async function put(p, settings) {
	for (let i = 0; i < 100; i++) {
		try {
			return await p.ask('setSettings', settings);
		} catch (e) {
			if (e.code !== 'UC_E_NET') throw e;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
	throw new Error("the app's settings were not seen");
}

/** They ask, the other accepts; both rooms. */
export async function met(asker, other, identifier) {
	// By an address nobody is found before they say so.
	if (identifier.includes('@'))
		await put(other, { ...(await other.ask('defaultSettings', 'adult')), findByName: true });
	await asker.ask('ask', other.app, identifier);
	const { request } = await other.event('request');
	await other.ask('accept', request);
	const room = (p, app) =>
		p.until(async () => {
			const direct = (await p.ask('contacts')).find((c) => c.app === app)?.direct;
			const rooms = await p.ask('rooms');
			return rooms.some((r) => r.id === direct && r.state === 'open') && direct;
		});
	return [await room(asker, other.app), await room(other, asker.app)];
}
