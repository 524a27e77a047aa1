// SPDX-License-Identifier: Apache-2.0
// What only a real browser has: IndexedDB, locks, a worker that is killed, quota, the strict policy
// of a page that undercroftd serves.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Backbone } from './backbone.js';
import { fates, has } from './batches.js';
import { hasBrowser, launch, launchIn, makeSite } from './pages.js';

const limit = {
	timeout: 120_000,
	skip: hasBrowser ? false : 'no Chromium here (Debian: apt install chromium)',
};
let backbone, browser;
before(async () => {
	if (!hasBrowser) return;
	browser = await launch();
	backbone = await Backbone.start(async (dir, app) =>
		makeSite(dir, app === 'lens' ? 'example/hello.ts' : 'test/page.ts'),
	);
});
after(async () => {
	await browser?.close();
	backbone?.stop();
});

const problems = [];
async function openPage(context, app = 'dial', hash = '') {
	const page = await context.newPage();
	page.on('pageerror', (e) => problems.push(String(e)));
	page.on('console', (m) => ['error', 'warning'].includes(m.type()) && problems.push(m.text()));
	await page.goto(backbone.page(app) + hash);
	return page;
}
const start = (page) =>
	page.evaluate(async () => {
		await new Promise((resolve) =>
			globalThis.sdk ? resolve() : addEventListener('load', resolve),
		);
		globalThis.u = await sdk.open();
		return { tab: u.tab, reason: u.reason && u.reason.code };
	});
const connected = (page, as) =>
	page.evaluate(
		(as) =>
			new Promise((resolve) => {
				if (u.connection === as) resolve();
				u.on('connection', (e) => e.connection === as && resolve());
			}),
		as,
	);

let numbers = 0;
async function signUp(page) {
	const identifier = `+4930${String(++numbers).padStart(7, '0')}`;
	assert.deepEqual(await start(page), { tab: 'here', reason: null });
	await connected(page, 'greeted');
	await page.evaluate((i) => u.requestCode(i), identifier);
	const code = await backbone.code(identifier);
	const words = await page.evaluate((o) => u.signUp(o), { identifier, code, profileName: 'Rosa' });
	assert.equal(words.split(' ').length, 24);
	return identifier;
}
/** A room of one: what is sent goes through the whole of it. */
const newRoom = (page) => page.evaluate(() => u.createGroup('notes', []));
const texts = (page, room) =>
	page.evaluate(async (r) => (await u.messages(r)).map((m) => m.text), room);

/** What lies in the database, without its seal. */
const stored = async (page) => {
	const found = await page.evaluate(async () => {
		const wait = (r) => new Promise((resolve) => (r.onsuccess = () => resolve(r.result)));
		const db = await wait(indexedDB.open('undercroft:dial.localhost'));
		const tx = db.transaction(['meta', 'snapshot', 'journal']);
		const [seal, ...found] = await Promise.all([
			wait(tx.objectStore('meta').get('seal')),
			wait(tx.objectStore('snapshot').getAll()),
			wait(tx.objectStore('journal').getAll()),
		]);
		db.close();
		const hash = await crypto.subtle.digest('SHA-256', seal);
		const key = await crypto.subtle.importKey('raw', hash, 'AES-GCM', false, ['decrypt']);
		const open = async (r) => {
			const box = { name: 'AES-GCM', iv: r.slice(0, 12) };
			return Array.from(new Uint8Array(await crypto.subtle.decrypt(box, key, r.slice(12))));
		};
		return await Promise.all(found.map((of) => Promise.all(of.map(open))));
	});
	const [snapshot, journal] = found.map((of) => of.map((b) => Uint8Array.from(b)));
	return { snapshot, journal };
};
/** Until what was replaced or deleted of all that was written is there no more. */
async function leaves(page, { snapshot, journal }) {
	const { gone, there } = fates([...snapshot, ...journal]);
	assert.ok(gone.length > 10 && there.length > 10);
	let now;
	do {
		await new Promise((resolve) => setTimeout(resolve, 100));
		now = await stored(page);
	} while (now.journal.length);
	for (const value of gone) assert.equal(has(now.snapshot, value), false);
	// Some may have been replaced since.
	assert.ok(there.filter((value) => has(now.snapshot, value)).length > there.length / 2);
}
const said = async (page, n) => {
	const room = await newRoom(page);
	for (let i = 0; i < n; i++) await page.evaluate((r) => u.send(r, 'said'), room);
	await page.evaluate(async (room) => {
		const sent = async () =>
			(await u.messages(room)).every((m) => m.state === 'accepted' || m.kind === 'note');
		while (!(await sent())) await new Promise((resolve) => setTimeout(resolve, 50));
	}, room);
	return room;
};

