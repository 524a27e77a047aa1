// SPDX-License-Identifier: Apache-2.0
// How the log is put together, how the address is read, how names are written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Conversation } = await load('../src/conversation.ts');
const { parseRoute, writeRoute } = await load('../src/route.ts');
const { mistake, normalise, showName, country } = await load('../src/names.ts');
const { showDay, showWhen } = await load('../src/format.ts');
const { explain, troubleOf } = await load('../src/errors.ts');
const { becomeDevice, deviceName } = await load('../src/devices.ts');
const { AGES, isAgeClosed, isClosed, plainStatement, putSettings, readAge } =
	await load('../src/reach.ts');

const id = (n) => n.toString(16).padStart(64, '0');
const NOON = new Date(2026, 4, 3, 12).getTime();

/** A message of Rosa's unless told otherwise. */
function message(number, more = {}) {
	return {
		room: id(1),
		number,
		id: id(1000 + number),
		state: 'received',
		kind: 'text',
		own: false,
		sender: 'Rosa',
		introduced: true,
		member: id(7),
		timeMs: NOON + number * 1000,
		text: `text ${number}`,
		inReplyTo: null,
		edited: false,
		deleted: false,
		...more,
	};
}

const reaction = (number, to, text, more = {}) =>
	message(number, { kind: 'reaction', inReplyTo: id(1000 + to), text, ...more });

/** Holds all that it is given; answers as the library does. */
function library(messages) {
	const asked = [];
	return {
		asked,
		members: async () => [],
		history: async (_, { before = Infinity, limit }) => {
			asked.push(before);
			return messages.filter((m) => m.number < before).slice(-limit);
		},
		messages: async (_, { from, limit }) =>
			messages.filter((m) => m.number >= from).slice(0, limit),
	};
}

async function opened(messages, readUpTo = 0, unread = 0) {
	const core = library(messages);
	const c = new Conversation(id(1), core);
	await c.open(readUpTo, unread);
	return { c, core };
}

test('messages of one sender stand together, of one day under one day', async () => {
	const { c } = await opened([
		message(1),
		message(2),
		message(3, { own: true, member: id(8), sender: 'Me' }),
		message(4, { timeMs: NOON + 86_400_000 }),
	]);
	assert.deepEqual(
		c.entries.value.map((e) => [e.startsDay, e.startsGroup, e.endsGroup]),
		[
			[true, true, false],
			[false, false, true],
			[false, true, true],
			[true, true, true],
		],
	);
});

test('what was refused goes when it is sent again, in whose place another comes', async () => {
	const own = { own: true, member: id(8), sender: 'Me' };
	const { c } = await opened([message(1), message(2, { ...own, state: 'failed' }), message(3)]);
	const numbers = () => c.entries.value.map((e) => e.message.number);
	assert.deepEqual(numbers(), [1, 2, 3]);
	c.take([
		message(4, { ...own, state: 'queued' }),
		message(2, { ...own, state: 'failed', deleted: true, text: '' }),
		message(1, { deleted: true, text: '' }),
	]);
	assert.deepEqual(numbers(), [1, 3, 4]);
	assert.ok(c.entries.value[1].endsGroup);
});

test('reactions are counted by emoji, each sender once, and taken back', async () => {
	const { c } = await opened([
		message(1),
		reaction(2, 1, '👍'),
		reaction(3, 1, '👍'),
		reaction(4, 1, '👍', { own: true, member: id(8) }),
		reaction(5, 1, '😂', { member: id(9), sender: 'Tom' }),
	]);
	const [entry, ...others] = c.entries.value;
	assert.equal(others.length, 0);
	assert.deepEqual(
		entry.reactions.map((r) => [r.emoji, r.count, r.mine?.id ?? null, r.who]),
		[
			['👍', 2, id(1004), ['Rosa']],
			['😂', 1, null, ['Tom']],
		],
	);
	c.take([reaction(4, 1, '👍', { own: true, member: id(8), deleted: true })]);
	assert.deepEqual(
		c.entries.value[0].reactions.map((r) => [r.emoji, r.count, r.mine]),
		[
			['👍', 1, null],
			['😂', 1, null],
		],
	);
});

