// SPDX-License-Identifier: Apache-2.0
// Several devices of one account, browsers and terminals: let in by a code, called something, ended; what
// another one does to the list is shown until it was seen.
import assert from 'node:assert/strict';
import { readPath } from '../../apps/kit/test/qr-read.mjs';
import { Keyboard } from './lib/keyboard.mjs';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const isThere = (terminal, room) =>
	until(`${terminal.name} is in ${room}`, async () => {
		await terminal.run('sync');
		return (await terminal.run('rooms')).some((r) => r.name === room && r.state === 'open');
	});

async function refusedCode(person, code, pattern) {
	await person.lookAtDevice(code);
	await person.dialog().getByRole('alert').getByText(pattern).waitFor();
	await person.closeDialogs();
}

test('a terminal is let in by its code, watched, and ends the browser', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.terminal('lens', 'Tom'),
	]);
	await befriend(rosa, tom);
	const laptop = stage.device('dial', 'Laptop');
	const { code, joined } = await laptop.become();

	await refusedCode(rosa, 'hello', /no code of a new device/);
	await refusedCode(rosa, code.slice(0, -4) + 'aaaa', /no code of a new device/);
	const { code: other } = await stage.device('lens', 'Other').become();
	await refusedCode(rosa, other, /of another app/);
	// Nothing is done before its person has said so.
	await rosa.lookAtDevice(`This: ${code}`);
	await rosa
		.isItMine()
		.getByText(/they would have your account/)
		.waitFor();
	await rosa.button('No', rosa.isItMine()).click();
	await rosa.field('Code of the new device').waitFor();
	await rosa.closeDialogs();
	assert.equal((await rosa.devices()).length, 1);
	await rosa.letIn(code, 'Old laptop');
	assert.match(await rosa.deviceRow('Old laptop').innerText(), /Since .*\d{4}/);
	await rosa.closeDialogs();
	await joined;
	await isThere(laptop, 'Tom');
	await laptop.run('send', 'Tom', 'from the laptop');
	await tom.reads('from the laptop');
	await rosa.openRoom('Tom');
	await rosa.reads('from the laptop');
	assert.equal(await rosa.deviceAlarm().count(), 0, 'what it did itself is no alarm');

	// One that the laptop lets in: told wherever one is, and after a restart, until it was seen.
	const third = stage.device('dial', 'Third');
	const unknown = await third.become();
	await laptop.letIn(unknown.code);
	await unknown.joined;
	await rosa.deviceAlarm().waitFor();
	await rosa.page.reload();
	await rosa.composer().waitFor();
	await rosa.deviceAlarm().click();
	const alarm = rosa.dialog().getByRole('alert');
	await alarm.getByText(/was added by Old laptop\./).waitFor();
	assert.equal(await rosa.dialog().locator('li.k-device').count(), 3);
	await rosa.button('I have seen this', alarm).click();
	await alarm.waitFor({ state: 'hidden' });
	const row = rosa.deviceRow('Another device');
	await rosa.button(/^End: Device /, row).click();
	await rosa.button('Keep it', row).click();
	await rosa.button(/^End: Device /, row).click();
	await rosa.button('End it', row).click();
	await row.waitFor({ state: 'hidden' });
	await rosa.closeDialogs();
	await rosa.page.reload();
	await rosa.composer().waitFor();
	assert.equal(await rosa.deviceAlarm().count(), 0);
	await assert.rejects(third.run('sync'));
	const all = await rosa.devices();
	assert.equal(all.length, 2);

	// Called something else.
	await rosa.openDevices();
	const own = rosa.deviceRow('This browser');
	await rosa.button('Name: This browser', own).click();
	await rosa.field('What do you call it?').fill('Desk');
	await rosa.button('Save', own).click();
	await rosa.deviceRow('Desk').getByText('This browser, since').waitFor();
	await rosa.closeDialogs();

	// Either can end the other.
	const list = (await laptop.run('devices')).filter((d) => d.type === 'device');
	const browser = list.find((d) => d.this !== 'true' && d.this !== true);
	await laptop.run('devices', 'end', browser.number);
	await rosa.isGone();
	await rosa.page.getByText(/another device of yours has ended this one/).waitFor();
});

