// SPDX-License-Identifier: Apache-2.0
// Invitation links: as they are shown here, and as people bring them.

import type { Undercroft } from '@undercroft/sdk';
import { isUndercroftError } from './errors.ts';

/** What stands between the app and the rest: of an invitation, and of the code of a new device. */
export const LINK = '/#/link/';
export const DEVICE = '/#/device/';

/** As this browser opens it: the page of our own app may have a port, and on one machine no TLS. */
export function asShown(link: string, domain: string, origin: string): string {
	const own = `https://${domain}/`;
	return link.startsWith(own) ? `${origin}/${link.slice(own.length)}` : link;
}

/** The longest name of an app with a port; and more than any link or code. */
const HOST_LENGTH = 300;
/** No more than that is taken into a field: browsers need seconds to lay a million characters out. */
export const PASTED_MOST = 20_000;
const MOST = 2000;
/** What the rest is made of; a code may have been typed in groups. */
const REST: Record<string, RegExp> = {
	[LINK]: /[\w-]+/y,
	[DEVICE]: /[\w-]{39,}|[\w-]+(?: +[\w-]+)*/y,
};

/** As the library reads it, out of what was pasted or scanned: there may be words around it, and any
 * number of them: each is looked at a few times at most. */
export function asBrought(text: string, place: string = LINK): string {
	for (let at = text.indexOf(place); at >= 0; at = text.indexOf(place, at + 1)) {
		let from = at;
		while (from > 0 && at - from < HOST_LENGTH && !/[\s/]/.test(text[from - 1]!)) from--;
		const host = text.slice(from, at);
		const rest = REST[place]!;
		rest.lastIndex = at + place.length;
		const found = host && rest.exec(text.slice(0, at + MOST));
		if (found) return `https://${host}${place}${found[0]}`;
	}
	return text.slice(0, MOST).trim();
}

/** Whose app a link leads to; null: it is none, or not whole. */
export async function appOf(core: Undercroft, link: string): Promise<string | null> {
	try {
		return await core.invitationApp(link);
	} catch (e) {
		if (isUndercroftError(e) && e.code === 'UC_E_ADDRESS') return null;
		throw e;
	}
}

/** What a browser may have to read such pictures with. */
interface Detector {
	detect(of: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = (new (o: { formats: string[] }) => Detector) & {
	getSupportedFormats(): Promise<string[]>;
};

const QR = 'qr_code';

/** null: this browser reads no codes, or has no camera; then a link can be pasted. */
export async function codeReader(): Promise<Detector | null> {
	const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
	if (!BarcodeDetector || !navigator.mediaDevices?.getUserMedia) return null;
	const formats = await BarcodeDetector.getSupportedFormats().catch((): string[] => []);
	return formats.includes(QR) ? new BarcodeDetector({ formats: [QR] }) : null;
}
