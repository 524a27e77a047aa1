// SPDX-License-Identifier: Apache-2.0
// Numbers are read from lines and cards, and what is none is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { readNumbers } = await load('../src/numbers.ts');

test('lines, each number once', () => {
	assert.deepEqual(readNumbers('+49 30 1234567\r\n\n  0049 (30) 123-4567 \n+33612345678, 112'), {
		numbers: ['+49301234567', '+33612345678'],
		leftOut: 1,
	});
	assert.deepEqual(readNumbers(''), { numbers: [], leftOut: 0 });
});

test('of cards the numbers alone', () => {
	const cards = [
		'BEGIN:VCARD',
		'FN:Rosa +49999999999',
		'TEL:+49 30 1234567',
		'TEL;TYPE=CELL:+33 6 12345678',
		'item1.TEL;VALUE=uri;TYPE="voice,home":tel:+1-555-123-4567',
		'TEL;TYPE=WORK:112',
		'TELEX:+49777777777',
		'NOTE:+49888888888',
		'END:VCARD',
	].join('\r\n');
	assert.deepEqual(readNumbers(cards), {
		numbers: ['+49301234567', '+33612345678', '+15551234567'],
		leftOut: 1,
	});
});