test('a browser becomes a device of an account at a terminal', async (stage) => {
	const [uwe, tom] = await Promise.all([
		stage.terminal('plaza', 'Uwe'),
		stage.terminal('lens', 'Tom'),
	]);
	const { answered } = uwe.ask(tom, 'Uwe here');
	await tom.accept('Uwe');
	await answered;
	const browser = await stage.person('plaza', 'Uwe');
	const first = await browser.showCode();
	assert.ok(first.startsWith(`${browser.origin}/#/device/`), first);
	const picture = browser.page.getByRole('img', { name: 'QR code of this browser' });
	const size = Number((await picture.getAttribute('viewBox')).split(' ')[2]);
	const path = await picture.locator('path').last().getAttribute('d');
	assert.equal(readPath({ size, path }), first, 'the picture is of the code');
	// Given up: nothing of it is left.
	await browser.button('Back').click();
	await browser.isWelcomed();
	const code = await browser.showCode();
	assert.notEqual(code, first);
	// A page that is loaded again goes on with the same code.
	await browser.page.reload();
	await browser.field('Code of this browser').waitFor();
	assert.equal(await browser.field('Code of this browser').inputValue(), code);
	await uwe.letIn(code);
	await browser.isSignedIn();
	assert.equal(await browser.page.getByText('Write down your recovery words').count(), 0);
	await browser.openRoom('Tom');
	await browser.send('from the browser');
	await tom.reads('from the browser');
	await tom.run('send', 'Uwe', 'to both');
	await browser.reads('to both');
	await uwe.reads('to both');
	assert.equal((await browser.devices()).length, 2);
	assert.equal(await browser.deviceAlarm().count(), 0);
	// It is there after a restart, and can let others in.
	await browser.page.reload();
	await browser.isSignedIn();
	const laptop = stage.device('plaza', 'Laptop');
	const next = await laptop.become();
	await browser.letIn(next.code);
	await next.joined;
	await uwe.run('sync');
	const changes = (await uwe.run('devices')).filter((d) => d.type === 'device_change');
	assert.deepEqual(
		changes.map((c) => c.kind),
		['added'],
	);
});

test('the address in the picture is opened where the account is, without a mouse', async (stage) => {
	const [rosa, other, nobody] = await Promise.all([
		stage.person('lens', 'Rosa', { reducedMotion: 'reduce', forcedColors: 'active' }),
		stage.person('lens', 'Rosa', { reducedMotion: 'reduce' }),
		stage.person('lens', 'Nobody'),
	]);
	rosa.hands = new Keyboard(rosa.page);
	other.hands = new Keyboard(other.page);
	await Promise.all([rosa.signUp(), other.isWelcomed()]);
	const code = await other.showCode();
	await nobody.page.goto(code);
	await nobody.page.getByText(/the code of a device that is to come into an account/).waitFor();
	await rosa.page.goto(code);
	const dialog = rosa.dialog();
	await dialog.getByText(/Go on only if you have opened it yourself/).waitFor();
	const { go, fill } = rosa.hands;
	await go(rosa.button('Look for it', dialog));
	await go(rosa.button('It is my device', rosa.isItMine()));
	await fill(rosa.field('What do you call it?', dialog), 'Telephone');
	await go(rosa.button('Done', dialog));
	await dialog.waitFor({ state: 'hidden' });
	await other.isSignedIn();
	await rosa.openDevices();
	const row = rosa.deviceRow('Telephone');
	await go(rosa.button('End: Telephone', row));
	await go(rosa.button('End it', row));
	await row.waitFor({ state: 'hidden' });
	await other.isGone();
	// Opened again it leads nowhere.
	await rosa.closeDialogs();
	await rosa.page.goto('about:blank');
	await rosa.page.goto(code);
	await rosa.button('Look for it', dialog).click();
	await rosa.button('It is my device', rosa.isItMine()).click();
	await rosa
		.isItMine()
		.getByRole('alert')
		.getByText(/was ended before/)
		.waitFor();
});
