// SPDX-License-Identifier: Apache-2.0
// The last message of each room, as lists of conversations show it.

import { signal } from '@preact/signals';
import type { Id, Message, Room, Undercroft } from '@undercroft/sdk';
import { said } from './format.ts';
import { clean, LINE_LENGTH } from './text.ts';

export interface Preview {
	/** one line, fit to be shown */
	text: string;
	own: boolean;
	state: Message['state'];
	sender: string;
}

export class Previews {
	readonly shown = signal<ReadonlyMap<Id, Preview>>(new Map());
	readonly #numbers = new Map<Id, number>();

	async read(core: Undercroft, rooms: Room[]): Promise<void> {
		for (const room of rooms) {
			try {
				for (const m of await core.history(room.id, { limit: 8 })) this.take(m, true);
			} catch {
				return;
			}
		}
	}

	/** What is not new is shown only where it is the last. */
	take(m: Message, isNew: boolean): void {
		if (m.kind === 'reaction' || (!isNew && m.number !== this.#numbers.get(m.room))) return;
		const next = new Map(this.shown.peek());
		next.set(m.room, {
			text: m.deleted ? 'Deleted' : clean(said(m), LINE_LENGTH),
			own: m.own,
			state: m.state,
			sender: m.introduced ? clean(m.sender) : 'Somebody',
		});
		this.#numbers.set(m.room, m.number);
		this.shown.value = next;
	}
}
