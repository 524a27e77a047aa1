// SPDX-License-Identifier: Apache-2.0
// What the web apps cost: sizes, time to the first screen, time from sending to being shown, on this
// machine.  ./dev bench web calls it; docs/performance.md says what the figures mean.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { APPS, Backbone, WEB } from './lib/backbone.mjs';
import { closeShared, missing, processTime } from './lib/chromium.mjs';
import { befriend } from './lib/people.mjs';
import { Stage } from './lib/stage.mjs';
import { PATIENCE_MS, until, within } from './lib/wait.mjs';

const { values: options } = parseArgs({
	options: {
		json: { type: 'boolean' },
		sent: { type: 'string', default: '200' },
		stored: { type: 'string', default: '3000' },
		rounds: { type: 'string', default: '7' },
	},
});
const ROUNDS = Number(options.rounds);

function figure(name, value, unit, more = {}) {
	if (options.json) {
		console.log(JSON.stringify({ name, value: Number(value.toPrecision(6)), unit, ...more }));
		return;
	}
	const shown = value < 100 ? value.toFixed(2) : value.toFixed(0);
	const target = more.target ? `  (target ${more.target})` : '';
	console.log(`${name.padEnd(34)} ${shown.padStart(12)} ${unit.padEnd(8)}${target}`);
}

