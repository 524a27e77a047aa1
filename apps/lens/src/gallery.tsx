// SPDX-License-Identifier: Apache-2.0
// The first page: people in a row, conversations as large pictures.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Contact, Id, Room } from '@undercroft/sdk';
import {
	AppBadge,
	Avatar,
	Button,
	classes,
	clean,
	ConnectionNotice,
	faces,
	Icon,
	Name,
	openPanel,
	Picture,
	showName,
	SmallState,
	useModel,
	useRoomSummary,
	Verified,
	Reminders,
} from '@undercroft/kit';
import { enterRoom } from './enter.ts';
import { tint } from './tint.ts';

/** So many pictures are looked through faster than a name is typed. */
const FEW = 9;

/** Where the gallery was left, for when one comes back to it. */
let left: { top: number; room: Id | null } = { top: 0, room: null };
/** Pictures rise when the app is opened, and never again. */
let isFresh = true;

export function Gallery() {
	const model = useModel();
	const page = useRef<HTMLDivElement>(null);
	const [filter, setFilter] = useState('');
	const rooms = model.rooms.value;
	const account = model.account.value;
	const wanted = filter.trim().toLocaleLowerCase().replace(/^@/, '');
	const shown = wanted
		? rooms.filter((r) => {
				const contact = model.contactOf(r);
				const handle = contact ? model.identifierOf(contact) : '';
				return `${clean(r.name)} ${handle}`.toLocaleLowerCase().includes(wanted);
			})
		: rooms;

	useLayoutEffect(() => {
		const el = page.current!;
		el.scrollTop = left.top;
		if (left.room && (!document.activeElement || document.activeElement === document.body))
			el.querySelector<HTMLElement>(`a[href="#/room/${left.room}"]`)?.focus();
		left.room = null;
		return () => void (isFresh = false);
	}, []);

	return (
		<div class="lens-gallery" ref={page} onScroll={() => (left.top = page.current!.scrollTop)}>
			<ConnectionNotice />
			<div class="lens-top">
				<h2>Messages</h2>
				{account?.identifier && (
					<p class="lens-handle">
						<span class="k-hidden">Your handle: </span>
						<bdi>{showName('handle', account.identifier)}</bdi>
					</p>
				)}
			</div>
			<Reminders />
			<People />
			<nav aria-label="Conversations">
				{rooms.length > FEW && (
					<input
						type="search"
						autocomplete="off"
						class="k-input lens-filter"
						aria-label="Filter conversations"
						placeholder="Name or handle"
						value={filter}
						onInput={(e) => setFilter(e.currentTarget.value)}
					/>
				)}
				<ul class={classes('lens-tiles', isFresh && 'lens-fresh')} onKeyDown={moveInGrid}>
					{shown.map((r, i) => (
						<Tile
							key={r.id}
							room={r}
							isFirst={i === 0}
							onLeave={() => (left = { top: page.current!.scrollTop, room: r.id })}
						/>
					))}
				</ul>
				{rooms.length > 0 && shown.length === 0 && (
					<p class="k-empty">No conversation is called that.</p>
				)}
			</nav>
			{model.isReady.value && rooms.length === 0 && <Empty />}
		</div>
	);
}

/** Everyone we know, as a row of pictures: one touch and one writes to them. */
function People() {
	const model = useModel();
	const contacts = model.contacts.value.filter((c) => !c.blocked);
	if (contacts.length === 0) return null;
	const lastMs = new Map(model.rooms.value.map((r) => [r.id, r.lastMs]));
	const sorted = [...contacts].sort(
		(a, b) => (lastMs.get(b.direct ?? '') ?? 0) - (lastMs.get(a.direct ?? '') ?? 0),
	);
	return (
		<section aria-label="People">
			<ul class="lens-people">
				<li>
					<button type="button" class="lens-person" onClick={() => openPanel('new-group')}>
						<span class="lens-ring lens-ring-new">
							<Icon name="people" />
						</span>
						<span class="lens-person-name">New group</span>
					</button>
				</li>
				{sorted.map((c) => (
					<Person key={c.id} contact={c} />
				))}
			</ul>
		</section>
	);
}

