// SPDX-License-Identifier: Apache-2.0
// A conversation as a whole: who it is with, the log, where one writes.

import type { ComponentChildren } from 'preact';
import type { Room } from '@undercroft/sdk';
import { takesDrops } from '../drops.ts';
import { count, list } from '../format.ts';
import { DeviceAlarm } from '../flows/devices.tsx';
import { Introduce } from '../flows/introduce.tsx';
import { goTo, openPanel } from '../route.ts';
import { Avatar } from './avatar.tsx';
import { IconButton, LinkButton } from './button.tsx';
import { Composer } from './composer.tsx';
import { classes, useModel } from './context.ts';
import { Icon } from './icons.tsx';
import { AppBadge, Verified } from './list.tsx';
import type { SenderStyle } from './message.tsx';
import { MessageLog } from './message-log.tsx';
import { ConnectionNotice } from './notices.tsx';
import { Name } from './text.tsx';

/** One line below the name: a number or handle, or how many are there and on which apps. */
export function useRoomLine(room: Room): string {
	const model = useModel();
	const contact = model.contactOf(room);
	if (room.state === 'joining') return 'Being set up\u2026';
	if (room.direct) return contact ? model.identifierOf(contact) : '';
	const open = model.conversation.value;
	const apps = open?.room === room.id ? [...new Set(open.members.value.map((m) => m.app))] : [];
	const people = count(room.members, 'person', 'people');
	return apps.some((a) => !model.isOwnApp(a))
		? `${people} on ${list(apps.map((a) => model.appTitle(a)))}`
		: people;
}

export function RoomHead({
	room,
	picture,
	children,
	back = '',
}: {
	room: Room;
	/** instead of the usual one */
	picture?: ComponentChildren;
	/** more buttons, before the one that tells more */
	children?: ComponentChildren;
	/** the page that the way back leads to, where there is one column */
	back?: string;
}) {
	const model = useModel();
	const contact = model.contactOf(room);
	const line = useRoomLine(room);
	return (
		<header class="k-room-head">
			<IconButton icon="back" label="Conversations" class="k-back" onClick={() => goTo(back)} />
			{picture ?? <Avatar seed={model.seedOfRoom(room)} group={!room.direct} />}
			<div class="k-room-head-text">
				<p class="k-row-name">
					<span class="k-room-head-name" role="heading" aria-level={1}>
						<Name of={room.name} />
					</span>
					{contact && <AppBadge app={contact.app} />}
					{contact?.verified && <Verified />}
				</p>
				{line && (
					<p class="k-row-line">
						<span>{line}</span>
					</p>
				)}
			</div>
			{children}
			<IconButton
				icon="info"
				label="About this conversation"
				onClick={() => openPanel('room-info')}
			/>
		</header>
	);
}

/** Somebody else answers where the contact did: stays until the safety number is compared. */
export function IdentityAlarm({ room }: { room: Room }) {
	const model = useModel();
	const contact = model.contactOf(room);
	if (!contact || !model.alarms.value.has(contact.id)) return null;
	return (
		<div class="k-warning k-alarm" role="alert">
			<Icon name="alert" />
			<p>
				Somebody else answers where <Name of={contact.name} /> did. It may be a new device, or
				somebody who pretends to be them.{' '}
				<LinkButton onClick={() => openPanel('safety', contact.id)}>
					Compare the safety number
				</LinkButton>
			</p>
		</div>
	);
}

/** The log does not go on where it was: stays for good. */
function LogAlarm({ room }: { room: Room }) {
	if (room.consistent) return null;
	return (
		<div class="k-warning k-alarm" role="alert">
			<Icon name="alert" />
			<p>
				The app that hosts this conversation has changed what was said before, or shows others
				something else, or somebody here says so wrongly. Do not rely on what stands here.
			</p>
		</div>
	);
}

/** The room of the page, whole; nothing where there is none. */
export function RoomView({
	head,
	placeholder,
	senderStyle,
	class: name,
}: {
	/** instead of <RoomHead> */
	head?: ComponentChildren;
	placeholder?: string;
	/** for what others say in groups, from what their picture is made of */
	senderStyle?: SenderStyle;
	class?: string;
}) {
	const model = useModel();
	const room = model.room.value;
	const conversation = model.conversation.value;
	if (!room) return null;
	const canWrite = room.state === 'open' && room.says !== 'nothing';
	return (
		<div
			class={classes('k-room-view', name)}
			{...takesDrops(
				// A change of a message takes no files: they would wait unseen.
				() =>
					canWrite && !model.contactOf(room)?.blocked && !model.conversation.peek()?.editing.peek(),
				(files) => model.files.choose(room.id, files),
			)}
		>
			{head ?? <RoomHead room={room} />}
			<ConnectionNotice />
			<DeviceAlarm />
			<IdentityAlarm room={room} />
			<LogAlarm room={room} />
			{conversation?.room === room.id ? (
				<>
					<MessageLog
						key={room.id}
						conversation={conversation}
						room={room}
						senderStyle={senderStyle}
					/>
					{room.state === 'open' && room.says === 'nothing' ? (
						<Introduce room={room} />
					) : (
						<Composer
							conversation={conversation}
							room={room}
							placeholder={placeholder ?? 'Message'}
						/>
					)}
				</>
			) : (
				<div class="k-log-around" />
			)}
		</div>
	);
}
