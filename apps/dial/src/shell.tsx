// SPDX-License-Identifier: Apache-2.0
// The list at one side, the conversation at the other; on phones one of them.

import { useState } from 'preact/hooks';
import {
	classes,
	clean,
	ConnectionNotice,
	goTo,
	Icon,
	IconButton,
	moveInList,
	openPanel,
	Reminders,
	Requests,
	RoomRow,
	RoomView,
	route,
	showName,
	useModel,
} from '@undercroft/kit';
import { Plate } from './plate.tsx';

/** So many conversations can be looked through without a filter. */
const FEW = 6;

export function Shell() {
	const model = useModel();
	const { page } = route.value;
	const isInside = model.room.value !== null || page === 'requests';
	return (
		<div class={classes('dial', isInside && 'dial-inside')}>
			<Side />
			<main class="dial-main">
				{page === 'requests' ? <RequestsPage /> : model.room.value ? <RoomView /> : <Nothing />}
			</main>
		</div>
	);
}

function Side() {
	const model = useModel();
	const [filter, setFilter] = useState('');
	const rooms = model.rooms.value;
	const wanted = filter.trim().toLocaleLowerCase();
	const shown = wanted
		? rooms.filter((r) => {
				const contact = model.contactOf(r);
				const number = contact ? model.identifierOf(contact).replace(/\s/g, '') : '';
				return (
					clean(r.name).toLocaleLowerCase().includes(wanted) ||
					(number !== '' && number.includes(wanted.replace(/\s/g, '')))
				);
			})
		: rooms;
	const waiting = model.waitingRequests.value.length;
	return (
		<div class="dial-side">
			<header class="dial-bar">
				<p class="dial-brand">Dial</p>
				<IconButton icon="find" label="Find someone" onClick={() => openPanel('find')} />
				<IconButton icon="people" label="New group" onClick={() => openPanel('new-group')} />
				<IconButton icon="settings" label="Settings" onClick={() => openPanel('settings')} />
			</header>
			<nav aria-label="Conversations" class="dial-nav">
				<Reminders />
				{rooms.length > FEW && (
					<input
						type="search"
						autocomplete="off"
						class="k-input dial-filter"
						aria-label="Filter conversations"
						placeholder="Name or number"
						value={filter}
						onInput={(e) => setFilter(e.currentTarget.value)}
					/>
				)}
				<button
					type="button"
					class={classes('dial-requests', route.value.page === 'requests' && 'k-open')}
					onClick={() => goTo('requests')}
				>
					<Icon name="inbox" />
					<span>Requests</span>
					{waiting > 0 && (
						<span class="k-count">
							{waiting}
							<span class="k-hidden"> waiting</span>
						</span>
					)}
				</button>
				<ul class="dial-rooms" onKeyDown={moveInList}>
					{shown.map((r) => (
						<RoomRow key={r.id} room={r} />
					))}
				</ul>
				{model.isReady.value && rooms.length === 0 && (
					<p class="k-empty dial-none">
						No conversations yet. Look for somebody by their number, or give them yours.
					</p>
				)}
				{rooms.length > 0 && shown.length === 0 && (
					<p class="k-empty dial-none">No conversation is called that.</p>
				)}
			</nav>
			<div class="dial-side-notice">
				<ConnectionNotice />
			</div>
			<Own />
		</div>
	);
}

/** Our own number, to be read out to somebody. */
function Own() {
	const model = useModel();
	const account = model.account.value;
	if (!account?.identifier) return null;
	return (
		<footer class="dial-own">
			<span>Your number</span>
			<bdi>{showName('number', account.identifier)}</bdi>
		</footer>
	);
}

function RequestsPage() {
	return (
		<div class="dial-page">
			<header class="k-room-head">
				<IconButton icon="back" label="Conversations" class="k-back" onClick={() => goTo('')} />
				<h1>Requests</h1>
			</header>
			<div class="dial-page-body">
				<Requests />
			</div>
		</div>
	);
}

function Nothing() {
	const model = useModel();
	return (
		<div class="dial-nothing">
			<h1 class="k-hidden">Dial</h1>
			<Plate />
			<p>
				{model.rooms.value.length > 0
					? 'Choose a conversation.'
					: 'Your conversations will stand here.'}
			</p>
		</div>
	);
}