// This takes half a minute: it begins here, and is looked at in the end.
let rests;
test('a page is left alone', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await signUp(page);
	const room = await said(page, 3);
	rests = { context, page, room, before: await stored(page), sinceMs: performance.now() };
	assert.ok(rests.before.journal.length > 3);
});

test('the example says hello', limit, async () => {
	const [one, two] = await Promise.all([browser.newContext(), browser.newContext()]);
	const tom = await openPage(one, 'lens', '#name=tom');
	await tom.getByText('tom is signed up; 24 words').waitFor();
	const rosa = await openPage(two, 'lens', '#name=rosa&ask=tom');
	await tom.getByText('rosa asks: Shall we talk?').waitFor();
	await tom.getByText('rosa: Hello tom').waitFor();
	await rosa.getByText('tom: Hello rosa').waitFor();
	await one.close();
	await two.close();
});

test('an account stays, and its key cannot be taken out', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	const identifier = await signUp(page);
	await page.reload();
	assert.equal((await start(page)).tab, 'here');
	assert.equal((await page.evaluate(() => u.account())).identifier, identifier);
	const stored = await page.evaluate(async () => {
		const wait = (r) => new Promise((resolve) => (r.onsuccess = () => resolve(r.result)));
		const db = await wait(indexedDB.open('undercroft:dial.localhost'));
		const { wrapping, wrapped } = await wait(db.transaction('meta').objectStore('meta').get('key'));
		db.close();
		const taken = await crypto.subtle.exportKey('raw', wrapping).catch((e) => e.name);
		return { extractable: wrapping.extractable, taken, wrapped: wrapped.byteLength };
	});
	assert.deepEqual(stored, { extractable: false, taken: 'InvalidAccessError', wrapped: 48 });
	await context.close();
});

test('one tab has the store, the next one waits for it', limit, async () => {
	const context = await browser.newContext();
	const first = await openPage(context);
	const identifier = await signUp(first);
	const second = await openPage(context);
	assert.deepEqual(await start(second), { tab: 'elsewhere', reason: null });
	assert.equal(
		await second.evaluate(() => u.account().catch((e) => `${e.name} ${e.code}`)),
		'UndercroftError UC_E_LOCKED',
	);
	assert.equal(await second.evaluate(() => u.erase().catch((e) => e.code)), 'UC_E_LOCKED');
	const here = second.evaluate(
		() => new Promise((resolve) => u.on('tab', (e) => e.tab === 'here' && resolve())),
	);
	await first.close();
	await here;
	assert.equal((await second.evaluate(() => u.account())).identifier, identifier);
	const third = await openPage(context);
	assert.equal((await start(third)).tab, 'elsewhere');
	await second.evaluate(() => u.close());
	assert.equal(await second.evaluate(() => u.tab), 'closed');
	assert.equal(await second.evaluate(() => u.account().catch((e) => e.code)), 'UC_E_CLOSED');
	await connected(third, 'online');
	await context.close();
});

test('a page that is loaded again is no other tab', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	// What is left of it holds the lock for a moment yet.
	await page.evaluate(() => {
		const moment = () => new Promise((resolve) => setTimeout(resolve, 100));
		void navigator.locks.request('undercroft:dial.localhost', moment);
	});
	assert.deepEqual(await start(page), { tab: 'here', reason: null });
	await context.close();
});

