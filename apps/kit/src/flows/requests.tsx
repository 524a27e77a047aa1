// SPDX-License-Identifier: Apache-2.0
// Who asks to write to us, and whom we have asked.

import { useRef, useState } from 'preact/hooks';
import type { ContactRequest } from '@undercroft/sdk';
import { showWhen } from '../format.ts';
import { showName } from '../names.ts';
import { openPanel } from '../route.ts';
import { Button, LinkButton } from '../ui/button.tsx';
import { useModel } from '../ui/context.ts';
import { AppBadge, Row } from '../ui/list.tsx';
import { Avatar } from '../ui/avatar.tsx';
import { Lines, Name } from '../ui/text.tsx';

/** The whole of it: those that wait for our answer, those that we have sent. */
export function Requests() {
	const model = useModel();
	const incoming = model.waitingRequests.value;
	const accepted = model.acceptedRequests.value;
	const sent = model.sentRequests.value;
	return (
		<div class="k-requests">
			<section aria-labelledby="k-incoming">
				<h2 id="k-incoming" tabIndex={-1}>
					Waiting for your answer
				</h2>
				{accepted.length > 0 && (
					<ul class="k-list">
						{accepted.map((r) => (
							<AcceptedRequest key={r.id} request={r} />
						))}
					</ul>
				)}
				{incoming.length === 0 ? (
					<p class="k-empty">
						Nobody is waiting. Whoever wants to write to you has to ask first; it shows here.
					</p>
				) : (
					<ul class="k-list">
						{incoming.map((r) => (
							<IncomingRequest key={r.id} request={r} />
						))}
					</ul>
				)}
				<HeldRequests />
			</section>
			<section aria-labelledby="k-sent">
				<h2 id="k-sent" tabIndex={-1}>
					Sent by you
				</h2>
				{sent.length === 0 ? (
					<p class="k-empty">
						No request of yours is waiting.{' '}
						<LinkButton onClick={() => openPanel('find')}>Look for someone</LinkButton>
					</p>
				) : (
					<ul class="k-list">
						{sent.map((r) => (
							<SentRequest key={r.id} request={r} />
						))}
					</ul>
				)}
			</section>
			<DeclinedRequests />
		</div>
	);
}

type Answer = 'accept' | 'decline' | 'blockRequest';

/** One answer at a time: which is under way, and giving one. */
export function useAnswer(request: ContactRequest) {
	const model = useModel();
	const [busy, setBusy] = useState<Answer | null>(null);

	async function answer(what: Answer, then: () => void = () => undefined) {
		if (busy) return;
		setBusy(what);
		await model[what](request);
		setBusy(null);
		then();
	}
	return { busy, answer };
}

/** The head of those that wait has the focus when a request goes, and its buttons with it. */
function toHead(): void {
	document.getElementById('k-incoming')?.focus();
}

/** Accept, Decline, Block, Report. */
export function AnswerButtons({ request }: { request: ContactRequest }) {
	const answering = useAnswer(request);
	const { busy } = answering;
	const answer = (what: Answer) => answering.answer(what, toHead);

	return (
		<div class="k-buttons">
			<Button kind="main" busy={busy === 'accept'} onClick={() => void answer('accept')}>
				Accept
			</Button>
			<Button busy={busy === 'decline'} onClick={() => void answer('decline')}>
				Decline
			</Button>
			<Button
				kind="quiet"
				class="k-answer-report"
				busy={busy === 'blockRequest'}
				onClick={() => void answer('blockRequest')}
			>
				Block
			</Button>
			<ReportButton request={request} />
		</div>
	);
}

function ReportButton({ request }: { request: ContactRequest }) {
	return (
		<Button
			kind="quiet"
			class="k-answer-report"
			onClick={() => openPanel('report-request', request.id)}
		>
			Report
		</Button>
	);
}

/** Accepted by us, and they have not been there since. */
export function AcceptedRequest({ request }: { request: ContactRequest }) {
	return (
		<Row
			seed={request.id}
			name={<Name of={request.name} />}
			badge={<AppBadge app={request.app} always />}
			line="Accepted. The conversation opens when they are online."
		/>
	);
}

