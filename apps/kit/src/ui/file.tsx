// SPDX-License-Identifier: Apache-2.0
// The file of a message: what it is called, how large it is, how far it has come, and saving it.
// It is never drawn: it is somebody's file.

import type { Message } from '@undercroft/sdk';
import { showBytes } from '../format.ts';
import type { Model } from '../model.ts';
import { clean } from '../text.ts';
import { Icon } from './icons.tsx';
import { Fault } from './said.tsx';

/** A name is never cut: what it ends in says what it is. */
const WHOLE = 255;

export function FileLine({ name, bytes, busy }: { name: string; bytes: number; busy?: boolean }) {
	return (
		<>
			<span class="k-file-mark">
				<Icon name="file" />
			</span>
			<p class="k-file-text">
				<bdi class="k-file-name">{clean(name, WHOLE)}</bdi>{' '}
				<span class="k-file-size">{busy ? 'Being encrypted\u2026' : showBytes(bytes)}</span>
			</p>
		</>
	);
}

export function FileCard({
	message: m,
	model,
	tabIndex,
}: {
	message: Message;
	model: Model;
	tabIndex: number;
}) {
	const { name, bytes } = m.file!;
	const transfer = model.files.of(m);
	const isGoing = m.own && m.state === 'queued';
	const isMoving = isGoing || transfer?.is === 'moving';
	const why = transfer?.is === 'failed' ? transfer.why : null;
	const label = isMoving ? 'Stop' : why ? 'Try again' : 'Save';
	function press() {
		if (isGoing) void model.sending.deleteMessage(m);
		else if (isMoving) void model.files.stop(m);
		else void model.files.save(m);
	}
	return (
		<div class="k-file">
			<FileLine name={name} bytes={bytes} />
			{transfer?.is === 'moving' && (
				<progress
					aria-label={`${isGoing ? 'Sent' : 'Fetched'} of ${clean(name, WHOLE)}`}
					{...(transfer.part === null ? {} : { value: transfer.part })}
				/>
			)}
			<Fault of={why} />
			{m.state !== 'failed' && (
				<p class="k-file-do">
					<button
						type="button"
						tabIndex={tabIndex}
						aria-label={`${label}: ${clean(name, WHOLE)}`}
						onClick={press}
					>
						{label}
					</button>
					{transfer?.is === 'saved' && <span>Given to the browser to save.</span>}
				</p>
			)}
		</div>
	);
}
