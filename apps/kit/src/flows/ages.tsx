// SPDX-License-Identifier: Apache-2.0
// The age that counts, where it is not only said, and having it vouched for by a service.

import { useEffect, useState } from 'preact/hooks';
import type { AgeKnown } from '@undercroft/sdk';
import { AGE_LABEL, plainStatement, readAge } from '../reach.ts';
import { useAction, useModel } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Field, Form, TextArea } from '../ui/field.tsx';
import { QrCode } from '../ui/qr.tsx';
import { Good } from '../ui/said.tsx';

/** How old the app takes the person to be, as it says now; null until it has. */
export function useAgeKnown(): AgeKnown | null {
	const model = useModel();
	const [known, setKnown] = useState<AgeKnown | null>(null);
	const settings = model.settings.value;
	const connection = model.connection.value;
	useEffect(() => {
		let isThere = true;
		void model.look(readAge).then((k) => isThere && setKnown(k ?? null));
		return () => void (isThere = false);
	}, [settings, connection]);
	return known;
}

/** Where the app does not go by what is said. */
export function AgeThatCounts({ known }: { known: AgeKnown | null }) {
	const { title } = useModel().self;
	if (!known || known.by === 'nobody') return null;
	return (
		<p>
			{known.by === 'app' ? `${title} has checked` : `A service that ${title} believes has said`}{' '}
			how old you are: <strong>{AGE_LABEL[known.age]}</strong>. {title} goes by that, whatever you
			say here; your own devices go by what you say, and up to that age you can say to be older.
		</p>
	);
}

export function Vouching() {
	const model = useModel();
	const { title } = model.self;
	const [service, setService] = useState('');
	const [request, setRequest] = useState('');
	const [statement, setStatement] = useState('');
	const [isTaken, setTaken] = useState(false);
	const asking = useAction();
	const action = useAction();

	async function ask() {
		setRequest('');
		await asking.run('age-ask', async () => {
			const name = service.trim().toLowerCase();
			setRequest(await model.perform((c) => c.requestAge(name)));
		});
	}
	async function present() {
		setTaken(false);
		if (await action.run('age', () => model.presentAge(plainStatement(statement)))) {
			setStatement('');
			setRequest('');
			setTaken(true);
		}
	}

	return (
		<section aria-labelledby="k-ages">
			<h3 id="k-ages">Age that a service vouches for</h3>
			<p class="k-hint">
				A service that {title} believes, such as a school, can say how old you are; the people who
				run {title} tell you which. Take it a text, which tells it neither who you are nor which app
				this is, and bring back what it makes of that.
			</p>
			<Form
				label="Make a text for the service"
				action={asking}
				onSubmit={ask}
				send="Make the text"
				kind="plain"
			>
				<Field
					label="Name of the service"
					placeholder="school.example"
					autocapitalize="none"
					spellcheck={false}
					value={service}
					onValue={setService}
				/>
			</Form>
			{request && (
				<div class="k-carry">
					<TextArea
						label="Text for the service"
						value={request}
						onValue={() => undefined}
						readOnly
						spellcheck={false}
						hint="What is made of it is handed in here, in this browser."
						focus
					/>
					<QrCode text={request} label="QR code of the text" />
					<div class="k-buttons">
						<CopyButton text={request} />
					</div>
				</div>
			)}
			<Form
				label="What the service gave you"
				action={action}
				onSubmit={present}
				send="Hand it in"
				kind="plain"
			>
				<TextArea
					label="What the service gave you"
					value={statement}
					onValue={setStatement}
					spellcheck={false}
					autocapitalize="none"
					autocomplete="off"
					hint={`${title} keeps the age, the day, and a mark in the place of the service's name. It stays until a service or the people who run ${title} say otherwise.`}
				/>
				{isTaken && <Good>Taken. What counts now stands above.</Good>}
			</Form>
		</section>
	);
}
