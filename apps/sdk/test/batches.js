// SPDX-License-Identifier: Apache-2.0
// What a journal's bytes say (src/web/batch.h), for tests of what is left in them.

/** [key, value] of each change; the value is null where the key is deleted. */
export function* changes(batch) {
	let at = 0;
	const bytes = () => {
		const size = 1 << (batch[at] >> 6);
		let n = batch[at] & 63;
		for (let i = 1; i < size; i++) n = n * 256 + batch[at + i];
		at += size + n;
		return Buffer.from(batch.subarray(at - n, at));
	};
	while (at < batch.length) {
		const key = bytes().toString('hex');
		yield [key, batch[at++] ? bytes() : null];
	}
}

/** Values that were replaced or deleted, and those that are there, of all that was ever written. */
export function fates(batches) {
	const there = new Map();
	const gone = [];
	for (const batch of batches)
		for (const [key, value] of changes(batch)) {
			if (there.has(key)) gone.push(there.get(key));
			if (value) there.set(key, value);
			else there.delete(key);
		}
	return { gone, there: [...there.values()] };
}
export const has = (pieces, value) => pieces.some((p) => Buffer.from(p).includes(value));
