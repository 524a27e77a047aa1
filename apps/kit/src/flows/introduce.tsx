// SPDX-License-Identifier: Apache-2.0
// In a group where nobody has been told who one is: oneself, or a name of that group only.

import { useState } from 'preact/hooks';
import type { Room } from '@undercroft/sdk';
import { Button } from '../ui/button.tsx';
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
			error={action.error}
			onSubmit={() => void action.run('group', () => model.introduce(room.id, as.trim()))}
		>
			<Field
				label="Another name for you here"
				autocomplete="off"
				maxLength={64}
				hint="Nobody here has been told who you are, and you can write once they are. Left empty, they see who you are; a name holds in this group only, for good. Who brought you in knows that it is you."
				value={as}
				onValue={setAs}
			/>
			<div class="k-buttons">
				<Button kind="main" type="submit" busy={action.busy}>
					{as.trim() === '' ? 'Show who I am' : 'Use this name'}
				</Button>
			</div>
		</Form>
	);
}

/** Of this browser: holds at once, for groups that come. */
export function AskMeFirst() {
	const model = useModel();
	const action = useAction();
	/** while it is being stored */
	const [wanted, setWanted] = useState<boolean | null>(null);
	const account = model.account.value;
	if (!account) return null;
	async function set(is: boolean) {
		setWanted(is);
		await action.run('other', () => model.waitToIntroduce(is));
		setWanted(null);
	}
	return (
		<Checkbox
			checked={wanted ?? account.waitsToIntroduce}
			onChecked={(is) => void set(is)}
			hint="In groups that others bring you into: until you say who you are there, or choose another name, nobody in it is told, and you only read. It holds in this browser, from now on."
			error={action.error}
		>
			Ask me first who I am in a group
		</Checkbox>
	);
}
