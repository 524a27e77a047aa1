// SPDX-License-Identifier: Apache-2.0
// Making a group, and adding people to one.

import { useState } from 'preact/hooks';
import type { Contact, Id } from '@undercroft/sdk';
import { count } from '../format.ts';
import { goToRoom, openPanel } from '../route.ts';
import { Avatar } from '../ui/avatar.tsx';
import { LinkButton } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Field, Form } from '../ui/field.tsx';
import { AppBadge, Verified } from '../ui/list.tsx';
import { Name } from '../ui/text.tsx';
import { AskMeFirst } from './introduce.tsx';

/** Contacts to be ticked. */
export function PickContacts({
	contacts,
	picked,
	onPicked,
	label,
}: {
	contacts: Contact[];
	picked: Id[];
	onPicked(ids: Id[]): void;
	label: string;
}) {
	const model = useModel();
	if (contacts.length === 0) {
		return (
			<p class="k-empty">
				There is nobody to add yet.{' '}
				<LinkButton onClick={() => openPanel('find')}>Look for someone</LinkButton>
			</p>
		);
	}
	return (
		<fieldset class="k-pick">
			<legend>{label}</legend>
			<ul class="k-list">
				{contacts.map((c) => (
					<li key={c.id}>
						<label class="k-row">
							<Avatar seed={c.accountKey} />
							<span class="k-row-text">
								<span class="k-row-name">
									<span class="k-row-who">
										<Name of={c.name} />
									</span>
									<AppBadge app={c.app} />
									{c.verified && <Verified />}
								</span>
								<span class="k-row-line">{model.identifierOf(c)}</span>
							</span>
							<input
								type="checkbox"
								checked={picked.includes(c.id)}
								onChange={(e) =>
									onPicked(
										e.currentTarget.checked
											? [...picked, c.id]
											: picked.filter((id) => id !== c.id),
									)
								}
							/>
						</label>
					</li>
				))}
			</ul>
		</fieldset>
	);
}

export function NewGroup({
	start = [],
}: {
	/** who is picked already */
	start?: Id[];
}) {
	const model = useModel();
	const [name, setName] = useState('');
	const [as, setAs] = useState('');
	const [picked, setPicked] = useState<Id[]>(start);
	const [wrong, setWrong] = useState<string | null>(null);
	const action = useAction();

	async function submit() {
		if (name.trim() === '') return setWrong('Give the group a name.');
		let room = '';
		if (
			await action.run('group', async () => {
				room = await model.createGroup(name.trim(), picked, as.trim());
			})
		)
			goToRoom(room);
	}

	return (
		<Form
			label="New group"
			action={action}
			onSubmit={submit}
			send="Create group"
			more={
				<>
					{picked.length > 0 && (
						<span class="k-hint" role="status">
							{count(picked.length, 'person', 'people')} and you
						</span>
					)}
				</>
			}
		>
			<Field
				label="Group name"
				autocomplete="off"
				maxLength={100}
				hint="Only its members can see it."
				error={wrong}
				focus
				value={name}
				onValue={(t) => {
					setName(t);
					setWrong(null);
				}}
			/>
			<Field
				label="Another name for you there"
				autocomplete="off"
				maxLength={64}
				hint="Left empty, members see who you are. A name holds in this group only, for good; those you bring in know that it is you."
				value={as}
				onValue={setAs}
			/>
			<AskMeFirst />
			<PickContacts
				label="Members"
				contacts={model.contacts.value.filter((c) => !c.blocked)}
				picked={picked}
				onPicked={setPicked}
			/>
		</Form>
	);
}

export function AddMembers({ onDone }: { onDone(): void }) {
	const model = useModel();
	const open = model.conversation.value;
	const [picked, setPicked] = useState<Id[]>([]);
	const action = useAction();
	if (!open) return null;
	const members = new Set(open.members.value.map((m) => m.contact));

	async function submit() {
		if (await action.run('member', () => model.addMembers(open!.room, picked))) onDone();
	}

	return (
		<Form label="Add people" onSubmit={submit} send="Add" action={action}>
			<PickContacts
				label="Who is to be added?"
				contacts={model.contacts.value.filter((c) => !c.blocked && !members.has(c.id))}
				picked={picked}
				onPicked={setPicked}
			/>
			<p class="k-hint">They see what is written from now on, and nothing of before.</p>
		</Form>
	);
}