test('one person cannot bury a message under reactions', async () => {
	const { c } = await opened([
		message(1),
		reaction(2, 1, '😂', { own: true, member: id(8) }),
		...Array.from({ length: 300 }, (_, i) => reaction(3 + i, 1, String.fromCodePoint(0x4e00 + i))),
		...Array.from({ length: 300 }, (_, i) =>
			reaction(400 + i, 1, String.fromCodePoint(0x5e00 + i), {
				member: id(100 + i),
				sender: `s${i}`,
			}),
		),
		...[0, 1, 2].map((i) => reaction(800 + i, 1, '👍', { member: id(900 + i), sender: 'Tom' })),
	]);
	const { reactions } = c.entries.value[0];
	assert.ok(reactions.length <= 13, `${reactions.length} shown`);
	assert.ok(reactions.some((r) => r.mine));
	assert.equal(reactions.find((r) => r.emoji === '👍')?.count, 3);
	assert.ok(reactions.filter((r) => r.who.includes('Rosa')).length <= 4);
});

test('a day to come is no today', () => {
	const now = new Date(2026, 4, 3, 12).getTime();
	assert.equal(showDay(now + 3600_000, now), 'Today');
	assert.equal(showDay(now - 86_400_000, now), 'Yesterday');
	for (const ms of [now + 2 * 86_400_000, now + 400 * 86_400_000, 8.64e15]) {
		assert.match(showDay(ms, now), /\d/);
		assert.doesNotMatch(showWhen(ms, now), /:/);
	}
	assert.match(showWhen(now, now), /:/);
});

test('a change takes the place of what it changes', async () => {
	const { c } = await opened([message(1), message(2)]);
	c.take([message(1, { text: 'other', edited: true })]);
	assert.deepEqual(
		c.entries.value.map((e) => e.message.text),
		['other', 'text 2'],
	);
});

test('earlier pages come when asked for, once, and answers find what they answer', async () => {
	const all = Array.from({ length: 200 }, (_, i) => message(i + 1));
	all[199] = message(200, { inReplyTo: id(1001) });
	const { c, core } = await opened(all);
	assert.equal(c.entries.value.length, 60);
	assert.equal(c.hasEarlier.value, true);
	assert.equal(c.entries.value.at(-1).reply, null);
	await Promise.all([c.loadEarlier(), c.loadEarlier()]);
	assert.deepEqual(core.asked, [Infinity, 141]);
	assert.equal(await c.reveal(id(1001)), true);
	assert.equal(c.hasEarlier.value, false);
	assert.equal(c.entries.value.at(-1).reply.number, 1);
	assert.deepEqual(
		c.entries.value.map((e) => e.message.number),
		all.map((m) => m.number),
	);
	assert.equal(await c.reveal(id(9999)), false);
});

test('what is new begins where reading ended, at a message of others', async () => {
	const { c } = await opened([message(1), message(2, { own: true }), message(3), message(4)], 1, 2);
	assert.deepEqual(
		c.entries.value.filter((e) => e.isFirstNew).map((e) => e.message.number),
		[3],
	);
});

test('addresses lead to what they name, and nowhere else', () => {
	for (const hash of ['#/', '#/requests', `#/room/${id(5)}`, `#/room/${id(5)}?contact=${id(6)}`])
		assert.equal(writeRoute(parseRoute(hash)), hash);
	for (const hash of ['', '#', '#/room/', '#/room/xyz', '#/<script>', `#/room/${id(5)}0`])
		assert.equal(writeRoute(parseRoute(hash)), '#/');
	assert.equal(parseRoute('#/?nothing').panel, null);
	assert.equal(parseRoute('#/?find=abc').arg, null);
});