test('a tab that is killed at any moment loses nothing that was confirmed', limit, async () => {
	const context = await browser.newContext();
	let page = await openPage(context);
	await signUp(page);
	const room = await newRoom(page);
	const confirmed = [];
	await context.exposeFunction('confirm', (text) => void confirmed.push(text));
	for (let round = 0; round < 8; round++) {
		// Many at once, and big ones now and then, so that writes pile up and the journal turns over.
		await page.evaluate(
			({ room, round }) => {
				for (let i = 0; i < 60; i++) {
					const text = `${round}.${i} `.padEnd(i % 7 ? 40 : 9000, 'x');
					u.send(room, text).then(
						() => confirm(text),
						() => undefined,
					);
				}
			},
			{ room, round },
		);
		await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 250));
		const crash = page.waitForEvent('close').catch(() => undefined);
		await page.close();
		await crash;
		const sure = [...confirmed];
		page = await openPage(context);
		assert.equal((await start(page)).tab, 'here');
		const there = new Set(await texts(page, room));
		for (const text of sure) assert.ok(there.has(text), `round ${round}: ${text.slice(0, 8)}`);
	}
	assert.ok(confirmed.length > 20, `${confirmed.length} confirmed`);
	await connected(page, 'online');
	await page.evaluate(async (room) => {
		const sent = async () =>
			(await u.messages(room)).every((m) => m.state === 'accepted' || m.kind === 'note');
		while (!(await sent())) await new Promise((resolve) => setTimeout(resolve, 50));
	}, room);
	const all = await texts(page, room);
	assert.equal(new Set(all).size, all.length, 'nothing is there twice');
	await context.close();
});

test('a journal that grows is folded into a snapshot', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await signUp(page);
	const room = await newRoom(page);
	await page.evaluate(async (room) => {
		for (let i = 0; i < 30; i++) await u.send(room, 'y'.repeat(20_000));
	}, room);
	const records = await page.evaluate(async () => {
		const wait = (r) => new Promise((resolve) => (r.onsuccess = () => resolve(r.result)));
		const db = await wait(indexedDB.open('undercroft:dial.localhost'));
		const tx = db.transaction(['meta', 'snapshot', 'journal']);
		const [snapshot, journal, upTo] = await Promise.all([
			wait(tx.objectStore('snapshot').count()),
			wait(tx.objectStore('journal').count()),
			wait(tx.objectStore('meta').get('upTo')),
		]);
		db.close();
		return { snapshot, journal, upTo };
	});
	assert.ok(records.snapshot >= 1 && records.upTo > 10, JSON.stringify(records));
	await page.reload();
	assert.equal((await start(page)).tab, 'here');
	assert.equal((await texts(page, room)).filter((t) => t.length === 20_000).length, 30);
	await context.close();
});

const looksAway = (page) =>
	page.evaluate(() => {
		Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
		document.dispatchEvent(new Event('visibilitychange'));
	});
test('when nobody looks, used keys and what was deleted leave the database', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await signUp(page);
	const room = await said(page, 5);
	const before = await stored(page);
	await looksAway(page);
	await leaves(page, before);
	await page.reload();
	assert.equal((await start(page)).tab, 'here');
	assert.equal((await texts(page, room)).filter((t) => t === 'said').length, 5);
	await context.close();
});

/** Every file of a folder, however deep. */
function* filesOf(dir) {
	for (const e of readdirSync(dir, { withFileTypes: true })) {
		const file = path.join(dir, e.name);
		if (e.isDirectory()) yield* filesOf(file);
		else if (e.isFile()) yield file;
	}
}

