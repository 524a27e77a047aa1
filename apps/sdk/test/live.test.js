// SPDX-License-Identifier: Apache-2.0
// Devices with the browser's core on three apps of a real undercroftd, one of them against the
// terminal client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeAll, Person } from './people.js';
import { Backbone } from './backbone.js';

let backbone;
before(async () => {
	backbone = await Backbone.start();
});
after(async () => {
	await closeAll();
	backbone?.stop();
});
const limit = { timeout: 60_000 };

async function signedUp(app, identifier, profileName) {
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

test('two people meet across apps and talk', limit, async () => {
	const rosa = await signedUp('dial', '+4915112345678', 'Rosa');
	const tom = await signedUp('lens', 'tom', 'Tom');
	const account = await tom.ask('account');
	assert.equal(account.names, 'handle');
	assert.equal(account.profileName, 'Tom');
	assert.equal(account.recoveryConfirmed, true);
	assert.equal((await tom.ask('devices')).length, 1);

	await rosa.ask('ask', tom.app, 'tom', 'Are the beans up?');
	await assert.rejects(rosa.ask('ask', tom.app, 'nobody'), { code: 'UC_E_NOT_FOUND' });
	const { request } = await tom.event('request');
	const [asked] = await tom.ask('requests');
	assert.deepEqual(
		{ ...asked, timeMs: 0 },
		{
			id: request,
			incoming: true,
			state: 'open',
			app: rosa.app,
			name: 'Rosa',
			text: 'Are the beans up?',
			timeMs: 0,
			contact: null,
			room: null,
		},
	);
	await tom.ask('accept', request);
	const { room } = await rosa.event('roomJoined');
	await rosa.until(async () => (await rosa.ask('rooms'))[0]?.name === 'Tom');
	const [theirs] = await tom.until(async () => {
		const rooms = await tom.ask('rooms');
		return rooms[0]?.state === 'open' && rooms[0].name === 'Rosa' && rooms;
	});
	const id = await rosa.ask('send', room, 'Hello \u{1f331}');
	const { message } = await tom.event('message', (e) => e.message.text.startsWith('Hello'));
	assert.equal(message.id, id);
	assert.equal(message.sender, 'Rosa');
	assert.equal(message.text, 'Hello \u{1f331}');
	await rosa.event('messageState', (e) => e.message.id === id && e.message.state === 'accepted');
	await tom.ask('sendReply', theirs.id, id, 'They are.');
	const { message: reply } = await rosa.event('message', (e) => e.message.text === 'They are.');
	assert.equal(reply.inReplyTo, id);
	await tom.ask('sendReaction', theirs.id, id, '\u{1f44d}');
	await rosa.event('message', (e) => e.message.kind === 'reaction');

	const all = await rosa.ask('messages', room);
	assert.ok(all.length >= 3);
	assert.deepEqual(await rosa.ask('history', room), all);
	assert.deepEqual(await rosa.ask('history', room, { limit: 2 }), all.slice(-2));
	assert.deepEqual(
		await rosa.ask('history', room, { before: all.at(-1).number, limit: 1 }),
		all.slice(-2, -1),
	);
	assert.equal((await rosa.ask('rooms'))[0].unread > 0, true);
	await rosa.ask('markRead', room, all.at(-1).number);
	assert.equal((await rosa.ask('rooms'))[0].unread, 0);

	const [contact] = await rosa.ask('contacts');
	const number = await rosa.ask('safetyNumber', contact.id);
	const [back] = await tom.ask('contacts');
	assert.equal(await tom.ask('safetyNumber', back.id), number);
	await rosa.ask('setVerified', contact.id, true);
	assert.equal((await rosa.ask('contacts'))[0].verified, true);

	// Closed and opened again on what was durable, and what was queued while away is sent.
	await tom.close();
	await rosa.ask('send', room, 'while you were away');
	const again = await new Person(tom.app, tom.url, tom.disk).open();
	await again.event('message', (e) => e.message.text === 'while you were away');
	await again.close();
	await rosa.close();
});
