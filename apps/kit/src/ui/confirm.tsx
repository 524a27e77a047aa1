// SPDX-License-Identifier: Apache-2.0
// What is asked before something is done that cannot be undone: once more, or by a tick.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button, type ButtonProps } from './button.tsx';
import type { Action } from './context.ts';
import { Checkbox } from './field.tsx';
import { Fault } from './said.tsx';

/** A question below what led to it: it has the keyboard, and gives it back. */
export function Confirm({
	label,
	yes,
	onYes,
	no,
	onNo,
	action,
	kind = 'danger',
	children,
}: {
	label: string;
	yes: string;
	onYes(): unknown;
	no: string;
	onNo(): void;
	action?: Action;
	kind?: ButtonProps['kind'];
	children: ComponentChildren;
}) {
	const group = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		const before = document.activeElement;
		const el = group.current!;
		el.focus();
		return () => {
			if (el.contains(document.activeElement)) (before as HTMLElement | null)?.focus();
		};
	}, []);
	return (
		<div class="k-confirm" role="group" aria-label={label} ref={group} tabIndex={-1}>
			{children}
			<Fault of={action?.error} />
			<div class="k-buttons">
				<Button kind={kind} busy={action?.busy} onClick={onYes}>
					{yes}
				</Button>
				<Button kind="quiet" busy={action?.busy} onClick={onNo}>
					{no}
				</Button>
			</div>
		</div>
	);
}

/** A box that must be ticked: `ask` says whether it is, and tells it where it is not. */
export function useSure() {
	const [is, setSure] = useState(false);
	const [isMissing, setMissing] = useState(false);
	return {
		is,
		isMissing,
		set(to: boolean) {
			setSure(to);
			setMissing(false);
		},
		ask(): boolean {
			setMissing(!is);
			return is;
		},
	};
}

export function Sure({
	of,
	error = 'Tick this if you are sure.',
	children,
}: {
	of: ReturnType<typeof useSure>;
	/** where it is missing */
	error?: string;
	children: ComponentChildren;
}) {
	return (
		<Checkbox checked={of.is} onChecked={of.set} error={of.isMissing && error}>
			{children}
		</Checkbox>
	);
}
