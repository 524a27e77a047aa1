// SPDX-License-Identifier: Apache-2.0
// Nothing leaves before what it depends on is durable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../src/gate.ts';
import { Upkeep } from '../src/upkeep.ts';

/** Writes end when the test says so. */
class Journal {
	due = false;
	quietFrom = Infinity;
	appended = [];
	replaced = [];
	#ends = [];
	#write(list, bytes) {
		return new Promise((resolve, reject) =>
			this.#ends.push((e) => {
				if (e) return reject(e);
				list.push(bytes);
				resolve();
			}),
		);
	}
	append(batch) {
		return this.#write(this.appended, [...batch]);
	}
	replace(pieces) {
		return this.#write(
			this.replaced,
			pieces.map((p) => [...p]),
		);
	}
	get writing() {
		return this.#ends.length;
	}
	async end(e) {
		this.#ends.shift()(e);
		await new Promise((resolve) => setImmediate(resolve));
	}
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function make(quietMs) {
	const j = new Journal();
	const seen = [];
	const failures = [];
	const gate = new Gate(
		j,
		() => [Uint8Array.of(100), Uint8Array.of(101)],
		(e) => failures.push(e),
		quietMs,
	);
	return { j, gate, seen, failures, see: (what) => () => void seen.push(what) };
}

test('what depends on nothing leaves at once', () => {
	const { j, gate, seen, see } = make();
	gate.after(see('a'));
	assert.deepEqual(seen, ['a']);
	assert.equal(j.writing, 0);
});

test('what was committed is durable before what follows leaves, and all keeps its order', async () => {
	const { j, gate, seen, see } = make();
	gate.commit(Uint8Array.of(1));
	gate.after(see('one'));
	gate.after(see('reads one'));
	assert.deepEqual(seen, []);
	// These pile up meanwhile, and go in one record.
	gate.commit(Uint8Array.of(2));
	gate.commit(Uint8Array.of(3, 4));
	gate.after(see('three'));
	gate.commit(Uint8Array.of(5));
	gate.after(see('five'));
	assert.equal(j.writing, 1);
	await j.end();
	assert.deepEqual(seen, ['one']);
	assert.deepEqual(j.appended, [[1]]);
	await j.end();
	assert.deepEqual(seen, ['one', 'reads one', 'three', 'five']);
	assert.deepEqual(j.appended, [[1], [2, 3, 4, 5]]);
	gate.after(see('free again'));
	assert.equal(seen.at(-1), 'free again');
});

test('after a failed write nothing leaves any more', async () => {
	const { j, gate, seen, failures, see } = make();
	gate.commit(Uint8Array.of(1));
	gate.after(see('one'));
	gate.commit(Uint8Array.of(2));
	gate.after(see('two'));
	const why = new Error('full');
	await j.end(why);
	assert.deepEqual(failures, [why]);
	gate.after(see('three'));
	assert.deepEqual(seen, []);
	assert.equal(j.writing, 0);
});

test('closed: the write under way ends, nothing leaves', async () => {
	const { j, gate, seen, see } = make();
	gate.commit(Uint8Array.of(1));
	gate.after(see('one'));
	gate.commit(Uint8Array.of(2));
	gate.after(see('two'));
	let closed = false;
	const closing = gate.close().then(() => (closed = true));
	await new Promise((resolve) => setImmediate(resolve));
	assert.equal(closed, false);
	await j.end();
	await closing;
	assert.deepEqual(seen, []);
	assert.deepEqual(j.appended, [[1]]);
});

test('a snapshot takes the place of the record; where it cannot be written, the record is', async () => {
	const { j, gate, seen, see } = make();
	j.due = true;
	gate.commit(Uint8Array.of(1));
	gate.after(see('one'));
	assert.deepEqual(seen, []);
	await j.end();
	assert.deepEqual(j.replaced, [[[100], [101]]]);
	assert.deepEqual(j.appended, []);
	assert.deepEqual(seen, ['one']);
	gate.commit(Uint8Array.of(2));
	gate.after(see('two'));
	await j.end(new Error('full'));
	assert.deepEqual(seen, ['one']);
	await j.end();
	assert.deepEqual(j.appended, [[2]]);
	assert.deepEqual(seen, ['one', 'two']);
});

