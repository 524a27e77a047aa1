// SPDX-License-Identifier: Apache-2.0
// A button that puts a text into the clipboard, and says that it has.

import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.tsx';

export function CopyButton({ text, main = false }: { text: string; main?: boolean }) {
	const [isCopied, setCopied] = useState(false);
	useEffect(() => setCopied(false), [text]);
	return (
		<Button
			kind={main ? 'main' : 'plain'}
			icon="copy"
			onClick={() =>
				void navigator.clipboard?.writeText(text).then(
					() => setCopied(true),
					() => undefined,
				)
			}
		>
			{isCopied ? 'Copied' : 'Copy'}
		</Button>
	);
}
