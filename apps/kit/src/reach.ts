// SPDX-License-Identifier: Apache-2.0
// Who can reach the account: what an age closes, as the library has it, and how it is set.

import type { Age, AgeKnown, Settings, SettingsChange, Undercroft } from '@undercroft/sdk';
import { isUndercroftError } from './errors.ts';

/** From the youngest on, as the library orders them. */
export const AGES: readonly Age[] = ['child', '13-15', '16-17', 'adult', 'unknown'];

export const AGE_LABEL: Record<Age, string> = {
	child: 'Below 13',
	'13-15': '13 to 15',
	'16-17': '16 or 17',
	adult: '18 or older',
	unknown: 'I do not say',
};

export const isMinor = (age: Age): boolean => AGES.indexOf(age) < AGES.indexOf('adult');
/** Below 16 nothing is opened that is closed for that age. */
export const isYoung = (age: Age): boolean => AGES.indexOf(age) < AGES.indexOf('16-17');

/** Whoever has said to be younger than 18 does not become older by saying so, but up to what the app knows. */
export function isAgeClosed(said: Settings, age: Age, known: AgeKnown | null = null): boolean {
	const isKnown = known && known.by !== 'nobody' && AGES.indexOf(age) <= AGES.indexOf(known.age);
	return said.said && isMinor(said.age) && AGES.indexOf(age) > AGES.indexOf(said.age) && !isKnown;
}

/** How old the app takes the person to be; null where it has not said so since it was connected. */
export async function readAge(
	core: Pick<Undercroft, 'connection' | 'ageKnown'>,
): Promise<AgeKnown | null> {
	try {
		return await whenSeen(core, () => core.ageKnown());
	} catch (e) {
		if (isUndercroftError(e) && e.code === 'UC_E_NET') return null;
		throw e;
	}
}

/** What a service gave, as people paste it: mail breaks lines. */
export const plainStatement = (text: string): string => text.replace(/\s+/g, '');

const MORE_OPEN = {
	ask: ['anybody', 'handed', 'nobody'],
	add: ['contacts', 'nobody'],
} as const;

/** Is `value` more than an age begins with, and the age one that opens nothing? */
export function isClosed<K extends 'ask' | 'add'>(
	begins: Settings,
	what: K,
	value: Settings[K],
): boolean {
	const order: readonly string[] = MORE_OPEN[what];
	return isYoung(begins.age) && order.indexOf(value) < order.indexOf(begins[what]);
}

/** So long the app's own are waited for: they come soon after the connection. */
const SEEN_WITHIN_MS = 4000;
const AGAIN_MS = 150;

export function putSettings(
	core: Pick<Undercroft, 'connection' | 'setSettings'>,
	settings: SettingsChange,
): Promise<void> {
	return whenSeen(core, () => core.setSettings(settings));
}

export async function whenSeen<T>(
	core: Pick<Undercroft, 'connection'>,
	action: () => Promise<T>,
): Promise<T> {
	const end = Date.now() + SEEN_WITHIN_MS;
	for (;;) {
		try {
			return await action();
		} catch (e) {
			const isSoon =
				isUndercroftError(e) &&
				(e.code === 'UC_E_BUSY' || (e.code === 'UC_E_NET' && core.connection === 'online'));
			if (!isSoon || Date.now() > end) throw e;
			await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
		}
	}
}
