// SPDX-License-Identifier: Apache-2.0
// The page's side: every method is a message to the worker, every event one from it.
import type { Method } from './calls.ts';
import { CodedError, failure } from './failure.ts';
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

class Client implements T.Undercroft {
	tab: T.TabState = 'opening';
	reason: CodedError | null = null;
	connection: T.Connection = 'offline';
	#worker: Worker | null = null;
	#asks = 0;
	#waiting = new Map<number, Waiting>();
	#listeners = new Map<string, Set<Listener>>();
	#pages = new AbortController();

	async start(o: T.Options): Promise<void> {
		try {
			const url = typeof o.worker === 'string' ? o.worker : o.worker.href;
			const worker = new Worker(trusted(url), { type: 'module', name: 'undercroft' });
			this.#worker = worker;
			worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.#receive(data);
			worker.onerror = (e) => this.#broken(failure('UC_E_NET', e.message || 'its worker'));
			const module = await WebAssembly.compileStreaming(fetch(o.wasm)).catch((e: Error) => {
				throw failure('UC_E_NET', e.message);
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
			this.#broken(e instanceof CodedError ? e : failure('UC_E_UNSUPPORTED', String(e)));
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
		if (!this.#worker) return Promise.reject(this.reason ?? failure('UC_E_CLOSED'));
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
	async close(): Promise<void> {
		if (this.#worker) await this.#ask<void>('close');
		this.#end();
	}
	async erase(): Promise<void> {
		await this.#ask<void>('erase');
		this.#end();
	}
	/** So that the browser does not throw the account away when it wants room; asked once, when there
	 * is something to keep. */
	#keep(): void {
		void navigator.storage?.persist?.().catch(() => false);
	}

	// --- the core's: one line for each method of types.ts ---

	account = this.#method('account');
	requestCode = this.#method('requestCode');
	async signUp(o: Parameters<T.Undercroft['signUp']>[0]): Promise<string> {
		const words = await this.#ask<string>('signUp', o);
		this.#keep();
		return words;
	}
	recoveryWords = this.#method('recoveryWords');
	recoveryConfirmed = this.#method('recoveryConfirmed');
	async recover(o: Parameters<T.Undercroft['recover']>[0]): Promise<void> {
		await this.#ask<void>('recover', o);
		this.#keep();
	}
	setProfileName = this.#method('setProfileName');
	setAbout = this.#method('setAbout');
	setPicture = this.#method('setPicture');
	picture = this.#method('picture');
	vault = this.#method('vault');
	storeVault = this.#method('storeVault');
	rename = this.#method('rename');
	deleteAccount = this.#method('deleteAccount');
	exportData = this.#method('exportData');
	devices = this.#method('devices');
	nameDevice = this.#method('nameDevice');
	endDevice = this.#method('endDevice');
	deviceCode = this.#method('deviceCode');
	async becomeDevice(): Promise<void> {
		await this.#ask<void>('becomeDevice');
		this.#keep();
	}
	lookAtDevice = this.#method('lookAtDevice');
	addDevice = this.#method('addDevice');
	deviceChanges = this.#method('deviceChanges');
	deviceChangesSeen = this.#method('deviceChangesSeen');
	settings = this.#method('settings');
	defaultSettings = this.#method('defaultSettings');
	setSettings = this.#method('setSettings');
	setContactCode = this.#method('setContactCode');
	contactCode = this.#method('contactCode');
	ageKnown = this.#method('ageKnown');
	requestAge = this.#method('requestAge');
	presentAge = this.#method('presentAge');
	ask = this.#method('ask');
	askByInvitation = this.#method('askByInvitation');
	invitationApp = this.#method('invitationApp');
	invite = this.#method('invite');
	invitations = this.#method('invitations');
	endInvitation = this.#method('endInvitation');
	requests = this.#method('requests');
	accept = this.#method('accept');
	decline = this.#method('decline');
	blockRequest = this.#method('blockRequest');
	guardian = this.#method('guardian');
	offerGuardian = this.#method('offerGuardian');
	wards = this.#method('wards');
	acceptWard = this.#method('acceptWard');
	wardAsks = this.#method('wardAsks');
	answerWard = this.#method('answerWard');
	findNumbers = this.#method('findNumbers');
	numbers = this.#method('numbers');
	forgetNumbers = this.#method('forgetNumbers');
	setFindable = this.#method('setFindable');
	contacts = this.#method('contacts');
	safetyNumber = this.#method('safetyNumber');
	setVerified = this.#method('setVerified');
	block = this.#method('block');
	links = this.#method('links');
	beginLink = this.#method('beginLink');
	lookAtLink = this.#method('lookAtLink');
	acceptLink = this.#method('acceptLink');
	takeLink = this.#method('takeLink');
	showLink = this.#method('showLink');
	withdrawLink = this.#method('withdrawLink');
	contactLinks = this.#method('contactLinks');
	rooms = this.#method('rooms');
	members = this.#method('members');
	startDirect = this.#method('startDirect');
	createGroup = this.#method('createGroup');
	introduce = this.#method('introduce');
	waitToIntroduce = this.#method('waitToIntroduce');
	removeNotIntroduced = this.#method('removeNotIntroduced');
	blockMember = this.#method('blockMember');
	addToGroup = this.#method('addToGroup');
	removeFromGroup = this.#method('removeFromGroup');
	setRole = this.#method('setRole');
	renameGroup = this.#method('renameGroup');
	leave = this.#method('leave');
	messages = this.#method('messages');
	history = this.#method('history');
	markRead = this.#method('markRead');
	send = this.#method('send');
	sendReply = this.#method('sendReply');
	sendReaction = this.#method('sendReaction');
	sendEdit = this.#method('sendEdit');
	sendDelete = this.#method('sendDelete');
	sendFile = this.#method('sendFile');
	fetchFile = this.#method('fetchFile');
	readFile = this.#method('readFile');
	forgetFile = this.#method('forgetFile');
	report = this.#method('report');
	reportRequest = this.#method('reportRequest');

	#method<M extends Method>(name: M): T.Undercroft[M] {
		return ((...args: unknown[]) => this.#ask(name, ...args)) as T.Undercroft[M];
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
	return client;
}
