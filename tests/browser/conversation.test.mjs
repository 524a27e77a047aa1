// SPDX-License-Identifier: Apache-2.0
// Three people in three browsers on three apps, and one at a terminal, converse.
import assert from 'node:assert/strict';
import { test } from './lib/suite.mjs';

test('three browsers on three apps and a terminal', async (stage) => {
	const [rosa, tom, ada, uwe] = await Promise.all([
		stage.member('dial', 'Rosa', { own: true }),
		stage.member('lens', 'Tom', { own: true }),
		stage.member('plaza', 'Ada', { own: true }),
		stage.terminal('lens', 'Uwe'),
	]);

	// First contact, two by two.
	await rosa.ask(tom, 'It is Rosa, from the allotments');
	await tom.seesRequest('Rosa', 'Dial', 'It is Rosa, from the allotments');
	await tom.accept('Rosa');
	await ada.ask(rosa, 'Ada here');
	await rosa.accept('Ada');
	await rosa.ask(uwe, 'Uwe?');
	await uwe.accept('Rosa');
	await rosa.hasRoom('Uwe');

	// Direct, both ways, and each sees the other's app named.
	await rosa.openRoom('Tom');
	await rosa.send('Are the beans up?');
	await tom.openRoom('Rosa');
	await tom.reads('Are the beans up?', 'Rosa');
	await tom.send('They are. Come and see.');
	await rosa.reads('They are. Come and see.', 'Tom');
	await rosa.isAccepted('Are the beans up?');
	assert.match(await rosa.roomHeading(), /Tom.*Lens/s);
	assert.match(await tom.roomHeading(), /Rosa.*Dial/s);
	assert.match(await tom.room('Rosa').innerText(), /Dial/);
	await ada.openRoom('Rosa');
	await ada.send('from Plaza to Dial');
	await rosa.openRoom('Ada');
	await rosa.reads('from Plaza to Dial', 'Ada');

	// Browser and terminal.
	await rosa.openRoom('Uwe');
	await rosa.send('from a browser');
	await uwe.reads('from a browser');
	await uwe.run('send', 'Rosa', 'from a terminal');
	await rosa.reads('from a terminal', 'Uwe');

	// A group of all four; the two who never met know each other only by it.
	await rosa.createGroup('Allotment', ['Tom', 'Ada', 'Uwe']);
	await rosa.send('Welcome, all of you');
	await Promise.all([
		tom.openRoom('Allotment').then(() => tom.reads('Welcome, all of you', 'Rosa')),
		ada.openRoom('Allotment').then(() => ada.reads('Welcome, all of you', 'Rosa')),
		uwe.reads('Welcome, all of you'),
	]);
	await tom.send('Tom in the group');
	await ada.reads('Tom in the group', 'Tom');
	await ada.send('Ada in the group');
	await tom.reads('Ada in the group', 'Ada');
	await uwe.reads('Ada in the group');
	await uwe.run('send', 'Allotment', 'Uwe in the group');
	for (const p of [rosa, tom, ada]) await p.reads('Uwe in the group', 'Uwe');
	for (const p of [rosa, tom, ada]) {
		const others = [rosa, tom, ada, { name: 'Uwe', title: 'Lens' }].filter(
			(o) => o.name !== p.name,
		);
		await p.hasMembers([
			['You', null],
			// Nobody needs to be told that somebody is on one's own app.
			...others.map((o) => [o.name, o.title === p.title ? null : o.title]),
		]);
	}

	// Replies and reactions reach everybody, each under the message they are for.
	await ada.reply('Uwe in the group', 'Hello Uwe');
	await tom.react('Uwe in the group', '👍');
	for (const p of [rosa, tom]) await p.seesReply('Hello Uwe', 'Uwe in the group');
	for (const p of [rosa, ada]) await p.seesReaction('Uwe in the group', '👍');
	await uwe.reads('Hello Uwe');

	// The same safety number on both sides, another for another.
	const here = await rosa.safetyNumber('Tom');
	assert.match(here, /^(\d{5} ){11}\d{5}$/);
	assert.equal(await tom.safetyNumber('Rosa'), here);
	const [{ number }] = await uwe.run('safety', 'Rosa');
	assert.equal(await rosa.safetyNumber('Uwe'), number);
	assert.notEqual(number, here);
});
