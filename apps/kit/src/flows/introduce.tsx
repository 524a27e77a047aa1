// SPDX-License-Identifier: Apache-2.0
// In a group where nobody has been told who one is: oneself, or a name of that group only.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Room } from '@undercroft/sdk';
import type { Model } from '../model.ts';
import { useAction, useModel } from '../ui/context.ts';
import { Checkbox, Field, Form } from '../ui/field.tsx';

/** In the place where one writes: until it is said, one only reads. */
export function Introduce({ room }: { room: Room }) {
	const model = useModel();
	const [as, setAs] = useState('');
	const action = useAction();
	return (
		<Form
			label="Who you are in this group"
			action={action}
			onSubmit={() => void action.run('group', () => model.introduce(room.id, as.trim()))}
			send={as.trim() === '' ? 'Show who I am' : 'Use this name'}
		>
			<Field
				label="Another name for you here"
				autocomplete="off"
				maxLength={64}
				hint="Nobody here has been told who you are, and you can write once they are. Left empty, they see who you are; a name holds in this group only, for good. Who brought you in knows that it is you."
				value={as}
				onValue={setAs}
			/>
		</Form>
	);
}

/** A way of the account in groups: stored at once. */
function Way({
	way,
	is,
	hint,
	children,
}: {
	way: Parameters<Model['keepsTo']>[0];
	is: 'waitsToIntroduce' | 'removesNotIntroduced';
	hint: string;
	children: string;
}) {
	const model = useModel();
	const action = useAction();
	/** while it is being stored */
	const [wanted, setWanted] = useState<boolean | null>(null);
	const next = useRef<boolean | null>(null);
	// Another device may have changed it.
	useEffect(() => model.refresh('account'), []);
	const account = model.account.value;
	if (!account) return null;
	async function set(to: boolean) {
		next.current = to;
		setWanted(to);
		await action.run('other', async () => {
			try {
				// What is pressed meanwhile follows: the last one holds.
				for (let n: boolean | null; (n = next.current) !== null;) {
					next.current = null;
					await model.keepsTo(way, n);
				}
			} finally {
				next.current = null;
				setWanted(null);
			}
		});
	}
	return (
		<Checkbox
			checked={wanted ?? account[is]}
			onChecked={(to) => void set(to)}
			hint={hint}
			error={action.error}
		>
			{children}
		</Checkbox>
	);
}

/** Of this browser: for groups that come. */
export function AskMeFirst() {
	return (
		<Way
			way="waitToIntroduce"
			is="waitsToIntroduce"
			hint="In groups that others bring you into: until you say who you are there, or choose another name, nobody in it is told, and you only read. It holds in this browser, from now on."
		>
			Ask me first who I am in a group
		</Way>
	);
}

/** Of all devices of the account. */
export function NotIntroduced() {
	return (
		<Way
			way="removeNotIntroduced"
			is="removesNotIntroduced"
			hint="Whoever writes in a group and an hour after being asked has not said who they are is taken out where you may do that, and hidden from you elsewhere; your other devices do the same."
		>
			Take out who does not say who they are
		</Way>
	);
}
