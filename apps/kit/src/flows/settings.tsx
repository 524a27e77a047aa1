// SPDX-License-Identifier: Apache-2.0
// The account on this device: profile, words, devices, looks, and the ways out.

import { useEffect, useState } from 'preact/hooks';
import { NAME_FIELD, showName } from '../names.ts';
import { goBack, openPanel } from '../route.ts';
import { setTheme, theme, type Theme } from '../theme.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Checkbox, Choice } from '../ui/field.tsx';
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
					<li>
						<Button icon="key" wide onClick={() => openPanel('words')}>
							Recovery words
						</Button>
						<p class="k-hint">You have not confirmed yet that you wrote them down.</p>
					</li>
				)}
				<li>
					<Button icon="people" wide onClick={() => openPanel('people')}>
						People you know
					</Button>
				</li>
				<li>
					<Button icon="shield" wide onClick={() => openPanel('reach')}>
						Who can reach you
					</Button>
					<ReachAlarm />
				</li>
				<li>
					<Button icon="shield" wide onClick={() => openPanel('guardians')}>
						Guardians
					</Button>
				</li>
				<li>
					<Button icon="link" wide onClick={() => openPanel('invite')}>
						Invite people
					</Button>
				</li>
				{kind === 'number' && (
					<li>
						<Button icon="find" wide onClick={() => openPanel('numbers')}>
							Find contacts by number
						</Button>
					</li>
				)}
				<li>
					<Button icon="person" wide onClick={() => openPanel('same-person')}>
						My other accounts
					</Button>
				</li>
				<li>
					<Button icon="device" wide onClick={() => openPanel('devices')}>
						My devices
					</Button>
					<DevicesChanged />
				</li>
				<li>
					<Button icon="down" wide onClick={() => openPanel('export')}>
						Take my data along
					</Button>
				</li>
				<li>
					<Button icon="edit" wide onClick={() => openPanel('profile')}>
						My profile
					</Button>
				</li>
				<li>
					<Button icon="edit" wide onClick={() => openPanel('change-name')}>
						{CHANGE[kind]}
					</Button>
				</li>
				<li>
					<Button kind="danger" icon="exit" wide onClick={() => openPanel('erase')}>
						Sign out and erase this browser
					</Button>
				</li>
				<li>
					<Button kind="danger" icon="trash" wide onClick={() => openPanel('delete-account')}>
						Delete my account
					</Button>
				</li>
			</ul>
		</div>
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

export function Erase() {
	const model = useModel();
	const [isSure, setSure] = useState(false);
	const [isMissing, setMissing] = useState(false);
	const action = useAction();
	const isConfirmed = model.account.value?.recoveryConfirmed ?? true;
	async function erase() {
		if (!isSure) return setMissing(true);
		await action.run('other', () => model.erase());
	}
	return (
		<div class="k-ending">
			<p>
				All messages, contacts and keys in this browser are erased and cannot be brought back. Your
				account stays: it goes on on your other devices, and can be taken up again with its 24
				recovery words.
			</p>
			{!isConfirmed && (
				<Warning>
					You have not written your recovery words down yet.{' '}
					<button type="button" class="k-link" onClick={() => openPanel('words')}>
						Show them
					</button>
				</Warning>
			)}
			<Checkbox
				checked={isSure}
				onChecked={(is) => {
					setSure(is);
					setMissing(false);
				}}
				error={isMissing && !isSure ? 'Tick this if you are sure.' : null}
			>
				I have my recovery words, or do not need this account any more
			</Checkbox>
			<Fault of={action.error} />
			<div class="k-buttons">
				<Button kind="danger" busy={action.busy} onClick={() => void erase()}>
					Erase
				</Button>
				<Button kind="quiet" onClick={goBack}>
					Cancel
				</Button>
			</div>
		</div>
	);
}

export function DeleteAccount() {
	const model = useModel();
	const [isSure, setSure] = useState(false);
	const [isMissing, setMissing] = useState(false);
	const action = useAction();
	async function remove() {
		if (!isSure) return setMissing(true);
		await action.run('delete', async () => {
			await model.deleteAccount();
			await model.erase();
		});
	}
	return (
		<div class="k-ending">
			<p>
				Your other devices are signed out and you leave all conversations, then your account is
				deleted at {model.self.title} and this browser is erased. Nobody can bring it back, not even
				with the recovery words. What you have written stays with those who have received it.
			</p>
			<Checkbox
				checked={isSure}
				onChecked={(is) => {
					setSure(is);
					setMissing(false);
				}}
				error={isMissing && !isSure ? 'Tick this if you are sure.' : null}
			>
				Delete my account for good
			</Checkbox>
			{action.busy && <p role="status">Leaving your conversations. This can take a minute.</p>}
			<Fault of={action.error} />
			<div class="k-buttons">
				<Button kind="danger" busy={action.busy} onClick={() => void remove()}>
					Delete account
				</Button>
				<Button kind="quiet" onClick={goBack}>
					Cancel
				</Button>
			</div>
		</div>
	);
}
