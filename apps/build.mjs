// SPDX-License-Identifier: Apache-2.0
// Builds the three apps: one folder each, as undercroftd serves it.
//
//   node build.mjs [--out DIR] [--wasm FILE] [APP...]
//
// DIR/APP/index.html, and under DIR/APP/assets/ files that have their hash in their name; beside
// each the same compressed by Brotli (.br) and gzip (.gz).  Ends with 1 when something is larger
// than it may be.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import uglify from 'uglify-js';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		out: { type: 'string', default: path.join(here, '../build-web') },
		wasm: { type: 'string', default: path.join(here, '../build-wasm/src/web/core.wasm') },
	},
});
const apps = positionals.length > 0 ? positionals : ['dial', 'lens', 'plaza'];

// Largest sizes compressed (the smaller of Brotli and gzip), bytes.
const LIMIT = { core: 250_000, app: 80_000 };
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.wasm', '.svg', '.webmanifest', '.txt']);

const hashed = (name, bytes) => {
	const { name: stem, ext } = path.parse(name);
	return `${stem}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}${ext}`;
};
const integrity = (bytes) => `sha384-${createHash('sha384').update(bytes).digest('base64')}`;

async function bundle(entry, assets) {
	const out = await build({
		entryPoints: [entry],
		bundle: true,
		write: false,
		outdir: '/',
		format: 'esm',
		target: ['es2022'],
		minify: true,
		legalComments: 'none',
		jsx: 'automatic',
		jsxImportSource: 'preact',
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
						contents: `export const worker=${JSON.stringify(assets?.worker)},wasm=${JSON.stringify(assets?.wasm)};`,
					}));
				},
			},
		],
	});
	return out.outputFiles.map((f) => {
		const ext = path.extname(f.path);
		return { ext, bytes: Buffer.from(ext === '.js' ? renamed(f.text) : f.contents) };
	});
}

/** Names that begin anew in each function make functions alike, which compresses better than the
 * fewest letters do; and what is said in fewer words. */
function renamed(code) {
	const out = uglify.minify(code, { module: true, mangle: {}, compress: { passes: 2 } });
	if (out.error) throw out.error;
	return out.code;
}

/** How distances are written decides some hundreds of bytes, of what is small enough to be tried. */
const DISTANCES = [0, 1, 2].flatMap((postfix) =>
	[0, 1, 2, 4, 6].map((n) => [postfix, n << postfix]),
);
function smallest(bytes) {
	const tries = bytes.length > 300_000 ? DISTANCES.slice(0, 1) : DISTANCES;
	const all = tries.map(([postfix, direct]) =>
		brotliCompressSync(bytes, {
			params: {
				[constants.BROTLI_PARAM_QUALITY]: 11,
				[constants.BROTLI_PARAM_LGWIN]: 22,
				[constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
				[constants.BROTLI_PARAM_NPOSTFIX]: postfix,
				[constants.BROTLI_PARAM_NDIRECT]: direct,
			},
		}),
	);
	return all.reduce((a, b) => (b.length < a.length ? b : a));
}

async function write(dir, name, bytes) {
	const file = path.join(dir, name);
	await mkdir(path.dirname(file), { recursive: true });
	await writeFile(file, bytes);
	if (!COMPRESSIBLE.has(path.extname(name))) return bytes.length;
	const br = smallest(bytes);
	const gz = gzipSync(bytes, { level: 9 });
	await writeFile(file + '.br', br);
	await writeFile(file + '.gz', gz);
	return Math.min(br.length, gz.length);
}

if (!existsSync(options.wasm)) {
	console.error(`${options.wasm} is missing: scripts/dev/wasm builds it`);
	process.exit(1);
}
const core = await readFile(options.wasm);
const [worker] = await bundle(path.join(here, 'sdk/src/worker.ts'));
let failed = false;

for (const app of apps) {
	const source = path.join(here, app);
	const dir = path.join(options.out, app);
	await rm(dir, { recursive: true, force: true });
	const sizes = {};
	const wasmName = `assets/${hashed('core.wasm', core)}`;
	sizes.core = await write(dir, wasmName, core);
	const workerName = `assets/${hashed('worker.js', worker.bytes)}`;
	sizes.worker = await write(dir, workerName, worker.bytes);
	const outputs = await bundle(path.join(source, 'src/main.tsx'), {
		worker: '/' + workerName,
		wasm: '/' + wasmName,
	});
	const tags = [];
	sizes.code = sizes.style = 0;
	for (const { ext, bytes } of outputs) {
		const name = `assets/${hashed('app' + ext, bytes)}`;
		if (ext === '.css') {
			sizes.style = await write(dir, name, bytes);
			tags.push(
				`<link rel="stylesheet" href="/${name}" integrity="${integrity(bytes)}" crossorigin>`,
			);
		} else {
			sizes.code = await write(dir, name, bytes);
			tags.push(
				`<script type="module" src="/${name}" integrity="${integrity(bytes)}" crossorigin></script>`,
			);
		}
	}
	tags.push(`<link rel="preload" href="/${wasmName}" as="fetch" crossorigin>`);
	const page = await readFile(path.join(source, 'index.html'), 'utf8');
	if (!page.includes('<!--assets-->')) throw new Error(`${app}/index.html has no <!--assets-->`);
	await write(dir, 'index.html', Buffer.from(page.replace('<!--assets-->', tags.join('\n\t\t'))));
	// What has no hash in its name: icons and the manifest.
	const pub = path.join(source, 'public');
	if (existsSync(pub)) {
		for (const name of await readdir(pub)) await cp(path.join(pub, name), path.join(dir, name));
	}
	const own = sizes.worker + sizes.code + sizes.style;
	console.log(
		`${app}: core ${sizes.core}, own code ${own} (page ${sizes.code}, worker ${sizes.worker}, styles ${sizes.style}) bytes compressed`,
	);
	for (const [what, n, most] of [
		['core', sizes.core, LIMIT.core],
		['own code', own, LIMIT.app],
	]) {
		if (n > most) {
			console.error(`${app}: ${what} is ${n} bytes compressed, more than ${most}`);
			failed = true;
		}
	}
}
process.exit(failed ? 1 : 0);
