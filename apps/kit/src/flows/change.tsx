// SPDX-License-Identifier: Apache-2.0
// Another number, handle or address for the account: what people find it by from then on.

import { useState } from 'preact/hooks';
import { mistake, NAME_FIELD, normalise, showName } from '../names.ts';
import { goBack } from '../route.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Field, Form } from '../ui/field.tsx';

export const CHANGE = {
	number: 'Change my number',
	handle: 'Change my handle',
	address: 'Change my e-mail address',
} as const;

const AFTER = {
	number: 'People find you by the new number at once, and not by the old one any more.',
	handle:
		'People find you by the new handle at once. The old one stays yours for a while, so that nobody else takes it.',
	address: 'People find you by the new address at once, and not by the old one any more.',
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
		<Form label={CHANGE[kind]} error={action.error} onSubmit={() => void submit()}>
			{account.identifier && (
				<p>
					Now: <bdi>{showName(kind, account.identifier)}</bdi>
				</p>
			)}
			{isCode ? (
				<>
					<p>
						A code is on its way to <bdi>{showName(kind, sentTo)}</bdi>.{' '}
						<button
							type="button"
							class="k-link"
							onClick={() => {
								setSentTo(null);
								setCode('');
								action.setError(null);
							}}
						>
							Change it
						</button>
					</p>
					<Field
						label="Code"
						inputMode="numeric"
						autocomplete="one-time-code"
						enterKeyHint="done"
						spellcheck={false}
						maxLength={16}
						error={wrong.code}
						focus
						value={code}
						onValue={setCode}
					/>
				</>
			) : (
				<Field
					label={field.label}
					type={field.type}
					inputMode={field.inputMode}
					autocomplete={field.autocomplete}
					placeholder={field.placeholder}
					autocapitalize="none"
					enterKeyHint="next"
					spellcheck={false}
					hint={field.hint}
					error={wrong.name}
					focus
					value={typed}
					onValue={setTyped}
				/>
			)}
			<p class="k-hint">{AFTER[kind]}</p>
			<div class="k-buttons">
				<Button kind="main" type="submit" busy={action.busy}>
					{field.code && !isCode ? 'Send code' : 'Change'}
				</Button>
				<Button kind="quiet" onClick={goBack}>
					Cancel
				</Button>
			</div>
		</Form>
	);
}
