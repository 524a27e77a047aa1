// SPDX-License-Identifier: Apache-2.0
// A native dialog: the rest of the page is inert, Escape closes it, the focus goes back after it.

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { classes } from './context.ts';

export function Dialog({
	title,
	onClose,
	wide,
	children,
	back,
}: {
	title: string;
	onClose(): void;
	wide?: boolean;
	/** it leads back to another one */
	back?: boolean;
	children: ComponentChildren;
}) {
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();
	useLayoutEffect(() => {
		const dialog = ref.current!;
		const before = document.activeElement;
		dialog.showModal();
		return () => {
			dialog.close();
			// Closing does this, too, but not when the dialog is being taken out of the page.
			// What it was opened from may have gone meanwhile, with what was answered in the dialog.
			const to = before?.isConnected ? before : document.querySelector('main h2[tabindex]');
			(to as HTMLElement | null)?.focus();
		};
	}, []);
	return (
		<dialog
			ref={ref}
			class={classes('k-dialog', wide && 'k-dialog-wide')}
			aria-labelledby={id}
			onCancel={(e) => {
				e.preventDefault();
				onClose();
			}}
			onClick={(e) => {
				// On the backdrop, not on what is inside.
				if (e.target === ref.current) onClose();
			}}
		>
			<div class="k-dialog-box">
				<header class="k-dialog-head">
					{back && <IconButton icon="back" label="Back" onClick={onClose} />}
					<h2 id={id} tabIndex={-1} autofocus>
						{title}
					</h2>
					{!back && <IconButton icon="close" label="Close" onClick={onClose} />}
				</header>
				<div class="k-dialog-body">{children}</div>
			</div>
		</dialog>
	);
}
