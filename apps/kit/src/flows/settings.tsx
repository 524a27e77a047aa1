// SPDX-License-Identifier: Apache-2.0
// The account on this device: profile, words, devices, looks, and the ways out.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Doing } from '../errors.ts';
import { NAME_FIELD, showName } from '../names.ts';
import { goBack, openPanel, PANELS, type Panel } from '../route.ts';
import { setTheme, theme, type Theme } from '../theme.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Act, Button, LinkButton, type ActProps } from '../ui/button.tsx';
import { Sure, useSure } from '../ui/confirm.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Choice } from '../ui/field.tsx';
import { Fault, Warning } from '../ui/said.tsx';
import { Name } from '../ui/text.tsx';
import { WordsCard } from '../ui/words.tsx';
import { CHANGE } from './change.tsx';
import { DevicesChanged } from './devices.tsx';
import { NotIntroduced } from './introduce.tsx';
import { ReachAlarm } from './reach.tsx';

export function Settings() {
	const model = useModel();
	const account = model.account.value;
	if (!account) return null;
	const kind = account.names ?? model.self.names;
	return (
		<div class="k-settings">
			<div class="k-info-head">
				<Avatar seed={account.accountKey} size="xl" />
				<p class="k-info-name">
					<Name of={account.profileName} />
				</p>
				<p class="k-hint">
					{account.identifier ? (
						<>
							<span class="k-hidden">{NAME_FIELD[kind].label}: </span>
							<bdi>{showName(kind, account.identifier)}</bdi> on {model.self.title}
						</>
					) : (
						`On ${model.self.title}`
					)}
				</p>
			</div>
			<Choice<Theme>
				label="Appearance"
				value={theme.value}
				onValue={setTheme}
				options={[
					{ value: 'auto', label: 'As the device' },
					{ value: 'light', label: 'Light' },
					{ value: 'dark', label: 'Dark' },
				]}
			/>
			<NotIntroduced />
			<ul class="k-actions">
				{!account.recoveryConfirmed && account.state === 'account' && (
					<Go
						to="words"
						icon="key"
						label="Recovery words"
						hint="You have not confirmed yet that you wrote them down."
					/>
				)}
				<Go to="people" icon="people" />
				<Go to="reach" icon="shield" more={<ReachAlarm />} />
				<Go to="guardians" icon="shield" />
				<Go to="invite" icon="link" />
				{kind === 'number' && <Go to="numbers" icon="find" />}
				<Go to="same-person" icon="person" />
				<Go to="devices" icon="device" more={<DevicesChanged />} />
				<Go to="export" icon="down" />
				<Go to="profile" icon="edit" />
				<Go to="change-name" icon="edit" label={CHANGE[kind]} />
				<Go to="erase" icon="exit" kind="danger" />
				<Go to="delete-account" icon="trash" kind="danger" />
			</ul>
		</div>
	);
}

/** What the settings lead to. */
function Go({ to, label = PANELS[to], ...rest }: ActProps & { to: Panel; label?: string }) {
	return (
		<Act {...rest} onClick={() => openPanel(to)}>
			{label}
		</Act>
	);
}

/** The words again, until they are confirmed; fetched when shown, forgotten when closed. */
export function Words({ onDone }: { onDone(): void }) {
	const model = useModel();
	const [words, setWords] = useState<string | null>(null);
	const action = useAction();
	useEffect(() => {
		let isThere = true;
		void action.run('other', async () => {
			const w = await model.recoveryWords();
			if (isThere) setWords(w);
		});
		return () => {
			isThere = false;
			setWords(null);
		};
	}, []);
	if (action.error)
		return model.account.value?.recoveryConfirmed ? (
			<p>You have confirmed that you wrote them down. They are not kept here any more.</p>
		) : (
			<Fault of={action.error} />
		);
	if (!words) return null;
	return (
		<WordsCard
			words={words}
			onConfirm={() => model.recoveryConfirmed()}
			onDone={onDone}
			onLater={onDone}
		/>
	);
}

/** Asked for by a tick, and not taken back any more. */
function Ending({
	doing,
	end,
	label,
	tick,
	meanwhile,
	children,
}: {
	doing: Doing;
	end(): Promise<void>;
	label: string;
	tick: string;
	/** while it lasts */
	meanwhile?: string;
	children: ComponentChildren;
}) {
	const sure = useSure();
	const action = useAction();
	return (
		<div class="k-ending">
			{children}
			<Sure of={sure}>{tick}</Sure>
			{action.busy && meanwhile && <p role="status">{meanwhile}</p>}
			<Fault of={action.error} />
			<div class="k-buttons">
				<Button
					kind="danger"
					busy={action.busy}
					onClick={() => sure.ask() && void action.run(doing, end)}
				>
					{label}
				</Button>
				<Button kind="quiet" onClick={goBack}>
					Cancel
				</Button>
			</div>
		</div>
	);
}

export function Erase() {
	const model = useModel();
	const isConfirmed = model.account.value?.recoveryConfirmed ?? true;
	return (
		<Ending
			doing="other"
			end={() => model.erase()}
			label="Erase"
			tick="I have my recovery words, or do not need this account any more"
		>
			<p>
				All messages, contacts and keys in this browser are erased and cannot be brought back. Your
				account stays: it goes on on your other devices, and can be taken up again with its 24
				recovery words.
			</p>
			{!isConfirmed && (
				<Warning>
					You have not written your recovery words down yet.{' '}
					<LinkButton onClick={() => openPanel('words')}>Show them</LinkButton>
				</Warning>
			)}
		</Ending>
	);
}

export function DeleteAccount() {
	const model = useModel();
	return (
		<Ending
			doing="delete"
			end={() => model.deleteAccount().then(() => model.erase())}
			label="Delete account"
			tick="Delete my account for good"
			meanwhile="Leaving your conversations. This can take a minute."
		>
			<p>
				Your other devices are signed out and you leave all conversations, then your account is
				deleted at {model.self.title} and this browser is erased. Nobody can bring it back, not even
				with the recovery words. What you have written stays with those who have received it.
			</p>
		</Ending>
	);
}
