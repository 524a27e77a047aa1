// SPDX-License-Identifier: Apache-2.0
// Which of one's numbers belong to people of this app who want to be found, and whether one is found.

import { useRef, useState } from 'preact/hooks';
import type { SoughtNumber } from '@undercroft/sdk';
import { showName } from '../names.ts';
import { FILE_BYTES, lookFor, NUMBERS_MAX, readNumbers } from '../numbers.ts';
import { whenSeen } from '../reach.ts';
import { openPanel } from '../route.ts';
import { Button, LinkButton } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Checkbox, Form, TextArea } from '../ui/field.tsx';
import { Row } from '../ui/list.tsx';
import { Good, TroubleText } from '../ui/said.tsx';

export function Numbers() {
	return (
		<div class="k-requests">
			<Findable />
			<Look />
			<Found />
		</div>
	);
}

/** Our own side of it. */
function Findable() {
	const model = useModel();
	const action = useAction();
	/** while the app is told */
	const [wanted, setWanted] = useState<boolean | null>(null);
	const settings = model.settings.value;
	if (!settings) return null;
	const { title } = model.self;
	async function set(is: boolean) {
		setWanted(is);
		await action.run('findable', () =>
			model.perform((c) => whenSeen(c, () => c.setFindable(is))).finally(() => setWanted(null)),
		);
	}
	const may = settings.age === 'adult' && settings.ask === 'anybody' && settings.findByName;
	return (
		<section aria-labelledby="k-findable">
			<h2 id="k-findable">Being found</h2>
			<Checkbox
				checked={wanted ?? (settings.findByNumber && may)}
				onChecked={(is) => void set(is)}
				error={action.error}
			>
				Who has my number can find me
			</Checkbox>
			<p class="k-hint">
				Whoever has your number can then learn that you are on {title}, and ask to write to you.
				Nothing else is shown, and you are not told who looks. It takes a day at most, either way.
			</p>
			{!may && (
				<p class="k-hint">
					This is for those who have said to be 18 or older, can be asked by everybody, and found by
					their exact number.{' '}
					<LinkButton onClick={() => openPanel('reach')}>Who can reach you</LinkButton>
				</p>
			)}
		</section>
	);
}

/** Numbers, pasted or from a file. */
function Look() {
	const model = useModel();
	const action = useAction();
	const file = useRef<HTMLInputElement>(null);
	const [typed, setTyped] = useState('');
	const [wrong, setWrong] = useState<string | null>(null);
	const [said, setSaid] = useState<string | null>(null);
	const { title } = model.self;

	async function look(text: string) {
		const { numbers, leftOut } = readNumbers(text);
		setSaid(null);
		if (numbers.length === 0)
			return setWrong('There is no number with its country code in it, such as +49 30 1234567.');
		if (numbers.length > NUMBERS_MAX) return setWrong('That is more than 10,000 numbers.');
		setWrong(null);
		let isAll = true;
		const looks = async () => {
			isAll = await model.perform((c) => lookFor(c, numbers));
		};
		if (!(await action.run('numbers', looks))) return;
		setTyped('');
		setSaid(
			[
				isAll
					? 'All of them were looked for.'
					: 'Not all could be looked for today. The rest follows by itself in the coming days.',
				leftOut > 0 && `${leftOut} left out: no number with its country code.`,
			]
				.filter(Boolean)
				.join(' '),
		);
	}

	async function read(input: HTMLInputElement) {
		const chosen = input.files?.[0];
		input.value = '';
		if (!chosen) return;
		if (chosen.size > FILE_BYTES) return setWrong('This file is too large.');
		await look(await chosen.text());
	}

	return (
		<section aria-labelledby="k-look">
			<h2 id="k-look">Looking for your contacts</h2>
			<Form
				label="Look for numbers"
				action={action}
				onSubmit={() => void look(typed)}
				send="Look for them"
				more={
					<>
						<Button busy={action.busy} onClick={() => file.current?.click()}>
							From a file
						</Button>
						<input
							ref={file}
							type="file"
							hidden
							accept=".vcf,.txt,.csv,text/vcard,text/plain,text/csv"
							aria-label="File of contacts"
							onChange={(e) => void read(e.currentTarget)}
						/>
					</>
				}
			>
				<TextArea
					label="Phone numbers"
					rows={3}
					autocomplete="off"
					spellcheck={false}
					value={typed}
					onValue={(t) => {
						setTyped(t);
						setWrong(null);
					}}
					error={wrong}
					hint={`One on each line. ${title} does not learn them, nor which are found: it sees how many you look for, 1,000 at first and 45 more a day. They are kept encrypted in this browser, and looked for again each day.`}
				/>
				{said && <Good>{said}</Good>}
			</Form>
		</section>
	);
}

/** Those that were found, and how many were not. */
function Found() {
	const model = useModel();
	const all = model.numbers.value;
	if (all.length === 0) return null;
	const found = all
		.filter((n) => n.state === 'found')
		.sort((a, b) => (a.number < b.number ? -1 : 1));
	const waiting = all.filter((n) => n.state === 'waiting').length;
	return (
		<section aria-labelledby="k-found">
			<h2 id="k-found" tabIndex={-1}>
				Found
			</h2>
			<p role="status">
				{found.length} of {all.length} can be found
				{waiting > 0 && `; ${waiting} are still to be looked for`}.
			</p>
			<ul class="k-list">
				{found.map((n) => (
					<FoundNumber key={n.number} of={n} />
				))}
			</ul>
			<div class="k-buttons">
				<Button
					kind="quiet"
					onClick={() => void model.attempt('numbers', (c) => c.forgetNumbers())}
				>
					Forget these numbers
				</Button>
			</div>
		</section>
	);
}

function FoundNumber({ of }: { of: SoughtNumber }) {
	const model = useModel();
	const action = useAction();
	const isAsked = model.requests.value.some(
		(r) =>
			!r.incoming &&
			r.state !== 'withdrawn' &&
			model.isOwnApp(r.app) &&
			r.name.replace(/[^\d+]/g, '') === of.number,
	);
	return (
		<Row
			seed={of.number}
			name={<bdi>{showName('number', of.number)}</bdi>}
			line={action.error ? <TroubleText of={action.error} /> : isAsked && 'You have asked them.'}
			end={
				isAsked ? null : (
					<Button
						busy={action.busy}
						aria-label={`Ask ${showName('number', of.number)}`}
						onClick={() =>
							void action.run('ask', () => model.ask(model.domain.peek(), of.number, ''))
						}
					>
						Ask
					</Button>
				)
			}
		/>
	);
}
