// SPDX-License-Identifier: Apache-2.0
// Who can reach somebody: chosen, enforced, closed for the young; an app that shows others is found out.
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Keyboard } from './lib/keyboard.mjs';
import { test } from './lib/suite.mjs';

test('who can reach me is chosen without a mouse, and holds', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.person('plaza', 'Rosa', { reducedMotion: 'reduce' }),
		stage.terminal('lens', 'Tom'),
	]);
	rosa.hands = new Keyboard(rosa.page);
	await rosa.signUp();
	await rosa.setReach({ age: '18 or older', find: 'No', add: 'Nobody' });
	// To who looks, nobody is there.
	await assert.rejects(tom.run('ask', 'plaza', rosa.identifier, 'Are you there?'), /NOT_FOUND/);
	await rosa.setReach({ find: 'Yes' });
	await rosa.openReach();
	const isChecked = (question, name) =>
		rosa.question(question).getByRole('radio', { name, exact: true }).isChecked();
	assert.ok(await isChecked(/How old/, '18 or older'));
	assert.ok(await isChecked(/add you/, 'Nobody'));
	await rosa.closeDialogs();
	await tom.run('ask', 'plaza', rosa.identifier, 'Are you there?');
	await rosa.seesRequest('Tom', 'Lens', 'Are you there?');
});

test('below 16 what is closed says why, and nobody becomes older', async (stage) => {
	const rosa = await stage.member('lens', 'Rosa');
	await rosa.openReach();
	const radio = (question, name) =>
		rosa.question(question).getByRole('radio', { name, exact: true });
	await radio(/How old/, '13 to 15').check();
	for (const [question, name] of [
		[/add you/, 'People I am in contact with'],
		[/found by/, 'Yes'],
	]) {
		const closed = radio(question, name);
		assert.ok(await closed.isDisabled(), name);
		const why = await closed.getAttribute('aria-describedby');
		assert.match(await rosa.page.locator(`[id="${why}"]`).innerText(), /^Closed below 16/);
	}
	// It stays, so it is asked for twice.
	await rosa.button('Save', rosa.dialog()).click();
	await rosa.dialog().getByRole('alert').getByText('Tick this if the age is right.').waitFor();
	await rosa.closeDialogs();
	await rosa.setReach({ age: '13 to 15', ask: 'Nobody', sure: true });
	await rosa.page.reload();
	await rosa.openReach();
	assert.ok(await radio(/How old/, '13 to 15').isChecked());
	assert.ok(await radio(/may ask/, 'Nobody').isChecked());
	for (const older of ['16 or 17', '18 or older', 'I do not say'])
		assert.ok(await radio(/How old/, older).isDisabled(), older);
	assert.ok(await radio(/How old/, 'Below 13').isEnabled());
});

test('an app that shows older settings is found out', async (stage) => {
	const { backbone } = stage;
	const rosa = await stage.member('lens', 'Rosa');
	await rosa.setReach({ age: '18 or older' });
	rosa.losesConnection();
	const data = path.join(backbone.dir, 'data');
	const kept = path.join(backbone.dir, 'kept');
	await backbone.stop();
	cpSync(data, kept, { recursive: true });
	await backbone.start();
	await rosa.page.reload();
	await rosa.setReach({ ask: 'Nobody' });
	await backbone.stop();
	rmSync(data, { recursive: true });
	cpSync(kept, data, { recursive: true });
	rmSync(kept, { recursive: true });
	await backbone.start();
	await rosa.page.reload();
	const note = rosa.button(/^Lens has shown other settings/);
	await note.waitFor();
	await note.click();
	await rosa
		.dialog()
		.getByRole('alert')
		.getByText(/Yours were put there again/)
		.waitFor();
	const nobody = rosa.question(/may ask/).getByRole('radio', { name: 'Nobody' });
	assert.ok(await nobody.isChecked());
	await rosa.button('Save', rosa.dialog()).click();
	await rosa
		.dialog()
		.getByText(/^Saved\./)
		.waitFor();
	await rosa.closeDialogs();
	await note.waitFor({ state: 'hidden' });
});
