// SPDX-License-Identifier: Apache-2.0
// Files: chosen, on their way, fetched and given to the browser to save.
//
// What was sent lies sealed in the journal and goes out like any message.  What is fetched lies there
// until it was saved; nothing of it is opened or drawn here.

import { signal } from '@preact/signals';
import type { Id, Message, Undercroft } from '@undercroft/sdk';
import { isUndercroftError, troubleOf, type Trouble } from './errors.ts';
import { count } from './format.ts';
import { clean } from './text.ts';

const FILE_BYTES = 16 << 20;
/** So many wait in a conversation to be sent. */
const MOST = 10;
/** So long the browser may take to read what it saves. */
const SAVED_MS = 60_000;

/** Given to the browser as bytes and no more: it neither opens nor draws them. */
export function saveAs(content: BlobPart, name: string, type = 'application/octet-stream'): void {
	const url = URL.createObjectURL(new Blob([content], { type }));
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), SAVED_MS);
}

/** One that is about to be sent. */
export interface Chosen {
	file: File;
	/** it is being sealed */
	busy: boolean;
}

/** Of the file of a message, while something is under way or has just ended. */
export type Transfer =
	{ is: 'moving'; part: number | null } | { is: 'saved' } | { is: 'failed'; why: Trouble };

/** What files need of the model. */
interface Owner {
	fail(trouble: Trouble): void;
	announce(text: string): void;
	connected(): Promise<void>;
}

const ours = (text: string): Trouble => ({ text, said: '' });
const keyOf = (room: Id, number: number) => `${room} ${number}`;

export class Files {
	/** by room: kept in this page only, as drafts are */
	readonly chosen = signal<ReadonlyMap<Id, readonly Chosen[]>>(new Map());
	readonly #transfers = signal<ReadonlyMap<string, Transfer>>(new Map());
	/** what own messages were made of, as long as this page lives */
	readonly #sources = new Map<Id, File>();
	/** all whose fetch this page has begun */
	readonly #fetched = new Set<string>();
	/** fetches that their reader has ended */
	readonly #stopped = new Set<string>();
	#core: Undercroft | null = null;

	constructor(private readonly owner: Owner) {}

	attach(core: Undercroft): void {
		this.#core = core;
		core.on('file', (e) => {
			// What comes after a fetch has ended says nothing of it any more; what this page has never
			// fetched is our own, on its way out.
			const key = keyOf(e.room, e.number);
			if (this.#fetched.has(key) && this.#transfers.peek().get(key)?.is !== 'moving') return;
			const part = e.bytesTotal > 0 ? e.bytesDone / e.bytesTotal : null;
			this.#put(key, { is: 'moving', part });
		});
		core.on('messageState', ({ message: m }) => {
			if (!m.own || (m.state === 'queued' && !m.deleted)) return;
			if (m.kind === 'file') this.#put(keyOf(m.room, m.number), null);
			if (m.state !== 'failed') this.#sources.delete(m.id);
		});
		core.on('warning', (e) => {
			if (e.room && e.text === 'a file could not be sent')
				this.owner.fail(troubleOf(e.error, 'file'));
		});
	}

	of(m: Message): Transfer | null {
		return this.#transfers.value.get(keyOf(m.room, m.number)) ?? null;
	}

	#put(key: string, transfer: Transfer | null): void {
		const next = new Map(this.#transfers.peek());
		if (transfer) next.set(key, transfer);
		else next.delete(key);
		this.#transfers.value = next;
	}

	// --- sending ---

	choose(room: Id, files: Iterable<File>): void {
		const all = [...this.#waiting(room)];
		for (const file of files) {
			const name = clean(file.name);
			if (file.size === 0) this.owner.fail(ours(`${name} is empty.`));
			else if (file.size > FILE_BYTES)
				this.owner.fail(ours(`${name} is too large: up to 16 MB can be sent.`));
			else if (all.length === MOST)
				this.owner.fail(ours(`Send these first: ${MOST} files at a time.`));
			else all.push({ file, busy: false });
		}
		if (all.length > this.#waiting(room).length)
			this.owner.announce(`${count(all.length, 'file', 'files')} to send.`);
		this.#wait(room, all);
	}

	drop(room: Id, chosen: Chosen): void {
		this.#wait(
			room,
			this.#waiting(room).filter((c) => c !== chosen),
		);
	}

	#waiting(room: Id): readonly Chosen[] {
		return this.chosen.peek().get(room) ?? [];
	}

	#wait(room: Id, chosen: readonly Chosen[]): void {
		this.chosen.value = new Map(this.chosen.peek()).set(room, chosen);
	}

