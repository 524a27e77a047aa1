// SPDX-License-Identifier: Apache-2.0
// Into a conversation and back: where the browser can, the picture that was touched grows into the
// room's, and shrinks into the gallery again.

import type { Id } from '@undercroft/sdk';
import { goTo, goToRoom } from '@undercroft/kit';

const NAME = 'view-transition-name';

const isCalm = () =>
	!document.startViewTransition || matchMedia('(prefers-reduced-motion: reduce)').matches;

/** What was changed is drawn in the next task. */
const drawn = () => new Promise((then) => setTimeout(then, 0));

export function enterRoom(room: Id, picture: Element | null): void {
	if (isCalm() || !(picture instanceof HTMLElement)) return goToRoom(room);
	picture.style.setProperty(NAME, 'lens-picture');
	document.startViewTransition(async () => {
		goToRoom(room);
		await drawn();
	});
}

export function leaveRoom(room: Id): void {
	if (isCalm()) return goTo('');
	let picture: HTMLElement | null = null;
	const transition = document.startViewTransition(async () => {
		goTo('');
		await drawn();
		picture = document.querySelector<HTMLElement>(`a[href="#/room/${room}"] .lens-art`);
		picture?.style.setProperty(NAME, 'lens-picture');
	});
	void transition.finished.then(() => picture?.style.removeProperty(NAME));
}
