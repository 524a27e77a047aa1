// SPDX-License-Identifier: Apache-2.0
// Plaza's picture of itself: the fronts of houses around a square, and people in front of them.

type Roof = 'gable' | 'steps' | 'round' | 'flat' | 'spire';
type House = readonly [x: number, width: number, walls: number, roof: Roof, colour: number];

/** Where the houses stand. */
const GROUND = 240;

const HOUSES: readonly House[] = [
	[-24, 112, 106, 'gable', 4],
	[88, 92, 138, 'steps', 3],
	[180, 100, 98, 'round', 5],
	[280, 84, 146, 'gable', 1],
	[364, 120, 116, 'flat', 2],
	[484, 92, 128, 'round', 6],
	[576, 64, 158, 'spire', 3],
	[640, 112, 108, 'flat', 4],
	[752, 92, 140, 'steps', 2],
	[844, 104, 100, 'gable', 5],
	[948, 84, 136, 'round', 1],
	[1032, 112, 112, 'flat', 6],
	[1144, 92, 138, 'gable', 3],
];

/** Where people stand, and in which colour. */
const PEOPLE: readonly (readonly [x: number, size: number, colour: number])[] = [
	[232, 1, 2],
	[262, 0.84, 6],
	[452, 0.96, 1],
	[482, 1.06, 3],
	[512, 0.9, 4],
	[668, 0.94, 5],
	[698, 1.04, 2],
	[727, 0.72, 1],
	[900, 1, 6],
	[930, 0.92, 3],
];

const TREES: readonly (readonly [x: number, height: number])[] = [
	[160, 62],
	[396, 70],
	[806, 66],
	[1020, 60],
];

export function Square() {
	return (
		<svg
			class="plaza-square"
			viewBox="0 0 1200 260"
			preserveAspectRatio="xMidYMax slice"
			aria-hidden="true"
			focusable="false"
		>
			{HOUSES.map((h) => (
				<Front key={h[0]} house={h} />
			))}
			<Bunting from={[322, 62]} to={[608, 74]} />
			<Bunting from={[608, 74]} to={[798, 66]} />
			{TREES.map(([x, height]) => (
				<g key={x}>
					<path class="plaza-trunk" d={`M${x} ${GROUND}v-${height * 0.6}`} />
					<circle class="plaza-leaves" cx={x} cy={GROUND - height} r={height * 0.42} />
				</g>
			))}
			<rect class="plaza-paving" x="-1200" y={GROUND - 2} width="3600" height="30" />
			{PEOPLE.map(([x, size, colour]) => (
				<g
					key={x}
					class={`plaza-colour-${colour} plaza-figure`}
					transform={`translate(${x} ${GROUND + 8}) scale(${size})`}
				>
					<path d="M-14 0v-26a14 14 0 0 1 28 0V0z" />
					<circle class="plaza-head" cy="-50" r="10" />
				</g>
			))}
		</svg>
	);
}

function Front({ house: [x, w, walls, roof, colour] }: { house: House }) {
	const top = GROUND - walls;
	const arches = Math.max(1, Math.round((w - 16) / 30));
	const step = (w - 16) / arches;
	const windows = Math.max(2, Math.round(w / 36));
	const pane = (w - 20) / windows;
	const floors = Math.floor((walls - (roof === 'spire' ? 96 : 62)) / 30);
	return (
		<g class={`plaza-colour-${colour}`}>
			<path d={roofPath(roof, x, w, top)} />
			<rect x={x} y={top} width={w} height={walls} />
			{roof === 'flat' && (
				<rect class="plaza-trim" x={x - 2} y={top - 8} width={w + 4} height="7" rx="2" />
			)}
			{roof === 'spire' && (
				<>
					<circle class="plaza-clock" cx={x + w / 2} cy={top + 20} r="13" />
					<path class="plaza-hand" d={`M${x + w / 2} ${top + 12}v8l6 4`} />
				</>
			)}
			{Array.from({ length: floors }, (_, row) =>
				Array.from({ length: windows }, (_, col) => (
					<path
						key={`${row} ${col}`}
						class={(x + row * 3 + col * 2) % 5 < 2 ? 'plaza-window plaza-lit' : 'plaza-window'}
						d={arch(
							x + 10 + pane * (col + 0.5),
							GROUND - 60 - row * 30 - (roof === 'spire' ? 0 : 2),
							10,
							18,
						)}
					/>
				)),
			)}
			{Array.from({ length: arches }, (_, i) => (
				<path
					key={i}
					class="plaza-arch"
					d={arch(x + 8 + step * (i + 0.5), GROUND, Math.min(20, step - 7), 40)}
				/>
			))}
		</g>
	);
}

