// SPDX-License-Identifier: Apache-2.0
// Somebody at a terminal: a profile of the terminal client.
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './wait.mjs';

let serial = 0;

export class Terminal {
	constructor(backbone, app, name, identifier) {
		Object.assign(this, { backbone, app, name, identifier });
		this.profile = `${name.toLowerCase().replace(/[^a-z]/g, '') || 'p'}${++serial}`;
		this.children = new Set();
	}

	spawn(args, stdin = 'ignore') {
		const child = spawn(
			path.join(this.backbone.dir, 'undercroft'),
			['-p', this.profile, '--json', ...args.map(String)],
			{ env: this.backbone.env, stdio: [stdin, 'pipe', 'pipe'] },
		);
		this.children.add(child);
		child.once('exit', () => this.children.delete(child));
		return child;
	}

	/** Runs a command to its end; what it says, one object a line. */
	run(...args) {
		return new Promise((resolve, reject) => {
			const child = this.spawn(args);
			let out = '';
			let err = '';
			child.stdout.on('data', (d) => (out += d));
			child.stderr.on('data', (d) => (err += d));
			child.once('error', reject);
			child.once('close', (status) => {
				if (status === 0)
					resolve(
						out
							.split('\n')
							.filter(Boolean)
							.map((l) => JSON.parse(l)),
					);
				else reject(new Error(`${this.profile} ${args.join(' ')}: ${status} ${out}${err}`));
			});
		});
	}

	/** What it says to people. */
	prints(...args) {
		return execFileSync(
			path.join(this.backbone.dir, 'undercroft'),
			['-p', this.profile, ...args.map(String)],
			{ env: this.backbone.env, encoding: 'utf8' },
		);
	}

	async signUp() {
		const said = await this.run('sign-up', this.app, this.identifier, '--name', this.name);
		this.words = said.find((l) => l.type === 'recovery_key').words;
		if (this.app === 'plaza') await this.run('settings', '--age', 'adult', '--find', 'yes');
		return this;
	}

	/** Shows a code, and waits until it has been entered on a device of the account. */
	async become() {
		const child = this.spawn(['become-device', this.app]);
		const lines = createInterface(child.stdout);
		const joined = new Promise((resolve, reject) => {
			child.once('close', (status) =>
				status === 0 ? resolve() : reject(new Error(`${this.profile}: not joined: ${status}`)),
			);
		});
		joined.catch(() => {}); // ended with the test
		const code = await new Promise((resolve, reject) => {
			lines.on('line', (line) => {
				const said = JSON.parse(line);
				if (said.type === 'device_code') resolve(said.code);
			});
			joined.then(() => reject(new Error('no code')), reject);
		});
		return { code, joined };
	}

	/** Lets the device of a code in that a browser shows. */
	letIn(code) {
		return this.run('link-device', code.replace('http://', ''), '--yes');
	}

	/** Asks somebody; gives what is fulfilled when they have accepted and the conversation is open. */
	ask(other, note) {
		const isReady = other.beFindable?.() ?? Promise.resolve();
		const answered = isReady.then(() =>
			this.run('ask', other.app, other.identifier, note, '--wait'),
		);
		answered.catch(() => {}); // ended with the test
		return { answered };
	}

	/** Accepts who asks, once they have asked. */
	async accept(name) {
		await until(`${this.name}: a request of ${name}`, async () => {
			await this.run('sync');
			return (await this.run('requests')).find((r) => r.name === name);
		});
		await this.run('accept', name, '--wait');
	}

	/** Waits until that text has come, from somebody. */
	async reads(text) {
		return until(`${this.name}: "${text}"`, async () =>
			(await this.run('read', '--wait', '5')).find((m) => m.text === text),
		);
	}

	/** Writes n messages there as fast as the app takes them, numbered from 1 on. */
	pour(room, n) {
		return new Promise((resolve, reject) => {
			const child = this.spawn(['follow', room], 'pipe');
			let accepted = 0;
			createInterface(child.stdout).on('line', (line) => {
				const { type, state } = JSON.parse(line);
				if (type === 'message_state' && state === 'accepted') accepted++;
				if (accepted === n) child.kill('SIGTERM');
			});
			child.once('error', reject);
			child.once('close', () =>
				accepted === n ? resolve() : reject(new Error(`${accepted} of ${n} accepted`)),
			);
			for (let i = 1; i <= n; i++) child.stdin.write(`${this.name} ${i}\n`);
		});
	}

	/** All messages of a conversation. */
	async messages(room) {
		await this.run('sync');
		const all = await this.run('read', room, '--last', '100000');
		return all.filter((m) => m.type === 'message');
	}

	end() {
		for (const child of this.children) child.kill('SIGKILL');
	}
}
