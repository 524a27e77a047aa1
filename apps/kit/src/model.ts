// SPDX-License-Identifier: Apache-2.0
// The state of an app: what the library tells, as signals, and what people can do with it.
//
// Lists are read whole and again when an event says that they changed, several events at a time.
// Nothing here is stored: the library's journal is the only store.

import { batch, computed, effect, signal } from '@preact/signals';
import type {
	Account,
	Connection,
	Contact,
	ContactRequest,
	Device,
	DeviceChange,
	Guardian,
	Id,
	Member,
	Message,
	NameKind,
	Report,
	Reported,
	Room,
	Settings,
	SettingsChange,
	SoughtNumber,
	TabState,
	Undercroft,
	UndercroftError,
	Ward,
	WardAsk,
} from '@undercroft/sdk';
import { readApps, titleOf, type AppInfo, type Self } from './apps.ts';
import { Conversation } from './conversation.ts';
import { readDevices } from './devices.ts';
import {
	APP_DAMAGE,
	isUndercroftError,
	TOLD,
	troubleOf,
	type Doing,
	type Trouble,
} from './errors.ts';
import { Files } from './files.ts';
import { LISTS, type List } from './lists.ts';
import { showName } from './names.ts';
import { Previews } from './previews.ts';
import { putSettings, whenSeen } from './reach.ts';
import type { Role } from './roles.ts';
import { closePanels, followAddress, goToRoom, route } from './route.ts';
import { Sending } from './sending.ts';
import { clean } from './text.ts';

/** Interruptions shorter than this are not shown. */
const CALM_MS = 2500;
/** So long what needs a connection waits for the first one: people may be quicker than it is. */
const CONNECTS_MS = 8000;
const MESSAGE_BYTES = 128 * 1024;
const REQUEST_LENGTH = 140;
export const LIMITS = { messageBytes: MESSAGE_BYTES, note: REQUEST_LENGTH, name: 64 };

export class Model {
	readonly tab = signal<TabState>('opening');
	readonly reason = signal<UndercroftError | null>(null);
	readonly connection = signal<Connection>('offline');
	/** As people are shown it: 'waiting' only when it lasts. */
	readonly network = signal<'fine' | 'waiting'>('fine');

	/** null until it is read */
	readonly account = signal<Account | null>(null);
	readonly requests = signal<ContactRequest[]>([]);
	readonly contacts = signal<Contact[]>([]);
	readonly devices = signal<Device[]>([]);
	/** what other devices have done to the list, until it was seen */
	readonly deviceChanges = signal<DeviceChange[]>([]);
	/** who may reach the account */
	readonly settings = signal<Settings | null>(null);
	readonly numbers = signal<SoughtNumber[]>([]);
	/** who agrees to our new contacts and groups, to whose we do, and what waits for our word */
	readonly guardian = signal<Guardian | null>(null);
	readonly wards = signal<Ward[]>([]);
	readonly wardAsks = signal<WardAsk[]>([]);
	readonly #last = new Previews();
	/** the last message of each room */
	readonly previews = this.#last.shown;
	readonly files = new Files({
		announce: (text) => this.announce(text),
		fail: (trouble) => (this.problem.value = trouble),
		connected: () => this.#connected(),
	});
	readonly sending = new Sending({
		files: this.files,
		fail: (e) => this.#fail(e, 'send'),
		open: () => this.conversation.peek(),
	});
	/** Everything has been read once. */
	readonly isReady = signal(false);
	/** Sign-up is not over yet, though there may be an account: the words are being shown. */
	readonly isWelcoming = signal(false);
	readonly apps = signal<AppInfo[]>([]);
	readonly domain = signal(location.hostname);

	/** of the room on the page */
	readonly conversation = signal<Conversation | null>(null);
	/** What went wrong last, for people. */
	readonly problem = signal<Trouble | null>(null);
	/** What screen readers are told. */
	readonly announcement = signal('');
	/** Contacts in whose place somebody else has answered, until they are verified. */
	readonly alarms = computed<ReadonlySet<Id>>(
		() => new Set(this.contacts.value.filter((c) => c.identityChanged).map((c) => c.id)),
	);

	/** Who is in rooms that need not be open: those that `readMembers` was asked for. */
	readonly members = signal<ReadonlyMap<Id, Member[]>>(new Map());

