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

/** So soon a page that was left has given the lock back: one that is loaded again is no other tab. */
const GOES_WITHIN_MS = 300;

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

	/** The lock, once nothing of ours is on its way into the store. */
	async #giveBack(): Promise<void> {
		await null; // the device is about to end
		await this.#device.ended;
		this.#release?.();
		this.#release = null;
	}
	async #begin(): Promise<void> {
		const device = this.#device;
		const elsewhere = setTimeout(() => device.elsewhere(), GOES_WITHIN_MS);
		try {
			if (!navigator.locks) throw failure('UC_E_UNSUPPORTED', 'a page that is not secure');
			const { signal } = this.#waiting;
			await navigator.locks.request(databaseOf(this.#app), { signal }, async () => {
				clearTimeout(elsewhere);
				if (device.tab === 'elsewhere') {
					device.tab = 'opening';
					device.reason = null;
					tellTab('opening');
				}
				const released = new Promise<void>((resolve) => (this.#release = resolve));
				void device.open();
				await released;
			});
		} catch (e) {
			if (!this.#waiting.signal.aborted) tellTab('broken', e);
		} finally {
			clearTimeout(elsewhere);
		}
	}

	async #close(): Promise<void> {
		this.#waiting.abort();
		await this.#device.close();
		this.#release?.();
	}
	async #erase(): Promise<void> {
		const erase = () => BrowserJournal.erase(this.#app);
		const release = this.#release;
		if (!release && this.#device.tab !== 'broken') throw failure('UC_E_LOCKED');
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
