// SPDX-License-Identifier: Apache-2.0
// Another number, handle or address for the account: what people find it by from then on.

import { useState } from 'preact/hooks';
import { mistake, NAME_FIELD, normalise, showName } from '../names.ts';
import { goBack } from '../route.ts';
import { useAction, useModel } from '../ui/context.ts';
import { Form } from '../ui/field.tsx';
import { CodeField, NameField } from '../ui/name-field.tsx';

export const CHANGE = {
	number: 'Change my number',
	handle: 'Change my handle',
	address: 'Change my e-mail address',
} as const;

const AFTER = {
	number: 'People find you by the new number at once, and not by the old one any more.',
	handle:
		'People find you by the new handle at once. The old one stays yours for a while, so that nobody else takes it.',
	address:
		'Those whom you let find you by your address do so by the new one at once, and not by the old one any more.',
} as const;

export function ChangeName() {
	const model = useModel();
	const account = model.account.value;
	const kind = account?.names ?? model.self.names;
	const field = NAME_FIELD[kind];
	const [typed, setTyped] = useState('');
	const [code, setCode] = useState('');
	const [sentTo, setSentTo] = useState<string | null>(null);
	const [wrong, setWrong] = useState<{ name?: string | null; code?: string }>({});
	const action = useAction();
	if (!account) return null;
	const isCode = sentTo !== null;

	async function send(to: string) {
		if (await action.run('code', () => model.requestCode(to))) setSentTo(to);
	}

	async function submit() {
		const to = sentTo ?? normalise(kind, typed);
		const found: typeof wrong = {};
		if (!isCode) found.name = mistake(kind, to);
		else if (code.trim() === '') found.code = 'Enter the code that you were sent.';
		setWrong(found);
		if (found.name || found.code) return;
		if (field.code && !isCode) return send(to);
		const isDone = await action.run('change', () =>
			model.changeName(to, field.code ? code.trim() : undefined),
		);
		if (isDone) goBack();
	}

	return (
		<Form
			label={CHANGE[kind]}
			action={action}
			onSubmit={submit}
			send={field.code && !isCode ? 'Send code' : 'Change'}
			onBack={goBack}
		>
			{account.identifier && (
				<p>
					Now: <bdi>{showName(kind, account.identifier)}</bdi>
				</p>
			)}
			{isCode ? (
				<CodeField
					kind={kind}
					sentTo={sentTo}
					onOther={() => {
						setSentTo(null);
						setCode('');
						action.setError(null);
					}}
					error={wrong.code}
					value={code}
					onValue={setCode}
					isLast
				/>
			) : (
				<NameField kind={kind} error={wrong.name} value={typed} onValue={setTyped} />
			)}
			<p class="k-hint">{AFTER[kind]}</p>
		</Form>
	);
}
