// SPDX-License-Identifier: Apache-2.0
// Runs the tests of the web apps in Chromium: ./dev test browser calls it.
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Backbone, BUILD, WEB } from './lib/backbone.mjs';
import { closeShared, missing } from './lib/chromium.mjs';
import { Stage } from './lib/stage.mjs';
import { tests } from './lib/suite.mjs';
import { within } from './lib/wait.mjs';

const USAGE = `usage: node tests/browser/run.mjs [--list] [--required] [--pictures DIR] [--seed N] [NAME...]

Needs undercroftd and undercroft in UNDERCROFT_BUILD_DIR (build), the pages in build-web, Chromium in
UNDERCROFT_CHROMIUM (/usr/bin/chromium).

  --list          the tests' names
  --required      a missing browser or build is a failure; otherwise the tests count as skipped
  --pictures DIR  writes a picture of each screen there
  --seed N        of what is left to chance
  NAME            only tests whose file or title holds it
`;

const { values: options, positionals: names } = parseArgs({
	allowPositionals: true,
	options: {
		help: { type: 'boolean', short: 'h' },
		list: { type: 'boolean' },
		required: { type: 'boolean' },
		pictures: { type: 'string' },
		seed: { type: 'string' },
	},
});
if (options.help) {
	process.stdout.write(USAGE);
	process.exit();
}

const here = path.dirname(new URL(import.meta.url).pathname);
for (const file of readdirSync(here)
	.filter((f) => f.endsWith('.test.mjs'))
	.sort()) {
	const from = tests.length;
	await import(path.join(here, file));
	for (const t of tests.slice(from)) t.name = `${file.replace('.test.mjs', '')}: ${t.title}`;
}
const isNamed = (t) => names.some((n) => t.name.toLowerCase().includes(n.toLowerCase()));
const chosen = tests.filter(
	(t) =>
		(names.length === 0 || isNamed(t)) && (options.pictures || !t.name.startsWith('pictures: ')),
);
if (options.list) {
	for (const t of chosen) console.log(t.name);
	process.exit();
}
if (chosen.length === 0) {
	console.error(`no test's file or title holds ${names.join(' or ')}`);
	process.exit(2);
}

const absent =
	missing() ??
	(existsSync(path.join(WEB, 'plaza/index.html'))
		? null
		: 'the pages are not built (scripts/dev/web)') ??
	(existsSync(path.join(BUILD, 'src/server/undercroftd')) ? null : `no undercroftd in ${BUILD}`);
if (absent) {
	console.log(`browser: ${chosen.length} tests skipped: ${absent}`);
	process.exit(options.required ? 1 : 0);
}

const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));
let backbone = null;
let stage = null;

async function endAll() {
	await stage?.end();
	await closeShared();
	backbone?.erase();
}
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
	process.once(signal, () => {
		isInterrupted = true;
		void endAll().finally(() => process.exit(130));
	});
}
process.once('exit', () => backbone?.erase());

/** Without colours, and with no more of Playwright's retries than say what was in the way. */
function readable(stack) {
	const lines = stack.replace(/\u001B\[\d+m/g, '').split('\n');
	const said = new Set();
	return lines
		.filter((l) => {
			const text = l.replace(/\d+ ×/, '').trim();
			return !said.has(text) && said.add(text);
		})
		.join('\n')
		.replace(/^/gm, '        ');
}

/** So many screens may freeze in a run; each time its test is run again, and said to be. */
const FROZEN_MOST = 2;
let frozen = 0;

async function runOne(t) {
	const began = Date.now();
	stage = new Stage(backbone, { seed, pictures: options.pictures ?? null });
	let failure = null;
	try {
		await within(t.seconds * 1000, t.title, t.run(stage));
		const faults = stage.faults();
		if (faults.length > 0) failure = new Error(`faults:\n${faults.join('\n')}`);
	} catch (e) {
		failure = e;
		const faults = stage.faults();
		if (faults.length > 0) failure.stack += `\nfaults:\n${faults.join('\n')}`;
	}
	if (isInterrupted) return new Promise(() => {});
	if (failure && frozen < FROZEN_MOST && (await stage.isFrozen())) {
		frozen++;
		console.log(`a screen was not drawn any more; once again: ${t.name}`);
		await stage.end();
		return runOne(t);
	}
	if (failure) {
		const dir = mkdtempSync(path.join(os.tmpdir(), 'undercroft-failed-'));
		await stage.report(dir);
		failure.stack += `\nwhat was on the screens: ${dir}`;
	}
	await stage.end();
	stage = null;
	const seconds = ((Date.now() - began) / 1000).toFixed(1);
	console.log(`${failure ? 'FAILED' : 'ok    '} ${seconds.padStart(6)} s  ${t.name}`);
	if (failure) console.log(readable(failure.stack));
	return failure === null;
}

const began = Date.now();
let failed = 0;
try {
	console.log(`browser: ${chosen.length} tests, seed ${seed}`);
	backbone = await Backbone.make();
	for (const t of chosen) {
		if (!backbone.isUp) await backbone.start();
		if (!(await runOne(t))) failed++;
	}
	const bad = backbone.logs().match(/.*(Sanitizer|runtime error|Assertion).*/g);
	if (bad) {
		failed++;
		console.log(`the backbone: ${bad.join('\n')}`);
	}
} finally {
	await endAll();
}
const seconds = ((Date.now() - began) / 1000).toFixed(0);
console.log(`browser: ${chosen.length - failed} passed, ${failed} failed, ${seconds} s`);
process.exit(failed === 0 ? 0 : 1);
