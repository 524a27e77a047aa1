// SPDX-License-Identifier: Apache-2.0
// Pictures of strangers: which are given to the browser's decoder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { followFaces, faces, isShown, pictureSize, signal } = await load('./faces-signals.mjs');

const bytes = (...parts) =>
	Uint8Array.from(
		parts.flatMap((p) => (typeof p === 'string' ? [...Buffer.from(p, 'latin1')] : p)),
	);
const be = (n, size) => Array.from({ length: size }, (_, i) => (n >>> (8 * (size - 1 - i))) & 255);
const le = (n, size) => be(n, size).reverse();
const pad = Array(20).fill(0);

const png = (w, h) =>
	bytes('\x89PNG\r\n\x1a\n', be(13, 4), 'IHDR', be(w, 4), be(h, 4), [8, 2, 0, 0, 0], pad);
const jpeg = (w, h, mark = 0xc0) =>
	bytes(
		[0xff, 0xd8],
		[0xff, 0xe0],
		be(16, 2),
		'JFIF\0',
		[1, 1, 0, 0, 1, 0, 1, 0, 0],
		[0xff, 0xc4],
		be(4, 2),
		[0, 0],
		[0xff, mark],
		be(11, 2),
		[8],
		be(h, 2),
		be(w, 2),
		[1, 1, 0x11, 0],
		pad,
	);
const riff = (kind, ...rest) => bytes('RIFF', le(90, 4), 'WEBP', kind, le(70, 4), ...rest, pad);
const webp = {
	lossy: (w, h) => riff('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a], le(w, 2), le(h, 2)),
	lossless: (w, h) => riff('VP8L', [0x2f], le(((w - 1) | ((h - 1) << 14)) >>> 0, 4)),
	more: (w, h) => riff('VP8X', [0, 0, 0, 0], le(w - 1, 3), le(h - 1, 3)),
};

test('a picture says how large it is', () => {
	for (const make of [png, jpeg, (w, h) => jpeg(w, h, 0xc2), ...Object.values(webp)]) {
		assert.deepEqual(pictureSize(make(300, 200)), [300, 200], String(make));
		assert.equal(isShown(make(300, 200)), true);
		assert.equal(isShown(make(1024, 1024)), true);
		// A few bytes that would fill the memory.
		assert.equal(isShown(make(1025, 10)), false);
		assert.equal(isShown(make(10, 16000)), false);
	}
	assert.equal(isShown(png(70000, 10)), false);
	assert.equal(isShown(png(0, 10)), false);
});

test('what does not say so is not shown', () => {
	for (const make of [png, jpeg, ...Object.values(webp)]) {
		const whole = make(300, 200);
		for (let n = 0; n < whole.length; n++) {
			const size = pictureSize(whole.slice(0, n));
			assert.ok(size === null || (size[0] === 300 && size[1] === 200), String(n));
		}
	}
	const svg = bytes('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', pad);
	for (const other of [bytes('GIF89a', le(9, 2), le(9, 2), pad), svg, bytes([0xff, 0xd8, 0xff])])
		assert.equal(isShown(other), false);
	// Segments that lead nowhere, and one of no length.
	assert.equal(pictureSize(bytes([0xff, 0xd8, 0xff, 0xe0], be(60000, 2), pad)), null);
	assert.equal(pictureSize(bytes([0xff, 0xd8], Array(60).fill(0xff))), null);
	assert.equal(pictureSize(bytes([0xff, 0xd8, 0xff, 0xe0, 0, 0], pad)), null);
});

test('each is read once, and shown by the key of its account', async () => {
	const asked = [];
	const { createObjectURL } = URL;
	URL.createObjectURL = (blob) => `blob:${blob.type}`;
	try {
		const account = { value: { accountKey: 'own', picture: 1 } };
		const contacts = {
			value: [
				{ id: 'a', accountKey: 'ka', picture: 2 },
				{ id: 'b', accountKey: 'kb', picture: null },
				{ id: 'c', accountKey: 'kc', picture: 3 },
			],
		};
		followFaces(
			{ account, contacts },
			{
				picture: async (contact) => {
					asked.push(contact);
					if (contact === 'c') throw new Error('gone meanwhile');
					return png(10, 10);
				},
			},
		);
		await new Promise((resolve) => setTimeout(resolve, 20));
		assert.deepEqual(asked, ['a', 'c', undefined]);
		assert.deepEqual(
			[...faces.value],
			[
				['ka', 'blob:image/png'],
				['own', 'blob:image/png'],
			],
		);
	} finally {
		URL.createObjectURL = createObjectURL;
	}
});

test('a picture that is shown is there until another one is shown, and no longer', async () => {
	const { createObjectURL, revokeObjectURL } = URL;
	let made = 0;
	const revoked = [];
	URL.createObjectURL = () => `blob:${++made}`;
	URL.revokeObjectURL = (url) => {
		assert.ok(![...faces.value.values()].includes(url), `${url} is still shown`);
		revoked.push(url);
	};
	const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
	try {
		const one = (picture) => ({ id: 'a', accountKey: 'ka', picture });
		const other = { id: 'b', accountKey: 'kb', picture: 5 };
		const contacts = signal([one(1), other]);
		followFaces({ account: { value: null }, contacts }, { picture: async () => png(10, 10) });
		await turn();
		contacts.value = [one(2), other];
		await turn();
		assert.deepEqual(revoked, ['blob:1']);
		contacts.value = [one(null), other];
		await turn();
		assert.deepEqual(revoked, ['blob:1', 'blob:3']);
		assert.deepEqual([...faces.value], [['kb', 'blob:2']]);
	} finally {
		Object.assign(URL, { createObjectURL, revokeObjectURL });
	}
});
