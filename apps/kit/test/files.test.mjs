// SPDX-License-Identifier: Apache-2.0
// Files on the way: what is chosen, what stays chosen, what is kept of what was fetched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdClock } from './clock.mjs';
import { load } from './load.mjs';

const { Files } = await load('../src/files.ts');
const { showBytes } = await load('../src/format.ts');

// What waits a minute is not waited for.
const clock = holdClock();

const file = (name, n = 3) => ({
	name,
	size: n,
	type: '',
	arrayBuffer: async () => new ArrayBuffer(n),
});
const failure = (code) => Object.assign(new Error(code), { code, class: 'crypto' });
const MESSAGE = {
	room: 'r',
	number: 7,
	id: 'm',
	kind: 'file',
	own: false,
	state: 'received',
	file: { name: 'a.bin', type: '', bytes: 3 },
};

/** Files upon a core whose methods are told; what was done, in order. */
function stage(core = {}) {
	const done = [];
	const told = [];
	const listeners = {};
	const saved = [];
	const announced = [];
	/** what the browser was given, and which addresses of it are gone again */
	const given = { blobs: [], clicked: [], revoked: [] };
	// What others before have left.
	clock.tick(60_000);
	globalThis.document = {
		createElement: () => ({
			click() {
				saved.push(this.download);
				given.clicked.push(this.href);
			},
		}),
	};
	URL.createObjectURL = (blob) => `blob:${given.blobs.push(blob)}`;
	URL.revokeObjectURL = (url) => given.revoked.push(url);
	const noted =
		(name) =>
		async (...args) => {
			done.push([name, ...args.slice(1)]);
			return core[name]?.(...args);
		};
	const files = new Files({
		fail: (t) => told.push(t.text),
		announce: (text) => announced.push(text),
		connected: async () => {},
	});
	files.attach({
		on: (kind, listener) => (listeners[kind] = listener),
		sendFile: noted('sendFile'),
		fetchFile: noted('fetchFile'),
		readFile: noted('readFile'),
		forgetFile: noted('forgetFile'),
	});
	return { files, done, told, announced, listeners, saved, given };
}

const names = (files) => (files.chosen.value.get('r') ?? []).map((c) => c.file.name);

test('what cannot be sent is not chosen, and said', () => {
	const { files, told, announced } = stage();
	files.choose('r', [file('none', 0)]);
	assert.deepEqual(announced, []);
	files.choose('r', [file('none', 0), file('most', 16 << 20), file('more', (16 << 20) + 1)]);
	assert.deepEqual(names(files), ['most']);
	assert.match(told.join(), /none is empty.*more is too large/);
	files.choose(
		'r',
		Array.from({ length: 12 }, (_, i) => file(`f${i}`)),
	);
	assert.equal(names(files).length, 10);
	assert.deepEqual(announced, ['1 file to send.', '10 files to send.']);
	assert.match(told.at(-1), /10 files at a time/);
	assert.deepEqual(files.chosen.value.get('another'), undefined);
});

test('in order, each once; what could not be kept stays chosen', async () => {
	const { files, done, told } = stage({
		sendFile(_, { name }) {
			if (name === 'b') throw failure('UC_E_FULL');
			return name;
		},
	});
	files.choose('r', [file('a'), file('b'), file('c')]);
	const first = files.take('r')();
	assert.ok(files.chosen.value.get('r').every((c) => c.busy));
	// Another press meanwhile sends nothing twice; one more that was chosen meanwhile goes as well.
	files.choose('r', [file('d')]);
	await Promise.all([first, files.take('r')()]);
	assert.deepEqual(done.map(([, { name }]) => name).sort(), ['a', 'b', 'c', 'd']);
	assert.deepEqual(names(files), ['b']);
	assert.equal(files.chosen.value.get('r')[0].busy, false);
	assert.match(told.join(), /no room left/);
});

test('one that was refused has its source as long as it is of use', async () => {
	const { files, done, listeners } = stage({ sendFile: () => 'm' });
	const own = { ...MESSAGE, own: true };
	files.choose('r', [file('a')]);
	await files.take('r')();
	listeners.messageState({ message: { ...own, state: 'failed' } });
	assert.ok(files.hasSource(own));
	await files.sendAgain(own);
	assert.equal(done.length, 2);
	listeners.messageState({ message: { ...own, state: 'accepted' } });
	assert.ok(!files.hasSource(own));
});