test('numbers are read as people write them', () => {
	assert.equal(normalise('number', ' +49 (30) 123-4567 '), '+49301234567');
	assert.equal(normalise('number', '0049 30 1234567'), '+49301234567');
	assert.equal(normalise('handle', ' @rosa.luz'), 'rosa.luz');
	assert.equal(mistake('number', '+49301234567'), null);
	assert.equal(mistake('handle', 'rosa.luz'), null);
	assert.equal(mistake('address', 'rosa@example.org'), null);
	for (const bad of [
		'',
		'49301234567',
		'+123456',
		'+1234567890123456',
		'+0123456789',
		'+49a3012345',
	])
		assert.equal(typeof mistake('number', bad), 'string', bad);
	for (const bad of ['', 'a', '.rosa', 'rosa.', 'ro..sa', 'rösa', 'r'.repeat(31)])
		assert.equal(typeof mistake('handle', bad), 'string', bad);
	for (const bad of ['', 'rosa', '@example.org', 'a b@example.org', 'a@@b'])
		assert.equal(typeof mistake('address', bad), 'string', bad);
	assert.match(country('+4930'), /^\+49 /);
	assert.equal(country('+'), '');
});

test('names are shown so that the eye can hold them', () => {
	const plain = (s) => s.replace(/\u00A0/g, ' ');
	assert.equal(plain(showName('number', '+4930123456')), '+49 30 123 456');
	assert.equal(plain(showName('number', '+15551234567')), '+1 555 123 4567');
	assert.equal(plain(showName('number', '+491511234567')), '+49 151 123 4567');
	assert.equal(showName('handle', 'rosa'), '@rosa');
	assert.equal(showName('number', '\u202Eno number'), '\uFFFDno number');
});

test('errors are told in words, whatever they are', () => {
	const error = (code, of) => Object.assign(new Error('x'), { code, class: of });
	assert.match(explain(error('UC_E_TAKEN', 'state'), 'signUp'), /Choose another/);
	assert.notEqual(
		explain(error('UC_E_NOT_FOUND', 'usage'), 'ask'),
		explain(error('UC_E_NOT_FOUND', 'usage'), 'recover'),
	);
	for (const doing of ['report', 'report-request']) {
		assert.match(explain(error('UC_E_PEER', 'net'), doing), /does not answer.*nobody took/);
		assert.match(explain(error('UC_E_BUSY', 'limit'), doing), /takes no more.*Try again later/);
		assert.doesNotMatch(explain(error('UC_E_BUSY', 'limit'), doing), /answer/);
	}
	for (const of of ['usage', 'protocol', 'crypto', 'state', 'limit', 'store', 'net', 'memory', 'x'])
		assert.match(explain(error('UC_E_NEW', of)), /^[A-Z].*\.$/);
	assert.match(explain(new TypeError('internal')), /^[A-Z].*\.$/);
});

test("the app's own words stand beside ours", () => {
	const error = (code, said) => Object.assign(new Error('x'), { code, class: 'limit', said });
	assert.deepEqual(troubleOf(error('UC_E_RATE', ''), 'ask'), {
		text: explain(error('UC_E_RATE', ''), 'ask'),
		said: '',
	});
	const busy = troubleOf(error('UC_E_BUSY', 'its operator can mend it'));
	assert.equal(busy.said, 'its operator can mend it');
	assert.doesNotMatch(busy.text, /busy/);
	assert.equal(troubleOf(new TypeError('x')).said, '');
});

test('a browser becomes a device, however often its core begins anew', async () => {
	const error = (code) => Object.assign(new Error('x'), { code });
	const shown = [];
	const core = (...ends) => ({
		account: async () => ({ state: 'account' }),
		deviceCode: async () => 'the code',
		becomeDevice: async () => {
			const end = ends.shift();
			if (end) throw error(end);
		},
	});
	const show = (code) => shown.push(code);
	await becomeDevice(core('UC_E_PENDING', 'UC_E_PENDING', null), show);
	assert.deepEqual(shown, Array(3).fill('the code'));
	await assert.rejects(becomeDevice(core('UC_E_TIMEOUT'), show), { code: 'UC_E_TIMEOUT' });
	await becomeDevice(core('UC_E_EXISTS'), show);
	const none = { ...core('UC_E_EXISTS'), account: async () => ({ state: 'gone' }) };
	await assert.rejects(becomeDevice(none, show), { code: 'UC_E_EXISTS' });
});

test('a device is called as it was named, or by its key', () => {
	const of = (name, isThis) => [{ deviceKey: 'ab12'.repeat(16), name, isThis }];
	const key = 'ab12'.repeat(16);
	assert.equal(deviceName(of('Old phone', false), key), 'Old phone');
	assert.equal(deviceName(of('', true), key), 'This browser');
	assert.equal(deviceName(of('', false), key), 'Device ab12 ab12 ab12 ab12');
	assert.equal(deviceName([], key), 'Device ab12 ab12 ab12 ab12');
});

