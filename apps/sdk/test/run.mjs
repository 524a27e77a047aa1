// SPDX-License-Identifier: Apache-2.0
// Runs the SDK's tests under Node:   node sdk/test/run.mjs [NAME...]
//
// They use the real core (build-wasm/src/web/core.wasm or CORE_WASM), and `live` real servers of
// UNDERCROFT_BUILD_DIR.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '../../..');
const names = process.argv.slice(2);
const tests = readdirSync(here)
	.filter((f) => f.endsWith('.test.js'))
	.filter((f) => !names.length || names.some((n) => f.startsWith(n)));
// Beside the packages, which what is bundled still imports.
const out = mkdtempSync(path.join(here, '../../node_modules/.sdk-test-'));
try {
	await build({
		entryPoints: tests.map((f) => path.join(here, f)),
		outdir: out,
		outExtension: { '.js': '.mjs' },
		bundle: true,
		packages: 'external',
		platform: 'node',
		format: 'esm',
		target: ['node18'],
		sourcemap: 'inline',
		logLevel: 'warning',
	});
	const { status } = spawnSync(
		process.execPath,
		[
			'--enable-source-maps',
			'--test',
			'--test-reporter=spec',
			...tests.map((f) => path.join(out, f.replace(/\.js$/, '.mjs'))),
		],
		{
			stdio: 'inherit',
			env: {
				...process.env,
				UNDERCROFT_ROOT: root,
				CORE_WASM: process.env.CORE_WASM ?? path.join(root, 'build-wasm/src/web/core.wasm'),
			},
		},
	);
	process.exitCode = status ?? 1;
} finally {
	rmSync(out, { recursive: true });
}
