// SPDX-License-Identifier: Apache-2.0
// What page and worker say to each other: plain data, by postMessage.
import type { Method } from './calls.ts';
import type { Told } from './events.ts';
import type { Failure } from './failure.ts';

export interface Start {
	app: string;
	url: string;
	module: WebAssembly.Module;
	software: string | undefined;
}

/** 'erase' and 'close' are the worker's own. */
export type Ask = { ask: number; method: Method | 'erase' | 'close'; args: unknown[] };
/** What the page knows of the network and of being looked at. */
export type Hint = 'online' | 'offline' | 'visible' | 'hidden';

export type ToWorker = { start: Start } | Ask | { hint: Hint };

export type Answer = { answer: number; value: unknown } | { answer: number; failure: Failure };
/** In the order in which it is to be told. */
export type ToPage = (Told | Answer)[];
