// SPDX-License-Identifier: Apache-2.0
// What an app sees of Undercroft in a browser: the C header undercroft.h in TypeScript.
//
// Everything is asynchronous.  A promise is fulfilled, and an event told, only after all it depends
// on is durable in this browser: a tab that is killed loses nothing that was confirmed.

/** 32 bytes as 64 hexadecimal digits: names a contact, request, room, member or message here. */
export type Id = string;

/** Who holds the account's store: this tab ('here'), another one ('elsewhere'), or nobody because
 * it could not be opened or written ('broken'; see {@link Undercroft.reason}). */
export type TabState = 'opening' | 'here' | 'elsewhere' | 'broken' | 'closed';

/** 'greeted': connected, no account yet. */
export type Connection = 'offline' | 'connecting' | 'greeted' | 'online';

/** What the app knows people by. */
export type NameKind = 'number' | 'handle' | 'address';

export interface Account {
	/** joining: there is none yet, and the code of {@link Undercroft.deviceCode} is shown */
	state: 'none' | 'joining' | 'account' | 'gone' | 'deleted';
	app: string;
	/** null until the first connection */
	names: NameKind | null;
	/** as given at sign-up; '' after a recovery that found none */
	identifier: string;
	profileName: string;
	recoveryConfirmed: boolean;
	/** public; hexadecimal */
	accountKey: string;
	devices: number;
	setsLeft: number;
	/** see {@link Undercroft.waitToIntroduce} */
	waitsToIntroduce: boolean;
	/** see {@link Undercroft.removeNotIntroduced} */
	removesNotIntroduced: boolean;
	/** words about oneself, for contacts; '' */
	about: string;
	/** another number for another picture ({@link Undercroft.picture}); null: none */
	picture: number | null;
}

export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp';

/** What the account needs after a recovery, kept at its app: sealed, written by itself some minutes after
 * something has changed. */
export interface Vault {
	/** false: it cannot be stored from here; a recovery begins one */
	canStore: boolean;
	/** something may have changed since */
	waits: boolean;
	/** when this device last wrote it, milliseconds since 1970; null: never */
	storedMs: number | null;
}

/** As the person says it. */
export type Age = 'child' | '13-15' | '16-17' | 'adult' | 'unknown';

/** Who may reach the account, as one of its devices signed it. */
export interface Settings {
	/** by a device, as far as this one knows; false: the app's defaults hold */
	said: boolean;
	age: Age;
	/** who may send contact requests: whom the rules let, who was handed a link or code, nobody */
	ask: 'anybody' | 'handed' | 'nobody';
	/** who may add the account to groups */
	add: 'contacts' | 'nobody';
	/** found by the exact number, handle or e-mail address */
	findByName: boolean;
	/** found by who has the number among theirs; see {@link Undercroft.setFindable} */
	findByNumber: boolean;
	/** only together with a contact code, which {@link Undercroft.setContactCode} sets */
	hasCode: boolean;
	/** The app has shown others than this device knows, since it was opened and they were set last. */
	appShowedOthers: boolean;
}

export type SettingsChange = Omit<Settings, 'said' | 'hasCode' | 'appShowedOthers'>;

export type ReportReason = 'spam' | 'harassment' | 'child' | 'threat' | 'other';

export interface Report {
	/** numbers of up to 16 messages of one other member, in this device's history of the room */
	messages: number[];
	/** the moderators of one's own app, of the app that the room lives at, or both */
	to: 'app' | 'hub' | 'both';
	why: ReportReason;
	/** up to 1024 bytes */
	note?: string;
}

export interface Reported {
	/** confirmed: the room's app says so; unconfirmed: it does not answer, or takes no more just now */
	verdict: 'verified' | 'confirmed' | 'unconfirmed';
	/** who has it: one's own app, the room's app */
	app: boolean;
	hub: boolean;
}

export interface Device {
	/** public; hexadecimal */
	deviceKey: string;
	isThis: boolean;
	/** the day */
	addedMs: number;
	/** as it was named here */
	name: string;
}