test('when it is quiet the journal is left behind, and not while it is not', async () => {
	const { j, gate, seen, see } = make(80);
	j.quietFrom = 0;
	for (let i = 0; i < 5; i++) {
		gate.commit(Uint8Array.of(i));
		gate.after(see(i));
		await j.end();
		await pause(20);
	}
	assert.equal(j.writing, 0);
	assert.equal(j.replaced.length, 0);
	await pause(100);
	assert.equal(j.writing, 1);
	// What comes meanwhile waits for it, and is written after it.
	gate.commit(Uint8Array.of(9));
	gate.after(see('after'));
	await j.end();
	assert.deepEqual(j.replaced, [[[100], [101]]]);
	assert.deepEqual(seen, [0, 1, 2, 3, 4]);
	await j.end();
	assert.deepEqual(j.appended.at(-1), [9]);
	assert.equal(seen.at(-1), 'after');
	// Nothing there, nothing done; and nothing after the end.
	j.quietFrom = Infinity;
	gate.watch();
	await pause(150);
	assert.equal(j.writing, 0);
	j.quietFrom = 0;
	gate.watch();
	await gate.close();
	gate.quiet();
	await pause(150);
	assert.equal(j.writing, 0);
});

test('when nobody looks that is done at once, but not more often than it is worth', async () => {
	const { j, gate } = make(10_000);
	gate.quiet();
	assert.equal(j.writing, 0);
	j.quietFrom = performance.now() + 60;
	gate.quiet();
	assert.equal(j.writing, 0);
	await pause(70);
	gate.quiet();
	gate.quiet();
	assert.equal(j.writing, 1);
	await j.end();
	assert.equal(j.replaced.length, 1);
	await gate.close();
});

test('a snapshot in quiet times that fails is of no harm, and is tried again later', async () => {
	const { j, gate, seen, failures, see } = make(40);
	j.quietFrom = 0;
	gate.quiet();
	gate.commit(Uint8Array.of(1));
	gate.after(see('one'));
	await j.end(new Error('full'));
	await j.end();
	assert.deepEqual([j.appended, seen, failures], [[[1]], ['one'], []]);
	await pause(20);
	assert.equal(j.writing, 0);
	await pause(50);
	assert.equal(j.writing, 1);
	await j.end();
	assert.equal(j.replaced.length, 1);
	await gate.close();
});

const minutes = (n) => n * 60_000;

test('a journal is due when it has outgrown its snapshot, and waits after a failure', () => {
	const u = new Upkeep(() => 0);
	u.replaced(1_000_000);
	u.added(1_000_000);
	assert.equal(u.due, false);
	u.added(1);
	assert.equal(u.due, true);
	u.failed();
	assert.equal(u.due, false);
	u.added(1_000_000);
	assert.equal(u.due, true);
	u.replaced(1000);
	for (let i = 0; i < 1000; i++) u.added(1);
	assert.equal(u.due, false);
	u.added(1);
	assert.equal(u.due, true);
});

test('what lies in a journal leaves it in time, and at a bounded cost', () => {
	let now = 0;
	const u = new Upkeep(() => now);
	// Never written: at once.
	u.loaded(0, Infinity);
	assert.equal(u.quietFrom, Infinity);
	u.added(1);
	assert.ok(u.quietFrom <= now);
	assert.equal(u.due, false);
	// Small: once a minute when it is quiet; after five when it never is.
	u.replaced(200_000);
	now += minutes(0.5);
	assert.equal(u.due, false);
	u.added(1);
	assert.equal(u.quietFrom, minutes(1));
	now += minutes(4.9);
	u.added(1);
	assert.equal(u.due, false);
	now += minutes(0.1);
	assert.equal(u.due, true);
	// Ten megabytes: every ten minutes, quiet or not.
	u.replaced(10_000_000);
	u.added(1);
	assert.equal(u.quietFrom, now + minutes(10));
	now += minutes(9.9);
	assert.equal(u.due, false);
	now += minutes(0.1);
	assert.equal(u.due, true);
	// One that failed counts as one that was written, and is tried less and less.
	u.failed();
	assert.equal(u.due, false);
	assert.equal(u.quietFrom, now + minutes(20));
	// After a restart, as if there had been none; what is there is old.
	const again = new Upkeep(() => now);
	again.loaded(10_000_000, minutes(4));
	again.added(1, Infinity);
	assert.equal(again.quietFrom, now + minutes(6));
	assert.equal(again.due, false);
	now += minutes(6);
	assert.equal(again.due, true);
	// A clock that was put back.
	again.loaded(10_000_000, -minutes(1000));
	assert.equal(again.quietFrom, now + minutes(10));
});
