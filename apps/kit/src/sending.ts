// SPDX-License-Identifier: Apache-2.0
// What people write: drafts, messages on their way into the journal, reactions, deletions.
//
// Whatever is sent goes to the room it was written in, wherever the page has gone meanwhile, and in
// the order it was written in.  What could not be kept comes back to where it was written: a text into
// the draft, a change of a message beside it, so that neither becomes the other.

import { batch, signal } from '@preact/signals';
import type { Id, Message, Undercroft } from '@undercroft/sdk';
import type { Conversation } from './conversation.ts';
import type { Files } from './files.ts';
import { cleanEmoji } from './text.ts';

/** A text as it was sent, with what it changes or answers. */
interface Said {
	text: string;
	edit: Message | null;
	reply: Message | null;
}

/** What a message was to become, and has not. */
export interface Change {
	edit: Message;
	text: string;
}

/** What is under way in a room, one after the other. */
interface Turn {
	last: Promise<unknown>;
	waiting: number;
	/** what could not be kept */
	back: Said[];
}

/** What sending needs of the model. */
interface Owner {
	readonly files: Files;
	fail(e: unknown): void;
	/** the conversation on the page */
	open(): Conversation | null;
}

export class Sending {
	readonly #drafts = signal<ReadonlyMap<Id, string>>(new Map());
	/** changes that could not be kept, or that their writer has turned away from */
	readonly aside = signal<readonly Change[]>([]);
	readonly #turns = new Map<Id, Turn>();
	readonly #pressed = new Set<string>();
	/** messages that were refused and are sent once more, and files that were, by this page */
	readonly #again = signal<ReadonlySet<Id>>(new Set());
	#core: Undercroft | null = null;

	constructor(private readonly owner: Owner) {}

	attach(core: Undercroft): void {
		this.#core = core;
	}

	/** What was sent is not kept yet: it would go with the page. */
	get isUnderWay(): boolean {
		return this.#turns.size > 0;
	}

	draft(room: Id): string {
		return this.#drafts.value.get(room) ?? '';
	}

	/** Kept in this page only: what is not sent is not stored. */
	setDraft(room: Id, text: string): void {
		const next = new Map(this.#drafts.peek());
		if (text === '') next.delete(room);
		else next.set(room, text);
		this.#drafts.value = next;
	}

	/** All that was written and not sent, in that room or anywhere, with where it was written. */
	unsent(room?: Id): [Id, string][] {
		const open = this.owner.open();
		const changes = [...this.aside.value, ...(open ? changeIn(open) : [])];
		const texts = changes.map(({ edit, text }): [Id, string] => [edit.room, text]);
		return [...texts, ...this.#drafts.value].filter(([of]) => !room || of === room);
	}

	/** Takes a message up, to be changed or to be answered; a change that is being written stays. */
	begin(open: Conversation, edit: Message | null, reply: Message | null, text = edit?.text): void {
		batch(() => {
			this.putAside(open);
			open.editing.value = edit;
			open.replyTo.value = reply;
			open.changed.value = text ?? '';
		});
	}

	/** The change that is being written there. */
	putAside(open: Conversation): void {
		const change = changeIn(open);
		if (change[0]) this.aside.value = [...this.aside.peek(), ...change];
	}

	forget(change: Change): void {
		this.aside.value = this.aside.peek().filter((c) => c !== change);
	}

	/**
	 * Sends what the composer holds: the files that were chosen, and a message, a reply, or a change of
	 * an earlier one.  The composer is free at once.
	 */
	async send(open: Conversation, text: string): Promise<boolean> {
		const { room } = open;
		const edit = open.editing.peek();
		const said: Said = { text, edit, reply: edit ? null : open.replyTo.peek() };
		const sendFiles = edit ? null : this.owner.files.take(room);
		batch(() => {
			if (text !== '') open.editing.value = open.replyTo.value = null;
			if (!edit) this.setDraft(room, '');
		});
		return this.#inTurn(room, async (turn) => {
			await sendFiles?.();
			if (text === '') return true;
			const id = await this.#keep((c) => put(c, room, said));
			if (id === undefined) turn.back.push(said);
			else open.firstNew.value = 0;
			return id !== undefined;
		});
	}

