// SPDX-License-Identifier: Apache-2.0
// One's own picture: chosen, drawn small in this page, shown to contacts; taken back.

import { useRef } from 'preact/hooks';
import { drawFace } from '../faces.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Fault } from '../ui/said.tsx';

export function OwnPicture() {
	const model = useModel();
	const account = model.account.value;
	const file = useRef<HTMLInputElement>(null);
	const action = useAction();

	async function choose(input: HTMLInputElement) {
		const chosen = input.files?.[0];
		input.value = ''; // the same one again is a choice, too
		if (!chosen) return;
		const drawn = await drawFace(chosen).catch(() => null);
		if (!drawn)
			return action.setError({ text: 'This is no picture that the browser can open.', said: '' });
		await action.run('profile', () => model.perform((c) => c.setPicture(drawn)));
	}
	if (!account) return null;
	return (
		<div class="k-own-picture">
			<Avatar seed={account.accountKey} size="xl" />
			<div class="k-buttons">
				<Button busy={action.busy} onClick={() => file.current?.click()}>
					Choose a picture
				</Button>
				<input
					ref={file}
					type="file"
					accept="image/*"
					hidden
					aria-label="Choose a picture"
					onChange={(e) => void choose(e.currentTarget)}
				/>
				{account.picture !== null && (
					<Button
						kind="quiet"
						onClick={() =>
							void action.run('profile', () => model.perform((c) => c.setPicture(null)))
						}
					>
						Remove the picture
					</Button>
				)}
			</div>
			<p class="k-hint">
				Your contacts see it, and nobody else. It is made small here first, and what the camera has
				written into it, as when and where, is left out.
			</p>
			<Fault of={action.error} />
		</div>
	);
}