/** Something that has happened to the list of devices and that this one did not do; or, a day or two later, whom
 * it has let in itself: somebody else may have held it then. */
export interface DeviceChange {
	/** hidden: it stands in a room as ours, and the app does not list it here */
	kind: 'added' | 'ended' | 'two lists' | 'hidden';
	deviceKey: string;
	/** the device that signed it, which may be this one; null: the recovery key */
	by: string | null;
	/** when this device learned of it */
	timeMs: number;
	/** greater than those of what was told before */
	number: number;
}

export interface ContactRequest {
	id: Id;
	incoming: boolean;
	/** 'declined' by ourselves; outgoing: nobody there, or refused for good; 'waiting' for our guardian, then
	 * incoming without name and text; 'withdrawn': taken back by us */
	state: 'open' | 'accepted' | 'declined' | 'waiting' | 'withdrawn';
	/** theirs */
	app: string;
	/** incoming: by an invitation of ours; outgoing: by theirs */
	byInvitation: boolean;
	/** incoming: the profile name they gave; outgoing: the identifier asked for, '' byInvitation */
	name: string;
	text: string;
	timeMs: number;
	/** outgoing and open: whoever has it can reach us by it till then; 0: nobody can */
	untilMs: number;
	/** incoming: whoever asks is, now */
	blocked: boolean;
	/** accepted, and introduced */
	contact: Id | null;
	/** accepted, and joined */
	room: Id | null;
}

/** Who agrees to each new contact and group of somebody below 16. */
export interface Guardian {
	/** offered: asked, and not answered yet */
	state: 'none' | 'offered' | 'named';
	contact: Id | null;
	/** known to this device; else nobody can be asked at the moment */
	isContact: boolean;
}

/** By the app itself, by a service that it believes, or by nobody but the person. */
export interface AgeKnown {
	by: 'nobody' | 'app' | 'service';
	age: Age;
}

/** A contact who wants us for a guardian, or has us. */
export interface Ward {
	contact: Id;
	accepted: boolean;
}

/** What waits for our word: a name, an app and a text, no message. */
export interface WardAsk {
	id: Id;
	/** the ward */
	contact: Id;
	/** letter: somebody asks the ward for contact; own: the ward asks somebody; group: somebody has brought
	 * the ward into it, and the text says who is there */
	kind: 'letter' | 'own' | 'group';
	app: string;
	name: string;
	text: string;
	timeMs: number;
}

/** A number that was asked for: see {@link Undercroft.findNumbers}. */
export interface SoughtNumber {
	/** E.164 */
	number: string;
	/** waiting: not looked for yet */
	state: 'waiting' | 'not found' | 'found';
}

/** A link by which others may ask. */
export interface Invitation {
	id: Id;
	/** https://APP/#/link/...; a port may be put in */
	link: string;
	/** of one person alone */
	once: boolean;
	/** who has come: nobody else is let in by it */
	used: boolean;
	/** requests that came by it */
	asked: number;
	madeMs: number;
	expiresMs: number;
}

export interface Contact {
	id: Id;
	app: string;
	name: string;
	accountKey: string;
	blocked: boolean;
	/** no contact: blocked by {@link Undercroft.blockRequest}, and listed no more once unblocked */
	stranger: boolean;
	verified: boolean;
	/** `identityChanged` was told, and it was not verified since */
	identityChanged: boolean;
	/** their direct room */
	direct: Id | null;
	/** left for adding them to groups */
	keyAddresses: number;
	/** of this device's, left to them for adding us */
	given: number;
	/** what we say of ourselves, and our picture, as they are now */
	shown: boolean;
	/** what they say of themselves; '' */
	about: string;
	/** another number for another picture ({@link Undercroft.picture}); null: none */
	picture: number | null;
}

