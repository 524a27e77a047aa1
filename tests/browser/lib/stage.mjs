// SPDX-License-Identifier: Apache-2.0
// What one test has: people in browsers, people at terminals, one backbone for all, and the duty to
// end whatever it began.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Faults, killBrowser, openBrowser, openShared, watch } from './chromium.mjs';
import { Person } from './person.mjs';
import { Terminal } from './terminal.mjs';
import { PATIENCE_MS } from './wait.mjs';

let serial = 0;

/** An identifier nobody had yet, as the app wants it; numbers are of a range kept for fiction. */
export function identifierFor(app, name) {
	serial++;
	const plain =
		name
			.toLowerCase()
			.replace(/[^a-z]/g, '')
			.slice(0, 12) || 'somebody';
	if (app === 'dial') return `+447700900${String(serial).padStart(3, '0')}`;
	return app === 'lens' ? `${plain}${serial}` : `${plain}${serial}@example.org`;
}

export class Stage {
	constructor(backbone, { seed, pictures }) {
		Object.assign(this, { backbone, seed, pictures });
		this.people = [];
		this.terminals = [];
		this.contexts = [];
		this.profiles = [];
	}

	/**
	 * Somebody in a browser, at the app's first page.  own: a Chromium process and a profile on disk
	 * of their own; otherwise a context of the one that all share.  `at`: a Person whose browser
	 * this is, too (another tab).  Everything else goes to Playwright.
	 */
	async person(app, name, { own = false, at = null, identifier, open = true, tls, ...o } = {}) {
		const origin = this.backbone.origin(app, { tls });
		let context = at?.context;
		let profile = at?.profile ?? null;
		const faults = at?.faults ?? new Faults();
		if (!context) {
			if (own) {
				profile = mkdtempSync(path.join(os.tmpdir(), 'undercroft-profile-'));
				this.profiles.push(profile);
			}
			context = own ? await openBrowser(profile, o) : await openShared(o);
			this.contexts.push(context);
			context.setDefaultTimeout(PATIENCE_MS);
			await watch(context, origin, faults);
		}
		const person = new Person({
			stage: this,
			app,
			name,
			origin,
			context,
			profile,
			faults,
			options: o,
			identifier: identifier ?? at?.identifier ?? identifierFor(app, name),
		});
		this.people.push(person);
		if (open) await person.open();
		return person;
	}

	/** Somebody in a browser who has an account. */
	async member(app, name, o) {
		const person = await this.person(app, name, o);
		await person.signUp();
		return person;
	}

	/** kill -9 of somebody's own browser; it opens again with the same profile. */
	async kill(person) {
		if (!(await killBrowser(person.profile))) throw new Error('no browser to kill');
		this.contexts = this.contexts.filter((c) => c !== person.context);
	}

	async reopen(person) {
		person.context = await openBrowser(person.profile, person.options);
		this.contexts.push(person.context);
		person.context.setDefaultTimeout(PATIENCE_MS);
		await watch(person.context, person.origin, person.faults);
		await person.open();
	}

	/** Somebody at a terminal, signed up. */
	async terminal(app, name, identifier) {
		const t = new Terminal(this.backbone, app, name, identifier ?? identifierFor(app, name));
		this.terminals.push(t);
		return t.signUp();
	}

	/** A terminal without an account, that may become a device of one. */
	device(app, name) {
		const t = new Terminal(this.backbone, app, name, null);
		this.terminals.push(t);
		return t;
	}

	/** What went wrong that no test looked for. */
	faults() {
		const all = new Set(this.people.map((p) => p.faults));
		return [...all].flatMap((f) => f.found);
	}

	/** Is there a page that answers and is not drawn any more?  Headless Chromium falls into that now
	 * and then, and nothing on such a screen can be clicked. */
	async isFrozen() {
		const isDrawn = () =>
			new Promise((then) => {
				requestAnimationFrame(() => then(true));
				setTimeout(() => then(document.visibilityState !== 'visible'), 3000);
			});
		for (const p of this.people) {
			// One that is closed or killed answers nothing.
			if ((await p.page?.evaluate(isDrawn).catch(() => true)) === false) return true;
		}
		return false;
	}

	/** What everybody saw when it failed. */
	async report(dir) {
		mkdirSync(dir, { recursive: true });
		for (const [i, p] of this.people.entries()) {
			const name = `${i}-${p.app}-${p.name.replace(/[^A-Za-z]/g, '')}`;
			try {
				writeFileSync(
					path.join(dir, `${name}.txt`),
					`${p.page.url()}\n${await p.page.locator('body').ariaSnapshot({ timeout: 2000 })}\n`,
				);
				await p.page.screenshot({ path: path.join(dir, `${name}.png`), timeout: 5000 });
			} catch {
				// closed or killed: nothing to see
			}
		}
	}

	async end() {
		for (const t of this.terminals) t.end();
		const closing = this.contexts.map((c) => c.close().catch(() => {}));
		await Promise.all(closing);
		for (const profile of this.profiles) {
			await killBrowser(profile).catch(() => {});
			rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
		}
	}
}