	readonly #allRooms = signal<Room[]>([]);
	#core: Undercroft | null = null;
	readonly #stale = new Set<List>();
	#reading = false;
	#calm: ReturnType<typeof setTimeout> | undefined;

	/** By last activity, the newest first; without those that ended before anything was written. */
	readonly rooms = computed<Room[]>(() => {
		const asked = new Map(this.requests.value.map((r) => [r.room, r.timeMs]));
		const since = (r: Room) => r.lastMs || this.#joined.get(r.id) || (asked.get(r.id) ?? 0);
		return this.#allRooms.value
			.filter((r) => r.state !== 'left' || r.lastMs > 0 || r.id === route.value.room)
			.sort((a, b) => since(b) - since(a));
	});
	/** When rooms without a message came, as far as this page has seen it. */
	readonly #joined = new Map<Id, number>();
	readonly unread = computed(() => this.#allRooms.value.reduce((n, r) => n + r.unread, 0));
	/** Requests of others that wait for an answer. */
	readonly waitingRequests = computed(() =>
		this.requests.value.filter((r) => r.incoming && r.state === 'open'),
	);
	/** Accepted by us; the conversation opens when the other side has made it. */
	readonly acceptedRequests = computed(() =>
		this.requests.value.filter((r) => r.incoming && r.state === 'accepted' && !r.room),
	);
	readonly declinedRequests = computed(() =>
		this.requests.value.filter((r) => r.incoming && r.state === 'declined' && !r.blocked),
	);
	/** Our own that have not been answered. */
	readonly sentRequests = computed(() =>
		this.requests.value.filter(
			(r) => !r.incoming && r.state !== 'accepted' && r.state !== 'withdrawn',
		),
	);
	/** Contacts with whom there is no conversation now; who was only blocked is none. */
	readonly apart = computed(() =>
		this.contacts.value.filter(
			(c) => !c.stranger && !this.rooms.value.some((r) => r.id === c.direct),
		),
	);
	/** The room on the page. */
	readonly room = computed<Room | null>(
		() => this.#allRooms.value.find((r) => r.id === route.value.room) ?? null,
	);

	readonly #others = computed<ReadonlyMap<Id, Contact>>(() => {
		const byId = new Map(this.contacts.value.map((c) => [c.id, c]));
		const others = new Map<Id, Contact>();
		const put = (room: Id, id: Id | null) => {
			const c = id === null ? undefined : byId.get(id);
			if (c) others.set(room, c);
		};
		// A contact names the direct room that is alive; members and requests the earlier ones.
		for (const [room, members] of this.members.value)
			put(room, members.find((m) => !m.isSelf)?.contact ?? null);
		for (const r of this.requests.value) if (r.room) put(r.room, r.contact);
		for (const c of this.contacts.value) if (c.direct) put(c.direct, c.id);
		return others;
	});

	constructor(readonly self: Self) {}

	/** Opens the account; returns at once.  `open` is given the app's domain. */
	start(open: (app: string) => Promise<Undercroft> | Undercroft): void {
		followAddress();
		effect(() => {
			const n = this.unread.value + this.waitingRequests.value.length;
			// Nobody's name: the browser keeps titles, also after this account has been erased.
			document.title = (n > 0 ? `(${n}) ` : '') + this.self.title;
		});
		effect(() => this.#follow(route.value.room));
		document.addEventListener('visibilitychange', () => this.markRead());
		addEventListener('focus', () => this.markRead());
		addEventListener('beforeunload', (e) => {
			// Where nothing can be sent any more, what was written is to be copied first.
			if (this.sending.isUnderWay || (this.tab.peek() === 'broken' && this.sending.unsent()[0]))
				e.preventDefault();
		});
		void this.#readApps()
			.then(() => open(this.domain.peek()))
			.then((core) => this.#attach(core))
			.catch((e: unknown) => {
				this.reason.value = isUndercroftError(e) ? e : null;
				this.tab.value = 'broken';
			});
	}

	async #readApps(): Promise<void> {
		const { apps, own } = await readApps(this.self);
		this.apps.value = apps;
		this.domain.value = own;
	}

	#attach(core: Undercroft): void {
		this.#core = core;
		core.on('tab', (e) => this.#tabIs(e.tab, e.reason));
		this.files.attach(core);
		this.sending.attach(core);
		core.on('connection', (e) => this.#connectionIs(e.connection));
		core.on('request', () => {
			this.refresh('requests');
			this.announce('Somebody asks to write to you.');
		});
		core.on('requestAccepted', () => {
			this.refresh('requests', 'contacts', 'rooms');
			this.announce('A request of yours was accepted.');
		});
		core.on('contact', () => this.refresh('contacts', 'rooms', 'requests'));
		core.on('identityChanged', () => this.refresh('contacts'));
		core.on('roomJoined', (e) => {
			this.#joined.set(e.room, Date.now());
			this.#roomChanged(e.room);
		});
		core.on('roomChanged', (e) => this.#roomChanged(e.room));
		core.on('roomLeft', (e) => this.#roomChanged(e.room));
		core.on('memberIntroduced', (e) => this.#roomChanged(e.room));
		core.on('message', (e) => this.#messageArrived(e.message, true));
		core.on('messageState', (e) => this.#messageArrived(e.message, false));
		core.on('devices', () => this.refresh('account', 'devices'));
		core.on('device', () => {
			this.refresh('devices');
			this.announce('Something has happened to the list of your devices.');
		});
		core.on('warning', (e) => {
			// The app may have shown other settings than ours: they say so.
			if (e.error?.code === 'UC_E_STALE' && e.room === null) this.refresh('settings');
			if (e.error?.code === 'UC_E_CHAIN' && e.room !== null) this.#roomChanged(e.room);
			if (e.error?.code === 'UC_E_CORRUPT' && e.room === null)
				this.problem.value = { text: APP_DAMAGE, said: e.text, stays: true };
			// The same errors come of what others do in rooms, and of what strangers send: no problem
			// of this person's.
			const isOurs =
				this.connection.peek() === 'connecting'
					? e.error?.code === 'UC_E_VERSION'
					: this.#making > 0 && TOLD.has(e.error?.code ?? '');
			if (isOurs) this.problem.value = troubleOf(e.error, 'member');
		});
		core.on('numberFound', () => this.refresh('numbers'));
		core.on('guardian', (e) => {
			this.refresh('guardians', 'settings', 'requests', 'rooms');
			if (e.what === 'ask' || e.what === 'offer')
				this.announce('Somebody whom you look after asks something.');
		});
		core.on('accountGone', () => this.refresh('account'));
		this.#connectionIs(core.connection);
		this.#tabIs(core.tab, core.reason);
	}

	#tabIs(tab: TabState, reason: UndercroftError | null): void {
		this.reason.value = reason;
		this.tab.value = tab;
		if (tab === 'here') this.refresh(...LISTS);
		else this.#show(null);
	}

	#connectionIs(connection: Connection): void {
		const was = this.connection.peek();
		this.connection.value = connection;
		if (connection === 'greeted' || connection === 'online') {
			clearTimeout(this.#calm);
			this.#calm = undefined;
			if (this.network.peek() !== 'fine') this.announce('Connected again.');
			this.network.value = 'fine';
			if (was !== connection) this.refresh('account');
		} else {
			this.#calm ??= setTimeout(() => (this.network.value = 'waiting'), CALM_MS);
		}
	}

	/** Tells it to screen readers; also when it is the same as before. */
	announce(text: string): void {
		this.announcement.value = text === this.announcement.peek() ? text + '\u00A0' : text;
	}

	// --- reading ---

	/** Reads lists again, soon; several calls become one. */
	refresh(...lists: List[]): void {
		for (const l of lists) this.#stale.add(l);
		if (this.#reading) return;
		this.#reading = true;
		queueMicrotask(() => void this.#read());
	}

	async #read(): Promise<void> {
		try {
			while (this.#stale.size > 0 && this.#core && this.tab.peek() === 'here') {
				const lists = [...this.#stale];
				this.#stale.clear();
				const core = this.#core;
				const has = (l: List) => lists.includes(l);
				const [account, requests, contacts, rooms, devices, settings, numbers, guardians] =
					await Promise.all([
						has('account') ? core.account() : null,
						has('requests') ? core.requests() : null,
						has('contacts') ? core.contacts() : null,
						has('rooms') ? core.rooms() : null,
						has('devices') ? readDevices(core) : null,
						has('settings') ? core.settings() : null,
						has('numbers') ? core.numbers() : null,
						has('guardians') ? Promise.all([core.guardian(), core.wards(), core.wardAsks()]) : null,
					]);
				batch(() => {
					if (account) this.account.value = account;
					if (requests) this.requests.value = requests;
					if (contacts) this.contacts.value = contacts;
					if (devices) [this.devices.value, this.deviceChanges.value] = devices;
					if (settings) this.settings.value = settings;
					if (numbers) this.numbers.value = numbers;
					if (guardians) [this.guardian.value, this.wards.value, this.wardAsks.value] = guardians;
					if (rooms) {
						this.#allRooms.value = rooms;
						if (!this.isReady.peek()) void this.#last.read(core, rooms);
					}
					this.isReady.value = true;
				});
				if (rooms) this.#follow(route.peek().room);
				for (const room of rooms ?? [])
					if (room.direct && room.state === 'left' && !this.members.peek().has(room.id))
						void this.readMembers(room.id);
			}
		} catch (e) {
			this.#fail(e);
		} finally {
			this.#reading = false;
		}
		if (this.#stale.size > 0 && this.tab.peek() === 'here') this.refresh();
	}

	/** Who is in that room: in `members`, from now on kept as it is. */
	async readMembers(room: Id): Promise<void> {
		try {
			const members = await this.#core!.members(room);
			this.members.value = new Map(this.members.peek()).set(room, members);
		} catch (e) {
			this.#fail(e);
		}
	}

	#roomChanged(room: Id): void {
		this.refresh('rooms', 'contacts', 'requests');
		if (this.members.peek().has(room)) void this.readMembers(room);
		const open = this.conversation.peek();
		if (open?.room === room) void open.readMembers().catch((e) => this.#fail(e));
	}

	#messageArrived(m: Message, isNew: boolean): void {
		const open = this.conversation.peek();
		batch(() => {
			if (open?.room === m.room) {
				// What comes while nobody looks begins at a line that says so.
				const isRead = open.lastNumber <= this.#readUpTo(m.room);
				if (isNew && !m.own && isRead && (document.hidden || !open.atEnd.peek()))
					open.firstNew.value = m.number;
				open.take([m]);
			}
			this.#last.take(m, isNew);
		});
		if (open?.room === m.room) {
			this.markRead();
		} else if (isNew && !m.own && (m.kind === 'text' || m.kind === 'file')) {
			this.announce(`New message from ${m.introduced ? clean(m.sender) : 'somebody'}`);
		}
		if (isNew) this.refresh('rooms');
		else if (m.state === 'failed' && !m.deleted) this.announce('A message could not be sent.');
	}

	/** Opens the room of the address, when it is there and not open yet. */
	#follow(id: Id | null): void {
		const open = this.conversation.peek();
		if ((open?.room ?? null) === id && id !== null) return;
		const room = this.#allRooms.peek().find((r) => r.id === id);
		if (!id || !room || !this.#core) {
			this.#show(null);
			return;
		}
		const next = new Conversation(id, this.#core);
		this.#show(next);
		next.open(room.readUpTo, room.unread).then(
			() => this.markRead(),
			(e: unknown) => this.#fail(e),
		);
	}

	#show(next: Conversation | null): void {
		const open = this.conversation.peek();
		if (open) this.sending.putAside(open);
		this.conversation.value = next;
	}

	/** What is on the screen has been read: when the page is looked at and the end is in sight. */
	markRead(): void {
		const open = this.conversation.peek();
		if (!open || open.isLoading.peek() || !open.atEnd.peek()) return;
		if (document.visibilityState !== 'visible') return;
		const room = this.#allRooms.peek().find((r) => r.id === open.room);
		const last = open.lastNumber;
		if (!room || last === 0 || last <= this.#readUpTo(room.id)) return;
		this.#marked.set(open.room, last);
		void this.#core!.markRead(open.room, last).then(
			() => this.refresh('rooms'),
			(e: unknown) => this.#fail(e),
		);
	}
	readonly #marked = new Map<Id, number>();

	#readUpTo(id: Id): number {
		const room = this.#allRooms.peek().find((r) => r.id === id);
		return Math.max(room?.readUpTo ?? 0, this.#marked.get(id) ?? 0);
	}

	// --- naming ---

	/** "Lens": how an app is called; its domain when it is not in the list. */
	appTitle(domain: string): string {
		return titleOf(this.apps.value, domain);
	}

	isOwnApp(domain: string): boolean {
		return domain === this.domain.value;
	}

	namesOf(domain: string): NameKind | null {
		return this.apps.value.find((a) => a.domain === domain)?.names ?? null;
	}

	contact(id: Id | null): Contact | null {
		return id === null ? null : (this.contacts.value.find((c) => c.id === id) ?? null);
	}

	/** The other person of a direct room, also when it has ended. */
	contactOf(room: Room): Contact | null {
		return room.direct ? (this.#others.value.get(room.id) ?? null) : null;
	}

	/** The number, handle or address we asked for when we found them; '' when they found us. */
	identifierOf(contact: Contact): string {
		const asked = this.requests.value.find((r) => !r.incoming && r.contact === contact.id);
		return asked?.name ? showName(this.namesOf(asked.app), asked.name) : '';
	}

	/** What a picture is made from: the same for the same person wherever they appear. */
	seedOfRoom(room: Room): string {
		return this.contactOf(room)?.accountKey ?? room.id;
	}

	seedOfMember(member: Member): string {
		if (member.isSelf) return this.account.value?.accountKey ?? member.id;
		return this.contact(member.contact)?.accountKey ?? member.participant;
	}

	// --- doing ---

	/** For what is done where no form shows what went wrong: undefined then, and `problem` set. */
	async attempt<T>(doing: Doing, action: (core: Undercroft) => Promise<T>): Promise<T | undefined> {
		try {
			return await this.perform(action);
		} catch (e) {
			this.#fail(e, doing);
			return undefined;
		}
	}

	/** Reads what is in no list here: nothing is read again for it. */
	async look<T>(read: (core: Undercroft) => Promise<T>): Promise<T | undefined> {
		try {
			return await read(this.#core!);
		} catch (e) {
			this.#fail(e);
			return undefined;
		}
	}

	/** Fulfilled when there is a connection, or there has been none for long enough. */
	#connected(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, CONNECTS_MS);
			const stop = this.connection.subscribe((c) => {
				if (c !== 'greeted' && c !== 'online') return;
				clearTimeout(timer);
				resolve();
				queueMicrotask(() => stop());
			});
		});
	}

	/** Lists are read again afterwards, whatever came of it. */
	async perform<T>(action: (core: Undercroft) => Promise<T>): Promise<T> {
		if (!this.#core) throw new Error('not open');
		try {
			return await action(this.#core);
		} finally {
			this.refresh(...LISTS);
		}
	}

	#fail(e: unknown, doing: Doing = 'other'): void {
		// What happens while the tab ends or breaks is told by the screens for that; that something may
		// have been sent, and is begun anew with what is stored, by none.
		const tab = this.tab.peek();
		const isCut = doing === 'send' && isUndercroftError(e) && e.code === 'UC_E_PENDING';
		if (tab !== 'here' && !(tab === 'opening' && isCut)) return;
		this.problem.value = troubleOf(e, doing);
	}

	async requestCode(identifier: string): Promise<void> {
		await this.#connected();
		await this.#core!.requestCode(identifier);
	}

	/** Fulfilled with the recovery words, to be shown once and forgotten. */
	async signUp(o: { identifier: string; code?: string; profileName: string }): Promise<string> {
		this.isWelcoming.value = true;
		try {
			return await this.perform((c) => this.#connected().then(() => c.signUp(o)));
		} catch (e) {
			this.isWelcoming.value = false;
			throw e;
		}
	}

	async recoveryWords(): Promise<string> {
		return this.#core!.recoveryWords();
	}

	recoveryConfirmed(): Promise<void> {
		return this.perform((c) => c.recoveryConfirmed());
	}

	recover(o: { words: string; profileName: string }): Promise<void> {
		return this.perform((c) => this.#connected().then(() => c.recover(o)));
	}

	/** code: a contact code that they have told */
	ask(app: string, identifier: string, text: string, code?: string): Promise<void> {
		return this.perform((c) => this.#connected().then(() => c.ask(app, identifier, text, code)));
	}

	askByLink(link: string, text: string): Promise<void> {
		return this.perform((c) => this.#connected().then(() => c.askByInvitation(link, text)));
	}

	/** Opens the conversation when there is one already. */
	async accept(request: ContactRequest): Promise<void> {
		await this.attempt('answer', (c) => c.accept(request.id));
	}

	async decline(request: ContactRequest): Promise<void> {
		await this.attempt('answer', (c) => c.decline(request.id));
	}

	async blockRequest(request: ContactRequest): Promise<void> {
		await this.attempt('answer', (c) => c.blockRequest(request.id));
	}

	/** Whether it is taken back. */
	async withdrawRequest(request: ContactRequest): Promise<boolean> {
		const done = await this.attempt('other', (c) => c.withdrawRequest(request.id).then(() => true));
		return done === true;
	}

	/** Goes to the direct conversation with them. */
	async write(contact: Contact): Promise<void> {
		const room = contact.direct ?? (await this.attempt('direct', (c) => c.startDirect(contact.id)));
		if (room) goToRoom(room);
	}

	/** as: a name of that group only; '': as oneself. */
	async createGroup(name: string, contacts: Id[], as = ''): Promise<Id> {
		this.#making++;
		try {
			return await this.perform((c) => c.createGroup(name, contacts, { as }));
		} finally {
			this.#making--;
		}
	}
	/** groups that are being made */
	#making = 0;

	/** as: a name of that group only; '': as oneself. */
	async introduce(room: Id, as: string): Promise<void> {
		await this.perform((c) => c.introduce(room, { as }));
		this.#roomChanged(room);
	}

	/** One of this account's own ways in groups; the account says at once how it is. */
	async keepsTo(way: 'waitToIntroduce' | 'removeNotIntroduced', is: boolean): Promise<void> {
		await this.#core![way](is);
		this.account.value = await this.#core!.account();
	}

	rename(room: Id, name: string): Promise<void> {
		return this.perform((c) => c.renameGroup(room, name));
	}

	async addMembers(room: Id, contacts: Id[]): Promise<void> {
		for (const id of contacts) await this.attempt('member', (c) => c.addToGroup(room, id));
	}

	/** A persona, in that room. */
	async blockMember(room: Id, member: Id, blocked: boolean): Promise<void> {
		await this.attempt('member', (c) => c.blockMember(room, member, blocked));
		this.#roomChanged(room);
	}

	async setRole(room: Id, member: Id, role: Role): Promise<void> {
		await this.perform((c) => c.setRole(room, member, role));
		this.#roomChanged(room);
		this.announce('The role has changed.');
	}

	async removeMember(room: Id, member: Id): Promise<void> {
		await this.attempt('member', (c) => c.removeFromGroup(room, member));
	}

	async leave(room: Id): Promise<void> {
		await this.perform((c) => c.leave(room));
		closePanels();
	}

	async safetyNumber(contact: Id): Promise<string> {
		return this.#core!.safetyNumber(contact);
	}

	async setVerified(contact: Id, verified: boolean): Promise<void> {
		await this.attempt('other', (c) => c.setVerified(contact, verified));
	}

	/** Was it done? */
	async block(contact: Id, blocked: boolean): Promise<boolean> {
		const done = await this.attempt('other', (c) => c.block(contact, blocked).then(() => true));
		return done === true;
	}

	setSettings(settings: SettingsChange): Promise<void> {
		return this.perform((c) => this.#connected().then(() => putSettings(c, settings)));
	}

	/** What a service has said of this person's age. */
	presentAge(statement: string): Promise<void> {
		return this.perform((c) =>
			this.#connected().then(() => whenSeen(c, () => c.presentAge(statement))),
		);
	}

	report(room: Id, report: Report): Promise<Reported> {
		return this.perform((c) => this.#connected().then(() => c.report(room, report)));
	}

	reportRequest(request: Id, report: Omit<Report, 'messages'>): Promise<Reported> {
		return this.perform((c) => this.#connected().then(() => c.reportRequest(request, report)));
	}

	/** Erases this browser and starts anew. */
	async erase(): Promise<void> {
		await this.#core!.erase();
		history.replaceState(null, '', '#/');
		location.reload();
	}

	/** Another number, handle or address; with the code that was sent to it. */
	changeName(identifier: string, code?: string): Promise<void> {
		return this.perform((c) => c.rename(identifier, code));
	}

	deleteAccount(): Promise<void> {
		return this.perform((c) => c.deleteAccount());
	}
}