test('what an age closes stays closed, and nobody becomes older', () => {
	const young = { said: true, age: '13-15', ask: 'anybody', add: 'nobody', findByName: false };
	assert.equal(isClosed(young, 'add', 'contacts'), true);
	assert.equal(isClosed(young, 'add', 'nobody'), false);
	assert.equal(isClosed(young, 'ask', 'nobody'), false);
	assert.equal(isClosed({ ...young, age: '16-17' }, 'add', 'contacts'), false);
	for (const [age, is] of [
		['child', false],
		['13-15', false],
		['16-17', true],
		['adult', true],
		['unknown', true],
	]) {
		assert.equal(isAgeClosed(young, age), is, age);
		assert.equal(isAgeClosed({ ...young, said: false }, age), false, age);
		assert.equal(isAgeClosed({ ...young, age: 'adult' }, age), false, age);
	}
});

test("settings wait for the app's to be seen, and for nothing else", async () => {
	const fails = (...codes) => ({
		connection: 'online',
		tried: 0,
		async setSettings() {
			const code = codes[this.tried++];
			if (code) throw Object.assign(new Error(code), { code });
		},
	});
	const soon = fails('UC_E_NET', 'UC_E_BUSY');
	await putSettings(soon, {});
	assert.equal(soon.tried, 3);
	const closed = fails('UC_E_NOT_ALLOWED');
	await assert.rejects(putSettings(closed, {}), { code: 'UC_E_NOT_ALLOWED' });
	const offline = { ...fails('UC_E_NET'), connection: 'offline' };
	await assert.rejects(putSettings(offline, {}), { code: 'UC_E_NET' });
});

test('who is vouched for may say to be as old as that, and no older', () => {
	const said = { said: true, age: '13-15' };
	const open = (known) => AGES.filter((age) => !isAgeClosed(said, age, known));
	assert.deepEqual(open({ by: 'service', age: '16-17' }), ['child', '13-15', '16-17']);
	assert.deepEqual(open({ by: 'app', age: 'adult' }), ['child', '13-15', '16-17', 'adult']);
	assert.deepEqual(open({ by: 'service', age: 'child' }), ['child', '13-15']);
	for (const known of [null, { by: 'nobody', age: 'unknown' }])
		assert.deepEqual(open(known), ['child', '13-15']);
});

test('the age that counts is waited for where there is a connection', async () => {
	const net = Object.assign(new Error('net'), { code: 'UC_E_NET', class: 'net' });
	let asked = 0;
	const core = {
		connection: 'online',
		async ageKnown() {
			if (++asked < 3) throw net;
			return { by: 'app', age: 'adult' };
		},
	};
	assert.deepEqual(await readAge(core), { by: 'app', age: 'adult' });
	asked = -10;
	core.connection = 'offline';
	assert.equal(await readAge(core), null);
	core.ageKnown = async () => Promise.reject(new Error('broken'));
	await assert.rejects(readAge(core));
});

test('a statement that a mail has broken into lines is whole', () => {
	assert.equal(plainStatement(' age-statement.AB\r\n CD-_ \n'), 'age-statement.ABCD-_');
});

test('what is wrong with a statement is said, whatever part of it is', () => {
	const error = (code, of) => Object.assign(new Error('x'), { code, class: of });
	for (const code of ['UC_E_CBOR', 'UC_E_MALFORMED', 'UC_E_TRAILING', 'UC_E_VERSION', 'UC_E_TEXT'])
		assert.match(explain(error(code, 'protocol'), 'age'), /not what a service gives/, code);
	assert.match(explain(error('UC_E_NOT_ALLOWED', 'protocol'), 'age'), /does not believe/);
	assert.match(explain(error('UC_E_KEY', 'crypto'), 'age'), /another account/);
	assert.match(explain(error('UC_E_STALE', 'state'), 'age'), /too old/);
	assert.match(explain(error('UC_E_NET', 'net'), 'age'), /no connection/);
});
