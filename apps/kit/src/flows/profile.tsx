// SPDX-License-Identifier: Apache-2.0
// What contacts are shown of us: the name, words, a picture.

import { useState } from 'preact/hooks';
import { LIMITS } from '../model.ts';
import { goBack } from '../route.ts';
import { useAction, useModel } from '../ui/context.ts';
import { Field, Form } from '../ui/field.tsx';
import { OwnPicture } from './portrait.tsx';

/** characters of what one says about oneself */
const ABOUT = 140;

export function Profile() {
	const model = useModel();
	const account = model.account.value;
	const [name, setName] = useState(account?.profileName ?? '');
	const [about, setAbout] = useState(account?.about ?? '');
	const [wrong, setWrong] = useState<string | null>(null);
	const action = useAction();
	async function submit() {
		if (name.trim() === '') return setWrong('Give the name that others see.');
		const change = () =>
			model.perform(async (c) => {
				await c.setProfileName(name.trim());
				await c.setAbout(about.trim());
			});
		if (await action.run('profile', change)) goBack();
	}
	return (
		<Form label="My profile" action={action} onSubmit={submit} send="Change" onBack={goBack}>
			<OwnPicture />
			<Field
				label="Your name"
				autocomplete="name"
				autocapitalize="words"
				enterKeyHint="done"
				maxLength={LIMITS.name}
				hint={`As the people you write with see it. Those who know you by the one before are told; ${model.self.title} is not.`}
				error={wrong}
				focus
				value={name}
				onValue={(n) => {
					setName(n);
					setWrong(null);
				}}
			/>
			<Field
				label="About you"
				autocapitalize="sentences"
				enterKeyHint="done"
				maxLength={ABOUT}
				hint="A line that your contacts see, and nobody else. It need not be."
				value={about}
				onValue={setAbout}
			/>
		</Form>
	);
}
