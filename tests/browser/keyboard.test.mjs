// SPDX-License-Identifier: Apache-2.0
// Without a mouse: from the first page to a message that was sent, with the focus always to be seen,
// and back where it was when a dialog ends.
import assert from 'node:assert/strict';
import { isFocused, Keyboard } from './lib/keyboard.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

// Where the system decides on the colours, focus must be seen as well.
const COLOURS = { dial: 'none', lens: 'active', plaza: 'active' };

for (const app of ['dial', 'lens', 'plaza']) {
	test(`${app} without a mouse`, async (stage) => {
		const [rosa, tom] = await Promise.all([
			stage.person(app, 'Rosa', { reducedMotion: 'reduce', forcedColors: COLOURS[app] }),
			stage.terminal('lens', 'Tom'),
		]);
		const { page } = rosa;
		const keys = new Keyboard(page);
		rosa.hands = keys;
		await rosa.signUp();

		// A dialog takes the focus, keeps it, and gives it back.
		const find = rosa.button('Find someone').first();
		await keys.go(find);
		const dialog = rosa.dialog();
		await dialog.waitFor();
		const inside = () => dialog.evaluate((d) => d.contains(document.activeElement));
		await until('the focus is in the dialog', inside);
		for (let i = 0; i < 15; i++) {
			await page.keyboard.press('Tab');
			const isOutside = await dialog.evaluate(
				(d) => document.activeElement !== document.body && !d.contains(document.activeElement),
			);
			assert.equal(isOutside, false, 'Tab stays in the dialog');
		}
		await page.keyboard.press('Escape');
		await dialog.waitFor({ state: 'hidden' });
		await until('the focus is back where it was', () => isFocused(find));

		await rosa.ask(tom, 'By keys alone');
		await tom.accept('Rosa');
		await rosa.hasRoom('Tom');
		await keys.go(rosa.room('Tom'));
		await keys.fill(rosa.composer(), 'typed and sent');
		await page.keyboard.press('Enter');
		await rosa.isAccepted('typed and sent');
		await tom.reads('typed and sent');
		// A new line does not send.
		await page.keyboard.type('first line');
		await page.keyboard.press('Shift+Enter');
		await page.keyboard.type('second line');
		await page.keyboard.press('Enter');
		await tom.reads('first line\nsecond line');
		// The log is walked by arrows; a message's buttons are reached from it.
		await tom.run('send', 'Rosa', 'an answer');
		await rosa.reads('an answer');
		await keys.tabUntil('a message', () =>
			page.evaluate(() => document.activeElement.closest('.k-message') !== null),
		);
		await page.keyboard.press('End');
		await until('the last message', () => isFocused(rosa.message('an answer')));
		await keys.go(rosa.button('React', rosa.message('an answer')));
		const thumb = page.getByRole('menuitem', { name: 'Thumbs up' });
		await until('the focus is in the menu', () => isFocused(thumb));
		await page.keyboard.press('Enter');
		await rosa.seesReaction('an answer', '👍');
	});
}