/** They can still be accepted. */
export function DeclinedRequests() {
	const model = useModel();
	const declined = model.declinedRequests.value;
	const head = useRef<HTMLElement>(null);
	if (declined.length === 0) return null;
	return (
		<details>
			<summary ref={head}>Declined by you ({declined.length})</summary>
			<ul class="k-list">
				{declined.map((r) => (
					<DeclinedRequest
						key={r.id}
						request={r}
						// The last one takes the list along.
						onGone={() => (declined.length > 1 ? head.current?.focus() : toHead())}
					/>
				))}
			</ul>
		</details>
	);
}

function DeclinedRequest({ request, onGone }: { request: ContactRequest; onGone(): void }) {
	const { busy, answer } = useAnswer(request);
	return (
		<Row
			seed={request.id}
			name={<Name of={request.name} />}
			badge={<AppBadge app={request.app} always />}
			line={showWhen(request.timeMs)}
			end={
				<span class="k-buttons">
					<Button busy={busy === 'accept'} onClick={() => void answer('accept', onGone)}>
						Accept
					</Button>
					<Button
						kind="quiet"
						busy={busy === 'blockRequest'}
						onClick={() => void answer('blockRequest', onGone)}
					>
						Block
					</Button>
					<ReportButton request={request} />
				</span>
			}
		/>
	);
}

export function IncomingRequest({ request }: { request: ContactRequest }) {
	return (
		<li class="k-request">
			<Avatar seed={request.id} size="l" />
			<div class="k-request-text">
				<p class="k-row-name">
					<span class="k-row-who">
						<Name of={request.name} />
					</span>
					<AppBadge app={request.app} always />
					<time class="k-room-when">{showWhen(request.timeMs)}</time>
				</p>
				{request.byInvitation && <p class="k-row-line">By a link that you made</p>}
				{request.text && (
					<p class="k-request-note">
						<Lines of={request.text} />
					</p>
				)}
				<AnswerButtons request={request} />
			</div>
		</li>
	);
}

const SENT: Record<ContactRequest['state'], string> = {
	open: 'Waiting for an answer',
	waiting: 'Waiting for your guardian',
	accepted: 'Accepted',
	declined: 'Could not be delivered, or refused',
	withdrawn: 'Taken back',
};

/** Nothing is shown of them before our guardian has agreed. */
export function HeldRequests() {
	const model = useModel();
	const held = model.requests.value.filter((r) => r.incoming && r.state === 'waiting');
	if (held.length === 0) return null;
	return (
		<ul class="k-list">
			{held.map((r) => (
				<Row
					key={r.id}
					seed={r.id}
					name="Somebody"
					badge={<AppBadge app={r.app} always />}
					line="Wants to write to you. Your guardian is asked."
					end={<time>{showWhen(r.timeMs)}</time>}
				/>
			))}
		</ul>
	);
}

export function SentRequest({ request }: { request: ContactRequest }) {
	const model = useModel();
	const [busy, setBusy] = useState(false);
	const waits = request.state === 'open' || request.state === 'waiting';

	async function takeBack() {
		setBusy(true);
		const done = await model.withdrawRequest(request);
		setBusy(false);
		// The row goes, and its button with it; in Lens what stands above the last of them, too.
		const above = document.getElementById('k-sent') ?? document.getElementById('k-incoming');
		if (done) above?.focus();
	}

	return (
		<Row
			seed={request.id}
			name={
				request.byInvitation ? (
					'Who gave you a link'
				) : (
					<bdi>{showName(model.namesOf(request.app), request.name)}</bdi>
				)
			}
			badge={<AppBadge app={request.app} always />}
			line={SENT[request.state]}
			end={
				<span class="k-buttons">
					<time>{showWhen(request.timeMs)}</time>
					{waits && (
						<Button kind="quiet" busy={busy} onClick={() => void takeBack()}>
							Take back
						</Button>
					)}
				</span>
			}
		/>
	);
}
