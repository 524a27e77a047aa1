// SPDX-License-Identifier: Apache-2.0
// core.wasm: its memory, its structs, its functions.
import { enums, functions, structs } from './abi.ts';
import type { imports } from './abi.ts';
import { CodedError, failure } from './failure.ts';
import type { Failure } from './failure.ts';

export type Ptr = number;

// --- types, out of the tables ---

type Kinds = { void: void; u64: bigint };
type Value<K extends string> = K extends keyof Kinds ? Kinds[K] : number;
type Values<T extends readonly string[]> = { [I in keyof T]: Value<T[I]> };
type Call<T extends readonly string[]> = T extends readonly [
	infer R extends string,
	...infer A extends readonly string[],
]
	? (...args: Values<A>) => Value<R>
	: never;
export type Functions = { [F in keyof typeof functions]: Call<(typeof functions)[F]> };
export type Imports = { [F in keyof typeof imports]: Call<(typeof imports)[F]> };

type Enums = typeof enums;
type Structs = typeof structs;
interface Scalars {
	bool: boolean;
	u32: number;
	i32: number;
	u64: number;
	text: string;
	u8: string;
	uc_id: string;
}
type Field<F> = F extends readonly [infer K, number]
	? Field<K>
	: F extends keyof Scalars
		? Scalars[F]
		: F extends keyof Enums
			? keyof Enums[F]
			: F extends `*${infer S extends keyof Structs}`
				? Struct<S> | null
				: never;
/** A struct as it was when it was read.  Bytes are hexadecimal. */
export type Struct<S extends keyof Structs> = {
	-readonly [K in keyof Structs[S]['fields']]: Field<Structs[S]['fields'][K]>;
};

// --- small things ---

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
const ID = /^[0-9a-f]{64}$/;
/** Characters: several times what the core takes of anything, and no strain on its memory. */
const MOST_TEXT = 1 << 20;

const names = Object.fromEntries(
	Object.entries(enums).map(([name, values]) => [
		name,
		new Map(Object.entries(values).map(([k, v]) => [v as number, k])),
	]),
);

type Place = readonly [field: string, kind: string, at: number, n: number];
/** Bytes of those that are no pointer, number or enum of four. */
const SIZES: Record<string, number> = { bool: 1, u8: 1, u64: 8 };

/** Where the fields of each struct are: each behind the one before, at a multiple of its size. */
export const layouts = Object.fromEntries(
	Object.entries(structs).map(([name, { fields }]) => {
		let end = 0;
		const places = Object.entries<string | readonly [string, number]>(fields).map(
			([field, of]): Place => {
				const [kind, n = 1] = [of].flat() as [string, number?];
				const [size, all] = kind === 'uc_id' ? [1, 32] : [SIZES[kind] ?? 4, n];
				const at = Math.ceil(end / size) * size;
				end = at + size * all;
				return [field, kind, at, n];
			},
		);
		return [name, places];
	}),
) as unknown as Record<keyof Structs, Place[]>;

/** Memory for the arguments of one call. */
class Scratch {
	#taken: [Ptr, number][] = [];
	constructor(readonly core: Core) {}

