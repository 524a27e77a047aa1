// SPDX-License-Identifier: Apache-2.0
// That ./dev bench web still measures: each figure is there, positive, with a unit.  What they say is
// not judged here.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './lib/backbone.mjs';
import { test } from './lib/suite.mjs';

const SMALL = ['--json', '--rounds', '1', '--sent', '4', '--stored', '6'];
const NAMES = [
	'web.core_bytes',
	'web.app_bytes.dial',
	'web.app_bytes.lens',
	'web.app_bytes.plaza',
	'web.first_screen_cold_ms',
	'web.send_to_shown_ms.p50',
	'web.send_to_shown_ms.p99',
	'web.browser_cpu_per_message_ms',
	'web.first_screen_warm_ms',
	'web.core_compile_ms',
];

test('the figures of ./dev bench web', async () => {
	const file = path.join(ROOT, 'tests/browser/bench.mjs');
	const { stdout } = await promisify(execFile)(process.execPath, [file, ...SMALL]);
	const figures = stdout
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line));
	assert.deepEqual(figures.map((f) => f.name).sort(), NAMES.sort());
	for (const f of figures) assert.ok(f.value > 0 && f.unit, JSON.stringify(f));
});
