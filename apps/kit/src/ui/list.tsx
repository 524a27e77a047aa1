// SPDX-License-Identifier: Apache-2.0
// Rows of lists, and the badge that names another app.

import type { ComponentChildren } from 'preact';
import type { Room } from '@undercroft/sdk';
import { showWhen } from '../format.ts';
import { goToRoom } from '../route.ts';
import { clean } from '../text.ts';
import { Avatar } from './avatar.tsx';
import { classes, useModel } from './context.ts';
import { Icon } from './icons.tsx';
import { Name } from './text.tsx';

/** "on Lens": wherever a person of another app appears.  Nothing for our own app. */
export function AppBadge({ app, always = false }: { app: string; always?: boolean }) {
	const model = useModel();
	if (!always && model.isOwnApp(app)) return null;
	return (
		<span class="k-app-badge" data-app={app.split('.')[0]} title={clean(app, 253)}>
			on <bdi>{model.appTitle(app)}</bdi>
		</span>
	);
}

export function Verified() {
	return (
		<span class="k-verified" role="img" aria-label="verified" title="Safety number verified">
			<Icon name="shield" />
		</span>
	);
}

/** A person or thing in a list: picture, name, a line below, something at the end. */
export function Row({
	seed,
	group,
	name,
	badge,
	line,
	end,
	size = 'm',
	as = 'li',
}: {
	seed: string;
	group?: boolean;
	name: ComponentChildren;
	badge?: ComponentChildren;
	line?: ComponentChildren;
	end?: ComponentChildren;
	size?: 's' | 'm' | 'l';
	as?: 'li' | 'div';
}) {
	const Tag = as;
	return (
		<Tag class="k-row">
			<Avatar seed={seed} size={size} group={group ?? false} />
			<div class="k-row-text">
				<p class="k-row-name">
					<span class="k-row-who">{name}</span>
					{badge}
				</p>
				{line && <p class="k-row-line">{line}</p>}
			</div>
			{end && <div class="k-row-end">{end}</div>}
		</Tag>
	);
}

/** What a conversation's row needs; apps draw their own from it, or use <RoomRow>. */
export function useRoomSummary(room: Room) {
	const model = useModel();
	const contact = model.contactOf(room);
	const preview = model.previews.value.get(room.id) ?? null;
	// Nothing of a group is told before our guardian has agreed to it.
	const isHeld =
		room.state === 'joining' && !room.direct && model.guardian.value?.state === 'named';
	const line = isHeld
		? 'Your guardian is asked'
		: room.state === 'joining'
			? 'Being set up\u2026'
			: !preview
				? room.direct
					? 'Say hello'
					: 'No messages yet'
				: preview.own
					? `You: ${preview.text}`
					: room.direct
						? preview.text
						: `${preview.sender}: ${preview.text}`;
	return {
		contact,
		preview,
		line,
		name: room.name || (isHeld ? 'A group' : ''),
		seed: model.seedOfRoom(room),
		isOpen: model.room.value?.id === room.id,
		when: showWhen(room.lastMs),
		/** of the other person of a direct room, when it is another one */
		app: contact && !model.isOwnApp(contact.app) ? contact.app : null,
	};
}

/** A conversation in the list; opens it. */
export function RoomRow({
	room,
	picture,
	appBelow = false,
}: {
	room: Room;
	/** instead of the usual one */
	picture?: ComponentChildren;
	/** the other app is named in the second line: the name has the first for itself */
	appBelow?: boolean;
}) {
	const s = useRoomSummary(room);
	return (
		<li class="k-room">
			<a
				href={`#/room/${room.id}`}
				class={classes(
					'k-row k-room-link',
					s.isOpen && 'k-open',
					room.unread > 0 && 'k-unread',
					room.state === 'left' && 'k-left',
				)}
				aria-current={s.isOpen ? 'page' : undefined}
				onClick={(e) => {
					if (e.metaKey || e.ctrlKey || e.shiftKey || e.button !== 0) return;
					e.preventDefault();
					goToRoom(room.id);
				}}
			>
				{picture ?? <Avatar seed={s.seed} group={!room.direct} />}
				<div class="k-row-text">
					<p class="k-row-name">
						<span class="k-row-who">
							<Name of={s.name} />
						</span>
						{s.app && !appBelow && <AppBadge app={s.app} />}
						{s.contact?.verified && <Verified />}
						<time class="k-room-when">{s.when}</time>
					</p>
					<p class="k-row-line">
						{s.app && appBelow && <AppBadge app={s.app} />}
						{s.preview?.own && (
							<span class="k-room-line-state">
								<SmallState state={s.preview.state} />
							</span>
						)}
						<bdi dir="auto" class="k-room-line">
							{s.line}
						</bdi>
						{room.unread > 0 && (
							<span class="k-count">
								{room.unread > 99 ? '99+' : room.unread}
								<span class="k-hidden"> unread</span>
							</span>
						)}
					</p>
				</div>
			</a>
		</li>
	);
}

/** On a list of links or buttons: the arrow keys go from one to the next. */
export function moveInList(e: KeyboardEvent): void {
	const list = e.currentTarget as HTMLElement;
	const all = [...list.querySelectorAll<HTMLElement>(':scope > li > :is(a, button)')];
	const at = all.indexOf(document.activeElement as HTMLElement);
	if (at < 0) return;
	const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key];
	if (to === undefined || !all[to]) return;
	e.preventDefault();
	all[to].focus();
}

/** How far one of our own messages has come: a sign, and words for who cannot see it. */
export function SmallState({ state }: { state: 'queued' | 'accepted' | 'failed' | 'received' }) {
	const [icon, words] = (
		{
			queued: ['clock', 'Waiting to be sent'],
			accepted: ['check', 'Sent'],
			failed: ['alert', 'Not sent'],
			received: ['check', 'Received'],
		} as const
	)[state];
	return (
		<span class={`k-state k-state-${state}`} title={words}>
			<Icon name={icon} />
			<span class="k-hidden">{words}</span>
		</span>
	);
}
