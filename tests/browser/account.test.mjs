// SPDX-License-Identifier: Apache-2.0
// The account comes back with the words, and goes from a browser without a trace.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stored } from './lib/inside.mjs';
import { pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

test('sign out and erase this browser', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'lens');
	await rosa.send('before all is erased');
	await tom.reads('before all is erased', 'Rosa');
	const before = await rosa.page.evaluate(stored);
	assert.ok(before.records.length > 5, 'there is something to erase');
	await rosa.erase();
	await rosa.isWelcomed();
	for (const when of ['at once', 'after the page was loaded again']) {
		const after = await rosa.page.evaluate(stored);
		assert.deepEqual(
			after.records.filter((r) => before.records.includes(r)),
			[],
			`records left in IndexedDB, ${when}`,
		);
		assert.deepEqual(after.others, [[], [], [], []], `left elsewhere, ${when}`);
		assert.equal(after.cookies, '');
		await rosa.page.reload();
		await rosa.isWelcomed();
	}
	// Nothing more than in a browser that was never here.
	const visitor = await stage.person('dial', 'Visitor');
	await visitor.isWelcomed();
	const [never, after] = await Promise.all([visitor, rosa].map((p) => p.page.evaluate(stored)));
	const places = ({ stores }) => stores.map((s) => s.replace(/\d+$/, ''));
	assert.deepEqual(places(after), places(never));
	assert.ok(after.records.length <= never.records.length + 2, after.stores.join());
});

test('words that were confirmed are nowhere in the page, and titles name nobody', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('lens', 'Rosa'),
		stage.member('dial', 'Tom'),
	]);
	const left = await rosa.page.evaluate(() => ({
		page: document.documentElement.outerHTML,
		// what the last pattern was matched with
		matched: RegExp.input,
		history: JSON.stringify([history.state, location.href, document.title]),
	}));
	const some = rosa.words.split(' ').slice(0, 3).join(' ');
	for (const [where, text] of Object.entries(left)) assert.ok(!text.includes(some), where);
	await rosa.ask(tom, 'Hello');
	await tom.accept('Rosa');
	await rosa.openRoom('Tom');
	// Browsers keep titles in their history, also after the account has been erased.
	assert.doesNotMatch(await rosa.page.title(), /Tom/);
});

test('the words take the account up again in another browser', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'lens');
	const number = await tom.safetyNumber('Rosa');
	const again = await stage.person('dial', 'Rosa', { identifier: rosa.identifier });
	await again.recoverInVain('abandon '.repeat(24).trim(), /word/i);
	await again.recover(rosa.words);
	assert.equal((await again.devices()).length, 1);
	// The device before is told, and does not send in this name any more.
	await rosa.isGone();
	await again.ask(tom, 'It is me again');
	await tom.accept('Rosa');
	await again.openRoom('Tom');
	assert.equal(await again.safetyNumber('Tom'), number, 'the same identity, proven anew');
});

test('another number, and another handle', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.member('lens', 'Tom'),
	]);
	const number = '+49305550123';
	// However it is grouped.
	const shown = new RegExp([...'5550123'].join('\\s*'));
	// A code that was not sent changes nothing, and the form says so.
	await rosa.changeName(number, { code: '00000000' });
	await rosa.page.getByRole('alert').getByText('The code is wrong').waitFor();
	await rosa.closeDialogs();
	await rosa.openSettings();
	assert.equal(await rosa.dialog().getByText(shown).count(), 0);
	await rosa.closeDialogs();
	await rosa.changeName(number);
	await rosa.dialog().getByText(shown).waitFor();
	await rosa.closeDialogs();
	// Of handles, one that somebody has is refused.
	const taken = await stage.member('lens', 'Uwe');
	await tom.changeName(taken.identifier);
	await tom.page.getByRole('alert').getByText('Somebody else has this name').waitFor();
	await tom.closeDialogs();
	await tom.changeName('tom.by.another');
	await tom.dialog().getByText('tom.by.another').waitFor();
	await tom.closeDialogs();
	// Found by the new one.
	rosa.identifier = number;
	await tom.ask(rosa, 'By your new number');
	await rosa.accept('Tom');
	await rosa.openRoom('Tom');
	await rosa.send('it works');
	await tom.openRoom('Rosa');
	await tom.reads('it works', 'Rosa');
});

test('what is one’s own is saved into a file, and no key with it', async (stage) => {
	const [rosa, tom] = await pair(stage, 'lens', 'dial');
	await rosa.send('Grüße, \u{1F331}');
	await tom.reads('Grüße, \u{1F331}', 'Rosa');
	await tom.send('kept');
	await rosa.reads('kept', 'Tom');
	await rosa.openSettings();
	await rosa.button('Take my data along', rosa.dialog()).click();
	const saves = rosa.page.waitForEvent('download');
	await rosa.button('Save the file', rosa.dialog()).click();
	const file = await saves;
	assert.match(file.suggestedFilename(), /^lens-\d{4}-\d\d-\d\d\.jsonl$/);
	const text = readFileSync(await file.path(), 'utf8');
	assert.match(text, /^[\x20-\x7e\n]+$/, 'ASCII');
	const lines = text
		.trimEnd()
		.split('\n')
		.map((l) => JSON.parse(l));
	const of = (type) => lines.filter((l) => l.type === type);
	assert.deepEqual([lines[0].type, lines.at(-1).type], ['export', 'export_end']);
	assert.equal(lines[0].format, 'browser-1');
	assert.equal(of('account')[0].identifier, rosa.identifier);
	assert.deepEqual(
		of('contact').map((c) => c.name),
		['Tom'],
	);
	assert.deepEqual(
		of('message')
			.map((m) => [m.kind, m.own, m.text])
			.filter(([kind]) => kind === 'text'),
		[
			['text', true, 'Grüße, \u{1F331}'],
			['text', false, 'kept'],
		],
	);
	assert.deepEqual(
		of('member')
			.map((m) => m.name)
			.sort(),
		['Rosa', 'Tom'],
	);
	assert.ok(!text.includes(rosa.words.split(' ').slice(0, 3).join(' ')));
});

test('another name is told to those who know the one before', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'lens');
	const change = async (name) => {
		await rosa.openSettings();
		await rosa.button('My profile', rosa.dialog()).click();
		await rosa.field('Your name', rosa.dialog()).fill(name);
		await rosa.button('Change', rosa.dialog()).click();
	};
	await change('\u0007');
	await rosa
		.dialog()
		.getByRole('alert')
		.getByText(/cannot be shown/)
		.waitFor();
	await rosa.closeDialogs();
	await change('Rosa Luz');
	await rosa.dialog().getByText('Rosa Luz').waitFor();
	await rosa.closeDialogs();
	await tom.toList();
	await tom.room(/^Rosa Luz/).waitFor();
	assert.match(await (await tom.openRoom('Rosa Luz'), tom.roomHeading()), /Rosa Luz/);
	await rosa.page.reload();
	await rosa.openSettings();
	await rosa.dialog().getByText('Rosa Luz').waitFor();
});
