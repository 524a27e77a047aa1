// SPDX-License-Identifier: Apache-2.0
// Somebody's message is reported from the page: the moderators have it and nothing else; then the one who
// reports does something themselves.
import assert from 'node:assert/strict';
import { Keyboard } from './lib/keyboard.mjs';
import { befriend } from './lib/people.mjs';
import { Person } from './lib/person.mjs';
import { test } from './lib/suite.mjs';

/** The texts, or that of the request, of the last report that an app's moderators have. */
function reported(backbone, app) {
	const all = backbone.operator('reports', app).filter((l) => l.type === 'report');
	const last = all.reduce((a, b) => (b.number > a.number ? b : a));
	const shown = backbone.operator('reports', app, 'show', last.number);
	const said = shown.filter((l) => l.type === 'message' || l.type === 'card');
	return { ...last, texts: said.map((l) => l.text) };
}

test('a message is reported to both apps without a mouse, and its sender blocked', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.person('dial', 'Rosa', { reducedMotion: 'reduce' }),
		stage.terminal('lens', 'Tom'),
	]);
	const keys = new Keyboard(rosa.page);
	await rosa.signUp();
	// Where he asked, the conversation lives at his app.
	const asked = tom.ask(rosa, 'Tom here');
	await rosa.accept('Tom');
	await asked.answered;
	await rosa.openRoom('Tom');
	await rosa.send('my own words');
	for (const text of ['a walk?', 'or else']) await tom.run('send', 'Rosa', text);
	await rosa.reads('or else');
	rosa.hands = keys;
	await keys.tabUntil('a message', () =>
		rosa.page.evaluate(() => document.activeElement.closest('.k-message') !== null),
	);
	await rosa.page.keyboard.press('End');
	await rosa.reportForm('or else', {});
	const dialog = rosa.dialog();
	// What is sent is said; a reason is asked for; own words cannot be ticked.
	await dialog.getByText(/^1 message, in full, and the proof that Tom sent it$/).waitFor();
	const messages = dialog.getByRole('group', { name: 'Which messages of Tom?' });
	assert.deepEqual((await messages.locator('.k-report-text').allInnerTexts()).sort(), [
		'a walk?',
		'or else',
	]);
	await keys.go(rosa.button('Send report', dialog));
	await dialog.getByRole('alert').getByText('Say why.').waitFor();
	await keys.pick(rosa.question('Why?'), 'A threat');
	await keys.pick(rosa.question(/Who is to read it/), 'Both');
	await dialog.getByText('to Dial and Lens').waitFor();
	await keys.go(rosa.button('Send report', dialog));
	await dialog
		.getByRole('status')
		.getByText(/^Your report was sent to Dial and Lens\./)
		.waitFor();
	for (const app of ['dial', 'lens']) {
		const { reason, texts } = reported(stage.backbone, app);
		assert.deepEqual([reason, texts], ['threat', ['or else']], app);
	}
	await keys.go(rosa.button('Block Tom', dialog));
	await dialog.getByText('Tom is blocked.').waitFor();
	await keys.go(rosa.button('Done', dialog));
	await dialog.waitFor({ state: 'hidden' });
	// The conversation has ended; what was said in it can still be reported.
	await rosa.composer().waitFor({ state: 'hidden' });
	rosa.hands = Person.mouse;
	await rosa.report('a walk?', { why: 'Something else' });
});

