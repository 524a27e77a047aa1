// SPDX-License-Identifier: Apache-2.0
// The open room: its messages as they are shown, page by page from the end.

import { batch, computed, signal } from '@preact/signals';
import type { Id, Member, Message, Undercroft } from '@undercroft/sdk';
import { dayOf } from './format.ts';
import { cleanEmoji } from './text.ts';

const PAGE = 60;
/** At least so many are shown, where there are so many, and at most so many read at once. */
const FEW = 20;
const MOST = 600;
/** Messages of one sender within this time stand together. */
const GROUP_MS = 5 * 60_000;

export interface ReactionGroup {
	emoji: string;
	count: number;
	/** our own, when there is one: taken back by deleting it */
	mine: Message | null;
	/** names, ours as "you" at the end */
	who: string[];
}

/** One line of the log: a message and how it stands among the others. */
export interface Entry {
	message: Message;
	startsDay: boolean;
	/** the first, or last, of several by the same sender */
	startsGroup: boolean;
	endsGroup: boolean;
	isFirstNew: boolean;
	reactions: ReactionGroup[];
	/** the message this one answers, when it is loaded */
	reply: Message | null;
}

export class Conversation {
	readonly members = signal<Member[]>([]);
	readonly hasEarlier = signal(false);
	readonly isLoading = signal(true);
	/** The log's end is on the screen; kept by MessageLog. */
	readonly atEnd = signal(true);
	/** the message being answered, or our own being changed */
	readonly replyTo = signal<Message | null>(null);
	readonly editing = signal<Message | null>(null);
	/** what that is to become */
	readonly changed = signal('');
	/** number of the first message that was unread when the room was opened; 0: none */
	readonly firstNew = signal(0);

	/** texts and notes, ascending */
	readonly #shown = signal<Message[]>([]);
	readonly #reactions = signal<ReadonlyMap<Id, Message[]>>(new Map());
	/** everyone seen in this room, also those who have left */
	readonly #known = new Map<Id, Member>();
	#loading: Promise<void> | null = null;
	#first = 0;
	#last = 0;

	constructor(
		readonly room: Id,
		private readonly core: Undercroft,
	) {}

	readonly entries = computed<Entry[]>(() => {
		// What was refused, and then deleted or sent again, never was for anybody else.
		const messages = this.#shown.value.filter((m) => m.state !== 'failed' || !m.deleted);
		const reactions = this.#reactions.value;
		const firstNew = this.firstNew.value;
		const byId = new Map(messages.map((m) => [m.id, m]));
		return messages.map((message, i) => {
			const before = messages[i - 1];
			const after = messages[i + 1];
			return {
				message,
				startsDay: !before || dayOf(before.timeMs) !== dayOf(message.timeMs),
				startsGroup: !before || !areTogether(before, message),
				endsGroup: !after || !areTogether(message, after),
				isFirstNew: message.number === firstNew,
				reactions: group(reactions.get(message.id) ?? []),
				reply: message.inReplyTo ? (byId.get(message.inReplyTo) ?? null) : null,
			};
		});
	});

	/** Everyone's last known membership, by member id. */
	member(id: Id): Member | null {
		void this.members.value;
		return this.#known.get(id) ?? null;
	}

	get lastNumber(): number {
		return this.#last;
	}

	/** Reads the end of the log; as much as is unread, within reason. */
	async open(readUpTo: number, unread: number): Promise<void> {
		const limit = Math.min(PAGE + unread, MOST);
		const [messages] = await Promise.all([
			this.core.history(this.room, { limit }),
			this.readMembers(),
		]);
		const all = await this.#untilShown(messages);
		batch(() => {
			this.take(all);
			if (unread > 0) {
				const first = this.#shown.peek().find((m) => !m.own && m.number > readUpTo);
				this.firstNew.value = first?.number ?? 0;
			}
			this.hasEarlier.value = this.#first > 1;
			this.isLoading.value = false;
		});
	}

