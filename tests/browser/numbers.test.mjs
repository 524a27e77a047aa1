// SPDX-License-Identifier: Apache-2.0
// Contacts are found by number in Dial, pasted or from a file of cards, by both who want it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BUILD } from './lib/backbone.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

// Refused while the day's first is still being made.
const build = ({ backbone }) =>
	until('a filter', () =>
		execFileSync(path.join(BUILD, 'src/ctl/undercroftctl'), [
			'build-filter',
			path.join(backbone.dir, 'undercroft.conf'),
			'dial',
		]),
	);

async function openNumbers(person) {
	await person.openSettings();
	await person.button('Find contacts by number').click();
}

test('who wants it is found by number, and asked', async (stage) => {
	const [rosa, bela] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.terminal('dial', 'Bela'),
	]);
	await bela.run('settings', '--age', 'adult');
	await bela.run('findable', 'yes');
	const dialog = rosa.dialog();
	const box = dialog.getByRole('checkbox', { name: 'Who has my number can find me' });
	const field = dialog.getByRole('textbox', { name: 'Phone numbers' });
	await openNumbers(rosa);
	await box.click();
	await dialog
		.getByRole('alert')
		.getByText(/Say first that you are 18/)
		.waitFor();
	assert.ok(!(await box.isChecked()));
	await rosa.closeDialogs();
	await rosa.setReach({ age: '18 or older' });
	await openNumbers(rosa);
	await box.check();
	await field.fill('nobody');
	await rosa.button('Look for them', dialog).click();
	await dialog
		.getByRole('alert')
		.getByText(/no number with its country code/)
		.waitFor();
	await build(stage);
	const card = `BEGIN:VCARD\r\nFN:Bela\r\nTEL;TYPE=CELL:${bela.identifier}\r\nTEL:112\r\nEND:VCARD\r\n`;
	const ask = rosa.button(/^Ask \+/, dialog);
	// The filter is made beside everything else.
	for (let i = 0; i < 40 && !(await ask.isVisible()); i++) {
		await pause(250);
		await dialog
			.locator('input[type=file]')
			.setInputFiles({ name: 'c.vcf', mimeType: 'text/vcard', buffer: Buffer.from(card) });
		await dialog.getByText('All of them were looked for. 1 left out').waitFor();
	}
	await field.fill('+49 30 5550000');
	await rosa.button('Look for them', dialog).click();
	await dialog.getByText('1 of 2 can be found.').waitFor();
	await ask.click();
	await dialog.getByText('You have asked them.').waitFor();
	await bela.run('sync');
	assert.equal((await bela.run('requests'))[0].name, 'Rosa');
	// The other way round.
	const [found] = await bela.run('find', rosa.identifier);
	assert.equal(found.state, 'found');
	await rosa.button('Forget these numbers', dialog).click();
	await dialog.getByText('can be found.').waitFor({ state: 'hidden' });
});
