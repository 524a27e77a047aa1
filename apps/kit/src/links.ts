// SPDX-License-Identifier: Apache-2.0
// Invitation links: as they are shown here, and as people bring them.

import type { Undercroft } from '@undercroft/sdk';
import { isUndercroftError } from './errors.ts';

const PLACE = '/#/link/';

/** As this browser opens it: the page of our own app may have a port, and on one machine no TLS. */
export function asShown(link: string, domain: string, origin: string): string {
	const own = `https://${domain}${PLACE}`;
	return link.startsWith(own) ? origin + PLACE + link.slice(own.length) : link;
}

/** As the library reads it, out of what was pasted or scanned: there may be words around it. */
export function asBrought(text: string): string {
	const found = /(?:https?:\/\/)?([^\s/]+\/#\/link\/[\w-]+)/.exec(text);
	return found ? 'https://' + found[1] : text.trim();
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