/** Another account of this person, on another app. */
export interface Link {
	id: Id;
	/** 'offered': of a text alone; 'signed': the other account's signature is not here yet */
	state: 'offered' | 'signed' | 'linked' | 'withdrawn';
	app: string;
	name: string;
	/** '' unless its owner chose to tell it */
	identifier: string;
	accountKey: string;
	/** contacts who hear of it; and who of them are still to be told */
	shown: number;
	waiting: number;
}

/** Another account of a contact, as they have shown. */
export interface Linked {
	app: string;
	name: string;
	/** '' unless they chose to tell it */
	identifier: string;
	accountKey: string;
	/** it is a contact, too */
	contact: Id | null;
}

export interface Room {
	id: Id;
	uri: string;
	/** the group's name, or the other person's */
	name: string;
	direct: boolean;
	/**
	 * joining: we are not in it yet, or our guardian is asked, or whoever has brought us into a conversation of two has
	 * not said yet that they are the one we let in: without name, URI, members and messages
	 */
	state: 'joining' | 'open' | 'left';
	/** the log's chain was never broken, and nobody here has had another */
	consistent: boolean;
	epoch: number;
	/** people, ourselves included */
	members: number;
	unread: number;
	readUpTo: number;
	/** of the last message; 0 without one */
	lastMs: number;
	/** what the others are told of who we are; nothing: until introduce */
	says: 'account' | 'persona' | 'nothing';
	/** our name there, as a persona; else '' */
	persona: string;
}

export interface Member {
	/** of this member in this room */
	id: Id;
	app: string;
	/** mimi://APP/p/... */
	participant: string;
	isSelf: boolean;
	introduced: boolean;
	/** the name holds in this room only, and leads to no account */
	persona: boolean;
	/** by block, blockMember or blockRequest */
	blocked: boolean;
	/** '' until introduced */
	name: string;
	contact: Id | null;
	/** 2 member, 3 moderator, 4 owner, see setRole; of direct rooms it means nothing; 0: not known here */
	role: number;
	devices: number;
}

export interface Message {
	room: Id;
	/** position in this device's history of the room, from 1 */
	number: number;
	/** the same for all readers */
	id: Id;
	state: 'queued' | 'accepted' | 'failed' | 'received';
	/** reaction: text is the emoji, inReplyTo the message; note: made by this client (joined, ...) */
	kind: 'text' | 'reaction' | 'note' | 'file';
	own: boolean;
	/** their name; "someone from APP, not introduced"; "NAME, by that name here only; of APP": a persona */
	sender: string;
	introduced: boolean;
	member: Id;
	/** accepted by the hub; local while queued */
	timeMs: number;
	text: string;
	inReplyTo: Id | null;
	edited: boolean;
	deleted: boolean;
	/** kind 'file', as its sender says; the name may be shown and given to a file as it is */
	file: { name: string; type: string; bytes: number } | null;
}

/** What happens, by name.  Lists changed: read them again. */
export interface Events {
	tab: { tab: TabState; reason: UndercroftError | null };
	connection: { connection: Connection };
	/** a contact request arrived */
	request: { request: Id };
	/** ours was accepted */
	requestAccepted: { request: Id; room: Id | null };
	/** a contact is new or changed */
	contact: { contact: Id };
	/** somebody else answers where this contact did */
	identityChanged: { contact: Id; text: string };
	roomJoined: { room: Id };
	/** what: 'name' (member: by whom), 'members', 'role' (member: whose), ... */
	roomChanged: { room: Id; what: string; member: Id | null };
	roomLeft: { room: Id };
	memberIntroduced: { room: Id; member: Id; name: string };
	message: { message: Message };
	/** queued -> accepted or failed, edited, deleted */
	messageState: { message: Message };
	/** bytes of a message's file went out or came, padded ones */
	file: { room: Id; number: number; bytesDone: number; bytesTotal: number };
	/** the device list changed */
	devices: Record<string, never>;
	/** UC_E_CORRUPT and no room: what the app has stored is damaged, and text is its sentence */
	warning: { error: UndercroftError | null; text: string; room: Id | null };
	/** this device is not listed any more */
	accountGone: Record<string, never>;
	/** a number that was asked for can be found */
	numberFound: { number: string };
	/** what: 'offer' (they want us for a guardian), 'ask' (a ward of ours asks), 'named', 'ended' */
	guardian: { contact: Id; what: string };
	/** an alarm: see {@link Undercroft.deviceChanges} */
	device: { what: string };
}

