// SPDX-License-Identifier: Apache-2.0
// Messages and requests that are reported, and what the operators see of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backbone, limit, met, signedUp } from './live.js';

test('a message is reported, and the operators of both apps see it', limit, async () => {
	const jon = await signedUp('dial', '+4930333', 'Jon');
	const kim = await signedUp('lens', 'kim', 'Kim');
	const [room, back] = await met(jon, kim, 'kim');
	for (const text of ['a walk?', 'or else', 'sorry']) await jon.ask('send', room, text);
	const { message } = await kim.event('message', (e) => e.message.text === 'or else');
	const report = { messages: [message.number], to: 'both', why: 'threat', note: 'at the pond' };
	const done = await kim.ask('report', back, report);
	assert.deepEqual([done.app, done.hub], [true, true]);
	assert.match(done.verdict, /^(verified|confirmed)$/);
	for (const app of ['dial', 'lens']) {
		const [first] = await backbone.operator('reports', app);
		assert.equal(first.reason, 'threat');
		const shown = await backbone.operator('reports', app, 'show', String(first.number));
		assert.deepEqual(
			shown.filter((l) => l.type === 'message').map((l) => l.text),
			['or else'],
		);
	}
	const own = (await jon.ask('messages', room)).find((m) => m.text === 'or else');
	await assert.rejects(jon.ask('report', room, { ...report, messages: [own.number] }), {
		code: 'UC_E_NOT_FOUND',
	});
	for (const wrong of [
		{ messages: [-1] },
		{ messages: [0.5] },
		{ messages: [] },
		{ messages: Array(17).fill(message.number) },
		{ to: 'all' },
		{ to: 'toString' },
		{ why: '' },
		{ note: 'x'.repeat(1025) },
	])
		await assert.rejects(kim.ask('report', back, { ...report, ...wrong }), (e) =>
			/^UC_E_(ARGUMENT|TOO_LARGE)$/.test(e.code),
		);
	await Promise.all([jon, kim].map((p) => p.close()));
});

test(
	'a request is reported, answered or not, and nobody else has what it says',
	limit,
	async () => {
		const nia = await signedUp('dial', '+4930334', 'Nia');
		const oli = await signedUp('lens', 'oli', 'Oli');
		await nia.ask('ask', oli.app, 'oli', 'you again');
		const { request } = await oli.event('request');
		const report = { to: 'app', why: 'harassment', note: 'a stranger' };
		const before = (await backbone.operator('reports', 'dial')).length;
		assert.deepEqual(await oli.ask('reportRequest', request, report), {
			verdict: 'confirmed',
			app: true,
			hub: false,
		});
		assert.equal((await backbone.operator('reports', 'dial')).length, before);
		await oli.ask('decline', request);
		const both = await oli.ask('reportRequest', request, { ...report, to: 'both' });
		assert.deepEqual([both.app, both.hub], [true, true]);
		for (const app of ['dial', 'lens']) {
			const last = (await backbone.operator('reports', app)).at(-1);
			assert.equal(last.request, true);
			const shown = await backbone.operator('reports', app, 'show', String(last.number));
			assert.deepEqual(
				shown.filter((l) => l.type === 'card').map((l) => [l.name, l.text]),
				[['Nia', 'you again']],
			);
		}
		// Reported, they can be blocked, too, and nobody is a contact by it, nor when it ends.
		await oli.ask('blockRequest', request);
		const [blocked] = await oli.ask('contacts');
		assert.deepEqual([blocked.name, blocked.blocked, blocked.stranger], ['Nia', true, true]);
		assert.equal((await oli.ask('requests'))[0].blocked, true);
		await assert.rejects(oli.ask('accept', request), { code: 'UC_E_NOT_ALLOWED' });
		await oli.ask('block', blocked.id, false);
		assert.deepEqual(await oli.ask('contacts'), []);
		assert.equal((await oli.ask('requests'))[0].blocked, false);
		const [own] = await nia.ask('requests');
		await assert.rejects(nia.ask('reportRequest', own.id, report), { code: 'UC_E_NOT_FOUND' });
		// One's own is taken back while it waits, once, by whoever has sent it.
		assert.ok(own.untilMs > own.timeMs, `${own.untilMs}`);
		await nia.ask('withdrawRequest', own.id);
		const [over] = await nia.ask('requests');
		assert.deepEqual([over.state, over.untilMs], ['withdrawn', 0]);
		await assert.rejects(nia.ask('withdrawRequest', own.id), { code: 'UC_E_EXISTS' });
		await assert.rejects(oli.ask('withdrawRequest', request), { code: 'UC_E_NOT_FOUND' });
		for (const wrong of [{ to: 'all' }, { why: '' }, { note: 'x'.repeat(1025) }])
			await assert.rejects(oli.ask('reportRequest', request, { ...report, ...wrong }), (e) =>
				/^UC_E_(ARGUMENT|TOO_LARGE)$/.test(e.code),
			);
		await Promise.all([nia, oli].map((p) => p.close()));
	},
);
