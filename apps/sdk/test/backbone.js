// SPDX-License-Identifier: Apache-2.0
// A local backbone for tests: real servers in a folder of their own, as ./dev up makes it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const root = process.env.UNDERCROFT_ROOT;
const apps = ['dial', 'lens', 'plaza'];

function isFree(port) {
	return new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});
}
async function freeBase() {
	for (;;) {
		// Below those which the system gives to whoever asks for any.
		const base = 10000 + 20 * Math.floor(Math.random() * 1100);
		const ports = [0, 1, 2, 10, 11, 12].map((n) => base + n);
		if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
	}
}

function emptySite(dir) {
	writeFileSync(path.join(dir, 'index.html'), '<!doctype html>');
}

export class Backbone {
	/** site(dir, app) fills the folder that the app's page is served from. */
	static async start(site = emptySite) {
		const b = new Backbone();
		b.dir = mkdtempSync(path.join(os.tmpdir(), 'undercroft-sdk-'));
		b.base = await freeBase();
		for (const app of apps) {
			mkdirSync(path.join(b.dir, 'web', app), { recursive: true });
			await site(path.join(b.dir, 'web', app), app);
		}
		b.#bash('local_web=$1/web; local_prepare no; local_start', b.dir);
		return b;
	}
	#bash(script, ...args) {
		execFileSync(
			'bash',
			['-euc', `. scripts/dev/lib.sh; . scripts/dev/local.sh; ${script}`, 'bash', ...args],
			{ cwd: root, env: this.env, stdio: ['ignore', 'inherit', 'inherit'] },
		);
	}
	get env() {
		return {
			...process.env,
			UNDERCROFT_RUN_DIR: path.join(this.dir, 'run'),
			UNDERCROFT_BUILD_DIR: process.env.UNDERCROFT_BUILD_DIR ?? path.join(root, 'build-gcc'),
			UNDERCROFT_PORT: String(this.base),
		};
	}
	domain(app) {
		return `${app}.localhost`;
	}
	url(app) {
		return `ws://${app}.localhost:${this.base + 10 + apps.indexOf(app)}/v1`;
	}
	page(app) {
		return `http://${app}.localhost:${this.base + 10 + apps.indexOf(app)}/`;
	}
	/** The latest code that was sent there. */
	async code(identifier) {
		for (let i = 0; i < 100; i++) {
			try {
				const file = readFileSync(path.join(this.dir, 'run/codes.txt'), 'utf8');
				const line = file
					.split('\n')
					.filter((l) => l.includes(identifier))
					.at(-1);
				const code = line && /\b\d{6,8}\b/.exec(line.replace(identifier, ''));
				if (code) return code[0];
			} catch {
				// There is none yet.
			}
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		throw new Error(`no code for ${identifier}`);
	}
	/** The terminal client; fulfilled with what it printed. */
	cli(...args) {
		return new Promise((resolve, reject) =>
			execFile(path.join(this.dir, 'run/undercroft'), args, { env: this.env }, (e, out, err) =>
				e ? reject(new Error(`${args.join(' ')}: ${out}${err}`)) : resolve(out),
			),
		);
	}
	/** The operator's tool, for one of the apps; fulfilled with the objects it printed. */
	operator(command, app, ...args) {
		const dir = process.env.UNDERCROFT_BUILD_DIR ?? path.join(root, 'build-gcc');
		const conf = path.join(this.dir, 'run/undercroft.conf');
		return new Promise((resolve, reject) =>
			execFile(
				path.join(dir, 'src/ctl/undercroftctl'),
				[command, conf, app, ...args, '--json'],
				(e, out, err) =>
					e
						? reject(new Error(`${command} ${args.join(' ')}: ${out}${err}`))
						: resolve(
								out
									.split('\n')
									.filter(Boolean)
									.map((l) => JSON.parse(l)),
							),
			),
		);
	}
	/** A service that vouches for ages, which all apps believe from now on; signs(band, request). */
	async ageService(name) {
		const dir = process.env.UNDERCROFT_BUILD_DIR ?? path.join(root, 'build-gcc');
		const key = path.join(this.dir, `${name}.key`);
		const conf = path.join(this.dir, 'run/undercroft.conf');
		const ctl = (...args) =>
			execFileSync(path.join(dir, 'src/ctl/undercroftctl'), args, { encoding: 'utf8' });
		writeFileSync(conf, '\n' + ctl('age-service', 'new', key, name), { flag: 'a' });
		ctl('reload', conf);
		return (band, request) => ctl('age-service', 'sign', key, band, request).trim();
	}
	kill() {
		this.#bash('local_kill');
	}
	startAgain() {
		this.#bash('local_start');
	}
	stop() {
		this.#bash('local_stop');
		rmSync(this.dir, { recursive: true });
	}
}