/** An error of the library: `code` is the C name ('UC_E_RATE'), `message` a sentence. */
export interface UndercroftError extends Error {
	readonly code: string;
	/** 'usage', 'protocol', 'crypto', 'state', 'limit', 'store', 'net', 'memory', ... */
	readonly class: string;
	/** The app's own sentence where it has refused, as it wrote it: text of others; else ''. */
	readonly said: string;
}

export interface Options {
	/** the app this account lives on: its domain, as undercroft.h has it */
	app: string;
	/** where the build put the worker and the core */
	worker: string | URL;
	wasm: string | URL;
	/** the app's WebSocket; when absent: /v1 of this page's own host */
	url?: string | URL;
	/** name and version for the operator's statistics */
	software?: string;
}

/** One device of one account on one app.  `open` makes it. */
export interface Undercroft {
	readonly tab: TabState;
	/** why `tab` is 'broken' */
	readonly reason: UndercroftError | null;
	readonly connection: Connection;
	/** Calls the listener until the function that is returned is called. */
	on<K extends keyof Events>(kind: K, listener: (event: Events[K]) => void): () => void;

	// --- the account ---
	account(): Promise<Account>;
	/** Has the app send a code to a number or address.  Not needed where names are handles. */
	requestCode(identifier: string): Promise<void>;
	/** Fulfilled with the recovery key: 24 words, to be shown to the person once. */
	signUp(o: { identifier: string; code?: string; profileName: string }): Promise<string>;
	/** The words again, until they are confirmed. */
	recoveryWords(): Promise<string>;
	recoveryConfirmed(): Promise<void>;
	/** Takes the account up again on this device; all earlier devices end.  Contacts, blocks and rooms
	 * come back as they last were in the vault; what was said does not. */
	recover(o: { words: string; profileName: string }): Promise<void>;
	/** Another name for contacts and for who is in groups with us: queued for all rooms, also offline. */
	setProfileName(name: string): Promise<void>;
	/** Words about oneself, at most 140 characters, '' for none; and a picture, a JPEG, PNG or WebP file of
	 * at most 16384 bytes.  Both go to contacts, encrypted, and to nobody else: also what a camera has
	 * written into the file, so draw it anew first. */
	setAbout(about: string): Promise<void>;
	setPicture(picture: Uint8Array | null): Promise<void>;
	/** A contact's, or one's own.  Nothing but its first bytes was looked at.  Fails with UC_E_NOT_FOUND
	 * without one. */
	picture(contact?: Id): Promise<Uint8Array>;
	vault(): Promise<Vault>;
	/** Now, whatever is new. */
	storeVault(): Promise<void>;
	/** Another number, address or handle, with a code as for sign-up.  A handle that was left is given to
	 * nobody else for 30 days. */
	rename(identifier: string, code?: string): Promise<void>;
	/** Leaves all rooms, as far as possible within a minute, then deletes the account. */
	deleteAccount(): Promise<void>;
	/** All that this browser holds of the person, one JSON object a line, without any key (docs/export.md):
	 * whoever has it can read it all. */
	exportData(): Promise<string>;
	/** Erases everything of this account in this browser, keys included, and closes.  Without the
	 * recovery words the account cannot be taken up again. */
	erase(): Promise<void>;
	devices(): Promise<Device[]>;
	/** Stays in this browser; '': none. */
	nameDevice(deviceKey: string, name: string): Promise<void>;
	/** Another device is out at once.  UC_E_ARGUMENT: it is this one; UC_E_STALE: the list has changed
	 * meanwhile. */
	endDevice(deviceKey: string): Promise<void>;
	/** This browser is to be a further device of an account: the code to be shown to its person and nobody
	 * else, good for ten minutes; asked again it is the same.  UC_E_EXISTS: there is an account. */
	deviceCode(): Promise<string>;
	/** Said once the code is shown: fulfilled when it is one.  UC_E_TIMEOUT: nobody came; UC_E_STALE: the
	 * code was asked for again; UC_E_PENDING: it goes on, and this can be said again. */
	becomeDevice(): Promise<void>;
	/** Which device shows this code?  The start of its key.  UC_E_CODE: that is none; UC_E_PEER: of another
	 * app; UC_E_NOT_FOUND: nobody waits there. */
	lookAtDevice(code: string): Promise<string>;
	/** Brings it into the account: it reads and writes all that this one does. */
	addDevice(code: string): Promise<void>;
	/** Alarms, in the order they were told; kept until the person has seen them. */
	deviceChanges(): Promise<DeviceChange[]>;
	/** All up to the one of that number, the last that the person was shown: what came later stays.
	 * UC_E_NOT_FOUND: there is none of that number (any more). */
	deviceChangesSeen(number: number): Promise<void>;
	/** Who may reach the account, as this device knows it.  When the app shows others, `warning` says so
	 * with UC_E_STALE and no room, and these are put there again. */
	settings(): Promise<Settings>;
	/** What holds for an age where nothing else is wanted. */
	defaultSettings(age: Age): Promise<Settings>;
	/** UC_E_NOT_ALLOWED: below 18 nobody becomes older, below 16 nothing is opened that is closed for that
	 * age; UC_E_NET: not online yet; UC_E_BUSY; UC_E_STALE: another device was faster. */
	setSettings(settings: SettingsChange): Promise<void>;

