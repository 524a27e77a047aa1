// SPDX-License-Identifier: Apache-2.0
// The third column: who is here, on which app, how sure we are of them; what a group can do.

import { useState } from 'preact/hooks';
import type { Contact, Room } from '@undercroft/sdk';
import {
	AppBadge,
	Avatar,
	Button,
	classes,
	goToRoom,
	Icon,
	LeaveRoom,
	MemberRow,
	Name,
	openPanel,
	Rename,
	route,
	useModel,
} from '@undercroft/kit';
import { Faces } from './faces.tsx';
import { Count } from './list.tsx';

/** Only where there is room for it; elsewhere the panel about the conversation says the same. */
export function Here({ room }: { room: Room }) {
	const model = useModel();
	const contact = model.contactOf(room);
	if (room.direct && !contact) return null;
	return (
		<aside
			class="plaza-here"
			aria-label={room.direct ? 'About them' : 'Who is here'}
			aria-hidden={route.value.panel ? 'true' : undefined}
		>
			{contact ? <Person contact={contact} room={room} /> : <Group room={room} />}
		</aside>
	);
}

function Group({ room }: { room: Room }) {
	const model = useModel();
	const open = model.conversation.value;
	const members = open?.room === room.id ? open.members.value : [];
	const [isRenaming, setRenaming] = useState(false);
	const isOpen = room.state === 'open';
	return (
		<>
			<header class="plaza-section-head">
				<h2 tabIndex={-1}>
					{room.state === 'left' ? 'Who was here' : 'Who is here'}
					<Count n={room.members} />
				</h2>
			</header>
			<ul class="plaza-members">
				{members.map((m) => (
					<MemberRow key={m.id} member={m} room={room} />
				))}
			</ul>
			{isOpen && (
				<Button class="plaza-add" kind="quiet" icon="plus" onClick={() => openPanel('add-members')}>
					Add people
				</Button>
			)}
			{isOpen && (
				<footer class="plaza-here-foot">
					{isRenaming ? (
						<Rename room={room} onDone={() => setRenaming(false)} />
					) : (
						<Button icon="edit" onClick={() => setRenaming(true)}>
							Rename
						</Button>
					)}
					<LeaveRoom room={room} />
				</footer>
			)}
		</>
	);
}

function Person({ contact, room }: { contact: Contact; room: Room }) {
	const model = useModel();
	const identifier = model.identifierOf(contact);
	const alarm = model.alarms.value.has(contact.id);
	const shared = model.rooms.value.filter(
		(r) =>
			!r.direct &&
			r.state === 'open' &&
			model.members.value.get(r.id)?.some((m) => m.contact === contact.id),
	);
	return (
		<>
			<div class="plaza-person">
				<Avatar seed={contact.accountKey} size="xl" />
				<h2>
					<Name of={contact.name} />
				</h2>
				<p>
					<AppBadge app={contact.app} always />
				</p>
				{identifier && (
					<p class="k-hint">
						<bdi>{identifier}</bdi>
					</p>
				)}
			</div>
			<div
				class={classes(
					'plaza-trust',
					contact.verified && 'plaza-trusted',
					alarm && 'plaza-alarmed',
				)}
			>
				<Icon name={alarm ? 'alert' : 'shield'} />
				<p>
					{alarm
						? 'Somebody else answers here now. Compare again before you write anything private.'
						: contact.verified
							? 'You have compared the safety number.'
							: 'Not compared yet. Comparing it shows that nobody stands between you.'}
				</p>
				<Button onClick={() => openPanel('safety', contact.id)}>Safety number</Button>
			</div>
			<section class="plaza-shared" aria-labelledby="plaza-shared">
				<h3 id="plaza-shared">Groups you share</h3>
				{shared.length > 0 ? (
					<ul>
						{shared.map((r) => (
							<li key={r.id}>
								<button type="button" class="k-row k-room-link" onClick={() => goToRoom(r.id)}>
									<Faces room={r} />
									<span class="k-row-who">
										<Name of={r.name} />
									</span>
								</button>
							</li>
						))}
					</ul>
				) : (
					<p class="k-empty">None yet.</p>
				)}
			</section>
			<footer class="plaza-here-foot">
				{room.state === 'open' && !contact.blocked && (
					<Button icon="people" onClick={() => openPanel('new-group', contact.id)}>
						Start a group together
					</Button>
				)}
				<Button kind="quiet" icon="person" onClick={() => openPanel('contact', contact.id)}>
					{contact.blocked ? 'More about them' : 'More, or block'}
				</Button>
			</footer>
		</>
	);
}
