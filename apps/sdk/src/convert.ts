// SPDX-License-Identifier: Apache-2.0
// The core's structs as types.ts has them.  Every value of every enum has its place here: one that
// is new in the header does not compile until it is given one.
import { constants, enums } from './abi.ts';
import type { Struct } from './core.ts';
import { failure } from './failure.ts';
import type * as T from './types.ts';

type Names<E extends keyof typeof enums, To> = Record<keyof (typeof enums)[E], To>;

export const connections = {
	UC_OFFLINE: 'offline',
	UC_CONNECTING: 'connecting',
	UC_GREETED: 'greeted',
	UC_ONLINE: 'online',
} as const satisfies Names<'uc_connection', T.Connection>;

const nameKinds = {
	UC_NAME_NUMBER: 'number',
	UC_NAME_HANDLE: 'handle',
	UC_NAME_ADDRESS: 'address',
} as const satisfies Names<'uc_name_kind', T.NameKind>;

const accountStates = {
	UC_NO_ACCOUNT: 'none',
	UC_ACCOUNT: 'account',
	UC_ACCOUNT_GONE: 'gone',
	UC_ACCOUNT_JOINING: 'joining',
	UC_ACCOUNT_DELETED: 'deleted',
} as const satisfies Names<'uc_account_state', T.Account['state']>;

const requestStates = {
	UC_REQUEST_OPEN: 'open',
	UC_REQUEST_ACCEPTED: 'accepted',
	UC_REQUEST_DECLINED: 'declined',
	UC_REQUEST_WAITING: 'waiting',
} as const satisfies Names<'uc_request_state', T.ContactRequest['state']>;

const deviceChanges = {
	UC_DEVICE_ADDED: 'added',
	UC_DEVICE_ENDED: 'ended',
	UC_DEVICE_TWO_LISTS: 'two lists',
} as const satisfies Names<'uc_device_change_kind', T.DeviceChange['kind']>;

const linkStates = {
	UC_LINK_OFFERED: 'offered',
	UC_LINK_SIGNED: 'signed',
	UC_LINK_WHOLE: 'linked',
	UC_LINK_WITHDRAWN: 'withdrawn',
} as const satisfies Names<'uc_link_state', T.Link['state']>;

const says = {
	UC_SAYS_ACCOUNT: 'account',
	UC_SAYS_PERSONA: 'persona',
	UC_SAYS_NOTHING: 'nothing',
} as const satisfies Names<'uc_says', T.Room['says']>;
const roomStates = {
	UC_ROOM_JOINING: 'joining',
	UC_ROOM_OPEN: 'open',
	UC_ROOM_LEFT: 'left',
} as const satisfies Names<'uc_room_state', T.Room['state']>;

const messageStates = {
	UC_MESSAGE_QUEUED: 'queued',
	UC_MESSAGE_ACCEPTED: 'accepted',
	UC_MESSAGE_FAILED: 'failed',
	UC_MESSAGE_RECEIVED: 'received',
} as const satisfies Names<'uc_message_state', T.Message['state']>;

const messageKinds = {
	UC_MESSAGE_TEXT: 'text',
	UC_MESSAGE_REACTION: 'reaction',
	UC_MESSAGE_NOTE: 'note',
	UC_MESSAGE_FILE: 'file',
} as const satisfies Names<'uc_message_kind', T.Message['kind']>;

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

export const account = (a: Struct<'uc_account'>): T.Account => ({
	state: accountStates[a.state],
	app: a.app,
	names: nameKinds[a.names] ?? null,
	identifier: a.identifier,
	profileName: a.profile_name,
	recoveryConfirmed: a.recovery_confirmed,
	accountKey: a.account_key,
	devices: a.devices,
	setsLeft: a.sets_left,
	waitsToIntroduce: a.waits_to_introduce,
	removesNotIntroduced: a.removes_not_introduced,
	about: a.about,
	picture: a.picture || null,
});

export const vault = (v: Struct<'uc_vault'>): T.Vault => ({
	canStore: v.can_store,
	waits: v.waits,
	storedMs: v.stored_ms ? time(v.stored_ms) : null,
});

