// SPDX-License-Identifier: Apache-2.0
// Light or dark: the only thing that this page stores by itself.

import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

function stored(): Theme {
	try {
		const t = localStorage.getItem('theme');
		return t === 'light' || t === 'dark' ? t : 'auto';
	} catch {
		return 'auto';
	}
}

export const theme = signal<Theme>(stored());

function apply(): void {
	if (theme.peek() === 'auto') delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme.peek();
	// What the browser draws around the page follows.
	const meta = document.querySelector('meta[name=theme-color]');
	const ground = getComputedStyle(document.body).backgroundColor;
	if (meta && ground) meta.setAttribute('content', ground);
}

export function setTheme(to: Theme): void {
	theme.value = to;
	try {
		if (to === 'auto') localStorage.removeItem('theme');
		else localStorage.setItem('theme', to);
	} catch {
		// Private windows may refuse; it holds until the page ends.
	}
	apply();
}

/** Before anything is drawn. */
export function startTheme(): void {
	apply();
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
}
