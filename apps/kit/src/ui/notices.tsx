// SPDX-License-Identifier: Apache-2.0
// What the app tells without being asked: quietly, and to screen readers as well.

import { useEffect } from 'preact/hooks';
import { GuardianReminder } from '../flows/guardians.tsx';
import { openPanel } from '../route.ts';
import { IconButton } from './button.tsx';
import { useModel } from './context.ts';
import { Icon } from './icons.tsx';

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

/** What went wrong last; goes by itself after a while. */
export function Problem() {
	const model = useModel();
	const text = model.problem.value;
	useEffect(() => {
		if (text === null) return;
		const timer = setTimeout(() => (model.problem.value = null), 12_000);
		return () => clearTimeout(timer);
	}, [text]);
	return (
		<div class="k-problem-around" role="alert">
			{text !== null && (
				<div class="k-problem">
					<Icon name="alert" />
					<p>{text}</p>
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