test('nor is what opens it in any file of the browser', limit, async () => {
	const dir = mkdtempSync(path.join(os.tmpdir(), 'undercroft-profile-'));
	const has = (bytes) => (f) => {
		try {
			return readFileSync(f).includes(bytes);
		} catch {
			return false; // gone meanwhile
		}
	};
	// Alone in its file, but for a few bytes of the browser's.
	const isSeal = (f) =>
		f.includes('.indexeddb.blob') && statSync(f).size >> 12 === (128 * 1024) >> 12;
	const until = async (is) => {
		while (!is()) await new Promise((resolve) => setTimeout(resolve, 100));
	};
	const context = await launchIn(dir);
	try {
		const page = await openPage(context);
		await signUp(page);
		await said(page, 3);
		const record = await page.evaluate(async () => {
			const wait = (r) => new Promise((resolve) => (r.onsuccess = () => resolve(r.result)));
			const db = await wait(indexedDB.open('undercroft:dial.localhost'));
			const record = await wait(db.transaction('journal').objectStore('journal').get(1));
			db.close();
			return Array.from(record);
		});
		const seal = readFileSync([...filesOf(dir)].find(isSeal)).subarray(-4096);
		await looksAway(page);
		await until(() => ![...filesOf(dir)].some(has(seal)));
		// And that is why: what was deleted is still there.
		assert.ok([...filesOf(dir)].some(has(Uint8Array.from(record))));
		await page.reload();
		assert.equal((await start(page)).tab, 'here');
	} finally {
		await context.close();
		rmSync(dir, { recursive: true, force: true });
	}
});

test('what a version before has stored is read, and sealed', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await signUp(page);
	const room = await said(page, 2);
	await page.evaluate(() => u.close());
	const { snapshot, journal } = await stored(page);
	const plain = [snapshot, journal].map((of) => of.map((b) => [...b]));
	await page.evaluate(async ([snapshot, journal]) => {
		const wait = (r) => new Promise((resolve) => (r.onsuccess = () => resolve(r.result)));
		const db = await wait(indexedDB.open('undercroft:dial.localhost'));
		const tx = db.transaction(['meta', 'snapshot', 'journal'], 'readwrite');
		tx.objectStore('meta').delete('seal');
		for (const [name, of] of Object.entries({ snapshot, journal })) {
			const store = tx.objectStore(name);
			const keys = await wait(store.getAllKeys());
			of.forEach((b, i) => store.put(Uint8Array.from(b), keys[i]));
		}
		await new Promise((resolve) => (tx.oncomplete = resolve));
		db.close();
	}, plain);
	assert.equal((await start(page)).tab, 'here');
	await page.evaluate((r) => u.send(r, 'said'), room);
	const sealed = await stored(page);
	assert.ok(sealed.snapshot.length > 0);
	await page.reload();
	assert.equal((await start(page)).tab, 'here');
	assert.equal((await texts(page, room)).filter((t) => t === 'said').length, 3);
	await context.close();
});

test('no room: told, nothing half done, and on again when there is room', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	const cdp = await context.newCDPSession(page);
	const origin = new URL(page.url()).origin;
	await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 3_000_000 });
	await signUp(page);
	const room = await newRoom(page);
	const { sent, failed } = await page.evaluate(async (room) => {
		for (let sent = 0; sent < 100; sent++)
			try {
				await u.send(room, `z${sent} `.padEnd(100_000, 'z'));
			} catch (e) {
				return { sent, failed: e.code };
			}
	}, room);
	assert.equal(failed, 'UC_E_FULL');
	assert.ok(sent > 2, `${sent} sent`);
	assert.deepEqual(await page.evaluate(() => [u.tab, u.reason.code, u.connection]), [
		'broken',
		'UC_E_FULL',
		'offline',
	]);
	await cdp.send('Storage.overrideQuotaForOrigin', { origin });
	await page.evaluate(() => u.close());
	assert.equal((await start(page)).tab, 'here');
	assert.equal((await texts(page, room)).filter((t) => t.startsWith('z')).length, sent);
	await page.evaluate((room) => u.send(room, 'small'), room);
	assert.ok((await texts(page, room)).includes('small'));
	await context.close();
});

