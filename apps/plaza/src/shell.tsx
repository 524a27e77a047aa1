// SPDX-License-Identifier: Apache-2.0
// The frame: a bar at the top, below it the groups and people, the conversation, who is here; on
// phones one of them at a time.

import {
	Avatar,
	Button,
	classes,
	clean,
	ConnectionNotice,
	IconButton,
	Name,
	openPanel,
	useModel,
} from '@undercroft/kit';
import { Here } from './here.tsx';
import { Home } from './home.tsx';
import { List } from './list.tsx';
import { RoomPage } from './room.tsx';
import { Mark } from './square.tsx';

export function Shell() {
	const model = useModel();
	const room = model.room.value;
	return (
		<div class={classes('plaza', room && 'plaza-inside')}>
			<Bar />
			<div class="plaza-notice">
				<ConnectionNotice />
			</div>
			<List />
			<main class="plaza-main">{room ? <RoomPage room={room} /> : <Home />}</main>
			{room && <Here key={room.id} room={room} />}
		</div>
	);
}

function Bar() {
	const model = useModel();
	const account = model.account.value;
	const waiting = model.waitingRequests.value.length;
	const isConnected = model.network.value === 'fine';
	return (
		<header class="plaza-bar">
			<p class="plaza-brand">
				<Mark />
				<span>Plaza</span>
			</p>
			<div class="plaza-bar-actions">
				<Button class="plaza-requests" icon="inbox" onClick={() => openPanel('requests')}>
					Requests
					{waiting > 0 && (
						<span class="k-count">
							{waiting}
							<span class="k-hidden"> waiting</span>
						</span>
					)}
				</Button>
				<Button kind="main" icon="people" onClick={() => openPanel('new-group')}>
					New group
				</Button>
			</div>
			{account && (
				<div class="plaza-me">
					<span class={classes('plaza-me-picture', !isConnected && 'plaza-away')}>
						<Avatar seed={account.accountKey} />
					</span>
					<p class="plaza-me-text">
						<strong>
							<Name of={account.profileName} />
						</strong>
						{account.identifier && <bdi class="plaza-me-address">{clean(account.identifier)}</bdi>}
					</p>
				</div>
			)}
			<IconButton
				icon="settings"
				label="Settings"
				class="plaza-settings"
				onClick={() => openPanel('settings')}
			/>
		</header>
	);
}
