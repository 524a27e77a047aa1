// SPDX-License-Identifier: Apache-2.0
// Files that are dropped: taken where they can be sent, and never in the place of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { keepPage, takesDrops } = await load('../src/drops.ts');

const drag = (types = ['Files'], files = ['f'], target = null) => ({
	target,
	defaultPrevented: false,
	preventDefault() {
		this.defaultPrevented = true;
	},
	dataTransfer: { types, files, dropEffect: 'copy' },
});

test('a file that is dropped beside does not take the place of the page', () => {
	const on = {};
	keepPage({ addEventListener: (kind, listener) => (on[kind] = listener) });
	for (const kind of ['dragover', 'drop']) {
		const e = drag();
		on[kind](e);
		assert.ok(e.defaultPrevented, kind);
		const text = drag(['text/plain'], []);
		on[kind](text);
		assert.ok(!text.defaultPrevented, kind);
	}
	// Where it is taken, it is shown to be.
	const e = drag();
	e.preventDefault();
	on.dragover(e);
	assert.equal(e.dataTransfer.dropEffect, 'copy');
});

test('what cannot be sent now is not taken, and goes nowhere else', () => {
	let may = true;
	const taken = [];
	const place = takesDrops(
		() => may,
		(files) => taken.push(...files),
	);
	const over = drag();
	place.onDragOver(over);
	assert.ok(over.defaultPrevented);
	place.onDrop(drag());
	assert.deepEqual(taken, ['f']);
	may = false;
	const [over2, drop2] = [drag(), drag()];
	place.onDragOver(over2);
	place.onDrop(drop2);
	assert.ok(!over2.defaultPrevented);
	assert.ok(drop2.defaultPrevented);
	assert.deepEqual(taken, ['f']);
});

test('nor does a link, but in a field it is written', () => {
	const on = {};
	keepPage({ addEventListener: (kind, listener) => (on[kind] = listener) });
	const at = (isField) => ({ closest: (what) => (isField && /input/.test(what) ? {} : null) });
	for (const kind of ['dragover', 'drop'])
		for (const isField of [false, true]) {
			const e = drag(['text/uri-list', 'text/plain'], [], at(isField));
			on[kind](e);
			assert.equal(e.defaultPrevented, !isField, `${kind} ${isField}`);
			// A file is never written into one.
			const f = drag(['Files'], ['f'], at(isField));
			on[kind](f);
			assert.ok(f.defaultPrevented);
		}
});
