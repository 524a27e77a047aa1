// SPDX-License-Identifier: Apache-2.0
// What others write stays text, cannot hide anything, and cannot leave its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { clean, cleanLines, cleanEmoji, shorten, MARK } = await load('../src/text.ts');

test('plain text of any script is left alone', () => {
	for (const text of [
		'Hello, world!',
		'Grüße aus Köln',
		'Привет',
		'שלום עולם',
		'مرحبا بالعالم',
		'नमस्ते',
		'你好，世界',
		'e\u0301',
		'a\tb',
	])
		assert.equal(cleanLines(text), text);
});

test('markup is text', () => {
	const text = '<img src=x onerror=alert(1)> &amp; <b>';
	assert.equal(cleanLines(text), text);
});

test('overrides, embeddings and isolates are made visible', () => {
	for (const code of [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]) {
		const c = String.fromCodePoint(code);
		assert.equal(cleanLines(`photo${c}gpj.exe`), `photo${MARK}gpj.exe`);
		assert.equal(clean(`a${c}b`), `a${MARK}b`);
	}
});

test('invisible marks are taken out', () => {
	for (const code of [0x200e, 0x200f, 0x061c, 0x200b, 0x2060, 0xfeff, 0x00ad, 0x180e, 0xe0101])
		assert.equal(clean(`ad${String.fromCodePoint(code)}min`), 'admin');
	// Joiners where nothing joins.
	assert.equal(clean('ad\u200Dmin'), 'admin');
	assert.equal(clean('ad\u200Cmin'), 'admin');
});

test('control characters are made visible, a row of them once', () => {
	for (let code = 0; code < 0xa0; code++) {
		if ((code >= 0x20 && code < 0x7f) || [0x09, 0x0a, 0x0d, 0x85].includes(code)) continue;
		assert.equal(cleanLines(`a${String.fromCodePoint(code)}b`), `a${MARK}b`, String(code));
	}
	assert.equal(cleanLines('a' + '\u0007'.repeat(1000) + 'b'), `a${MARK}b`);
	assert.equal(cleanLines('\uD800x\uDC00'), `${MARK}x${MARK}`);
});

test('tag characters are made visible, but in flags', () => {
	const tags = [...'hidden'].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('');
	assert.equal(cleanLines('a' + tags + 'b'), `a${MARK}b`);
	const scotland = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}';
	assert.equal(cleanLines(scotland), scotland);
	assert.equal(cleanLines('\u{1F3F4}' + tags), '\u{1F3F4}' + MARK);
});

test('fillers that look like nothing are made visible', () => {
	for (const code of [0x2800, 0x3164, 0x115f, 0x1160, 0xffa0])
		assert.equal(clean(String.fromCodePoint(code)), MARK);
});

test('emoji are kept whole', () => {
	for (const text of ['👩‍👩‍👧‍👦', '👍🏽', '🏳️‍🌈', '❤️', '🇩🇪', '1️⃣', '👩🏽‍🚀']) {
		assert.equal(cleanLines(text), text);
		assert.equal(cleanEmoji(text), text);
	}
});

test('emoji are not joined without end', () => {
	const text = cleanLines(Array(500).fill('👩').join('\u200D'));
	assert.ok(text.split('\u200D').length <= 9);
});

test('joiners stay where they are spelling', () => {
	for (const text of ['می\u200Cخواهم', 'क्\u200Dष']) assert.equal(cleanLines(text), text);
});

test('marks do not pile up', () => {
	assert.equal(cleanLines('a' + '\u0301'.repeat(400) + 'b'), 'a' + '\u0301'.repeat(5) + 'b');
	assert.equal(cleanLines('\u0301\u0301x'), 'x');
	assert.equal(cleanLines('a\u200B\u0301'.repeat(1)), 'a\u0301');
});

test('line breaks are kept in messages and are blanks in names', () => {
	assert.equal(cleanLines('a\r\nb\u2028c\u2029d\u0085e\rf'), 'a\nb\nc\nd\ne\nf');
	assert.equal(clean('  a\r\n\tb\u2028  c '), 'a b c');
});

test('names and lines are bounded, whatever they are made of', () => {
	assert.equal(clean('x'.repeat(70)), 'x'.repeat(63) + '…');
	assert.equal(clean('x'.repeat(64)), 'x'.repeat(64));
	assert.equal(clean('\u200B'.repeat(1e6)), '');
	assert.ok(clean('👩‍👩‍👧‍👦'.repeat(1e5), 10).length < 200);
	assert.equal(shorten('👍🏽👍🏽👍🏽', 2), '👍🏽…');
	assert.ok([...cleanEmoji('lol this is no emoji')].length <= 4);
	assert.equal(cleanEmoji('\u200B'), MARK);
});
