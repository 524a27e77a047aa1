// SPDX-License-Identifier: Apache-2.0
// Somebody in front of one of the apps: what they do and see, by the roles and names that people
// with a screen reader have, too (apps/kit/README.md lists them).
import { readFileSync } from 'node:fs';
import { until } from './wait.mjs';

const TITLE = { dial: 'Dial', lens: 'Lens', plaza: 'Plaza' };
const FIELD = { dial: 'Phone number', lens: 'Handle', plaza: 'E-mail address' };
const EMOJI = { '👍': 'Thumbs up', '❤️': 'Heart', '😂': 'Laughing' };
const WAITING = 'Waiting for network.';
const WAITS = /^Requests,? \d+ waiting/;

/** How most people do things; tests of the keyboard bring other hands. */
const MOUSE = {
	go: (locator) => locator.click(),
	fill: (locator, text) => locator.fill(text),
	tick: (locator) => locator.check(),
	pick: (group, name) => group.getByRole('radio', { name, exact: true }).check(),
	choose: (item) => item.click(),
};

export class Person {
	static mouse = MOUSE;

	constructor(o) {
		Object.assign(this, o);
		this.hands = MOUSE;
	}

	async open() {
		this.page = await this.context.newPage();
		await this.page.goto(this.origin + '/');
	}

	get title() {
		return TITLE[this.app];
	}

	// --- what is on the page ---

	button(name, within = this.page) {
		return within.getByRole('button', { name, exact: typeof name === 'string' });
	}

	field(name, within = this.page) {
		return within.getByRole('textbox', { name, exact: true });
	}

	dialog() {
		return this.page.getByRole('dialog');
	}

	composer() {
		return this.field('Message');
	}

	log() {
		return this.page.getByRole('log', { name: 'Messages' });
	}

	/** One message of the open conversation: its text, or the name of its file. */
	message(text) {
		return this.log()
			.locator('li.k-message')
			.filter({
				has: this.page.locator('.k-lines, .k-file-name').getByText(text, { exact: true }),
			});
	}

	/** A conversation in the list: its name, or a pattern of all that stands in its row. */
	room(name) {
		return this.page
			.getByRole('navigation', { name: 'Conversations' })
			.getByRole('link', { name: typeof name === 'string' ? new RegExp(`^${name}\\b`) : name });
	}

	// --- the account ---

	async isWelcomed() {
		await this.button('Sign up').waitFor();
	}

	/** What the first screen says to somebody without an account. */
	welcomeText() {
		return 'I have an account';
	}

	/** As far as the code, or the handle, and the name. */
	async signUpForm({ code, atForm } = {}) {
		const { go, fill } = this.hands;
		await go(this.button('Sign up'));
		await fill(this.field(FIELD[this.app]), this.identifier);
		if (this.app !== 'lens') {
			const before = this.stage.backbone.codes();
			await go(this.button('Send code'));
			await this.field('Code').waitFor();
			const sent = await this.stage.backbone.code(this.identifier, before);
			await fill(this.field('Code'), code ?? sent);
		}
		await fill(this.field('Your name'), this.name);
		await atForm?.();
		await go(this.button('Continue'));
	}

	/** atForm, atWords: called when these are on the screen. */
	async signUp({ atForm, atWords } = {}) {
		const { go, tick } = this.hands;
		await this.signUpForm({ atForm });
		const words = this.page.getByRole('list', { name: 'Recovery words' });
		await words.waitFor();
		this.words = (await words.getByRole('listitem').allInnerTexts()).join(' ');
		if (this.words.split(' ').length !== 24) throw new Error('there are not 24 words');
		await atWords?.();
		await tick(this.page.getByRole('checkbox', { name: /nobody can give me these words/ }));
		await go(this.button('I have written them down'));
		await this.isSignedIn();
	}

	async isSignedIn() {
		// An empty list has no size.
		const list = this.page.getByRole('navigation', { name: 'Conversations' });
		await list.waitFor({ state: 'attached' });
	}

