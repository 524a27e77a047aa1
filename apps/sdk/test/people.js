// SPDX-License-Identifier: Apache-2.0
// Devices under Node: the real core and connection, and a journal that lives as long as its "disk".
import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { WebSocket as Socket } from 'ws';
import { Device } from '../src/device.ts';
import { CodedError } from '../src/failure.ts';
import { Upkeep } from '../src/upkeep.ts';

// Node 18 has it elsewhere.
globalThis.crypto ??= webcrypto;

export const module = await WebAssembly.compile(await readFile(process.env.CORE_WASM));

/** What a browser's database holds. */
export class Disk {
	key = crypto.getRandomValues(new Uint8Array(32));
	snapshot = [];
	journal = [];
	/** writes so far; the write of number `failAt` fails */
	writes = 0;
	failAt = 0;
	/** a write takes that long */
	delayMs = 0;
	replaced = 0;
	writtenMs = 0;
	/** of its device */
	quietMs = undefined;
	/** A snapshot is always worth it. */
	generous = false;
}

/** The same interface as BrowserJournal, over a Disk. */
export class DiskJournal {
	#upkeep = new Upkeep();
	constructor(disk) {
		this.disk = disk;
	}
	async key() {
		return this.disk.key.slice();
	}
	async load(each) {
		const size = this.disk.snapshot.reduce((n, p) => n + p.length, 0);
		this.#upkeep.loaded(size, Date.now() - this.disk.writtenMs);
		this.disk.snapshot.forEach(each);
		for (const batch of this.disk.journal) {
			this.#upkeep.added(batch.length, Infinity);
			each(batch);
		}
	}
	async #write() {
		await new Promise((resolve) => setTimeout(resolve, this.disk.delayMs));
		if (++this.disk.writes === this.disk.failAt)
			throw new CodedError({ code: 'UC_E_FULL', class: 'store', message: 'full' });
	}
	async append(batch) {
		await this.#write();
		this.disk.journal.push(batch.slice());
		this.#upkeep.added(batch.length);
	}
	get due() {
		return this.#upkeep.due;
	}
	get quietFrom() {
		return this.disk.generous && this.#upkeep.records ? 0 : this.#upkeep.quietFrom;
	}
	async replace(pieces) {
		try {
			await this.#write();
		} catch (e) {
			this.#upkeep.failed();
			throw e;
		}
		this.disk.snapshot = pieces.map((p) => p.slice());
		this.disk.journal = [];
		this.disk.replaced++;
		this.disk.writtenMs = Date.now();
		this.#upkeep.replaced(pieces.reduce((n, p) => n + p.length, 0));
	}
	close() {
		this.closed = true;
	}
}

/** As a page of that host has it; names under localhost are this machine's. */
class WebSocket extends Socket {
	constructor(url, subprotocol) {
		const lookup = (_host, { all }, done) =>
			all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
		super(url, subprotocol, { lookup, origin: new URL(url.replace(/^ws/, 'http')).origin });
		// A browser tells of failures by closing.
		this.on('error', () => {});
	}
}

const people = new Set();
export async function closeAll() {
	for (const p of people) await p.close();
}

/** A person on an app, asked as the page's side asks. */
export class Person {
	#asks = 0;
	#waiting = new Map();
	#watching = new Set();
	told = [];
	WebSocket = WebSocket;

	constructor(app, url, disk = new Disk()) {
		Object.assign(this, { app, url, disk });
	}
	async open() {
		people.add(this);
		this.device = new Device({
			module,
			app: this.app,
			url: this.url,
			software: 'sdk test',
			journal: async (onGone) => {
				this.onGone = onGone;
				this.journal = new DiskJournal(this.disk);
				return this.journal;
			},
			post: (messages) => structuredClone(messages).forEach((m) => this.#receive(m)),
			WebSocket: this.WebSocket,
			quietMs: this.disk.quietMs,
		});
		await this.device.open();
		return this;
	}
	#receive(m) {
		if ('answer' in m) {
			const { resolve, reject } = this.#waiting.get(m.answer);
			this.#waiting.delete(m.answer);
			return 'failure' in m ? reject(new CodedError(m.failure)) : resolve(m.value);
		}
		this.told.push(m);
		for (const look of this.#watching) look();
	}
	ask(method, ...args) {
		return new Promise((resolve, reject) => {
			this.#waiting.set(++this.#asks, { resolve, reject });
			this.device.ask(this.#asks, method, structuredClone(args));
		});
	}
	/** The first event of that kind, told before or yet to come, that `is` accepts. */
	event(kind, is = () => true) {
		return this.until(() => this.told.find((m) => m.kind === kind && is(m.event))?.event, kind);
	}
	/** Until what `look` returns is true; looked at whenever something was told. */
	until(look, what = String(look)) {
		return new Promise((resolve, reject) => {
			const limit = setTimeout(() => {
				this.#watching.delete(again);
				reject(new Error(`${this.app}: ${what} did not come; told: ${JSON.stringify(this.told)}`));
			}, 20_000);
			const again = async () => {
				const found = await look();
				if (!found) return;
				this.#watching.delete(again);
				clearTimeout(limit);
				resolve(found);
			};
			this.#watching.add(again);
			void again();
		});
	}
	async close() {
		people.delete(this);
		await this.device.close();
		this.journal?.close();
	}
	get unanswered() {
		return this.#waiting.size;
	}
}