function Person({ contact }: { contact: Contact }) {
	const model = useModel();
	const unread = model.rooms.value.find((r) => r.id === contact.direct)?.unread ?? 0;
	return (
		<li>
			<button
				type="button"
				class={classes('lens-person', unread > 0 && 'lens-has-new')}
				onClick={() => void model.write(contact)}
			>
				<span class="lens-ring">
					<Avatar seed={contact.accountKey} size="l" />
				</span>
				<span class="lens-person-name">
					<Name of={contact.name} />
				</span>
				<AppBadge app={contact.app} />
				{unread > 0 && <span class="k-hidden">, {unread} unread</span>}
			</button>
		</li>
	);
}

function Tile({ room, isFirst, onLeave }: { room: Room; isFirst: boolean; onLeave(): void }) {
	const s = useRoomSummary(room);
	const face = faces.value.get(s.seed);
	const link = useRef<HTMLAnchorElement>(null);
	return (
		<li class={classes('lens-tile', isFirst && 'lens-tile-first')} style={tint(s.seed)}>
			<a
				ref={link}
				href={`#/room/${room.id}`}
				class={classes(room.unread > 0 && 'lens-unread', room.state === 'left' && 'lens-left')}
				onClick={(e) => {
					if (e.metaKey || e.ctrlKey || e.shiftKey || e.button !== 0) return;
					e.preventDefault();
					onLeave();
					enterRoom(room.id, link.current!.firstElementChild);
				}}
			>
				<span class="lens-art">
					{face ? (
						<img src={face} alt="" draggable={false} />
					) : (
						<Picture
							seed={s.seed}
							columns={isFirst ? (room.direct ? 4 : 6) : room.direct ? 2 : 3}
							rows={room.direct ? 3 : 4}
						/>
					)}
				</span>
				<span class="lens-caption">
					<span class="lens-caption-name">
						<Name of={s.name} />
						{s.contact?.verified && <Verified />}
					</span>
					<span class="lens-caption-line">
						{s.preview?.own && <SmallState state={s.preview.state} />}
						<bdi dir="auto">{s.line}</bdi>
					</span>
					<span class="lens-caption-end">
						{s.app && <AppBadge app={s.app} />}
						<time>{s.when}</time>
					</span>
				</span>
				{room.unread > 0 && (
					<span class="lens-new">
						{room.unread > 99 ? '99+' : room.unread}
						<span class="k-hidden"> unread</span>
					</span>
				)}
			</a>
		</li>
	);
}

function Empty() {
	return (
		<div class="lens-empty">
			<div class="lens-empty-art" aria-hidden="true">
				<Picture seed="halation" columns={2} rows={3} />
				<Picture seed="parallax" columns={2} rows={3} />
				<Picture seed="silver" columns={2} rows={3} />
			</div>
			<h3>Nobody in the picture yet</h3>
			<p>
				Look for somebody by their handle, number or e-mail address, or hand out your own handle.
				Whoever writes to you for the first time waits in Requests.
			</p>
			<Button kind="main" icon="find" onClick={() => openPanel('find')}>
				Look for someone
			</Button>
		</div>
	);
}

/** The arrow keys go from picture to picture, in all four directions. */
function moveInGrid(e: KeyboardEvent): void {
	const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('a')];
	const from = all.indexOf(document.activeElement as HTMLElement);
	if (from < 0) return;
	const isVertical = e.key === 'ArrowDown' || e.key === 'ArrowUp';
	let to: HTMLElement | undefined;
	if (isVertical) {
		const here = all[from]!.getBoundingClientRect();
		const down = e.key === 'ArrowDown';
		let best = Infinity;
		for (const a of all) {
			const there = a.getBoundingClientRect();
			const step = down ? there.top - here.bottom : here.top - there.bottom;
			if (step < -1) continue;
			const aside = Math.abs(there.left + there.width / 2 - (here.left + here.width / 2));
			if (step * 4 + aside < best) {
				best = step * 4 + aside;
				to = a;
			}
		}
	} else {
		const at = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1 }[e.key];
		if (at !== undefined) to = all[at];
	}
	if (!to) return;
	e.preventDefault();
	to.focus();
}
