// SPDX-License-Identifier: Apache-2.0
// What the app tells without being asked: quietly, and to screen readers as well.

import { useEffect } from 'preact/hooks';
import { DeviceAlarm } from '../flows/devices.tsx';
import { GuardianReminder } from '../flows/guardians.tsx';
import { openPanel } from '../route.ts';
import { IconButton } from './button.tsx';
import { useModel } from './context.ts';
import { Icon } from './icons.tsx';
import { TroubleText } from './said.tsx';

/** Only when an interruption lasts: nothing is lost by it. */
export function ConnectionNotice() {
	const model = useModel();
	const isWaiting = model.network.value === 'waiting';
	return (
		<div class="k-connection" role="status">
			{isWaiting && (
				<p>
					<Icon name="cloudOff" />
					<span>Waiting for network. What you write is sent when it is back.</span>
				</p>
			)}
		</div>
	);
}

/** What went wrong last; goes by itself after a while, but for what must have been seen. */
export function Problem() {
	const model = useModel();
	const trouble = model.problem.value;
	useEffect(() => {
		if (trouble === null || trouble.stays) return;
		const timer = setTimeout(() => (model.problem.value = null), 12_000);
		return () => clearTimeout(timer);
	}, [trouble]);
	return (
		<div class="k-problem-around" role="alert">
			{trouble !== null && (
				<div class="k-problem">
					<Icon name="alert" />
					<p>
						<TroubleText of={trouble} />
					</p>
					<IconButton icon="close" label="Dismiss" onClick={() => (model.problem.value = null)} />
				</div>
			)}
		</div>
	);
}

/** For screen readers alone. */
export function Announcer() {
	return (
		<div class="k-hidden" role="status" aria-live="polite">
			{useModel().announcement.value}
		</div>
	);
}

/** All that people are to be reminded of. */
export function Reminders() {
	return (
		<>
			<DeviceAlarm />
			<ReachReminder />
			<GuardianReminder />
			<WordsReminder />
		</>
	);
}

/** The app has shown other settings than those this device signed. */
function ReachReminder() {
	const model = useModel();
	if (!model.settings.value?.appShowedOthers) return null;
	return (
		<button type="button" class="k-reminder" onClick={() => openPanel('reach')}>
			<Icon name="alert" />
			<span>{model.self.title} has shown other settings of who can reach you than yours.</span>
		</button>
	);
}

/** As long as the recovery words are not confirmed. */
function WordsReminder() {
	const model = useModel();
	const account = model.account.value;
	if (!account || account.state !== 'account' || account.recoveryConfirmed) return null;
	return (
		<button type="button" class="k-reminder" onClick={() => openPanel('words')}>
			<Icon name="key" />
			<span>Write down your recovery words. Without them a lost browser is a lost account.</span>
		</button>
	);
}
