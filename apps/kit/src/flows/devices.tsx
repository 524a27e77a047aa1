// SPDX-License-Identifier: Apache-2.0
// The devices of the account: since when, what they are called, ended; and what has happened to their list that
// its person may not have done, until it was seen.

import { useState } from 'preact/hooks';
import type { Device, DeviceChange } from '@undercroft/sdk';
import { deviceName, fingerprint } from '../devices.ts';
import { showDate, showWhole } from '../format.ts';
import { LIMITS } from '../model.ts';
import { openPanel } from '../route.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Field, Form } from '../ui/field.tsx';
import { Icon } from '../ui/icons.tsx';
import { Fault, Warning } from '../ui/said.tsx';
import { Name } from '../ui/text.tsx';

const CHANGED = 'Something has happened to the list of your devices.';

/** Wherever its person may be looking: until they have seen what it was. */
export function DeviceAlarm() {
	if (useModel().deviceChanges.value.length === 0) return null;
	return (
		<div class="k-device-alarm" role="alert">
			<button type="button" class="k-reminder" onClick={() => openPanel('devices')}>
				<Icon name="alert" />
				<span>{CHANGED} Look at it.</span>
			</button>
		</div>
	);
}

/** Beside what leads to the list. */
export function DevicesChanged() {
	if (useModel().deviceChanges.value.length === 0) return null;
	return <Warning alert>{CHANGED}</Warning>;
}

export function Devices() {
	const model = useModel();
	return (
		<div class="k-requests">
			<Changes />
			<section aria-labelledby="k-devices">
				<h3 id="k-devices" tabIndex={-1}>
					Your devices
				</h3>
				<p class="k-hint">All of these read and write as you, and each can end the others.</p>
				<ul class="k-list">
					{model.devices.value.map((d) => (
						<DeviceRow key={d.deviceKey} device={d} />
					))}
				</ul>
				<div class="k-buttons">
					<Button icon="plus" onClick={() => openPanel('add-device')}>
						Add a device
					</Button>
				</div>
			</section>
			<p class="k-hint">
				Is there one that you do not know? End it. If you have lost a device, or do not trust what
				stands here, take your account up again with your recovery words: all earlier devices end
				then.
			</p>
		</div>
	);
}

/** One thing that has happened, as a sentence. */
function sentence(devices: Device[], c: DeviceChange, app: string): string {
	if (c.kind === 'two lists')
		return `${app} has shown another list of your devices than this browser had seen. Compare it with what your other devices show.`;
	const isThis = devices.some((d) => d.isThis && d.deviceKey === c.by);
	const by =
		c.by === null ? 'your recovery words' : isThis ? 'this browser' : deviceName(devices, c.by);
	const name = deviceName(devices, c.deviceKey);
	if (c.kind === 'hidden')
		return `${name}, which was added by ${by}, stands in your conversations as you, and ${app} does not list it here.`;
	return `${name} was ${c.kind} by ${by}.`;
}

function Changes() {
	const model = useModel();
	const action = useAction();
	const changes = model.deviceChanges.value;
	if (changes.length === 0) return null;
	async function seen() {
		// What has come since these were drawn was not seen.
		const { number } = changes[changes.length - 1]!;
		const isDone = await action.run('other', () =>
			model.perform((c) => c.deviceChangesSeen(number)),
		);
		if (isDone) document.getElementById('k-devices')?.focus();
	}
	return (
		<div class="k-warning" role="alert">
			<Icon name="alert" />
			<div>
				<p>
					<strong>{CHANGED}</strong>
				</p>
				<ul class="k-plain-list">
					{changes.map((c) => (
						<li key={c.number}>
							{showWhole(c.timeMs)}: <bdi>{sentence(model.devices.value, c, model.self.title)}</bdi>
						</li>
					))}
				</ul>
				<p>Was that you? If not, end what you do not know.</p>
				<Fault of={action.error} />
				<Button busy={action.busy} onClick={() => void seen()}>
					I have seen this
				</Button>
			</div>
		</div>
	);
}

function DeviceRow({ device }: { device: Device }) {
	const model = useModel();
	const [doing, setDoing] = useState<'name' | 'end' | null>(null);
	const label = deviceName(model.devices.value, device.deviceKey);
	return (
		<li class="k-device">
			<div class="k-row">
				<span class="k-row-icon">
					<Icon name="device" />
				</span>
				<div class="k-row-text">
					<p class="k-row-name">
						<span class="k-row-who">
							{device.name ? (
								<Name of={device.name} />
							) : device.isThis ? (
								'This browser'
							) : (
								'Another device'
							)}
						</span>
					</p>
					<p class="k-row-line">
						{device.name && device.isThis ? 'This browser, since ' : 'Since '}
						{showDate(device.addedMs)}
					</p>
					<p class="k-row-line">
						<code class="k-fingerprint">{fingerprint(device.deviceKey)}</code>
					</p>
				</div>
				<div class="k-row-end">
					<Button
						kind="quiet"
						aria-label={`Name: ${label}`}
						aria-expanded={doing === 'name'}
						onClick={() => setDoing(doing === 'name' ? null : 'name')}
					>
						Name
					</Button>
					{!device.isThis && (
						<Button
							kind="quiet"
							aria-label={`End: ${label}`}
							aria-expanded={doing === 'end'}
							onClick={() => setDoing(doing === 'end' ? null : 'end')}
						>
							End
						</Button>
					)}
				</div>
			</div>
			{doing === 'name' && <NameIt device={device} onDone={() => setDoing(null)} />}
			{doing === 'end' && <EndIt device={device} onDone={() => setDoing(null)} />}
		</li>
	);
}

function NameIt({ device, onDone }: { device: Device; onDone(): void }) {
	const model = useModel();
	const [name, setName] = useState(device.name);
	const action = useAction();
	async function submit() {
		const isDone = await action.run('device', () =>
			model.perform((c) => c.nameDevice(device.deviceKey, name.trim())),
		);
		if (isDone) onDone();
	}
	return (
		<Form label="What it is called" action={action} onSubmit={submit} send="Save" onBack={onDone}>
			<Field
				label="What do you call it?"
				autocapitalize="sentences"
				enterKeyHint="done"
				maxLength={LIMITS.name}
				hint="In this browser alone."
				focus
				value={name}
				onValue={setName}
			/>
		</Form>
	);
}

/** Asks before it is done. */
function EndIt({ device, onDone }: { device: Device; onDone(): void }) {
	const model = useModel();
	const action = useAction();
	async function end() {
		const isDone = await action.run('device', () =>
			model.perform((c) => c.endDevice(device.deviceKey)),
		);
		if (isDone) document.getElementById('k-devices')?.focus();
	}
	return (
		<Confirm
			label="End this device?"
			yes="End it"
			onYes={end}
			no="Keep it"
			onNo={onDone}
			action={action}
		>
			<p>
				It is signed out at once and gets nothing more; what it has stored stays on it. Links that
				you have made for others to ask by are void.
			</p>
		</Confirm>
	);
}
