// SPDX-License-Identifier: Apache-2.0
// Faces, and the signals that they are made of.
export * from '../src/faces.ts';
export { signal } from '@preact/signals';
