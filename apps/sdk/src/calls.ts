// SPDX-License-Identifier: Apache-2.0
// What a page can ask of the core: one entry for each method of types.ts that the core answers.
import { constants, structs } from './abi.ts';
import * as convert from './convert.ts';
import type { Core, Ptr, Scratch, Struct } from './core.ts';
import { exportText } from './export.ts';
import { failure } from './failure.ts';
import type { Undercroft } from './types.ts';

/** Those that the page or the worker answers itself. */
type Own = 'tab' | 'reason' | 'connection' | 'on' | 'erase' | 'close';
export type Method = Exclude<keyof Undercroft, Own>;
type Result<M extends Method> = Awaited<ReturnType<Undercroft[M]>>;

/** Begun; its end comes as UC_EVENT_DONE with that number. */
export class Operation<R> {
	constructor(
		readonly op: number,
		readonly result: (done: Struct<'uc_event'>) => R,
	) {}
}

function operation(core: Core, run: (s: Scratch, op: Ptr) => number): Operation<void>;
function operation<R>(
	core: Core,
	run: (s: Scratch, op: Ptr) => number,
	result: (done: Struct<'uc_event'>) => R,
): Operation<R>;
function operation(
	core: Core,
	run: (s: Scratch, op: Ptr) => number,
	result: (done: Struct<'uc_event'>) => unknown = () => undefined,
): Operation<unknown> {
	return core.with((s) => {
		const op = s.take(4);
		core.check(run(s, op));
		return new Operation(core.u32(op), result);
	});
}

const doneRoom = (done: Struct<'uc_event'>) => done.room;
const doneText = (done: Struct<'uc_event'>) => done.text;

/** The text that a function writes into n bytes. */
function textOut(core: Core, n: number, run: (s: Scratch, out: Ptr) => number): string {
	return core.with((s) => {
		const out = s.take(n);
		core.check(run(s, out));
		return core.text(out);
	});
}

/** What is to be carried to the person's other client. */
function linkText(core: Core, run: (s: Scratch, out: Ptr, n: number) => number): string {
	const n = constants.UC_LINK_TEXT_MAX;
	return textOut(core, n, (s, out) => run(s, out, n));
}

/** The message that was queued. */
function sent(core: Core, run: (s: Scratch, id: Ptr) => number): string {
	return core.with((s) => {
		const id = s.take(32);
		core.check(run(s, id));
		return core.hex(id, 32);
	});
}

function settings(core: Core, run: (out: Ptr) => number) {
	return core.with((s) => {
		const out = s.take(structs.uc_settings.size);
		core.check(run(out));
		return convert.settings(core.read('uc_settings', out));
	});
}

const MOST = 0xffffffff;
const count = (n: number | undefined, otherwise: number) =>
	n === undefined ? otherwise : Math.min(Math.max(Math.trunc(n) || 0, 0), MOST);

function messages(core: Core, room: string, from: number, limit: number) {
	const { f, client } = core;
	return core
		.list('uc_message', (s, each, ctx) =>
			f.uc_messages(client, s.id(room), BigInt(from), limit, each, ctx),
		)
		.map(convert.message);
}

