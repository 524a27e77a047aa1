// SPDX-License-Identifier: Apache-2.0
// Everything that this browser holds of the person, saved into a file of theirs.

import { useState } from 'preact/hooks';
import { saveAs } from '../files.ts';
import { Button } from '../ui/button.tsx';
import { useAction, useModel } from '../ui/context.ts';
import { Fault, Good, Warning } from '../ui/said.tsx';

export function ExportData() {
	const model = useModel();
	const [isSaved, setSaved] = useState(false);
	const action = useAction();
	const { title } = model.self;
	async function submit() {
		setSaved(false);
		const isDone = await action.run('other', async () => {
			const day = new Date().toISOString().slice(0, 10);
			const name = `${title.toLowerCase()}-${day}.jsonl`;
			saveAs(await model.perform((c) => c.exportData()), name, 'application/jsonl');
		});
		setSaved(isDone);
	}
	return (
		<div class="k-ending">
			<p>
				Saves all that this browser holds of you on {title} into one file: your account and
				settings, the people you know, your conversations and every message in them. Programs can
				read it, and people with some patience.
			</p>
			<Warning>
				The file is not encrypted: whoever has it can read it all. Your keys and recovery words are
				not in it, so nobody can be you with it.
			</Warning>
			{isSaved && <Good>Given to the browser to save.</Good>}
			<Fault of={action.error} />
			<div class="k-buttons">
				<Button kind="main" icon="down" busy={action.busy} onClick={() => void submit()}>
					Save the file
				</Button>
			</div>
		</div>
	);
}
