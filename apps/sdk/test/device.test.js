// SPDX-License-Identifier: Apache-2.0
// A device without a server: opening, arguments, a core that fails, a disk that does.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fates, has } from './batches.js';
import { closeAll, Disk, Person } from './people.js';

const nowhere = 'ws://127.0.0.1:9/v1';
const nobody = '0'.repeat(64);
const person = (disk) => new Person('lens.localhost', nowhere, disk);
const limit = { timeout: 30_000 };
after(closeAll);

/** The next of the calls throws, inside the core. */
async function trapping(run) {
	const { getRandomValues } = crypto;
	crypto.getRandomValues = () => {
		crypto.getRandomValues = getRandomValues;
		throw new TypeError('test: no randomness');
	};
	try {
		return await run();
	} finally {
		crypto.getRandomValues = getRandomValues;
	}
}
const tabs = (p) => p.told.filter((m) => m.kind === 'tab').map((m) => m.event.tab);

test('what is asked while it opens is answered', limit, async () => {
	const p = person();
	const opening = p.open();
	assert.equal((await p.ask('account')).state, 'none');
	await opening;
	assert.deepEqual(tabs(p), ['here']);
	assert.deepEqual(await p.ask('rooms'), []);
	await p.close();
	assert.deepEqual(tabs(p), ['here', 'closed']);
	await assert.rejects(p.ask('rooms'), { code: 'UC_E_CLOSED' });
});

test('a store made once is the same afterwards, and opens with its key alone', limit, async () => {
	const p = await person().open();
	const signingUp = p.ask('signUp', { identifier: 'tom', profileName: 'Tom \u{1f331}' });
	assert.equal((await p.ask('account')).profileName, 'Tom \u{1f331}');
	const stopped = assert.rejects(signingUp, { code: 'UC_E_PENDING' });
	await p.close();
	await stopped;
	const again = await person(p.disk).open();
	assert.equal((await again.ask('account')).identifier, 'tom');
	await again.close();
	p.disk.key[0] ^= 1;
	const wrong = await person(p.disk).open();
	assert.equal(wrong.device.tab, 'broken');
	assert.equal(wrong.device.reason.code, 'UC_E_PASSPHRASE');
	p.disk.key[0] ^= 1;
	p.disk.journal.push(Uint8Array.of(1));
	const corrupt = await person(p.disk).open();
	assert.equal(corrupt.device.reason.code, 'UC_E_CORRUPT');
	await assert.rejects(corrupt.ask('rooms'), { code: 'UC_E_CORRUPT' });
});

test('arguments that make no sense are refused, and change nothing', limit, async () => {
	const p = await person().open();
	for (const [method, ...args] of [
		['accept', 'abc'],
		['accept', nobody.toUpperCase().replace('0', 'A')],
		['members', null],
		['signUp', { identifier: 'to\0m', profileName: 'Tom' }],
		['signUp', { identifier: 7, profileName: 'Tom' }],
		['createGroup', 'name', ['zz']],
		['createGroup', 'name'],
		['signUp'],
		['send', nobody, undefined],
		['recover', { words: '', profileName: 'Tom' }],
		['invitationApp', 'x'.repeat(3 << 20)],
	])
		await assert.rejects(p.ask(method, ...args), (e) => /^UC_E_/.test(e.code), method);
	await assert.rejects(p.ask('accept', nobody), { code: 'UC_E_SIGNED_OUT' });
	await assert.rejects(p.ask('ask', 'lens.localhost', 'tom'), { code: 'UC_E_SIGNED_OUT' });
	await assert.rejects(p.ask('recover', { words: 'a b c', profileName: 'T' }), {
		code: 'UC_E_MALFORMED',
		class: 'protocol',
		message: 'the bytes do not have the form they should have',
	});
	assert.deepEqual(tabs(p), ['here']);
	assert.equal((await p.ask('account')).state, 'none');
	await p.close();
});

test('a full disk ends it; what was durable is there the next time', limit, async () => {
	const p = await person().open();
	await p.ask('account');
	p.disk.failAt = p.disk.writes + 1;
	const failed = p.ask('signUp', { identifier: 'tom', profileName: 'Tom' });
	const read = p.ask('account');
	await assert.rejects(failed, { code: 'UC_E_FULL' });
	await assert.rejects(read, { code: 'UC_E_FULL' });
	assert.deepEqual(tabs(p), ['here', 'broken']);
	await assert.rejects(p.ask('account'), { code: 'UC_E_FULL' });
	p.disk.failAt = 0;
	const again = await person(p.disk).open();
	assert.equal((await again.ask('account')).identifier, '');
	await again.close();
});

