// SPDX-License-Identifier: Apache-2.0
// The requests folder: who asks to write, kept apart from the conversations until it is answered.

import type { ContactRequest } from '@undercroft/sdk';
import {
	AcceptedRequest,
	AnswerButtons,
	AppBadge,
	ConnectionNotice,
	count,
	DeclinedRequests,
	HeldRequests,
	Lines,
	Name,
	Picture,
	SentRequest,
	showWhen,
	useModel,
} from '@undercroft/kit';
import { tint } from './tint.ts';

export function Folder() {
	const model = useModel();
	const incoming = model.waitingRequests.value;
	const accepted = model.acceptedRequests.value;
	const sent = model.sentRequests.value;
	return (
		<div class="lens-gallery">
			<ConnectionNotice />
			<div class="lens-top">
				<h1>Requests</h1>
			</div>
			<section class="lens-folder" aria-labelledby="k-incoming">
				<h2 id="k-incoming" tabIndex={-1}>
					{incoming.length > 0
						? `${count(incoming.length, 'person', 'people')} would like to write to you`
						: 'Nobody is waiting'}
				</h2>
				<p class="k-hint">
					{incoming.length > 0
						? 'They cannot write more until you accept, and are not told when you decline.'
						: 'Whoever wants to write to you for the first time has to ask, and waits here.'}
				</p>
				{incoming.length > 0 && (
					<ul class="lens-requests">
						{incoming.map((r) => (
							<Request key={r.id} request={r} />
						))}
					</ul>
				)}
				<HeldRequests />
				{accepted.length > 0 && (
					<ul class="lens-sent">
						{accepted.map((r) => (
							<AcceptedRequest key={r.id} request={r} />
						))}
					</ul>
				)}
			</section>
			{sent.length > 0 && (
				<section class="lens-folder" aria-labelledby="lens-sent">
					<h2 id="lens-sent">Sent by you</h2>
					<ul class="lens-sent">
						{sent.map((r) => (
							<SentRequest key={r.id} request={r} />
						))}
					</ul>
				</section>
			)}
			{model.declinedRequests.value.length > 0 && (
				<section class="lens-folder">
					<DeclinedRequests />
				</section>
			)}
		</div>
	);
}

function Request({ request }: { request: ContactRequest }) {
	return (
		<li class="lens-request" style={tint(request.id)}>
			<span class="lens-art">
				<Picture seed={request.id} columns={4} rows={2} />
			</span>
			<div class="lens-request-text">
				<p class="lens-request-who">
					<strong>
						<Name of={request.name} />
					</strong>
					<AppBadge app={request.app} always />
					<time>{showWhen(request.timeMs)}</time>
				</p>
				{request.text && (
					<blockquote class="lens-request-note">
						<Lines of={request.text} />
					</blockquote>
				)}
				<AnswerButtons request={request} />
			</div>
		</li>
	);
}
