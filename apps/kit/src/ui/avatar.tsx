// SPDX-License-Identifier: Apache-2.0
// Somebody's picture; for whoever shows none, one that is made from a key, the same for the same key
// everywhere.

import { faces } from '../faces.ts';

// Ground, shape and accent; told apart by lightness too, not by hue alone.
const PALETTE: readonly (readonly [string, string, string])[] = [
	['#f2c14e', '#d1495b', '#2b3a67'],
	['#cde7d8', '#2f7f6f', '#f07f5a'],
	['#f7d6c4', '#c8553d', '#3b4a6b'],
	['#c9daf5', '#2e5aac', '#f2b134'],
	['#e4d4f4', '#6b4aa0', '#ef8354'],
	['#fbe3b0', '#7a5c1e', '#3f7cac'],
	['#bfe3e8', '#136f7f', '#e4572e'],
	['#f6c9d4', '#a63a5f', '#35605a'],
	['#dbe5b6', '#56722b', '#b64b7f'],
	['#2f3e5c', '#f0a868', '#8ec5c1'],
	['#24524a', '#f2d388', '#e07a5f'],
	['#5a3250', '#f4b6a0', '#f2d06b'],
];

/** 32-bit mixing, good enough to spread keys over few shapes; no cryptography. */
function* numbers(seed: string): Generator<number, never> {
	let h = 0x811c9dc5;
	for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193);
	for (;;) {
		h = (h + 0x9e3779b9) | 0;
		let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
		x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
		yield (x ^ (x >>> 16)) >>> 0;
	}
}

// One of the four fields, 20 by 20, its corner at 0,0.
const SHAPES = [
	'M0 0H20V20A20 20 0 0 1 0 0z',
	'M0 20A20 20 0 0 1 20 0V20z',
	'M0 0A20 20 0 0 0 20 20V0z',
	'M0 20V0A20 20 0 0 1 20 20z',
	'M10 0A10 10 0 0 1 10 20A10 10 0 0 1 10 0z',
	'M0 0L20 20H0z',
	'M0 20L20 0V20z',
	'M0 0H20V10H0z',
	'M10 0H20V20H10z',
	'M0 0A10 10 0 0 0 20 0z',
	'M20 0A10 10 0 0 0 20 20z',
	'M10 3L17 10L10 17L3 10z',
] as const;

type Part = readonly [path: string, fill: string, place: string];
interface Drawing {
	colours: readonly [ground: string, shape: string, accent: string];
	parts: Part[];
}

const drawn = new Map<string, Drawing>();

/** The first four fields are the same however many there are: one knows the person again. */
function draw(seed: string, columns = 2, rows = 2): Drawing {
	const key = `${columns} ${rows} ${seed}`;
	let d = drawn.get(key);
	if (d) return d;
	const next = numbers(seed);
	const pick = <T,>(list: readonly T[]): T => list[next.next().value % list.length]!;
	const colours = pick(PALETTE);
	const [, shape, accent] = colours;
	const places: [number, number][] = [];
	for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) places.push([x, y]);
	const isFirst = ([x, y]: [number, number]) => x < 2 && y < 2;
	places.sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
	let accented = 0;
	d = {
		colours,
		parts: places.map(([x, y], i) => {
			if (i % 4 === 0) accented = i + (next.next().value % 4);
			return [pick(SHAPES), i === accented ? accent : shape, `translate(${x * 20} ${y * 20})`];
		}),
	};
	if (drawn.size > 500) drawn.clear();
	drawn.set(key, d);
	return d;
}

/** Ground, shape and accent of somebody's picture, as #rrggbb. */
export function pictureColours(seed: string): Drawing['colours'] {
	return draw(seed).colours;
}

/** The same picture with more fields, to fill a place that is no square. */
export function Picture({
	seed,
	columns,
	rows,
	class: name,
}: {
	seed: string;
	columns: number;
	rows: number;
	class?: string;
}) {
	const { colours, parts } = draw(seed, columns, rows);
	return (
		<svg
			class={name}
			viewBox={`0 0 ${columns * 20} ${rows * 20}`}
			preserveAspectRatio="xMinYMin slice"
			aria-hidden="true"
			focusable="false"
		>
			<rect width={columns * 20} height={rows * 20} fill={colours[0]} />
			{/* The thin edge closes the seam to a neighbour of the same colour. */}
			{parts.map(([path, fill, place]) => (
				<path d={path} fill={fill} transform={place} stroke={fill} stroke-width="0.2" />
			))}
		</svg>
	);
}

/** Says nothing to screen readers: the name stands beside it. */
export function Avatar({
	seed,
	size = 'm',
	group = false,
}: {
	seed: string;
	size?: 'xs' | 's' | 'm' | 'l' | 'xl';
	group?: boolean;
}) {
	const look = `k-avatar k-avatar-${size}${group ? ' k-avatar-group' : ''}`;
	const face = faces.value.get(seed);
	if (face) return <img class={look} src={face} alt="" draggable={false} />;
	const d = draw(seed);
	return (
		<svg class={look} viewBox="0 0 40 40" aria-hidden="true" focusable="false">
			<rect width="40" height="40" fill={d.colours[0]} />
			{d.parts.map(([path, fill, place]) => (
				<path d={path} fill={fill} transform={place} />
			))}
		</svg>
	);
}