export const settings = (s: Struct<'uc_settings'>): T.Settings => ({
	said: s.said,
	age: ages[s.age],
	ask: askers[s.ask],
	add: adders[s.add],
	findByName: s.find_by_name,
	findByNumber: s.find_by_number,
	hasCode: s.has_code,
	appShowedOthers: s.app_showed_others,
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

export const device = (d: Struct<'uc_device'>): T.Device => ({
	deviceKey: d.device_key,
	isThis: d.is_this,
	addedMs: time(d.added_ms),
	name: d.name,
});

export const deviceChange = (d: Struct<'uc_device_change'>): T.DeviceChange => ({
	kind: deviceChanges[d.kind],
	deviceKey: d.device_key,
	by: /^0*$/.test(d.by) ? null : d.by,
	timeMs: time(d.time_ms),
	number: d.number,
});

export const request = (r: Struct<'uc_request'>): T.ContactRequest => ({
	id: r.id,
	incoming: r.incoming,
	byInvitation: r.by_invitation,
	state: requestStates[r.state],
	app: r.app,
	name: r.name,
	text: r.text,
	timeMs: time(r.time_ms),
	blocked: r.blocked,
	contact: r.has_contact ? r.contact : null,
	room: r.has_room ? r.room : null,
});

export const number = (n: Struct<'uc_number'>): T.SoughtNumber => ({
	number: n.number,
	state: numberStates[n.state],
});

export const invitation = (i: Struct<'uc_invitation'>): T.Invitation => ({
	id: i.id,
	link: i.link,
	once: i.once,
	used: i.used,
	asked: i.asked,
	madeMs: time(i.made_ms),
	expiresMs: time(i.expires_ms),
});

export const contact = (c: Struct<'uc_contact'>): T.Contact => ({
	id: c.id,
	app: c.app,
	name: c.name,
	accountKey: c.account_key,
	blocked: c.blocked,
	stranger: c.stranger,
	verified: c.verified,
	identityChanged: c.identity_changed,
	direct: c.has_direct ? c.direct : null,
	keyAddresses: c.key_addresses,
	given: c.given,
	shown: c.shown,
	about: c.about,
	picture: c.picture || null,
});

const ageBy = {
	UC_AGE_BY_NOBODY: 'nobody',
	UC_AGE_BY_APP: 'app',
	UC_AGE_BY_SERVICE: 'service',
} as const satisfies Names<'uc_age_by', T.AgeKnown['by']>;

export const ageKnown = (k: Struct<'uc_age_known'>): T.AgeKnown => ({
	by: ageBy[k.by],
	age: ages[k.age],
});

const guardianStates = {
	UC_GUARDIAN_NONE: 'none',
	UC_GUARDIAN_OFFERED: 'offered',
	UC_GUARDIAN_NAMED: 'named',
} as const satisfies Names<'uc_guardian_state', T.Guardian['state']>;

const wardAsks = {
	UC_WARD_LETTER: 'letter',
	UC_WARD_OWN: 'own',
	UC_WARD_GROUP: 'group',
} as const satisfies Names<'uc_ward_asks_for', T.WardAsk['kind']>;

export const guardian = (g: Struct<'uc_guardian'>): T.Guardian => ({
	state: guardianStates[g.state],
	contact: g.state === 'UC_GUARDIAN_NONE' ? null : g.contact,
	isContact: g.is_contact,
});

export const ward = (w: Struct<'uc_ward'>): T.Ward => ({
	contact: w.contact,
	accepted: w.accepted,
});

export const wardAsk = (a: Struct<'uc_ward_ask'>): T.WardAsk => ({
	id: a.id,
	contact: a.contact,
	kind: wardAsks[a.kind],
	app: a.app,
	name: a.name,
	text: a.text,
	timeMs: a.time_ms,
});

export const link = (l: Struct<'uc_link'>): T.Link => ({
	id: l.id,
	state: linkStates[l.state],
	app: l.app,
	name: l.name,
	identifier: l.identifier,
	accountKey: l.account_key,
	shown: l.shown,
	waiting: l.waiting,
});

export const linked = (l: Struct<'uc_linked'>): T.Linked => ({
	app: l.app,
	name: l.name,
	identifier: l.identifier,
	accountKey: l.account_key,
	contact: l.has_contact ? l.contact : null,
});

export const room = (r: Struct<'uc_room'>): T.Room => ({
	id: r.id,
	uri: r.uri,
	name: r.name,
	direct: r.direct,
	state: roomStates[r.state],
	consistent: r.consistent,
	epoch: r.epoch,
	members: r.members,
	unread: r.unread,
	readUpTo: r.read_up_to,
	lastMs: time(r.last_ms),
	says: says[r.says],
	persona: r.persona,
});

export const member = (m: Struct<'uc_member'>): T.Member => ({
	id: m.id,
	app: m.app,
	participant: m.participant,
	isSelf: m.is_self,
	introduced: m.introduced,
	persona: m.persona,
	blocked: m.blocked,
	name: m.name,
	contact: m.has_contact ? m.contact : null,
	role: m.role,
	devices: m.devices,
});

export const message = (m: Struct<'uc_message'>): T.Message => ({
	room: m.room,
	number: m.number,
	id: m.id,
	state: messageStates[m.state],
	kind: messageKinds[m.kind],
	own: m.own,
	sender: m.sender,
	introduced: m.introduced,
	member: m.member,
	timeMs: time(m.time_ms),
	text: m.text,
	inReplyTo: m.has_reply ? m.in_reply_to : null,
	edited: m.edited,
	deleted: m.deleted,
	file: m.file_bytes ? { name: m.file_name, type: m.file_type, bytes: m.file_bytes } : null,
});
