// SPDX-License-Identifier: Apache-2.0
// What is drawn is read by another program's reader, for links as short and as long as they come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';
import { readPath } from './qr-read.mjs';

const { qrPath } = await load('../src/qr.ts');
const { asBrought, asShown } = await load('../src/links.ts');

const token = (n) => 'AQa-_9zZ'.repeat(n / 8);

test('a code is read back', () => {
	for (const n of [8, 160, 240, 1000]) {
		const link = `https://plaza.example/#/link/${token(n)}`;
		assert.equal(readPath(qrPath(link)), link);
	}
});

test('what is missing is noticed', () => {
	const { size, path } = qrPath('https://dial.example/#/link/' + token(160));
	// Ten rows are missing.
	assert.throws(() => readPath({ size, path: path.replace(/M\d+ 1\dh.*?z/g, '') }));
});

test('a link is known by where it leads, whatever stands around it', () => {
	const link = `https://dial.example/#/link/${token(40)}`;
	for (const text of [link, ` ${link}\n`, `Ask me: ${link} (one week)`, link.slice(8)])
		assert.equal(asBrought(text), link);
	assert.equal(
		asBrought(`http://dial.localhost:8451/#/link/${token(40)}`),
		`https://dial.localhost:8451/#/link/${token(40)}`,
	);
	assert.equal(asBrought(' hello '), 'hello');
	assert.equal(asBrought('javascript:alert(1)'), 'javascript:alert(1)');
});

test('only our own app is reached where this page is', () => {
	const here = 'http://dial.localhost:8451';
	assert.equal(
		asShown('https://dial.localhost/#/link/abc', 'dial.localhost', here),
		here + '/#/link/abc',
	);
	const other = 'https://dial.localhost.example/#/link/abc';
	assert.equal(asShown(other, 'dial.localhost', here), other);
});
