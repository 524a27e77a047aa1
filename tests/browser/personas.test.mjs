// SPDX-License-Identifier: Apache-2.0
// A group is made in a browser under another name, which a terminal sees, and hides what it writes.
import assert from 'node:assert/strict';
import { WIDTHS } from './lib/chromium.mjs';
import { Keyboard } from './lib/keyboard.mjs';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

test('somebody is a persona in a group, and is hidden there', async (stage) => {
	const [rosa, tom, uwe] = await Promise.all([
		stage.member('dial', 'Rosa', { own: true }),
		stage.member('lens', 'Tom', { own: true }),
		stage.terminal('lens', 'Uwe'),
	]);
	await rosa.ask(tom, 'It is Rosa');
	await tom.accept('Rosa');
	await rosa.ask(uwe, 'Uwe?');
	await uwe.accept('Rosa');
	await rosa.hasRoom('Uwe');
	await rosa.hasRoom('Tom');
	await rosa.createGroup('Night owls', ['Tom', 'Uwe'], 'Moth');
	await rosa.send('hoo');
	await tom.openRoom('Night owls');
	await tom.reads('hoo', 'Moth, by that name here only; of dial.localhost');
	await uwe.reads('hoo');
	const members = (await tom.members()).join('\n');
	assert.match(members, /Moth[\s\S]*by that name here only/);
	assert.doesNotMatch(members, /Rosa/);
	await tom.hideMember('Moth');
	await rosa.send('do you hear me?');
	await uwe.reads('do you hear me?');
	await uwe.run('send', 'Night owls', 'he does not');
	await tom.reads('he does not');
	assert.ok(!(await tom.page.getByText('do you hear me?').count()));
});

test('who wants to be asked first is silent in a group until they have said who they are', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('lens', 'Rosa'),
		stage.terminal('dial', 'Tom'),
	]);
	await befriend(rosa, tom);
	const ask = rosa.dialog().getByRole('checkbox', { name: 'Ask me first who I am in a group' });
	await rosa.openNewGroup();
	assert.ok(!(await ask.isChecked()));
	await ask.check();
	await rosa.closeDialogs();
	await rosa.page.reload();
	await rosa.openNewGroup();
	assert.ok(await ask.isChecked(), 'it is kept');
	await rosa.closeDialogs();
	await tom.run('group', 'Night owls', 'Rosa');
	await rosa.hasRoom('Night owls');
	await rosa.room('Night owls').click();
	const name = rosa.field('Another name for you here');
	await name.waitFor();
	assert.equal(await rosa.composer().count(), 0, 'it is only read');
	const others = async () => (await tom.run('members', 'Night owls')).map((m) => m.name);
	await tom.run('sync');
	assert.ok(!(await others()).includes('Rosa'));
	await name.fill('Moth');
	await rosa.button('Use this name').click();
	await rosa.composer().waitFor();
	await rosa.send('hoo');
	await tom.reads('hoo');
	assert.ok((await others()).some((n) => n.startsWith('Moth')));
	assert.ok(!(await others()).includes('Rosa'));
	// Not any more.
	await rosa.openNewGroup();
	await ask.uncheck();
	await rosa.closeDialogs();
	await tom.run('group', 'Day birds', 'Rosa');
	await rosa.openRoom('Day birds');
});

for (const [app, o] of [
	['dial', { viewport: WIDTHS.phone, hasTouch: true }],
	['lens', {}],
	['plaza', { viewport: WIDTHS.narrow, hasTouch: true }],
])
	test(`${app}: whether who does not say who they are is taken out is kept`, async (stage) => {
		const rosa = await stage.member(app, 'Rosa', { reducedMotion: 'reduce', ...o });
		const keys = new Keyboard(rosa.page);
		const box = rosa
			.dialog()
			.getByRole('checkbox', { name: 'Take out who does not say who they are' });
		const isAfterReload = async () => {
			await rosa.page.reload();
			await box.waitFor();
			return box.isChecked();
		};
		await rosa.openSettings();
		assert.ok(!(await box.isChecked()));
		const hint = await box.getAttribute('aria-describedby');
		assert.match(
			await rosa.page.locator(`[id="${hint}"]`).innerText(),
			/an hour after being asked .* taken out where you may do that/,
		);
		if (app === 'lens') await keys.tick(box);
		else await box.check();
		assert.ok(await isAfterReload(), 'it is kept');
		// Twice in a row: the last one holds.
		await box.click();
		await box.click();
		assert.ok(await isAfterReload(), 'off and on is on');
		await box.uncheck();
		assert.ok(!(await isAfterReload()), 'it is taken back');
	});