	/** Is refused, and told what the pattern says; the first page is there again afterwards. */
	async signUpInVain(pattern, { code } = {}) {
		await this.signUpForm({ code });
		await this.page.getByRole('alert').getByText(pattern).waitFor();
		await this.page.reload();
		await this.isWelcomed();
	}

	async recoverForm(words) {
		await this.button('I have an account and its 24 words').click();
		await this.field('Recovery words').fill(words);
		await this.field('Your name').fill(this.name);
		await this.button('Take up my account').click();
	}

	async recover(words) {
		await this.recoverForm(words);
		await this.isSignedIn();
	}

	async recoverInVain(words, pattern) {
		await this.recoverForm(words);
		await this.page.getByRole('alert').getByText(pattern).waitFor();
		await this.page.reload();
		await this.isWelcomed();
	}

	async openSettings() {
		await this.button('Settings').click();
		await this.dialog().waitFor();
	}

	/** What stands in the list of devices. */
	async devices() {
		await this.openSettings();
		await this.button('My devices').click();
		const list = this.dialog().getByRole('listitem');
		await list.filter({ hasText: 'This browser' }).waitFor();
		const all = await list.allInnerTexts();
		await this.closeDialogs();
		return all;
	}

	async openDevices() {
		await this.openSettings();
		await this.hands.go(this.button('My devices', this.dialog()));
		await this.dialog().getByRole('heading', { name: 'Your devices' }).waitFor();
	}

	/** As far as the question whose device it is. */
	async lookAtDevice(code) {
		const { go, fill } = this.hands;
		await this.openDevices();
		await go(this.button('Add a device', this.dialog()));
		await fill(this.field('Code of the new device', this.dialog()), code);
		await go(this.button('Look for it', this.dialog()));
	}

	isItMine() {
		return this.dialog().getByRole('group', { name: 'Is this your device?' });
	}

	/** Lets the device of that code in, and calls it something. */
	async letIn(code, name = '') {
		const { go, fill } = this.hands;
		await this.lookAtDevice(code);
		await go(this.button('It is my device', this.isItMine()));
		await this.dialog()
			.getByText(/^It is one of your devices now/)
			.waitFor();
		await fill(this.field('What do you call it?', this.dialog()), name);
		await go(this.button('Done', this.dialog()));
		await this.dialog().getByRole('heading', { name: 'Your devices' }).waitFor();
	}

	/** One of the list that is open. */
	deviceRow(text) {
		return this.dialog().locator('li.k-device').filter({ hasText: text });
	}

	/** That the list has changed: wherever it is said. */
	deviceAlarm() {
		return this.page
			.getByRole('alert')
			.getByRole('button', { name: /^Something has happened to the list of your devices/ })
			.filter({ visible: true })
			.first();
	}

	/** Without an account: shows a code to be entered on another device; what it is. */
	async showCode() {
		await this.hands.go(this.button('I have it on another device'));
		const code = this.field('Code of this browser');
		await code.waitFor();
		return code.inputValue();
	}

	/** Asks to be found by another number, handle or address; code: instead of what is sent. */
	async changeName(to, { code } = {}) {
		const { go, fill } = this.hands;
		await this.openSettings();
		await go(this.button(/^Change my /));
		await fill(this.field(FIELD[this.app]), to);
		if (this.app !== 'lens') {
			const before = this.stage.backbone.codes();
			await go(this.button('Send code'));
			await this.field('Code').waitFor();
			const sent = await this.stage.backbone.code(to, before);
			await fill(this.field('Code'), code ?? sent);
		}
		await go(this.button('Change'));
	}

	async openReach() {
		await this.openSettings();
		await this.hands.go(this.button('Who can reach you'));
		await this.button('Save', this.dialog()).waitFor();
	}

	/** One of the questions of who can reach me. */
	question(pattern) {
		return this.dialog().getByRole('group', { name: pattern });
	}

