// SPDX-License-Identifier: Apache-2.0
// The core's structs as types.ts has them, with the fields of the same names as they are.  Every value
// of every enum has its place, here or by its last word in types.ts: one that is new in the header does
// not compile until it is given one.
import { constants, enums } from './abi.ts';
import type { Struct } from './core.ts';
import { failure } from './failure.ts';
import type * as T from './types.ts';

type Names<E extends keyof typeof enums, To> = Record<keyof (typeof enums)[E], To>;

const accountStates = {
	UC_NO_ACCOUNT: 'none',
	UC_ACCOUNT: 'account',
	UC_ACCOUNT_GONE: 'gone',
	UC_ACCOUNT_JOINING: 'joining',
	UC_ACCOUNT_DELETED: 'deleted',
} as const satisfies Names<'uc_account_state', T.Account['state']>;

const deviceChanges = {
	UC_DEVICE_ADDED: 'added',
	UC_DEVICE_ENDED: 'ended',
	UC_DEVICE_TWO_LISTS: 'two lists',
	UC_DEVICE_HIDDEN: 'hidden',
} as const satisfies Names<'uc_device_change_kind', T.DeviceChange['kind']>;

const linkStates = {
	UC_LINK_OFFERED: 'offered',
	UC_LINK_SIGNED: 'signed',
	UC_LINK_WHOLE: 'linked',
	UC_LINK_WITHDRAWN: 'withdrawn',
} as const satisfies Names<'uc_link_state', T.Link['state']>;

const ages = {
	UC_AGE_CHILD: 'child',
	UC_AGE_13_TO_15: '13-15',
	UC_AGE_16_AND_17: '16-17',
	UC_AGE_ADULT: 'adult',
	UC_AGE_UNKNOWN: 'unknown',
} as const satisfies Names<'uc_age', T.Age>;

const askers = {
	UC_ASK_ANYBODY: 'anybody',
	UC_ASK_HANDED: 'handed',
	UC_ASK_NOBODY: 'nobody',
} as const satisfies Names<'uc_may_ask', T.Settings['ask']>;

const adders = {
	UC_ADD_CONTACTS: 'contacts',
	UC_ADD_NOBODY: 'nobody',
} as const satisfies Names<'uc_may_add', T.Settings['add']>;

const reasons = {
	UC_REPORT_SPAM: 'spam',
	UC_REPORT_HARASSMENT: 'harassment',
	UC_REPORT_CHILD: 'child',
	UC_REPORT_THREAT: 'threat',
	UC_REPORT_OTHER: 'other',
} as const satisfies Names<'uc_report_why', T.ReportReason>;

type Last<S extends string> = S extends `${string}_${infer B}` ? Last<B> : Lowercase<S>;
/** 'open' for UC_REQUEST_OPEN: where types.ts has another, it does not compile.  Nothing for a number that has no name. */
export const last = <S extends string>(name: S) =>
	name?.slice(name.lastIndexOf('_') + 1).toLowerCase() as Last<S>;

/** The core's name of what a page has said; a page may say anything. */
function back<C extends string, To>(names: Record<C, To>, value: To): C {
	const found = (Object.keys(names) as C[]).find((c) => names[c] === value);
	if (!found) throw failure('UC_E_ARGUMENT');
	return found;
}

const numberStates = {
	UC_NUMBER_WAITING: 'waiting',
	UC_NUMBER_NOT_FOUND: 'not found',
	UC_NUMBER_FOUND: 'found',
} as const satisfies Names<'uc_number_state', T.SoughtNumber['state']>;

/** The last moment that a Date can be. */
const LATEST_MS = 8.64e15;
/** Times come from hubs, which may say anything; what a page gets is always a time. */
const time = (ms: number) => Math.min(ms, LATEST_MS);

type Camel<K extends string> = K extends `${infer A}_${infer B}`
	? `${A}${Capitalize<Camel<B>>}`
	: K;
/** A struct by the names that TypeScript has: `has_x` says whether there is an x, which is null where not. */
type Plain<S> = {
	[
		K in keyof S & string as K extends `has_${keyof S & string}` ? never : Camel<K>
	]: `has_${K}` extends keyof S ? S[K] | null : S[K];
};

const camels = new Map<string, string>();
function camel(name: string): string {
	const known = camels.get(name) ?? name.replace(/_./g, (c) => c[1]!.toUpperCase());
	camels.set(name, known);
	return known;
}

