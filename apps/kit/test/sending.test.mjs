// SPDX-License-Identifier: Apache-2.0
// What is written goes where it was written, in its order, and comes back when it could not be kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Files } = await load('../src/files.ts');
const { Sending } = await load('../src/sending.ts');

/** As much of a conversation as sending asks of one. */
function conversation(room) {
	const box = (value) => ({
		value,
		peek() {
			return this.value;
		},
	});
	const [editing, replyTo, changed] = [box(null), box(null), box('')];
	return { room, editing, replyTo, changed, firstNew: box(0), entries: box([]) };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 2));
const file = (name) => ({ name, size: 3, type: '', arrayBuffer: async () => new ArrayBuffer(3) });

/** Sending from a page that shows the first of `rooms`; `sent` is what the core has kept. */
function stage(...rooms) {
	const sent = [];
	const told = [];
	const refused = new Set();
	const held = [];
	const state = { page: rooms[0], isSlow: false };
	const keep = (...what) => {
		if (refused.has(what.at(-1))) throw new Error('no room left');
		sent.push(what.join(' '));
		return `id${sent.length}`;
	};
	const core = {
		on() {},
		send: async (room, text) => keep(room, 'text', text),
		sendReply: async (room, id, text) => keep(room, 'reply', id, text),
		sendEdit: async (room, id, text) => keep(room, 'edit', id, text),
		sendReaction: async (room, id, emoji) => keep(room, 'reaction', id, emoji),
		sendDelete: async (room, id) => keep(room, 'delete', id),
		sendAgain: async (room, id) => keep(room, 'again', id),
		async sendFile(room, { name }) {
			if (state.isSlow) await new Promise((resolve) => held.push(resolve));
			return keep(room, 'file', name);
		},
	};
	const files = new Files({
		fail: (t) => told.push(t.text),
		announce() {},
		connected: async () => {},
	});
	const sending = new Sending({
		files,
		fail: (e) => told.push(e.message),
		open: () => state.page,
	});
	files.attach(core);
	sending.attach(core);
	return { sent, told, refused, held, state, files, sending };
}

test('a text goes where it was written, though the page has gone on meanwhile', async () => {
	const [a, b] = [conversation('a'), conversation('b')];
	const { sent, held, state, files, sending } = stage(a);
	state.isSlow = true;
	files.choose('a', [file('f')]);
	a.replyTo.value = { id: 'q' };
	const under = sending.send(a, 'hello');
	await turn();
	// To another room, where a message is being changed.
	state.page = b;
	b.editing.value = { id: 'e', text: 'old' };
	held[0]();
	assert.equal(await under, true);
	assert.deepEqual(sent, ['a file f', 'a reply q hello']);
	assert.equal(b.editing.value.id, 'e');
	assert.equal(sending.draft('a'), '');
});

test('what is taken up while a text is on its way stays, and is not what is sent', async () => {
	const a = conversation('a');
	const { sent, held, state, files, sending } = stage(a);
	state.isSlow = true;
	files.choose('a', [file('f')]);
	const under = sending.send(a, 'hello');
	await turn();
	a.editing.value = { id: 'e', text: 'old' };
	held[0]();
	await under;
	assert.deepEqual(sent, ['a file f', 'a text hello']);
	assert.equal(a.editing.value.id, 'e');
});

test('a second text does not overtake the first; another room does not wait', async () => {
	const [a, b] = [conversation('a'), conversation('b')];
	const { sent, held, state, files, sending } = stage(a);
	state.isSlow = true;
	files.choose('a', [file('f')]);
	const all = [sending.send(a, 'one'), sending.send(a, 'two'), sending.send(b, 'there')];
	await all[2];
	assert.deepEqual(sent, ['b text there']);
	held[0]();
	await Promise.all(all);
	assert.deepEqual(sent, ['b text there', 'a file f', 'a text one', 'a text two']);
});

test('what could not be kept comes back before what was written meanwhile, in its order', async () => {
	const a = conversation('a');
	const { sent, told, refused, sending } = stage(a);
	refused.add('one').add('two');
	a.replyTo.value = { id: 'q' };
	sending.setDraft('a', 'one');
	const all = [sending.send(a, 'one'), sending.send(a, 'two'), sending.send(a, 'three')];
	assert.equal(sending.draft('a'), '');
	sending.setDraft('a', 'meanwhile');
	assert.deepEqual(await Promise.all(all), [false, false, true]);
	assert.equal(sending.draft('a'), 'one\ntwo\nmeanwhile');
	assert.equal(a.replyTo.value.id, 'q');
	assert.equal(told.length, 2);
	assert.deepEqual(sent, ['a text three']);
});

