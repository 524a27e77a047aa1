// SPDX-License-Identifier: Apache-2.0
// What is known of a conversation, and of a contact.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Contact, Member, Room } from '@undercroft/sdk';
import { count } from '../format.ts';
import { isLastOwner, mayRemove, MEMBER, MODERATOR, OWNER, rolesFor, type Role } from '../roles.ts';
import { goBack, openPanel } from '../route.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Field, Form, Select } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { AppBadge, Row, Verified } from '../ui/list.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { Fault, Warning } from '../ui/said.tsx';
import { Line, Name } from '../ui/text.tsx';
import { clean } from '../text.ts';
import { ContactLinks } from './same-person.tsx';

const ROLES: Record<number, string> = { [MODERATOR]: 'Moderator', [OWNER]: 'Owner' };
const GIVES: Record<Role, string> = {
	[MEMBER]: 'Take the role back',
	[MODERATOR]: 'Make a moderator',
	[OWNER]: 'Make an owner',
};

/** Of a group; of a direct conversation, its contact. */
export function RoomInfo({
	room,
	picture,
}: {
	room: Room;
	/** instead of the usual one */
	picture?: ComponentChildren;
}) {
	const model = useModel();
	const open = model.conversation.value;
	const contact = model.contactOf(room);
	const [isRenaming, setRenaming] = useState(false);
	if (room.direct && contact) return <ContactInfo contact={contact} />;
	const members = open?.room === room.id ? open.members.value : [];
	const isOpen = room.state === 'open';
	return (
		<div class="k-info">
			<div class="k-info-head">
				{picture ?? <Avatar seed={model.seedOfRoom(room)} size="xl" group={!room.direct} />}
				<p class="k-info-name">
					<Name of={room.name} />
				</p>
				<p class="k-hint">
					{room.direct
						? 'Direct conversation'
						: `Group of ${count(room.members, 'person', 'people')}`}
				</p>
			</div>
			{isOpen && !room.direct && (
				<div class="k-buttons">
					<Button icon="plus" onClick={() => openPanel('add-members')}>
						Add people
					</Button>
					<Button icon="edit" onClick={() => setRenaming(!isRenaming)} aria-expanded={isRenaming}>
						Rename
					</Button>
				</div>
			)}
			{isRenaming && <Rename room={room} onDone={() => setRenaming(false)} />}
			<section aria-labelledby="k-members">
				<h3 id="k-members" tabIndex={-1}>
					Members
				</h3>
				<NotIntroduced room={room} members={members} />
				<ul class="k-list">
					{members.map((m) => (
						<MemberRow key={m.id} member={m} room={room} />
					))}
				</ul>
			</section>
			{isOpen && <LeaveRoom room={room} />}
		</div>
	);
}

/** Who has not shown who they are is said to be there, and can be sent away, all at once. */
function NotIntroduced({ room, members }: { room: Room; members: Member[] }) {
	const model = useModel();
	const own = members.find((m) => m.isSelf);
	const unknown = members.filter((m) => !m.introduced && !m.isSelf);
	if (room.state !== 'open' || room.direct || unknown.length === 0) return null;
	const removable = unknown.filter((m) => mayRemove(own, m));
	return (
		<div class="k-warning" role="status">
			<Icon name="alert" />
			<div>
				<p>
					{count(unknown.length, 'person has', 'people have')} not shown who they are, and can read
					what is written here. It may be somebody who was just added.
				</p>
				{removable.length > 0 && (
					<Button
						kind="danger"
						onClick={() => {
							for (const m of removable) void model.removeMember(room.id, m.id);
						}}
					>
						Remove who is not introduced
					</Button>
				)}
			</div>
		</div>
	);
}

/** In the place of a member. */
const NOBODY = '-';

