// SPDX-License-Identifier: Apache-2.0
// What the state makes of what the library tells.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const onPage = {};
// As much of a browser as the state asks of one.
Object.assign(globalThis, {
	location: { hostname: 'dial.localhost', hash: '' },
	document: { addEventListener() {}, visibilityState: 'visible', hidden: false },
	addEventListener: (kind, listener) => (onPage[kind] = listener),
	fetch: async () => Promise.reject(new TypeError('offline')),
});
const { Model } = await load('../src/model.ts');

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

async function started() {
	const listeners = new Map();
	const core = {
		tab: 'here',
		reason: null,
		connection: 'online',
		on: (kind, listener) => void listeners.set(kind, listener),
		account: async () => ({ state: 'account' }),
		requests: async () => [],
		contacts: async () => [],
		rooms: async () => [],
		devices: async () => [],
		deviceChanges: async () => [],
		settings: async () => ({ said: false, appShowedOthers: false }),
		numbers: async () => [],
		guardian: async () => ({ state: 'none', contact: null, isContact: false }),
		wards: async () => [],
		wardAsks: async () => [],
	};
	const model = new Model({ title: 'Dial', names: 'number', sentence: '' });
	model.start(() => core);
	await turn();
	const warn = (code, room = 'a room') =>
		listeners.get('warning')({
			error: Object.assign(new Error(code), { code, class: 'state' }),
			text: '',
			room,
		});
	return { model, core, warn, tell: (kind, event) => listeners.get(kind)(event) };
}

test('what others do is told as no problem of ours', async () => {
	const { model, core, warn, tell } = await started();
	for (const code of ['UC_E_NOT_ALLOWED', 'UC_E_POLICY', 'UC_E_RATE', 'UC_E_VERSION']) {
		warn(code);
		warn(code, null);
		assert.equal(model.problem.value, null, code);
	}
	// Somebody cannot be added to the group that is being made.
	let made;
	core.createGroup = () => new Promise((resolve) => (made = resolve));
	const making = model.createGroup('Walks', []);
	warn('UC_E_CHAIN');
	assert.equal(model.problem.value, null);
	warn('UC_E_EXHAUSTED');
	assert.match(model.problem.value.text, /cannot be added/);
	made('a room');
	await making;
	// The app has gone on, and this page has not.
	tell('connection', { connection: 'connecting' });
	warn('UC_E_VERSION', null);
	assert.match(model.problem.value.text, /Load the page again/);
});

test("that the app's store is damaged is told, and stays until it was seen", async () => {
	const { model, tell, warn } = await started();
	// Of one room: our own, which is joined anew.
	warn('UC_E_CORRUPT');
	assert.equal(model.problem.value, null);
	tell('warning', {
		error: Object.assign(new Error(), { code: 'UC_E_CORRUPT', class: 'store', said: '' }),
		text: 'its operator can mend it',
		room: null,
	});
	assert.match(model.problem.value.text, /app has stored is damaged.*your browser/);
	assert.equal(model.problem.value.said, 'its operator can mend it');
	assert.equal(model.problem.value.stays, true);
});

test('what another device has done to the list is there until it was seen', async () => {
	const { model, core, tell } = await started();
	assert.deepEqual(model.deviceChanges.value, []);
	const change = { kind: 'added', deviceKey: 'a', by: 'b', timeMs: 1, number: 1 };
	core.deviceChanges = async () => [change];
	tell('device', { what: 'added' });
	await turn();
	assert.deepEqual(model.deviceChanges.value, [change]);
	assert.match(model.announcement.value, /list of your devices/);
});

test('an app that is not in the list is called by the end of its name', async () => {
	const { model } = await started();
	assert.equal(model.appTitle('chat.example'), 'chat.example');
	const long = model.appTitle('lens.localhost.attacker.example');
	assert.match(long, /^\u2026.*attacker\.example$/);
});

test('whether somebody was blocked is known, and what went wrong is told', async () => {
	const { model, core } = await started();
	core.block = async () => {};
	assert.equal(await model.block('c', false), true);
	core.block = async () => Promise.reject(new Error('no'));
	assert.equal(await model.block('c', false), false);
	assert.ok(model.problem.value);
});

