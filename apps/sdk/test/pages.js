// SPDX-License-Identifier: Apache-2.0
// Chromium on pages that undercroftd serves as it serves the apps.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const sdk = path.join(process.env.UNDERCROFT_ROOT, 'apps/sdk');
const browser = process.env.UNDERCROFT_CHROMIUM ?? '/usr/bin/chromium';
export const hasBrowser = existsSync(browser);

const options = {
	executablePath: browser,
	// Chromium's own sandbox does not work for root.
	args: process.getuid() === 0 ? ['--no-sandbox'] : [],
};
export function launch() {
	return chromium.launch(options);
}
/** A browser whose profile lies in that folder. */
export function launchIn(dir) {
	return chromium.launchPersistentContext(dir, options);
}

async function bundle(entry, out) {
	await build({
		entryPoints: [entry],
		outfile: out,
		bundle: true,
		format: 'esm',
		target: ['es2022'],
		logLevel: 'warning',
		plugins: [
			{
				name: 'assets',
				setup(b) {
					b.onResolve({ filter: /^undercroft:assets$/ }, () => ({
						path: 'assets',
						namespace: 'assets',
					}));
					b.onLoad({ filter: /.*/, namespace: 'assets' }, () => ({
						contents: `export const worker='/assets/worker.js',wasm='/assets/core.wasm';`,
					}));
				},
			},
		],
	});
}

/** A folder as undercroftd serves it, with that script as its page. */
export async function makeSite(dir, script) {
	await mkdir(path.join(dir, 'assets'), { recursive: true });
	await bundle(path.join(sdk, script), path.join(dir, 'assets/page.js'));
	await bundle(path.join(sdk, 'src/worker.ts'), path.join(dir, 'assets/worker.js'));
	await cp(process.env.CORE_WASM, path.join(dir, 'assets/core.wasm'));
	const page = await readFile(path.join(sdk, 'example/index.html'), 'utf8');
	await writeFile(
		path.join(dir, 'index.html'),
		page.replace('<!--assets-->', '<script type="module" src="/assets/page.js"></script>'),
	);
}
