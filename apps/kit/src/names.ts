// SPDX-License-Identifier: Apache-2.0
// What people are known by: numbers, handles, e-mail addresses; how they are typed and shown.

import type { NameKind } from '@undercroft/sdk';
import { clean } from './text.ts';

export interface NameField {
	label: string;
	type: 'tel' | 'text' | 'email';
	inputMode: 'tel' | 'text' | 'email';
	autocomplete: 'tel' | 'username' | 'email';
	hint: string;
	placeholder: string;
	/** Does the app send a code to it? */
	code: boolean;
}

export const NAME_FIELD: Record<NameKind, NameField> = {
	number: {
		label: 'Phone number',
		type: 'tel',
		inputMode: 'tel',
		autocomplete: 'tel',
		hint: 'With the country code, for example +49 30 1234567',
		placeholder: '+49 30 1234567',
		code: true,
	},
	handle: {
		label: 'Handle',
		type: 'text',
		inputMode: 'text',
		autocomplete: 'username',
		hint: 'Letters, digits, and . _ - between them, for example rosa.luz',
		placeholder: 'rosa.luz',
		code: false,
	},
	address: {
		label: 'E-mail address',
		type: 'email',
		inputMode: 'email',
		autocomplete: 'email',
		hint: 'For example rosa@example.org',
		placeholder: 'rosa@example.org',
		code: true,
	},
};

// Calling codes and a region for each, for hints only: a code, then its region and those of the codes
// that follow it; '..' is a code without one.
const CALLING =
	'1US7RU20EG27ZA30GRNLBEFRES..HU39ITROCH..ATGBDKSENOPLDE..PEMXCUARBRCLCOVE..MYAUIDPHNZSGTH81JPKR..' +
	'VN..CN90TRINPKAFLKMM98IR211SSMADZ216TN..LY..GMSNMRMLGNCIBFNETGBJMULRSLGHNGTDCFCMCVSTGQGACGCDAOGW' +
	'248SCSDRWETSODJKETZUGBIMZ..ZMMG..ZWNAMWLSBWSZKM291ER297AWFOGL350GIPTLUIEISALMTCYFIBG370LTLVEEMDA' +
	'MBYADMCSM..UARSMEXK..HRSIBA..MK420CZSK..LI501BZGTSVHNNICRPA..HT590GPBOGYEC..PY..SRUY670TL673BN..' +
	'PGTOSBVUFJ685WSKI689PF852HKMO..KHLA880BD886TW960MVLBJOSYIQKWSAYEOM..PSAEILBHQABTMNNP992TJTMAZGEK' +
	'G..UZ';

const REGION_OF = new Map<string, string>();
for (const [, first, regions] of CALLING.matchAll(/(\d+)([A-Z.]+)/g))
	regions!.match(/../g)!.forEach((region, i) => {
		if (region !== '..') REGION_OF.set(String(Number(first) + i), region);
	});

function callingCode(digits: string): string {
	for (const n of [3, 2, 1]) if (REGION_OF.has(digits.slice(0, n))) return digits.slice(0, n);
	return '';
}

/** "+49 30 1234567" as +49301234567; a number without a country code gets that of the language. */
export function normalise(kind: NameKind, typed: string): string {
	const text = typed.trim();
	if (kind === 'handle') return text.replace(/^@/, '');
	if (kind === 'address') return text;
	const bare = text.replace(/[\s().\-/\u00A0\u2010-\u2015]/g, '').replace(/^00/, '+');
	if (/^0\d+$/.test(bare)) {
		const code = localCode();
		if (code) return '+' + code + (code === '39' ? bare : bare.slice(1));
	}
	return bare;
}

function localCode(): string {
	const language = typeof navigator === 'object' ? navigator.language : '';
	const region = /[-_]([A-Z]{2})\b/.exec(language)?.[1];
	if (region) for (const [code, of] of REGION_OF) if (of === region) return code;
	return '';
}

const ADDRESS_LENGTH = 254;

/** The same rules as the library's, so that a mistake is told before anything is sent; null: fine. */
export function mistake(kind: NameKind, normalised: string): string | null {
	if (normalised === '') return `Give ${article(kind)}.`;
	switch (kind) {
		case 'number':
			if (!normalised.startsWith('+'))
				return 'Start with + and the country code, for example +49 for Germany.';
			return /^\+[1-9]\d{6,14}$/.test(normalised)
				? null
				: 'A phone number has 7 to 15 digits after the +.';
		case 'handle':
			return normalised.length >= 2 &&
				normalised.length <= 30 &&
				/^[A-Za-z0-9](?:[._-]?[A-Za-z0-9])*$/.test(normalised)
				? null
				: 'A handle has 2 to 30 letters and digits, with single . _ - between them.';
		case 'address':
			return normalised.length <= ADDRESS_LENGTH && /^[^\s@]+@[^\s@]+$/.test(normalised)
				? null
				: 'An e-mail address looks like name@example.org.';
	}
}

function article(kind: NameKind): string {
	return { number: 'a phone number', handle: 'a handle', address: 'an e-mail address' }[kind];
}

/** The country of a number that is being typed, in the reader's language; '' when not known. */
export function country(normalised: string): string {
	if (!normalised.startsWith('+')) return '';
	const code = callingCode(normalised.slice(1));
	const region = REGION_OF.get(code);
	if (!region) return '';
	if (code === '1') return `+1 ${regionName('US')}, ${regionName('CA')}`;
	if (code === '7') return `+7 ${regionName('RU')}, ${regionName('KZ')}`;
	return `+${code} ${regionName(region)}`;
}

function regionName(region: string): string {
	try {
		return new Intl.DisplayNames(undefined, { type: 'region' }).of(region) ?? region;
	} catch {
		return region;
	}
}

/** "+49 301 234 567": in groups that the eye can hold; the handle with its @. */
export function showName(kind: NameKind | null, identifier: string): string {
	if (kind === 'handle') return '@' + clean(identifier).replace(/^@/, '');
	if (kind !== 'number' || !/^\+\d{7,15}$/.test(identifier)) return clean(identifier);
	const digits = identifier.slice(1);
	const code = callingCode(digits) || digits.slice(0, 2);
	const rest = digits.slice(code.length);
	// Threes, and what is left over where the eye expects it: two before, or four at the end.
	const groups: string[] = [];
	let at = rest.length % 3 === 2 ? 2 : 0;
	if (at > 0) groups.push(rest.slice(0, at));
	while (at < rest.length) {
		const n = rest.length - at === 4 ? 4 : 3;
		groups.push(rest.slice(at, at + n));
		at += n;
	}
	return `+${code} ${groups.join('\u00A0')}`;
}
