// SPDX-License-Identifier: Apache-2.0
// Pictures of the screens, for docs/ and the README: made by --pictures, not judged.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { WIDTHS } from './lib/chromium.mjs';
import { test } from './lib/suite.mjs';
import { walk } from './lib/walk.mjs';

// screen: [width, colours] of each picture of it.
const DESK = ['desktop', 'light'];
const NIGHT = ['desktop', 'dark'];
const HAND = ['phone', 'light'];
const HAND_NIGHT = ['phone', 'dark'];
const WANTED = {
	dial: {
		welcome: [DESK],
		words: [DESK],
		room: [DESK, HAND],
		files: [DESK],
		group: [NIGHT, HAND_NIGHT],
		'safety-number': [DESK],
		devices: [DESK],
		offline: [DESK],
		elsewhere: [DESK],
	},
	lens: {
		welcome: [DESK],
		requests: [DESK],
		files: [DESK],
		list: [DESK, NIGHT, HAND],
		room: [DESK, HAND],
		group: [DESK],
	},
	plaza: {
		welcome: [DESK],
		files: [DESK],
		group: [DESK, NIGHT, HAND_NIGHT],
		'group-info': [DESK],
		'new-group': [DESK],
	},
};

for (const [app, wanted] of Object.entries(WANTED)) {
	test(
		`${app} is photographed`,
		async (stage) => {
			mkdirSync(stage.pictures, { recursive: true });
			await walk(stage, app, async (screen, { page }) => {
				for (const [width, colorScheme] of wanted[screen] ?? []) {
					await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
					await page.setViewportSize(WIDTHS[width]);
					await page.evaluate(() => document.fonts.ready);
					const name = [app, screen, width, colorScheme].filter((n) => !DESK.includes(n)).join('-');
					await page.screenshot({ path: path.join(stage.pictures, `${name}.png`) });
				}
				await page.emulateMedia({ colorScheme: 'light' });
				await page.setViewportSize(WIDTHS.desktop);
			});
		},
		{ seconds: 180 },
	);
}