/** Asks before it is done; whom it leaves to be owner, where nobody else is. */
export function LeaveRoom({ room }: { room: Room }) {
	const model = useModel();
	const [isLeaving, setLeaving] = useState(false);
	const open = model.conversation.value;
	const members = open?.room === room.id ? open.members.value : [];
	const isLast = !room.direct && isLastOwner(members);
	// Who the others are is still being read: until then nobody knows whether to ask.
	const isUnknown = !room.direct && open?.room === room.id && members.length === 0;
	const [next, setNext] = useState('');
	const [isMissing, setMissing] = useState(false);
	const action = useAction();

	async function leave() {
		if (isLast && next === '') return setMissing(true);
		await action.run(isLast ? 'role' : 'group', async () => {
			if (isLast && next !== NOBODY) await model.setRole(room.id, next, OWNER);
			await model.leave(room.id);
		});
	}

	return (
		<>
			<Button
				kind="danger"
				icon="exit"
				aria-expanded={isLeaving}
				busy={action.busy || isUnknown}
				onClick={() => setLeaving(!isLeaving)}
			>
				Leave this conversation
			</Button>
			{isLeaving && (
				<Confirm
					label="Leave this conversation?"
					yes="Leave"
					onYes={leave}
					no="Stay"
					onNo={() => setLeaving(false)}
					action={action}
				>
					<p>You will get nothing of what is written after that. What is here stays readable.</p>
					{isLast && (
						<Select
							label="Who is owner after you?"
							hint="You are the only one. In a group without an owner nobody can give roles any more."
							value={next}
							onValue={(to) => {
								setNext(to);
								setMissing(false);
							}}
							error={isMissing && 'Choose somebody, or nobody.'}
							options={[
								{ value: '', label: 'Choose' },
								...members
									.filter((m) => m.introduced && !m.isSelf)
									.map((m) => ({ value: m.id, label: clean(m.name, 40) || 'No name' })),
								{ value: NOBODY, label: 'Nobody' },
							]}
						/>
					)}
				</Confirm>
			)}
		</>
	);
}

export function Rename({ room, onDone }: { room: Room; onDone(): void }) {
	const model = useModel();
	const [name, setName] = useState(clean(room.name, 100));
	const action = useAction();
	async function submit() {
		if (name.trim() === '' || name.trim() === clean(room.name, 100)) return onDone();
		if (await action.run('group', () => model.rename(room.id, name.trim()))) onDone();
	}
	return (
		<Form label="Rename the group" action={action} onSubmit={submit} send="Save">
			<Field label="Group name" maxLength={100} focus value={name} onValue={setName} />
		</Form>
	);
}

/** What is said beside a name that holds in this group only. */
function personaLine(member: Member): string {
	if (!member.persona) return '';
	if (member.isSelf) return `as ${clean(member.name, 40)}, here only`;
	return member.blocked ? 'by that name here only, hidden' : 'by that name here only';
}

export function MemberRow({ member, room }: { member: Member; room: Room }) {
	const model = useModel();
	const members = model.conversation.value?.members.value ?? [];
	const own = members.find((m) => m.isSelf);
	const contact = model.contact(member.contact);
	const [isAsked, setAsked] = useState(false);
	const action = useAction();
	const items: MenuItem[] = [];
	if (contact) {
		items.push({ label: 'Write', icon: 'message', onPick: () => void model.write(contact) });
		items.push({
			label: 'Contact',
			icon: 'person',
			onPick: () => openPanel('contact', contact.id),
		});
	}
	const isOpen = room.state === 'open' && !room.direct;
	async function give(role: Role) {
		const list = document.activeElement?.closest('section, aside');
		const isDone = await action.run('role', () => model.setRole(room.id, member.id, role));
		const at = document.activeElement;
		// Who gives their own back has no menu here any more, and may be elsewhere by then.
		if (isDone && member.isSelf && (at === document.body || list?.contains(at)))
			list?.querySelector<HTMLElement>('h2, h3')?.focus();
	}
	for (const role of isOpen ? rolesFor(members, member) : [])
		items.push({
			label: GIVES[role],
			icon: 'key',
			// Nobody takes it back from an owner who does not want to give it back.
			onPick: () => (role === OWNER ? setAsked(true) : void give(role)),
		});
	if (isOpen && mayRemove(own, member))
		items.push({
			label: 'Remove from the group',
			icon: 'block',
			danger: true,
			onPick: () => void model.removeMember(room.id, member.id),
		});
	if (!contact && member.introduced && !member.isSelf)
		items.push({
			label: !member.persona
				? member.blocked
					? 'Unblock'
					: 'Block'
				: member.blocked
					? 'Show what they write here'
					: 'Hide what they write here',
			icon: 'block',
			onPick: () => void model.blockMember(room.id, member.id, !member.blocked),
		});
	const name = member.isSelf ? 'You' : member.name;
	return (
		<>
			<Row
				seed={model.seedOfMember(member)}
				name={
					member.introduced || member.isSelf ? (
						<Name of={name} />
					) : (
						<em>Somebody, not introduced</em>
					)
				}
				badge={
					<>
						<AppBadge app={member.app} always={!member.introduced} />
						{contact?.verified && <Verified />}
					</>
				}
				line={[ROLES[member.role], personaLine(member)].filter(Boolean).join(' · ')}
				end={
					items.length > 0 && (
						<Menu icon="more" label={`More about ${clean(name, 40) || 'them'}`} items={items} />
					)
				}
			/>
			{!isAsked && action.error && (
				<li>
					<Fault of={action.error} />
				</li>
			)}
			{isAsked && (
				<li>
					<Confirm
						label={`Make ${clean(name, 40)} an owner?`}
						yes="Make an owner"
						onYes={() =>
							action.run('role', async () => {
								await model.setRole(room.id, member.id, OWNER);
								setAsked(false);
							})
						}
						no="Cancel"
						onNo={() => setAsked(false)}
						action={action}
					>
						<p>Owners give and take all roles, and take anyone out of the group: you, too.</p>
					</Confirm>
				</li>
			)}
		</>
	);
}

