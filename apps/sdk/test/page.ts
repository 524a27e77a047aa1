// SPDX-License-Identifier: Apache-2.0
// A page for tests: gives the SDK to whoever drives the browser.
import { open } from '../src/index.ts';
import { wasm, worker } from 'undercroft:assets';

Object.assign(globalThis, {
	sdk: { open: () => open({ app: location.hostname, worker, wasm, software: 'sdk test' }) },
});
