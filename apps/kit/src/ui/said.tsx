// SPDX-License-Identifier: Apache-2.0
// What is said about what was done: that it went well, that it went wrong, what to beware of.

import type { ComponentChildren } from 'preact';
import type { Trouble } from '../errors.ts';
import { useModel } from './context.ts';
import { Icon } from './icons.tsx';
import { Line } from './text.tsx';

/** Of the app's words no more is shown. */
const SAID_LENGTH = 300;

/** Our sentence, and the app's own words where it has refused. */
export function TroubleText({ of }: { of: Trouble }) {
	const { title } = useModel().self;
	return (
		<>
			{of.text}
			{of.said && (
				<>
					{' '}
					{title} says:{' '}
					<q>
						<Line of={of.said} most={SAID_LENGTH} />
					</q>
				</>
			)}
		</>
	);
}

/** Nothing when nothing went wrong. */
export function Fault({
	of,
	id,
}: {
	of: Trouble | string | false | null | undefined;
	id?: string;
}) {
	if (!of) return null;
	return (
		<p class="k-error" role="alert" id={id}>
			{typeof of === 'string' ? of : <TroubleText of={of} />}
		</p>
	);
}

export function Good({ children }: { children: ComponentChildren }) {
	return (
		<p class="k-good" role="status">
			<Icon name="check" />
			<span>{children}</span>
		</p>
	);
}

export function Warning({
	children,
	alert,
}: {
	children: ComponentChildren;
	/** told at once, to who cannot see it, too */
	alert?: boolean;
}) {
	return (
		<p class="k-warning" role={alert ? 'alert' : undefined}>
			<Icon name="alert" />
			<span>{children}</span>
		</p>
	);
}
