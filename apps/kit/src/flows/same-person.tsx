// SPDX-License-Identifier: Apache-2.0
// Other accounts of this person: linked by texts that they carry from one app to the other, shown to
// contacts, withdrawn.

import { useEffect, useState } from 'preact/hooks';
import type { Contact, Link, Linked } from '@undercroft/sdk';
import { count } from '../format.ts';
import { openPanel } from '../route.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useAction, useModel, type Action } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Checkbox, Form, TextArea } from '../ui/field.tsx';
import { AppBadge, Row } from '../ui/list.tsx';
import { Fault, Good } from '../ui/said.tsx';
import { Name } from '../ui/text.tsx';

const NAMES = {
	number: 'phone number',
	handle: 'handle',
	address: 'e-mail address',
} as const;

function stateOf(link: Link): string {
	if (link.state === 'signed') return 'Not finished: the other account has not signed yet';
	const who = link.state === 'linked' ? link.shown : link.waiting;
	if (link.state === 'withdrawn')
		return who
			? `Withdrawn, ${count(who, 'person is', 'people are')} still to be told`
			: 'Withdrawn';
	return who ? `Shown to ${count(who, 'person', 'people')}` : 'Shown to nobody yet';
}

/** What is to be carried to the other app, and what to do there. */
interface Carried {
	text: string;
	what: string;
}

function CarryCard({ carried, onDone }: { carried: Carried; onDone(): void }) {
	return (
		<div class="k-carry">
			<p role="status">{carried.what}</p>
			<TextArea
				label="Text for your other account"
				value={carried.text}
				onValue={() => undefined}
				readOnly
				rows={4}
				spellcheck={false}
			/>
			<div class="k-buttons">
				<CopyButton text={carried.text} main />
				<Button kind="quiet" onClick={onDone}>
					Go on
				</Button>
			</div>
		</div>
	);
}

/** Asks before it is done. */
function Withdraw({
	link,
	onCarry,
	onKeep,
}: {
	link: Link;
	onCarry(c: Carried): void;
	onKeep(): void;
}) {
	const model = useModel();
	const action = useAction();
	async function withdraw() {
		await action.run('link', async () => {
			const text = await model.perform((c) => c.withdrawLink(link.id));
			onCarry({
				text,
				what: 'Withdrawn. Whom you have shown it here is told. Take this text to your other account: it tells those whom you have shown it there.',
			});
		});
	}
	return (
		<Confirm
			label="Withdraw?"
			yes="Withdraw it"
			onYes={withdraw}
			no="Keep it"
			onNo={onKeep}
			action={action}
		>
			<p>
				Whom you have shown it forgets that <Name of={link.name} />{' '}
				<AppBadge app={link.app} always /> is your account. Who kept a proof of it, keeps it.
			</p>
		</Confirm>
	);
}

/** Is that the person's own account?  Nothing is signed before they say so. */
function Offer({
	offer,
	action,
	onYes,
	onNo,
}: {
	offer: Link;
	action: Action;
	onYes(): void;
	onNo(): void;
}) {
	return (
		<Confirm
			label="Is this your account?"
			yes="It is my account"
			onYes={onYes}
			no="No"
			onNo={onNo}
			action={action}
			kind="main"
		>
			<p>
				This says that <Name of={offer.name} /> <AppBadge app={offer.app} always /> and you are one
				person. Say yes only if that is your own account: whoever has it can show your contacts that
				they are you.
			</p>
		</Confirm>
	);
}