test('a change that could not be kept can be made again, and takes the place of nothing', async () => {
	const [a, b] = [conversation('a'), conversation('b')];
	const { sent, refused, state, sending } = stage(a);
	const [e, f] = ['e', 'f'].map((id) => ({ id, room: 'a', text: 'old' }));
	refused.add('new');
	sending.setDraft('a', 'half of a sen');
	sending.begin(a, e, null);
	const under = sending.send(a, 'new');
	assert.equal(a.editing.value, null);
	// Another one is being changed meanwhile.
	sending.begin(a, f, null);
	a.changed.value = 'half of a cha';
	assert.equal(await under, false);
	assert.deepEqual([a.editing.value, a.changed.value], [f, 'half of a cha']);
	assert.equal(sending.draft('a'), 'half of a sen');
	assert.deepEqual(sending.aside.value, [{ edit: e, text: 'new' }]);
	// It is taken up, and what was under way stays.
	const [change] = sending.aside.value;
	sending.forget(change);
	sending.begin(a, change.edit, null, change.text);
	assert.deepEqual([a.editing.value, a.changed.value], [e, 'new']);
	assert.deepEqual(sending.aside.value, [{ edit: f, text: 'half of a cha' }]);
	// It stays a change of that message where its conversation is not open any more.
	const gone = sending.send(a, 'new');
	state.page = b;
	await gone;
	assert.equal(sending.draft('a'), 'half of a sen');
	assert.deepEqual(sending.aside.value.at(-1), { edit: e, text: 'new' });
	assert.deepEqual([b.editing.value, sent], [null, []]);
	refused.clear();
	await sending.send(a, 'new');
	assert.deepEqual(sent, ['a text new']);
});

test('a change that is left is put aside, but for one that changes nothing', async () => {
	const a = conversation('a');
	const { sending } = stage(a);
	const e = { id: 'e', room: 'a', text: 'old' };
	sending.begin(a, e, null);
	sending.putAside(a);
	a.changed.value = '';
	sending.putAside(a);
	assert.deepEqual(sending.aside.value, []);
	a.changed.value = 'new';
	sending.begin(a, null, { id: 'q' });
	assert.deepEqual([a.editing.value, a.replyTo.value.id, a.changed.value], [null, 'q', '']);
	assert.deepEqual(sending.aside.value, [{ edit: e, text: 'new' }]);
});

test('all that was written and not sent can be read, there and anywhere', async () => {
	const [a, b] = [conversation('a'), conversation('b')];
	const { refused, sending } = stage(a);
	refused.add('no').add('new');
	sending.begin(a, { id: 'e', room: 'a', text: 'old' }, null);
	const all = [sending.send(a, 'new'), sending.send(b, 'no')];
	sending.setDraft('b', 'half');
	await Promise.all(all);
	const [of, there] = [(room) => sending.unsent(room), ['b', 'no\nhalf']];
	assert.deepEqual(of(), [['a', 'new'], there]);
	assert.deepEqual([of('a'), of('b'), of('c')], [[['a', 'new']], [there], []]);
	sending.begin(a, { id: 'f', room: 'a', text: 'older' }, null);
	assert.deepEqual(of('a'), [['a', 'new']]);
	a.changed.value = 'newer';
	assert.deepEqual(of('a'), [
		['a', 'new'],
		['a', 'newer'],
	]);
});

test('while something is not kept yet the page says so', async () => {
	const a = conversation('a');
	const { held, state, files, sending } = stage(a);
	assert.equal(sending.isUnderWay, false);
	state.isSlow = true;
	files.choose('a', [file('f')]);
	// What is only chosen or written can be left.
	sending.setDraft('a', 'half');
	assert.equal(sending.isUnderWay, false);
	const under = sending.send(a, 'hello');
	await turn();
	assert.equal(sending.isUnderWay, true);
	held[0]();
	await under;
	assert.equal(sending.isUnderWay, false);
});

test('what was refused is sent again once, however often that is pressed', async () => {
	const { sent, refused, sending } = stage(conversation('a'));
	const m = { id: 'm', room: 'a', text: 'hello', inReplyTo: null, file: null };
	refused.add('m');
	await Promise.all([sending.sendAgain(m), sending.sendAgain(m)]);
	assert.equal(sending.isSentAgain(m), false);
	refused.clear();
	const first = sending.sendAgain(m);
	assert.equal(sending.isSentAgain(m), true);
	await first;
	// The second of a double click comes when the first is done.
	await sending.sendAgain(m);
	assert.deepEqual(sent, ['a again m']);
	// A file that this page does not have any more can be chosen once more.
	const gone = { ...m, id: 'f', file: { name: 'f' } };
	await sending.sendAgain(gone);
	assert.equal(sending.isSentAgain(gone), false);
});

test('what is sent again does not overtake what is on its way', async () => {
	const a = conversation('a');
	const { sent, held, state, files, sending } = stage(a);
	state.isSlow = true;
	files.choose('a', [file('f')]);
	const all = [
		sending.send(a, 'first'),
		sending.sendAgain({ id: 'm', room: 'a', text: 'again', inReplyTo: null, file: null }),
	];
	await turn();
	assert.deepEqual(sent, []);
	held[0]();
	await Promise.all(all);
	assert.deepEqual(sent, ['a file f', 'a text first', 'a again m']);
});

test('a reaction or a deletion pressed twice at once is done once', async () => {
	const { sent, sending } = stage(conversation('a'));
	const m = { id: 'm', room: 'a' };
	await Promise.all(['1', '1', '2'].map((emoji) => sending.react(m, emoji)));
	await Promise.all([sending.deleteMessage(m), sending.deleteMessage(m)]);
	assert.deepEqual(sent, ['a reaction m 1', 'a reaction m 2', 'a delete m']);
	// Later it is another wish.
	await sending.react(m, '1');
	assert.equal(sent.length, 4);
});
