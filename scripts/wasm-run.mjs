// SPDX-License-Identifier: Apache-2.0
// Runs a WebAssembly program under Node: the exe_wrapper of scripts/wasm32.ini.
//
//	node wasm-run.mjs PROGRAM [ARGUMENT...]
//
// It sees the files, arguments and environment that a native test would.
// UNDERCROFT_WASM_USED=1: says at the end how much stack and memory it used.
import { readFile } from 'node:fs/promises';
import { argv, env, exit, stderr } from 'node:process';
import { WASI } from 'node:wasi';

const [program, ...rest] = argv.slice(2);
const wasi = new WASI({
	version: 'preview1',
	args: [program, ...rest],
	env,
	preopens: { '/': '/' },
	returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, {
	wasi_snapshot_preview1: wasi.wasiImport,
});
const status = wasi.start(instance);
if (env.UNDERCROFT_WASM_USED) {
	const memory = new Uint8Array(instance.exports.memory.buffer);
	// The stack lies first and grows down: what was never touched is zero.
	const untouched = memory.findIndex((b) => b !== 0);
	stderr.write(`stack untouched: ${untouched} bytes, memory: ${memory.length} bytes\n`);
}
exit(status);
