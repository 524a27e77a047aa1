// SPDX-License-Identifier: Apache-2.0
// A conversation, in the colours of the other person's picture: a poster beside it, on phones a
// banner above it.

import type { Room } from '@undercroft/sdk';
import {
	AppBadge,
	Avatar,
	classes,
	clean,
	goToRoom,
	IconButton,
	moveInList,
	Name,
	openPanel,
	Picture,
	RoomView,
	useModel,
	useRoomLine,
	useRoomSummary,
	Verified,
} from '@undercroft/kit';
import { leaveRoom } from './enter.ts';
import { tint } from './tint.ts';

export function RoomPage() {
	const model = useModel();
	const room = model.room.value;
	if (!room) return null;
	const contact = model.contactOf(room);
	return (
		<div class="lens-room" style={tint(model.seedOfRoom(room))}>
			<Head key={room.id} room={room} />
			<RoomView
				head={<></>}
				senderStyle={tint}
				placeholder={contact ? `Write to ${shortName(contact.name, 16)}` : 'Write to everyone here'}
			/>
		</div>
	);
}

function Head({ room }: { room: Room }) {
	const model = useModel();
	const contact = model.contactOf(room);
	const seed = model.seedOfRoom(room);
	const line = useRoomLine(room);
	return (
		<header class="lens-head">
			<Picture
				class="lens-head-poster"
				seed={seed}
				columns={room.direct ? 2 : 3}
				rows={room.direct ? 6 : 9}
			/>
			<Picture class="lens-head-banner" seed={seed} columns={16} rows={2} />
			<IconButton icon="back" label="Conversations" onClick={() => leaveRoom(room.id)} />
			<div class="lens-head-text">
				{!room.direct && <Faces room={room} />}
				<p class="lens-head-name">
					<span role="heading" aria-level={1}>
						<Name of={room.name} />
					</span>
					{contact?.verified && <Verified />}
				</p>
				<p class="lens-head-line">
					{contact && <AppBadge app={contact.app} />}
					{line && <span>{line}</span>}
				</p>
			</div>
			<IconButton
				icon="info"
				label="About this conversation"
				onClick={() => openPanel('room-info')}
			/>
		</header>
	);
}

/** So many fit on a poster. */
const MOST_FACES = 7;

/** Who is in a group; names stand in "About this conversation". */
function Faces({ room }: { room: Room }) {
	const model = useModel();
	const open = model.conversation.value;
	const members = open?.room === room.id ? open.members.value : [];
	return (
		<ul class="lens-faces" aria-hidden="true">
			{members.slice(0, MOST_FACES).map((m) => (
				<li key={m.id}>
					<Avatar seed={model.seedOfMember(m)} />
				</li>
			))}
		</ul>
	);
}

/** The other conversations, as a strip of film; on phones one goes back for them. */
export function Strip() {
	const model = useModel();
	return (
		<nav class="lens-strip" aria-label="Conversations">
			<ul onKeyDown={moveInList}>
				{model.rooms.value.map((r) => (
					<Frame key={r.id} room={r} />
				))}
			</ul>
		</nav>
	);
}

function Frame({ room }: { room: Room }) {
	const s = useRoomSummary(room);
	return (
		<li>
			<a
				href={`#/room/${room.id}`}
				class={classes('lens-frame', s.isOpen && 'k-open', room.unread > 0 && 'lens-has-new')}
				aria-current={s.isOpen ? 'page' : undefined}
				title={shortName(room.name)}
				onClick={(e) => {
					if (e.metaKey || e.ctrlKey || e.shiftKey || e.button !== 0) return;
					e.preventDefault();
					goToRoom(room.id);
				}}
			>
				<Avatar seed={s.seed} group={!room.direct} />
				<span class="lens-frame-name">
					<Name of={room.name} />
				</span>
				<span class="k-hidden">
					{s.app && (
						<>
							{' '}
							<AppBadge app={s.app} />
						</>
					)}
					{'. '}
					<bdi dir="auto">{s.line}</bdi> <time>{s.when}</time>
				</span>
				{room.unread > 0 && (
					<span class="lens-count">
						{room.unread > 99 ? '99+' : room.unread}
						<span class="k-hidden"> unread</span>
					</span>
				)}
			</a>
		</li>
	);
}

const shortName = (name: string, most = 24): string => clean(name, most) || 'them';