/** An opening with a round head: its middle and foot, its width and height. */
function arch(x: number, y: number, w: number, h: number): string {
	const r = w / 2;
	return `M${x - r} ${y}v${r - h}a${r} ${r} 0 0 1 ${w} 0v${h - r}z`;
}

/** It reaches a little into the walls: no seam is seen between the two. */
function roofPath(roof: Roof, x: number, w: number, top: number): string {
	switch (roof) {
		case 'gable':
			return `M${x} ${top}l${w / 2} ${-w * 0.46}l${w / 2} ${w * 0.46}v2h${-w}z`;
		case 'round':
			return `M${x + 6} ${top + 2}v-2a${w / 2 - 6} ${w * 0.38} 0 0 1 ${w - 12} 0v2z`;
		case 'steps': {
			const s = w / 7;
			return `M${x} ${top}v${-s * 0.8}h${s}v${-s}h${s}v${-s}h${s}v${-s * 0.9}h${s}v${s * 0.9}h${s}v${s}h${s}v${s}h${s}v${s * 0.8 + 2}h${-w}z`;
		}
		case 'spire':
			return `M${x - 3} ${top}l${w / 2 + 3} -54l${w / 2 + 3} 54v2h${-w - 6}z`;
		case 'flat':
			return `M${x} ${top}v-4h${w}v4z`;
	}
}

/** A string of little flags that hangs between two houses. */
function Bunting({
	from: [x1, y1],
	to: [x2, y2],
}: {
	from: readonly [number, number];
	to: readonly [number, number];
}) {
	const sag = (x2 - x1) * 0.16;
	const cx = (x1 + x2) / 2;
	const cy = (y1 + y2) / 2 + sag * 2;
	const n = Math.round((x2 - x1) / 26);
	const at = (t: number): [number, number] => [
		(1 - t) ** 2 * x1 + 2 * t * (1 - t) * cx + t * t * x2,
		(1 - t) ** 2 * y1 + 2 * t * (1 - t) * cy + t * t * y2,
	];
	return (
		<g>
			<path class="plaza-string" d={`M${x1} ${y1}Q${cx} ${cy} ${x2} ${y2}`} />
			{Array.from({ length: n }, (_, i) => {
				const [x, y] = at((i + 0.5) / n);
				return (
					<path
						key={i}
						class={`plaza-flag plaza-colour-${[1, 2, 6, 5][i % 4]}`}
						d={`M${Math.round(x) - 7} ${Math.round(y)}h14l-7 15z`}
					/>
				);
			})}
		</g>
	);
}

/** The same in small: three fronts. */
export function Mark() {
	return (
		<svg class="plaza-mark" viewBox="0 0 48 36" aria-hidden="true" focusable="false">
			<path class="plaza-colour-2" d="M0 34V13L9.5 2 19 13v21z" />
			<path class="plaza-colour-1" d="M16 34V8h3V4h3V0h4v4h3v4h3v26z" />
			<path class="plaza-colour-6" d="M29 34V15a9.5 9.5 0 0 1 19 0v19z" />
			<path
				class="plaza-mark-doors"
				d="M6.5 34v-7a3 3 0 0 1 6 0v7zM20.5 34v-8a3.5 3.5 0 0 1 7 0v8zM35.5 34v-7a3 3 0 0 1 6 0v7z"
			/>
		</svg>
	);
}
