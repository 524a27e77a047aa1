// SPDX-License-Identifier: Apache-2.0
// Letting a further device into the account, by the code that it shows: entered, scanned, or opened as a
// link. Nothing is done before its person has said that the device is theirs.

import { useState } from 'preact/hooks';
import { fingerprint } from '../devices.ts';
import { asBrought, DEVICE } from '../links.ts';
import { LIMITS } from '../model.ts';
import { whenSeen } from '../reach.ts';
import { Brought } from '../ui/brought.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useAction, useModel, type Action } from '../ui/context.ts';
import { Field, Form } from '../ui/field.tsx';
import { Good } from '../ui/said.tsx';

export function AddDevice({
	opened,
	onDone,
}: {
	/** what stood in the address */
	opened?: string | null;
	onDone(): void;
}) {
	const model = useModel();
	const [typed, setTyped] = useState('');
	const [wrong, setWrong] = useState<string | null>(null);
	/** of the device that shows it: the start of its key */
	const [key, setKey] = useState<string | null>(null);
	const [isAdded, setAdded] = useState(false);
	const action = useAction();
	const code = opened
		? `https://${model.domain.value}${DEVICE}${opened}`
		: asBrought(typed, DEVICE);

	async function look() {
		if (code === '') return setWrong('Enter the code that the new device shows.');
		await action.run('device', async () =>
			setKey(await model.perform((c) => whenSeen(c, () => c.lookAtDevice(code)))),
		);
	}
	async function add() {
		const isDone = await action.run('device', () => model.perform((c) => c.addDevice(code)));
		if (isDone) setAdded(true);
	}

	if (key !== null && isAdded) return <Added deviceKey={key} onDone={onDone} />;
	if (key !== null)
		return (
			<IsItYours
				deviceKey={key}
				action={action}
				onYes={() => void add()}
				onNo={() => {
					setKey(null);
					setAdded(false);
					setTyped('');
					action.setError(null);
					if (opened) onDone();
				}}
			/>
		);
	return (
		<Form label="Add a device" action={action} onSubmit={look} send="Look for it">
			{opened ? (
				<p>
					This is the code of a device that wants to come into your account. Go on only if you have
					opened it yourself, from a device of yours.
				</p>
			) : (
				<>
					<p class="k-hint">
						On the new device, open {model.self.title} and choose &ldquo;I have it on another
						device&rdquo;. Bring here the code that it shows.
					</p>
					<Brought
						label="Code of the new device"
						place={DEVICE}
						value={typed}
						onValue={(t) => {
							setTyped(t);
							setWrong(null);
						}}
						error={wrong}
					/>
				</>
			)}
		</Form>
	);
}

function IsItYours({
	deviceKey,
	action,
	onYes,
	onNo,
}: {
	deviceKey: string;
	action: Action;
	onYes(): void;
	onNo(): void;
}) {
	return (
		<Confirm
			label="Is this your device?"
			yes="It is my device"
			onYes={onYes}
			no="No"
			onNo={onNo}
			action={action}
		>
			<p>
				<strong>Say yes only if the device that shows this code is in your own hands.</strong>
			</p>
			<p>
				Device <code class="k-fingerprint">{fingerprint(deviceKey)}</code> will read and write all
				that you do, see everybody you know, and can end this browser. If somebody has sent you the
				code, or asks you for this, say no: they would have your account.
			</p>
		</Confirm>
	);
}

function Added({ deviceKey, onDone }: { deviceKey: string; onDone(): void }) {
	const model = useModel();
	const [name, setName] = useState('');
	const action = useAction();
	async function submit() {
		const isDone = await action.run('device', () =>
			model.perform(async (c) => {
				const added = (await c.devices()).find((d) => d.deviceKey.startsWith(deviceKey));
				if (added && name.trim()) await c.nameDevice(added.deviceKey, name.trim());
			}),
		);
		if (isDone) onDone();
	}
	return (
		<Form label="What it is called" action={action} onSubmit={submit} send="Done">
			<Good>It is one of your devices now. What was said before is not on it.</Good>
			<Field
				label="What do you call it?"
				autocapitalize="sentences"
				enterKeyHint="done"
				maxLength={LIMITS.name}
				hint="In this browser alone; it may stay empty."
				focus
				value={name}
				onValue={setName}
			/>
		</Form>
	);
}
