// SPDX-License-Identifier: Apache-2.0
// One device: the core, its journal and its connection.  Knows no browser but for timers, so the
// same runs in tests under Node.
import { enums, structs } from './abi.ts';
import { calls, Operation } from './calls.ts';
import type { Method } from './calls.ts';
import { Core } from './core.ts';
import type { Ptr, Struct } from './core.ts';
import { tell } from './events.ts';
import { asFailure, CodedError, failure, isHard } from './failure.ts';
import type { Failure } from './failure.ts';
import { Gate } from './gate.ts';
import type { Journal } from './journal.ts';
import { Link } from './link.ts';
import type { Answer, Hint, ToPage } from './rpc.ts';
import type { Connection, TabState } from './types.ts';

export interface DeviceOptions {
	module: WebAssembly.Module;
	app: string;
	url: string;
	software?: string | undefined;
	/** onGone: it was taken away while it was in use. */
	journal(onGone: (why: CodedError) => void): Promise<Journal>;
	post(messages: ToPage): void;
	WebSocket?: typeof WebSocket;
	/** After so long without a write, a good time for a snapshot. */
	quietMs?: number;
	trace?(file: string, line: number, error: Failure): void;
}

const NEVER = 2n ** 64n - 1n;
/** A deadline that stays in the past must not keep the machine busy. */
const LEAST_MS = 20;
const MOST_MS = 2 ** 31 - 1;
/** So often in a row it is opened again after the core has failed, each within a minute. */
const RESTARTS = 3;
const RESTARTS_MS = 60_000;

/** What lives from one opening to the next. */
class Running {
	readonly link: Link;
	/** where the core writes frames and events */
	readonly frame: Ptr;
	readonly event: Ptr;
	readonly operations = new Map<
		number,
		{ ask: number; result: (done: Struct<'uc_event'>) => unknown }
	>();
	step: ReturnType<typeof setTimeout> | undefined;

	constructor(
		readonly core: Core,
		readonly journal: Journal,
		readonly gate: Gate,
		link: (r: Running) => Link,
	) {
		this.frame = core.f.web_alloc(8);
		this.event = core.f.web_alloc(structs.uc_event.size);
		this.link = link(this);
	}
	async end(): Promise<void> {
		clearTimeout(this.step);
		this.link.end();
		try {
			// Wipes what is secret in the core's memory.
			if (!this.core.over) this.core.with(() => this.core.f.uc_client_close(this.core.client));
		} catch {
			// A core that has failed may fail at this, too: the journal is what counts.
		}
		this.core.over = true;
		await this.gate.close();
		this.journal.close();
	}
}

export class Device {
	tab: TabState = 'opening';
	reason: Failure | null = null;
	#o: DeviceOptions;
	#running: Running | null = null;
	#connection: Connection = 'offline';
	/** asked and not answered */
	#asked = new Set<number>();
	/** asked before it was open */
	#early: { ask: number; method: Method; args: unknown[] }[] = [];
	#restarts: number[] = [];
	/** the last opening or ending */
	#ended: Promise<void> = Promise.resolve();

	constructor(o: DeviceOptions) {
		this.#o = o;
	}

	// --- opening and ending ---

