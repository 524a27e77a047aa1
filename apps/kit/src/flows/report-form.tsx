// SPDX-License-Identifier: Apache-2.0
// What all reports have: why, to whom, a note, what is sent; and what came of it.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Report as Sent, Reported } from '@undercroft/sdk';
import type { Doing } from '../errors.ts';
import { list } from '../format.ts';
import { goBack } from '../route.ts';
import { useAction, useModel } from '../ui/context.ts';
import { Form, Options, TextArea } from '../ui/field.tsx';
import { Fault, Good } from '../ui/said.tsx';

const NOTE_BYTES = 1024;

const WHY: { value: Sent['why']; label: string }[] = [
	{ value: 'spam', label: 'Spam or fraud' },
	{ value: 'harassment', label: 'Insults or harassment' },
	{ value: 'threat', label: 'A threat' },
	{ value: 'child', label: 'Harm to a child' },
	{ value: 'other', label: 'Something else' },
];

export type Choice = Omit<Sent, 'messages'>;

export function ReportForm({
	app,
	place,
	what,
	rest,
	mark,
	doing,
	children,
	faulty,
	send,
}: {
	/** the app that can be told, too; '' or one's own where there is no other */
	app: string;
	/** what that app is */
	place: string;
	/** what goes */
	what: ComponentChildren;
	/** what does not; the sentence about who learns what follows */
	rest: ComponentChildren;
	/** what one's own app keeps of who reports, where it takes the report */
	mark: string;
	doing: Doing;
	/** before all others */
	children?: ComponentChildren;
	/** is there something wrong with that? */
	faulty?(): boolean;
	send(choice: Choice): Promise<void>;
}) {
	const model = useModel();
	const [why, setWhy] = useState<Sent['why'] | null>(null);
	const [to, setTo] = useState<Sent['to']>('app');
	const [note, setNote] = useState('');
	const [wrong, setWrong] = useState<{ why?: string; note?: string }>({});
	const action = useAction();
	const isOwn = app === '' || model.isOwnApp(app);
	const own = model.self.title;
	const other = model.appTitle(app);

	async function submit() {
		const found: typeof wrong = {};
		if (!why) found.why = 'Say why.';
		if (new TextEncoder().encode(note.trim()).length > NOTE_BYTES)
			found.note = 'This is too long. Make it shorter.';
		setWrong(found);
		if (faulty?.() || found.note || !why) return;
		await action.run(doing, () =>
			send({
				to: isOwn ? 'app' : to,
				why,
				...(note.trim() === '' ? {} : { note: note.trim() }),
			}),
		);
	}

	return (
		<Form
			label="Report"
			action={action}
			onSubmit={submit}
			send="Send report"
			kind="danger"
			onBack={goBack}
		>
			{children}
			<Options<Sent['why'] | ''>
				label="Why?"
				value={why ?? ''}
				onValue={(w) => {
					if (w) setWhy(w);
					setWrong({});
				}}
				options={WHY}
			/>
			<Fault of={wrong.why} />
			{!isOwn && (
				<Options<Sent['to']>
					label="Who is to read it?"
					value={to}
					onValue={setTo}
					options={[
						{ value: 'app', label: `The moderators of ${own}, your app` },
						{ value: 'hub', label: `The moderators of ${other}, ${place}` },
						{ value: 'both', label: 'Both' },
					]}
				/>
			)}
			<TextArea
				label="Note"
				rows={2}
				value={note}
				onValue={setNote}
				error={wrong.note}
				hint="Only if there is something more to say."
			/>
			<section class="k-report-sent" aria-labelledby="k-report-sent">
				<h3 id="k-report-sent">What is sent</h3>
				<ul class="k-plain-list">
					<li>{what}</li>
					<li>the reason, and your note if there is one</li>
					<li>to {isOwn || to === 'app' ? own : to === 'hub' ? other : `${own} and ${other}`}</li>
				</ul>
				<p class="k-hint">
					{rest} {!isOwn && to !== 'app' && `${other} is not told who reports. `}
					{to === 'hub' && !isOwn ? `${own} passes it on and keeps nothing.` : mark}
				</p>
			</section>
		</Form>
	);
}

/** Who has it, and whether they know that it is true. */
export function Taken({ done, app }: { done: Reported; app: string }) {
	const model = useModel();
	const own = model.self.title;
	const other = model.appTitle(app);
	const who = list([...(done.app ? [own] : []), ...(done.hub && other !== own ? [other] : [])]);
	return (
		<Good>
			{done.verdict === 'unconfirmed'
				? `Your report was sent to ${who}. ${other} does not answer, or takes no more just now, so nobody could confirm yet that it was sent like this.`
				: `Your report was sent to ${who}. The moderators know that it was sent like this.`}
		</Good>
	);
}
