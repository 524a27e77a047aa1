// SPDX-License-Identifier: Apache-2.0
// Text that was written is not lost, and not sent twice: where the app refuses it, where the browser has no
// room left, where its writer turns to something else.
import assert from 'node:assert/strict';
import { pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';
import { addToWorker } from './lib/worker.mjs';

const ROOM_SUBMIT = 37;
const POLICY = 0x0206;

/** In the worker, before its own script: as if the app refused what is sent to a room, as long as the page
 * says so; nothing of that leaves. */
function refuse(type, status) {
	let is = false;
	new BroadcastChannel('refuse').onmessage = (e) => (is = e.data);
	const Socket = self.WebSocket;
	self.WebSocket = class extends Socket {
		send(frame) {
			const b = new Uint8Array(frame);
			if (!is || b[0] !== 1 || ((b[1] << 8) | b[2]) !== type) return super.send(frame);
			const refusal = [2, ...b.slice(1, 7), status >> 8, status & 255, 0, 0, 0, 0, 0];
			const data = Uint8Array.from(refusal).buffer;
			setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data })));
		}
	};
}

/** The same of a browser that has no room any more. */
function fill() {
	let is = false;
	new BroadcastChannel('fill').onmessage = () => (is = true);
	const transaction = IDBDatabase.prototype.transaction;
	IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
		if (is && mode === 'readwrite') throw new DOMException('full', 'QuotaExceededError');
		return transaction.call(this, stores, mode, ...more);
	};
}

/** Rosa and Tom, who are in a conversation; her worker does that besides. */
async function pairWith(stage, app, other, script) {
	const [rosa, tom] = await pair(stage, app, other);
	await addToWorker(rosa, app, script);
	await loadAgain(rosa);
	const tell = (channel, what) =>
		rosa.page.evaluate(([c, w]) => void new BroadcastChannel(c).postMessage(w), [channel, what]);
	return [rosa, tom, tell];
}

async function loadAgain(person) {
	await person.page.reload();
	await person.composer().waitFor();
}

async function change(person, text) {
	const message = person.message(text);
	await message.hover();
	await person.button('More', message).click();
	await person.page.getByRole('menuitem', { name: 'Edit' }).click();
}

test('what was refused is sent again once, also when the page was loaded again', async (stage) => {
	const script = `(${refuse})(${ROOM_SUBMIT}, ${POLICY});`;
	const [rosa, tom, tell] = await pairWith(stage, 'dial', 'lens', script);
	await rosa.send('before');
	await tom.reads('before', 'Rosa');
	await tell('refuse', true);
	await rosa.send('beans');
	await rosa.message('beans').getByText('Not sent.').waitFor();
	await tell('refuse', false);
	await loadAgain(rosa);
	await rosa.message('beans').getByText('Not sent.').waitFor();
	await rosa.button('Send again').click();
	await tom.reads('beans', 'Rosa');
	await rosa.isAccepted('beans');
	// What had the keyboard has gone, and the message that stands for it has it.
	await rosa.page.waitForFunction(() => document.activeElement.closest('.k-message') !== null);
	await loadAgain(rosa);
	await rosa.isAccepted('beans');
	assert.equal(await rosa.button('Send again').count(), 0);
	await rosa.send('after');
	await tom.reads('after', 'Rosa');
	for (const p of [rosa, tom])
		assert.deepEqual((await p.texts()).slice(-3), ['before', 'beans', 'after'], p.name);
});

test('a change that was not sent waits beside what is written', async (stage) => {
	const [rosa, tom] = await pair(stage, 'lens', 'plaza');
	await rosa.send('The beans are up');
	await rosa.send('The peas, too');
	await tom.reads('The peas, too', 'Rosa');
	await change(rosa, 'The beans are up');
	await rosa.type('The beans are out');
	// Something else instead, and elsewhere.
	await change(rosa, 'The peas, too');
	await rosa.type('The peas as well');
	await rosa.page.evaluate(() => void (location.hash = '#/'));
	await rosa.composer().waitFor({ state: 'detached' });
	await rosa.openRoom('Tom');
	await rosa.type('a draft');
	const waiting = rosa.page.locator('.k-about').filter({ hasText: 'This change was not sent' });
	await until('both wait', async () => (await waiting.count()) === 2);
	await rosa.button('Edit again', waiting.filter({ hasText: 'The beans are out' })).click();
	assert.equal(await rosa.composer().inputValue(), 'The beans are out');
	await rosa.page.keyboard.press('Enter');
	await tom.reads('The beans are out', 'Rosa');
	assert.equal(await rosa.composer().inputValue(), 'a draft');
	await rosa.button(/^Do not change it: /, waiting).click();
	await waiting.waitFor({ state: 'detached' });
	await rosa.page.keyboard.press('Enter');
	await tom.reads('a draft', 'Rosa');
	assert.deepEqual((await tom.texts()).slice(-3), [
		'The beans are out',
		'The peas, too',
		'a draft',
	]);
});

test('what a full disk does not take stays to be read, and the page asks before it goes', async (stage) => {
	const [rosa, tom, tell] = await pairWith(stage, 'plaza', 'dial', `(${fill})();`);
	await rosa.send('before');
	await tom.reads('before', 'Rosa');
	await change(rosa, 'before');
	await rosa.type('before, changed');
	await change(rosa, 'before');
	await rosa.page.keyboard.press('Escape');
	await tell('fill', true);
	await rosa.type('beans\nand peas');
	await rosa.page.keyboard.press('Enter');
	await rosa.page.getByRole('heading', { name: /no room left/ }).waitFor();
	const unsent = rosa.page.locator('.k-warning').filter({ hasText: 'goes with this page' });
	await unsent.locator('.k-lines').getByText('beans').waitFor();
	assert.deepEqual(await unsent.locator('.k-lines').allInnerTexts(), [
		'before, changed',
		'beans\nand peas',
	]);
	assert.match(await unsent.innerText(), /Tom/);
	let asked = 0;
	let goes = false;
	rosa.page.removeAllListeners('dialog');
	rosa.page.on('dialog', (d) => {
		asked += d.type() === 'beforeunload';
		return goes ? d.accept() : d.dismiss();
	});
	await rosa.button('Try again').click();
	await until('the page has asked', () => asked === 1);
	await unsent.waitFor();
	goes = true;
	await rosa.button('Try again').click();
	await rosa.composer().waitFor();
	assert.equal(asked, 2);
	await rosa.send('after');
	await tom.reads('after', 'Rosa');
	assert.deepEqual((await tom.texts()).slice(-2), ['before', 'after']);
});