	/** A new contact code, as "7KQX-M0RA", or none ('').  With one, the account is found by its name only
	 * by who gives the code, too; for others there is nobody.  UC_E_NOT_ALLOWED: settings were never
	 * said; else as setSettings. */
	setContactCode(wanted: boolean): Promise<string>;
	/** The one that is set.  UC_E_NOT_FOUND: there is none, or another device has made it. */
	contactCode(): Promise<string>;

	/** How old the app takes this person to be, where that is not only what they said. */
	ageKnown(): Promise<AgeKnown>;
	/** A text for a service that checks ages, by its name; it says neither which account nor which app it is
	 * for.  UC_E_ARGUMENT: that is no name. */
	requestAge(service: string): Promise<string>;
	/** Hands in what the service gave for it, on the device that asked; fulfilled when `ageKnown` says it.  UC_E_KEY: it is for another account, app or
	 * device; UC_E_NOT_ALLOWED: the app does not believe that service; UC_E_SIGNATURE; UC_E_STALE: not any more, not
	 * yet, or older than what another has said. */
	presentAge(statement: string): Promise<void>;

	// --- first contact ---
	/** Fulfilled when the request is queued for delivery; UC_E_NOT_FOUND when nobody is there, or they have
	 * a contact code and this is not it; UC_E_CODE when it is no code. */
	ask(app: string, identifier: string, text?: string, code?: string): Promise<void>;
	/** Asks whoever made the link.  UC_E_ADDRESS: it is none; UC_E_ARGUMENT: it is our own. */
	askByInvitation(link: string, text?: string): Promise<void>;
	/** The domain of the app of who made a link; nothing is done with it.  UC_E_ADDRESS. */
	invitationApp(link: string): Promise<string>;
	/** Fulfilled with a link by which others may ask, for so many days (1 to 90; 30), or one alone. */
	invite(o?: { days?: number; once?: boolean }): Promise<string>;
	/** Those that this device has made, while they last. */
	invitations(): Promise<Invitation[]>;
	/** From now on nobody is let in by it; fulfilled when the app knows. */
	endInvitation(invitation: Id): Promise<void>;
	requests(): Promise<ContactRequest[]>;
	accept(request: Id): Promise<void>;
	decline(request: Id): Promise<void>;
	/** Declines it, also one that was declined before, and blocks whoever asks, as {@link Undercroft.block} does
	 * a contact, and undoes. */
	blockRequest(request: Id): Promise<void>;
	/** Takes back one of our own that waits: who accepts it from now on reaches nobody, and is told nothing.
	 * Fulfilled when the app knows.  UC_E_NOT_FOUND: this device has sent none such; UC_E_EXISTS: it is over. */
	withdrawRequest(request: Id): Promise<void>;

