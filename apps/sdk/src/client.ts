// SPDX-License-Identifier: Apache-2.0
// The page's side: every method is a message to the worker, every event one from it.
import type { Method } from './calls.ts';
import { coded, CodedError, pages } from './failure.ts';
import type { Failure } from './failure.ts';
import type { Ask, Hint, ToPage, ToWorker } from './rpc.ts';
import type * as T from './types.ts';

interface Waiting {
	resolve(value: never): void;
	reject(e: CodedError): void;
}
type Listener = (event: never) => void;

let policy: { createScriptURL(url: string): unknown } | undefined;
/** A page under `require-trusted-types-for 'script'` allows the policy 'undercroft'. */
function trusted(url: string): string {
	const { trustedTypes } = globalThis as {
		trustedTypes?: {
			createPolicy(name: string, rules: { createScriptURL(url: string): string }): typeof policy;
		};
	};
	policy ??= trustedTypes?.createPolicy('undercroft', {
		createScriptURL(of) {
			if (new URL(of, location.href).origin === location.origin) return of;
			throw new TypeError(`${of} is not of this page's origin`);
		},
	});
	return (policy ? policy.createScriptURL(url) : url) as string;
}

function socketOf(page: Location): string {
	return `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}/v1`;
}

class Client implements Omit<T.Undercroft, Method> {
	tab: T.TabState = 'opening';
	reason: CodedError | null = null;
	connection: T.Connection = 'offline';
	#worker: Worker | null = null;
	#asks = 0;
	#waiting = new Map<number, Waiting>();
	#listeners = new Map<string, Set<Listener>>();
	#pages = new AbortController();

	static {
		// Methods that are a message to the worker and no more: whatever there is no other of that name.
		const ask = (own: object, name: string | symbol, client: Client) =>
			typeof name === 'symbol' || name === 'then' || name in own
				? own[name as keyof object]
				: (...args: unknown[]) => client.#ask(name as Method, ...args);
		Object.setPrototypeOf(Client.prototype, new Proxy(Object.prototype, { get: ask }));
	}

	async start(o: T.Options): Promise<void> {
		try {
			const url = typeof o.worker === 'string' ? o.worker : o.worker.href;
			const worker = new Worker(trusted(url), { type: 'module', name: 'undercroft' });
			this.#worker = worker;
			worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.#receive(data);
			worker.onerror = (e) => this.#broken(coded(pages, 'UC_E_NET', e.message || 'its worker'));
			const module = await WebAssembly.compileStreaming(fetch(o.wasm)).catch((e: Error) => {
				throw coded(pages, 'UC_E_NET', e.message);
			});
			this.#send({
				start: {
					app: o.app,
					url: String(o.url ?? socketOf(location)),
					module,
					software: o.software,
				},
			});
			this.#listen();
		} catch (e) {
			this.#broken(e instanceof CodedError ? e : coded(pages, 'UC_E_UNSUPPORTED', String(e)));
		}
	}
	/** What the page knows and a worker does not. */
	#listen(): void {
		const { signal } = this.#pages;
		const hint = (hint: Hint) => this.#send({ hint });
		addEventListener('online', () => hint('online'), { signal });
		addEventListener('offline', () => hint('offline'), { signal });
		document.addEventListener(
			'visibilitychange',
			() => hint(document.visibilityState === 'visible' ? 'visible' : 'hidden'),
			{ signal },
		);
	}

	// --- to and from the worker ---

	#send(m: ToWorker): void {
		this.#worker?.postMessage(m);
	}
	#ask<R>(method: Ask['method'], ...args: unknown[]): Promise<R> {
		if (!this.#worker) return Promise.reject(this.reason ?? coded(pages, 'UC_E_CLOSED'));
		const ask = ++this.#asks;
		return new Promise<R>((resolve, reject) => {
			this.#send({ ask, method, args });
			this.#waiting.set(ask, { resolve, reject });
		});
	}
	#receive(messages: ToPage): void {
		for (const m of messages) {
			if (!('answer' in m)) {
				this.#told(m.kind, m.event);
				continue;
			}
			const waiting = this.#waiting.get(m.answer);
			this.#waiting.delete(m.answer);
			if ('failure' in m) waiting?.reject(new CodedError(m.failure));
			else waiting?.resolve(m.value as never);
		}
	}
	#told(kind: keyof T.Events, plain: object): void {
		const event = revived(plain);
		if (kind === 'tab') ({ tab: this.tab, reason: this.reason } = event as never);
		if (kind === 'connection') ({ connection: this.connection } = event as never);
		for (const listener of this.#listeners.get(kind) ?? []) {
			try {
				listener(event as never);
			} catch (e) {
				reportError(e);
			}
		}
	}
	#broken(reason: CodedError): void {
		this.#worker?.terminate();
		this.#worker = null;
		this.#told('connection', { connection: 'offline' });
		this.#told('tab', { tab: 'broken', reason: reason.plain });
		for (const { reject } of this.#waiting.values()) reject(reason);
		this.#waiting.clear();
	}
	#end(): void {
		this.#pages.abort();
		this.#worker?.terminate();
		this.#worker = null;
	}

	on<K extends keyof T.Events>(kind: K, listener: (event: T.Events[K]) => void): () => void {
		// One of its own, so that the same function may listen twice.
		const own: Listener = (event) => listener(event);
		const of = this.#listeners.get(kind) ?? new Set();
		this.#listeners.set(kind, of.add(own));
		return () => of.delete(own);
	}
	/** So that the browser does not throw the account away when it wants room; asked once, when there
	 * is something to keep. */
	#keep(): void {
		void navigator.storage?.persist?.().catch(() => false);
	}

	async close(): Promise<void> {
		if (this.#worker) await this.#ask<void>('close');
		this.#end();
	}
	async erase(): Promise<void> {
		await this.#ask<void>('erase');
		this.#end();
	}

	// --- the core's, of which there is more to say here ---

	async signUp(o: Parameters<T.Undercroft['signUp']>[0]): Promise<string> {
		const words = await this.#ask<string>('signUp', o);
		this.#keep();
		return words;
	}
	async recover(o: Parameters<T.Undercroft['recover']>[0]): Promise<void> {
		await this.#ask<void>('recover', o);
		this.#keep();
	}
	async becomeDevice(): Promise<void> {
		await this.#ask<void>('becomeDevice');
		this.#keep();
	}
}

/** Errors travel as plain data. */
function revived(event: object): object {
	const out: Record<string, unknown> = { ...event };
	for (const field of ['reason', 'error'])
		if (out[field]) out[field] = new CodedError(out[field] as Failure);
	return out;
}

/** Opens this browser's device of an app.  Fulfilled when it is known who has the store: see `tab`,
 * and the event of that name; nothing is thrown. */
export async function open(options: T.Options): Promise<T.Undercroft> {
	const client = new Client();
	const known = new Promise<void>((resolve) => {
		const off = client.on('tab', ({ tab }) => {
			if (tab === 'opening') return;
			off();
			resolve();
		});
	});
	await client.start(options);
	await known;
	return client as Client & Pick<T.Undercroft, Method>;
}
