// SPDX-License-Identifier: Apache-2.0
// The log of the open room: begins at what is new, stays at its end unless its reader scrolls up.

import { Fragment } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Id, Message, Room } from '@undercroft/sdk';
import type { Conversation } from '../conversation.ts';
import { showDay } from '../format.ts';
import { Button, IconButton } from './button.tsx';
import { useModel } from './context.ts';
import { MessageItem, type SenderStyle } from './message.tsx';
import { Name } from './text.tsx';

/** So near to the end counts as being there, in pixels. */
const NEAR = 60;

export function MessageLog({
	conversation,
	room,
	senderStyle,
}: {
	conversation: Conversation;
	room: Room;
	senderStyle?: SenderStyle | undefined;
}) {
	const model = useModel();
	const log = useRef<HTMLDivElement>(null);
	const entries = conversation.entries.value;
	const isLoading = conversation.isLoading.value;
	const hasEarlier = conversation.hasEarlier.value;
	const atEnd = conversation.atEnd.value;
	const [active, setActive] = useState<Id | null>(null);
	const [flashing, setFlashing] = useState<Id | null>(null);
	/** where the log stood before it grew at its start */
	const before = useRef<{ first: number; height: number; top: number } | null>(null);
	const isPlaced = useRef(false);

	const first = entries[0]?.message.number ?? 0;
	const last = entries[entries.length - 1];
	const has = (id: Id | null) => entries.some((e) => e.message.id === id);
	const activeId = (has(active) ? active : last?.message.id) ?? null;

	useLayoutEffect(() => {
		const el = log.current!;
		if (!isPlaced.current) {
			if (isLoading || entries.length === 0) return;
			isPlaced.current = true;
			const marker = el.querySelector('.k-new');
			if (marker) el.scrollTop = (marker as HTMLElement).offsetTop - el.clientHeight / 4;
			else el.scrollTop = el.scrollHeight;
		} else if (before.current && first < before.current.first) {
			el.scrollTop = before.current.top + el.scrollHeight - before.current.height;
		} else if (conversation.atEnd.peek() || (last?.message.own === true && last !== seen.current)) {
			el.scrollTop = el.scrollHeight;
		}
		seen.current = last;
		before.current = { first, height: el.scrollHeight, top: el.scrollTop };
		// What had the keyboard is gone.
		if (active && !has(active) && document.activeElement === document.body)
			document.getElementById(`m-${activeId}`)?.focus({ preventScroll: true });
		look();
	}, [entries, isLoading]);
	const seen = useRef<typeof last>(undefined);

	// What is typed or shown beside the log changes its height, and a message may grow: the end
	// stays in sight.
	useEffect(() => {
		const el = log.current!;
		const observer = new ResizeObserver(() => {
			if (conversation.atEnd.peek()) el.scrollTop = el.scrollHeight;
		});
		observer.observe(el);
		observer.observe(el.querySelector('.k-messages')!);
		return () => observer.disconnect();
	}, [conversation]);

	function look() {
		const el = log.current!;
		const isThere = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR;
		if (before.current) before.current.top = el.scrollTop;
		if (conversation.atEnd.peek() !== isThere) conversation.atEnd.value = isThere;
		if (isThere) model.markRead();
		if (el.scrollTop < 200 && isPlaced.current && conversation.hasEarlier.peek())
			void conversation.loadEarlier();
	}

	async function jump(to: Message) {
		if (!(await conversation.reveal(to.id))) return;
		setActive(to.id);
		setFlashing(to.id);
		requestAnimationFrame(() => {
			const el = document.getElementById(`m-${to.id}`);
			el?.scrollIntoView({ block: 'center' });
			el?.focus({ preventScroll: true });
		});
		setTimeout(() => setFlashing(null), 1600);
	}

	function onKeyDown(e: KeyboardEvent) {
		const at = entries.findIndex((x) => x.message.id === activeId);
		const step = { ArrowUp: -1, ArrowDown: 1, Home: -at, End: entries.length - 1 - at }[e.key];
		if (step === undefined || (e.target as HTMLElement).closest('[role=menu]')) return;
		let to = at + step;
		while (entries[to]?.message.kind === 'note') to += Math.sign(step) || 1;
		const next = entries[to];
		if (!next) return;
		e.preventDefault();
		setActive(next.message.id);
		document.getElementById(`m-${next.message.id}`)?.focus();
	}

	return (
		<div class="k-log-around">
			<div
				ref={log}
				class="k-log"
				role="log"
				aria-label="Messages"
				aria-live="polite"
				aria-busy={isLoading}
				onScroll={look}
				onKeyDown={onKeyDown}
			>
				{hasEarlier && (
					<div class="k-earlier">
						<Button kind="quiet" busy={isLoading} onClick={() => void conversation.loadEarlier()}>
							Load earlier messages
						</Button>
					</div>
				)}
				{entries.length === 0 && !isLoading && !hasEarlier && <Beginning room={room} />}
				<ol class="k-messages">
					{entries.map((entry) => (
						<Fragment key={entry.message.id}>
							{entry.startsDay && (
								<li class="k-day">
									<span>{showDay(entry.message.timeMs)}</span>
								</li>
							)}
							{entry.isFirstNew && (
								<li class="k-new">
									<span>New messages</span>
								</li>
							)}
							<MessageItem
								entry={entry}
								conversation={conversation}
								model={model}
								isDirect={room.direct}
								senderStyle={senderStyle}
								isOpen={room.state === 'open'}
								isActive={entry.message.id === activeId}
								isFlashing={entry.message.id === flashing}
								onJump={(to) => void jump(to)}
								onActive={() => setActive(entry.message.id)}
							/>
						</Fragment>
					))}
				</ol>
			</div>
			{!atEnd && (
				<IconButton
					icon="down"
					label="Newest messages"
					class="k-to-end"
					badge={room.unread}
					onClick={() => {
						const el = log.current!;
						const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
						el.scrollTo({ top: el.scrollHeight, behavior: calm ? 'auto' : 'smooth' });
					}}
				/>
			)}
		</div>
	);
}

function Beginning({ room }: { room: Room }) {
	if (room.state === 'joining')
		return <p class="k-empty">This conversation is being set up. It opens by itself.</p>;
	if (room.state === 'left') return <p class="k-empty">Nothing was written here.</p>;
	return (
		<p class="k-empty">
			This is the beginning of {room.direct && 'your conversation with '}
			<Name of={room.name} />. Only {room.direct ? 'the two of you' : 'its members'} can read it.
		</p>
	);
}
