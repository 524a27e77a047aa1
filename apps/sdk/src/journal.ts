// SPDX-License-Identifier: Apache-2.0
// Where the core's store lies in a browser: a snapshot, then one record for each write since, in
// IndexedDB; and the key that opens it, wrapped by one that the browser does not give out.
// docs/decisions/0081 says why.
import { CodedError, failure } from './failure.ts';
import { Seal } from './seal.ts';
import { Upkeep } from './upkeep.ts';

/** Bytes are batches of the core's (src/web/batch.h), which is why they may be joined. */
export interface Journal {
	/** What opens the store, 32 bytes; the caller wipes it. */
	key(): Promise<Uint8Array>;
	/** Every batch, in order. */
	load(each: (batch: Uint8Array) => void): Promise<void>;
	/** Durable when it is fulfilled; nothing of it is kept when it is rejected. */
	append(batch: Uint8Array): Promise<void>;
	/** It has outgrown its snapshot, or been there long: time for a new one. */
	readonly due: boolean;
	/** From then on, by performance.now(), also when it is quiet; Infinity: it is empty. */
	readonly quietFrom: number;
	/** The whole store, instead of all there was.  Rejected: all is as before, and both wait. */
	replace(pieces: readonly Uint8Array[]): Promise<void>;
	close(): void;
}

/** 2: sealed */
const VERSION = 2;
const [META, SNAPSHOT, JOURNAL] = ['meta', 'snapshot', 'journal'] as const;
const AT_ONCE = 16;

interface StoredKey {
	wrapping: CryptoKey;
	iv: Uint8Array<ArrayBuffer>;
	wrapped: ArrayBuffer;
}

/** The browser's reason as an error of ours. */
function reasonOf(e: DOMException | null): CodedError {
	const detail = e ? `${e.name}: ${e.message}` : 'no reason given';
	if (e?.name === 'QuotaExceededError') return failure('UC_E_FULL');
	if (e?.name === 'VersionError') return failure('UC_E_VERSION');
	return failure('UC_E_STORE', detail);
}

function wait<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(reasonOf(request.error));
	});
}

/** Fulfilled when everything of it is on the disk, as far as the browser can know. */
function complete(tx: IDBTransaction): Promise<void> {
	return new Promise((resolve, reject) => {
		tx.oncomplete = () => resolve();
		tx.onabort = () => reject(reasonOf(tx.error));
	});
}

export const databaseOf = (app: string) => `undercroft:${app}`;

function ask<R>(request: (databases: IDBFactory) => R): R {
	// Absent where a page is not served securely, and in some private windows.
	if (typeof indexedDB === 'undefined' || !indexedDB || !crypto.subtle)
		throw failure('UC_E_UNSUPPORTED', 'a private window, or a page that is not secure');
	try {
		return request(indexedDB);
	} catch (e) {
		// Sites may store nothing here.
		throw failure('UC_E_UNSUPPORTED', (e as Error).name);
	}
}

export class BrowserJournal implements Journal {
	#upkeep = new Upkeep();
	/** null: nothing is stored yet, or as in version 1 */
	#seal: Seal | null = null;
	/** of the next record */
	#next = 1;
	private constructor(
		readonly db: IDBDatabase,
		onGone: (why: CodedError) => void,
	) {
		// A newer version of the app in another tab.
		db.onversionchange = () => {
			this.close();
			onGone(failure('UC_E_VERSION'));
		};
		db.onclose = () => onGone(failure('UC_E_STORE', 'it was taken away'));
	}

	/** Whoever opens it holds the app's lock. */
	static async open(app: string, onGone: (why: CodedError) => void): Promise<BrowserJournal> {
		const request = ask((databases) => databases.open(databaseOf(app), VERSION));
		request.onupgradeneeded = () => {
			const { result } = request;
			for (const name of [META, SNAPSHOT, JOURNAL])
				if (!result.objectStoreNames.contains(name)) result.createObjectStore(name);
		};
		return new BrowserJournal(await wait(request), onGone);
	}
	static async erase(app: string): Promise<void> {
		await wait(ask((databases) => databases.deleteDatabase(databaseOf(app))));
	}

