// SPDX-License-Identifier: Apache-2.0
// A text as a QR code (ISO/IEC 18004): the path of an SVG, in which a module is one unit.

import { generate } from 'lean-qr/nano';

/** Readers want so many light modules around it. */
const QUIET = 4;

export interface QrPath {
	/** of each side, with what is light around it */
	size: number;
	path: string;
}

export function qrPath(text: string): QrPath {
	const code = generate(text);
	let path = '';
	for (let y = 0; y < code.size; y++)
		for (let x = 0; x < code.size; x++) {
			if (!code.get(x, y)) continue;
			const from = x;
			while (code.get(x + 1, y)) x++;
			path += `M${from + QUIET} ${y + QUIET}h${x - from + 1}v1H${from + QUIET}z`;
		}
	return { size: code.size + 2 * QUIET, path };
}