	// --- guardians ---
	guardian(): Promise<Guardian>;
	/** Asks a contact to be our guardian.  UC_E_NOT_ALLOWED: the settings do not say below 16; UC_E_EXISTS:
	 * there is one; UC_E_CLOSED: there is no open direct room. */
	offerGuardian(contact: Id): Promise<void>;
	wards(): Promise<Ward[]>;
	/** accept false: declines, or ends it. */
	acceptWard(contact: Id, accept: boolean): Promise<void>;
	/** Those that wait for our word. */
	wardAsks(): Promise<WardAsk[]>;
	answerWard(ask: Id, agree: boolean): Promise<void>;

	// --- finding people by number, where the app's names are numbers ---
	/** Which of these numbers (E.164, at most 1,000 at a time) belong to people of this app who want to be
	 * found by them?  The app is told neither the numbers nor which are found.  Fulfilled when all were
	 * looked for; what is found is in `numbers`, and told by `numberFound`.  UC_E_RATE: what may be asked
	 * for in a day is used up, the rest follows by itself; UC_E_CLOSED: they were forgotten meanwhile;
	 * UC_E_UNSUPPORTED: not offered; UC_E_NAME: one is no number, and none was taken. */
	findNumbers(numbers: string[]): Promise<void>;
	/** All that were asked, in no order. */
	numbers(): Promise<SoughtNumber[]>;
	/** Asked again they count again. */
	forgetNumbers(): Promise<void>;
	/** Lets who has our number among theirs find us, or not any more; the number as the account has it,
	 * unless another is given.  UC_E_NOT_ALLOWED: below 18, or another's number. */
	setFindable(findable: boolean, number?: string): Promise<void>;

	// --- contacts ---
	contacts(): Promise<Contact[]>;
	/** 60 digits in groups of five, equal on both sides. */
	safetyNumber(contact: Id): Promise<string>;
	setVerified(contact: Id, verified: boolean): Promise<void>;
	/** Covers the accounts that were shown to be theirs, too; undone for all of them. */
	block(contact: Id, blocked: boolean): Promise<void>;

	// --- two accounts of one person ---
	/** Texts go from one client of the person to the other, by hand: beginLink gives an offer, which the
	 * other accepts; each takes what came of that, until the text is ''.  No server has a part in it. */
	links(): Promise<Link[]>;
	beginLink(o?: { withIdentifier?: boolean }): Promise<string>;
	/** Whom a text speaks of: to be shown before it is accepted. */
	lookAtLink(text: string): Promise<Link>;
	acceptLink(offer: string, o?: { withIdentifier?: boolean }): Promise<string>;
	takeLink(text: string): Promise<string>;
	/** A contact is told that the other account is this person's, too. */
	showLink(link: Id, contact: Id): Promise<void>;
	/** Those who were told are told that it holds no more; the text tells the other client. */
	withdrawLink(link: Id): Promise<string>;
	contactLinks(contact: Id): Promise<Linked[]>;

