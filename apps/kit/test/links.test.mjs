// SPDX-License-Identifier: Apache-2.0
// What people paste: links and codes are found in it, and any length of it is read at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { asBrought, asShown, DEVICE, LINK } = await load('../src/links.ts');
const { mistake, normalise, showName } = await load('../src/names.ts');
const { noteLeft } = await load('../src/ui/note.tsx');
const { parseRoute, writeRoute } = await load('../src/route.ts');

const TOKEN = 'Ab_-9'.repeat(10);
const CODE = 'abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567-abcd-efg';

test('a link is read out of what stands around it', () => {
	const link = `https://dial.example${LINK}${TOKEN}`;
	for (const text of [
		link,
		`dial.example${LINK}${TOKEN}`,
		` ${link}\n`,
		`Write to me: ${link}. Rosa`,
		`http://dial.example${LINK}${TOKEN}`,
		`/#/link/ is how they look: ${link}`,
	])
		assert.equal(asBrought(text), link, text);
	assert.equal(
		asBrought(`see http://dial.localhost:8451${LINK}${TOKEN})`),
		`https://dial.localhost:8451${LINK}${TOKEN}`,
	);
	assert.equal(asBrought('  hello '), 'hello');
	assert.equal(asBrought(LINK + TOKEN), LINK + TOKEN);
});

test('the code of a device is read as it was pasted or typed', () => {
	const code = `https://dial.example${DEVICE}${CODE}`;
	for (const text of [code, `dial.example${DEVICE}${CODE}`, `${code} is what it shows`])
		assert.equal(asBrought(text, DEVICE), code, text);
	assert.equal(
		asBrought(`dial.example${DEVICE}abcd efgh  ij`, DEVICE),
		`https://dial.example${DEVICE}abcd efgh  ij`,
	);
	// An invitation is none.
	assert.equal(asBrought(`dial.example${LINK}${TOKEN}`, DEVICE), `dial.example${LINK}${TOKEN}`);
	assert.equal(asShown(code, 'dial.example', 'http://d:1'), `http://d:1${DEVICE}${CODE}`);
	assert.equal(asShown(code, 'lens.example', 'http://d:1'), code);
});

test('the address that a picture leads to names the code, and nothing is done by that', () => {
	const route = parseRoute(`#/device/${CODE}`);
	assert.deepEqual(route, { page: '', room: null, panel: 'add-device', arg: CODE });
	assert.equal(writeRoute(route), `#/device/${CODE}`);
	assert.equal(writeRoute({ ...route, arg: null }), '#/?add-device');
	assert.deepEqual(parseRoute('#/?add-device=' + 'a'.repeat(64)).arg, null);
	assert.equal(parseRoute('#/device/x').panel, null);
});

test('texts of a million characters are read in no time', () => {
	const n = 1 << 20;
	const long = {
		words: 'x'.repeat(n),
		blanks: ' '.repeat(n),
		'at the end': 'x'.repeat(n) + LINK + TOKEN,
		'no token': ('x'.repeat(100) + LINK + ' ').repeat(n / 100),
		'no host': LINK.repeat(n / LINK.length),
		slashes: '/'.repeat(n),
		schemes: 'https://'.repeat(n / 8),
		'one host': 'a'.repeat(n / 2) + '/#/link',
		address: 'a@' + 'b'.repeat(n) + '@',
		dots: 'a@' + '.'.repeat(n) + ' ',
		digits: '0'.repeat(n) + 'x',
		handle: 'a.'.repeat(n / 2) + '!',
	};
	for (const [what, text] of Object.entries(long)) {
		const began = performance.now();
		for (const place of [LINK, DEVICE]) assert.ok(asBrought(text, place).length < 2500, what);
		for (const kind of ['number', 'handle', 'address']) {
			assert.equal(typeof mistake(kind, normalise(kind, text)), 'string', what);
			showName(kind, text);
		}
		noteLeft(text);
		parseRoute('#/' + text);
		const ms = performance.now() - began;
		// What grows with the square of it takes minutes.
		assert.ok(ms < 3000, `${what}: ${ms} ms`);
	}
});
