// SPDX-License-Identifier: Apache-2.0
// A button with a menu: arrows move, Escape closes, the focus returns to the button.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { classes } from './context.ts';
import { Icon, type IconName } from './icons.tsx';

export interface MenuItem {
	label: string;
	/** shown instead of the words, which screen readers still have */
	face?: ComponentChildren;
	icon?: IconName;
	danger?: boolean;
	checked?: boolean;
	onPick(): void;
}

export function Menu({
	icon,
	label,
	items,
	row,
	tabIndex,
}: {
	icon: IconName;
	label: string;
	items: MenuItem[];
	/** side by side, as emoji are */
	row?: boolean;
	tabIndex?: number | undefined;
}) {
	const [open, setOpen] = useState(false);
	const button = useRef<HTMLButtonElement>(null);
	const menu = useRef<HTMLDivElement>(null);
	const id = useId();

	useEffect(() => {
		const m = menu.current;
		if (!open || !m) return;
		m.showPopover?.();
		place(m, button.current!);
		m.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
		const close = () => setOpen(false);
		const outside = (e: Event) => {
			if (!m.contains(e.target as Node) && !button.current!.contains(e.target as Node)) close();
		};
		addEventListener('pointerdown', outside);
		addEventListener('resize', close);
		addEventListener('scroll', close, true);
		return () => {
			removeEventListener('pointerdown', outside);
			removeEventListener('resize', close);
			removeEventListener('scroll', close, true);
		};
	}, [open]);

	const leave = () => {
		setOpen(false);
		button.current?.focus({ preventScroll: true });
	};
	const onKeyDown = (e: KeyboardEvent) => {
		const all = [...menu.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')];
		const at = all.indexOf(document.activeElement as HTMLElement);
		const to = {
			ArrowDown: at + 1,
			ArrowRight: at + 1,
			ArrowUp: at - 1,
			ArrowLeft: at - 1,
			Home: 0,
			End: all.length - 1,
		}[e.key];
		if (to !== undefined) {
			e.preventDefault();
			all[(to + all.length) % all.length]?.focus();
		} else if (e.key === 'Escape' || e.key === 'Tab') {
			e.preventDefault();
			leave();
		}
		// What the keys mean elsewhere, in the log or a dialog, they do not mean here.
		e.stopPropagation();
	};

	return (
		<span class="k-menu-around">
			<IconButton
				icon={icon}
				label={label}
				buttonRef={button}
				tabIndex={tabIndex}
				aria-haspopup="menu"
				aria-expanded={open}
				aria-controls={open ? id : undefined}
				onClick={() => setOpen(!open)}
			/>
			{open && (
				<div
					ref={menu}
					id={id}
					role="menu"
					aria-label={label}
					popover="manual"
					class={classes('k-menu', row && 'k-menu-row')}
					onKeyDown={onKeyDown}
				>
					{items.map((item) => (
						<button
							key={item.label}
							type="button"
							role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
							aria-checked={item.checked}
							aria-label={item.face ? item.label : undefined}
							title={item.face ? item.label : undefined}
							tabIndex={-1}
							class={classes('k-menu-item', item.danger && 'k-danger')}
							onClick={() => {
								leave();
								item.onPick();
							}}
						>
							{item.icon && <Icon name={item.icon} />}
							{item.face ?? item.label}
						</button>
					))}
				</div>
			)}
		</span>
	);
}

/** Below the button where there is room, else above; always inside the window. */
function place(menu: HTMLElement, button: HTMLElement): void {
	const b = button.getBoundingClientRect();
	const m = menu.getBoundingClientRect();
	const below = b.bottom + m.height + 12 < innerHeight;
	const top = below ? b.bottom + 4 : Math.max(8, b.top - m.height - 4);
	const left = Math.min(Math.max(8, b.left + b.width / 2 - m.width / 2), innerWidth - m.width - 8);
	menu.style.setProperty('inset', 'auto');
	menu.style.setProperty('top', `${top}px`);
	menu.style.setProperty('left', `${left}px`);
}
