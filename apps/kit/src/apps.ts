// SPDX-License-Identifier: Apache-2.0
// The apps that people can be found on: which there are, this one among them, and how they are called.

import type { NameKind } from '@undercroft/sdk';
import { clean } from './text.ts';

/** One of the apps that people can be found on, as /apps.json lists them. */
export interface AppInfo {
	domain: string;
	title: string;
	names: NameKind;
	self?: boolean;
}

/** What this app says of itself, before anything is loaded. */
export interface Self {
	title: string;
	names: NameKind;
	/** what it is, in one sentence */
	sentence: string;
}

/** So much is shown of the name of an app that is not in the list: as much as a badge shows. */
const DOMAIN_LENGTH = 18;

/** With the domain of this one. */
export async function readApps(self: Self): Promise<{ apps: AppInfo[]; own: string }> {
	const host = location.hostname;
	try {
		const answer = await fetch('/apps.json', { cache: 'no-cache' });
		const { apps } = (await answer.json()) as { apps: AppInfo[] };
		return { apps, own: apps.find((a) => a.self)?.domain ?? host };
	} catch {
		// Offline: this app alone, under the name that the page has.
		const alone = { domain: host, title: self.title, names: self.names, self: true };
		return { apps: [alone], own: host };
	}
}

/** "Lens"; its domain when it is not in the list. */
export function titleOf(apps: readonly AppInfo[], domain: string): string {
	const known = apps.find((a) => a.domain === domain);
	if (known) return clean(known.title, 40);
	// Whose a domain is stands at its end.
	const all = clean(domain, 253);
	return all.length > DOMAIN_LENGTH ? '\u2026' + all.slice(-DOMAIN_LENGTH) : all;
}