test('who was only blocked stands in no list of people to write to', async () => {
	const { model, core, tell } = await started();
	core.contacts = async () => [
		{ id: 'friend', direct: null, stranger: false },
		{ id: 'blocked', direct: null, stranger: false, blocked: true },
		{ id: 'stranger', direct: null, stranger: true, blocked: true },
		{ id: 'spoken to', direct: 'r', stranger: false },
	];
	core.rooms = async () => [{ id: 'r', state: 'open', direct: true, lastMs: 1, unread: 0 }];
	tell('contact', {});
	await turn();
	assert.deepEqual(
		model.apart.value.map((c) => c.id),
		['friend', 'blocked'],
	);
});

test('what may have been sent when the core began anew is told, and comes back as a draft', async () => {
	const { model, core, tell } = await started();
	const cut = Object.assign(new Error('cut'), { code: 'UC_E_PENDING', class: 'state' });
	const a = { value: null, peek: () => null };
	const open = { room: 'r', editing: a, replyTo: a, changed: a, firstNew: a };
	core.send = async () => {
		tell('tab', { tab: 'opening', reason: null });
		throw cut;
	};
	await model.sending.send(open, 'hello');
	assert.equal(model.sending.draft('r'), 'hello');
	assert.match(model.problem.value.text, /before you send it again/);
	// What was only read is read again.
	model.problem.value = null;
	core.contacts = core.send;
	await model.look((c) => c.contacts());
	assert.equal(model.problem.value, null);
});

test('a way of the account holds as the library says it', async () => {
	const { model, core } = await started();
	const kept = { waitsToIntroduce: false, removesNotIntroduced: false };
	core.removeNotIntroduced = async (is) => void (kept.removesNotIntroduced = is);
	core.waitToIntroduce = async () => Promise.reject(new Error('no'));
	core.account = async () => ({ state: 'account', ...kept });
	await model.keepsTo('removeNotIntroduced', true);
	assert.equal(model.account.value.removesNotIntroduced, true);
	await assert.rejects(model.keepsTo('waitToIntroduce', true));
	assert.equal(model.account.value.waitsToIntroduce, false);
});

test('a change that is being written stays when the core begins anew', async () => {
	const { model, core, tell } = await started();
	const box = (value) => ({ value, peek: () => value });
	const edit = { id: 'e', room: 'r', text: 'old' };
	core.rooms = async () => [];
	model.conversation.value = {
		room: 'r',
		editing: box(edit),
		changed: box('half of a cha'),
	};
	tell('tab', { tab: 'opening', reason: null });
	assert.equal(model.conversation.value, null);
	assert.deepEqual(model.sending.aside.value, [{ edit, text: 'half of a cha' }]);
});

test('what was refused, and is gone here, is not announced as it is when it is refused', async () => {
	const { model, tell } = await started();
	const m = {
		room: 'r',
		number: 1,
		kind: 'text',
		own: true,
		text: 'x',
		state: 'failed',
		sender: '',
	};
	tell('messageState', { message: { ...m, deleted: true } });
	assert.equal(model.announcement.value, '');
	tell('messageState', { message: { ...m, deleted: false } });
	assert.match(model.announcement.value, /could not be sent/);
});

test('the page is not left without a question while something sent is not kept', async () => {
	const { model, core, tell } = await started();
	const asks = () => {
		let is = false;
		onPage.beforeunload({ preventDefault: () => (is = true) });
		return is;
	};
	assert.equal(asks(), false);
	let kept;
	core.send = () => new Promise((resolve) => (kept = resolve));
	const box = { value: null, peek: () => null };
	const under = model.sending.send({ room: 'r', editing: box, replyTo: box, firstNew: box }, 'x');
	await turn();
	assert.equal(asks(), true);
	kept('id');
	await under;
	assert.equal(asks(), false);
	model.sending.setDraft('r', 'half');
	assert.equal(asks(), false);
	// The store has failed: nothing can be sent any more.
	tell('tab', { tab: 'broken', reason: null });
	assert.equal(asks(), true);
	model.sending.setDraft('r', '');
	assert.equal(asks(), false);
});