/** All contacts, those that are blocked last. */
export function People() {
	const model = useModel();
	const people = [...model.contacts.value].sort(
		(a, b) => Number(a.blocked) - Number(b.blocked) || clean(a.name).localeCompare(clean(b.name)),
	);
	if (people.length === 0)
		return <p class="k-empty">Nobody yet. Whoever you write with stands here.</p>;
	return (
		<ul class="k-list">
			{people.map((c) => (
				<li key={c.id}>
					<button type="button" class="k-row k-person" onClick={() => openPanel('contact', c.id)}>
						<Avatar seed={c.accountKey} />
						<span class="k-row-text">
							<span class="k-row-name">
								<span class="k-row-who">
									<Name of={c.name} />
								</span>
								<AppBadge app={c.app} />
								{c.verified && <Verified />}
							</span>
							<span class="k-row-line">{c.blocked ? 'Blocked' : model.identifierOf(c)}</span>
						</span>
					</button>
				</li>
			))}
		</ul>
	);
}

export function ContactInfo({ contact }: { contact: Contact }) {
	const model = useModel();
	const identifier = model.identifierOf(contact);
	const alarm = model.alarms.value.has(contact.id);

	const [busy, setBusy] = useState(false);

	async function block(blocked: boolean) {
		if (busy) return;
		setBusy(true);
		const done = await model.block(contact.id, blocked);
		setBusy(false);
		// Of who is no contact nothing is left to be shown.
		if (done && !blocked && contact.stranger) goBack();
	}

	return (
		<div class="k-info">
			<div class="k-info-head">
				<Avatar seed={contact.accountKey} size="xl" />
				<p class="k-info-name">
					<Name of={contact.name} /> <AppBadge app={contact.app} />
				</p>
				{identifier && <p class="k-hint">{identifier}</p>}
				{contact.about && (
					<p class="k-info-about">
						<Line of={contact.about} most={140} />
					</p>
				)}
			</div>
			{alarm && (
				<Warning alert>
					Somebody else answers where <Name of={contact.name} /> did. Compare the safety number
					before you write anything private.
				</Warning>
			)}
			<ContactLinks contact={contact} />
			<ul class="k-actions">
				{!contact.blocked && (
					<li>
						<Button icon="message" wide onClick={() => void model.write(contact)}>
							Write
						</Button>
					</li>
				)}
				{!contact.stranger && (
					<li>
						<Button icon="shield" wide onClick={() => openPanel('safety', contact.id)}>
							Safety number
						</Button>
						<p class="k-hint">
							{contact.verified
								? 'You have compared it and marked it as verified.'
								: 'Not compared yet. Comparing it shows that nobody stands between you.'}
						</p>
					</li>
				)}
				<li>
					{contact.blocked ? (
						<>
							<Button icon="block" wide busy={busy} onClick={() => void block(false)}>
								Unblock
							</Button>
							{contact.stranger && (
								<p class="k-hint">
									You have blocked what they asked. Unblocked, they may ask again; they are no
									contact.
								</p>
							)}
						</>
					) : (
						<>
							<Button kind="danger" icon="block" wide busy={busy} onClick={() => void block(true)}>
								Block
							</Button>
							<p class="k-hint">
								Your conversation with them ends, and they can start no new one, by no account that
								they have shown to be theirs. They are not told.
							</p>
						</>
					)}
				</li>
			</ul>
		</div>
	);
}
