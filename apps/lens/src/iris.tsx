// SPDX-License-Identifier: Apache-2.0
// Six blades around an opening: what Lens is known by.

const BLADES = [
	'M0 -11L18.04 -21.41A28 28 0 0 1 27.57 4.91L9.53 -5.5z',
	'M9.53 -5.5L27.57 4.91A28 28 0 0 1 9.53 26.33L9.53 5.5z',
	'M9.53 5.5L9.53 26.33A28 28 0 0 1 -18.04 21.41L0 11z',
	'M0 11L-18.04 21.41A28 28 0 0 1 -27.57 -4.91L-9.53 5.5z',
	'M-9.53 5.5L-27.57 -4.91A28 28 0 0 1 -9.53 -26.33L-9.53 -5.5z',
	'M-9.53 -5.5L-9.53 -26.33A28 28 0 0 1 18.04 -21.41L0 -11z',
];

export function Iris() {
	return (
		<svg class="lens-iris" viewBox="-28 -28 56 56" aria-hidden="true" focusable="false">
			{BLADES.map((path) => (
				<path key={path} d={path} />
			))}
		</svg>
	);
}
