// SPDX-License-Identifier: Apache-2.0
// Files between pages and terminals: every byte arrives, or none; what is in the way is said.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { BUILD } from './lib/backbone.mjs';
import { isFocused, Keyboard } from './lib/keyboard.mjs';
import { befriend, pair } from './lib/people.mjs';
import { test } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const MIB = 1 << 20;

const some = (n) => randomFillSync(Buffer.alloc(n));

/** A folder for the time of a test, and what writes a file there. */
async function inFolder(run) {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'undercroft-files-'));
	const file = (name, bytes) => {
		writeFileSync(path.join(folder, name), bytes);
		return path.join(folder, name);
	};
	try {
		await run(file, folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

async function send(person, ...paths) {
	await person.attach(...paths);
	await person.hands.go(person.button('Send'));
}

test('files go from page to page, to a terminal, and back', async (stage) => {
	await inFolder(async (file, folder) => {
		const [rosa, tom] = await pair(stage, 'dial', 'plaza');
		const plan = some(300_000);
		await rosa.attach(file('plan.pdf', plan), file('seeds.txt', 'beans'));
		// What stands there can be taken back, and words go with it.
		await rosa.button('Do not send: seeds.txt').click();
		await rosa.type('the plan');
		await rosa.button('Send').click();
		await tom.reads('the plan', 'Rosa');
		assert.deepEqual(await tom.save('plan.pdf'), { name: 'plan.pdf', bytes: plan });
		assert.equal(await tom.message('seeds.txt').count(), 0);
		await rosa.isAccepted('plan.pdf');

		// As large as can be, and back.
		const large = some(16 * MIB);
		await send(tom, file('large.bin', large));
		const back = await rosa.save('large.bin');
		assert.ok(back.bytes.equals(large), 'every byte of 16 MiB');
		// It can be saved again, and by whoever has sent it.
		assert.ok((await rosa.save('large.bin')).bytes.equals(large), 'once more');
		await tom.isAccepted('large.bin');
		assert.ok((await tom.save('large.bin')).bytes.equals(large), 'by its sender');

		const tia = await stage.terminal('lens', 'Tia');
		await befriend(rosa, tia);
		await rosa.openRoom('Tia');
		const photo = some(150_001);
		await send(rosa, file('photo.jpg', photo));
		await rosa.isAccepted('photo.jpg');
		const sent = (await tia.messages('Rosa')).find((m) => m.file_name === 'photo.jpg');
		assert.equal(sent.file_type, 'image/jpeg');
		await tia.run('sync');
		const all = await tia.run('read', 'Rosa', '--last', 100, '--numbers');
		const { number } = all.find((m) => m.file_name === 'photo.jpg');
		await tia.run('save', 'Rosa', number, path.join(folder, 'saved'));
		assert.ok(readFileSync(path.join(folder, 'saved')).equals(photo), 'at the terminal');
		await tia.run('send', 'Rosa', '--file', file('svg.svg', '<svg onload="alert(1)"/>'));
		const svg = await rosa.save('svg.svg');
		assert.equal(String(svg.bytes), '<svg onload="alert(1)"/>');
		assert.equal(await rosa.message('svg.svg').locator('img, svg:not(.k-icon)').count(), 0);
	});
});

test('what cannot be sent is said', async (stage) => {
	await inFolder(async (file) => {
		const [rosa] = await pair(stage, 'dial', 'lens');
		const told = (text) => rosa.page.getByRole('alert').getByText(text).waitFor();
		await rosa.attach(file('none.txt', ''));
		await told('none.txt is empty.');
		await rosa.attach(file('huge.bin', Buffer.alloc(16 * MIB + 1)));
		await told('huge.bin is too large: up to 16 MB can be sent.');
		assert.equal(await rosa.page.getByRole('list', { name: 'Files to send' }).count(), 0);
		const gone = file('gone.txt', 'gone');
		await rosa.attach(gone);
		rmSync(gone);
		await rosa.button('Send').click();
		await told('gone.txt cannot be read. Choose it once more.');
		// It still stands there, and nothing was sent.
		await rosa.button('Do not send: gone.txt').click();
		assert.equal(await rosa.page.locator('.k-file').count(), 0);
	});
});

test('an app that takes less: what is refused can be sent again', async (stage) => {
	await inFolder(async (file) => {
		const [rosa, tom] = await pair(stage, 'dial', 'lens');
		for (const p of [rosa, tom]) p.losesConnection();
		const conf = path.join(stage.backbone.dir, 'undercroft.conf');
		const before = readFileSync(conf, 'utf8');
		const restart = async (text) => {
			await stage.backbone.stop();
			writeFileSync(conf, text);
			await stage.backbone.start();
		};
		await restart(before.replace('[app dial]', '[app dial]\nattachment_bytes = 1048576'));
		try {
			const bytes = some(2 * MIB);
			await send(rosa, file('large.bin', bytes));
			await rosa.page
				.getByRole('alert')
				.getByText('The app does not take files of this size.')
				.waitFor();
			await rosa.message('large.bin').getByText('Not sent.').waitFor();
			await restart(before);
			await rosa.button('Send again', rosa.message('large.bin')).click();
			const saved = await tom.save('large.bin');
			assert.ok(saved.bytes.equals(bytes));
		} finally {
			writeFileSync(conf, before);
		}
	});
});

test('what waits for a connection survives a killed browser', async (stage) => {
	await inFolder(async (file) => {
		const [rosa, tom] = await pair(stage, 'dial', 'plaza', { own: true }, {});
		for (const p of [rosa, tom]) p.losesConnection();
		await stage.backbone.stop();
		await rosa.isConnected(false);
		const bytes = some(3 * MIB);
		const kept = file('kept.bin', bytes);
		await send(rosa, kept, file('regret.bin', some(5000)));
		for (const name of ['kept.bin', 'regret.bin']) await rosa.isQueued(name);
		rmSync(kept); // it is in the browser's store
		await rosa.button('Stop: regret.bin').click();
		await rosa.message('regret.bin').waitFor({ state: 'detached' });
		await stage.kill(rosa);
		await stage.backbone.start();
		await stage.reopen(rosa);
		await rosa.openRoom('Tom');
		const saved = await tom.save('kept.bin');
		assert.ok(saved.bytes.equals(bytes));
		await rosa.isAccepted('kept.bin');
		await rosa.send('after it');
		await tom.reads('after it', 'Rosa');
		assert.equal(
			await tom.page.locator('.k-file').count(),
			1,
			'nothing twice, nothing of the other',
		);
	});
});

test('fetching is stopped, and goes on through a lost connection', async (stage) => {
	await inFolder(async (file) => {
		const [rosa, tom] = await pair(stage, 'dial', 'plaza');
		const bytes = some(12 * MIB);
		for (const text of ['one', 'two', 'three', 'four', 'five']) await rosa.send(text);
		await send(rosa, file('large.bin', bytes));
		await tom.message('large.bin').waitFor();
		const progress = tom.page.getByRole('progressbar', { name: 'Fetched of large.bin' });
		const press = (name) => tom.button(`${name}: large.bin`).click();
		await press('Save');
		await until('some of it has come', () => progress.evaluate((p) => p.value > 0.05));
		await press('Stop');
		await tom.button('Save: large.bin').waitFor();
		await progress.waitFor({ state: 'detached' });
		tom.losesConnection();
		const saves = tom.page.waitForEvent('download');
		await press('Save');
		await until('some of it has come', () => progress.evaluate((p) => p.value > 0.05));
		await tom.context.setOffline(true);
		await tom.isConnected(false);
		await tom.context.setOffline(false);
		assert.ok(readFileSync(await (await saves).path()).equals(bytes));
		// Without a connection at all that is said.
		await tom.message('large.bin').getByText('Given to the browser').waitFor();
		await tom.page.setViewportSize({ width: 640, height: 400 });
		const rest = () => tom.log().evaluate((l) => l.scrollHeight - l.scrollTop - l.clientHeight);
		await until('the end is in sight', async () => (await rest()) < 4);
		await tom.context.setOffline(true);
		await tom.isConnected(false);
		await press('Save');
		await tom.message('large.bin').getByRole('alert').getByText('no connection').waitFor();
		await until('it still is, though the message has grown', async () => (await rest()) < 4, 3000);
		await tom.context.setOffline(false);
		assert.ok((await tom.save('large.bin')).bytes.equals(bytes));
	});
});

/** Other bytes where the app keeps that file: as its operator could do. */
async function forge(backbone, app, from, folder) {
	const ctl = (...args) => {
		const done = spawnSync(path.join(BUILD, 'src/ctl/undercroftctl'), args, { maxBuffer: 1 << 28 });
		assert.equal(done.status, 0, `${args[0]}: ${done.stderr}`);
		return done.stdout;
	};
	const conf = path.join(backbone.dir, 'undercroft.conf');
	await backbone.stop();
	const dump = ctl('dump', conf, app, 'rooms');
	const at = dump.indexOf(from);
	assert.ok(at > 0, 'the bytes are in the store');
	dump[at] ^= 1;
	writeFileSync(path.join(folder, 'dump'), dump);
	renameSync(path.join(backbone.dir, `data/${app}/rooms`), path.join(folder, 'rooms'));
	ctl('load', conf, app, 'rooms', path.join(folder, 'dump'));
	await backbone.start();
}

/** What is at a URL, as for moderators with curl. */
function get(backbone, url) {
	const { pathname, hostname } = new URL(url);
	const app = hostname.split('.')[0];
	return new Promise((resolve, reject) => {
		const ask = https.get(`${backbone.origin(app, { tls: true })}${pathname}`, {
			ca: readFileSync(path.join(backbone.dir, 'tls/ca.pem')),
			lookup: (_, o, then) =>
				o.all ? then(null, [{ address: '127.0.0.1', family: 4 }]) : then(null, '127.0.0.1', 4),
		});
		ask.once('error', reject);
		ask.once('response', (answer) => {
			const parts = [];
			answer.on('data', (d) => parts.push(d));
			answer.once('end', () => resolve(Buffer.concat(parts)));
		});
	});
}

test('a file that was changed where it lies is refused, and reported', async (stage) => {
	await inFolder(async (file, folder) => {
		const [rosa, tom] = await pair(stage, 'dial', 'plaza');
		for (const p of [rosa, tom]) p.losesConnection();
		await send(rosa, file('forged.bin', some(200_000)));
		await rosa.isAccepted('forged.bin');
		await tom.reads('forged.bin', 'Rosa');
		await tom.report('forged.bin', { why: 'Something else' });
		await tom.closeDialogs();
		const { backbone } = stage;
		const { number } = backbone.operator('reports', 'plaza').findLast((l) => l.type === 'report');
		const shown = backbone.operator('reports', 'plaza', 'show', number);
		const { text } = shown.find((l) => l.type === 'message');
		const [url] = /https:\S+[0-9a-f]/.exec(text);
		const sealed = await get(backbone, url);
		await forge(backbone, 'dial', sealed.subarray(150_000, 150_064), folder);
		assert.ok(!(await get(backbone, url)).equals(sealed), 'it was changed');
		let saves = 0;
		tom.page.on('download', () => saves++);
		await tom.isConnected(true);
		await tom.button('Save: forged.bin').click();
		const said = tom.message('forged.bin').getByRole('alert');
		// An app that stops tells each device how long to stay away, and the page may be waiting.
		await said.getByText('What came is not the file that was sent').waitFor({ timeout: 90_000 });
		// It goes, and comes again: too soon for whoever looks only now and then.
		await said.evaluate((el) => (el.dataset.before = 'yes'));
		await tom.button('Try again: forged.bin').click();
		await tom
			.message('forged.bin')
			.locator('[role=alert]:not([data-before])')
			.getByText('What came is not the file that was sent')
			.waitFor();
		assert.equal(saves, 0);
	});
});

test('files that are dropped or pasted are chosen, and the page stays', async (stage) => {
	const [rosa, tom] = await pair(stage, 'plaza', 'lens');
	const bring = (kind, where, name) =>
		where.evaluate(
			(el, [kind, name]) => {
				const brought = new DataTransfer();
				brought.items.add(new File(['beans'], name));
				const o = { bubbles: true, cancelable: true };
				const event =
					kind === 'paste'
						? new ClipboardEvent(kind, { ...o, clipboardData: brought })
						: new DragEvent(kind, { ...o, dataTransfer: brought });
				return !el.dispatchEvent(event);
			},
			[kind, name],
		);
	assert.ok(await bring('dragover', rosa.log(), 'dropped.txt'), 'can be dropped');
	assert.ok(await bring('drop', rosa.log(), 'dropped.txt'), 'the browser opens nothing');
	assert.ok(await bring('paste', rosa.composer(), 'pasted.txt'));
	await rosa.button('Send').click();
	for (const name of ['dropped.txt', 'pasted.txt'])
		assert.equal(String((await tom.save(name)).bytes), 'beans');
});

test('a file is attached, sent and saved without a mouse', async (stage) => {
	await inFolder(async (file) => {
		const [rosa, tom] = await pair(stage, 'lens', 'dial', { reducedMotion: 'reduce' });
		const keys = new Keyboard(rosa.page);
		rosa.hands = keys;
		await rosa.attach(file('seeds.txt', 'beans'), file('more.txt', 'peas'));
		await until('the focus is where one writes', () => isFocused(rosa.composer()));
		await keys.go(rosa.button('Do not send: more.txt'));
		await until('and there again', () => isFocused(rosa.composer()));
		await rosa.page.keyboard.press('Enter');
		await rosa.isAccepted('seeds.txt');
		await send(tom, file('answer.txt', 'peas'));
		await rosa.message('answer.txt').waitFor();
		await keys.tabUntil('a message', () =>
			rosa.page.evaluate(() => document.activeElement.closest('.k-message') !== null),
		);
		await rosa.page.keyboard.press('End');
		const saved = await rosa.save('answer.txt');
		assert.equal(String(saved.bytes), 'peas');
	});
});
