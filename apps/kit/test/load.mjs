// SPDX-License-Identifier: Apache-2.0
// Loads a TypeScript module in Node: bundled in memory by the build's own esbuild.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

export async function load(relative) {
	const out = await build({
		entryPoints: [fileURLToPath(new URL(relative, import.meta.url))],
		bundle: true,
		write: false,
		format: 'esm',
		target: 'es2022',
		jsx: 'automatic',
		jsxImportSource: 'preact',
		logLevel: 'warning',
	});
	const code = Buffer.from(out.outputFiles[0].contents).toString('base64');
	return import(`data:text/javascript;base64,${code}`);
}
