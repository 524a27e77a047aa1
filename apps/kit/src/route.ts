// SPDX-License-Identifier: Apache-2.0
// Where in the app the person is: kept in the address after the #, so that Back works.
//
//   #/                         the conversations
//   #/room/ID                  one of them
//   #/requests                 another page of the app
//   #/room/ID?contact=ID2      the same with a panel over it

import { signal } from '@preact/signals';
import type { Id } from '@undercroft/sdk';

export type Panel =
	| 'find'
	| 'new-group'
	| 'requests'
	| 'settings'
	| 'devices'
	| 'words'
	| 'erase'
	| 'delete-account'
	/** of the room on the page */
	| 'room-info'
	| 'add-members'
	/** of the contact `arg`, as new-group may be, too */
	| 'contact'
	| 'safety';

export interface Route {
	/** '' is the app's first page, 'room' a conversation; others are the app's own */
	page: string;
	room: Id | null;
	panel: Panel | null;
	arg: Id | null;
}

const ID = /^[0-9a-f]{64}$/;
const PANELS: readonly string[] = [
	'find',
	'new-group',
	'requests',
	'settings',
	'devices',
	'words',
	'erase',
	'delete-account',
	'room-info',
	'add-members',
	'contact',
	'safety',
] satisfies Panel[];

export function parseRoute(hash: string): Route {
	const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
	const [page = '', arg = ''] = path.split('/', 2);
	const [panel = '', of = ''] = query.split('=', 2);
	const room = page === 'room' && ID.test(arg) ? arg : null;
	return {
		page: page === 'room' && !room ? '' : /^[a-z-]*$/.test(page) ? page : '',
		room,
		panel: PANELS.includes(panel) ? (panel as Panel) : null,
		arg: ID.test(of) ? of : null,
	};
}

export function writeRoute(r: Route): string {
	const path = r.room ? `room/${r.room}` : r.page;
	const query = r.panel ? '?' + r.panel + (r.arg ? '=' + r.arg : '') : '';
	return `#/${path}${query}`;
}

export const route = signal<Route>(parseRoute(''));

/** Follows the address until the page ends. */
export function followAddress(): void {
	const read = () => (route.value = parseRoute(location.hash));
	addEventListener('popstate', read);
	addEventListener('hashchange', read);
	read();
}

function set(to: Route, how: 'push' | 'replace'): void {
	if (writeRoute(to) === writeRoute(route.peek())) return;
	const depth = (history.state as { depth?: number } | null)?.depth ?? 0;
	if (how === 'push') history.pushState({ depth: depth + 1 }, '', writeRoute(to));
	else history.replaceState({ depth }, '', writeRoute(to));
	route.value = to;
}

/** Goes to a page of the app; '' is the first one. */
export function goTo(page: string): void {
	set({ page, room: null, panel: null, arg: null }, 'push');
}

export function goToRoom(room: Id): void {
	// From one room to another is no step back: Back leads to the list.
	set({ page: 'room', room, panel: null, arg: null }, route.peek().room ? 'replace' : 'push');
}

export function openPanel(panel: Panel, arg: Id | null = null): void {
	set({ ...route.peek(), panel, arg }, 'push');
}

/** One step back where the app has come from; never out of the app. */
export function goBack(): void {
	const { panel, room, page } = route.peek();
	if (((history.state as { depth?: number } | null)?.depth ?? 0) > 0) history.back();
	else if (panel) set({ page, room, panel: null, arg: null }, 'replace');
	else set({ page: '', room: null, panel: null, arg: null }, 'replace');
}

/** Ends all panels, however many lead here. */
export function closePanels(): void {
	set({ ...route.peek(), panel: null, arg: null }, 'replace');
}
