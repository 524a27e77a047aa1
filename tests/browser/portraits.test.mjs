// SPDX-License-Identifier: Apache-2.0
// A picture and a line about oneself: set in one browser, seen by contacts in theirs and at a terminal.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { befriend, pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

/** A photograph as a camera gives it: large, and with a note of where it was taken. */
async function photograph(page, type, colour) {
	const drawn = await page.evaluate(
		async ([type, colour]) => {
			const canvas = new OffscreenCanvas(1600, 1200);
			const paint = canvas.getContext('2d');
			paint.fillStyle = colour;
			paint.fillRect(0, 0, 1600, 1200);
			// What no codec makes small.
			for (let i = 0; i < 20000; i++) {
				paint.fillStyle = `hsl(${(i * 137) % 360} 60% 50% / 0.4)`;
				paint.fillRect((i * 7919) % 1600, (i * 104729) % 1200, 9, 7);
			}
			const blob = await canvas.convertToBlob({ type, quality: 0.95 });
			return [...new Uint8Array(await blob.arrayBuffer())];
		},
		[type, colour],
	);
	const bytes = Buffer.from(drawn);
	const note = Buffer.from('zQ where it was taken');
	if (type !== 'image/jpeg') return Buffer.concat([bytes, note]);
	const length = Buffer.from([(note.length + 2) >> 8, (note.length + 2) & 255]);
	return Buffer.concat([
		bytes.subarray(0, 2),
		Buffer.from([0xff, 0xe1]),
		length,
		note,
		bytes.subarray(2),
	]);
}

async function openProfile(person) {
	await person.openSettings();
	await person.button('My profile', person.dialog()).click();
	await person.field('About you').waitFor();
}

const face = (scope) => scope.locator('img.k-avatar');
const isDrawn = (image) => image.evaluate((i) => i.complete && i.naturalWidth > 0);

test('a picture and a line about oneself are seen by contacts', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'plaza');
	const folder = mkdtempSync(path.join(os.tmpdir(), 'undercroft-pictures-'));
	try {
		const file = path.join(folder, 'rosa.jpg');
		const photo = await photograph(rosa.page, 'image/jpeg', '#246');
		assert.ok(photo.length > 16384 && photo.includes('zQ where'));
		writeFileSync(file, photo);
		writeFileSync(path.join(folder, 'not.jpg'), 'no picture at all');
		await openProfile(rosa);
		const choose = rosa.dialog().locator('input[type=file]');
		await choose.setInputFiles(path.join(folder, 'not.jpg'));
		await rosa
			.dialog()
			.getByRole('alert')
			.getByText(/no picture/)
			.waitFor();
		assert.equal(await face(rosa.dialog()).count(), 0);
		await choose.setInputFiles(file);
		await face(rosa.dialog()).waitFor();
		await rosa.field('About you').fill('Keeps bees');
		await rosa.button('Change', rosa.dialog()).click();
		await rosa.closeDialogs();

		// In his list, and where he looks who she is.
		await tom.button('About this conversation').click();
		await tom.dialog().getByText('Keeps bees').waitFor();
		await face(tom.dialog()).first().waitFor();
		await until('it is drawn', () => isDrawn(face(tom.dialog()).first()));
		await tom.closeDialogs();
		await tom.toList();
		await face(tom.page).first().waitFor();
		await tom.page.reload();
		await face(tom.page).first().waitFor();
		await until('it is drawn again', () => isDrawn(face(tom.page).first()));

		// Whoever comes later has it, too: it is small, and says nothing of where it was taken.
		const tia = await stage.terminal('lens', 'Tia');
		await befriend(rosa, tia);
		await until('it has come to the terminal', async () => {
			await tia.run('sync');
			const [contact] = await tia.run('contacts');
			return contact.picture && contact.about === 'Keeps bees';
		});
		const saved = path.join(folder, 'saved.jpg');
		await tia.run('contact', 'Rosa', '--save-picture', saved);
		const bytes = readFileSync(saved);
		assert.ok(bytes.length <= 16384 && !bytes.includes('zQ where'), String(bytes.length));
		const [width, height] = await face(tom.page)
			.first()
			.evaluate((i) => [i.naturalWidth, i.naturalHeight]);
		assert.ok(width === height && width <= 256, `${width} ${height}`);

		// Taken back.
		await openProfile(rosa);
		await rosa.button('Remove the picture', rosa.dialog()).click();
		await face(rosa.dialog()).waitFor({ state: 'detached' });
		await rosa.field('About you').fill('');
		await rosa.button('Change', rosa.dialog()).click();
		await until('it is gone from his list', async () => (await face(tom.page).count()) === 0);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test('a picture that would fill the memory is not drawn', async (stage) => {
	const rosa = await stage.member('dial', 'Rosa');
	const tia = await stage.terminal('lens', 'Tia');
	await befriend(rosa, tia);
	const folder = mkdtempSync(path.join(os.tmpdir(), 'undercroft-pictures-'));
	try {
		// The start of a PNG of 60,000 by 60,000.
		const side = [0, 0, 0xea, 0x60];
		const bomb = Buffer.concat([
			Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
			Buffer.from([0, 0, 0, 13]),
			Buffer.from('IHDR'),
			Buffer.from([...side, ...side, 1, 0, 0, 0, 0]),
			Buffer.alloc(64),
		]);
		const file = path.join(folder, 'bomb.png');
		writeFileSync(file, bomb);
		await tia.run('profile', '--about', 'Drawn anew', '--picture', file);
		await rosa.openRoom('Tia');
		await rosa.button('About this conversation').click();
		await rosa.dialog().getByText('Drawn anew').waitFor();
		assert.equal(await face(rosa.page).count(), 0);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
