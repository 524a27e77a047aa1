// SPDX-License-Identifier: Apache-2.0
// Text of others in the page.  Whatever another person or app has written goes through these.

import { useState } from 'preact/hooks';
import { LinkButton } from './button.tsx';
import { clean, cleanLines, LINE_LENGTH, NAME_LENGTH } from '../text.ts';

/** A name or a line: one line, bounded, isolated from the direction of what stands around it. */
export function Name({
	of,
	most = NAME_LENGTH,
	none = 'No name',
}: {
	of: string;
	most?: number;
	none?: string;
}) {
	return <bdi dir="auto">{clean(of, most) || none}</bdi>;
}

export function Line({ of, most = LINE_LENGTH }: { of: string; most?: number }) {
	return <bdi dir="auto">{clean(of, most)}</bdi>;
}

/** Above this a message is shown in part, until its reader asks for the rest. */
const LONG = 3000;
const LONG_LINES = 40;

/** A message: its line breaks are kept, each paragraph has its own direction. */
export function Lines({ of }: { of: string }) {
	const [whole, setWhole] = useState(false);
	// No more is looked at than is shown: a log may hold many long ones.
	const head = whole ? of : of.slice(0, LONG * 8);
	const text = cleanLines(head);
	const end = whole ? text.length : cut(text);
	const isCut = end < text.length || head.length < of.length;
	return (
		<>
			<bdi dir="auto" class="k-lines">
				{text.slice(0, end)}
				{isCut && '\u2026'}
			</bdi>
			{isCut && <LinkButton onClick={() => setWhole(true)}>Show all</LinkButton>}
		</>
	);
}

function cut(text: string): number {
	let end = text.length > LONG ? LONG : text.length;
	for (let i = 0, lines = 0; i < end; i++) if (text[i] === '\n' && ++lines === LONG_LINES) end = i;
	// Not in the middle of a character.
	const code = text.charCodeAt(end);
	return code >= 0xdc00 && code < 0xe000 ? end + 1 : end;
}
