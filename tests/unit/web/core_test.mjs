// SPDX-License-Identifier: Apache-2.0
// core.wasm as a browser gets it: what it imports and exports, its size, and that a client opens
// in it, keeps its state through the host's journal, and is refused to another key.
//
//	node core_test.mjs CORE.WASM EXPORTS HEADER...
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const [coreFile, exportsFile, ...headers] = argv.slice(2);
const bytes = readFileSync(coreFile);
const module = new WebAssembly.Module(bytes);

// --- what it is ---

const imports = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name} ${i.kind}`);
const wanted = ['commit', 'each', 'now', 'random', 'trace'].map((n) => `host.${n} function`);
assert.deepEqual(imports.sort(), wanted);

const exported = WebAssembly.Module.exports(module).map((e) => e.name);
const declared = readFileSync(exportsFile, 'utf8').match(/\buc_\w+/g);
// Counted apart from the script that made the list; all but uc_store_sqlite_open.
const text = headers.map((h) => readFileSync(h, 'utf8')).join('');
assert.equal(declared.length, text.match(/^UC_API /gm).length - 1);
for (const name of declared) assert.ok(exported.includes(name), `${name} is not exported`);
const others = exported.filter((n) => !declared.includes(n) && !n.startsWith('web_'));
assert.deepEqual(others.sort(), ['_initialize', 'memory']);

// As browsers get it: all of them take Brotli over TLS.
const gzip = gzipSync(bytes, { level: 9 }).length;
const brotli = brotliCompressSync(bytes).length;
console.log(`core.wasm: ${bytes.length} bytes, gzip ${gzip}, brotli ${brotli}`);
assert.ok(brotli <= 250_000, 'the core is to have 250 kB compressed at most');

// --- what it does ---

class Core {
	journal = [];
	traces = [];
	random = (p) => (randomFillSync(new Uint8Array(this.e.memory.buffer, ...p)), 0);

	constructor() {
		const host = {
			now: () => Date.now(),
			random: (p, n) => this.random([p, n]),
			commit: (p, n) => (this.journal.push(this.bytes(p, n)), 0),
			each: () => 1,
			trace: (file, line, err) => this.traces.push([this.text(file), line, err]),
		};
		this.e = new WebAssembly.Instance(module, { host }).exports;
		this.e._initialize();
	}
	bytes(p, n) {
		return new Uint8Array(this.e.memory.buffer, p, n).slice();
	}
	text(p) {
		const from = new Uint8Array(this.e.memory.buffer, p);
		return new TextDecoder().decode(from.subarray(0, from.indexOf(0)));
	}
	put(b) {
		const p = this.e.web_alloc(b.length + 1);
		assert.notEqual(p, 0);
		new Uint8Array(this.e.memory.buffer).set(b, p);
		return p;
	}
	str(s) {
		return this.put(new TextEncoder().encode(s));
	}
	load(batches) {
		for (const b of batches) this.is('UC_OK', this.e.web_store_load(this.put(b), b.length));
	}
	is(name, err) {
		assert.equal(this.text(this.e.uc_err_name(err)), name);
	}
	open(key) {
		const out = this.put(new Uint8Array(4));
		const err = this.e.web_open(this.put(key), this.str('dial.example'), this.str('test'), out);
		this.client = new DataView(this.e.memory.buffer).getUint32(out, true);
		return err;
	}
}

const key = new Uint8Array(32).fill(7);
const first = new Core();
first.is('UC_OK', first.open(key));
assert.ok(first.journal.length > 0, 'opening stores');
first.is('UC_OK', first.e.uc_client_connected(first.client));
first.is('UC_E_ARGUMENT', first.e.uc_client_connected(first.client));
const generation = first.e.uc_client_generation(first.client);
assert.equal(typeof generation, 'bigint');
first.e.uc_client_close(first.client);

const again = new Core();
again.load(first.journal);
again.is('UC_OK', again.open(key));
assert.ok(again.e.uc_client_generation(again.client) >= generation);

const stranger = new Core();
stranger.load(first.journal);
stranger.is('UC_E_PASSPHRASE', stranger.open(new Uint8Array(32).fill(8)));

const unlucky = new Core();
unlucky.random = () => 1;
unlucky.is('UC_E_RANDOM', unlucky.open(key));

// Its memory has an end.
assert.throws(() => again.e.memory.grow(16384), RangeError);
assert.deepEqual([...first.traces, ...again.traces], []);
