// SPDX-License-Identifier: Apache-2.0
// Devices with the browser's core on three apps of a real undercroftd, one of them against the
// terminal client.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Person } from './people.js';
import { backbone, limit, met, signedUp } from './live.js';

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
			byInvitation: false,
			state: 'open',
			app: rosa.app,
			name: 'Rosa',
			text: 'Are the beans up?',
			timeMs: 0,
			untilMs: 0,
			blocked: false,
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

test('a picture and words about oneself come to contacts', limit, async () => {
	const uma = await signedUp('dial', '+4930777', 'Uma');
	const vic = await signedUp('lens', 'vic', 'Vic');
	const picture = Uint8Array.from({ length: 9000 }, (_, i) => i % 251);
	picture.set([0xff, 0xd8, 0xff]);
	await assert.rejects(uma.ask('setPicture', new Uint8Array(20000)), { code: 'UC_E_TOO_LARGE' });
	await assert.rejects(uma.ask('setPicture', new Uint8Array(20)), { code: 'UC_E_UNSUPPORTED' });
	await assert.rejects(uma.ask('setPicture', 'none'), { code: 'UC_E_ARGUMENT' });
	await assert.rejects(uma.ask('setAbout', 'a'.repeat(141)), { code: 'UC_E_TOO_LARGE' });
	await assert.rejects(uma.ask('picture'), { code: 'UC_E_NOT_FOUND' });
	assert.deepEqual((({ about, picture }) => [about, picture])(await uma.ask('account')), [
		'',
		null,
	]);
	await uma.ask('setPicture', picture);
	await uma.ask('setAbout', 'Keeps bees \u{1f41d}');
	await met(uma, vic, 'vic');
	const seen = async () => (await vic.ask('contacts'))[0];
	await vic.until(async () => (await seen()).picture);
	const { id, about, picture: first } = await seen();
	assert.equal(about, 'Keeps bees \u{1f41d}');
	assert.deepEqual(await vic.ask('picture', id), picture);
	assert.deepEqual(await uma.ask('picture'), picture);
	const lines = (await vic.ask('exportData'))
		.trim()
		.split('\n')
		.map((l) => JSON.parse(l));
	const [kept] = lines.filter((l) => l.type === 'picture');
	assert.deepEqual([kept.of, kept.kind], [id, 'jpeg']);
	assert.deepEqual(Uint8Array.from(Buffer.from(kept.base64url, 'base64url')), picture);
	picture[8000] = 0;
	await uma.ask('setPicture', picture);
	await vic.until(async () => (await seen()).picture !== first);
	assert.deepEqual(await vic.ask('picture', id), picture);
	await uma.ask('setPicture', null);
	await vic.until(async () => (await seen()).picture === null);
	await assert.rejects(vic.ask('picture', id), { code: 'UC_E_NOT_FOUND' });
	await uma.close();
	await vic.close();
});

/** To the terminal and back, in parts. */
async function files(ada, room) {
	const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7 + (i >> 8));
	const to = path.join(backbone.dir, 'beans.jpg');
	const id = await ada.ask('sendFile', room, { name: '/x/beans.png', type: 'image/png', bytes });
	await ada.event('file', (e) => e.room === room && e.bytesDone === e.bytesTotal);
	await ada.event('messageState', (e) => e.message.id === id && e.message.state === 'accepted');
	const lines = (await backbone.cli('-p', 'bo', '--json', 'read', 'Ada', '--numbers')).split('\n');
	const { number, file_name: name } = lines
		.filter(Boolean)
		.map((l) => JSON.parse(l))
		.find((l) => l.kind === 'file');
	assert.equal(name, 'beans.png');
	await backbone.cli('-p', 'bo', 'save', 'Ada', String(number), to);
	assert.deepEqual(new Uint8Array(await readFile(to)), bytes);
	await backbone.cli('-p', 'bo', 'send', 'Ada', '--file', to);
	const { message } = await ada.event(
		'message',
		(e) => e.message.kind === 'file' && !e.message.own,
	);
	assert.deepEqual(message.file, { name: 'beans.jpg', type: 'image/jpeg', bytes: bytes.length });
	const read = () => ada.ask('readFile', room, message.number);
	await assert.rejects(read(), { code: 'UC_E_NOT_FOUND' });
	await ada.ask('fetchFile', room, message.number);
	assert.deepEqual(await read(), bytes);
	await ada.ask('forgetFile', room, message.number);
	await assert.rejects(read(), { code: 'UC_E_NOT_FOUND' });
	const large = new Uint8Array(16 * 1024 * 1024 + 1);
	await assert.rejects(ada.ask('sendFile', room, { name: 'large', bytes: large }), {
		code: 'UC_E_TOO_LARGE',
	});
}