export function SamePerson() {
	const model = useModel();
	const [links, setLinks] = useState<Link[]>([]);
	const [text, setText] = useState('');
	const [tells, setTells] = useState(false);
	const [offer, setOffer] = useState<Link | null>(null);
	const [ending, setEnding] = useState<Link | null>(null);
	const [carried, setCarried] = useState<Carried | null>(null);
	const [isTaken, setTaken] = useState(false);
	const action = useAction();
	const account = model.account.value;
	const name = NAMES[account?.names ?? model.self.names];
	const withIdentifier = tells && !!account?.identifier;

	useEffect(() => {
		void model.look((c) => c.links()).then((l) => l && setLinks(l));
	}, [carried, isTaken]);

	function carry(next: Carried | null) {
		setText('');
		setOffer(null);
		setEnding(null);
		setCarried(next);
		setTaken(next === null);
	}
	async function begin() {
		await action.run('link', async () =>
			carry({
				text: await model.perform((c) => c.beginLink({ withIdentifier })),
				what: 'Take this text to your other account within ten minutes. What you are given there, bring back here.',
			}),
		);
	}
	async function accept() {
		await action.run('link', async () =>
			carry({
				text: await model.perform((c) => c.acceptLink(text.trim(), { withIdentifier })),
				what: 'Signed. Take this text back to the account that has offered, and bring here what you are given there.',
			}),
		);
	}
	async function submit() {
		await action.run('link', async () => {
			const said = await model.perform((c) => c.lookAtLink(text.trim()));
			if (said.state === 'offered') return setOffer(said);
			const next = await model.perform((c) => c.takeLink(text.trim()));
			carry(
				next === ''
					? null
					: {
							text: next,
							what: 'Linked. Take this text to your other account, too, so that it can be shown from there.',
						},
			);
		});
	}

	if (carried) return <CarryCard carried={carried} onDone={() => setCarried(null)} />;
	return (
		<div class="k-settings">
			<p class="k-hint">
				You can show people that another account of yours, on another app, is you, too. No app
				learns of it: you carry texts from one to the other, and choose whom you show it.
			</p>
			{links.length > 0 && (
				<ul class="k-list" aria-label="Your other accounts">
					{links.map((l) => (
						<Row
							key={l.id}
							seed={l.accountKey}
							name={<Name of={l.name} />}
							badge={<AppBadge app={l.app} always />}
							line={stateOf(l)}
							end={
								l.state !== 'withdrawn' && (
									<Button kind="quiet" onClick={() => setEnding(l)}>
										Withdraw
									</Button>
								)
							}
						/>
					))}
				</ul>
			)}
			{ending && <Withdraw link={ending} onCarry={carry} onKeep={() => setEnding(null)} />}
			{isTaken && (
				<Good>Taken. What is linked can be shown to people where their contact stands.</Good>
			)}
			{offer ? (
				<Offer
					offer={offer}
					action={action}
					onYes={() => void accept()}
					onNo={() => {
						setText('');
						setOffer(null);
						action.setError(null);
					}}
				/>
			) : (
				<Form
					label="Text from your other account"
					action={action}
					onSubmit={submit}
					send="Take it"
					more={
						<>
							<Button busy={action.busy} onClick={() => void begin()}>
								Begin with another account
							</Button>
						</>
					}
				>
					<TextArea
						label="Text from your other account"
						value={text}
						onValue={setText}
						rows={3}
						spellcheck={false}
						autocapitalize="none"
						autocomplete="off"
					/>
					{account?.identifier && (
						<Checkbox checked={tells} onChecked={setTells}>
							Whom I show it may see my {name} here
						</Checkbox>
					)}
				</Form>
			)}
		</div>
	);
}

/** What a contact has shown, and what they can be shown. */
export function ContactLinks({ contact }: { contact: Contact }) {
	const model = useModel();
	const [linked, setLinked] = useState<Linked[]>([]);
	const [own, setOwn] = useState<Link[]>([]);
	const [shown, setShown] = useState<string | null>(null);
	const action = useAction();
	const contacts = model.contacts.value;
	useEffect(() => {
		let isThere = true;
		void model
			.look((c) => Promise.all([c.contactLinks(contact.id), c.links()]))
			.then((found) => {
				if (!isThere || !found) return;
				setLinked(found[0]);
				setOwn(found[1]);
			});
		return () => void (isThere = false);
	}, [contacts, contact.id, shown]);
	const showable =
		contact.blocked || !contact.direct ? [] : own.filter((l) => l.state === 'linked');
	return (
		<>
			{linked.length > 0 && (
				<ul class="k-list" aria-label="The same person">
					{linked.map((l) => (
						<Row
							key={l.accountKey}
							seed={l.accountKey}
							name={<Name of={model.contact(l.contact)?.name ?? l.name} />}
							badge={<AppBadge app={l.app} always />}
							line={
								l.identifier ? (
									<bdi>{l.identifier}</bdi>
								) : l.contact ? (
									'The same person, and a contact of yours'
								) : (
									'The same person'
								)
							}
							end={
								l.contact && (
									<Button kind="quiet" onClick={() => openPanel('contact', l.contact)}>
										Contact
									</Button>
								)
							}
						/>
					))}
				</ul>
			)}
			{showable
				.filter((l) => l.accountKey !== contact.accountKey)
				.map((l) => (
					<div key={l.id}>
						<Button
							icon="people"
							wide
							busy={action.busy}
							onClick={() =>
								void action
									.run('link', () => model.perform((c) => c.showLink(l.id, contact.id)))
									.then((went) => went && setShown(l.id))
							}
						>
							Show that I am <Name of={l.name} /> on {model.appTitle(l.app)}, too
						</Button>
						{shown === l.id && (
							<p class="k-hint" role="status">
								They are told.
							</p>
						)}
					</div>
				))}
			<Fault of={action.error} />
		</>
	);
}
