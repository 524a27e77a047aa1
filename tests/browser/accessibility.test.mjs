// SPDX-License-Identifier: Apache-2.0
// Every screen of every app: axe finds nothing, light and dark, at a desk and on a phone; nothing
// scrolls sideways at 320 pixels or at twice the size, forms not with letters twice as large either; who wants less motion gets less.
import assert from 'node:assert/strict';
import { axe, WIDTHS } from './lib/chromium.mjs';
import { moving, overflowing } from './lib/inside.mjs';
import { walk } from './lib/walk.mjs';
import { test } from './lib/suite.mjs';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'];

// Both widths and both colours of everything; ./dev test --all looks at all four of them.
const LOOKS = [
	['desktop', 'light'],
	['phone', 'dark'],
];
if (process.env.UNDERCROFT_TEST_LONG) LOOKS.push(['desktop', 'dark'], ['phone', 'light']);

// Not the conversations below them: in Lens and Plaza those do not hold at that yet.
const LARGE = new Set([
	'welcome',
	'join',
	'new-group',
	'settings-alarm',
	'add-device',
	'is-it-mine',
	'device-added',
	'devices',
]);

async function axeFinds(page) {
	const violations = await page.evaluate(
		async (tags) =>
			(await window.axe.run(document, { runOnly: { type: 'tag', values: tags } })).violations,
		RULES,
	);
	return violations.flatMap((v) =>
		v.nodes.map((n) => `${v.id}: ${v.help} ${n.target} ${n.failureSummary}`),
	);
}

/** Nothing moves on the page any more: colours and places are what they are going to be. */
const settled = (page) =>
	page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));

for (const app of ['dial', 'lens', 'plaza']) {
	test(
		`${app}: axe finds nothing on any screen`,
		async (stage) => {
			const source = axe();
			const see = async (screen, person) => {
				const page = person.page;
				assert.deepEqual(await page.evaluate(moving), [], `${screen}: less motion`);
				if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
				for (const [width, colorScheme] of LOOKS) {
					await page.emulateMedia({ colorScheme });
					await page.setViewportSize(WIDTHS[width]);
					await settled(page);
					assert.deepEqual(await axeFinds(page), [], `${screen}, ${width}, ${colorScheme}`);
				}
				for (const width of ['narrow', 'zoomed']) {
					await page.setViewportSize(WIDTHS[width]);
					await settled(page);
					assert.deepEqual(await page.evaluate(overflowing), [], `${screen}, ${width}`);
				}
				await page.setViewportSize(WIDTHS.desktop);
				await page.emulateMedia({ colorScheme: 'light' });
				if (!LARGE.has(screen)) return;
				// Letters of twice the size, on a page that keeps its own.
				await page.evaluate(() => void (document.documentElement.style.fontSize = '200%'));
				await settled(page);
				const found = await page.evaluate(overflowing, 'dialog[open], .k-welcome');
				assert.deepEqual(found, [], `${screen}, large letters`);
				await page.evaluate(() => void (document.documentElement.style.fontSize = ''));
			};
			await walk(stage, app, see, { reducedMotion: 'reduce' });
		},
		{ seconds: 180 },
	);
}
