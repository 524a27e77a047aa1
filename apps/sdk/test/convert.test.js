// SPDX-License-Identifier: Apache-2.0
// What hubs and people on other apps may say, as a page gets it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as convert from '../src/convert.ts';

test('a time of a hub is one that a Date can hold, whatever it says', () => {
	const worst = Number(2n ** 64n - 1n);
	for (const said of [0, 1_700_000_000_000, 8.64e15 + 1, worst])
		for (const got of [
			convert.message({ time_ms: said }).timeMs,
			convert.room({ last_ms: said }).lastMs,
			convert.request({ time_ms: said }).timeMs,
			convert.device({ added_ms: said }).addedMs,
		]) {
			assert.ok(Number.isFinite(new Date(got).getTime()), String(said));
			if (said < 8.64e15) assert.equal(got, said);
		}
});
