// SPDX-License-Identifier: Apache-2.0
// The wall of pictures beside the first forms: nobody's, and each made as everybody's is.

import { Picture } from '@undercroft/kit';

const SEEDS = [
	'aperture',
	'shutter',
	'bellows',
	'negative',
	'contact sheet',
	'darkroom',
	'enlarger',
	'halation',
	'parallax',
	'viewfinder',
	'silver',
	'exposure',
];

export function Wall() {
	return (
		<div class="lens-wall" aria-hidden="true">
			{SEEDS.map((seed) => (
				<Picture key={seed} seed={seed} columns={2} rows={3} />
			))}
		</div>
	);
}