const quantile = (values, q) =>
	[...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
const median = (values) => quantile(values, 0.5);

// --- sizes ---

/** Bytes of what a file costs a visitor: the smaller of its compressed forms. */
function carried(file) {
	return Math.min(statSync(file + '.br').size, statSync(file + '.gz').size);
}

function sizes() {
	for (const app of APPS) {
		const assets = path.join(WEB, app, 'assets');
		const files = readdirSync(assets).filter((f) => /\.(js|css|wasm)$/.test(f));
		const sum = (test) =>
			files.filter((f) => test.test(f)).reduce((n, f) => n + carried(path.join(assets, f)), 0);
		if (app === APPS[0]) figure('web.core_bytes', sum(/\.wasm$/), 'bytes', { target: 250_000 });
		figure(`web.app_bytes.${app}`, sum(/\.(js|css)$/), 'bytes', { target: 80_000 });
	}
}

// --- the first screen ---

/** In the page: notes when that text is first to be seen, counted from the page's own beginning. */
function noteFirst(text) {
	const look = () => {
		const found = document.body && document.body.innerText.includes(text);
		if (!found) return requestAnimationFrame(look);
		// Painted by the time the frame after this one begins.
		requestAnimationFrame(() => {
			const channel = new MessageChannel();
			channel.port1.onmessage = () => (window.undercroftFirst = performance.now());
			channel.port2.postMessage(0);
		});
	};
	requestAnimationFrame(look);
}

async function firstScreen(person, text) {
	const page = await person.context.newPage();
	await page.addInitScript(noteFirst, text);
	await page.goto(person.origin + '/');
	const ms = await until('the first screen', () => page.evaluate(() => window.undercroftFirst));
	return { page, ms };
}

/** A browser that was never here. */
async function cold(stage) {
	const times = [];
	for (let i = 0; i < ROUNDS; i++) {
		const app = APPS[i % APPS.length];
		const visitor = await stage.person(app, 'Visitor', { own: true, open: false });
		times.push((await firstScreen(visitor, visitor.welcomeText())).ms);
		await visitor.context.close();
	}
	figure('web.first_screen_cold_ms', median(times), 'ms', {
		high: Math.max(...times),
		target: 1000,
	});
}

/** Somebody who comes back, with a store of some thousand messages. */
async function warm(stage, rosa, friends) {
	const each = Math.ceil(Number(options.stored) / friends.length);
	await Promise.all(friends.map((f) => f.pour('Rosa', each)));
	for (const f of friends) {
		await rosa.openRoom(f.name);
		await rosa.reads(`${f.name} ${each}`);
	}
	const times = [];
	for (let i = 0; i < ROUNDS; i++) {
		await rosa.page.close();
		const { page, ms } = await firstScreen(rosa, `${friends[0].name} ${each}`);
		times.push(ms);
		rosa.page = page;
		await rosa.isConnected(true);
	}
	figure('web.first_screen_warm_ms', median(times), 'ms', {
		high: Math.max(...times),
		target: 300,
	});
}

/** Compiling the core alone, from the browser's own cache. */
async function compile(rosa) {
	const times = [];
	for (let i = 0; i < ROUNDS; i++) {
		times.push(
			await rosa.page.evaluate(async () => {
				const link = document.querySelector('link[rel=preload][href*="core"]');
				const bytes = await (await fetch(link.href)).arrayBuffer();
				const began = performance.now();
				await WebAssembly.compile(bytes);
				return performance.now() - began;
			}),
		);
	}
	figure('web.core_compile_ms', median(times), 'ms');
}

// --- from sending to being shown ---

/** In the page: tells when the text that is waited for is painted, and when Enter was pressed, by the
 * clock of the machine. */
function tellTexts() {
	const now = () => performance.timeOrigin + performance.now();
	new MutationObserver(() => {
		const wanted = window.undercroftWanted;
		if (!wanted || !document.body.innerText.includes(wanted)) return;
		window.undercroftWanted = null;
		requestAnimationFrame(() => {
			const channel = new MessageChannel();
			channel.port1.onmessage = () => window.undercroftTold(wanted, now());
			channel.port2.postMessage(0);
		});
	}).observe(document.body, { childList: true, subtree: true, characterData: true });
	addEventListener('keydown', (e) => e.key === 'Enter' && (window.undercroftEnter = now()), true);
}

async function sendToShown(rosa, tom) {
	await Promise.all([rosa.openRoom('Tom'), tom.openRoom('Rosa')]);
	const shown = new Map();
	for (const { page } of [rosa, tom]) {
		await page.exposeFunction('undercroftTold', (text, when) => shown.get(text)(when));
		await page.evaluate(tellTexts);
	}
	const times = [];
	const n = Number(options.sent);
	const used = () => processTime(rosa.profile) + processTime(tom.profile);
	const before = used();
	for (let i = 0; i < n; i++) {
		const [from, to] = i % 2 === 0 ? [rosa, tom] : [tom, rosa];
		const text = `measured message ${i}.`;
		const isShown = new Promise((resolve) => shown.set(text, resolve));
		await to.page.evaluate((t) => (window.undercroftWanted = t), text);
		await from.type(text);
		await from.page.keyboard.press('Enter');
		const when = await within(PATIENCE_MS, text, isShown);
		times.push(when - (await from.page.evaluate(() => window.undercroftEnter)));
	}
	figure('web.send_to_shown_ms.p50', median(times), 'ms', { target: 100 });
	figure('web.send_to_shown_ms.p99', quantile(times, 0.99), 'ms');
	// Of one browser, the one that sends or the one that receives, with all it draws.
	figure('web.browser_cpu_per_message_ms', (used() - before) / 2 / n, 'ms');
}

// --- all of it ---

const absent = missing();
if (absent) {
	console.error(`web: ${absent}`);
	process.exit(1);
}
let backbone = null;
let stage = null;
const endAll = async () => {
	await stage?.end();
	await closeShared();
	backbone?.erase();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
	process.once(signal, () => endAll().finally(() => process.exit(130)));
}
process.once('exit', () => backbone?.erase());

try {
	if (!options.json) console.log('\nweb');
	sizes();
	backbone = await Backbone.make();
	await backbone.start();
	stage = new Stage(backbone, { seed: 0, pictures: null });
	await cold(stage);
	const [rosa, tom] = await Promise.all([
		stage.member('dial', 'Rosa', { own: true }),
		stage.member('plaza', 'Tom', { own: true }),
	]);
	await befriend(rosa, tom);
	await sendToShown(rosa, tom);
	const friends = await Promise.all([
		stage.terminal('lens', 'Ada'),
		stage.terminal('plaza', 'Uwe'),
		stage.terminal('dial', 'Ida'),
	]);
	for (const f of friends) {
		await rosa.ask(f, 'Hello');
		await f.accept('Rosa');
	}
	await warm(stage, rosa, friends);
	await compile(rosa);
	const faults = stage.faults();
	if (faults.length > 0) throw new Error(`faults:\n${faults.join('\n')}`);
} catch (e) {
	console.error(e.stack);
	process.exitCode = 1;
} finally {
	await endAll();
}