	// --- rooms ---
	rooms(): Promise<Room[]>;
	members(room: Id): Promise<Member[]>;
	startDirect(contact: Id): Promise<Id>;
	/** as: a persona, see introduce. */
	createGroup(name: string, contacts: Id[], o?: { as?: string }): Promise<Id>;
	/** Who this person is in a group: themselves, or a persona, a name and a key of that group only.  Said once;
	 * a persona may change its name. */
	introduce(room: Id, o?: { as?: string }): Promise<void>;
	/** In groups that others bring this device into from now on, nobody is told who we are before introduce. */
	waitToIntroduce(wait: boolean): Promise<void>;
	/** In groups, whoever writes and has not said who they are an hour after being asked is taken out where this person
	 * may do so; elsewhere what they write from then on is hidden. */
	removeNotIntroduced(remove: boolean): Promise<void>;
	/** Hides what a persona writes from now on, in that room alone. Who is no contact and has said who they are is
	 * blocked, as by blockRequest. */
	blockMember(room: Id, member: Id, blocked: boolean): Promise<void>;
	/** Done once they are in it, or, where they have given no address that is left, as minors do not, once they are
	 * asked for one: then they come when their device has agreed, within seven days, and a line of the room says so. */
	addToGroup(room: Id, contact: Id): Promise<void>;
	removeFromGroup(room: Id, member: Id): Promise<void>;
	/** As member.role has it; by an owner, of anyone there, themselves too. */
	setRole(room: Id, member: Id, role: 2 | 3 | 4): Promise<void>;
	renameGroup(room: Id, name: string): Promise<void>;
	leave(room: Id): Promise<void>;

	// --- messages ---
	/** Ascending from number `from` (1 for the start), at most `limit`. */
	messages(room: Id, o?: { from?: number; limit?: number }): Promise<Message[]>;
	/** The last ones, ascending: below number `before` when given, at most `limit` (50). */
	history(room: Id, o?: { before?: number; limit?: number }): Promise<Message[]>;
	markRead(room: Id, number: number): Promise<void>;
	/** Fulfilled with the message's id when it is queued and durable here; works offline. */
	send(room: Id, text: string): Promise<Id>;
	sendReply(room: Id, to: Id, text: string): Promise<Id>;
	sendReaction(room: Id, to: Id, emoji: string): Promise<Id>;
	sendEdit(room: Id, of: Id, text: string): Promise<Id>;
	sendDelete(room: Id, of: Id): Promise<Id>;
	/** A text of ours that was refused for good, once more, as a new message at the end; the old one is deleted
	 * here at once.  UC_E_NOT_ALLOWED: it was not refused, or was sent again before. */
	sendAgain(room: Id, of: Id): Promise<Id>;

	// --- files ---
	/** Fulfilled with the message's id when all of it is sealed and durable here; works offline.  Up to 16 MiB
	 * (UC_E_TOO_LARGE), not empty. */
	sendFile(room: Id, file: { name: string; type?: string; bytes: Uint8Array }): Promise<Id>;
	/** Fetches the file of a message, by its number, and checks it.  UC_E_NOT_FOUND: the sender's app has it
	 * no more; UC_E_DECRYPT: what came is not what was sent.  Asked again, it goes on where it ended. */
	fetchFile(room: Id, number: number): Promise<void>;
	/** What was fetched.  Show it as no more than bytes: a type that somebody says is a hint. */
	readFile(room: Id, number: number): Promise<Uint8Array<ArrayBuffer>>;
	/** What was fetched is kept here until then. */
	forgetFile(room: Id, number: number): Promise<void>;

	// --- reports ---
	/** What goes are these messages, what proves who sent them, the reason and the note.  Own messages
	 * and deleted ones cannot be reported (UC_E_NOT_FOUND); UC_E_FRANK: it does not verify; UC_E_STALE: of one
	 * of them nobody can tell any more, as a rule after 90 days; UC_E_RATE; UC_E_PEER: the other app does not
	 * answer, and nobody has it; UC_E_BUSY: that app, or one's own, takes no more just now. */
	report(room: Id, report: Report): Promise<Reported>;
	/** A request that came in, answered or not: its name and text.  `hub` is the app of whoever wrote it.
	 * UC_E_NOT_FOUND: one's own, or of before requests could be reported. */
	reportRequest(request: Id, report: Omit<Report, 'messages'>): Promise<Reported>;

	/** Lets another tab have the store.  What is queued stays queued. */
	close(): Promise<void>;
}
