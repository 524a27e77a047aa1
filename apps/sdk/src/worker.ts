// SPDX-License-Identifier: Apache-2.0
// The worker: one tab at a time has the store, by a lock; the others wait for it.
import { Device } from './device.ts';
import { asFailure, failure } from './failure.ts';
import { BrowserJournal, databaseOf } from './journal.ts';
import type { Start, ToPage, ToWorker } from './rpc.ts';
import type { TabState } from './types.ts';

declare const self: DedicatedWorkerGlobalScope;

const post = (messages: ToPage) => self.postMessage(messages);
const tellTab = (tab: TabState, reason: unknown = null) =>
	post([{ kind: 'tab', event: { tab, reason: reason === null ? null : asFailure(reason) } }]);

class Tab {
	#device: Device;
	#app: string;
	/** gives the lock back */
	#release: (() => void) | null = null;
	#waiting = new AbortController();

	constructor({ app, url, module, software }: Start) {
		this.#app = app;
		this.#device = new Device({
			module,
			app,
			url,
			software,
			journal: (onGone) => BrowserJournal.open(app, onGone),
			post: (messages) => {
				post(messages);
				// Another tab may have better luck, or just been given the store.
				if (this.#device.tab === 'broken') void this.#giveBack();
			},
		});
		void this.#begin();
	}

	/** Until it is released; false when `wait` is false and another tab has it. */
	async #lock(wait: boolean, held: () => void): Promise<boolean> {
		const options = wait ? { signal: this.#waiting.signal } : { ifAvailable: true };
		return await navigator.locks.request(databaseOf(this.#app), options, async (lock) => {
			if (!lock) return false;
			const released = new Promise<boolean>((resolve) => {
				this.#release = () => resolve(true);
			});
			held();
			return await released;
		});
	}
	/** The lock, once nothing of ours is on its way into the store. */
	async #giveBack(): Promise<void> {
		await null; // the device is about to end
		await this.#device.ended;
		this.#release?.();
		this.#release = null;
	}
	async #begin(): Promise<void> {
		const open = () => void this.#device.open();
		try {
			if (!navigator.locks) throw failure('UC_E_UNSUPPORTED', 'a page that is not secure');
			if (await this.#lock(false, open)) return;
			this.#device.tab = 'elsewhere';
			this.#device.reason = failure('UC_E_LOCKED').plain;
			tellTab('elsewhere');
			await this.#lock(true, () => {
				this.#device.tab = 'opening';
				this.#device.reason = null;
				tellTab('opening');
				open();
			});
		} catch (e) {
			if (!this.#waiting.signal.aborted) tellTab('broken', e);
		}
	}

	async #close(): Promise<void> {
		this.#waiting.abort();
		await this.#device.close();
		this.#release?.();
	}
	async #erase(): Promise<void> {
		const erase = () => BrowserJournal.erase(this.#app);
		if (this.#device.tab === 'elsewhere') throw failure('UC_E_LOCKED');
		const release = this.#release;
		this.#release = null;
		await this.#device.close();
		if (release) return erase().finally(release);
		// It was given back when it broke, and may be another tab's now.
		const erased = await navigator.locks.request(
			databaseOf(this.#app),
			{ ifAvailable: true },
			async (lock) => lock && (await erase(), true),
		);
		if (!erased) throw failure('UC_E_LOCKED');
	}
	async own(ask: number, run: 'close' | 'erase'): Promise<void> {
		try {
			await (run === 'close' ? this.#close() : this.#erase());
			post([{ answer: ask, value: undefined }]);
		} catch (e) {
			post([{ answer: ask, failure: asFailure(e) }]);
		}
	}

	take(m: Exclude<ToWorker, { start: Start }>): void {
		if ('hint' in m) this.#device.hint(m.hint);
		else if (m.method === 'close' || m.method === 'erase') void this.own(m.ask, m.method);
		else this.#device.ask(m.ask, m.method, m.args);
	}
}

let tab: Tab | null = null;
self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
	if ('start' in data) tab ??= new Tab(data.start);
	else tab?.take(data);
};
