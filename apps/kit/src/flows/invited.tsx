// SPDX-License-Identifier: Apache-2.0
// Asking by a link of somebody's: opened in this browser, pasted, or scanned.

import { useEffect, useRef, useState } from 'preact/hooks';
import { appOf, asBrought, asShown, LINK } from '../links.ts';
import { Brought } from '../ui/brought.tsx';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Form } from '../ui/field.tsx';
import { AppBadge } from '../ui/list.tsx';
import { NoteField, noteLeft } from '../ui/note.tsx';
import { Fault, Good } from '../ui/said.tsx';

const NO_LINK = 'This is no link of an invitation, or not the whole of it. Copy it once more.';

export function AskByLink({
	opened,
	onDone,
}: {
	/** what stood in the address */
	opened?: string | undefined;
	onDone(): void;
}) {
	const model = useModel();
	const [typed, setTyped] = useState('');
	const [note, setNote] = useState('');
	const [wrong, setWrong] = useState<string | null>(null);
	const [sentTo, setSentTo] = useState<string | null>(null);
	const action = useAction();
	const done = useRef<HTMLButtonElement>(null);
	useEffect(() => {
		if (sentTo !== null) done.current?.focus();
	}, [sentTo]);
	const link = opened ? `https://${model.domain.value}${LINK}${opened}` : asBrought(typed);

	async function submit() {
		setWrong(null);
		if (noteLeft(note) < 0) return;
		let app: string | null = null;
		const asked = await action.run('invited', async () => {
			app = (await model.look((c) => appOf(c, link))) ?? null;
			if (app === null) setWrong(NO_LINK);
			else await model.askByLink(link, note.trim());
		});
		if (asked && app !== null) setSentTo(app);
	}

	if (sentTo !== null) {
		return (
			<div class="k-outcome">
				<Good>Your request to somebody on {model.appTitle(sentTo)} was sent.</Good>
				<p>
					When it is accepted, your conversation opens. You are not told when it is declined, or
					when the link does not hold any more.
				</p>
				<div class="k-buttons">
					<Button kind="main" buttonRef={done} onClick={onDone}>
						Done
					</Button>
				</div>
			</div>
		);
	}

	return (
		<Form label="Ask by a link" action={action} onSubmit={submit} send="Send request">
			{opened ? (
				<>
					<p>
						Somebody <AppBadge app={model.domain.value} always /> invites you to write to them. You
						see who it is when they have accepted.
					</p>
					<Fault of={wrong} />
				</>
			) : (
				<Brought
					label="Link"
					hint="As you were given it, from whatever app it is."
					place={LINK}
					value={typed}
					onValue={(t) => {
						setTyped(t);
						setWrong(null);
					}}
					error={wrong}
				/>
			)}
			<NoteField value={note} onValue={setNote} />
			{opened && (
				<>
					<p class="k-hint">
						You use another app? Copy the link, and bring it there: Find someone, then By a link.
					</p>
					<div class="k-buttons">
						<CopyButton text={asShown(link, model.domain.value, location.origin)} />
					</div>
				</>
			)}
		</Form>
	);
}
