// SPDX-License-Identifier: Apache-2.0
// Buttons: with words, or with an icon whose words screen readers and tooltips have.

import type { ButtonHTMLAttributes, ComponentChildren, Ref } from 'preact';
import { classes } from './context.ts';
import { Icon, type IconName } from './icons.tsx';

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'size' | 'ref'>;

export interface ButtonProps extends Native {
	/** main: what the page is for; plain: everything else; danger: cannot be undone */
	kind?: 'main' | 'plain' | 'quiet' | 'danger';
	icon?: IconName;
	/** under way: cannot be pressed, says so */
	busy?: boolean | undefined;
	wide?: boolean;
	buttonRef?: Ref<HTMLButtonElement>;
	children?: ComponentChildren;
}

export function Button({ kind = 'plain', icon, busy, wide, buttonRef, ...rest }: ButtonProps) {
	return (
		<button
			type="button"
			{...rest}
			ref={buttonRef ?? null}
			class={classes('k-button', `k-button-${kind}`, wide && 'k-wide', rest.class as string)}
			aria-busy={busy ? 'true' : undefined}
			aria-disabled={busy ? 'true' : rest['aria-disabled']}
			onClick={(e) => (busy ? e.preventDefault() : rest.onClick?.(e))}
		>
			{icon && <Icon name={icon} />}
			<span>{rest.children}</span>
		</button>
	);
}

/** One in a text: as a link looks. */
export function LinkButton({ onClick, children }: Pick<ButtonProps, 'onClick' | 'children'>) {
	return (
		<button type="button" class="k-link" onClick={onClick}>
			{children}
		</button>
	);
}

export interface ActProps extends ButtonProps {
	hint?: ComponentChildren;
	/** below that */
	more?: ComponentChildren;
}

/** One of a list of things that can be done, with a word more below it. */
export function Act({ hint, more, ...button }: ActProps) {
	return (
		<li>
			<Button wide {...button} />
			{hint && <p class="k-hint">{hint}</p>}
			{more}
		</li>
	);
}

export interface IconButtonProps extends Native {
	icon: IconName;
	label: string;
	/** a number to be seen on it */
	badge?: number;
	buttonRef?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon, label, badge, buttonRef, ...rest }: IconButtonProps) {
	return (
		<button
			type="button"
			{...rest}
			ref={buttonRef ?? null}
			class={classes('k-icon-button', rest.class as string)}
			aria-label={badge ? `${label}, ${badge}` : label}
			title={label}
			data-badge={badge || undefined}
		>
			<Icon name={icon} />
		</button>
	);
}
