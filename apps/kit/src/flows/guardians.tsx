// SPDX-License-Identifier: Apache-2.0
// Guardians: who agrees to our new contacts and groups, and to whose we agree.

import { useState } from 'preact/hooks';
import type { Contact, Ward, WardAsk } from '@undercroft/sdk';
import { showWhen } from '../format.ts';
import { showName } from '../names.ts';
import { isYoung } from '../reach.ts';
import { openPanel } from '../route.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Icon } from '../ui/icons.tsx';
import { AppBadge, Row } from '../ui/list.tsx';
import { Fault, TroubleText, Warning } from '../ui/said.tsx';
import { Lines, Name } from '../ui/text.tsx';
import { clean } from '../text.ts';

export function Guardians() {
	const model = useModel();
	const young = isYoung(model.settings.value?.age ?? 'unknown');
	const guardian = model.guardian.value;
	const wards = model.wards.value;
	return (
		<div class="k-requests">
			<p class="k-hint">
				Somebody below 16 can choose a guardian among the people they know. The guardian then agrees
				to each new contact and each group. They see who it is, and no message. No app learns who is
				whose guardian.
			</p>
			{(young || (guardian && guardian.state !== 'none')) && <Own />}
			<section aria-labelledby="k-wards">
				<h3 id="k-wards" tabIndex={-1}>
					Whom you look after
				</h3>
				{wards.length === 0 && (
					<p class="k-empty">Nobody. When somebody chooses you for a guardian, it shows here.</p>
				)}
				{wards.map((w) => (
					<WardCard key={w.contact} ward={w} />
				))}
			</section>
		</div>
	);
}

/** Who agrees to ours. */
function Own() {
	const model = useModel();
	const guardian = model.guardian.value;
	const contact = model.contact(guardian?.contact ?? null);
	const who = contact ? <Name of={contact.name} /> : 'Somebody whom this browser does not know';
	return (
		<section aria-labelledby="k-guardian">
			<h3 id="k-guardian">Your guardian</h3>
			{guardian?.state === 'named' && (
				<p role="status">
					{who} agrees to your new contacts and groups. Only they can end it.
					{!guardian.isContact && ' Until you are in contact again, nobody can be asked.'}
				</p>
			)}
			{guardian?.state === 'offered' && (
				<p role="status">You have asked: {who}. It holds once they have accepted.</p>
			)}
			{guardian?.state !== 'named' && <Choose asked={guardian?.contact ?? null} />}
		</section>
	);
}

function Choose({ asked }: { asked: string | null }) {
	const model = useModel();
	const people = model.contacts.value.filter((c) => c.direct && !c.blocked && c.id !== asked);
	if (people.length === 0)
		return (
			<p class="k-empty">
				{asked ? 'You can ask nobody else.' : 'Write with them first: only a contact can be it.'}
			</p>
		);
	return (
		<ul class="k-list" aria-label="Who can be asked">
			{people.map((c) => (
				<Candidate key={c.id} contact={c} />
			))}
		</ul>
	);
}

function Candidate({ contact }: { contact: Contact }) {
	const model = useModel();
	const action = useAction();
	return (
		<Row
			seed={contact.accountKey}
			name={<Name of={contact.name} />}
			badge={<AppBadge app={contact.app} />}
			line={action.error && <TroubleText of={action.error} />}
			end={
				<Button
					busy={action.busy}
					aria-label={`Ask ${clean(contact.name, 40)} to be your guardian`}
					onClick={() =>
						void action.run('guardian', () => model.perform((c) => c.offerGuardian(contact.id)))
					}
				>
					Ask
				</Button>
			}
		/>
	);
}

