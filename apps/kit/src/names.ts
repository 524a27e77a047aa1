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

// Calling codes and a region for each, for hints only: digits, then the region.
const CALLING =
	'1US7RU20EG27ZA30GR31NL32BE33FR34ES36HU39IT40RO41CH43AT44GB45DK46SE47NO48PL49DE51PE52MX53CU54AR' +
	'55BR56CL57CO58VE60MY61AU62ID63PH64NZ65SG66TH81JP82KR84VN86CN90TR91IN92PK93AF94LK95MM98IR211SS' +
	'212MA213DZ216TN218LY220GM221SN222MR223ML224GN225CI226BF227NE228TG229BJ230MU231LR232SL233GH' +
	'234NG235TD236CF237CM238CV239ST240GQ241GA242CG243CD244AO245GW248SC249SD250RW251ET252SO253DJ' +
	'254KE255TZ256UG257BI258MZ260ZM261MG263ZW264NA265MW266LS267BW268SZ269KM291ER297AW298FO299GL' +
	'350GI351PT352LU353IE354IS355AL356MT357CY358FI359BG370LT371LV372EE373MD374AM375BY376AD377MC' +
	'378SM380UA381RS382ME383XK385HR386SI387BA389MK420CZ421SK423LI501BZ502GT503SV504HN505NI506CR' +
	'507PA509HT590GP591BO592GY593EC595PY597SR598UY670TL673BN675PG676TO677SB678VU679FJ685WS686KI' +
	'689PF852HK853MO855KH856LA880BD886TW960MV961LB962JO963SY964IQ965KW966SA967YE968OM970PS971AE' +
	'972IL973BH974QA975BT976MN977NP992TJ993TM994AZ995GE996KG998UZ';

const REGION_OF = new Map<string, string>();
for (const [, code, region] of CALLING.matchAll(/(\d+)([A-Z]{2})/g)) REGION_OF.set(code!, region!);

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
