// SPDX-License-Identifier: Apache-2.0
// kill -9 of the browser while it sends: whatever it had confirmed is there afterwards, on both
// sides, and nothing is there twice.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const ROUNDS = process.env.UNDERCROFT_TEST_LONG ? 30 : 4;

/** Numbers from a seed, each between 0 and 1 (mulberry32). */
function chance(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), a | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

test(
	'a killed browser loses nothing it had confirmed',
	async (stage) => {
		const random = chance(stage.seed);
		const [rosa, tom] = await pair(stage, 'dial', 'plaza', { own: true }, {});
		const confirmed = [];
		for (let round = 0; round < ROUNDS; round++) {
			const wanted = 1 + Math.floor(random() * 12);
			let n = 0;
			let ended = false;
			// Types and sends as fast as the page takes it, and notes what it then shows as its own.
			const typing = (async () => {
				while (!ended) {
					const text = `round ${round}, message ${n}`;
					await rosa.send(text);
					confirmed.push(text);
					n++;
				}
			})().catch((e) => {
				if (!ended) throw e;
			});
			await Promise.race([typing, until('messages before the kill', () => n >= wanted)]);
			await pause(random() * 30);
			ended = true;
			await stage.kill(rosa);
			await typing;
			await stage.reopen(rosa);
			await rosa.openRoom('Tom');
		}
		await rosa.send('after all of it');
		await tom.reads('after all of it', 'Rosa');
		for (const p of [rosa, tom]) {
			const texts = await until(`${p.name} has all`, async () => {
				const all = (await p.texts()).filter((t) => t.startsWith('round '));
				return confirmed.every((t) => all.includes(t)) && all;
			});
			assert.equal(new Set(texts).size, texts.length, `${p.name}: nothing twice`);
		}
		assert.deepEqual(
			(await tom.texts()).filter((t) => t.startsWith('round ')),
			(await rosa.texts()).filter((t) => t.startsWith('round ')),
			'the same on both sides, in the same order',
		);
	},
	{ seconds: 60 + 20 * ROUNDS },
);
