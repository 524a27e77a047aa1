// SPDX-License-Identifier: Apache-2.0
// Fields of forms: each with its label, a hint, and what is wrong with it.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Trouble } from '../errors.ts';
import { Button, type ButtonProps } from './button.tsx';
import { classes, type Action } from './context.ts';
import { Fault } from './said.tsx';

/** What is wrong with it: the form's own word, or what came of it. */
type Wrong = Trouble | string | false | null | undefined;

interface Common {
	label: string;
	value: string;
	onValue(text: string): void;
	hint?: ComponentChildren;
	error?: Wrong;
	/** The keyboard is here when the form appears. */
	focus?: boolean;
	required?: boolean;
}

function useField(hint: unknown, error: unknown, focus: boolean | undefined) {
	const id = useId();
	const ref = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
	useEffect(() => {
		if (focus) ref.current?.focus();
	}, []);
	useEffect(() => {
		// To the first of those that are wrong.
		const wrong = ref.current?.form?.querySelector<HTMLElement>('[aria-invalid="true"]');
		if (error) (wrong ?? ref.current)?.focus();
	}, [error]);
	const described = classes(hint ? `${id}-hint` : null, error ? `${id}-error` : null);
	return { id, ref, described: described || undefined };
}

function Around({
	id,
	label,
	hint,
	error,
	children,
}: {
	id: string;
	label: string;
	hint?: ComponentChildren;
	error?: Wrong;
	children: ComponentChildren;
}) {
	return (
		<div class={classes('k-field', error && 'k-field-wrong')}>
			<label for={id}>{label}</label>
			{children}
			{hint && (
				<p class="k-hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
			<Fault of={error} id={`${id}-error`} />
		</div>
	);
}

export interface FieldProps extends Common {
	type?: 'text' | 'tel' | 'email';
	inputMode?: 'text' | 'tel' | 'email' | 'numeric';
	autocomplete?: string;
	placeholder?: string;
	maxLength?: number;
	autocapitalize?: 'none' | 'words' | 'sentences';
	spellcheck?: boolean;
	enterKeyHint?: 'next' | 'done' | 'send' | 'search' | 'go';
}

export function Field({
	label,
	value,
	onValue,
	hint,
	error,
	focus,
	required,
	// What is written about people is nothing for the browser's own memory.
	autocomplete = 'off',
	...rest
}: FieldProps) {
	const { id, ref, described } = useField(hint, error, focus);
	return (
		<Around id={id} label={label} hint={hint} error={error}>
			<input
				{...(rest as object)}
				autocomplete={autocomplete}
				id={id}
				ref={ref}
				class="k-input"
				value={value}
				required={required ?? false}
				aria-invalid={error ? 'true' : undefined}
				aria-describedby={described}
				onInput={(e) => onValue(e.currentTarget.value)}
			/>
		</Around>
	);
}

export function TextArea({
	label,
	value,
	onValue,
	hint,
	error,
	focus,
	rows = 3,
	...rest
}: Common & {
	rows?: number;
	maxLength?: number;
	autocomplete?: string;
	spellcheck?: boolean;
	autocapitalize?: 'none' | 'sentences';
	readOnly?: boolean;
}) {
	const { id, ref, described } = useField(hint, error, focus);
	return (
		<Around id={id} label={label} hint={hint} error={error}>
			<textarea
				{...rest}
				id={id}
				ref={ref}
				class="k-input"
				rows={rows}
				value={value}
				dir="auto"
				aria-invalid={error ? 'true' : undefined}
				aria-describedby={described}
				onInput={(e) => onValue(e.currentTarget.value)}
			/>
		</Around>
	);
}

export function Select({
	label,
	value,
	onValue,
	hint,
	error,
	options,
}: Common & {
	options: { value: string; label: string }[];
}) {
	const { id, ref, described } = useField(hint, error, false);
	return (
		<Around id={id} label={label} hint={hint} error={error}>
			<select
				id={id}
				ref={ref as never}
				class="k-input"
				value={value}
				aria-invalid={error ? 'true' : undefined}
				aria-describedby={described}
				onChange={(e) => onValue(e.currentTarget.value)}
			>
				{options.map((o) => (
					<option value={o.value} key={o.value}>
						{o.label}
					</option>
				))}
			</select>
		</Around>
	);
}

export function Checkbox({
	checked,
	onChecked,
	hint,
	error,
	children,
}: {
	checked: boolean;
	onChecked(is: boolean): void;
	hint?: ComponentChildren;
	error?: Wrong;
	children: ComponentChildren;
}) {
	const { id, ref, described } = useField(hint, error, false);
	return (
		<div class={classes('k-check', error && 'k-field-wrong')}>
			<input
				type="checkbox"
				id={id}
				ref={ref}
				checked={checked}
				aria-describedby={described}
				aria-invalid={error ? 'true' : undefined}
				onChange={(e) => onChecked(e.currentTarget.checked)}
			/>
			<label for={id}>{children}</label>
			{hint && (
				<p class="k-hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
			<Fault of={error} id={`${id}-error`} />
		</div>
	);
}

/** One of a few, all in sight. */
export function Choice<T extends string>({
	label,
	value,
	onValue,
	options,
}: {
	label: string;
	value: T;
	onValue(value: T): void;
	options: { value: T; label: ComponentChildren }[];
}) {
	const name = useId();
	return (
		<fieldset class="k-choice">
			<legend>{label}</legend>
			<div>
				{options.map((o) => (
					<label key={o.value}>
						<input
							type="radio"
							name={name}
							value={o.value}
							checked={o.value === value}
							onChange={() => onValue(o.value)}
						/>
						<span>{o.label}</span>
					</label>
				))}
			</div>
		</fieldset>
	);
}

/** One of a few that need a word more, below each other; what cannot be chosen says why. */
export function Options<T extends string>({
	label,
	hint,
	value,
	onValue,
	options,
}: {
	label: ComponentChildren;
	hint?: ComponentChildren;
	value: T;
	onValue(value: T): void;
	options: {
		value: T;
		label: ComponentChildren;
		hint?: ComponentChildren;
		/** why it cannot be chosen */
		closed?: string | null;
	}[];
}) {
	const name = useId();
	return (
		<fieldset class="k-options" aria-describedby={hint ? `${name}-hint` : undefined}>
			<legend>{label}</legend>
			{hint && (
				<p class="k-hint" id={`${name}-hint`}>
					{hint}
				</p>
			)}
			{options.map((o) => {
				const id = `${name}-${o.value}`;
				const more = o.closed ?? o.hint;
				return (
					<div class={classes('k-check', o.closed && 'k-closed')} key={o.value}>
						<input
							type="radio"
							name={name}
							id={id}
							value={o.value}
							checked={o.value === value}
							disabled={Boolean(o.closed)}
							aria-describedby={more ? `${id}-hint` : undefined}
							onChange={() => onValue(o.value)}
						/>
						<label for={id}>{o.label}</label>
						{more && (
							<p class="k-hint" id={`${id}-hint`}>
								{more}
							</p>
						)}
					</div>
				);
			})}
		</fieldset>
	);
}

/** A form that is sent by Enter, too, and never by the browser.  At its end stands what went wrong with
 * the whole of it, and its buttons. */
export function Form({
	label,
	onSubmit,
	action,
	send,
	kind = 'main',
	onBack,
	back = 'Cancel',
	more,
	children,
}: {
	label: string;
	onSubmit(): unknown;
	/** what is done */
	action: Action;
	/** what its button says */
	send: string;
	kind?: ButtonProps['kind'];
	/** away from it, by a button that says `back` */
	onBack?: () => void;
	back?: string;
	/** beside the buttons */
	more?: ComponentChildren;
	children: ComponentChildren;
}) {
	return (
		<form
			class="k-form"
			aria-label={label}
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				onSubmit();
			}}
		>
			{children}
			<Fault of={action.error} />
			<div class="k-buttons">
				<Button kind={kind} type="submit" busy={action.busy}>
					{send}
				</Button>
				{onBack && (
					<Button kind="quiet" onClick={onBack}>
						{back}
					</Button>
				)}
				{more}
			</div>
		</form>
	);
}
