// SPDX-License-Identifier: Apache-2.0
// A backbone with its three apps and their web pages: a folder of its own, ports of its own.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BUILD = path.resolve(process.env.UNDERCROFT_BUILD_DIR ?? path.join(ROOT, 'build'));
export const WEB = path.join(ROOT, 'build-web');
export const APPS = ['dial', 'lens', 'plaza'];

// The pages listen ten ports above the apps' own (scripts/dev/local.sh).
const PAGES = 10;

const isFree = (port) =>
	new Promise((resolve) => {
		const s = net.createServer();
		s.once('error', () => resolve(false));
		s.listen(port, '127.0.0.1', () => s.close(() => resolve(true)));
	});

/** The first of the ports that an installation needs, below those the system gives by itself. */
async function freePorts() {
	for (;;) {
		const base = 10000 + Math.floor(Math.random() * 22000);
		const all = await Promise.all(APPS.flatMap((_, i) => [base + i, base + PAGES + i]).map(isFree));
		if (all.every(Boolean)) return base;
	}
}

let services = 0;

export class Backbone {
	static async make() {
		const b = new Backbone();
		b.port = await freePorts();
		b.env = {
			...process.env,
			UNDERCROFT_RUN_DIR: b.dir,
			UNDERCROFT_PORT: String(b.port),
			UNDERCROFT_BUILD_DIR: BUILD,
		};
		delete b.env.UNDERCROFT_PROFILE;
		delete b.env.UNDERCROFT_PASSPHRASE;
		await b.step('prepare', '--web', WEB);
		return b;
	}

	constructor() {
		this.dir = mkdtempSync(path.join(os.tmpdir(), 'undercroft-browser-'));
		this.isUp = false;
	}

	step(...args) {
		return new Promise((resolve, reject) => {
			const child = spawn(path.join(ROOT, 'scripts/dev/local'), args, {
				env: this.env,
				stdio: ['ignore', 'pipe', 'pipe'],
			});
			let said = '';
			child.stdout.on('data', (d) => (said += d));
			child.stderr.on('data', (d) => (said += d));
			child.once('error', reject);
			child.once('exit', (status) =>
				status === 0 ? resolve() : reject(new Error(`local ${args.join(' ')}: ${said}`)),
			);
		});
	}

	/** The operator's tool for one of the apps; fulfilled with the objects it printed. */
	operator(command, app, ...args) {
		const conf = path.join(this.dir, 'undercroft.conf');
		const all = [command, conf, app, ...args.map(String), '--json'];
		const done = spawnSync(path.join(BUILD, 'src/ctl/undercroftctl'), all, { encoding: 'utf8' });
		if (done.status !== 0) throw new Error(`${all.join(' ')}: ${done.stdout}${done.stderr}`);
		return done.stdout
			.split('\n')
			.filter(Boolean)
			.map((l) => JSON.parse(l));
	}

	/** A service that vouches for ages, which all apps believe until `end`; signs(band, request). */
	ageService(name) {
		const conf = path.join(this.dir, 'undercroft.conf');
		const key = path.join(this.dir, `${++services}.age-key`);
		const ctl = (...args) => {
			const done = spawnSync(path.join(BUILD, 'src/ctl/undercroftctl'), args, { encoding: 'utf8' });
			if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.stdout}${done.stderr}`);
			return done.stdout;
		};
		const before = readFileSync(conf, 'utf8');
		const set = (text) => {
			writeFileSync(conf, text);
			ctl('reload', conf);
		};
		set(`${before}\n${ctl('age-service', 'new', key, name)}`);
		return {
			signs: (band, request) => ctl('age-service', 'sign', key, band, request).trim(),
			end: () => set(before),
		};
	}

	async start() {
		await this.step('start');
		this.isUp = true;
	}

	async stop() {
		this.isUp = false;
		await this.step('stop');
	}

	/** Where an app's page is; tls: as on the network. */
	origin(app, { tls = false } = {}) {
		if (tls) return `https://${app}.localhost:${this.port + APPS.indexOf(app)}`;
		return `http://${app}.localhost:${this.port + PAGES + APPS.indexOf(app)}`;
	}

	/** The next code that was sent to a number or address, each once. */
	async code(to, after = 0) {
		const file = path.join(this.dir, 'codes.txt');
		return until(`a code for ${to}`, () => {
			const lines = readFileSync(file, 'utf8').trim().split('\n');
			const found = lines.slice(after).findLast((l) => l.split(' ')[1] === to);
			return found?.split(' ')[2];
		});
	}

	/** How many codes were sent until now. */
	codes() {
		const file = path.join(this.dir, 'codes.txt');
		return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
	}

	logs() {
		return readdirSync(this.dir)
			.filter((f) => f.endsWith('.log'))
			.map((f) => readFileSync(path.join(this.dir, f), 'utf8'))
			.join('');
	}

	/** Nothing of ours runs on, and nothing of ours stays; however the tests ended. */
	erase() {
		if (!existsSync(this.dir)) return;
		if (readdirSync(this.dir).some((f) => f.endsWith('.pid'))) {
			spawnSync(path.join(ROOT, 'scripts/dev/local'), ['kill'], { env: this.env });
		}
		rmSync(this.dir, { recursive: true, force: true });
	}
}
