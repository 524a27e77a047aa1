// SPDX-License-Identifier: Apache-2.0
// Text of others is text: a hostile client's names, notes, messages, reactions and group names run
// nothing, load nothing, turn nothing around and push nothing aside.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { WIDTHS } from './lib/chromium.mjs';
import { dangerous, foreignElements, overflowing, reordered, unisolated } from './lib/inside.mjs';
import { test } from './lib/suite.mjs';

// Without a dot: a request with what looks like a host's name is not even sent.
const HURT = 'undercroftHurt=1';
const TEXTS = [
	`<script>${HURT}</script>`,
	`<img src=x onerror="${HURT}">`,
	`"><svg onload="${HURT}"><a href="javascript:${HURT}">x</a>`,
	`javascript:${HURT}`,
	`<iframe srcdoc="<script>parent.${HURT}</script>"></iframe>`,
	'</script></style></textarea><!--',
	'{{constructor.constructor("window.undercroftHurt=1")()}} ${window.undercroftHurt=1}',
	'photo\u202Egpj.exe',
	'\u2067\u202E\u2066 never closed',
	'\u2069\u2069\u202C\u202C closed too often',
	'\u05D0\u05D1\u05D2 123 \u05D3',
	'bell \u0007, escape \u001B[31m, backspace \u0008\u0008\u0008, C1 \u009B31m',
	'W'.repeat(3000),
	'https://example.org/' + 'path/'.repeat(400),
	'Z\u0300' + '\u0301\u0489\u033F'.repeat(400) + 'algo',
	'\uFEFF\u200B\u2060\u00AD',
	'\n'.repeat(300) + 'far below',
	'\u{1F469}\u200D'.repeat(200) + '\u{1F469}',
	'\u3164\u2800\u115F',
	'a\u2028b\u2029c',
	'__proto__',
	'[object Object]',
];
// What the terminal client lets through as a name; notes, messages and groups' names can be anything.
const NAME = `<b onclick=${HURT}>Mallory</b> \u05D0\u05D1 7`;
const FILE = `..<img src=x onerror=${HURT}>\u202Egpj.${'W'.repeat(60)}\n.svg`;
const GROUP = `"><img src=x onerror=${HURT}>\u202E${'W'.repeat(120)}`;

async function isUnharmed(person, where) {
	const page = person.page;
	const hurt = await page.evaluate(() => 'undercroftHurt' in window);
	assert.equal(hurt, false, `${where}: something ran`);
	for (const [what, look] of Object.entries({
		overflowing,
		reordered,
		unisolated,
		dangerous,
		foreignElements,
	})) {
		assert.deepEqual(await page.evaluate(look), [], `${where}: ${what}`);
	}
}

/** As above, on a desk and on the narrowest phone. */
async function holds(person, where) {
	await isUnharmed(person, where);
	await person.page.setViewportSize(WIDTHS.narrow);
	await isUnharmed(person, `${where}, narrow`);
	await person.page.setViewportSize(WIDTHS.desktop);
}

for (const app of ['dial', 'lens', 'plaza']) {
	test(`a hostile client writes to ${app}`, async (stage) => {
		const [rosa, mallory] = await Promise.all([
			stage.member(app, 'Rosa'),
			stage.terminal('lens', NAME),
		]);
		const { answered } = mallory.ask(rosa, `<img src=x onerror=${HURT}>\u202Egnp exe`);
		await rosa.seesRequest('Mallory', 'Lens', 'onerror=');
		await holds(rosa, 'a request');
		await rosa.accept('Mallory');
		await answered;
		await rosa.openRoom(/Mallory/);
		await holds(rosa, 'an empty conversation');
		for (const text of TEXTS) await mallory.run('send', '1', '--', text);
		await mallory.run('send', '1', '--', 'the last of them');
		await rosa.reads('the last of them');
		await mallory.run('react', '1', '1', `<img onerror=${HURT}>`).catch(() => {});
		await holds(rosa, 'messages');
		// They are there, as text.
		const shown = await rosa.texts();
		assert.ok(shown.includes(TEXTS[0]), 'markup is shown as it was written');
		assert.ok(shown.some((t) => t.includes('WWWWWWWW')));
		// Of a file the name is text, too, and what is saved has one that does nothing.
		const file = path.join(stage.backbone.dir, FILE);
		writeFileSync(file, '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
		await mallory.run('send', '1', '--file', file);
		const card = rosa.page.locator('.k-file');
		await card.waitFor();
		await holds(rosa, 'a file');
		const saves = rosa.page.waitForEvent('download');
		await card.getByRole('button', { name: /^Save: / }).click();
		const saved = await saves;
		assert.match(saved.suggestedFilename(), /^[^\p{C}/\\<>:"|?*.][^\p{C}/\\<>:"|?*]*\.svg$/u);
		await card.getByText('Given to the browser').waitFor();
		await holds(rosa, 'a file that was saved');
		await mallory.run('group', GROUP, 'Rosa');
		await rosa.openRoom(/^"><img src=x/);
		await holds(rosa, 'a group');
		await rosa.send('still here');
		await rosa.isAccepted('still here');
	});
}
