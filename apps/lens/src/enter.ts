// SPDX-License-Identifier: Apache-2.0
// Into a conversation: where the browser can, the picture that was touched grows into the room's.

import type { Id } from '@undercroft/sdk';
import { goToRoom } from '@undercroft/kit';

export function enterRoom(room: Id, picture: Element | null): void {
	const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
	if (isCalm || !(picture instanceof HTMLElement) || !document.startViewTransition) {
		goToRoom(room);
		return;
	}
	picture.style.setProperty('view-transition-name', 'lens-picture');
	document.startViewTransition(async () => {
		goToRoom(room);
		// Drawn in a microtask; the room's own picture takes the name over (room.css).
		await new Promise((drawn) => setTimeout(drawn, 0));
		picture.style.removeProperty('view-transition-name');
	});
}