function plain<S extends object>(of: S): Plain<S> {
	const from = of as Record<string, unknown>;
	const out: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(from)) {
		if (name.startsWith('has_') && name.slice(4) in from) continue;
		const is = from[`has_${name}`] === false ? null : value;
		out[camel(name)] = name.endsWith('_ms') ? time(is as number) : is;
	}
	return out as Plain<S>;
}

export const account = (a: Struct<'uc_account'>): T.Account => ({
	...plain(a),
	state: accountStates[a.state],
	names: last(a.names) ?? null,
	picture: a.picture || null,
});

export const vault = (v: Struct<'uc_vault'>): T.Vault => ({
	...plain(v),
	storedMs: v.stored_ms ? time(v.stored_ms) : null,
});

export const settings = (s: Struct<'uc_settings'>): T.Settings => ({
	...plain(s),
	age: ages[s.age],
	ask: askers[s.ask],
	add: adders[s.add],
});

export const settingsBack = (s: T.SettingsChange): Struct<'uc_settings'> => ({
	said: true,
	age: back(ages, s.age),
	ask: back(askers, s.ask),
	add: back(adders, s.add),
	find_by_name: s.findByName,
	find_by_number: s.findByNumber,
	has_code: false,
	app_showed_others: false,
});

export const ageBack = (age: T.Age): number => enums.uc_age[back(ages, age)];
export const reasonBack = (why: T.ReportReason): number => enums.uc_report_why[back(reasons, why)];

const places = {
	app: constants.UC_REPORT_TO_APP,
	hub: constants.UC_REPORT_TO_HUB,
	both: constants.UC_REPORT_TO_APP | constants.UC_REPORT_TO_HUB,
} as const satisfies Record<T.Report['to'], number>;

export function placeBack(to: T.Report['to']): number {
	if (!Object.hasOwn(places, to)) throw failure('UC_E_ARGUMENT');
	return places[to];
}

/** "verified app hub": the verdict, then who has it. */
export function reported(text: string): T.Reported {
	const [verdict, ...has] = text.split(' ');
	return {
		verdict: verdict as T.Reported['verdict'],
		app: has.includes('app'),
		hub: has.includes('hub'),
	};
}

export const device = (d: Struct<'uc_device'>): T.Device => plain(d);

export const deviceChange = (d: Struct<'uc_device_change'>): T.DeviceChange => ({
	...plain(d),
	kind: deviceChanges[d.kind],
	by: /^0*$/.test(d.by) ? null : d.by,
});

export const request = (r: Struct<'uc_request'>): T.ContactRequest => ({
	...plain(r),
	state: last(r.state),
});

export const number = (n: Struct<'uc_number'>): T.SoughtNumber => ({
	...plain(n),
	state: numberStates[n.state],
});

export const invitation = (i: Struct<'uc_invitation'>): T.Invitation => plain(i);

export const contact = (c: Struct<'uc_contact'>): T.Contact => ({
	...plain(c),
	picture: c.picture || null,
});

export const ageKnown = (k: Struct<'uc_age_known'>): T.AgeKnown => ({
	...plain(k),
	by: last(k.by),
	age: ages[k.age],
});

export const guardian = (g: Struct<'uc_guardian'>): T.Guardian => ({
	...plain(g),
	state: last(g.state),
	contact: g.state === 'UC_GUARDIAN_NONE' ? null : g.contact,
});

export const ward = (w: Struct<'uc_ward'>): T.Ward => plain(w);

export const wardAsk = (a: Struct<'uc_ward_ask'>): T.WardAsk => ({
	...plain(a),
	kind: last(a.kind),
});

export const link = (l: Struct<'uc_link'>): T.Link => ({
	...plain(l),
	state: linkStates[l.state],
});

export const linked = (l: Struct<'uc_linked'>): T.Linked => plain(l);

export const room = (r: Struct<'uc_room'>): T.Room => ({
	...plain(r),
	state: last(r.state),
	says: last(r.says),
});

export const member = (m: Struct<'uc_member'>): T.Member => plain(m);

export function message(m: Struct<'uc_message'>): T.Message {
	const { hasReply, fileName: name, fileType: type, fileBytes: bytes, ...rest } = plain(m);
	return {
		...rest,
		state: last(m.state),
		kind: last(m.kind),
		inReplyTo: hasReply ? m.in_reply_to : null,
		file: bytes ? { name, type, bytes } : null,
	};
}
