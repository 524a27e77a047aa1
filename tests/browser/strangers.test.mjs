// SPDX-License-Identifier: Apache-2.0
// What else the browser tests do over plain HTTP, done as on the network: Chromium's own HTTP/2 and
// WebSocket over TLS against ours.
import assert from 'node:assert/strict';
import { befriend } from './lib/people.mjs';
import { test } from './lib/suite.mjs';

test('pages come by HTTP/2, messages by a WebSocket, both over TLS', async (stage) => {
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa', { tls: true, ignoreHTTPSErrors: true }),
		stage.terminal('lens', 'Tom'),
	]);
	await befriend(rosa, tom);
	await rosa.openRoom('Tom');
	await rosa.send('over TLS');
	await tom.reads('over TLS', 'Rosa');
	const came = await rosa.page.evaluate(() =>
		['navigation', 'resource']
			.flatMap((kind) => performance.getEntriesByType(kind))
			.map((e) => [new URL(e.name).protocol, e.nextHopProtocol]),
	);
	assert.ok(came.length > 2);
	for (const how of came) assert.deepEqual(how, ['https:', 'h2']);
	// Chromium hears why it is sent away.
	const code = await rosa.page.evaluate(
		() =>
			new Promise((done) => {
				const s = new WebSocket(`wss://${location.host}/v1`, 'undercroft.v1');
				s.onopen = () => s.send('text is no frame of ours');
				s.onclose = (e) => done(e.code);
			}),
	);
	assert.equal(code, 1003);
});
