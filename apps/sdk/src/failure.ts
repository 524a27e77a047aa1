// SPDX-License-Identifier: Apache-2.0
// Errors on their way from the worker to the page.
import type { errors } from './abi.ts';

/** As plain data, for postMessage. */
export interface Failure {
	code: string;
	class: string;
	message: string;
	/** see UndercroftError */
	said?: string;
}

type Entries = Partial<Record<keyof typeof errors, readonly [of: string, message: string]>>;

/** What the page itself says, where there is no worker to say it. */
export const pages = {
	UC_E_UNSUPPORTED: ['usage', 'this browser cannot keep what has to be kept'],
	UC_E_CLOSED: ['state', 'it is closed'],
	UC_E_NET: ['net', 'the app could not be loaded'],
} as const satisfies Entries;

/** The codes this side gives itself, without the core; what the core says comes with its text. */
export const own = {
	...pages,
	UC_E_ARGUMENT: ['usage', 'an argument is missing or makes no sense'],
	UC_E_VERSION: ['protocol', 'a newer version of this app is open; load the page again'],
	UC_E_PENDING: ['state', 'the app was interrupted; what became of this shows in the lists'],
	UC_E_TOO_LARGE: ['limit', 'it is too large'],
	UC_E_STORE: ['store', 'the browser could not read or write its store'],
	UC_E_CORRUPT: ['store', 'what this browser stored is damaged'],
	UC_E_LOCKED: ['store', 'another tab has it open'],
	UC_E_FULL: ['store', 'the browser has no more room for this app'],
	UC_E_MEMORY: ['memory', 'out of memory'],
} as const satisfies Entries;

/** An error of the library: see UndercroftError in types.ts. */
export class CodedError extends Error {
	readonly code: string;
	readonly class: string;
	readonly said: string;
	constructor(f: Failure) {
		super(f.message);
		this.name = 'UndercroftError';
		this.code = f.code;
		this.class = f.class;
		this.said = f.said ?? '';
	}
	get plain(): Failure {
		const { code, class: of, message, said } = this;
		return { code, class: of, message, said };
	}
}

/** One of those, with what it was in particular. */
export function coded<E extends Entries>(
	entries: E,
	code: keyof E & string,
	detail?: string,
): CodedError {
	const [of, message] = entries[code as keyof Entries]!;
	return new CodedError({ code, class: of, message: detail ? `${message}: ${detail}` : message });
}

export function failure(code: keyof typeof own, detail?: string): CodedError {
	return coded(own, code, detail);
}

/** After these what lies in the core's memory may be half of a change: it is of no use any more. */
export function isHard(f: Failure): boolean {
	return f.class === 'store' || f.class === 'memory' || f.code === 'UC_E_RANDOM';
}

/** What was thrown, as one of ours. */
export function asFailure(e: unknown): Failure {
	if (e instanceof CodedError) return e.plain;
	const { name = 'Error', message = String(e) } = (e ?? {}) as Partial<Error>;
	const detail = message ? `${name}: ${message}` : name;
	if (e instanceof WebAssembly.RuntimeError || e instanceof RangeError)
		return { code: 'UC_E_UNKNOWN', class: 'core', message: `the core stopped (${detail})` };
	return { code: 'UC_E_UNKNOWN', class: 'unknown', message: detail };
}
