// SPDX-License-Identifier: Apache-2.0
// Reads a QR code as a camera would: from a picture, by a reader that is not ours.
import decodeQR from 'qr/decode.js';

const SCALE = 4;

/** dark(x, y) tells of each module, size of each side. */
export function readModules(size, dark) {
	const side = size * SCALE;
	const data = new Uint8Array(side * side * 4).fill(255);
	for (let y = 0; y < side; y++)
		for (let x = 0; x < side; x++)
			if (dark(Math.floor(x / SCALE), Math.floor(y / SCALE)))
				data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
	return decodeQR({ width: side, height: side, data });
}

/** Half blocks of a terminal: two modules in a character, the light ones drawn. */
export function readBlocks(text) {
	const lines = text.split('\n').filter((l) => /^[ \u2580\u2584\u2588]{20,}$/.test(l));
	const light = ['\u2580\u2588', '\u2584\u2588'];
	return readModules(
		lines[0].length,
		(x, y) => !light[y % 2].includes(lines[y >> 1]?.[x] ?? '\u2588'),
	);
}

/** The path of an SVG, drawn by runs of modules. */
export function readPath({ size, path }) {
	const dark = new Set();
	for (const [, x, y, n] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\1z/g))
		for (let i = 0; i < Number(n); i++) dark.add(Number(y) * size + Number(x) + i);
	return readModules(size, (x, y) => dark.has(y * size + x));
}