	/** One page more; who asks while it is being read waits for the same. */
	loadEarlier(): Promise<void> {
		if (this.isLoading.peek() && !this.#loading) return Promise.resolve();
		this.#loading ??= this.#readEarlier().finally(() => (this.#loading = null));
		return this.#loading;
	}

	async #readEarlier(): Promise<void> {
		if (!this.hasEarlier.peek()) return;
		this.isLoading.value = true;
		try {
			const before = this.#first;
			const messages = await this.core.history(this.room, { before, limit: PAGE });
			const all = await this.#untilShown(messages);
			batch(() => {
				this.take(all);
				this.hasEarlier.value = all.length > 0 && this.#first > 1;
			});
		} finally {
			this.isLoading.value = false;
		}
	}

	/** Reactions fill no page: with what is before them, until something is there to be shown. */
	async #untilShown(messages: Message[]): Promise<Message[]> {
		let all = messages;
		for (;;) {
			const before = all[0]?.number ?? 0;
			if (before <= 1 || all.filter((m) => m.kind !== 'reaction').length >= FEW) return all;
			const more = await this.core.history(this.room, { before, limit: MOST });
			if (more.length === 0) return all;
			all = [...more, ...all];
		}
	}

	/** Loads until that message is there; false when it is not in this history. */
	async reveal(id: Id): Promise<boolean> {
		for (;;) {
			if (this.#shown.peek().some((m) => m.id === id)) return true;
			if (!this.hasEarlier.peek()) return false;
			await this.loadEarlier();
		}
	}

	async readMembers(): Promise<void> {
		const members = await this.core.members(this.room);
		for (const m of members) this.#known.set(m.id, m);
		this.members.value = members;
	}

	/** New or changed messages. */
	take(messages: Message[]): void {
		if (messages.length === 0) return;
		const shown = new Map(this.#shown.peek().map((m) => [m.number, m]));
		const reactions = new Map(this.#reactions.peek());
		let hasNewReactions = false;
		for (const m of messages) {
			this.#first = this.#first === 0 ? m.number : Math.min(this.#first, m.number);
			this.#last = Math.max(this.#last, m.number);
			if (m.kind !== 'reaction') {
				shown.set(m.number, m);
			} else if (m.inReplyTo) {
				const others = (reactions.get(m.inReplyTo) ?? []).filter((r) => r.id !== m.id);
				reactions.set(m.inReplyTo, [...others, m].sort(byNumber));
				hasNewReactions = true;
			}
		}
		if (hasNewReactions) this.#reactions.value = reactions;
		this.#shown.value = [...shown.values()].sort(byNumber);
	}
}

const byNumber = (a: Message, b: Message) => a.number - b.number;

function areTogether(a: Message, b: Message): boolean {
	return (
		a.kind === 'text' &&
		b.kind === 'text' &&
		a.own === b.own &&
		a.member === b.member &&
		a.sender === b.sender &&
		b.timeMs - a.timeMs < GROUP_MS &&
		dayOf(a.timeMs) === dayOf(b.timeMs)
	);
}

/** So many different ones of one person count, and so many are shown below a message. */
const EACH = 4;
const SHOWN = 12;

function group(reactions: Message[]): ReactionGroup[] {
	const groups = new Map<string, ReactionGroup & { senders: Set<Id> }>();
	const perSender = new Map<Id, number>();
	for (const r of reactions) {
		if (r.deleted || r.state === 'failed') continue;
		const emoji = cleanEmoji(r.text);
		const sender = r.own ? 'own' : r.member;
		let g = groups.get(emoji);
		if (g?.senders.has(sender)) continue;
		const before = perSender.get(sender) ?? 0;
		if (!r.own && before >= EACH) continue;
		perSender.set(sender, before + 1);
		if (!g) groups.set(emoji, (g = { emoji, count: 0, mine: null, who: [], senders: new Set() }));
		g.senders.add(sender);
		g.count++;
		if (r.own) g.mine = r;
		else g.who.push(r.introduced ? r.sender : 'somebody');
	}
	const all = [...groups.values()];
	const most = [...all].sort((a, b) => b.count - a.count).slice(0, SHOWN);
	return all.filter((g) => g.mine !== null || most.includes(g)).map(({ senders: _, ...g }) => g);
}
