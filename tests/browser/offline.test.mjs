// SPDX-License-Identifier: Apache-2.0
// What is written without a connection is shown as waiting, and sent once when there is one again.
import assert from 'node:assert/strict';
import { pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

/** Each text stands there once, in this order. */
async function hasOnce(person, texts) {
	for (const text of texts) await person.reads(text);
	const shown = (await person.texts()).filter((t) => texts.includes(t));
	assert.deepEqual(shown, texts, `${person.name} reads`);
}

test('the browser is offline', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'plaza');
	rosa.losesConnection();
	await rosa.context.setOffline(true);
	await rosa.isConnected(false);
	const texts = ['one, offline', 'two, offline', 'three, offline'];
	for (const text of texts) await rosa.send(text);
	for (const text of texts) await rosa.isQueued(text);
	// What waits is still there when the page was loaded again.
	await rosa.context.setOffline(false);
	await rosa.isConnected(true);
	for (const text of texts) await rosa.isAccepted(text);
	await hasOnce(tom, texts);
	await tom.send('and back');
	await rosa.reads('and back', 'Tom');
	await hasOnce(rosa, texts);
});

test('the backbone is gone for a while', async (stage) => {
	const [rosa, tom] = await pair(stage, 'dial', 'lens');
	for (const p of [rosa, tom]) p.losesConnection();
	await stage.backbone.stop();
	await Promise.all([rosa.isConnected(false), tom.isConnected(false)]);
	await rosa.send('to nobody yet');
	await tom.send('nor to you');
	await rosa.isQueued('to nobody yet');
	await tom.isQueued('nor to you');
	await stage.backbone.start();
	await Promise.all([rosa.isConnected(true), tom.isConnected(true)]);
	await hasOnce(tom, ['to nobody yet']);
	await hasOnce(rosa, ['nor to you']);
	await rosa.isAccepted('to nobody yet');
	await tom.isAccepted('nor to you');
	await hasOnce(tom, ['nor to you']);
});
