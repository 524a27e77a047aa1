// SPDX-License-Identifier: Apache-2.0
// The colours of a person's picture, as what belongs to them is coloured by.

import { pictureColours } from '@undercroft/kit';

type Rgb = [number, number, number];

function parse(colour: string): Rgb {
	const n = parseInt(colour.slice(1), 16);
	return [n >> 16, (n >> 8) & 255, n & 255];
}

/** Relative luminance, WCAG 2.2. */
function luminance(rgb: Rgb): number {
	const [r, g, b] = rgb.map((v) => {
		const c = v / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	}) as Rgb;
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const mix = (a: Rgb, b: Rgb, share: number): Rgb =>
	a.map((v, i) => Math.round(v + (b[i]! - v) * share)) as Rgb;

const write = (c: Rgb): string => '#' + c.map((v) => v.toString(16).padStart(2, '0')).join('');

/** White on it has 8 to 1. */
const DARK = 1.05 / 8 - 0.05;
/** It on black has 12 to 1. */
const PALE = 0.05 * 12 - 0.05;

function toward(start: Rgb, end: Rgb, isThere: (l: number) => boolean): Rgb {
	let share = 0;
	while (share < 1 && !isThere(luminance(mix(start, end, share)))) share += 0.04;
	return mix(start, end, share);
}

const made = new Map<string, Record<string, string>>();

/** Custom properties: --deep for grounds under white text, --pale for text in the dark; --wash and
 * --dusk, equally light and equally dark for all, for what others write. */
export function tint(seed: string): Record<string, string> {
	const colours = pictureColours(seed);
	const key = colours.join();
	let t = made.get(key);
	if (!t) {
		const all = colours.map(parse).sort((a, b) => luminance(a) - luminance(b));
		t = {
			'--deep': write(toward(all[0]!, [0, 0, 0], (l) => l <= DARK)),
			'--pale': write(toward(all[2]!, [255, 255, 255], (l) => l >= PALE)),
			'--hue': colours[1],
			'--wash': write(toward(parse(colours[1]), [255, 255, 255], (l) => l >= 0.8)),
			'--dusk': write(toward(parse(colours[1]), [18, 8, 18], (l) => l <= 0.03)),
		};
		made.set(key, t);
	}
	return t;
}
