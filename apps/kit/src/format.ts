// SPDX-License-Identifier: Apache-2.0
// Times and counts in the reader's language.
import type { Message } from '@undercroft/sdk';

const DAY = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dateYear = new Intl.DateTimeFormat(undefined, {
	day: 'numeric',
	month: 'short',
	year: 'numeric',
});
const longDay = new Intl.DateTimeFormat(undefined, {
	weekday: 'long',
	day: 'numeric',
	month: 'long',
});
const longDayYear = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });
// Of days that others have counted, where it is another one here.
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const plural = new Intl.PluralRules('en');

/** Midnight of that day, local time: equal for times of one day. */
export function dayOf(ms: number): number {
	return new Date(ms).setHours(0, 0, 0, 0);
}

export function showTime(ms: number): string {
	return clock.format(ms);
}

/** "3 May 2026": a day without a time. */
export function showDate(ms: number): string {
	return day.format(ms);
}

export function showWhole(ms: number): string {
	return whole.format(ms);
}

/** "14:05", "Yesterday", "Tue", "3 May": as short as it can be and still be clear. */
export function showWhen(ms: number, now = Date.now()): string {
	if (ms === 0) return '';
	const days = Math.round((dayOf(now) - dayOf(ms)) / DAY);
	if (days === 0) return clock.format(ms);
	if (days === 1) return 'Yesterday';
	if (days > 0 && days < 7) return weekday.format(ms);
	return new Date(ms).getFullYear() === new Date(now).getFullYear()
		? date.format(ms)
		: dateYear.format(ms);
}

/** "Today", "Yesterday", "Tuesday, 3 May". */
export function showDay(ms: number, now = Date.now()): string {
	const days = Math.round((dayOf(now) - dayOf(ms)) / DAY);
	if (days === 0) return 'Today';
	if (days === 1) return 'Yesterday';
	return new Date(ms).getFullYear() === new Date(now).getFullYear()
		? longDay.format(ms)
		: longDayYear.format(ms);
}

/** "1 person", "3 people". */
export function count(n: number, one: string, many = one + 's'): string {
	return `${n} ${plural.select(n) === 'one' ? one : many}`;
}

/** "Rosa", "Rosa and you", "Rosa, Tom and you". */
export function list(parts: string[]): string {
	return parts.length < 2
		? (parts[0] ?? '')
		: `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}

/** "9 kB", "1.4 MB": rounded up, so that nothing is said to be empty. */
export function showBytes(n: number): string {
	return n < 1e6 ? `${Math.ceil(n / 1e3)} kB` : `${(Math.ceil(n / 1e5) / 10).toFixed(1)} MB`;
}

/** What a message says; of a file its name, which the library has made one that may be shown. */
export function said(m: Message): string {
	return m.file ? `File: ${m.file.name} (${showBytes(m.file.bytes)})` : m.text;
}
