// SPDX-License-Identifier: Apache-2.0
// The recovery words: shown, written down, confirmed, forgotten.

import { useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { Sure, useSure } from './confirm.tsx';
import { useAction } from './context.ts';
import { Fault } from './said.tsx';

/** `words` are the caller's, who forgets them when `onDone` is called. */
export function WordsCard({
	words,
	onConfirm,
	onDone,
	onLater,
}: {
	words: string;
	/** They are written down: the app forgets its own copy. */
	onConfirm(): Promise<void>;
	onDone(): void;
	onLater?: () => void;
}) {
	// By a text: of the last pattern that has matched, browsers keep all.
	const list = words.trim().split(' ').filter(Boolean);
	const sure = useSure();
	const [isCopied, setCopied] = useState(false);
	const action = useAction();

	async function confirm() {
		if (!sure.ask()) return;
		if (await action.run('other', onConfirm)) onDone();
	}

	return (
		<div class="k-words">
			<p>
				These {list.length} words are the only way back into your account when you lose this
				browser. Write them on paper, in this order, and keep them where only you can find them.
				Whoever has them has your account.
			</p>
			<ol class="k-words-list" aria-label="Recovery words" translate={false}>
				{list.map((word, i) => (
					<li key={i}>{word}</li>
				))}
			</ol>
			<div class="k-buttons k-words-tools">
				<Button icon="print" onClick={() => print()}>
					Print
				</Button>
				<Button
					icon="copy"
					onClick={() =>
						void navigator.clipboard?.writeText(list.join(' ')).then(
							() => setCopied(true),
							() => undefined,
						)
					}
				>
					{isCopied ? 'Copied' : 'Copy'}
				</Button>
			</div>
			{isCopied && (
				<p class="k-hint" role="status">
					Other programs can read what is copied. Paste it where it is to be, then copy something
					else.
				</p>
			)}
			<Sure of={sure} error="Tick this when you have written them down.">
				I understand that nobody can give me these words again
			</Sure>
			<Fault of={action.error} />
			<div class="k-buttons">
				<Button kind="main" busy={action.busy} onClick={() => void confirm()}>
					I have written them down
				</Button>
				{onLater && (
					<Button kind="quiet" onClick={onLater}>
						Later
					</Button>
				)}
			</div>
		</div>
	);
}