	async #inTurn<T>(room: Id, action: (turn: Turn) => Promise<T>): Promise<T> {
		const turn = this.#turns.get(room) ?? { last: Promise.resolve(), waiting: 0, back: [] };
		this.#turns.set(room, turn);
		turn.waiting++;
		const mine = turn.last.then(() => action(turn));
		turn.last = mine.catch(() => undefined);
		try {
			return await mine;
		} finally {
			if (--turn.waiting === 0) {
				this.#turns.delete(room);
				batch(() => this.#giveBack(room, turn.back));
			}
		}
	}

	/** In front of what was written meanwhile; nothing takes the place of anything. */
	#giveBack(room: Id, back: Said[]): void {
		const open = this.owner.open();
		const texts: string[] = [];
		for (const { text, edit, reply } of back) {
			if (edit) {
				this.aside.value = [...this.aside.peek(), { edit, text }];
				continue;
			}
			texts.push(text);
			if (reply && open?.room === room && !open.editing.peek()) open.replyTo.value ??= reply;
		}
		const draft = this.#drafts.peek().get(room);
		if (draft) texts.push(draft);
		if (back.length > 0) this.setDraft(room, texts.join('\n'));
	}

	/** Ours with that emoji is taken back when there is one. */
	async react(message: Message, emoji: string): Promise<void> {
		const entry = this.owner
			.open()
			?.entries.peek()
			.find((e) => e.message.id === message.id);
		const mine = entry?.reactions.find((r) => r.emoji === cleanEmoji(emoji))?.mine;
		await this.#once(`${message.id} ${emoji}`, (c) =>
			mine ? c.sendDelete(message.room, mine.id) : c.sendReaction(message.room, message.id, emoji),
		);
	}

	async deleteMessage(message: Message): Promise<void> {
		await this.#once(message.id, (c) => c.sendDelete(message.room, message.id));
	}

	isSentAgain(message: Message): boolean {
		return this.#again.value.has(message.id);
	}

	/** A message that was refused for good is sent once more, as a new one: a text in place of the old one. */
	async sendAgain(message: Message): Promise<void> {
		const { id, room } = message;
		if (this.#again.peek().has(id)) return;
		this.#again.value = new Set(this.#again.peek()).add(id);
		const isKept = await this.#inTurn(room, async (): Promise<unknown> =>
			message.file ? this.owner.files.sendAgain(message) : this.#keep((c) => c.sendAgain(room, id)),
		);
		if (isKept) return;
		const next = new Set(this.#again.peek());
		next.delete(id);
		this.#again.value = next;
	}

	/** One press does it once: another, while it is under way, does nothing. */
	async #once(what: string, action: (core: Undercroft) => Promise<Id>): Promise<void> {
		if (this.#pressed.has(what)) return;
		this.#pressed.add(what);
		await this.#keep(action);
		this.#pressed.delete(what);
	}

	async #keep(action: (core: Undercroft) => Promise<Id>): Promise<Id | undefined> {
		if (!this.#core) return undefined;
		try {
			return await action(this.#core);
		} catch (e) {
			this.owner.fail(e);
			return undefined;
		}
	}
}

/** The change that is being written there, if it is one. */
function changeIn({ editing, changed }: Conversation): Change[] {
	const edit = editing.peek();
	const text = changed.peek();
	return edit && text && text !== edit.text ? [{ edit, text }] : [];
}

function put(core: Undercroft, room: Id, { text, edit, reply }: Said): Promise<Id> {
	if (edit) return core.sendEdit(room, edit.id, text);
	return reply ? core.sendReply(room, reply.id, text) : core.send(room, text);
}