	/** Never rejected: what went wrong is told as `tab`. */
	open(): Promise<void> {
		this.#ended = this.#ended.then(() => this.#open());
		return this.#ended;
	}
	async #open(): Promise<void> {
		let journal: Journal | null = null;
		try {
			journal = await this.#o.journal((why) => void this.#end('broken', why.plain));
			const running = await this.#start(journal);
			if (this.tab !== 'opening') return running.end(); // closed meanwhile
			this.#running = running;
		} catch (e) {
			journal?.close();
			// Not awaited: that would be for this to have ended.
			void this.#end('broken', asFailure(e));
			return;
		}
		this.#tell('here');
		for (const { ask, method, args } of this.#early.splice(0))
			if (this.#running && this.#asked.has(ask)) this.#run(this.#running, ask, method, args);
		this.#running?.gate.watch();
		this.#running?.link.connect();
	}

	async #start(journal: Journal): Promise<Running> {
		const { module, app, software } = this.#o;
		let gate!: Gate;
		const core = await Core.start(module, {
			commit: (batch) => gate.commit(batch),
			trace: (...a) => this.#o.trace?.(...a),
		});
		gate = new Gate(
			journal,
			() => snapshot(core),
			(e) => void this.#end('broken', asFailure(e)),
			this.#o.quietMs,
		);
		await journal.load((batch) =>
			core.with((s) => core.check(core.f.web_store_load(s.bytes(batch), batch.length))),
		);
		const key = await journal.key();
		try {
			core.with((s) => {
				const out = s.take(4);
				core.check(core.f.web_open(s.bytes(key), s.text(app), s.text(software), out));
				core.client = core.u32(out);
			});
		} finally {
			key.fill(0);
		}
		return new Running(core, journal, gate, (r) => this.#link(r));
	}

	#link(r: Running): Link {
		const { f } = r.core;
		const enter = (run: () => number) => this.#enter(r, run);
		return new Link(
			this.#o.url,
			{
				opened: () => enter(() => f.uc_client_connected(r.core.client)),
				received: (m) =>
					enter(() => r.core.with((s) => f.uc_client_receive(r.core.client, s.bytes(m), m.length))),
				closed: () => enter(() => f.uc_client_disconnected(r.core.client)),
				networkChanged: () => {
					if (!r.core.over) f.uc_client_network_changed(r.core.client);
				},
				patience: () => (r.core.over ? 1000 : Number(f.uc_client_reconnect_ms(r.core.client))),
			},
			this.#o.WebSocket,
		);
	}