	#write(stores: string[]): IDBTransaction {
		try {
			return this.db.transaction(stores, 'readwrite', { durability: 'strict' });
		} catch (e) {
			throw reasonOf(e as DOMException);
		}
	}

	async key(): Promise<Uint8Array> {
		const stored = await wait<StoredKey | undefined>(
			this.db.transaction(META).objectStore(META).get('key'),
		);
		if (!stored) return this.#newKey();
		try {
			const { wrapping, iv, wrapped } = stored;
			return new Uint8Array(
				await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, wrapping, wrapped),
			);
		} catch {
			throw failure('UC_E_CORRUPT', 'its key');
		}
	}
	async #newKey(): Promise<Uint8Array> {
		const key = crypto.getRandomValues(new Uint8Array(32));
		const iv = crypto.getRandomValues(new Uint8Array(12));
		const name = 'AES-GCM';
		const wrapping = await crypto.subtle.generateKey({ name, length: 256 }, false, [
			'encrypt',
			'decrypt',
		]);
		const wrapped = await crypto.subtle.encrypt({ name, iv }, wrapping, key);
		const [seal, stored] = await Seal.make();
		const tx = this.#write([META]);
		try {
			tx.objectStore(META).add({ wrapping, iv, wrapped } satisfies StoredKey, 'key');
			tx.objectStore(META).add(stored, 'seal');
		} catch (e) {
			// A browser that keeps no keys, as in some private windows.
			throw failure('UC_E_UNSUPPORTED', (e as Error).name);
		}
		await complete(tx);
		this.#seal = seal;
		return key;
	}

	async load(each: (batch: Uint8Array) => void): Promise<void> {
		const meta = this.db.transaction(META).objectStore(META);
		const [upTo = 0, writtenMs = 0, stored] = await Promise.all([
			wait<number | undefined>(meta.get('upTo')),
			wait<number | undefined>(meta.get('writtenMs')),
			wait<Uint8Array<ArrayBuffer> | undefined>(meta.get('seal')),
		]);
		this.#seal = stored ? await Seal.read(stored) : null;
		let snapshot = 0;
		await this.#records(SNAPSHOT, 1, (batch) => {
			snapshot += batch.length;
			each(batch);
		});
		this.#upkeep.loaded(snapshot, Date.now() - writtenMs);
		this.#next = await this.#records(JOURNAL, upTo + 1, (batch) => {
			this.#upkeep.added(batch.length, Infinity);
			each(batch);
		});
	}
	/** All records from that number on, none missing; returns the number after the last.  In more than
	 * one transaction, as one ends when something else is awaited: nobody else writes. */
	async #records(name: string, first: number, each: (batch: Uint8Array) => void): Promise<number> {
		const store = () => this.db.transaction(name).objectStore(name);
		const all = store();
		const [total, lowest] = await Promise.all([wait(all.count()), wait(all.getAllKeys(null, 1))]);
		if (total && lowest[0] !== first) throw failure('UC_E_CORRUPT', 'a record is missing');
		let at = first;
		while (at < first + total) {
			const range = IDBKeyRange.lowerBound(at);
			const some = store();
			const [keys, records] = await Promise.all([
				wait(some.getAllKeys(range, AT_ONCE)),
				wait(some.getAll(range, AT_ONCE)),
			]);
			if (!keys.length) break;
			for (const [i, record] of records.entries())
				if (keys[i] !== at++ || !(record instanceof Uint8Array))
					throw failure('UC_E_CORRUPT', 'a record is missing');
			const seal = this.#seal;
			(seal ? await Promise.all(records.map((r) => seal.open(r))) : records).forEach(each);
		}
		if (at !== first + total) throw failure('UC_E_CORRUPT', 'a record is missing');
		return at;
	}

	async append(batch: Uint8Array): Promise<void> {
		const record = this.#seal ? await this.#seal.close(batch) : batch;
		const tx = this.#write([JOURNAL]);
		// `add` fails when there is a record of that number: somebody else writes.
		tx.objectStore(JOURNAL).add(record, this.#next);
		await complete(tx);
		this.#next++;
		this.#upkeep.added(batch.length);
	}

	get due(): boolean {
		return this.#upkeep.due || !this.#seal;
	}
	get quietFrom(): number {
		return this.#upkeep.quietFrom;
	}
	async replace(pieces: readonly Uint8Array[]): Promise<void> {
		const upTo = this.#next - 1;
		try {
			const [seal, stored] = await Seal.make();
			const records = await Promise.all(pieces.map((p) => seal.close(p)));
			const tx = this.#write([META, SNAPSHOT, JOURNAL]);
			const snapshot = tx.objectStore(SNAPSHOT);
			snapshot.clear();
			records.forEach((record, i) => snapshot.add(record, i + 1));
			tx.objectStore(JOURNAL).clear();
			tx.objectStore(META).put(stored, 'seal');
			tx.objectStore(META).put(upTo, 'upTo');
			tx.objectStore(META).put(Date.now(), 'writtenMs');
			await complete(tx);
			this.#seal = seal;
		} catch (e) {
			this.#upkeep.failed();
			throw e;
		}
		this.#upkeep.replaced(pieces.reduce((n, p) => n + p.length, 0));
	}

	close(): void {
		this.db.close();
	}
}