test('a core that traps is opened again from the journal, but not for ever', limit, async () => {
	const p = await person().open();
	p.ask('signUp', { identifier: 'tom', profileName: 'Tom' }).catch(() => undefined);
	await p.ask('account');
	for (let i = 1; i <= 3; i++) {
		await assert.rejects(
			trapping(() => p.ask('signUp', { identifier: 'eve', profileName: 'Eve' })),
			{ code: 'UC_E_PENDING' },
		);
		assert.equal((await p.ask('account')).identifier, 'tom', `time ${i}`);
		assert.equal(p.device.tab, 'here');
	}
	await assert.rejects(
		trapping(() => p.ask('signUp', { identifier: 'eve', profileName: 'Eve' })),
		{ code: 'UC_E_UNKNOWN' },
	);
	assert.equal(p.device.tab, 'broken');
	assert.equal(p.unanswered, 0);
	const again = await person(p.disk).open();
	assert.equal((await again.ask('account')).identifier, 'tom');
	await again.close();
});

test('a core that cannot even be closed holds up nothing', limit, async () => {
	const { instantiate } = WebAssembly;
	WebAssembly.instantiate = async (...args) => {
		const { exports } = await instantiate(...args);
		const uc_client_close = () => {
			throw new WebAssembly.RuntimeError('test: unreachable');
		};
		return { exports: { ...exports, uc_client_close } };
	};
	const p = await person().open();
	WebAssembly.instantiate = instantiate;
	const { journal } = p;
	await p.ask('account');
	p.onGone(Object.assign(new Error(), { plain: { code: 'UC_E_STORE', class: '', message: '' } }));
	await p.device.ended;
	assert.equal(journal.closed, true);
	assert.equal(p.device.tab, 'broken');
});

test('the browser takes the database away', limit, async () => {
	const p = await person().open();
	p.onGone(Object.assign(new Error(), { plain: { code: 'UC_E_VERSION', class: '', message: '' } }));
	assert.equal(p.device.tab, 'broken');
	await assert.rejects(p.ask('account'), { code: 'UC_E_VERSION' });
});

test('opened and closed at once, nothing is written afterwards', limit, async () => {
	const disk = new Disk();
	disk.delayMs = 20;
	const p = person(disk);
	const opening = p.open();
	await p.close();
	await opening;
	const { writes } = disk;
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.equal(disk.writes, writes);
	assert.deepEqual(tabs(p), ['closed']);
});

/** A network that nothing comes through; when each attempt was made. */
function deadNetwork() {
	const tried = [];
	const Socket = class {
		constructor() {
			tried.push(performance.now());
			setTimeout(() => this.onclose?.());
		}
		close() {}
	};
	return { tried, Socket };
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test(
	'an app that is not there is tried less and less, and at once on a new network',
	limit,
	async () => {
		const p = person();
		const { tried, Socket } = deadNetwork();
		p.WebSocket = Socket;
		await p.open();
		await pause(4000);
		// After 0.25, 0.5, 1 and 2 s, each half as much more or less.
		const waits = tried.slice(1).map((t, i) => t - tried[i]);
		assert.ok(tried.length >= 4 && tried.length <= 6, String(waits));
		for (const [i, wait] of waits.entries()) assert.ok(wait >= 120 * 2 ** i, String(waits));
		const before = tried.length;
		p.device.hint('online');
		assert.equal(tried.length, before + 1);
		await pause(2000);
		assert.ok(tried.length >= before + 3, String(tried));
		await p.close();
		const { length } = tried;
		await pause(500);
		assert.equal(tried.length, length);
	},
);

test('what was replaced or deleted leaves the disk when it is quiet', limit, async () => {
	const p = person();
	p.disk.quietMs = 50;
	await p.open();
	const signUp = (identifier) => p.ask('signUp', { identifier, profileName: 'Tom' });
	for (const identifier of ['eve', 'tom']) {
		signUp(identifier).catch(() => undefined);
		await p.ask('account');
	}
	const written = [...p.disk.snapshot, ...p.disk.journal];
	await pause(200);
	assert.equal(p.disk.replaced, 1);
	assert.deepEqual(p.disk.journal, []);
	const { gone, there } = fates(written);
	assert.ok(gone.length > 0 && there.length > 1);
	for (const value of gone) assert.equal(has(p.disk.snapshot, value), false);
	for (const value of there) assert.equal(has(p.disk.snapshot, value), true);
	// Nothing has happened since, and one was written just now.
	await pause(150);
	p.device.hint('hidden');
	await pause(50);
	assert.equal(p.disk.replaced, 1);
	await p.close();
	// What a tab has left is found by the next one.
	p.disk.journal.push(new Uint8Array());
	p.disk.writtenMs = 0;
	const again = person(p.disk);
	await again.open();
	assert.equal(again.disk.replaced, 1);
	again.device.hint('hidden');
	await pause(50);
	assert.equal(again.disk.replaced, 2);
	assert.equal((await again.ask('account')).identifier, 'tom');
	await again.close();
});
