// SPDX-License-Identifier: Apache-2.0
// The module that the build makes: where the page finds the worker and the core.
declare module 'undercroft:assets' {
	export const worker: string;
	export const wasm: string;
}