	/** It is over, or, after a failure of the core, begins again.  Fulfilled when nothing is written
	 * any more. */
	#end(tab: TabState, reason: Failure | null = null): Promise<void> {
		const running = this.#running;
		this.#running = null;
		this.#tellConnection('offline');
		this.#tell(tab, reason);
		this.#refuse(reason ?? failure('UC_E_PENDING').plain);
		this.#ended = running ? running.end() : this.#ended;
		return this.#ended;
	}
	/** Another tab has the store; until `open`. */
	elsewhere(): void {
		this.#tell('elsewhere');
		this.reason = failure('UC_E_LOCKED').plain;
		this.#refuse(this.reason);
	}
	/** Whatever was asked and not answered. */
	#refuse(failure: Failure): void {
		for (const answer of this.#asked) this.#answer({ answer, failure });
		this.#early = [];
	}
	/** The core has trapped, or says that what it has in memory is of no use. */
	#failed(e: unknown): void {
		const now = Date.now();
		this.#restarts = [...this.#restarts.filter((t) => now - t < RESTARTS_MS), now];
		if (this.#restarts.length > RESTARTS) {
			void this.#end('broken', asFailure(e));
			return;
		}
		void this.#end('opening');
		void this.open();
	}
	/** Fulfilled when nothing is written any more. */
	get ended(): Promise<void> {
		return this.#ended;
	}
	/** What is queued stays queued. */
	async close(): Promise<void> {
		await this.#end('closed');
	}

	// --- the core ---

	/** One turn that nobody on the page asked for. */
	#enter(r: Running, run: () => number): void {
		if (r !== this.#running) return;
		try {
			r.core.with(() => r.core.check(run()));
		} catch (e) {
			if (this.#isOver(r, e)) return;
			// Bytes that break the protocol: this connection leads nowhere.
			if ((e as CodedError).class === 'protocol') r.link.drop();
		}
		this.#turned(r, []);
	}
	/** True when it was the last turn of this core.  What was thrown outside of it, by arguments that
	 * have no sense, leaves it as it was. */
	#isOver(r: Running, e: unknown): boolean {
		const over = r.core.over || (e instanceof CodedError && isHard(e));
		if (over && r === this.#running) this.#failed(e);
		return over;
	}

	/** Takes what the turn has made; all of it waits for what the turn has stored. */
	#turned(r: Running, first: ToPage): void {
		if (r !== this.#running) return;
		const { core, link } = r;
		const { f, client } = core;
		const messages: ToPage = first;
		const frames: Uint8Array<ArrayBuffer>[] = [];
		try {
			core.with(() => {
				while (f.uc_client_next_frame(client, r.frame, r.frame + 4))
					frames.push(core.copy(core.u32(r.frame), core.u32(r.frame + 4)));
				while (f.uc_client_next_event(client, r.event)) this.#event(r, messages);
				const offline = f.uc_client_connection(client) === enums.uc_connection.UC_OFFLINE;
				// The client has given this connection up.  Not here: it is inside a turn.
				if (offline && link.socket) setTimeout(() => r === this.#running && link.drop());
				this.#plan(r, BigInt.asUintN(64, f.uc_client_deadline_ms(client)));
			});
		} catch (e) {
			this.#isOver(r, e);
			return;
		}
		const socket = link.socket;
		r.gate.after(() => {
			if (socket && socket === link.socket) for (const frame of frames) socket.send(frame);
			this.#post(messages);
		});
	}
	#event(r: Running, messages: ToPage): void {
		const e = r.core.read('uc_event', r.event);
		const told = tell(e, r.core);
		if (told) messages.push(told);
		const operation = e.kind === 'UC_EVENT_DONE' && r.operations.get(e.op);
		if (!operation) return;
		r.operations.delete(e.op);
		const { ask: answer, result } = operation;
		messages.push(
			e.err ? { answer, failure: r.core.refusal(e.err, e.text) } : { answer, value: result(e) },
		);
	}
	#plan(r: Running, deadline: bigint): void {
		clearTimeout(r.step);
		if (deadline === NEVER) return;
		const wait = Math.min(Math.max(Number(deadline) - Date.now(), LEAST_MS), MOST_MS);
		r.step = setTimeout(() => this.#step(r), wait);
	}
	#step(r: Running): void {
		this.#enter(r, () => r.core.f.uc_client_step(r.core.client));
	}

	// --- the page ---

	ask(ask: number, method: Method, args: unknown[]): void {
		this.#asked.add(ask);
		if (this.#running) this.#run(this.#running, ask, method, args);
		else if (this.tab === 'opening') this.#early.push({ ask, method, args });
		else this.#answer({ answer: ask, failure: this.reason ?? failure('UC_E_CLOSED').plain });
	}
	#run(r: Running, ask: number, method: Method, args: unknown[]): void {
		const first: ToPage = [];
		try {
			const call = calls[method] as (core: Core, ...args: unknown[]) => unknown;
			const value = call(r.core, ...args);
			if (value instanceof Operation) r.operations.set(value.op, { ask, result: value.result });
			else first.push({ answer: ask, value });
		} catch (e) {
			if (this.#isOver(r, e)) return;
			first.push({
				answer: ask,
				failure: e instanceof CodedError ? e.plain : failure('UC_E_ARGUMENT', String(e)).plain,
			});
		}
		this.#turned(r, first);
	}
	hint(hint: Hint): void {
		const r = this.#running;
		if (!r) return;
		if (hint === 'offline') r.link.drop();
		else if (hint === 'online' && !r.link.socket) r.link.renew();
		else if (hint === 'hidden') r.gate.quiet();
		else if (hint === 'visible') {
			if (!r.link.socket) r.link.connect();
			this.#step(r);
		}
	}

	#answer(answer: Answer): void {
		this.#post([answer]);
	}
	#post(messages: ToPage): void {
		for (const m of messages) {
			if ('answer' in m) this.#asked.delete(m.answer);
			else if (m.kind === 'connection') this.#connection = m.event.connection;
		}
		if (messages.length) this.#o.post(messages);
	}
	#tell(tab: TabState, reason: Failure | null = null): void {
		this.tab = tab;
		this.reason = reason;
		this.#post([{ kind: 'tab', event: { tab, reason } }]);
	}
	#tellConnection(connection: Connection): void {
		if (this.#connection !== connection)
			this.#post([{ kind: 'connection', event: { connection } }]);
	}
}

function snapshot(core: Core): Uint8Array[] {
	return core.with((s) => {
		const out = s.take(8);
		const pieces: Uint8Array[] = [];
		for (let first = 1; ; first = 0) {
			core.check(core.f.web_store_snapshot(first, out, out + 4));
			const n = core.u32(out + 4);
			if (!n) return pieces;
			pieces.push(core.copy(core.u32(out), n));
		}
	});
}