	/** Answers some of them; sure: ticks that an age stays. */
	async setReach({ age, ask, add, find, sure = false }) {
		const { go, pick, tick } = this.hands;
		await this.openReach();
		if (age) await pick(this.question(/How old/), age);
		if (ask) await pick(this.question(/may ask/), ask);
		if (add) await pick(this.question(/add you/), add);
		if (find) await pick(this.question(/found by/), find);
		if (sure) await tick(this.page.getByRole('checkbox', { name: /cannot become older/ }));
		await go(this.button('Save', this.dialog()));
		await this.dialog()
			.getByRole('status')
			.getByText(/^Saved\./)
			.waitFor();
		await this.closeDialogs();
	}

	/** On Plaza nobody is found by an e-mail address who has not said so. */
	async beFindable() {
		if (this.app !== 'plaza' || this.isFindable) return;
		this.isFindable = true;
		await this.setReach({ age: '18 or older', find: 'Yes' });
	}

	async erase() {
		await this.openSettings();
		await this.button('Sign out and erase this browser').click();
		await this.page.getByRole('checkbox', { name: /I have my recovery words/ }).check();
		await this.button('Erase').click();
	}

	/** Told that this device is not listed any more. */
	async isGone() {
		await this.page.getByRole('heading', { name: `You are signed out of ${this.title}` }).waitFor();
	}

	async isElsewhere() {
		await this.page
			.getByRole('heading', { name: `${this.title} is open in another tab` })
			.waitFor();
	}

	/** This tab holds the account. */
	isHere() {
		return this.isSignedIn();
	}

	// --- connection ---

	/** The notice that there is none has gone, or has come. */
	async isConnected(is) {
		const notice = this.page.getByText(WAITING).filter({ visible: true });
		await until(
			`${this.name} is ${is ? 'online' : 'told of being offline'}`,
			async () => (await notice.count()) > 0 !== is,
		);
	}

	/** What browsers say of lost connections is no fault of the page. */
	losesConnection() {
		this.faults.allow(/WebSocket connection to|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/);
	}

	// --- dialogs ---

	async closeDialogs() {
		await until('no dialog is open', async () => {
			if ((await this.dialog().count()) === 0) return true;
			await this.page.keyboard.press('Escape');
			return false;
		});
	}

	// --- people ---

	async askForm(app, identifier, note = '', code = null) {
		const { go, fill, pick } = this.hands;
		await go(this.button('Find someone').first());
		const dialog = this.dialog();
		await pick(dialog.getByRole('group', { name: 'App' }), TITLE[app]);
		await fill(this.field(FIELD[app], dialog), identifier);
		if (note) await fill(this.field('Note', dialog), note);
		if (code) {
			await go(this.button('With a contact code', dialog));
			await fill(this.field('Contact code', dialog), code);
		}
		await go(this.button('Send request', dialog));
	}

	/** Asks somebody: anyone with an app and an identifier. */
	async ask(other, note) {
		await other.beFindable?.();
		await this.askForm(other.app, other.identifier, note);
		await this.dialog()
			.getByText(/Your request to .* was sent/)
			.waitFor();
		await this.hands.go(this.button('Done', this.dialog()));
		await this.dialog().waitFor({ state: 'hidden' });
	}

	async askInVain(app, identifier, pattern) {
		await this.askForm(app, identifier);
		await this.dialog().getByRole('alert').getByText(pattern).waitFor();
		await this.closeDialogs();
	}

	/** Where requests wait; a dialog, or a page of the app. */
	async openRequests() {
		if (await this.button('Accept').first().isVisible()) return;
		await this.button(/^Requests/)
			.first()
			.click();
	}

	request(name) {
		return this.page
			.getByRole('listitem')
			.filter({ hasText: name })
			.filter({ has: this.button('Accept') });
	}

	async seesRequest(name, app, note) {
		await this.button(WAITS).first().waitFor();
		await this.openRequests();
		const request = this.request(name);
		await request.waitFor();
		const text = await request.innerText();
		for (const part of [`on ${app}`, note]) {
			if (!text.includes(part)) throw new Error(`the request does not say ${part}: ${text}`);
		}
	}

