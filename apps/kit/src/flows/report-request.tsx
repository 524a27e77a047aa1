// SPDX-License-Identifier: Apache-2.0
// Reporting a request to moderators: the one thing that comes of somebody to whom nothing was agreed.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ContactRequest, Id, Reported } from '@undercroft/sdk';
import { goBack } from '../route.ts';
import { Button } from '../ui/button.tsx';
import { useModel } from '../ui/context.ts';
import { AppBadge } from '../ui/list.tsx';
import { Lines, Name } from '../ui/text.tsx';
import { ReportForm, Taken } from './report-form.tsx';
import { useAnswer } from './requests.tsx';

export function ReportRequest({ id }: { id: Id }) {
	const model = useModel();
	const [done, setDone] = useState<Reported | null>(null);
	const request = model.requests.value.find(
		(r) => r.id === id && r.incoming && r.state !== 'waiting',
	);
	if (!request)
		return model.isReady.value ? <p class="k-empty">This request is not here any more.</p> : null;
	if (done) return <Outcome request={request} done={done} />;
	const name = <Name of={request.name} />;
	const app = model.appTitle(request.app);
	const isOwn = model.isOwnApp(request.app);
	return (
		<ReportForm
			app={request.app}
			place="which it came from"
			what={
				<>
					the name {name}
					{request.text && ', the text'}, and the proof that they came with a request of an account
					on {app}
				</>
			}
			rest={
				<>
					To whom it came is not sent, and {name} is told nothing.
					{!isOwn && ` Whatever you choose, ${app} hears that a request of theirs is reported.`}
				</>
			}
			mark={`${model.self.title} keeps a mark of yours in the place of your name.`}
			doing="report-request"
			send={async (choice) => setDone(await model.reportRequest(request.id, choice))}
		>
			<blockquote class="k-reported-request">
				<p class="k-row-name">
					<span class="k-row-who">{name}</span>
					<AppBadge app={request.app} always />
				</p>
				{request.text && (
					<p class="k-request-note">
						<Lines of={request.text} />
					</p>
				)}
			</blockquote>
		</ReportForm>
	);
}

function Outcome({ request, done }: { request: ContactRequest; done: Reported }) {
	const { busy, answer } = useAnswer(request);
	const end = useRef<HTMLButtonElement>(null);
	useEffect(() => end.current?.focus(), []);
	const canDecline = request.state === 'open';
	const canBlock = (canDecline || request.state === 'declined') && !request.blocked;
	return (
		<div class="k-outcome">
			<Taken done={done} app={request.app} />
			{canDecline || canBlock ? (
				<ul class="k-actions">
					{canDecline && (
						<li>
							<Button
								kind="danger"
								icon="close"
								wide
								busy={busy === 'decline'}
								onClick={() => void answer('decline', () => end.current?.focus())}
							>
								Decline the request
							</Button>
							<p class="k-hint">They cannot write to you, and are not told.</p>
						</li>
					)}
					{canBlock && (
						<li>
							<Button
								kind="danger"
								icon="block"
								wide
								busy={busy === 'blockRequest'}
								onClick={() => void answer('blockRequest', () => end.current?.focus())}
							>
								Block
							</Button>
							<p class="k-hint">Nothing that they ask comes to you any more. They are not told.</p>
						</li>
					)}
				</ul>
			) : null}
			{request.state === 'declined' && (
				<p role="status">{request.blocked ? 'You have blocked them.' : 'You have declined it.'}</p>
			)}
			<div class="k-buttons">
				<Button kind="main" buttonRef={end} onClick={goBack}>
					Done
				</Button>
			</div>
		</div>
	);
}
