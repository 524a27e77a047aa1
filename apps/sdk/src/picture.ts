// SPDX-License-Identifier: Apache-2.0
// What kind of file a picture is, as the library tells them apart.
import type { PictureType } from './types.ts';

const KINDS: readonly [type: PictureType, ...starts: [at: number, bytes: string][]][] = [
	['image/jpeg', [0, '\xff\xd8\xff']],
	['image/png', [0, '\x89PNG\r\n\x1a\n']],
	['image/webp', [0, 'RIFF'], [8, 'WEBP']],
];

/** By its first bytes; nothing else of it was looked at. */
export function pictureType(bytes: Uint8Array): PictureType | null {
	const starts = ([at, text]: [number, string]) =>
		[...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));
	return KINDS.find(([, ...all]) => all.every(starts))?.[0] ?? null;
}
