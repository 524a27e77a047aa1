// SPDX-License-Identifier: Apache-2.0
// The rule that makes a browser's store safe: nothing leaves (frames, events, answers) before every
// batch that was committed before it is durable.  And when nothing happens for a while, used keys and
// what was deleted leave the journal, by a new snapshot.
import type { Journal } from './journal.ts';
import { QUIET_MS } from './upkeep.ts';

type Item = Uint8Array | (() => void);

function join(batches: readonly Uint8Array[]): Uint8Array {
	if (batches.length === 1) return batches[0]!;
	const all = new Uint8Array(batches.reduce((n, b) => n + b.length, 0));
	let at = 0;
	for (const b of batches) {
		all.set(b, at);
		at += b.length;
	}
	return all;
}

export class Gate {
	/** batches and what waits for them, in order */
	#items: Item[] = [];
	#running: Promise<void> | null = null;
	#closed = false;
	#busyMs = performance.now();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** snapshot: the whole store as it is now, whatever is queued included. */
	constructor(
		readonly journal: Journal,
		readonly snapshot: () => Uint8Array[],
		readonly onFailure: (e: unknown) => void,
		readonly quietMs = QUIET_MS,
	) {}

	/** Queued; written with what else has queued up when the write before it has ended. */
	commit(batch: Uint8Array): void {
		this.#items.push(batch);
	}
	/** Called when all that was committed before is durable: at once if it is; never after a failure
	 * or close. */
	after(release: () => void): void {
		if (this.#closed) return;
		if (!this.#running && !this.#items.length) {
			release();
			return;
		}
		this.#items.push(release);
		this.#running ??= this.#run();
	}
	/** Nothing is released any more.  Fulfilled when nothing is being written any more. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		await this.#running;
	}

	/** Nothing is being written: looks when the journal can be left behind. */
	watch(): void {
		clearTimeout(this.#timer);
		const now = performance.now();
		const wait = Math.max(this.#busyMs + this.quietMs, this.journal.quietFrom) - now;
		if (this.#closed || this.#running || wait === Infinity) return;
		this.#timer = setTimeout(() => this.quiet(), Math.min(Math.max(wait, 0), 2 ** 31 - 1));
	}
	/** Nobody waits for anything, or looks: a good time for it. */
	quiet(): void {
		if (this.#closed || this.#running) return;
		if (performance.now() >= this.journal.quietFrom) this.#running = this.#run(true);
		else this.watch();
	}

	async #run(first = false): Promise<void> {
		clearTimeout(this.#timer);
		try {
			if (first) await this.#leave();
			while (this.#items.length && !this.#closed) {
				const items = this.#items;
				this.#items = [];
				await this.#write(items.filter((i) => i instanceof Uint8Array));
				for (const item of items) if (typeof item === 'function' && !this.#closed) item();
			}
		} catch (e) {
			this.#closed = true;
			this.onFailure(e);
		}
		this.#running = null;
		this.watch();
	}
	/** One that fails is of no harm: everything is as it was. */
	async #leave(): Promise<void> {
		try {
			await this.journal.replace(this.snapshot());
		} catch {
			// No room for both, perhaps.  Later.
		}
		this.#busyMs = performance.now();
	}
	async #write(batches: Uint8Array[]): Promise<void> {
		if (!batches.length) return;
		this.#busyMs = performance.now();
		if (this.journal.due) {
			try {
				return await this.journal.replace(this.snapshot());
			} catch {
				// No room for both, perhaps; the record alone may fit.
			}
		}
		await this.journal.append(join(batches));
	}
}
