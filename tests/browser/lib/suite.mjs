// SPDX-License-Identifier: Apache-2.0
// Tests as they are written down: a title and what happens, given a stage of its own.
export const tests = [];

/** Joins a test.  seconds: what it may take at most. */
export function test(title, run, { seconds = 120 } = {}) {
	tests.push({ title, run, seconds });
}
