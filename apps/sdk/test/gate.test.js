// SPDX-License-Identifier: Apache-2.0
// Nothing leaves before what it depends on is durable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../src/gate.ts';
import { Outgrown } from '../src/journal.ts';

/** Writes end when the test says so. */
class Journal {
	due = false;
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

function make() {
	const j = new Journal();
	const seen = [];
	const failures = [];
	const gate = new Gate(
		j,
		() => [Uint8Array.of(100), Uint8Array.of(101)],
		(e) => failures.push(e),
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

test('a journal is due when it has outgrown its snapshot, and waits after a failure', () => {
	const o = new Outgrown();
	o.replaced(1_000_000);
	o.added(1_000_000);
	assert.equal(o.due, false);
	o.added(1);
	assert.equal(o.due, true);
	o.failed();
	assert.equal(o.due, false);
	o.added(1_000_000);
	assert.equal(o.due, true);
	o.replaced(1000);
	for (let i = 0; i < 1000; i++) o.added(1);
	assert.equal(o.due, false);
	o.added(1);
	assert.equal(o.due, true);
});