	async accept(name) {
		await this.button(WAITS).first().waitFor();
		await this.openRequests();
		const request = this.request(name);
		await this.button('Accept', request).click();
		await request.waitFor({ state: 'hidden' });
		await this.closeDialogs();
	}

	async decline(name) {
		await this.openRequests();
		const request = this.request(name);
		await this.button('Decline', request).click();
		await request.waitFor({ state: 'hidden' });
	}

	/** Who waits for an answer. */
	async requests() {
		await this.closeDialogs();
		const waits = await this.button(WAITS).count();
		if (waits === 0) return [];
		await this.openRequests();
		const all = this.page.getByRole('listitem').filter({ has: this.button('Accept') });
		return all.allInnerTexts();
	}

	// --- conversations ---

	/** Where the list of conversations is, in apps that show one thing at a time. */
	async toList() {
		await this.closeDialogs();
		const back = this.button(/^(Messages|Conversations)/).filter({ visible: true });
		if ((await back.count()) > 0) await back.first().click();
	}

	async hasRoom(name) {
		if (!(await this.room(name).isVisible())) await this.toList();
		await this.room(name).waitFor();
	}

	/** The conversations in the list, as they are read. */
	async rooms() {
		const nav = this.page.getByRole('navigation', { name: 'Conversations' });
		return nav
			.getByRole('link')
			.filter({ has: this.page.locator('time') })
			.allInnerTexts();
	}

	/** Opens a conversation once it can be written in. */
	async openRoom(name) {
		await this.closeDialogs();
		await this.hasRoom(name);
		await this.room(name).click();
		await this.composer().waitFor();
	}

	/** What stands above the open conversation. */
	async roomHeading() {
		const about = this.button('About this conversation');
		return this.page.locator('header').filter({ has: about }).innerText();
	}

	async openNewGroup() {
		const button = this.button('New group').first();
		if (!(await button.isVisible())) await this.toList();
		await button.click();
	}

	/** as: under another name. */
	async createGroup(name, people, as = '') {
		await this.openNewGroup();
		const dialog = this.dialog();
		await this.field('Group name', dialog).fill(name);
		await this.field('Another name for you there', dialog).fill(as);
		for (const person of people) {
			await dialog.getByRole('checkbox', { name: person }).check();
		}
		await this.button('Create group', dialog).click();
		await dialog.waitFor({ state: 'hidden' });
		await this.composer().waitFor();
	}

	/** The rows of the list of members, as they are read. */
	async members() {
		await this.button('About this conversation').click();
		const list = this.dialog().getByRole('region', { name: 'Members' }).getByRole('listitem');
		await list.first().waitFor();
		const rows = await list.allInnerTexts();
		await this.closeDialogs();
		return rows;
	}

	/** What a persona writes, in the room that is open. */
	async hideMember(name) {
		await this.button('About this conversation').click();
		await this.button(`More about ${name}`, this.dialog()).click();
		await this.page.getByRole('menuitem', { name: 'Hide what they write here' }).click();
		await this.dialog().getByText('hidden').waitFor();
		await this.closeDialogs();
	}

	/** The members, once that is what they are: [name, app's title] each. */
	async hasMembers(wanted) {
		await until(`${this.name} sees ${wanted}`, async () => {
			const rows = await this.members();
			return (
				rows.length === wanted.length &&
				wanted.every(([name, app]) =>
					rows.some((r) => r.includes(name) && (app === null || r.includes(`on ${app}`))),
				)
			);
		});
	}

	async safetyNumber(name) {
		await this.openRoom(name);
		await this.button('About this conversation').click();
		await this.button('Safety number', this.dialog()).click();
		const groups = this.page.getByRole('list', { name: 'Safety number' }).getByRole('listitem');
		const number = await until('the safety number', async () => {
			const all = (await groups.allInnerTexts()).join(' ');
			return /^\d/.test(all) && all;
		});
		await this.closeDialogs();
		return number;
	}

