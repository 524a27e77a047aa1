// SPDX-License-Identifier: Apache-2.0
// Waiting for what must come to hold, with the end in sight.
import { setTimeout as pause } from 'node:timers/promises';

// A busy machine makes everything slow; nothing that waits measures speed.
export const PATIENCE_MS = Number(process.env.UNDERCROFT_PATIENCE_MS ?? 30_000);

/** What `look` gives, once it is neither false nor null; an error of `look` counts as not yet. */
export async function until(what, look, ms = PATIENCE_MS) {
	const end = Date.now() + ms;
	let last = null;
	for (;;) {
		try {
			const found = await look();
			if (found !== false && found !== null && found !== undefined) return found;
			last = null;
		} catch (e) {
			last = e;
		}
		if (Date.now() > end) {
			throw new Error(`waited in vain for: ${what}${last ? ` (${last.message})` : ''}`);
		}
		await pause(25);
	}
}

/** The promise, or an error that says what took too long. */
export async function within(ms, what, promise) {
	const stop = new AbortController();
	const late = pause(ms, null, { signal: stop.signal }).then(() => {
		throw new Error(`${what}: not done after ${ms / 1000} s`);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		stop.abort();
		late.catch(() => {});
	}
}
