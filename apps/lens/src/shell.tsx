// SPDX-License-Identifier: Apache-2.0
// The frame: a rail at the side, on phones a bar that floats below; in it one page at a time.

import {
	Avatar,
	classes,
	goTo,
	Icon,
	openPanel,
	route,
	useModel,
	type IconName,
} from '@undercroft/kit';
import type { ComponentChildren } from 'preact';
import { Folder } from './folder.tsx';
import { Gallery } from './gallery.tsx';
import { Iris } from './iris.tsx';
import { RoomPage, Strip } from './room.tsx';

export function Shell() {
	const model = useModel();
	// At the start the address may name a room that has not been read yet.
	const isInRoom = model.room.value !== null || (route.value.room && !model.isReady.value);
	const page = isInRoom ? 'room' : route.value.page === 'requests' ? 'requests' : 'gallery';
	return (
		<div class={`lens lens-at-${page}`}>
			<Rail page={page} />
			{page === 'room' && <Strip />}
			<main class="lens-main">
				{page === 'room' ? <RoomPage /> : page === 'requests' ? <Folder /> : <Gallery />}
			</main>
		</div>
	);
}

function Rail({ page }: { page: 'room' | 'requests' | 'gallery' }) {
	const model = useModel();
	const { panel } = route.value;
	const waiting = model.waitingRequests.value.length;
	const unread = model.unread.value;
	const account = model.account.value;
	// Elsewhere the page has its own.
	const Mark = page === 'gallery' ? 'h1' : 'p';
	return (
		<header class="lens-rail">
			<Mark class="lens-mark">
				<Iris />
				<span>Lens</span>
			</Mark>
			<nav class="lens-tabs" aria-label="Lens">
				<Tab
					icon="message"
					text="Messages"
					label={unread > 0 ? `Messages ${unread} unread` : 'Messages'}
					count={unread}
					isHere={page === 'gallery' && !panel}
					onClick={() => goTo('')}
				/>
				<Tab
					icon="find"
					text="Find"
					label="Find someone"
					isHere={panel === 'find'}
					onClick={() => openPanel('find')}
				/>
				<Tab
					icon="inbox"
					text="Requests"
					label={waiting > 0 ? `Requests ${waiting} waiting` : 'Requests'}
					count={waiting}
					isHere={page === 'requests' && !panel}
					onClick={() => goTo('requests')}
				/>
				<Tab
					picture={account && <Avatar seed={account.accountKey} size="s" />}
					text="Settings"
					label="Settings"
					isHere={panel === 'settings'}
					onClick={() => openPanel('settings')}
				/>
			</nav>
		</header>
	);
}

function Tab({
	icon,
	picture,
	text,
	label,
	count = 0,
	isHere,
	onClick,
}: {
	icon?: IconName;
	picture?: ComponentChildren;
	/** begins the label */
	text: string;
	label: string;
	count?: number;
	isHere: boolean;
	onClick(): void;
}) {
	return (
		<button
			type="button"
			class={classes('lens-tab', isHere && 'lens-here')}
			aria-label={label}
			aria-current={isHere ? 'page' : undefined}
			onClick={onClick}
		>
			<span class="lens-tab-icon" data-count={count > 0 ? (count > 99 ? '99+' : count) : undefined}>
				{icon && <Icon name={icon} />}
				{picture}
			</span>
			<span class="lens-tab-text">{text}</span>
		</button>
	);
}