test('with the terminal client', limit, async () => {
	const ada = await signedUp('plaza', 'ada@example.net', 'Ada');
	await backbone.cli('-p', 'bo', 'sign-up', 'lens', 'bo_cli', '--name', 'Bo');
	await ada.ask('ask', backbone.domain('lens'), 'bo_cli', 'From a browser');
	await backbone.cli('-p', 'bo', 'accept', 'Ada', '--say', 'From a terminal');
	const { message } = await ada.event('message', (e) => e.message.text === 'From a terminal');
	assert.equal(message.sender, 'Bo');
	const id = await ada.ask('sendReply', message.room, message.id, 'Hello terminal');
	await ada.event('messageState', (e) => e.message.id === id && e.message.state === 'accepted');
	assert.match(await backbone.cli('-p', 'bo', 'read', 'Ada'), /Hello terminal/);
	const [contact] = await ada.ask('contacts');
	const number = await ada.ask('safetyNumber', contact.id);
	assert.ok((await backbone.cli('-p', 'bo', 'safety', 'Ada')).includes(number));
	await files(ada, message.room);
	await ada.close();
});

test('groups across three apps; edited, deleted, renamed, left', limit, async () => {
	const ann = await signedUp('dial', '+4930111', 'Ann');
	const ben = await signedUp('lens', 'ben', 'Ben');
	const cyd = await signedUp('plaza', 'cyd@example.net', 'Cyd');
	const [direct] = await met(ann, ben, 'ben');
	await met(ann, cyd, 'cyd@example.net');
	const contacts = await ann.ask('contacts');
	const of = (name) => contacts.find((c) => c.name === name);
	assert.equal(await ann.ask('startDirect', of('Ben').id), direct);
	const group = await ann.ask('createGroup', 'Beans', [of('Ben').id]);
	await ann.ask('addToGroup', group, of('Cyd').id);
	const joined = (p) =>
		p.until(async () =>
			(await p.ask('rooms')).find((r) => r.name === 'Beans' && r.state === 'open'),
		);
	const [atBen, atCyd] = [await joined(ben), await joined(cyd)];
	await ann.until(async () => (await ann.ask('members', group)).length === 3);
	const id = await ann.ask('send', group, 'beens');
	await cyd.event('message', (e) => e.message.text === 'beens');
	await ann.ask('sendEdit', group, id, 'beans');
	const { message } = await cyd.event('messageState', (e) => e.message.edited);
	assert.equal(message.text, 'beans');
	await ann.ask('sendDelete', group, id);
	await cyd.event('messageState', (e) => e.message.deleted);
	await cyd.ask('renameGroup', atCyd.id, 'Soup');
	const { room } = await ben.event('roomChanged', (e) => e.what === 'name');
	assert.equal(room, atBen.id);
	const member = (name) =>
		ann.until(async () => (await ann.ask('members', group)).find((m) => m.name === name));
	const [hers, his] = [await member('Ann'), await member('Ben')];
	assert.deepEqual([hers.role, his.role], [4, 2]);
	for (const [role, code] of [
		[3, 'UC_E_LAST_OWNER'],
		[1, 'UC_E_ARGUMENT'],
		[5, 'UC_E_ARGUMENT'],
	])
		await assert.rejects(ann.ask('setRole', group, hers.id, role), { code });
	await assert.rejects(ann.ask('setRole', direct, his.id, 3), { code: 'UC_E_POLICY' });
	const asBen = (await ben.ask('members', atBen.id)).find((m) => m.isSelf);
	await assert.rejects(ben.ask('setRole', atBen.id, asBen.id, 4), { code: 'UC_E_POLICY' });
	await ann.ask('setRole', group, his.id, 3);
	const told = await ben.event('roomChanged', (e) => e.what === 'role');
	assert.deepEqual([told.room, told.member], [atBen.id, asBen.id]);
	assert.equal((await member('Ben')).role, 3);
	const before = await cyd.ask('members', atCyd.id);
	assert.deepEqual(before.map((m) => m.app).sort(), [ann.app, ben.app, cyd.app].sort());
	await cyd.ask('leave', atCyd.id);
	await ann.until(async () => (await ann.ask('members', group)).length === 2);
	const ours = (await ann.ask('members', group)).find((m) => !m.isSelf);
	await ann.ask('removeFromGroup', group, ours.id);
	await ben.event('roomLeft', (e) => e.room === atBen.id);
	await ann.ask('block', of('Ben').id, true);
	await ann.until(async () => (await ann.ask('contacts')).find((c) => c.name === 'Ben').blocked);
	await Promise.all([ann, ben, cyd].map((p) => p.close()));
});

