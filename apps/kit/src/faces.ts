// SPDX-License-Identifier: Apache-2.0
// The pictures that people show of themselves, ready to be drawn.
//
// They are files of strangers: only the three kinds that the library takes are given to the browser's
// decoder, and only such as say that they are small, since a few bytes can be a picture that fills the
// memory.  They are addresses of this page (blob:), which its policy allows for pictures alone.

import { effect, signal } from '@preact/signals';
import { pictureType, type Account, type Contact, type Undercroft } from '@undercroft/sdk';

export const FACE = { bytes: 16384, side: 256, shownSide: 1024 };

/** By what the drawing of somebody is made of: the account's key. */
export const faces = signal<ReadonlyMap<string, string>>(new Map());

const u16 = (b: Uint8Array, at: number) => (b[at]! << 8) | b[at + 1]!;
const u16le = (b: Uint8Array, at: number) => b[at]! | (b[at + 1]! << 8);
const u24le = (b: Uint8Array, at: number) => u16le(b, at) | (b[at + 2]! << 16);

type Size = readonly [width: number, height: number];

function jpegSize(b: Uint8Array): Size | null {
	for (let at = 2; at + 9 < b.length && b[at] === 0xff;) {
		const mark = b[at + 1]!;
		if (mark === 0xff) {
			at++; // fills up
			continue;
		}
		const isFrame = mark >= 0xc0 && mark <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(mark);
		if (isFrame) return [u16(b, at + 7), u16(b, at + 5)];
		at += 2 + u16(b, at + 2);
	}
	return null;
}

function webpSize(b: Uint8Array): Size | null {
	if (b.length < 30) return null;
	switch (String.fromCharCode(...b.subarray(12, 16))) {
		case 'VP8 ':
			return [u16le(b, 26) & 0x3fff, u16le(b, 28) & 0x3fff];
		case 'VP8L': {
			const bits = (u16le(b, 21) | (u16le(b, 23) << 16)) >>> 0;
			return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
		}
		case 'VP8X':
			return [u24le(b, 24) + 1, u24le(b, 27) + 1];
		default:
			return null;
	}
}

/** As the file itself says; null where it does not. */
export function pictureSize(b: Uint8Array): Size | null {
	switch (pictureType(b)) {
		case 'image/jpeg':
			return jpegSize(b);
		case 'image/png': // more than 65535 is what the upper bytes are for
			return b.length < 24 || u16(b, 16) || u16(b, 20) ? null : [u16(b, 18), u16(b, 22)];
		case 'image/webp':
			return webpSize(b);
		case null:
			return null;
	}
}

/** Is it given to the decoder? */
export function isShown(bytes: Uint8Array): boolean {
	const size = pictureSize(bytes);
	return size !== null && size.every((n) => n > 0 && n <= FACE.shownSide);
}

/** The largest square in the middle, small, anew: nothing else of the file is left in it. */
export async function drawFace(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
	const image = await createImageBitmap(file);
	const from = Math.min(image.width, image.height);
	try {
		for (const side of [FACE.side, 192, 128, 96]) {
			const canvas = new OffscreenCanvas(side, side);
			const paint = canvas.getContext('2d')!;
			paint.fillStyle = '#fff';
			paint.fillRect(0, 0, side, side);
			paint.imageSmoothingQuality = 'high';
			const [x, y] = [(image.width - from) / 2, (image.height - from) / 2];
			paint.drawImage(image, x, y, from, from, 0, 0, side, side);
			for (const quality of [0.85, 0.7, 0.5]) {
				const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
				if (blob.size <= FACE.bytes) return new Uint8Array(await blob.arrayBuffer());
			}
		}
	} finally {
		image.close();
	}
	throw new Error('no picture is as large as that');
}

interface Source {
	account: { value: Account | null };
	contacts: { value: Contact[] };
}

/** Keeps `faces` as the account and its contacts have them. */
export function followFaces(
	{ account, contacts }: Source,
	core: Pick<Undercroft, 'picture'>,
): void {
	const known = new Map<string, { picture: number; url: string | null }>();
	let reading = Promise.resolve();
	/** shown until `faces` has others */
	const stale: string[] = [];

	async function read(seed: string, picture: number, contact?: string): Promise<void> {
		const before = known.get(seed);
		if (before?.picture === picture) return;
		const bytes = (await core.picture(contact)) as Uint8Array<ArrayBuffer>;
		const type = pictureType(bytes);
		const url = type && isShown(bytes) ? URL.createObjectURL(new Blob([bytes], { type })) : null;
		known.set(seed, { picture, url });
		if (before?.url) stale.push(before.url);
	}
	async function readAll(wanted: [seed: string, picture: number, contact?: string][]) {
		const seeds = new Set(wanted.map(([seed]) => seed));
		for (const [seed, { url }] of known) {
			if (seeds.has(seed)) continue;
			known.delete(seed);
			if (url) stale.push(url);
		}
		// One that is gone again is told as a change, and read then.
		for (const one of wanted) await read(...one).catch(() => undefined);
		const next = [...known].flatMap(([seed, { url }]) => (url ? [[seed, url] as const] : []));
		const isSame =
			next.length === faces.peek().size && next.every(([s, u]) => faces.peek().get(s) === u);
		if (!isSame) faces.value = new Map(next);
		for (const url of stale.splice(0)) URL.revokeObjectURL(url);
	}

	effect(() => {
		const wanted: [string, number, string?][] = contacts.value.flatMap((c) =>
			c.picture ? [[c.accountKey, c.picture, c.id] as [string, number, string]] : [],
		);
		const own = account.value;
		if (own?.picture) wanted.push([own.accountKey, own.picture]);
		reading = reading.then(() => readAll(wanted));
	});
}
