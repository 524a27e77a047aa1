// SPDX-License-Identifier: Apache-2.0
// Two accounts in two browsers, linked by texts that are carried between them: shown to a contact,
// covered by a block, withdrawn.
import assert from 'node:assert/strict';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

async function opens(person) {
	await person.openSettings();
	await person.button('My other accounts').click();
	await person.button('Take it', person.dialog()).waitFor();
}

/** What is to be carried; the panel is as before then. */
async function carries(person) {
	const text = await person.field('Text for your other account').inputValue();
	await person.button('Go on', person.dialog()).click();
	return text;
}

async function takes(person, text) {
	await person.field('Text from your other account').fill(text);
	await person.button('Take it', person.dialog()).click();
}

async function links(rosa, other) {
	await Promise.all([opens(rosa), opens(other)]);
	await rosa.button('Begin with another account').click();
	await takes(other, await carries(rosa));
	await other.dialog().getByText('This says that Rosa').waitFor();
	await other.button('It is my account').click();
	await takes(rosa, await carries(other));
	await takes(other, await carries(rosa));
	await other
		.dialog()
		.getByText(/^Taken\./)
		.waitFor();
	await Promise.all([rosa.closeDialogs(), other.closeDialogs()]);
}

async function contact(person, name) {
	await person.openRoom(name);
	await person.button('About this conversation').click();
	await person.dialog().waitFor();
	return person.dialog().getByRole('list', { name: 'The same person' });
}

test('two accounts are shown to be one person, blocked as one, and withdrawn', async (stage) => {
	const [rosa, other, tom] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.member('lens', 'Linda'),
		stage.member('plaza', 'Tom'),
	]);
	await befriend(rosa, tom);
	await links(rosa, other);
	await contact(rosa, 'Tom');
	await rosa.button(/^Show that I am/).click();
	await rosa.dialog().getByText('They are told.').waitFor();
	await rosa.closeDialogs();
	const same = await contact(tom, 'Rosa');
	await same.getByText('Linda').waitFor();
	assert.match(await same.innerText(), /on Lens/);
	await tom.closeDialogs();
	// Nobody else's text is taken.
	await opens(tom);
	await takes(tom, 'hello');
	await tom
		.dialog()
		.getByRole('alert')
		.getByText(/no text of another account/)
		.waitFor();
	await tom.closeDialogs();
	await befriend(other, tom);
	await contact(tom, 'Linda');
	await tom.button('Block', tom.dialog()).click();
	await tom.closeDialogs();
	await tom.openSettings();
	await tom.button('People you know').click();
	const rows = tom.dialog().getByRole('listitem');
	await rows.filter({ hasText: 'Linda' }).getByText('Blocked').waitFor();
	await rows.filter({ hasText: 'Rosa' }).getByText('Blocked').waitFor();
	await tom.closeDialogs();
	await opens(rosa);
	await rosa.button('Withdraw', rosa.dialog()).click();
	await rosa.button('Withdraw it', rosa.dialog()).click();
	await carries(rosa);
	await rosa
		.dialog()
		.getByText(/^Withdrawn/)
		.waitFor();
});
