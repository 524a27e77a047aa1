// SPDX-License-Identifier: Apache-2.0
// All that this device holds of its person, as one text: a JSON object a line (docs/export.md).
import type { calls as Calls, Method } from './calls.ts';
import type { Core } from './core.ts';
import { CodedError } from './failure.ts';
import { pictureType } from './picture.ts';
import type { Id, Undercroft } from './types.ts';

type Line = Record<string, unknown>;

const LEFT_OUT =
	'private keys, the recovery words and the keys of rooms: with those others could be you, or read along';

/** "timeMs" as the terminal's file has it, "time_ms". */
const snake = (name: string) => name.replace(/[A-Z]/g, (c) => '_' + c.toLowerCase());

/** In ASCII alone, so that no program that shows it shows more than it should. */
function lineOf(type: string, of: object): string {
	const line: Line = { type };
	for (const [name, value] of Object.entries(of)) line[snake(name)] = value as unknown;
	return JSON.stringify(line).replace(
		/[\u007f-\uffff]/g,
		(c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'),
	);
}

/** What a list has none of, or has no more: of a room that was left, nobody is listed. */
function orNone<T>(read: () => T[]): T[] {
	try {
		return read();
	} catch (e) {
		if (e instanceof CodedError && (e.code === 'UC_E_NOT_FOUND' || e.code === 'UC_E_CLOSED'))
			return [];
		throw e;
	}
}

const base64 = (bytes: Uint8Array) =>
	btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))
		.replaceAll('+', '-')
		.replaceAll('/', '_')
		.replaceAll('=', '');
const kindOf = (bytes: Uint8Array) => (pictureType(bytes) ?? 'none').replace('image/', '');

export function exportText(core: Core, calls: typeof Calls, madeMs: number): string {
	const read = <M extends Method>(method: M, ...args: Parameters<Undercroft[M]>) =>
		(calls[method] as (core: Core, ...args: unknown[]) => unknown)(core, ...args) as Awaited<
			ReturnType<Undercroft[M]>
		>;
	const lines: string[] = [];
	const add = (type: string, of: object) => void lines.push(lineOf(type, of));
	const addAll = (type: string, all: object[]) => all.forEach((of) => add(type, of));

	const addPicture = (contact?: Id) => {
		const bytes = read('picture', contact);
		const base64url = base64(bytes);
		add('picture', { of: contact ?? 'self', kind: kindOf(bytes), base64url });
	};

	const account = read('account');
	const { app } = account;
	add('export', { format: 'browser-1', app, madeMs, leftOut: LEFT_OUT });
	add('account', account);
	if (account.picture) addPicture();
	const [contactCode] = orNone(() => [read('contactCode')]);
	add('settings', { ...read('settings'), contactCode: contactCode ?? '' });
	addAll('device', read('devices'));
	addAll('link', read('links'));
	addAll('invitation', read('invitations'));
	addAll('number', read('numbers'));
	addAll('request', read('requests'));
	for (const contact of read('contacts')) {
		add('contact', contact);
		for (const { contact: otherContact, ...linked } of read('contactLinks', contact.id))
			add('same_person', { ...linked, contact: contact.id, otherContact });
		if (contact.picture) addPicture(contact.id);
	}
	add('guardian', read('guardian'));
	addAll('ward', read('wards'));
	addAll('ward_ask', read('wardAsks'));
	const rooms = read('rooms');
	addAll('room', rooms);
	for (const room of rooms) {
		add('in_room', { roomId: room.id, room: room.name });
		addAll(
			'member',
			orNone(() => read('members', room.id)),
		);
		addAll('message', read('messages', room.id));
	}
	add('export_end', {});
	return lines.join('\n') + '\n';
}