test('somebody is a persona in a group, and chooses when', limit, async () => {
	const ivy = await signedUp('dial', '+4930888', 'Ivy');
	const jon = await signedUp('lens', 'jon', 'Jon');
	await met(ivy, jon, 'jon');
	await jon.ask('waitToIntroduce', true);
	assert.equal((await jon.ask('account')).waitsToIntroduce, true);
	await jon.ask('removeNotIntroduced', true);
	assert.equal((await jon.ask('account')).removesNotIntroduced, true);
	await jon.ask('removeNotIntroduced', false);
	assert.equal((await jon.ask('account')).removesNotIntroduced, false);
	const [contact] = await ivy.ask('contacts');
	const group = await ivy.ask('createGroup', 'Owls', [contact.id], { as: 'Moth' });
	const at = await jon.until(async () =>
		(await jon.ask('rooms')).find((r) => r.name === 'Owls' && r.state === 'open'),
	);
	assert.equal(at.says, 'nothing');
	await assert.rejects(jon.ask('send', at.id, 'hoo'), { code: 'UC_E_NOT_INTRODUCED' });
	await jon.ask('introduce', at.id, { as: 'Owl' });
	const other = async (p, room) => (await p.ask('members', room)).find((m) => !m.isSelf);
	await ivy.until(async () => (await other(ivy, group)).name === 'Owl');
	const moth = await other(jon, at.id);
	assert.deepEqual([moth.name, moth.persona, moth.contact], ['Moth', true, null]);
	await ivy.ask('send', group, 'shriek');
	const { message } = await jon.event('message', (e) => e.message.text === 'shriek');
	assert.equal(message.sender, `Moth, by that name here only; of ${ivy.app}`);
	await jon.ask('blockMember', at.id, moth.id, true);
	assert.equal((await other(jon, at.id)).blocked, true);
	assert.equal((await ivy.ask('rooms')).find((r) => r.id === group).persona, 'Moth');
	await Promise.all([ivy, jon].map((p) => p.close()));
});

test('two accounts are shown to be one person, and no more', limit, async () => {
	const hal = await signedUp('dial', '+4930444', 'Hal');
	const other = await signedUp('lens', 'hal_l', 'Hal L.');
	const gus = await signedUp('plaza', 'gus@example.net', 'Gus');
	await met(hal, gus, 'gus@example.net');
	const offer = await hal.ask('beginLink');
	const asked = await other.ask('lookAtLink', offer);
	assert.deepEqual([asked.state, asked.name, asked.app], ['offered', 'Hal', hal.app]);
	const answer = await other.ask('acceptLink', offer, { withIdentifier: true });
	const whole = await hal.ask('takeLink', answer);
	assert.equal(await other.ask('takeLink', whole), '');
	await assert.rejects(gus.ask('takeLink', whole), { code: 'UC_E_NOT_FOUND' });
	const [link] = await hal.ask('links');
	assert.equal(link.state, 'linked');
	const [contact] = await gus.ask('contacts');
	assert.deepEqual(await gus.ask('contactLinks', contact.id), []);
	await hal.ask('showLink', link.id, (await hal.ask('contacts'))[0].id);
	const shown = () => gus.ask('contactLinks', contact.id);
	const [linked] = await gus.until(async () => (await shown()).length && shown());
	assert.deepEqual([linked.name, linked.identifier, linked.contact], ['Hal L.', 'hal_l', null]);
	await hal.ask('withdrawLink', link.id);
	await gus.until(async () => !(await shown()).length);
	await Promise.all([hal, other, gus].map((p) => p.close()));
});