test('a request is reported to both apps, and declined afterwards', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa'),
		stage.terminal('lens', 'Tom'),
	]);
	tom.ask(rosa, 'cheap watches');
	await rosa.seesRequest('Tom', 'Lens', 'cheap watches');
	await rosa.reportRequestForm('Tom', {});
	const dialog = rosa.dialog();
	// What goes is shown before it goes, and to whom.
	await dialog.getByText('cheap watches').waitFor();
	const sent = dialog.getByRole('region', { name: 'What is sent' });
	await sent
		.getByText(/^the name Tom, the text, and the proof that .* of an account on Lens$/)
		.waitFor();
	await sent.getByText(/To whom it came is not sent/).waitFor();
	await rosa.button('Send report', dialog).click();
	await dialog.getByRole('alert').getByText('Say why.').waitFor();
	await rosa.hands.pick(rosa.question('Why?'), 'Spam or fraud');
	await rosa.hands.pick(rosa.question(/Who is to read it/), 'Both');
	await sent.getByText('to Dial and Lens').waitFor();
	await rosa.field('Note', dialog).fill('the third today');
	await sent.getByText('Dial keeps a mark of yours in the place of your name.').waitFor();
	await rosa.button('Send report', dialog).click();
	await dialog
		.getByRole('status')
		.getByText(/^Your report was sent to Dial and Lens\. The moderators know/)
		.waitFor();
	for (const app of ['dial', 'lens']) {
		const { reason, texts, verdict } = reported(stage.backbone, app);
		assert.equal(reason, 'spam', app);
		assert.ok(
			texts.some((t) => t.includes('cheap watches')),
			`${app}: ${texts}`,
		);
		assert.match(verdict, app === 'lens' ? /^verified$/ : /^confirmed$/);
	}
	await rosa.button('Decline the request', dialog).click();
	await dialog.getByText('You have declined it.').waitFor();
	await rosa.button('Done', dialog).click();
	await dialog.waitFor({ state: 'hidden' });
	// Declined, it can still be reported; here to the own app alone.
	await rosa.page.getByText('Declined by you (1)').click();
	await rosa.button('Report').click();
	await rosa.hands.pick(rosa.question('Why?'), 'Something else');
	await rosa.button('Send report', dialog).click();
	await dialog
		.getByRole('status')
		.getByText(/^Your report was sent to Dial\./)
		.waitFor();
	await rosa.button('Block', dialog).click();
	await dialog.getByText('You have blocked them.').waitFor();
});

for (const app of ['lens', 'plaza']) {
	test(`${app}: a request of the same app is reported there`, async (stage) => {
		const [rosa, tom] = await Promise.all([
			stage.member(app, 'Rosa', { reducedMotion: 'reduce' }),
			stage.terminal(app, 'Tom'),
		]);
		await tom.ask(rosa, 'who are you?');
		await rosa.seesRequest('Tom', rosa.title, 'who are you?');
		rosa.hands = new Keyboard(rosa.page);
		await rosa.reportRequestForm('Tom', { why: 'Insults or harassment' });
		assert.equal(await rosa.question(/Who is to read it/).count(), 0);
		await rosa.hands.go(rosa.button('Send report', rosa.dialog()));
		await rosa
			.dialog()
			.getByRole('status')
			.getByText(/^Your report was sent to/)
			.waitFor();
		const { reason, texts } = reported(stage.backbone, app);
		assert.equal(reason, 'harassment');
		assert.ok(texts.some((t) => t.includes('who are you?')));
		await rosa.hands.go(rosa.button('Done', rosa.dialog()));
		// Back at the request, which waits.
		await rosa.request('Tom').waitFor();
	});
}

test('who is in a group and not introduced is shown as such, and removed by one button', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('plaza', 'Rosa'),
		stage.terminal('lens', 'Tom'),
	]);
	await befriend(rosa, tom);
	// He is added; his device is not there to say who it is.
	await rosa.createGroup('Walks', ['Tom']);
	await rosa.hasMembers([
		['You', null],
		['Somebody, not introduced', 'Lens'],
	]);
	await rosa.button('About this conversation').click();
	await rosa.dialog().getByText('1 person has not shown who they are').waitFor();
	await rosa.button('Remove who is not introduced', rosa.dialog()).click();
	await rosa.dialog().getByText('not shown who they are').waitFor({ state: 'hidden' });
	await rosa.closeDialogs();
	await rosa.hasMembers([['You', null]]);
});
