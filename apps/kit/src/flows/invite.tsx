// SPDX-License-Identifier: Apache-2.0
// Links by which others may ask: made, shown as text and as a picture to be scanned, ended.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Invitation } from '@undercroft/sdk';
import { count, showWhole } from '../format.ts';
import { asShown } from '../links.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { CopyButton } from '../ui/copy.tsx';
import { Choice, Form, Select, TextArea } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { QrCode } from '../ui/qr.tsx';
import { TroubleText } from '../ui/said.tsx';

const DAYS = [
	{ value: '1', label: 'A day' },
	{ value: '7', label: 'A week' },
	{ value: '30', label: '30 days' },
	{ value: '90', label: '90 days' },
];

export function Invite() {
	const model = useModel();
	const [shown, setShown] = useState<string | null>(null);
	const [all, setAll] = useState<Invitation[]>([]);
	const [changed, setChanged] = useState(0);
	const requests = model.requests.value;
	useEffect(() => {
		let isThere = true;
		void model.look((c) => c.invitations()).then((found) => isThere && found && setAll(found));
		return () => void (isThere = false);
	}, [changed, requests]);
	if (shown !== null) return <Shown link={shown} onDone={() => setShown(null)} />;
	return (
		<div class="k-requests">
			<MakeLink
				onMade={(link) => {
					setShown(link);
					setChanged(changed + 1);
				}}
			/>
			{all.length > 0 && (
				<section aria-labelledby="k-invitations">
					<h3 id="k-invitations" tabIndex={-1}>
						Your links
					</h3>
					<ul class="k-list">
						{all.map((i) => (
							<OpenLink
								key={i.id}
								invitation={i}
								onShow={() => setShown(i.link)}
								onEnded={() => setChanged(changed + 1)}
							/>
						))}
					</ul>
				</section>
			)}
		</div>
	);
}

function MakeLink({ onMade }: { onMade(link: string): void }) {
	const model = useModel();
	const action = useAction();
	const [who, setWho] = useState<'once' | 'many'>('once');
	const [days, setDays] = useState('7');
	const { title } = model.self;
	async function submit() {
		await action.run('invite', async () =>
			onMade(await model.perform((c) => c.invite({ days: Number(days), once: who === 'once' }))),
		);
	}
	return (
		<Form label="Invite people" action={action} onSubmit={submit} send="Make a link">
			<p class="k-hint">
				Whoever has the link can ask to write to you, from any of the apps; you still decide. It
				does not show your name, nor how you are found on {title}.
			</p>
			<Choice<'once' | 'many'>
				label="Who may ask by it?"
				value={who}
				onValue={setWho}
				options={[
					{ value: 'once', label: 'One person' },
					{ value: 'many', label: 'Everybody who has it' },
				]}
			/>
			<Select label="For how long?" value={days} onValue={setDays} options={DAYS} />
		</Form>
	);
}

/** One of them, to be handed on. */
function Shown({ link, onDone }: { link: string; onDone(): void }) {
	const model = useModel();
	const text = asShown(link, model.domain.value, location.origin);
	const copy = useRef<HTMLDivElement>(null);
	useEffect(() => copy.current?.querySelector('button')?.focus(), []);
	return (
		<div class="k-carry">
			<p role="status">
				Give this to whom you want to hear from: let them scan the code, or send them the link.
			</p>
			<QrCode text={text} label="QR code of the link" />
			<TextArea
				label="Link"
				value={text}
				onValue={() => undefined}
				readOnly
				rows={4}
				spellcheck={false}
			/>
			<div class="k-buttons" ref={copy}>
				<CopyButton text={text} main />
				<Button kind="quiet" onClick={onDone}>
					Done
				</Button>
			</div>
		</div>
	);
}

function OpenLink({
	invitation,
	onShow,
	onEnded,
}: {
	invitation: Invitation;
	onShow(): void;
	onEnded(): void;
}) {
	const model = useModel();
	const action = useAction();
	const { once, used, asked, expiresMs } = invitation;
	async function end() {
		if (!(await action.run('other', () => model.perform((c) => c.endInvitation(invitation.id)))))
			return;
		onEnded();
		document.getElementById('k-invitations')?.focus();
	}
	return (
		<li class="k-row">
			<span class="k-row-icon">
				<Icon name="link" />
			</span>
			<div class="k-row-text">
				<p class="k-row-name">
					{once ? 'For one person' : 'For everybody who has it'}, until {showWhole(expiresMs)}
				</p>
				<p class="k-row-line">
					{action.error ? (
						<TroubleText of={action.error} />
					) : used ? (
						'Used: nobody else can ask by it'
					) : asked > 0 ? (
						`${count(asked, 'person has', 'people have')} asked by it`
					) : (
						'Nobody has asked by it yet'
					)}
				</p>
			</div>
			<div class="k-row-end">
				{!used && (
					<Button kind="quiet" onClick={onShow}>
						Show
					</Button>
				)}
				<Button kind="quiet" busy={action.busy} onClick={() => void end()}>
					End
				</Button>
			</div>
		</li>
	);
}
