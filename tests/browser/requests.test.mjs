// SPDX-License-Identifier: Apache-2.0
// Requests wait in a place of their own until they are answered, and a declined one says nothing.
import assert from 'node:assert/strict';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

test('requests wait, are declined and accepted', async (stage) => {
	const [rosa, tom, ada] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.member('lens', 'Tom'),
		stage.terminal('plaza', 'Ada'),
	]);
	await rosa.ask(tom, 'Hello');
	await ada.run('ask', 'lens', tom.identifier, 'Do you know me?');
	await tom.seesRequest('Rosa', 'Dial', 'Hello');
	await tom.seesRequest('Ada', 'Plaza', 'Do you know me?');
	assert.deepEqual(await tom.rooms(), []);
	await tom.decline('Ada');
	// The focus is not lost with the request, nor is she: a change of mind is possible.
	await tom.page.waitForFunction(() => document.activeElement?.id === 'k-incoming');
	await tom.page.getByText('Declined by you (1)').waitFor();
	await tom.accept('Rosa');
	await tom.openRoom('Rosa');
	await tom.send('Hello Rosa');
	await rosa.openRoom('Tom');
	await rosa.reads('Hello Rosa', 'Tom');
	// The declined one hears nothing, and is not a contact.
	await ada.run('sync');
	assert.deepEqual(
		(await ada.run('requests', '--all')).map((r) => r.state),
		['open'],
	);
	assert.deepEqual(await ada.run('contacts'), []);
	assert.deepEqual(await tom.requests(), []);
});

test('what one has asked is taken back', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.member('lens', 'Tom'),
	]);
	await rosa.ask(tom, 'Hello');
	await tom.seesRequest('Rosa', 'Dial', 'Hello');
	await rosa.openRequests();
	await rosa.button('Take back').click();
	await rosa.page.getByText(/No request of yours is waiting/).waitFor();
	await rosa.page.waitForFunction(() => document.activeElement?.id === 'k-sent');
	await rosa.closeDialogs();
	// He is told nothing, and reaches nobody; asked anew, he does.
	await tom.accept('Rosa');
	await rosa.page.reload();
	await rosa.ask(tom, 'Hello again');
	await tom.seesRequest('Rosa', 'Dial', 'Hello again');
	assert.deepEqual(await rosa.rooms(), []);
	await tom.accept('Rosa');
	await rosa.openRoom('Tom');
});

test('in Lens, where nothing is left of the last of them', async (stage) => {
	const [tom, rosa] = await Promise.all([
		stage.member('lens', 'Tom'),
		stage.member('dial', 'Rosa'),
	]);
	await tom.ask(rosa, 'Hello');
	await tom.openRequests();
	await tom.button('Take back').click();
	await tom.page.waitForFunction(() => document.activeElement?.id === 'k-incoming');
	await tom.button('Take back').waitFor({ state: 'hidden' });
});

test('who asks is blocked, and unblocked where contacts are', async (stage) => {
	const [tom, ada] = await Promise.all([
		stage.member('lens', 'Tom'),
		stage.terminal('plaza', 'Ada'),
	]);
	await ada.run('ask', 'lens', tom.identifier, 'Do you know me?');
	await tom.seesRequest('Ada', 'Plaza', 'Do you know me?');
	await tom.button('Block', tom.request('Ada')).click();
	await tom.request('Ada').waitFor({ state: 'hidden' });
	await tom.page.waitForFunction(() => document.activeElement?.id === 'k-incoming');
	// Nobody accepts by mistake who is blocked.
	assert.equal(await tom.page.getByText(/Declined by you/).count(), 0);
	await tom.closeDialogs();
	await tom.openSettings();
	await tom.button('People you know').click();
	const row = tom.dialog().getByRole('listitem').filter({ hasText: 'Ada' });
	await row.getByText('Blocked').waitFor();
	await row.getByRole('button').click();
	assert.equal(await tom.button('Safety number', tom.dialog()).count(), 0);
	await tom.button('Unblock', tom.dialog()).click();
	await tom.dialog().getByText('Nobody yet.').waitFor();
	await tom.closeDialogs();
	// Nobody's contact; and a change of mind is possible.
	await tom.openRequests();
	await tom.page.getByText('Declined by you (1)').waitFor();
});

for (const app of ['dial', 'lens'])
	test(`${app}: the focus is on the head of the requests when the last one goes`, async (stage) => {
		const [tom, ada] = await Promise.all([
			stage.member(app, 'Tom'),
			stage.terminal('plaza', 'Ada'),
		]);
		const head = () => tom.page.waitForFunction(() => document.activeElement?.id === 'k-incoming');
		await ada.run('ask', app, tom.identifier, 'Do you know me?');
		await tom.seesRequest('Ada', 'Plaza', 'Do you know me?');
		// Declined in a dialog: what it was opened from has gone when it closes.
		await tom.reportRequestForm('Ada', { why: 'Spam or fraud' });
		await tom.button('Send report', tom.dialog()).click();
		await tom.button('Decline the request', tom.dialog()).click();
		await tom.dialog().getByText('You have declined it.').waitFor();
		await tom.button('Done', tom.dialog()).click();
		await tom.dialog().waitFor({ state: 'hidden' });
		await head();
		// The last of the declined ones takes their list along.
		const declined = tom.page.getByText('Declined by you (1)');
		await declined.click();
		await tom.button('Accept').click();
		await declined.waitFor({ state: 'hidden' });
		await head();
	});

test('nobody there, and nobody one can be', async (stage) => {
	const rosa = await stage.member('dial', 'Rosa');
	await rosa.askInVain('plaza', 'nobody@example.org', /nobody|not found|no one/i);
	await rosa.askInVain('lens', 'no such handle', /./);
});

test('a code that is wrong, a handle that is taken', async (stage) => {
	const tom = await stage.member('lens', 'Tom');
	const second = await stage.person('lens', 'Tom', { identifier: tom.identifier });
	await second.signUpInVain(/somebody else|taken/i);
	const rosa = await stage.person('dial', 'Rosa');
	await rosa.signUpInVain(/code is wrong/i, { code: '00000000' });
	await rosa.signUp();
});

test('somebody else behind an address is warned of until it is compared', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.terminal('plaza', 'Tom'),
	]);
	await befriend(rosa, tom);
	await tom.run('delete-account', '--yes');
	const mallory = await stage.terminal('plaza', 'Mallory', tom.identifier);
	await rosa.ask(mallory, 'Still you?');
	await mallory.accept('Rosa');
	await rosa.hasRoom('Mallory');
	await rosa.openRoom('Tom');
	const warning = rosa.page.getByRole('alert').getByText('Somebody else answers where Tom did');
	await warning.waitFor();
	await rosa.page.reload();
	await warning.waitFor();
	await rosa.button('Compare the safety number').click();
	await rosa.button('Mark as verified', rosa.dialog()).click();
	await rosa.button('Not verified any more', rosa.dialog()).waitFor();
	await rosa.closeDialogs();
	await warning.waitFor({ state: 'hidden' });
});
