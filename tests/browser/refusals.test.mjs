// SPDX-License-Identifier: Apache-2.0
// What the app says when it refuses is shown as its own words; that what is damaged is the app's, too; and
// however long what people paste is, they are told at once what is wrong with it.
import { test } from './lib/suite.mjs';
import { addToWorker } from './lib/worker.mjs';

const WORDS = 'something <b>stored</b> of this is damaged \u202E; its operator can mend it';
const NAME_CHANGE = 41;
const CORRUPT = 0x0602;

/** In the worker, before its own script: the app's answers to one kind of request become refusals. */
function refuse(type, status, words) {
	const text = new TextEncoder().encode(words);
	const head = text.length < 64 ? [text.length] : [0x40 | (text.length >> 8), text.length & 255];
	const Socket = self.WebSocket;
	self.WebSocket = class extends Socket {
		set onmessage(listener) {
			super.onmessage = (e) => {
				const b = new Uint8Array(e.data);
				if (b[0] !== 2 || ((b[1] << 8) | b[2]) !== type) return listener(e);
				const refusal = [...b.slice(0, 7), status >> 8, status & 255, 0, 0, 0, 0, ...head, ...text];
				listener(new MessageEvent('message', { data: Uint8Array.from(refusal).buffer }));
			};
		}
	};
}

test("the app's own words are shown on a refusal, and whose the damage is", async (stage) => {
	const rosa = await stage.person('lens', 'Rosa', { open: false });
	await addToWorker(
		rosa,
		'lens',
		`(${refuse})(${NAME_CHANGE}, ${CORRUPT}, ${JSON.stringify(WORDS)});`,
	);
	await rosa.open();
	await rosa.signUp();
	await rosa.changeName('rosa.somebody');
	const alert = rosa.dialog().getByRole('alert');
	await alert.getByText('The app cannot do this now.').waitFor();
	await alert.getByText('Lens says:').waitFor();
	// As text, whatever is in it.
	await alert
		.locator('q')
		.getByText('something <b>stored</b> of this is damaged \uFFFD; its')
		.waitFor();
	await rosa.closeDialogs();
	const problem = rosa.page.locator('.k-problem');
	await problem
		.getByText(/app has stored is damaged\. Nothing is wrong with your browser/)
		.waitFor();
	await problem
		.locator('q')
		.getByText(/its operator can mend it/)
		.waitFor();
	// It stays until it was seen.
	await rosa.page.waitForTimeout(12_500);
	await problem.waitFor();
	await rosa.button('Dismiss').click();
	await problem.waitFor({ state: 'hidden' });
	// The page goes on as before.
	await rosa.openDevices();
});

test('a text of any length can be pasted where one asks', async (stage) => {
	const rosa = await stage.member('plaza', 'Rosa');
	const long = 'x'.repeat(1 << 20);
	const dialog = rosa.dialog();
	const paste = async (field, text) => {
		await field.focus();
		await rosa.page.keyboard.insertText(text);
	};
	await rosa.askForm('plaza', 'a@' + long + '@');
	await dialog
		.getByRole('alert')
		.getByText(/looks like name@example.org/)
		.waitFor();
	await rosa.button('By a link', dialog).click();
	const link = rosa.field('Link', dialog);
	await paste(link, long);
	await rosa.field('Note', dialog).fill('a note, typed beside it');
	await rosa.button('Send request', dialog).click();
	await dialog
		.getByRole('alert')
		.getByText(/no link of an invitation/)
		.waitFor();
	await link.fill('');
	await paste(link, '/#/link/'.repeat(1 << 17));
	await rosa.button('Send request', dialog).click();
	await dialog
		.getByRole('alert')
		.getByText(/no link of an invitation/)
		.waitFor();
	await rosa.field('Note', dialog).fill(long);
	await dialog
		.getByRole('alert')
		.getByText(/characters too many/)
		.waitFor();
	await rosa.closeDialogs();
	await rosa.openDevices();
	await rosa.button('Add a device', dialog).click();
	await paste(rosa.field('Code of the new device', dialog), long);
	await rosa.button('Look for it', dialog).click();
	await dialog
		.getByRole('alert')
		.getByText(/no code of a new device/)
		.waitFor();
});