	take(n: number): Ptr {
		const p = this.core.f.web_alloc(n);
		if (!p) throw failure('UC_E_MEMORY');
		this.#taken.push([p, n]);
		return p;
	}
	bytes(b: Uint8Array): Ptr {
		const p = this.take(b.length || 1);
		this.core.memory.set(b, p);
		return p;
	}
	/** Zero-terminated; undefined is NULL. */
	text(s: string | undefined): Ptr {
		if (s === undefined) return 0;
		if (typeof s !== 'string' || s.includes('\0')) throw failure('UC_E_ARGUMENT');
		if (s.length > MOST_TEXT) throw failure('UC_E_TOO_LARGE');
		return this.bytes(encoder.encode(s + '\0'));
	}
	ids(list: readonly string[]): Ptr {
		if (!Array.isArray(list)) throw failure('UC_E_ARGUMENT');
		return this.bytes(Uint8Array.from(list.flatMap(idBytes)));
	}
	id(hex: string): Ptr {
		return this.ids([hex]);
	}
	u64s(list: readonly number[]): Ptr {
		if (!Array.isArray(list) || !list.every((n) => Number.isSafeInteger(n) && n >= 0))
			throw failure('UC_E_ARGUMENT');
		return this.bytes(new Uint8Array(BigUint64Array.from(list, BigInt).buffer));
	}
	/** One of booleans and enums alone. */
	struct<S extends keyof Structs>(name: S, values: Struct<S>): Ptr {
		const p = this.bytes(new Uint8Array(structs[name].size));
		for (const [field, kind, at] of layouts[name]) {
			const value = values[field as keyof Struct<S>] as unknown;
			if (kind === 'bool') this.core.memory[p + at] = value ? 1 : 0;
			else this.core.view.setUint32(p + at, valueOf(kind, value), true);
		}
		return p;
	}
	/** Pointers to zero-terminated texts. */
	texts(list: readonly string[]): Ptr {
		if (!Array.isArray(list)) throw failure('UC_E_ARGUMENT');
		const pointers = list.map((s: string | undefined) => this.text(s ?? ''));
		const p = this.take(4 * pointers.length || 4);
		pointers.forEach((text, i) => this.core.view.setUint32(p + 4 * i, text, true));
		return p;
	}
	free(): void {
		for (const [p, n] of this.#taken) this.core.f.web_free(p, n);
	}
}
export type { Scratch };

function valueOf(kind: string, name: unknown): number {
	const values: Record<string, number> | undefined = enums[kind as keyof Enums];
	const value = values?.[name as string];
	if (value === undefined) throw failure('UC_E_ARGUMENT');
	return value;
}

function idBytes(hex: string): number[] {
	if (!ID.test(hex)) throw failure('UC_E_ARGUMENT');
	return Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

export interface CoreHost {
	/** One batch for the journal, the callee's to keep. */
	commit(batch: Uint8Array<ArrayBuffer>): void;
	/** Where an error was first seen, for developers; never content. */
	trace?(file: string, line: number, error: Failure): void;
}

/** One instance: one store, one client. */
export class Core {
	readonly f: Functions;
	/** 0 until it is opened */
	client: Ptr = 0;
	/** It trapped, or was closed: nothing may be called any more. */
	over = false;
	#memory: WebAssembly.Memory;
	#bytes = new Uint8Array();
	#each: ((item: Ptr) => boolean) | null = null;
	#eachIndex: number;

	private constructor(instance: WebAssembly.Instance) {
		const { memory, _initialize, ...f } = instance.exports;
		this.#memory = memory as WebAssembly.Memory;
		this.f = f as unknown as Functions;
		(_initialize as (() => void) | undefined)?.();
		this.#eachIndex = this.f.web_each();
	}

	static async start(module: WebAssembly.Module, host: CoreHost): Promise<Core> {
		let core: Core;
		const given: Imports = {
			now: () => Date.now(),
			random(p, n) {
				// getRandomValues gives at most 64 KiB at once.
				for (let at = 0; at < n; at += 65536)
					crypto.getRandomValues(core.memory.subarray(p + at, p + Math.min(n, at + 65536)));
				return 0;
			},
			commit(p, n) {
				host.commit(core.copy(p, n));
				return 0;
			},
			each: (_ctx, item) => (core.#each?.(item) ? 1 : 0),
			trace: (file, line, err) => host.trace?.(core.text(file), line, core.error(err)),
		};
		core = new Core(await WebAssembly.instantiate(module, { host: { ...given } }));
		return core;
	}

	/** The module's memory as it is now; it moves when it grows. */
	get memory(): Uint8Array<ArrayBuffer> {
		if (this.#bytes.buffer !== this.#memory.buffer)
			this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
		return this.#bytes;
	}
	get view(): DataView {
		const m = this.memory;
		return new DataView(m.buffer);
	}
	copy(p: Ptr, n: number): Uint8Array<ArrayBuffer> {
		return this.memory.slice(p, p + n);
	}
	u32(p: Ptr): number {
		return this.view.getUint32(p, true);
	}
	/** Up to the zero. */
	text(p: Ptr): string {
		const m = this.memory;
		return p ? decoder.decode(m.subarray(p, m.indexOf(0, p))) : '';
	}
	hex(p: Ptr, n: number): string {
		let s = '';
		for (const b of this.memory.subarray(p, p + n)) s += HEX[b];
		return s;
	}

	read<S extends keyof Structs>(name: S, p: Ptr): Struct<S> {
		const out: Record<string, unknown> = {};
		for (const [field, kind, at, n] of layouts[name]) out[field] = this.#field(kind, p + at, n);
		return out as Struct<S>;
	}
	#field(kind: string, p: Ptr, n: number): unknown {
		switch (kind) {
			case 'bool':
				return this.memory[p] !== 0;
			case 'u8':
				return this.hex(p, n);
			case 'uc_id':
				return this.hex(p, 32);
			case 'u32':
				return this.u32(p);
			case 'i32':
				return this.view.getInt32(p, true);
			case 'u64':
				return Number(this.view.getBigUint64(p, true));
			case 'text':
				return this.text(this.u32(p));
		}
		if (kind.startsWith('*'))
			return this.u32(p) ? this.read(kind.slice(1) as keyof Structs, this.u32(p)) : null;
		return names[kind]?.get(this.u32(p));
	}

	/** Calls with memory for arguments.  Whatever is thrown but our own errors is a trap, or came
	 * through the core's frames: the instance is of no use any more. */
	with<T>(run: (s: Scratch) => T): T {
		if (this.over) throw failure('UC_E_CLOSED');
		const scratch = new Scratch(this);
		try {
			return run(scratch);
		} catch (e) {
			this.over ||= !(e instanceof CodedError);
			throw e;
		} finally {
			if (!this.over) scratch.free();
		}
	}
	/** Every item of a list. */
	list<S extends keyof Structs>(
		struct: S,
		run: (s: Scratch, each: number, ctx: number) => number,
	): Struct<S>[] {
		const items: Struct<S>[] = [];
		this.#each = (item) => items.push(this.read(struct, item)) > 0;
		try {
			this.with((s) => this.check(run(s, this.#eachIndex, 0)));
		} finally {
			this.#each = null;
		}
		return items;
	}

	error(err: number): Failure {
		const code = this.text(this.f.uc_err_name(err));
		const of = names['uc_err_class']?.get(err >> 8) ?? 'UC_CLASS_UNKNOWN';
		return {
			code,
			class: of.slice('UC_CLASS_'.length).toLowerCase(),
			message: this.text(this.f.uc_err_text(err)),
		};
	}
	/** Told with a text, which is the app's unless it says no more than the error does. */
	refusal(err: number, text: string): Failure {
		const f = this.error(err);
		return text === f.message || f.code === 'UC_E_NET' ? f : { ...f, said: text };
	}
	/** Throws what is no success. */
	check(err: number): void {
		if (err) throw new CodedError(this.error(err));
	}
}