function WardCard({ ward }: { ward: Ward }) {
	const model = useModel();
	const [isEnding, setEnding] = useState(false);
	const action = useAction();
	const contact = model.contact(ward.contact);
	const name = <Name of={contact?.name ?? 'Somebody'} />;
	const asks = model.wardAsks.value.filter((a) => a.contact === ward.contact);
	async function answer(accept: boolean) {
		const isDone = await action.run('guardian', () =>
			model.perform((c) => c.acceptWard(ward.contact, accept)),
		);
		if (isDone) document.getElementById('k-wards')?.focus();
	}
	return (
		<div class="k-ward" role="group" aria-label={clean(contact?.name ?? 'Somebody', 40)}>
			<p>
				{ward.accepted ? (
					<>You are the guardian of {name}.</>
				) : (
					<>
						{name} {contact && <AppBadge app={contact.app} always />} wants you for a guardian. You
						would agree to their new contacts and groups, until you end it. Accept only if you know
						that it is them, and that they are a child of yours.
					</>
				)}
			</p>
			{ward.accepted && asks.length === 0 && <p class="k-hint">Nothing waits for your word.</p>}
			{asks.length > 0 && (
				<ul class="k-list">
					{asks.map((a) => (
						<Ask key={a.id} ask={a} />
					))}
				</ul>
			)}
			{isEnding && (
				<Warning>
					What waits is refused then, and they are brought into no groups. They can choose a
					guardian again.
				</Warning>
			)}
			<Fault of={action.error} />
			<div class="k-buttons">
				{!ward.accepted && (
					<>
						<Button kind="main" busy={action.busy} onClick={() => void answer(true)}>
							Accept
						</Button>
						<Button busy={action.busy} onClick={() => void answer(false)}>
							Decline
						</Button>
					</>
				)}
				{ward.accepted && !isEnding && (
					<Button kind="quiet" onClick={() => setEnding(true)}>
						End it
					</Button>
				)}
				{ward.accepted && isEnding && (
					<>
						<Button kind="danger" busy={action.busy} onClick={() => void answer(false)}>
							End it for good
						</Button>
						<Button kind="quiet" onClick={() => setEnding(false)}>
							Keep it
						</Button>
					</>
				)}
			</div>
		</div>
	);
}

const SAYS: Record<WardAsk['kind'], string> = {
	letter: 'wants to write to them',
	own: 'is whom they want to write to',
	group: 'is a group that they were brought into',
};

function Ask({ ask }: { ask: WardAsk }) {
	const model = useModel();
	const [busy, setBusy] = useState<'agree' | 'refuse' | null>(null);
	async function answer(what: 'agree' | 'refuse') {
		if (busy) return;
		setBusy(what);
		await model.attempt('guardian', (c) => c.answerWard(ask.id, what === 'agree'));
		setBusy(null);
		document.getElementById('k-wards')?.focus();
	}
	return (
		<li class="k-request">
			<div class="k-request-text">
				<p class="k-row-name">
					<span class="k-row-who">
						{ask.kind === 'own' && ask.name === '' ? (
							'Who gave them a link'
						) : ask.kind === 'own' ? (
							<bdi>{showName(model.namesOf(ask.app), ask.name)}</bdi>
						) : (
							<Name of={ask.name} />
						)}
					</span>
					<AppBadge app={ask.app} always />
					<time class="k-room-when">{showWhen(ask.timeMs)}</time>
				</p>
				<p class="k-row-line">{SAYS[ask.kind]}</p>
				{ask.text && (
					<p class="k-request-note">
						<Lines of={ask.text} />
					</p>
				)}
				<div class="k-buttons">
					<Button kind="main" busy={busy === 'agree'} onClick={() => void answer('agree')}>
						Agree
					</Button>
					<Button busy={busy === 'refuse'} onClick={() => void answer('refuse')}>
						Refuse
					</Button>
				</div>
			</div>
		</li>
	);
}

/** Somebody whom we look after waits for us. */
export function GuardianReminder() {
	const model = useModel();
	const asks = model.wardAsks.value.length;
	const offers = model.wards.value.filter((w) => !w.accepted).length;
	if (asks + offers === 0) return null;
	return (
		<button type="button" class="k-reminder" onClick={() => openPanel('guardians')}>
			<Icon name="shield" />
			<span>
				{asks > 0
					? 'Somebody whom you look after waits for your word.'
					: 'Somebody wants you for a guardian.'}
			</span>
		</button>
	);
}
