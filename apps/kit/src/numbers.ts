// SPDX-License-Identifier: Apache-2.0
// Numbers out of what people have of them: one a line, or vCards.

import type { Undercroft } from '@undercroft/sdk';
import { isUndercroftError } from './errors.ts';
import { mistake, normalise } from './names.ts';

export interface NumberList {
	/** E.164, each once */
	numbers: string[];
	/** so many were none, or none with a country's code */
	leftOut: number;
}

/** The most that the library keeps. */
export const NUMBERS_MAX = 10_000;
/** Of a file that may hold pictures, too. */
export const FILE_BYTES = 32 << 20;

/** to one call of the library */
const CALL_NUMBERS = 1000;

/** Fulfilled with whether all were looked for; the rest follows in the coming days. */
export async function lookFor(core: Undercroft, numbers: string[]): Promise<boolean> {
	let isAll = true;
	for (let at = 0; at < numbers.length; at += CALL_NUMBERS)
		await core.findNumbers(numbers.slice(at, at + CALL_NUMBERS)).catch((e: unknown) => {
			if (!isUndercroftError(e) || e.code !== 'UC_E_RATE') throw e;
			isAll = false;
		});
	return isAll;
}

/** A TEL line (RFC 6350, 6.4.1), maybe in a group, its value maybe a tel: URI. */
const TEL = /^(?:[\w-]+\.)?TEL(?:;[^:]*(?::(?=tel:))?)?:(?:tel:)?(.*)$/i;

export function readNumbers(text: string): NumberList {
	const lines = text.split(/\r?\n|\r/).map((l) => l.trim());
	const isCards = lines.some((l) => /^BEGIN:VCARD$/i.test(l));
	const typed = isCards
		? lines.map((l) => TEL.exec(l)?.[1]?.trim()).filter((n) => n !== undefined)
		: lines.flatMap((l) => l.split(/[,;]/)).map((l) => l.trim());
	const numbers = new Set<string>();
	let leftOut = 0;
	for (const one of typed) {
		if (!one) continue;
		const number = normalise('number', one);
		if (mistake('number', number)) leftOut++;
		else numbers.add(number);
	}
	return { numbers: [...numbers], leftOut };
}
