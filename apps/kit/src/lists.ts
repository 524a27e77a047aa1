// SPDX-License-Identifier: Apache-2.0
// What the model reads of the library as a whole, and again when an event says that it changed.

export const LISTS = [
	'account',
	'requests',
	'contacts',
	'rooms',
	'devices',
	'settings',
	'numbers',
	'guardians',
] as const;
export type List = (typeof LISTS)[number];
