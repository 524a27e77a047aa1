// SPDX-License-Identifier: Apache-2.0
// A link or code that was given to somebody: pasted, typed, or scanned into one field.

import { PASTED_MOST } from '../links.ts';
import { TextArea } from './field.tsx';
import { Scan } from './scan.tsx';

export function Brought({
	label,
	hint,
	place,
	value,
	onValue,
	error,
}: {
	label: string;
	hint?: string | undefined;
	/** what stands in front of it in an address of ours */
	place: string;
	value: string;
	onValue(text: string): void;
	error: string | null;
}) {
	return (
		<>
			<TextArea
				label={label}
				rows={3}
				maxLength={PASTED_MOST}
				value={value}
				onValue={onValue}
				error={error}
				hint={hint}
				autocomplete="off"
				autocapitalize="none"
				spellcheck={false}
				focus
			/>
			<Scan place={place} onFound={onValue} />
		</>
	);
}
