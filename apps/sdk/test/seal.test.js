// SPDX-License-Identifier: Apache-2.0
// What seals the records of a browser's database.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { Seal } from '../src/seal.ts';

// Node 18 has it elsewhere.
globalThis.crypto ??= webcrypto;

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
const corrupt = { code: 'UC_E_CORRUPT' };

test('what was sealed opens with the key that is stored, and with no other', async () => {
	const [seal, stored] = await Seal.make();
	const record = await seal.close(bytes);
	const again = await Seal.read(stored);
	assert.deepEqual(await again.open(record), bytes);
	assert.deepEqual(await again.open(await seal.close(new Uint8Array())), new Uint8Array());
	assert.equal(Buffer.from(record).includes(bytes.subarray(0, 16)), false);
	assert.notDeepEqual(await seal.close(bytes), record);
	const [other] = await Seal.make();
	await assert.rejects(other.open(record), corrupt);
	for (const at of [0, 11, 12, 500, record.length - 1]) {
		const changed = record.slice();
		changed[at] ^= 1;
		await assert.rejects(seal.open(changed), corrupt, String(at));
	}
	for (const n of [0, 11, 12, 27]) await assert.rejects(seal.open(record.slice(0, n)), corrupt);
});

test('every byte of what is stored is part of the key', async () => {
	const [seal, stored] = await Seal.make();
	const record = await seal.close(bytes);
	for (const at of [0, 70_000, stored.length - 1]) {
		stored[at] ^= 1;
		await assert.rejects((await Seal.read(stored)).open(record), corrupt);
		stored[at] ^= 1;
	}
	assert.deepEqual(await (await Seal.read(stored)).open(record), bytes);
	await assert.rejects(Seal.read(stored.subarray(1)), corrupt);
});
