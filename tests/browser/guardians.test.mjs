// SPDX-License-Identifier: Apache-2.0
// A child in one app, her guardian in another: chosen, accepted, asked; nothing is shown before the
// guardian agrees, and the guardian alone ends it.
import assert from 'node:assert/strict';
import { Keyboard } from './lib/keyboard.mjs';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

async function opens(person) {
	await person.closeDialogs();
	await person.openSettings();
	await person.button('Guardians', person.dialog()).click();
	await person.dialog().getByText('Whom you look after').waitFor();
}

test('a guardian agrees to contacts and groups, or refuses', async (stage) => {
	const [kim, rosa, tom] = await Promise.all([
		stage.member('dial', 'Kim'),
		stage.member('lens', 'Rosa', { reducedMotion: 'reduce' }),
		stage.member('plaza', 'Tom'),
	]);
	await Promise.all([befriend(kim, rosa), tom.beFindable()]);
	await kim.setReach({ age: 'Below 13', sure: true });
	await opens(kim);
	await kim.button('Ask Rosa to be your guardian', kim.dialog()).click();
	await kim
		.dialog()
		.getByText(/You have asked/)
		.waitFor();
	// Accepted without a mouse.
	const keys = new Keyboard(rosa.page);
	const offered = rosa.button('Somebody wants you for a guardian.');
	await offered.waitFor();
	await keys.go(offered);
	await keys.go(rosa.button('Accept', rosa.dialog()));
	await rosa.dialog().getByText('Nothing waits for your word.').waitFor();
	await rosa.closeDialogs();
	await kim
		.dialog()
		.getByText(/agrees to your new contacts/)
		.waitFor();
	await kim.closeDialogs();

	// What she asks waits, is shown to the guardian, and goes out when they agree.
	await kim.askForm('plaza', tom.identifier, 'May I?');
	await kim.dialog().getByText('It goes out when your guardian agrees.').waitFor();
	await kim.closeDialogs();
	await kim.openRequests();
	await kim.page.getByText('Waiting for your guardian').waitFor();
	const asked = rosa.button('Somebody whom you look after waits for your word.');
	await asked.waitFor();
	assert.deepEqual(await tom.requests(), []);
	await keys.go(asked);
	const ask = rosa.dialog().getByRole('listitem').filter({ hasText: tom.identifier });
	assert.match(await ask.innerText(), /on Plaza[^]*whom they want to write to[^]*May I\?/);
	await keys.go(rosa.button('Agree', ask));
	await ask.waitFor({ state: 'hidden' });
	await rosa.closeDialogs();
	await tom.accept('Kim');
	await kim.hasRoom('Tom');

	// A group that she is brought into, which is refused: she never learns what it was.
	await kim.setReach({ add: 'People I am in contact with' });
	await tom.hasRoom('Kim');
	await tom.createGroup('Scouts', ['Kim']);
	await asked.waitFor();
	await asked.click();
	const group = rosa.dialog().getByRole('listitem').filter({ hasText: 'Scouts' });
	assert.match(await group.innerText(), /a group that they were brought into[^]*Tom/);
	assert.equal(await kim.page.getByText('Scouts').count(), 0);
	await rosa.button('Refuse', group).click();
	await group.waitFor({ state: 'hidden' });
	assert.equal(await kim.page.getByText('Scouts').count(), 0);

	// It is ended by the guardian.
	await rosa.button('End it', rosa.dialog()).click();
	await rosa.button('End it for good', rosa.dialog()).click();
	await rosa
		.dialog()
		.getByText(/^Nobody\./)
		.waitFor();
	await opens(kim);
	await kim.button('Ask Rosa to be your guardian', kim.dialog()).waitFor();
});