test('a record that is missing or changed is noticed; erasing helps', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await signUp(page);
	await page.evaluate(() => u.close());
	const change = (how) =>
		page.evaluate(async (how) => {
			const wait = (r) => new Promise((resolve) => (r.onsuccess = () => resolve(r.result)));
			const db = await wait(indexedDB.open('undercroft:dial.localhost'));
			const journal = db.transaction('journal', 'readwrite').objectStore('journal');
			const keys = await wait(journal.getAllKeys());
			const key = keys[Math.floor(keys.length / 2)];
			const bytes = await wait(journal.get(key));
			if (how === 'flip') {
				bytes[bytes.length - 1] ^= 1;
				await wait(journal.put(bytes, key));
			} else {
				await wait(journal.delete(key));
			}
			db.close();
		}, how);
	await change('delete');
	assert.deepEqual(await start(page), { tab: 'broken', reason: 'UC_E_CORRUPT' });
	assert.equal(await page.evaluate(() => u.rooms().catch((e) => e.code)), 'UC_E_CORRUPT');
	await page.evaluate(() => u.erase());
	assert.deepEqual(await page.evaluate(() => indexedDB.databases()), []);
	assert.deepEqual(await start(page), { tab: 'here', reason: null });
	assert.equal((await page.evaluate(() => u.account())).state, 'none');
	await page.evaluate(() => u.erase());
	assert.deepEqual(await page.evaluate(() => indexedDB.databases()), []);
	await context.close();
});

test('a newer app in another tab takes over', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await start(page);
	const broken = page.evaluate(
		() =>
			new Promise((resolve) => u.on('tab', (e) => e.tab === 'broken' && resolve(e.reason.code))),
	);
	const newer = await openPage(context);
	await newer.evaluate(
		() =>
			new Promise((resolve, reject) => {
				const r = indexedDB.open('undercroft:dial.localhost', 99);
				r.onsuccess = () => resolve(r.result.close());
				r.onerror = reject;
			}),
	);
	assert.equal(await broken, 'UC_E_VERSION');
	assert.deepEqual(await start(newer), { tab: 'broken', reason: 'UC_E_VERSION' });
	await context.close();
});

test('offline and back', limit, async () => {
	const context = await browser.newContext();
	const page = await openPage(context);
	await signUp(page);
	const room = await newRoom(page);
	const offline = connected(page, 'offline');
	await context.setOffline(true);
	await offline;
	const id = await page.evaluate((room) => u.send(room, 'from afar'), room);
	const accepted = page.evaluate(
		(id) =>
			new Promise((resolve) =>
				u.on('messageState', (e) => e.message.id === id && resolve(e.message.state)),
			),
		id,
	);
	await context.setOffline(false);
	assert.equal(await accepted, 'accepted');
	await context.close();
});

test('where sites may store nothing, that is told', limit, async () => {
	const context = await browser.newContext();
	const worker = readFileSync(path.join(backbone.dir, 'web/dial/assets/worker.js'), 'utf8');
	await context.route('**/worker.js', (r) =>
		r.fulfill({
			contentType: 'text/javascript',
			headers: { 'Cross-Origin-Embedder-Policy': 'require-corp' },
			body: `indexedDB.__proto__.open = () => { throw new DOMException('', 'SecurityError'); };${worker}`,
		}),
	);
	const page = await openPage(context);
	assert.deepEqual(await start(page), { tab: 'broken', reason: 'UC_E_UNSUPPORTED' });
	await context.close();
});

test('what cannot be loaded is told', limit, async () => {
	const context = await browser.newContext();
	await context.route('**/core.wasm', (r) => r.abort());
	const page = await openPage(context);
	assert.deepEqual(await start(page), { tab: 'broken', reason: 'UC_E_NET' });
	await context.unroute('**/core.wasm');
	await page.evaluate(() => Object.defineProperty(window, 'Worker', { value: undefined }));
	assert.deepEqual(await start(page), { tab: 'broken', reason: 'UC_E_UNSUPPORTED' });
	await context.close();
	problems.splice(0, problems.length, ...problems.filter((p) => !p.includes('ERR_FAILED')));
});

test('and so they do when nothing happens for half a minute', limit, async () => {
	const { context, page, room, before, sinceMs } = rests;
	await leaves(page, before);
	assert.ok(performance.now() - sinceMs > 29_000);
	await page.reload();
	assert.equal((await start(page)).tab, 'here');
	assert.equal((await texts(page, room)).filter((t) => t === 'said').length, 3);
	await context.close();
});

test('pages had nothing to complain of', limit, () => {
	// Connections that were refused while offline are the browser's to mention.
	assert.deepEqual(
		problems.filter((p) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(p)),
		[],
	);
});