export const calls: {
	[M in Method]: (
		core: Core,
		...args: Parameters<Undercroft[M]>
	) => Result<M> | Operation<Result<M>>;
} = {
	// --- the account ---
	account: (core) =>
		core.with((s) => {
			const out = s.take(structs.uc_account.size);
			core.check(core.f.uc_account_get(core.client, out));
			return convert.account(core.read('uc_account', out));
		}),
	requestCode: (core, identifier) =>
		operation(core, (s, op) => core.f.uc_request_code(core.client, s.text(identifier), op)),
	signUp: (core, { identifier, code, profileName }) =>
		operation(
			core,
			(s, op) =>
				core.f.uc_sign_up(core.client, s.text(identifier), s.text(code), s.text(profileName), op),
			doneText,
		),
	recoveryWords: (core) =>
		textOut(core, 256, (_, out) => core.f.uc_recovery_words(core.client, out, 256)),
	recoveryConfirmed: (core) =>
		core.with(() => core.check(core.f.uc_recovery_confirmed(core.client))),
	recover: (core, { words, profileName }) =>
		operation(core, (s, op) =>
			core.f.uc_recover(core.client, s.text(words), s.text(profileName), op),
		),
	setProfileName: (core, name) =>
		core.with((s) => core.check(core.f.uc_profile_set(core.client, s.text(name)))),
	setAbout: (core, about) =>
		core.with((s) => core.check(core.f.uc_about_set(core.client, s.text(about)))),
	setPicture: (core, picture) =>
		core.with((s) => {
			if (picture !== null && !(picture instanceof Uint8Array)) throw failure('UC_E_ARGUMENT');
			const bytes = picture ?? new Uint8Array();
			core.check(core.f.uc_picture_set(core.client, s.bytes(bytes), bytes.length));
		}),
	picture: (core, contact) =>
		core.with((s) => {
			const [max, n] = [constants.UC_PICTURE_MAX, s.take(4)];
			const [of, out] = [contact === undefined ? 0 : s.id(contact), s.take(max)];
			core.check(core.f.uc_picture(core.client, of, out, max, n));
			return core.copy(out, core.u32(n));
		}),
	vault: (core) =>
		core.with((s) => {
			const out = s.take(structs.uc_vault.size);
			core.check(core.f.uc_vault_get(core.client, out));
			return convert.vault(core.read('uc_vault', out));
		}),
	storeVault: (core) => operation(core, (_, op) => core.f.uc_vault_store(core.client, op)),
	rename: (core, identifier, code) =>
		operation(core, (s, op) =>
			core.f.uc_account_rename(core.client, s.text(identifier), s.text(code), op),
		),
	deleteAccount: (core) => operation(core, (_, op) => core.f.uc_account_delete(core.client, op)),
	exportData: (core) => exportText(core, calls, Date.now()),
	devices: (core) =>
		core
			.list('uc_device', (_, each, ctx) => core.f.uc_devices(core.client, each, ctx))
			.map(convert.device),
	nameDevice: (core, device, name) =>
		core.with((s) => core.check(core.f.uc_device_name(core.client, s.id(device), s.text(name)))),
	deviceCode: (core) =>
		core.with((s) => {
			const out = s.take(constants.UC_DEVICE_CODE_MAX);
			core.check(core.f.uc_device_join(core.client, out, s.take(4)));
			return core.text(out);
		}),
	becomeDevice: (core) =>
		operation(core, (s, op) =>
			core.f.uc_device_join(core.client, s.take(constants.UC_DEVICE_CODE_MAX), op),
		),
	lookAtDevice: (core, code) =>
		operation(core, (s, op) => core.f.uc_device_look(core.client, s.text(code), op), doneText),
	addDevice: (core, code) =>
		operation(core, (s, op) => core.f.uc_device_add(core.client, s.text(code), op)),
	endDevice: (core, device) =>
		operation(core, (s, op) => core.f.uc_device_end(core.client, s.id(device), op)),
	deviceChanges: (core) =>
		core
			.list('uc_device_change', (_, each, ctx) => core.f.uc_device_changes(core.client, each, ctx))
			.map(convert.deviceChange),
	deviceChangesSeen: (core, number) =>
		core.with(() =>
			core.check(core.f.uc_device_changes_seen(core.client, BigInt(count(number, 0)))),
		),

	settings: (core) => settings(core, (out) => core.f.uc_settings_get(core.client, out)),
	defaultSettings: (core, age) =>
		settings(core, (out) => core.f.uc_settings_default(core.client, convert.ageBack(age), out)),
	setSettings: (core, settings) =>
		operation(core, (s, op) =>
			core.f.uc_settings_set(
				core.client,
				s.struct('uc_settings', convert.settingsBack(settings)),
				op,
			),
		),

	setContactCode: (core, wanted) =>
		operation(
			core,
			(_, op) => core.f.uc_contact_code_set(core.client, wanted ? 1 : 0, op),
			doneText,
		),
	contactCode: (core) =>
		textOut(core, constants.UC_CONTACT_CODE_MAX, (_, out) =>
			core.f.uc_contact_code(core.client, out),
		),

	ageKnown: (core) =>
		core.with((s) => {
			const out = s.take(structs.uc_age_known.size);
			core.check(core.f.uc_age_known(core.client, out));
			return convert.ageKnown(core.read('uc_age_known', out));
		}),
	requestAge: (core, service) =>
		textOut(core, constants.UC_AGE_TEXT_MAX, (s, out) =>
			core.f.uc_age_request(core.client, s.text(service), out, constants.UC_AGE_TEXT_MAX),
		),
	presentAge: (core, statement) =>
		operation(core, (s, op) => core.f.uc_age_present(core.client, s.text(statement), op)),

	// --- first contact ---
	ask: (core, app, identifier, text, code) =>
		operation(core, (s, op) => {
			const [to, name, note] = [s.text(app), s.text(identifier), s.text(text)];
			return code === undefined
				? core.f.uc_ask(core.client, to, name, note, op)
				: core.f.uc_ask_with_code(core.client, to, name, s.text(code), note, op);
		}),
	askByInvitation: (core, link, text) =>
		operation(core, (s, op) =>
			core.f.uc_ask_by_invitation(core.client, s.text(link), s.text(text), op),
		),
	invitationApp: (core, link) =>
		textOut(core, 256, (s, out) => core.f.uc_invitation_app(s.text(link), out, 256)),
	invite: (core, { days, once } = {}) =>
		operation(
			core,
			(_, op) => core.f.uc_invite(core.client, count(days, 0), once ? 1 : 0, op),
			doneText,
		),
	invitations: (core) =>
		core
			.list('uc_invitation', (_, each, ctx) => core.f.uc_invitations(core.client, each, ctx))
			.map(convert.invitation),
	endInvitation: (core, invitation) =>
		operation(core, (s, op) => core.f.uc_invitation_end(core.client, s.id(invitation), op)),
	requests: (core) =>
		core
			.list('uc_request', (_, each, ctx) => core.f.uc_requests(core.client, each, ctx))
			.map(convert.request),
	accept: (core, request) =>
		operation(core, (s, op) => core.f.uc_accept(core.client, s.id(request), op)),
	decline: (core, request) =>
		operation(core, (s, op) => core.f.uc_decline(core.client, s.id(request), op)),
	blockRequest: (core, request) =>
		operation(core, (s, op) => core.f.uc_request_block(core.client, s.id(request), op)),
	withdrawRequest: (core, request) =>
		operation(core, (s, op) => core.f.uc_request_withdraw(core.client, s.id(request), op)),

	// --- guardians ---
	guardian: (core) =>
		core.with((s) => {
			const out = s.take(structs.uc_guardian.size);
			core.check(core.f.uc_guardian_get(core.client, out));
			return convert.guardian(core.read('uc_guardian', out));
		}),
	offerGuardian: (core, contact) =>
		operation(core, (s, op) => core.f.uc_guardian_offer(core.client, s.id(contact), op)),
	wards: (core) =>
		core
			.list('uc_ward', (_, each, ctx) => core.f.uc_wards(core.client, each, ctx))
			.map(convert.ward),
	acceptWard: (core, contact, accept) =>
		operation(core, (s, op) =>
			core.f.uc_ward_accept(core.client, s.id(contact), accept ? 1 : 0, op),
		),
	wardAsks: (core) =>
		core
			.list('uc_ward_ask', (_, each, ctx) => core.f.uc_ward_asks(core.client, each, ctx))
			.map(convert.wardAsk),
	answerWard: (core, ask, agree) =>
		operation(core, (s, op) => core.f.uc_ward_answer(core.client, s.id(ask), agree ? 1 : 0, op)),

	// --- finding people by number ---
	findNumbers: (core, numbers) =>
		operation(core, (s, op) =>
			core.f.uc_find_numbers(core.client, s.texts(numbers), numbers.length, op),
		),
	numbers: (core) =>
		core
			.list('uc_number', (_, each, ctx) => core.f.uc_numbers(core.client, each, ctx))
			.map(convert.number),
	forgetNumbers: (core) => core.with(() => core.check(core.f.uc_numbers_forget(core.client))),
	setFindable: (core, findable, number) =>
		operation(core, (s, op) =>
			core.f.uc_findable_set(core.client, findable ? 1 : 0, s.text(number), op),
		),

	// --- contacts ---
	contacts: (core) =>
		core
			.list('uc_contact', (_, each, ctx) => core.f.uc_contacts(core.client, each, ctx))
			.map(convert.contact),
	safetyNumber: (core, contact) =>
		textOut(core, constants.UC_SAFETY_NUMBER_MAX, (s, out) =>
			core.f.uc_safety_number(core.client, s.id(contact), out),
		),
	setVerified: (core, contact, verified) =>
		core.with((s) =>
			core.check(core.f.uc_contact_verified(core.client, s.id(contact), verified ? 1 : 0)),
		),
	block: (core, contact, blocked) =>
		operation(core, (s, op) => core.f.uc_block(core.client, s.id(contact), blocked ? 1 : 0, op)),

	// --- two accounts of one person ---
	links: (core) =>
		core
			.list('uc_link', (_, each, ctx) => core.f.uc_links(core.client, each, ctx))
			.map(convert.link),
	beginLink: (core, { withIdentifier } = {}) =>
		linkText(core, (_, out, n) =>
			core.f.uc_link_begin(core.client, withIdentifier ? 1 : 0, out, n),
		),
	lookAtLink: (core, text) =>
		core
			.list('uc_link', (s, each, ctx) => core.f.uc_link_look(core.client, s.text(text), each, ctx))
			.map(convert.link)[0]!,
	acceptLink: (core, offer, { withIdentifier } = {}) =>
		linkText(core, (s, out, n) =>
			core.f.uc_link_accept(core.client, s.text(offer), withIdentifier ? 1 : 0, out, n),
		),
	takeLink: (core, text) =>
		linkText(core, (s, out, n) => core.f.uc_link_take(core.client, s.text(text), out, n)),
	showLink: (core, link, contact) =>
		core.with((s) => core.check(core.f.uc_link_show(core.client, s.id(link), s.id(contact)))),
	withdrawLink: (core, link) =>
		linkText(core, (s, out, n) => core.f.uc_link_withdraw(core.client, s.id(link), out, n)),
	contactLinks: (core, contact) =>
		core
			.list('uc_linked', (s, each, ctx) =>
				core.f.uc_contact_links(core.client, s.id(contact), each, ctx),
			)
			.map(convert.linked),

	// --- rooms ---
	rooms: (core) =>
		core
			.list('uc_room', (_, each, ctx) => core.f.uc_rooms(core.client, each, ctx))
			.map(convert.room),
	members: (core, room) =>
		core
			.list('uc_member', (s, each, ctx) => core.f.uc_members(core.client, s.id(room), each, ctx))
			.map(convert.member),
	startDirect: (core, contact) =>
		operation(core, (s, op) => core.f.uc_start_direct(core.client, s.id(contact), op), doneRoom),
	createGroup: (core, name, contacts, { as } = {}) =>
		operation(
			core,
			(s, op) =>
				as
					? core.f.uc_group_create_as(
							core.client,
							s.text(name),
							s.text(as),
							s.ids(contacts),
							contacts.length,
							op,
						)
					: core.f.uc_group_create(core.client, s.text(name), s.ids(contacts), contacts.length, op),
			doneRoom,
		),
	introduce: (core, room, { as } = {}) =>
		operation(core, (s, op) =>
			core.f.uc_introduce(core.client, s.id(room), as ? s.text(as) : 0, op),
		),
	waitToIntroduce: (core, wait) =>
		core.with(() => core.check(core.f.uc_introduce_wait(core.client, wait ? 1 : 0))),
	removeNotIntroduced: (core, remove) =>
		core.with(() => core.check(core.f.uc_remove_not_introduced(core.client, remove ? 1 : 0))),
	blockMember: (core, room, member, blocked) =>
		core.with((s) =>
			core.check(core.f.uc_member_block(core.client, s.id(room), s.id(member), blocked ? 1 : 0)),
		),
	addToGroup: (core, room, contact) =>
		operation(core, (s, op) => core.f.uc_group_add(core.client, s.id(room), s.id(contact), op)),
	removeFromGroup: (core, room, member) =>
		operation(core, (s, op) => core.f.uc_group_remove(core.client, s.id(room), s.id(member), op)),
	setRole: (core, room, member, role) =>
		operation(core, (s, op) =>
			core.f.uc_group_role(core.client, s.id(room), s.id(member), role, op),
		),
	renameGroup: (core, room, name) =>
		operation(core, (s, op) => core.f.uc_group_rename(core.client, s.id(room), s.text(name), op)),
	leave: (core, room) => operation(core, (s, op) => core.f.uc_leave(core.client, s.id(room), op)),

	// --- messages ---
	messages: (core, room, { from, limit } = {}) =>
		messages(core, room, count(from, 1), count(limit, MOST)),
	history(core, room, { before, limit } = {}) {
		const wanted = count(limit, 50);
		const last = core.with((s) => core.f.uc_messages_last(core.client, s.id(room)));
		const end = Math.min(count(before, MOST), Number(last) + 1);
		const from = Math.max(1, end - wanted);
		return wanted && end > 1 ? messages(core, room, from, end - from) : [];
	},
	markRead: (core, room, number) =>
		core.with((s) =>
			core.check(core.f.uc_mark_read(core.client, s.id(room), BigInt(count(number, 0)))),
		),
	send: (core, room, text) =>
		sent(core, (s, id) => core.f.uc_send(core.client, s.id(room), s.text(text), id)),
	sendReply: (core, room, to, text) =>
		sent(core, (s, id) =>
			core.f.uc_send_reply(core.client, s.id(room), s.id(to), s.text(text), id),
		),
	sendReaction: (core, room, to, emoji) =>
		sent(core, (s, id) =>
			core.f.uc_send_reaction(core.client, s.id(room), s.id(to), s.text(emoji), id),
		),
	sendEdit: (core, room, of, text) =>
		sent(core, (s, id) => core.f.uc_send_edit(core.client, s.id(room), s.id(of), s.text(text), id)),
	sendDelete: (core, room, of) =>
		sent(core, (s, id) => core.f.uc_send_delete(core.client, s.id(room), s.id(of), id)),
	sendAgain: (core, room, of) =>
		sent(core, (s, id) => core.f.uc_send_again(core.client, s.id(room), s.id(of), id)),

	// --- files ---
	sendFile: (core, room, { name, type, bytes }) =>
		sent(core, (s, id) =>
			core.f.uc_send_file(
				core.client,
				s.id(room),
				s.text(name),
				s.text(type),
				s.bytes(bytes),
				bytes.length,
				id,
			),
		),
	fetchFile: (core, room, number) =>
		operation(core, (s, op) =>
			core.f.uc_file_fetch(core.client, s.id(room), BigInt(count(number, 0)), op),
		),
	readFile(core, room, number) {
		const [message] = messages(core, room, count(number, 0), 1);
		const n = message?.number === number ? (message.file?.bytes ?? 0) : 0;
		return core.with((s) => {
			const out = s.take(n || 1);
			core.check(core.f.uc_file_read(core.client, s.id(room), BigInt(count(number, 0)), out, n));
			return core.copy(out, n);
		});
	},
	forgetFile: (core, room, number) =>
		core.with((s) =>
			core.check(core.f.uc_file_drop(core.client, s.id(room), BigInt(count(number, 0)))),
		),

	// --- reports ---
	report: (core, room, { messages: numbers, to, why, note }) =>
		operation(
			core,
			(s, op) =>
				core.f.uc_report(
					core.client,
					s.id(room),
					s.u64s(numbers),
					numbers.length,
					convert.placeBack(to),
					convert.reasonBack(why),
					s.text(note),
					op,
				),
			(done) => convert.reported(done.text),
		),
	reportRequest: (core, request, { to, why, note }) =>
		operation(
			core,
			(s, op) =>
				core.f.uc_report_request(
					core.client,
					s.id(request),
					convert.placeBack(to),
					convert.reasonBack(why),
					s.text(note),
					op,
				),
			(done) => convert.reported(done.text),
		),
};