	/**
	 * Those that were chosen there until now: what is given back sends them, one after the other.  What
	 * could not be kept stays chosen.
	 */
	take(room: Id): () => Promise<void> {
		const sealing = new Map<Chosen, Chosen>();
		for (const c of this.#waiting(room)) if (!c.busy) sealing.set(c, { file: c.file, busy: true });
		this.#wait(
			room,
			this.#waiting(room).map((c) => sealing.get(c) ?? c),
		);
		return async () => {
			for (const [before, busy] of sealing) {
				const isKept = await this.#sendOne(room, before.file);
				this.#wait(
					room,
					this.#waiting(room).flatMap((c) => (c !== busy ? c : isKept ? [] : before)),
				);
			}
		};
	}

	async #sendOne(room: Id, file: File): Promise<boolean> {
		let bytes: Uint8Array;
		try {
			bytes = new Uint8Array(await file.arrayBuffer());
		} catch {
			this.owner.fail(ours(`${clean(file.name)} cannot be read. Choose it once more.`));
			return false;
		}
		try {
			const id = await this.#core!.sendFile(room, { name: file.name, type: file.type, bytes });
			this.#sources.set(id, file);
			return true;
		} catch (e) {
			this.owner.fail(troubleOf(e, 'file'));
			return false;
		}
	}

	/** Can one that was refused be sent again without being chosen again? */
	hasSource(m: Message): boolean {
		return this.#sources.has(m.id);
	}

	/** Was it kept? */
	async sendAgain(m: Message): Promise<boolean> {
		const file = this.#sources.get(m.id);
		if (!file) return false;
		// Who presses twice sends it once.
		this.#sources.delete(m.id);
		const isKept = await this.#sendOne(m.room, file);
		if (!isKept) this.#sources.set(m.id, file);
		return isKept;
	}

	// --- saving ---

	/** Fetches it, has it checked whole, gives it to the browser, and keeps no copy. */
	async save(m: Message): Promise<void> {
		const key = keyOf(m.room, m.number);
		const core = this.#core;
		if (!core || !m.file || this.#transfers.peek().get(key)?.is === 'moving') return;
		this.#stopped.delete(key);
		this.#fetched.add(key);
		this.#put(key, { is: 'moving', part: null });
		try {
			await this.owner.connected();
			if (this.#stopped.has(key)) throw new Error('stopped');
			await core.fetchFile(m.room, m.number);
			saveAs(await core.readFile(m.room, m.number), m.file.name);
			this.#stopped.delete(key);
			this.#put(key, { is: 'saved' });
			await this.#forget(m);
		} catch (e) {
			const isStopped = this.#stopped.delete(key);
			this.#put(key, isStopped ? null : { is: 'failed', why: troubleOf(e, 'file') });
			// Wrong bytes are no use; of right ones only the rest is fetched the next time.
			if (isUndercroftError(e) && e.code === 'UC_E_DECRYPT') await this.#forget(m);
		}
	}

	async stop(m: Message): Promise<void> {
		this.#stopped.add(keyOf(m.room, m.number));
		await this.#forget(m);
	}

	async #forget(m: Message): Promise<void> {
		await this.#core?.forgetFile(m.room, m.number).catch(() => undefined);
	}
}
