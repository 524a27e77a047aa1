// SPDX-License-Identifier: Apache-2.0
// The square itself, when no conversation is open.

import { useState } from 'preact/hooks';
import { Button, clean, count, openPanel, useModel } from '@undercroft/kit';
import { Square } from './square.tsx';

export function Home() {
	const model = useModel();
	const account = model.account.value;
	const waiting = model.waitingRequests.value.length;
	const [isCopied, setCopied] = useState(false);
	const name = clean(account?.profileName ?? '', 30);
	const address = account?.identifier ?? '';
	// By an e-mail address nobody is found who has not said so.
	const isFound = model.settings.value?.said === true && model.settings.value.findByName;
	return (
		<div class="plaza-home">
			<h1 class="k-hidden">Plaza</h1>
			<div class="plaza-home-text">
				<p class="plaza-home-hello">
					{greeting()}
					{name && (
						<>
							, <bdi>{name}</bdi>
						</>
					)}
				</p>
				<p class="plaza-home-line">
					{model.rooms.value.length > 0
						? 'Choose a group or a person, or bring some of them together in a new group.'
						: 'The square is still quiet. Find the first person, then bring some together in a group.'}
				</p>
				<div class="plaza-home-cards">
					{waiting > 0 && (
						<div class="plaza-card">
							<p>
								<strong>{count(waiting, 'person wants', 'people want')} to write to you</strong>
							</p>
							<Button kind="main" onClick={() => openPanel('requests')}>
								See who it is
							</Button>
						</div>
					)}
					{address && !isFound && (
						<div class="plaza-card">
							<p>
								<span>Nobody finds you by your e-mail address</span>
								<strong>
									<bdi>{clean(address)}</bdi>
								</strong>
							</p>
							<Button icon="shield" onClick={() => openPanel('reach')}>
								Choose who can reach you
							</Button>
						</div>
					)}
					{address && isFound && (
						<div class="plaza-card">
							<p>
								<span>From any app, people find you on Plaza as</span>
								<strong>
									<bdi>{clean(address)}</bdi>
								</strong>
							</p>
							<Button
								icon={isCopied ? 'check' : 'copy'}
								onClick={() =>
									void navigator.clipboard?.writeText(address).then(
										() => setCopied(true),
										() => undefined,
									)
								}
							>
								{isCopied ? 'Copied' : 'Copy my address'}
							</Button>
						</div>
					)}
				</div>
			</div>
			<Square />
		</div>
	);
}

function greeting(): string {
	const hour = new Date().getHours();
	return hour < 5 || hour >= 18 ? 'Good evening' : hour < 12 ? 'Good morning' : 'Good afternoon';
}
