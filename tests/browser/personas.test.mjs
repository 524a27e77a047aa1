// SPDX-License-Identifier: Apache-2.0
// A group is made in a browser under another name, which a terminal sees, and hides what it writes.
import assert from 'node:assert/strict';
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
