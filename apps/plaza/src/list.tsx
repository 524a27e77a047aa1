// SPDX-License-Identifier: Apache-2.0
// Groups, and people: two lists that are never mixed.

import { useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Contact, Room } from '@undercroft/sdk';
import {
	AppBadge,
	Avatar,
	Button,
	clean,
	moveInList,
	Name,
	openPanel,
	RoomRow,
	useModel,
	Verified,
	Reminders,
} from '@undercroft/kit';
import { Faces } from './faces.tsx';
import { Square } from './square.tsx';

/** So many can be looked through without a filter. */
const FEW = 9;

export function List() {
	const model = useModel();
	const [filter, setFilter] = useState('');
	const rooms = model.rooms.value;
	const isPast = (r: Room) => r.state === 'left' && !model.contactOf(r);
	const apart = model.apart.value;
	const all = rooms.length + apart.length;

	const wanted = clean(filter).toLocaleLowerCase();
	const isWanted = (name: string, more = '') =>
		wanted === '' || `${clean(name)} ${more}`.toLocaleLowerCase().includes(wanted);
	const isRoomWanted = (r: Room) => {
		const contact = model.contactOf(r);
		return isWanted(r.name, contact ? model.identifierOf(contact) : '');
	};

	const groups = rooms.filter((r) => !r.direct && !isPast(r));
	const directs = rooms.filter((r) => r.direct && !isPast(r));
	const past = rooms.filter((r) => isPast(r) && isRoomWanted(r));
	const shownGroups = groups.filter(isRoomWanted);
	const shownDirects = directs.filter(isRoomWanted);
	const shownApart = apart.filter((c) => isWanted(c.name, model.identifierOf(c)));
	const isEmpty = wanted === '' && model.isReady.value;

	return (
		<nav class="plaza-list" aria-label="Conversations">
			<Reminders />
			{all > FEW && (
				<input
					type="search"
					autocomplete="off"
					class="k-input plaza-filter"
					aria-label="Filter groups and people"
					placeholder="Filter by name"
					value={filter}
					onInput={(e) => setFilter(e.currentTarget.value)}
				/>
			)}
			<Section title="Groups" count={groups.length}>
				{shownGroups.length > 0 && (
					<ul class="plaza-groups" onKeyDown={moveInList}>
						{shownGroups.map((r) => (
							<RoomRow key={r.id} room={r} picture={<Faces room={r} />} />
						))}
					</ul>
				)}
				{isEmpty && groups.length === 0 && (
					<p class="k-empty">
						No groups yet. Make one for your street, your band or your family: its members may be on
						any of the apps.
					</p>
				)}
			</Section>
			<Section
				title="People"
				count={directs.length + apart.length}
				action={
					<Button kind="quiet" icon="find" onClick={() => openPanel('find')}>
						Find someone
					</Button>
				}
			>
				{shownDirects.length + shownApart.length > 0 && (
					<ul class="plaza-people" onKeyDown={moveInList}>
						{shownDirects.map((r) => (
							<RoomRow key={r.id} room={r} appBelow />
						))}
						{shownApart.map((c) => (
							<ContactRow key={c.id} contact={c} />
						))}
					</ul>
				)}
				{isEmpty && directs.length + apart.length === 0 && (
					<p class="k-empty">
						Nobody yet. Look for people you know on Plaza, Dial, Lens or wherever they are: they are
						asked first.
					</p>
				)}
			</Section>
			{past.length > 0 && (
				<Section title="Past" count={past.length}>
					<ul class="plaza-past" onKeyDown={moveInList}>
						{past.map((r) => (
							<RoomRow key={r.id} room={r} />
						))}
					</ul>
				</Section>
			)}
			{wanted !== '' && shownGroups.length + shownDirects.length + shownApart.length === 0 && (
				<p class="k-empty plaza-none" role="status">
					No group and nobody is called that.
				</p>
			)}
			{isEmpty && all < 4 && <Square />}
		</nav>
	);
}

function Section({
	title,
	count,
	action,
	children,
}: {
	title: string;
	count: number;
	action?: ComponentChildren;
	children: ComponentChildren;
}) {
	const id = `plaza-${title.toLowerCase()}`;
	return (
		<section class="plaza-section" aria-labelledby={id}>
			<header class="plaza-section-head">
				<h2 id={id}>
					{title}
					{count > 0 && <Count n={count} />}
				</h2>
				{action}
			</header>
			{children}
		</section>
	);
}

/** How many there are: to be seen, the list itself tells it to screen readers. */
export function Count({ n }: { n: number }) {
	return (
		<span class="plaza-count" aria-hidden="true">
			{n}
		</span>
	);
}

/** Somebody we may write to, or have blocked. */
function ContactRow({ contact }: { contact: Contact }) {
	const model = useModel();
	return (
		<li>
			<button
				type="button"
				class="k-row k-room-link"
				onClick={() =>
					contact.blocked ? openPanel('contact', contact.id) : void model.write(contact)
				}
			>
				<Avatar seed={contact.accountKey} />
				<span class="k-row-text">
					<span class="k-row-name">
						<span class="k-row-who">
							<Name of={contact.name} />
						</span>
						{contact.verified && <Verified />}
					</span>
					<span class="k-row-line">
						<AppBadge app={contact.app} />
						{contact.blocked ? 'Blocked' : 'Write the first word'}
					</span>
				</span>
			</button>
		</li>
	);
}
