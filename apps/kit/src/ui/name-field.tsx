// SPDX-License-Identifier: Apache-2.0
// A number, handle or e-mail address, and the code that was sent to it: the same wherever it is given.

import type { ComponentChildren } from 'preact';
import type { NameKind } from '@undercroft/sdk';
import { country, NAME_FIELD, normalise, showName } from '../names.ts';
import { LinkButton } from './button.tsx';
import { Field } from './field.tsx';

export function NameField({
	kind,
	others,
	error,
	value,
	onValue,
}: {
	kind: NameKind;
	/** somebody else's: not what the browser knows of its owner */
	others?: boolean;
	error: string | null | undefined;
	value: string;
	onValue(text: string): void;
}) {
	const { label, type, inputMode, autocomplete, placeholder, hint } = NAME_FIELD[kind];
	const where = kind === 'number' ? country(normalise(kind, value)) : '';
	return (
		<Field
			label={label}
			type={type}
			inputMode={inputMode}
			autocomplete={others ? 'off' : autocomplete}
			placeholder={placeholder}
			autocapitalize="none"
			enterKeyHint="next"
			spellcheck={false}
			hint={where || hint}
			error={error}
			focus
			value={value}
			onValue={onValue}
		/>
	);
}

export function CodeField({
	kind,
	sentTo,
	onOther,
	error,
	value,
	onValue,
	isLast,
	hint,
}: {
	kind: NameKind;
	sentTo: string;
	/** It was the wrong one. */
	onOther(): void;
	error: string | null | undefined;
	value: string;
	onValue(text: string): void;
	/** of the form's fields */
	isLast?: boolean;
	hint?: ComponentChildren;
}) {
	return (
		<>
			<p>
				A code is on its way to <bdi>{showName(kind, sentTo)}</bdi>.{' '}
				<LinkButton onClick={onOther}>Change it</LinkButton>
			</p>
			<Field
				label="Code"
				inputMode="numeric"
				autocomplete="one-time-code"
				enterKeyHint={isLast ? 'done' : 'next'}
				spellcheck={false}
				maxLength={16}
				error={error}
				focus
				value={value}
				onValue={onValue}
				hint={hint}
			/>
		</>
	);
}