const NAME_CHANGE = 41;

/** From now on the app refuses such requests of that person, with these words. */
function refuses(p, type, status, words) {
	const text = new TextEncoder().encode(words);
	const head = text.length < 64 ? [text.length] : [0x40 | (text.length >> 8), text.length & 255];
	p.WebSocket = class extends p.WebSocket {
		emit(event, data, ...rest) {
			const b = event === 'message' ? new Uint8Array(data) : [];
			if (b[0] !== 2 || ((b[1] << 8) | b[2]) !== type) return super.emit(event, data, ...rest);
			const refusal = [...b.slice(0, 7), status >> 8, status & 255, 0, 0, 0, 0, ...head, ...text];
			return super.emit(event, Uint8Array.from(refusal).buffer, ...rest);
		}
	};
}

test('what the app says of its refusal is handed on, and whose the damage is', limit, async () => {
	const WORDS = 'something that the app has stored of this is damaged; its operator can mend it';
	const ivy = await signedUp('lens', 'ivy', 'Ivy');
	await assert.rejects(ivy.ask('rename', '.'), { code: 'UC_E_NAME', said: '' });
	await ivy.close();
	const again = new Person(ivy.app, ivy.url, ivy.disk);
	refuses(again, NAME_CHANGE, 0x0602, WORDS);
	await again.open();
	await again.event('connection', (e) => e.connection === 'online');
	const refused = { code: 'UC_E_BUSY', class: 'limit', said: WORDS };
	await assert.rejects(again.ask('rename', 'ivy_2'), refused);
	await assert.rejects(again.ask('rename', 'ivy_3'), refused);
	// Told once, and its own store is whole.
	const told = again.told.filter((m) => m.kind === 'warning').map((m) => m.event);
	assert.deepEqual(
		told.map((e) => [e.error.code, e.text, e.room]),
		[['UC_E_CORRUPT', WORDS, null]],
	);
	assert.equal(again.device.tab, 'here');
	await again.close();
});

const texts = async (p, room) =>
	(await p.ask('messages', room)).filter((m) => m.kind === 'text').map((m) => m.text);

test(
	'killed at any moment, servers too: everything arrives, once',
	{ timeout: 120_000 },
	async () => {
		let fay = await signedUp('dial', '+4930222', 'Fay');
		const gus = await signedUp('lens', 'gus', 'Gus');
		const [room, back] = await met(fay, gus, 'gus');
		fay.disk.delayMs = 25;
		// Amid snapshots, too.
		Object.assign(fay.disk, { quietMs: 1, generous: true });
		let n = 0;
		const confirmed = [];
		for (let round = 0; round < 12; round++) {
			for (let i = 0; i < 5; i++) {
				const text = `fay ${++n}`;
				fay.ask('send', room, text).then(
					() => confirmed.push(text),
					() => undefined,
				);
				await gus.ask('send', back, `gus ${n}`);
				confirmed.push(`gus ${n}`);
			}
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
			// Nothing of what waits is written or sent any more.
			await fay.close();
			if (round % 6 === 5) {
				backbone.kill();
				backbone.startAgain();
			}
			fay = await new Person(fay.app, fay.url, fay.disk).open();
			const there = new Set(await texts(fay, room));
			for (const text of confirmed.filter((t) => t.startsWith('fay')))
				assert.ok(there.has(text), `${text} was confirmed`);
		}
		const all = async (p, r) => {
			const have = await texts(p, r);
			return confirmed.every((t) => have.includes(t)) && have;
		};
		const [atFay, atGus] = [
			await fay.until(() => all(fay, room)),
			await gus.until(() => all(gus, back)),
		];
		await fay.until(async () =>
			(await fay.ask('messages', room)).every(
				(m) => !m.own || m.state === 'accepted' || m.kind === 'note',
			),
		);
		for (const have of [atFay, atGus]) assert.equal(new Set(have).size, have.length);
		await new Promise((resolve) => setTimeout(resolve, 200));
		assert.ok(fay.disk.replaced > 0);
		assert.deepEqual(fay.disk.journal, []);
		await Promise.all([fay, gus].map((p) => p.close()));
	},
);
