// SPDX-License-Identifier: Apache-2.0
// Links by which others ask: made, scanned, opened, pasted, ended; and codes that are asked for.
import assert from 'node:assert/strict';
import { readBlocks, readPath } from '../../apps/kit/test/qr-read.mjs';
import { Keyboard } from './lib/keyboard.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

/** Makes one; what stands there, which the picture says, too. */
async function makesLink(person, who) {
	const { go, pick } = person.hands;
	const dialog = person.dialog();
	await person.openSettings();
	await go(person.button('Invite people', dialog));
	await pick(dialog.getByRole('group', { name: 'Who may ask by it?' }), who);
	await go(person.button('Make a link', dialog));
	const link = await person.field('Link', dialog).inputValue();
	const picture = dialog.getByRole('img', { name: 'QR code of the link' });
	const size = Number((await picture.getAttribute('viewBox')).split(' ')[2]);
	const path = await picture.locator('path').last().getAttribute('d');
	assert.equal(readPath({ size, path }), link, 'the picture is of the link');
	await go(person.button('Done', dialog));
	return link;
}

/** A browser that reads codes, in front of whose camera there is one; Chromium has that only on phones. */
function seesCode(link) {
	window.BarcodeDetector = class {
		static getSupportedFormats = () => Promise.resolve(['qr_code']);
		detect = (of) => Promise.resolve(of.srcObject ? [{ rawValue: 'x' }, { rawValue: link }] : []);
	};
	navigator.mediaDevices.getUserMedia = () => {
		const canvas = document.createElement('canvas');
		canvas.getContext('2d').fillRect(0, 0, 8, 8);
		window.stream = canvas.captureStream(10);
		return Promise.resolve(window.stream);
	};
}

test('a link is made without a mouse, opened by somebody else, and used once', async (stage) => {
	const [rosa, tom, uwe] = await Promise.all([
		stage.person('dial', 'Rosa', { reducedMotion: 'reduce' }),
		stage.person('dial', 'Tom', { open: false }),
		stage.terminal('lens', 'Uwe'),
	]);
	rosa.hands = new Keyboard(rosa.page);
	await rosa.signUp();
	const link = await makesLink(rosa, 'One person');
	await rosa.closeDialogs();
	assert.ok(link.startsWith(`${rosa.origin}/#/link/`), link);
	assert.ok(!link.includes('447700900'), 'it says no number');
	// Who opens it has no account yet: it waits in the address.
	tom.page = await tom.context.newPage();
	await tom.page.goto(link);
	await tom.page.getByText(/invites you to write to them/).waitFor();
	await tom.signUp();
	const dialog = tom.dialog();
	await dialog.getByText(/Somebody on Dial invites you/).waitFor();
	await tom.field('Note', dialog).fill('By your link');
	await tom.button('Send request', dialog).click();
	await dialog.getByText(/Your request to somebody on Dial was sent/).waitFor();
	await tom.button('Done', dialog).click();
	assert.equal(new URL(tom.page.url()).hash, '#/');
	await rosa.seesRequest('Tom', 'Dial', 'By your link');
	await rosa.accept('Tom');
	await tom.hasRoom('Rosa');
	// As a terminal draws it.
	const said = uwe.prints('invite', '--qr');
	assert.equal(
		readBlocks(said),
		said.split('\n').find((l) => l.startsWith('https://')),
	);
	await assert.rejects(uwe.run('invite', '--qr'), /: 2 .*--json is not/);
	assert.equal((await uwe.run('invitations')).length, 1);
	// Nobody else is let in, and nobody is told.
	await uwe.run('ask', link.replace('http://', ''), 'Me, too');
	await rosa.openSettings();
	await rosa.button('Invite people', rosa.dialog()).click();
	await rosa.dialog().getByText('Used: nobody else can ask by it').waitFor();
	await rosa.closeDialogs();
	assert.deepEqual(await rosa.requests(), []);
});

test('a link is scanned in another app, asked by, and ended', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('plaza', 'Rosa'),
		stage.member('lens', 'Tom'),
	]);
	const link = await makesLink(rosa, 'Everybody who has it');
	await rosa.closeDialogs();
	const dialog = tom.dialog();
	const open = async () => {
		await tom.button('Find someone').first().click();
		await tom.button('By a link', dialog).click();
		await tom.field('Link', dialog).waitFor();
	};
	await open();
	assert.equal(await tom.button('Scan a QR code', dialog).count(), 0, 'where none can be read');
	await tom.field('Link', dialog).fill(link.slice(0, -3));
	await tom.button('Send request', dialog).click();
	await dialog
		.getByRole('alert')
		.getByText(/not the whole of it/)
		.waitFor();
	await tom.closeDialogs();
	await tom.page.evaluate(seesCode, link);
	await open();
	await tom.button('Scan a QR code', dialog).click();
	await tom.button('Scan a QR code', dialog).waitFor();
	assert.equal(await tom.field('Link', dialog).inputValue(), link);
	await until('the camera is off', () =>
		tom.page.evaluate(() => window.stream.getTracks().every((t) => t.readyState === 'ended')),
	);
	await tom.button('Send request', dialog).click();
	await dialog.getByText(/Your request to somebody on Plaza was sent/).waitFor();
	await tom.closeDialogs();
	await rosa.seesRequest('Tom', 'Lens', 'By a link that you made');
	await rosa.closeDialogs();
	await rosa.openSettings();
	await rosa.button('Invite people', rosa.dialog()).click();
	const row = rosa.dialog().getByRole('listitem').filter({ hasText: '1 person has asked by it' });
	await rosa.button('End', row).click();
	await row.waitFor({ state: 'hidden' });
	// It lets nobody in any more.
	const ida = await stage.terminal('lens', 'Ida');
	await ida.run('ask', link.replace('http://', ''), 'Too late');
	await rosa.closeDialogs();
	assert.equal((await rosa.requests()).length, 1);
});

test('with a contact code only who has it finds somebody', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('lens', 'Rosa'),
		stage.member('plaza', 'Tom'),
	]);
	const dialog = rosa.dialog();
	const code = dialog.locator('code');
	await rosa.openReach();
	await rosa.button('Make a code', dialog).click();
	await dialog.getByRole('alert').getByText('Save first who can reach you.').waitFor();
	await rosa.closeDialogs();
	await rosa.setReach({ age: '18 or older' });
	await rosa.openReach();
	await rosa.button('Make a code', dialog).click();
	await dialog.getByText(/^Set\./).waitFor();
	const first = await code.innerText();
	assert.match(first, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
	await rosa.button('New code', dialog).click();
	await dialog.getByText(/^Changed\./).waitFor();
	const second = await code.innerText();
	assert.notEqual(second, first);
	await rosa.closeDialogs();
	for (const [with_, pattern] of [
		[null, /only with a contact code/],
		[first, /only with a contact code/],
		['rosa', /eight letters and digits/],
	]) {
		await tom.askForm('lens', rosa.identifier, '', with_);
		await tom.dialog().getByRole('alert').getByText(pattern).waitFor();
		await tom.closeDialogs();
	}
	await tom.askForm('lens', rosa.identifier, 'With your code', second.toLowerCase());
	await tom
		.dialog()
		.getByText(/Your request to .* was sent/)
		.waitFor();
	await rosa.seesRequest('Tom', 'Plaza', 'With your code');
	await rosa.closeDialogs();
	await rosa.page.reload();
	await rosa.openReach();
	assert.equal(await code.innerText(), second);
	await rosa.button('Remove the code', dialog).click();
	await dialog.getByText(/^Removed\./).waitFor();
	assert.equal(await code.count(), 0);
});
