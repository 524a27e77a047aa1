// SPDX-License-Identifier: Apache-2.0
// A clock that goes as it is told. Node has one of its own, which each version begins another way.

/** Takes the place of setTimeout in this process. What is due comes in tick(), in its order. */
export function holdClock() {
	let now = 0;
	let made = 0;
	const waiting = new Map();
	globalThis.setTimeout = (run, ms = 0, ...args) => {
		waiting.set(++made, { at: now + ms, run: () => run(...args) });
		return made;
	};
	globalThis.clearTimeout = (id) => waiting.delete(id);
	const next = (until) =>
		[...waiting]
			.filter(([, w]) => w.at <= until)
			.sort(([a, x], [b, y]) => x.at - y.at || a - b)
			.at(0);
	return {
		tick(ms) {
			const until = now + ms;
			for (let due = next(until); due; due = next(until)) {
				const [id, { at, run }] = due;
				waiting.delete(id);
				now = at;
				run();
			}
			now = until;
		},
	};
}