test('what was saved is forgotten, and what is wrong, too; of a broken fetch the parts are kept', async () => {
	const good = stage({ readFile: () => new Uint8Array(3) });
	const under = good.files.save(MESSAGE);
	await good.files.save(MESSAGE); // once at a time
	good.listeners.file({ room: 'r', number: 7, bytesDone: 1, bytesTotal: 4 });
	assert.deepEqual(good.files.of(MESSAGE), { is: 'moving', part: 0.25 });
	await under;
	assert.deepEqual(good.saved, ['a.bin']);
	assert.deepEqual(
		good.done.map(([name]) => name),
		['fetchFile', 'readFile', 'forgetFile'],
	);
	assert.equal(good.files.of(MESSAGE).is, 'saved');
	for (const [code, said, forgets] of [
		['UC_E_DECRYPT', /not the file that was sent/, 1],
		['UC_E_NOT_FOUND', /30 days/, 0],
		['UC_E_PEER', /does not answer/, 0],
	]) {
		const bad = stage({
			fetchFile() {
				throw failure(code);
			},
		});
		await bad.files.save(MESSAGE);
		const state = bad.files.of(MESSAGE);
		assert.equal(state.is, 'failed');
		assert.match(state.why.text, said);
		assert.deepEqual(bad.saved, []);
		assert.equal(bad.done.filter(([name]) => name === 'forgetFile').length, forgets, code);
	}
});

test('a fetch that is stopped is no failure, and begins anew', async () => {
	let end;
	const { files, saved } = stage({
		fetchFile: () => new Promise((resolve, reject) => (end = { resolve, reject })),
		readFile: () => new Uint8Array(3),
	});
	const under = files.save(MESSAGE);
	while (!end) await null;
	await files.stop(MESSAGE);
	end.reject(failure('UC_E_NOT_FOUND'));
	await under;
	assert.equal(files.of(MESSAGE), null);
	end = null;
	const again = files.save(MESSAGE);
	while (!end) await null;
	end.resolve();
	await again;
	assert.deepEqual(saved, ['a.bin']);
});

test('what is saved is bytes of no type, and leaves the memory a minute later', async () => {
	const { files, given } = stage({ readFile: () => Uint8Array.of(60, 104, 116, 109, 108, 62) });
	const page = { ...MESSAGE, file: { name: 'a.html', type: 'text/html', bytes: 6 } };
	await files.save(page);
	clock.tick(30_000);
	await files.save({ ...page, number: 8 });
	assert.deepEqual(
		given.blobs.map((b) => [b.type, b.size]),
		[
			['application/octet-stream', 6],
			['application/octet-stream', 6],
		],
	);
	assert.equal(await given.blobs[0].text(), '<html>');
	assert.deepEqual(given.clicked, ['blob:1', 'blob:2']);
	clock.tick(29_999);
	assert.deepEqual(given.revoked, []);
	clock.tick(1);
	assert.deepEqual(given.revoked, ['blob:1']);
	clock.tick(30_000);
	assert.deepEqual(given.revoked, ['blob:1', 'blob:2']);
	// Of what could not be read nothing was made.
	const bad = stage({
		readFile() {
			throw failure('UC_E_DECRYPT');
		},
	});
	await bad.files.save(MESSAGE);
	clock.tick(60_000);
	assert.deepEqual([bad.given.blobs, bad.given.revoked], [[], []]);
});

test("'Send again' pressed twice sends once, and can be pressed again when it failed", async () => {
	let refuse = false;
	const { files, done, listeners } = stage({
		sendFile() {
			if (refuse) throw failure('UC_E_FULL');
			return `m${done.length}`;
		},
	});
	const own = { ...MESSAGE, own: true, id: 'm1', state: 'failed' };
	files.choose('r', [file('a')]);
	await files.take('r')();
	listeners.messageState({ message: own });
	refuse = true;
	await Promise.all([files.sendAgain(own), files.sendAgain(own)]);
	assert.equal(done.length, 2);
	assert.ok(files.hasSource(own));
	refuse = false;
	await Promise.all([files.sendAgain(own), files.sendAgain(own)]);
	await files.sendAgain(own);
	assert.equal(done.length, 3);
	assert.ok(files.hasSource({ ...own, id: 'm3' }));
});

test('what is told of a fetch that has ended changes nothing', async () => {
	const { files, listeners } = stage({ readFile: () => new Uint8Array(3) });
	const late = () => listeners.file({ room: 'r', number: 7, bytesDone: 1, bytesTotal: 4 });
	await files.save(MESSAGE);
	late();
	assert.equal(files.of(MESSAGE).is, 'saved');
	// Stopped when it had ended already: the next one is not stopped by that.
	await files.stop(MESSAGE);
	await files.save(MESSAGE);
	assert.equal(files.of(MESSAGE).is, 'saved');
	const bad = stage({
		fetchFile() {
			throw failure('UC_E_PEER');
		},
	});
	await bad.files.save(MESSAGE);
	bad.listeners.file({ room: 'r', number: 7, bytesDone: 1, bytesTotal: 4 });
	assert.equal(bad.files.of(MESSAGE).is, 'failed');
	// Our own on its way out was never fetched.
	bad.listeners.file({ room: 'r', number: 8, bytesDone: 1, bytesTotal: 4 });
	assert.equal(bad.files.of({ ...MESSAGE, own: true, number: 8 }).is, 'moving');
});

test('sizes are rounded up', () => {
	assert.deepEqual([1, 1000, 1001, 999_999, 1e6, 1_400_001, 16 << 20].map(showBytes), [
		'1 kB',
		'1 kB',
		'2 kB',
		'1000 kB',
		'1.0 MB',
		'1.5 MB',
		'16.8 MB',
	]);
});
