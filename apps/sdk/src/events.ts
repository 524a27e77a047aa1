// SPDX-License-Identifier: Apache-2.0
// The core's events as types.ts has them.
import type { enums } from './abi.ts';
import * as convert from './convert.ts';
import type { Core, Struct } from './core.ts';
import type { Failure } from './failure.ts';
import type { Events } from './types.ts';

/** As they travel: an error is plain data on the way. */
export type Told = {
	[K in keyof Events]: {
		kind: K;
		event: {
			[F in keyof Events[K]]: Events[K][F] extends Error | null ? Failure | null : Events[K][F];
		};
	};
}[keyof Events];

type Event = Struct<'uc_event'>;
type Kind = keyof (typeof enums)['uc_event_kind'];

const message = (e: Event) => convert.message(e.message!);

/** DONE is an operation's own: see calls.ts. */
const tellers = {
	UC_EVENT_CONNECTION: (e) => ({
		kind: 'connection',
		event: { connection: convert.last(e.connection) },
	}),
	UC_EVENT_DONE: null,
	UC_EVENT_REQUEST: (e) => ({ kind: 'request', event: { request: e.request } }),
	UC_EVENT_REQUEST_ACCEPTED: (e) => ({
		kind: 'requestAccepted',
		event: { request: e.request, room: e.has_room ? e.room : null },
	}),
	UC_EVENT_CONTACT: (e) => ({ kind: 'contact', event: { contact: e.contact } }),
	UC_EVENT_IDENTITY_CHANGED: (e) => ({
		kind: 'identityChanged',
		event: { contact: e.contact, text: e.text },
	}),
	UC_EVENT_ROOM_JOINED: (e) => ({ kind: 'roomJoined', event: { room: e.room } }),
	UC_EVENT_ROOM_CHANGED: (e) => ({
		kind: 'roomChanged',
		event: { room: e.room, what: e.text, member: e.has_member ? e.member : null },
	}),
	UC_EVENT_ROOM_LEFT: (e) => ({ kind: 'roomLeft', event: { room: e.room } }),
	UC_EVENT_MEMBER_INTRODUCED: (e) => ({
		kind: 'memberIntroduced',
		event: { room: e.room, member: e.member, name: e.text },
	}),
	UC_EVENT_MESSAGE: (e) => ({ kind: 'message', event: { message: message(e) } }),
	UC_EVENT_MESSAGE_STATE: (e) => ({ kind: 'messageState', event: { message: message(e) } }),
	UC_EVENT_DEVICES: () => ({ kind: 'devices', event: {} }),
	UC_EVENT_WARNING: (e, core) => ({
		kind: 'warning',
		event: {
			error: e.err ? core.error(e.err) : null,
			text: e.text,
			room: e.has_room ? e.room : null,
		},
	}),
	UC_EVENT_ACCOUNT_GONE: () => ({ kind: 'accountGone', event: {} }),
	UC_EVENT_NUMBER_FOUND: (e) => ({ kind: 'numberFound', event: { number: e.text } }),
	UC_EVENT_DEVICE: (e) => ({ kind: 'device', event: { what: e.text } }),
	UC_EVENT_FILE: (e) => ({
		kind: 'file',
		event: {
			room: e.room,
			number: e.number,
			bytesDone: e.bytes_done,
			bytesTotal: e.bytes_total,
		},
	}),
	UC_EVENT_GUARDIAN: (e) => ({ kind: 'guardian', event: { contact: e.contact, what: e.text } }),
} as const satisfies Record<Kind, ((e: Event, core: Core) => Told) | null>;

export function tell(e: Event, core: Core): Told | null {
	return tellers[e.kind]?.(e, core) ?? null;
}
