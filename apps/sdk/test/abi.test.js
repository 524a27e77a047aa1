// SPDX-License-Identifier: Apache-2.0
// The tables against the module that was built, and the SDK against the tables.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { enums, errors, functions, imports } from '../src/abi.ts';
import { last } from '../src/convert.ts';
import { Core, layouts } from '../src/core.ts';
import { own } from '../src/failure.ts';
import { module } from './people.js';

const source = path.join(process.env.UNDERCROFT_ROOT, 'apps/sdk/src');

test('the module has every function, with as many arguments', async () => {
	const core = await Core.start(module, { commit() {} });
	for (const [name, [, ...args]] of Object.entries(functions)) {
		assert.equal(typeof core.f[name], 'function', name);
		assert.equal(core.f[name].length, args.length, name);
	}
	// web_open takes its place.
	const known = new Set([...Object.keys(functions), 'uc_client_open']);
	for (const { kind, name } of WebAssembly.Module.exports(module))
		if (kind === 'function' && /^(uc|web)_/.test(name)) assert.ok(known.has(name), name);
});

test('the module wants what the tables say, and nothing else', () => {
	const wanted = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`);
	const given = Object.keys(imports).map((name) => `host.${name}`);
	assert.deepEqual(
		wanted.filter((w) => !given.includes(w)),
		[],
	);
});

test('errors are those of the module', async () => {
	const core = await Core.start(module, { commit() {} });
	for (const [code, [number, of, message]] of Object.entries(errors))
		assert.deepEqual(core.error(number), { code, class: of, message });
	assert.equal(core.error(0x7777).code, 'UC_E_UNKNOWN');
});

test('fields are where the compiler has them', async () => {
	// The build of the module confirms what stands there.
	const c = await readFile(path.join(process.env.UNDERCROFT_ROOT, 'src/web/abi.c'), 'utf8');
	const offsets = [...c.matchAll(/offsetof\(struct (\w+), (\w+)\) == (\d+)/g)];
	assert.ok(offsets.length > 150);
	assert.deepEqual(
		offsets.map(([, struct, field, at]) => [struct, field, Number(at)]),
		Object.entries(layouts).flatMap(([struct, places]) =>
			places.map(([field, , at]) => [struct, field, at]),
		),
	);
});

test('every function and every kind of event is used', async () => {
	let text = '';
	for (const file of await readdir(source))
		if (file !== 'abi.ts') text += await readFile(path.join(source, file), 'utf8');
	// For those who embed the library; a page's tab is told by other means.
	const unused = new Set(['uc_client_generation', 'uc_client_is_idle']);
	for (const name of Object.keys(functions))
		assert.equal(text.includes(`f.${name}(`), !unused.has(name), name);
	for (const name of Object.keys(enums.uc_event_kind)) assert.ok(text.includes(`${name}:`), name);
	// Pages have their last words.
	const types = await readFile(path.join(source, 'types.ts'), 'utf8');
	for (const name of Object.keys(enums.uc_message_state))
		assert.ok(types.includes(`'${last(name)}'`), name);
});

test('the documentation has every call, event and own error', async () => {
	const doc = await readFile(path.join(process.env.UNDERCROFT_ROOT, 'docs/sdk.md'), 'utf8');
	const types = await readFile(path.join(source, 'types.ts'), 'utf8');
	const body = (of) => new RegExp(`interface ${of} {(.*?)^}`, 'ms').exec(types)[1];
	const methods = [...body('Undercroft').matchAll(/^\t(\w+)[<(]/gm)].map((m) => m[1]);
	const kinds = [...body('Events').matchAll(/^\t(\w+): /gm)].map((m) => m[1]);
	assert.ok(methods.length > 30 && kinds.length > 14);
	for (const name of methods) assert.ok(doc.includes(`\`${name}(`), name);
	for (const name of kinds) assert.ok(doc.includes(`\`${name}\``), name);
	for (const code of Object.keys(own))
		if (own[code][0] === 'store') assert.ok(doc.includes(code), code);
});
