// SPDX-License-Identifier: Apache-2.0
// The note that goes with a request: so many characters, as people count them.

import { LIMITS } from '../model.ts';
import { TextArea } from './field.tsx';

/** Below nothing: it is too long. */
export function noteLeft(note: string): number {
	// What is far too long need not be counted.
	if (note.length > LIMITS.note * 4) return LIMITS.note - note.length;
	return LIMITS.note - [...note].length;
}

export function NoteField({ value, onValue }: { value: string; onValue(text: string): void }) {
	const left = noteLeft(value);
	return (
		<TextArea
			label="Note"
			rows={2}
			value={value}
			onValue={onValue}
			error={left < 0 ? `${-left} characters too many.` : null}
			hint={`They see it with your name before they answer. ${Math.max(left, 0)} characters left.`}
		/>
	);
}
