// SPDX-License-Identifier: Apache-2.0
// An owner gives roles in a browser, and hands the group on before leaving it; terminals see it.
import assert from 'node:assert/strict';
import { WIDTHS } from './lib/chromium.mjs';
import { overflowing } from './lib/inside.mjs';
import { Keyboard } from './lib/keyboard.mjs';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const HOW = {
	dial: { viewport: WIDTHS.phone, hasTouch: true },
	lens: { keys: true },
	plaza: { viewport: WIDTHS.narrow, hasTouch: true, colorScheme: 'dark' },
};

for (const [app, { keys, ...o }] of Object.entries(HOW))
	test(`${app}: an owner gives roles, and hands the group on`, async (stage) => {
		const [rosa, tom] = await Promise.all([
			stage.member(app, 'Rosa', { reducedMotion: 'reduce', ...o }),
			stage.terminal('lens', 'Tom'),
		]);
		const { page } = rosa;
		await befriend(rosa, tom);
		await rosa.createGroup('Allotment', ['Tom']);
		await tom.run('sync');
		if (keys) rosa.hands = new Keyboard(page);
		const { go, choose } = rosa.hands;
		const dialog = rosa.dialog();
		const list = dialog.getByRole('region', { name: 'Members' });
		const row = (name) => list.getByRole('listitem').filter({ hasText: name }).first();
		const pick = async (name, what) => {
			await go(rosa.button(`More about ${name}`, dialog));
			await choose(page.getByRole('menuitem', { name: what, exact: true }));
		};
		const roleOf = async (name) =>
			(await tom.run('members', 'Allotment')).find((m) => m.name === name)?.role;

		await rosa.button('About this conversation').click();
		await row('Tom').waitFor();
		assert.equal(
			await rosa.button('More about You', dialog).count(),
			0,
			'the only owner keeps the role',
		);
		await pick('Tom', 'Make a moderator');
		await row('Tom').getByText('Moderator').waitFor();
		await until('Tom hears of it', async () => (await roleOf('Tom')) === 3);
		await pick('Tom', 'Take the role back');
		await row('Tom').getByText('Moderator').waitFor({ state: 'hidden' });

		// The only owner is asked, and may think better of it.
		await go(rosa.button('Leave this conversation', dialog));
		const ask = dialog.getByRole('group', { name: 'Leave this conversation?' });
		await ask.waitFor();
		assert.ok(
			await ask.evaluate((g) => g === document.activeElement),
			'the question has the focus',
		);
		assert.deepEqual(await page.evaluate(overflowing), []);
		await go(rosa.button('Leave', ask));
		await ask.getByText('Choose somebody, or nobody.').waitFor();
		await go(rosa.button('Stay', ask));
		await ask.waitFor({ state: 'hidden' });
		await page.waitForFunction(
			() => document.activeElement?.innerText === 'Leave this conversation',
		);

		// Another owner: asked once more, since it cannot be undone.
		await pick('Tom', 'Make an owner');
		const sure = dialog.getByRole('group', { name: 'Make Tom an owner?' });
		await sure.waitFor();
		assert.deepEqual(await page.evaluate(overflowing), []);
		await go(rosa.button('Cancel', sure));
		await pick('Tom', 'Make an owner');
		await go(rosa.button('Make an owner', sure));
		await row('Tom').getByText('Owner').waitFor();
		await sure.waitFor({ state: 'hidden' });
		await until('Tom is one', async () => (await roleOf('Tom')) === 4);
		await pick('Tom', 'Take the role back');
		await row('Tom').getByText('Owner').waitFor({ state: 'hidden' });

		await go(rosa.button('Leave this conversation', dialog));
		await ask.getByLabel('Who is owner after you?').selectOption({ label: 'Tom' });
		await go(rosa.button('Leave', ask));
		await dialog.waitFor({ state: 'hidden' });
		await until('Tom has it, and Rosa has left', async () => {
			await tom.run('sync');
			const members = await tom.run('members', 'Allotment');
			return members.length === 1 && members[0].role === 4;
		});
	});

test('roles are given back, and by nobody who is no owner', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('plaza', 'Rosa', { reducedMotion: 'reduce' }),
		stage.member('lens', 'Tom'),
	]);
	await befriend(rosa, tom);
	await rosa.createGroup('Allotment', ['Tom']);
	await tom.openRoom('Allotment');
	await tom.button('About this conversation').click();
	const members = tom.dialog().getByRole('region', { name: 'Members' });
	await members.getByText('Owner').waitFor();
	await tom.button('More about Rosa', tom.dialog()).click();
	await tom.page.getByRole('menuitem', { name: 'Write' }).waitFor();
	assert.equal(await tom.page.getByRole('menuitem', { name: /Make|role/ }).count(), 0);
	await tom.page.keyboard.press('Escape');
	// In Plaza's column, beside the conversation.
	const here = rosa.page.getByRole('complementary', { name: 'Who is here' });
	await rosa.button('More about Tom', here).click();
	await rosa.page.getByRole('menuitem', { name: 'Make an owner' }).click();
	await rosa.button('Make an owner', here).click();
	await members.getByText('Owner').nth(1).waitFor();
	await rosa.button('More about You', here).click();
	await rosa.page.getByRole('menuitem', { name: 'Take the role back' }).click();
	await rosa.button('More about You', here).waitFor({ state: 'hidden' });
	await rosa.page.waitForFunction(() =>
		document.activeElement?.innerText?.startsWith('Who is here'),
	);
	// Nobody is the only owner now but Tom, and Rosa leaves without a word.
	await rosa.button('Leave this conversation', here).click();
	const ask = here.getByRole('group', { name: 'Leave this conversation?' });
	assert.equal(await ask.getByLabel('Who is owner after you?').count(), 0);
	await rosa.button('Leave', ask).click();
	await tom.page.getByText('Group of 1 person').waitFor();
});
