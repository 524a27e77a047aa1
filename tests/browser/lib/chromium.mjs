// SPDX-License-Identifier: Apache-2.0
// Chromium, watched: an error of a page or its worker, a message of the console, a violation of the
// content security policy, a request to anywhere else is a fault, and a fault is a failure.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from './backbone.mjs';
import { until } from './wait.mjs';

const require = createRequire(path.join(ROOT, 'apps/package.json'));

export const CHROMIUM = process.env.UNDERCROFT_CHROMIUM ?? '/usr/bin/chromium';

const FLAGS = [
	'--disable-gpu',
	'--disable-quic',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--no-first-run',
	// Several people's windows at once, and none of them is in the background.
	'--disable-renderer-backgrounding',
	'--disable-background-timer-throttling',
	'--disable-backgrounding-occluded-windows',
];

/** Why no browser can be had here, or null. */
export function missing() {
	try {
		require.resolve('playwright-core');
	} catch {
		return 'playwright-core is not installed (npm ci in apps/)';
	}
	return existsSync(CHROMIUM) ? null : `there is no ${CHROMIUM} (Debian's package chromium)`;
}

/** What axe-core is, as a script. */
export const axe = () => readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const WIDTHS = {
	desktop: { width: 1280, height: 800 },
	phone: { width: 390, height: 844 },
	narrow: { width: 320, height: 640 },
	// a desk of 1280 by 800 at twice the size
	zoomed: { width: 640, height: 400 },
};

const LAUNCH = {
	executablePath: CHROMIUM,
	chromiumSandbox: process.getuid() !== 0,
	headless: true,
	args: FLAGS,
	handleSIGINT: false,
	handleSIGTERM: false,
	handleSIGHUP: false,
};
const PAGE = { viewport: WIDTHS.desktop, locale: 'en-GB', timezoneId: 'UTC' };

/** A browser of its own with the profile in that folder. */
export function openBrowser(profile, o = {}) {
	const { chromium } = require('playwright-core');
	return chromium.launchPersistentContext(profile, { ...LAUNCH, ...PAGE, ...o });
}

let shared = null;

/** A context of the browser that all share: cookies and stores of its own, in memory. */
export async function openShared(o = {}) {
	const { chromium } = require('playwright-core');
	shared ??= chromium.launch(LAUNCH);
	return (await shared).newContext({ ...PAGE, ...o });
}

export async function closeShared() {
	const browser = await shared?.catch(() => null);
	shared = null;
	await browser?.close();
}

/** The browser's first process: the one with that profile which is no helper of another. */
function processOf(profile) {
	for (const pid of readdirSync('/proc').filter((p) => /^\d+$/.test(p))) {
		try {
			const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
			if (
				args.includes(`--user-data-dir=${profile}`) &&
				!args.some((a) => a.startsWith('--type='))
			) {
				return Number(pid);
			}
		} catch {
			// ended meanwhile
		}
	}
	return null;
}

const isAlive = (pid) => {
	try {
		return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
};

/** The processes below that one. */
function family(pid) {
	const children = new Map();
	for (const p of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
		try {
			const stat = readFileSync(`/proc/${p}/stat`, 'utf8');
			const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
			children.set(parent, [...(children.get(parent) ?? []), Number(p)]);
		} catch {
			// ended meanwhile
		}
	}
	const all = [pid];
	for (const p of all) all.push(...(children.get(p) ?? []));
	return all;
}

/** Milliseconds of CPU that the browser with that profile and its helpers have used. */
export function processTime(profile) {
	let ticks = 0;
	for (const p of family(processOf(profile))) {
		const stat = readFileSync(`/proc/${p}/stat`, 'utf8');
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		ticks += Number(fields[11]) + Number(fields[12]);
	}
	return ticks * 10; // 100 a second, on all of Linux that Debian runs on
}

/** kill -9 of the browser and all its helpers, as when the power fails; true if there was one. */
export async function killBrowser(profile) {
	const pid = processOf(profile);
	if (pid === null) return false;
	const all = family(pid);
	for (const p of all) {
		try {
			process.kill(p, 'SIGKILL');
		} catch {
			// ended with its parent
		}
	}
	await until('the killed browser is gone', () => all.every((p) => !isAlive(p)));
	return true;
}

export class Faults {
	constructor() {
		this.found = [];
		this.allowed = [];
	}

	add(text) {
		if (!this.allowed.some((a) => a.test(text))) this.found.push(text);
	}

	/** What matches is no fault from now on. */
	allow(pattern) {
		this.allowed.push(pattern);
	}

	/** Takes out what matches; how many there were. */
	take(pattern) {
		const before = this.found.length;
		this.found = this.found.filter((f) => !pattern.test(f));
		return before - this.found.length;
	}
}

/** Watches everything that happens in a context; it may talk to `origin` alone. */
export async function watch(context, origin, faults) {
	context.on('weberror', (e) => faults.add(`error: ${e.error().stack ?? e.error()}`));
	context.on('console', (m) => {
		if (m.type() === 'error' || m.type() === 'warning') {
			faults.add(`console.${m.type()}: ${m.text()} ${m.location().url}`);
		}
	});
	context.on('request', (r) => {
		const url = new URL(r.url());
		if (!['data:', 'blob:', 'about:'].includes(url.protocol) && url.origin !== origin) {
			faults.add(`request to elsewhere: ${url}`);
		}
	});
	context.on('response', (r) => {
		if (r.status() >= 400) faults.add(`status ${r.status()}: ${r.url()}`);
	});
	context.on('page', (page) => {
		page.on('crash', () => faults.add('the page crashed'));
		page.on('dialog', (d) => {
			faults.add(`a dialog: ${d.message()}`);
			d.dismiss().catch(() => {});
		});
		page.on('websocket', (s) => {
			if (new URL(s.url()).host !== new URL(origin).host) {
				faults.add(`WebSocket to elsewhere: ${s.url()}`);
			}
		});
	});
	await context.exposeBinding('undercroftTestViolation', (_, text) => faults.add(text));
	await context.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', (e) =>
			window.undercroftTestViolation(
				`CSP: ${e.effectiveDirective} refused ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`,
			),
		);
	});
}
