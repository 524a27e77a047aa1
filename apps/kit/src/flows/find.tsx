// SPDX-License-Identifier: Apache-2.0
// Finding somebody on any of the apps, and asking to write to them.

import { useEffect, useRef, useState } from 'preact/hooks';
import { mistake, normalise, showName } from '../names.ts';
import { openPanel } from '../route.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Choice, Field, Form } from '../ui/field.tsx';
import { NameField } from '../ui/name-field.tsx';
import { NoteField, noteLeft } from '../ui/note.tsx';
import { Good } from '../ui/said.tsx';

export function Find({ onDone }: { onDone(): void }) {
	const model = useModel();
	const apps = model.apps.value;
	const [app, setApp] = useState(model.domain.value);
	const [typed, setTyped] = useState('');
	const [note, setNote] = useState('');
	/** null: no field for it */
	const [code, setCode] = useState<string | null>(null);
	const [wrong, setWrong] = useState<string | null>(null);
	const [sentTo, setSentTo] = useState<string | null>(null);
	const action = useAction();
	const done = useRef<HTMLButtonElement>(null);
	useEffect(() => {
		if (sentTo !== null) done.current?.focus();
	}, [sentTo]);

	const kind = model.namesOf(app) ?? model.self.names;
	const identifier = normalise(kind, typed);

	async function submit() {
		const error = mistake(kind, identifier);
		setWrong(error);
		if (error || noteLeft(note) < 0) return;
		if (
			await action.run('ask', () =>
				model.ask(app, identifier, note.trim(), code?.trim() || undefined),
			)
		)
			setSentTo(showName(kind, identifier));
	}

	if (sentTo !== null) {
		return (
			<div class="k-outcome">
				<Good>
					Your request to <bdi>{sentTo}</bdi> on {model.appTitle(app)} was sent.
				</Good>
				{model.guardian.value?.state === 'named' && <p>It goes out when your guardian agrees.</p>}
				<p>When it is accepted, your conversation opens. You are not told when it is declined.</p>
				<div class="k-buttons">
					<Button kind="main" buttonRef={done} onClick={onDone}>
						Done
					</Button>
					<Button
						kind="quiet"
						onClick={() => {
							setSentTo(null);
							setTyped('');
							setNote('');
							setCode(null);
						}}
					>
						Find another person
					</Button>
				</div>
			</div>
		);
	}

	return (
		<Form
			label="Find someone"
			action={action}
			onSubmit={submit}
			send="Send request"
			more={
				<>
					{code === null && (
						<Button kind="quiet" icon="key" onClick={() => setCode('')}>
							With a contact code
						</Button>
					)}
					<Button kind="quiet" icon="link" onClick={() => openPanel('by-link')}>
						By a link
					</Button>
				</>
			}
		>
			<Choice
				label="App"
				value={app}
				onValue={(a) => {
					setApp(a);
					setTyped('');
					setWrong(null);
					action.setError(null);
				}}
				options={apps.map((a) => ({ value: a.domain, label: model.appTitle(a.domain) }))}
			/>
			<NameField
				kind={kind}
				others
				error={wrong}
				value={typed}
				onValue={(t) => {
					setTyped(t);
					setWrong(null);
				}}
			/>
			{code !== null && (
				<Field
					label="Contact code"
					value={code}
					onValue={setCode}
					maxLength={16}
					spellcheck={false}
					autocapitalize="none"
					hint="Eight letters and digits that they have told you."
					focus
				/>
			)}
			<NoteField value={note} onValue={setNote} />
		</Form>
	);
}