	// --- messages ---

	/** Writes and sends; done when it stands in the conversation as ours. */
	async send(text) {
		await this.type(text);
		await this.page.keyboard.press('Enter');
		await this.message(text).locator('.k-state').waitFor();
	}

	async type(text) {
		await this.composer().fill(text);
	}

	/** Waits until that message stands in the open conversation, by that sender. */
	async reads(text, sender = null) {
		const message = this.message(text);
		await message.waitFor();
		if (sender !== null) await message.filter({ hasText: sender }).waitFor();
	}

	async isAccepted(text) {
		await this.message(text).locator('.k-state').getByText('Sent', { exact: true }).waitFor({
			state: 'attached',
		});
	}

	async isQueued(text) {
		await this.message(text).locator('.k-state').getByText('Waiting to be sent').waitFor({
			state: 'attached',
		});
	}

	/** All texts of the open conversation, in order, as they are shown. */
	async texts() {
		const earlier = this.button('Load earlier messages');
		while ((await earlier.count()) > 0) {
			await earlier.click({ timeout: 2000 }).catch(() => {});
		}
		return this.log().evaluate((log) =>
			[...log.querySelectorAll('.k-message .k-lines')].map((e) => e.textContent),
		);
	}

	async reply(to, text) {
		const message = this.message(to);
		await message.hover();
		await this.button('Reply', message).click();
		await this.send(text);
	}

	async react(to, emoji) {
		const message = this.message(to);
		await message.hover();
		await this.button('React', message).click();
		await this.page.getByRole('menuitem', { name: EMOJI[emoji] }).click();
		await this.seesReaction(to, emoji);
	}

	/** The form for a message, filled in. */
	async reportForm(text, { why, to }) {
		const { go, pick, choose } = this.hands;
		const message = this.message(text);
		await message.hover();
		await go(this.button('More', message));
		await choose(this.page.getByRole('menuitem', { name: 'Report' }));
		await this.button('Send report', this.dialog()).waitFor();
		if (why) await pick(this.question('Why?'), why);
		if (to) await pick(this.question(/Who is to read it/), to);
	}

	async report(text, o) {
		await this.reportForm(text, o);
		await this.hands.go(this.button('Send report', this.dialog()));
		await this.dialog()
			.getByRole('status')
			.getByText(/^Your report was sent/)
			.waitFor();
	}

	/** The form for a request, filled in. */
	async reportRequestForm(name, { why, to }) {
		const { go, pick } = this.hands;
		await this.openRequests();
		await go(this.button('Report', this.request(name)));
		await this.button('Send report', this.dialog()).waitFor();
		if (why) await pick(this.question('Why?'), why);
		if (to) await pick(this.question(/Who is to read it/), to);
	}

	// --- files ---

	/** Chosen, and not sent yet. */
	async attach(...paths) {
		const choosing = this.page.waitForEvent('filechooser');
		await this.hands.go(this.button('Attach a file'));
		await (await choosing).setFiles(paths);
	}

	/** What the page gives to the browser to save: the name that it says, and bytes. */
	async save(name) {
		const file = this.message(name);
		await file.waitFor();
		const saves = this.page.waitForEvent('download');
		await this.hands.go(this.button(/^(Save|Try again): /, file));
		const saved = await saves;
		await file.getByText('Given to the browser to save.').waitFor();
		return { name: saved.suggestedFilename(), bytes: readFileSync(await saved.path()) };
	}

	async seesReply(text, to) {
		await this.message(text)
			.getByRole('button', { name: /In reply to/ })
			.filter({ hasText: to })
			.waitFor();
	}

	async seesReaction(to, emoji) {
		await this.message(to)
			.getByRole('list', { name: 'Reactions' })
			.getByRole('button', { name: new RegExp(`^${emoji}`) })
			.waitFor();
	}
}
