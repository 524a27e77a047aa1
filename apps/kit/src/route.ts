// SPDX-License-Identifier: Apache-2.0
// Where in the app the person is: kept in the address after the #, so that Back works.
//
//   #/                         the conversations
//   #/room/ID                  one of them
//   #/requests                 another page of the app
//   #/room/ID?contact=ID2      the same with a panel over it
//   #/link/TOKEN               an invitation of somebody's, opened by its link
//   #/device/CODE              what a new device shows, opened by its picture

import { signal } from '@preact/signals';
import type { Id } from '@undercroft/sdk';

export type Panel =
	| 'find'
	| 'by-link'
	/** of the link whose token is `arg` */
	| 'invited'
	| 'invite'
	| 'new-group'
	| 'requests'
	| 'settings'
	| 'people'
	| 'devices'
	/** with the code `arg`, when it was opened */
	| 'add-device'
	| 'words'
	| 'profile'
	| 'change-name'
	| 'reach'
	| 'same-person'
	| 'guardians'
	| 'numbers'
	| 'export'
	| 'erase'
	| 'delete-account'
	/** of the room on the page */
	| 'room-info'
	| 'add-members'
	/** of the message `arg` in it */
	| 'report'
	/** of the request `arg` */
	| 'report-request'
	/** of the contact `arg`, as new-group may be, too */
	| 'contact'
	| 'safety';

/** What they are called: by their titles, and by the buttons that open them. */
export const PANELS: Record<Panel, string> = {
	find: 'Find someone',
	'by-link': 'Ask by a link',
	invited: 'You are invited',
	invite: 'Invite people',
	'new-group': 'New group',
	requests: 'Requests',
	settings: 'Settings',
	people: 'People you know',
	devices: 'My devices',
	'add-device': 'Add a device',
	words: 'Your recovery words',
	profile: 'My profile',
	'change-name': 'Change how people find you',
	reach: 'Who can reach you',
	'same-person': 'My other accounts',
	guardians: 'Guardians',
	numbers: 'Find contacts by number',
	export: 'Take my data along',
	erase: 'Sign out and erase this browser',
	'delete-account': 'Delete my account',
	'room-info': 'About this conversation',
	'add-members': 'Add people',
	report: 'Report',
	'report-request': 'Report',
	contact: 'Contact',
	safety: 'Safety number',
};

export interface Route {
	/** '' is the app's first page, 'room' a conversation; others are the app's own */
	page: string;
	room: Id | null;
	panel: Panel | null;
	arg: Id | null;
}

const ID = /^[0-9a-f]{64}$/;
const TOKEN = /^[\w-]{40,1000}$/;
const CODE = /^[\w-]{39,100}$/;

export function parseRoute(hash: string): Route {
	const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
	const [page = '', arg = ''] = path.split('/', 2);
	const [panel = '', of = ''] = query.split('=', 2);
	if (page === 'link' && TOKEN.test(arg)) return { page: '', room: null, panel: 'invited', arg };
	if (page === 'device' && CODE.test(arg))
		return { page: '', room: null, panel: 'add-device', arg };
	const room = page === 'room' && ID.test(arg) ? arg : null;
	return {
		page: page === 'room' && !room ? '' : /^[a-z-]*$/.test(page) ? page : '',
		room,
		panel: panel !== 'invited' && Object.hasOwn(PANELS, panel) ? (panel as Panel) : null,
		arg: ID.test(of) && panel !== 'add-device' ? of : null,
	};
}

export function writeRoute(r: Route): string {
	if (r.panel === 'invited') return `#/link/${r.arg}`;
	if (r.panel === 'add-device' && r.arg) return `#/device/${r.arg}`;
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

/** What the history keeps of each step beside its address. */
interface Step {
	/** steps made inside the app before this one */
	depth: number;
	/** how many of them, the last ones, opened panels over this page */
	panels: number;
	/** the page before is the app's first one */
	fromHome: boolean;
}

function step(): Step {
	const { depth = 0, panels = 0, fromHome = false } = (history.state ?? {}) as Partial<Step>;
	return { depth, panels, fromHome };
}

function set(to: Route, how: 'push' | 'replace', state: Step): void {
	if (writeRoute(to) === writeRoute(route.peek())) return;
	if (how === 'push') history.pushState(state, '', writeRoute(to));
	else history.replaceState(state, '', writeRoute(to));
	route.value = to;
}

/** From a page to another; a panel that leads there is left behind. */
function turn(to: Route, how: 'push' | 'replace'): void {
	const from = route.peek();
	const now = step();
	const isHome = from.page === '' && from.room === null;
	if (from.panel)
		// The step before is another panel, or the page that this one lies over.
		set(to, 'replace', { ...now, panels: 0, fromHome: isHome && now.panels === 1 });
	else if (how === 'replace') set(to, 'replace', { ...now, panels: 0 });
	else
		set(to, 'push', {
			depth: now.depth + 1,
			panels: 0,
			fromHome: isHome,
		});
}

/** Goes to a page of the app; '' is the first one. */
export function goTo(page: string): void {
	if (page === '' && step().fromHome && !route.peek().panel) history.back();
	else turn({ page, room: null, panel: null, arg: null }, 'push');
}

export function goToRoom(room: Id): void {
	// From one room to another is no step back: Back leads to the list.
	turn({ page: 'room', room, panel: null, arg: null }, route.peek().room ? 'replace' : 'push');
}

export function openPanel(panel: Panel, arg: Id | null = null): void {
	const now = step();
	set({ ...route.peek(), panel, arg }, 'push', {
		depth: now.depth + 1,
		panels: now.panels + 1,
		fromHome: false,
	});
}

/** Is there another panel below this one? */
export function hasPanelBelow(): boolean {
	return step().panels > 1;
}

/** One step back where the app has come from; never out of the app. */
export function goBack(): void {
	const { panel, room, page } = route.peek();
	if (step().depth > 0) history.back();
	else if (panel) set({ page, room, panel: null, arg: null }, 'replace', step());
	else turn({ page: '', room: null, panel: null, arg: null }, 'replace');
}

/** Ends all panels, however many led here. */
export function closePanels(): void {
	const { panels } = step();
	if (panels > 0) history.go(-panels);
	else set({ ...route.peek(), panel: null, arg: null }, 'replace', step());
}
