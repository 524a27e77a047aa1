// SPDX-License-Identifier: Apache-2.0
// One tab holds the account; a second one says so, and takes over when the first is gone.
import { pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

test('a second tab waits for the first', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'lens');
	const second = await stage.person('dial', 'Rosa', { at: rosa, open: false });
	await second.open();
	await second.isElsewhere();
	// The first goes on meanwhile.
	await rosa.send('from the first tab');
	await tom.reads('from the first tab', 'Rosa');
	await tom.send('to whichever tab');
	await rosa.reads('to whichever tab', 'Tom');
	await second.isElsewhere();
	await rosa.page.close();
	await second.isHere();
	await second.openRoom('Tom');
	await second.reads('from the first tab');
	await second.reads('to whichever tab', 'Tom');
	await second.send('from the second tab');
	await tom.reads('from the second tab', 'Rosa');
});
